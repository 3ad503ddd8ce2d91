"""How large a picture says it is, from its first bytes: nothing is decoded."""

from crm.document_enums import Unfit

MOST_PIXELS = 100_000_000  # a phone makes 12 to 50 million; a bomb says billions
_SIZES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # JPEG's SOF markers (ITU-T T.81, table B.1)


def why_not_png(head: bytes, tail: bytes) -> Unfit | None:
    """What is wrong with a PNG: it must begin with IHDR and end with IEND (PNG specification, 5.6)."""
    if head[12:16] != b"IHDR" or len(head) < 33 or tail[-8:-4] != b"IEND":
        return Unfit.DAMAGED
    return _too_many(int.from_bytes(head[16:20]), int.from_bytes(head[20:24]))


def why_not_jpeg(head: bytes) -> Unfit | None:
    """What is wrong with a JPEG, from its segments up to the one that says its size."""
    at = 2
    while at + 9 <= len(head) and head[at] == 0xFF:
        marker, length = head[at + 1], int.from_bytes(head[at + 2 : at + 4])
        if marker in _SIZES:
            height, width = int.from_bytes(head[at + 5 : at + 7]), int.from_bytes(head[at + 7 : at + 9])
            return _too_many(width, height)
        at += 2 + max(length, 2)
    return Unfit.DAMAGED


def why_not_heic(head: bytes) -> Unfit | None:
    """What is wrong with an HEIC picture: every "ispe" property (ISO/IEC 23008-12, 6.5.3) in sight is looked at."""
    at = head.find(b"ispe")
    if at < 0:
        return Unfit.DAMAGED
    while at >= 0:
        trouble = _too_many(int.from_bytes(head[at + 8 : at + 12]), int.from_bytes(head[at + 12 : at + 16]))
        if trouble:
            return trouble
        at = head.find(b"ispe", at + 4)
    return None


def _too_many(width: int, height: int) -> Unfit | None:
    if not width or not height:
        return Unfit.DAMAGED
    return Unfit.TOO_MANY_PIXELS if width * height > MOST_PIXELS else None
