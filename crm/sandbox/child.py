"""The child of crm/sandbox/runner.py: takes one order from standard input, limits itself, and answers on standard
output.

Started by its path, so that of the project only the ordered module and what that imports is loaded.
"""

import importlib
import io
import json
import os
import resource
import struct
import sys
import traceback
from collections.abc import Buffer
from pathlib import Path
from types import ModuleType
from typing import Any

_ROOT = Path(__file__).resolve().parents[2]
_FRAME, _PLACE = struct.Struct(">cI"), struct.Struct(">QI")
_BUFFER = 256 * 1024


class _Pipes:
    """The two pipes to the parent, kept away from whatever a library prints."""

    def __init__(self) -> None:
        self._in, self._out = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(nothing, 1)

    def take(self) -> bytes:
        length = int.from_bytes(self._exactly(4))
        return self._exactly(length)

    def give(self, kind: bytes, body: bytes) -> None:
        self._out.write(_FRAME.pack(kind, len(body)) + body)
        self._out.flush()

    def _exactly(self, length: int) -> bytes:
        found = self._in.read(length)
        if len(found) < length:
            os._exit(1)  # the parent is gone
        return found


class _Asked(io.RawIOBase):
    """A file whose bytes the parent hands over when they are asked for."""

    def __init__(self, pipes: _Pipes, size: int) -> None:
        self._pipes, self._size, self._at = pipes, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError("before the beginning of the file")
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Buffer, /) -> int:
        room = memoryview(buffer).cast("B")
        wanted = min(len(room), _BUFFER, max(self._size - self._at, 0))
        if not wanted:
            return 0
        self._pipes.give(b"R", _PLACE.pack(self._at, wanted))
        found = self._pipes.take()
        room[: len(found)] = found
        self._at += len(found)
        return len(found)


class _File(io.BufferedReader):
    """Never sets room aside for more than there is, whatever length a hostile file names."""

    def __init__(self, raw: _Asked, size: int) -> None:
        super().__init__(raw, _BUFFER)
        self._size = size

    def read(self, size: int | None = -1, /) -> bytes:
        left = max(self._size - self.tell(), 0)
        return super().read(left if size is None or size < 0 else min(size, left))


def main() -> None:
    pipes = _Pipes()
    order = json.loads(pipes.take())
    try:
        function = _load(*order["function"])
        _limit(order["memory"], order["processor_seconds"])
        arguments = order["arguments"]
        if order["size"] is not None:
            arguments.append(_File(_Asked(pipes, order["size"]), order["size"]))
        body = json.dumps(function(*arguments)).encode()
    except Exception as trouble:  # the parent decides what it means
        pipes.give(b"E", json.dumps(_told(trouble)).encode())
        return
    pipes.give(b"A", body)


def _load(module: str, name: str) -> Any:
    """Return the function, without loading what `crm` loads for a server (Celery, Redis)."""
    sys.path.insert(0, str(_ROOT))
    bare = ModuleType("crm")
    bare.__path__ = [str(_ROOT / "crm")]
    sys.modules["crm"] = bare
    return getattr(importlib.import_module(module), name)


def _limit(memory: int, processor_seconds: int) -> None:
    """Limit this process from here on; the second of grace lets the signal tell running out of time from dying."""
    until = int(sum(resource.getrusage(resource.RUSAGE_SELF)[:2])) + processor_seconds
    _at_most(resource.RLIMIT_CPU, until, until + 1)
    if sys.platform == "linux":  # others refuse what is less than is in use, or enforce nothing
        _at_most(resource.RLIMIT_AS, memory, memory)
    _at_most(resource.RLIMIT_CORE, 0, 0)
    os.nice(5)  # pages come first


def _at_most(what: int, soft: int, hard: int) -> None:
    """Lower a limit; one that is lower already stays, because nobody may raise it."""
    highest = resource.getrlimit(what)[1]
    if highest != resource.RLIM_INFINITY:
        soft, hard = min(soft, highest), min(hard, highest)
    resource.setrlimit(what, (soft, hard))


def _told(trouble: Exception) -> dict[str, Any]:
    """Return the type and frames of an exception, not its words: they would quote the file."""
    stack = traceback.extract_tb(trouble.__traceback__)[-12:]
    return {"error": type(trouble).__name__, "frames": [f"{one.filename}:{one.lineno} {one.name}" for one in stack]}


if __name__ == "__main__":
    main()
