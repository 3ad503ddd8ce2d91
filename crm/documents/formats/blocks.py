"""Read a file from its beginning to its end in blocks, so that no check needs memory for the whole."""

from collections.abc import Iterator
from typing import BinaryIO

BLOCK = 256 * 1024
OVERLAP = 1024  # longer than anything that is looked for: what lies across an edge is seen whole in the next block


def of(file: BinaryIO, start: int = 0, length: int = BLOCK) -> Iterator[tuple[int, bytes]]:
    """Yield place and bytes of each block from `start`; all but the first begin with the end of the one before."""
    file.seek(start)
    at, kept = start, b""
    while new := file.read(length):
        block = kept + new
        yield at - len(kept), block
        at += len(new)
        kept = block[-OVERLAP:]
        file.seek(at)  # whoever asked may have read elsewhere
