"""How large a picture says it is, by a walk along its parts: nothing is decoded."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from crm.documents.formats import blocks
from crm.enums.documents import Unfit

MOST_PIXELS = 100_000_000  # a phone makes 12 to 50 million; a bomb says billions
MOST_PARTS = 200_000
_SIZES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # JPEG's SOF markers (ITU-T T.81, table B.1)
_END_OF_IMAGE, _START_OF_SCAN = 0xD9, 0xDA
_ALONE = {0x01, 0xD8}  # markers without a length; those of restarts (D0 to D7) are part of a scan
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_MOST_OF_META = 8 * 1024**2
_SHORT = 16 * 1024  # segments are at most 64 kB apart, most of them much less


def why_not_png(file: BinaryIO) -> Unfit | None:
    """Return what is wrong with a PNG: IHDR comes first and once, chunks follow up to IEND (PNG specification, 5)."""
    at, trouble = 8, None
    for number in range(MOST_PARTS):
        file.seek(at)
        head = file.read(16)
        length, name = int.from_bytes(head[:4]), head[4:8]
        if len(head) < 8 or not name.isalpha() or (name == b"IHDR") != (number == 0):
            return Unfit.DAMAGED
        if name == b"IHDR":
            trouble = _too_many(int.from_bytes(head[8:12]), int.from_bytes(head[12:16]))
        at += 12 + length
        if trouble or name == b"IEND":
            return trouble or _why_not_after(file, at)
    return Unfit.DAMAGED


def _why_not_after(file: BinaryIO, at: int) -> Unfit | None:
    """Return what is wrong after the last part: only blanks may follow, such as a line end that a mailer added."""
    if file.seek(0, 2) < at:
        return Unfit.DAMAGED
    return Unfit.TWO_IN_ONE if any(block.strip(b" \r\n\t\0") for _, block in blocks.of(file, at)) else None


def why_not_jpeg(file: BinaryIO) -> Unfit | None:
    """Return what is wrong with a JPEG: every size it names counts, whichever a program believes.

    Pictures that follow its end (cameras put previews and depth maps there) are looked at as well; those within a
    segment, such as an Exif thumbnail, are not.
    """
    found = False
    for number, (marker, place) in enumerate(_markers(file)):
        if number > MOST_PARTS:
            return Unfit.DAMAGED
        if marker in _SIZES:
            file.seek(place)
            head = file.read(9)
            trouble = _too_many(int.from_bytes(head[7:9]), int.from_bytes(head[5:7]))
            if trouble:
                return trouble
            found = True
    return None if found else Unfit.DAMAGED


def _markers(file: BinaryIO) -> Iterator[tuple[int, int]]:
    """Yield markers and their places. Bytes that belong to no segment are skipped, as decoders do (T.81, B.1.1.2)."""
    at = 0
    while (place := _next_marker(file, at)) is not None:
        file.seek(place)
        head = file.read(4)
        marker = head[1]
        yield marker, place
        if marker == _END_OF_IMAGE:
            at = _next_image(file, place + 2)
        elif marker in _ALONE:
            at = place + 2
        else:
            at = place + 2 + max(int.from_bytes(head[2:4]), 2)


def _next_marker(file: BinaryIO, start: int) -> int | None:
    for at, block in blocks.of(file, start, _SHORT):
        found = _MARKER.search(block)
        if found:
            return at + found.start()
    return None


def _next_image(file: BinaryIO, start: int) -> int:
    """Return where a picture begins that follows the end of one, with or without zeros between; else the end of the
    file. A film or a camera's own notes are not searched: three bytes turn up there by chance."""
    file.seek(start)
    behind = file.read(_SHORT)
    rest = behind.lstrip(b"\0")
    return start + len(behind) - len(rest) if rest.startswith(b"\xff\xd8\xff") else file.seek(0, 2)


def why_not_heic(file: BinaryIO, head: bytes) -> Unfit | None:
    """Return what is wrong with an HEIC picture: every "ispe" property (ISO/IEC 23008-12, 6.5.3) of its head and of the
    boxes that describe pictures is looked at."""
    found = False
    for text in (head, *_metas(file)):
        at = text.find(b"ispe")
        while at >= 0:
            found = True
            trouble = _too_many(int.from_bytes(text[at + 8 : at + 12]), int.from_bytes(text[at + 12 : at + 16]))
            if trouble:
                return trouble
            at = text.find(b"ispe", at + 4)
    return None if found else Unfit.DAMAGED


def _metas(file: BinaryIO) -> Iterator[bytes]:
    """Yield the outer boxes that describe pictures (ISO/IEC 14496-12, 4.2), each up to 8 MB."""
    at, end = 0, file.seek(0, 2)
    for _ in range(MOST_PARTS):
        file.seek(at)
        head = file.read(16)
        length = int.from_bytes(head[:4])
        if length == 1:
            length = int.from_bytes(head[8:16])
        if len(head) < 8 or length < 8:  # 0: up to the end of the file
            return
        if head[4:8] in {b"meta", b"moov"}:
            file.seek(at)
            yield file.read(min(length, _MOST_OF_META))
        at += length
        if at >= end:
            return


def _too_many(width: int, height: int) -> Unfit | None:
    if not width or not height:
        return Unfit.DAMAGED
    return Unfit.TOO_MANY_PIXELS if width * height > MOST_PIXELS else None
