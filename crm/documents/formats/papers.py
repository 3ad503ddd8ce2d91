"""Tell whether a paper (PDF or picture) is what its first bytes say, and nothing else."""

import io
from typing import BinaryIO

from crm.documents.formats import images, pdf, polyglots
from crm.enums.documents import Unfit

HEAD, TAIL = 256 * 1024, 66 * 1024  # a zip's end lies in its last 65,557 bytes
_HEIC = {b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1"}
_OTHERS = (b"GIF8", b"II*\0", b"MM\0*", b"BM", b"\xd0\xcf\x11\xe0", b"{\\rtf")  # GIF, TIFF, BMP, old Word, RTF
_END, _END_BYTES, _LOCATOR, _LISTED = b"PK\5\6", 22, b"PK\6\7", b"PK\1\2"


def kind_of(head: bytes) -> str:
    """Return the media type that the first bytes of a paper say; "" for anything else."""
    if pdf.begins(head):
        return "application/pdf"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    return "image/heic" if head[4:8] == b"ftyp" and head[8:12] in _HEIC else ""


def is_of_another_kind(head: bytes) -> bool:
    """Tell whether these bytes begin a picture or paper of a kind that is not taken, whatever its name says."""
    return head.startswith(_OTHERS) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP") or head[4:8] == b"ftyp"


def why_not(file: BinaryIO, kind: str) -> Unfit | None:
    """Return what is wrong with a paper of this kind, a media type; None when it is fit."""
    if opens_as_a_zip(file) or polyglots.holds_a_page(file):
        return Unfit.TWO_IN_ONE
    if kind == "application/pdf":
        return pdf.why_not(file, tail_of(file))
    if kind == "image/png":
        return images.why_not_png(file)
    if kind == "image/jpeg":
        return images.why_not_jpeg(file)
    file.seek(0)
    return images.why_not_heic(file, file.read(HEAD))


def tail_of(file: BinaryIO) -> bytes:
    file.seek(max(file.seek(0, io.SEEK_END) - TAIL, 0))
    return file.read()


def opens_as_a_zip(file: BinaryIO) -> bool:
    """Tell whether some program would find the members of a zip, which are listed at a file's end. An end record of
    nothing, and four bytes that are there by chance, open nothing (APPNOTE 4.3.16)."""
    tail = tail_of(file)
    behind = file.tell() - len(tail)
    at = tail.find(_END)
    while at >= 0:
        count, length = (
            int.from_bytes(tail[at + 10 : at + 12], "little"),
            int.from_bytes(tail[at + 12 : at + 16], "little"),
        )
        if len(tail) - at >= _END_BYTES and _LOCATOR in tail[max(at - 20, 0) : at]:
            return True
        if count and 0 < length <= behind + at:
            file.seek(behind + at - length)
            if file.read(4) == _LISTED:
                return True
        at = tail.find(_END, at + 4)
    return False
