"""Whether a file is what its name says, and fit to be kept. Reads its beginning, its end, and lists of contents.

Pure of Django's models: takes any file that can be read anywhere in it.
"""

import io
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from crm import dicom, picture_checks, zip_checks
from crm.document_enums import Unfit

LONGEST_NAME = 200
_HEAD, _TAIL = 256 * 1024, 66 * 1024  # a zip's end lies in its last 65,557 bytes
_HEIC = {b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1"}
_PAGES = (b"<html", b"<script", b"<!doctype", b"<svg", b"<?php", b"#!/")

TYPES = {
    "pdf": "application/pdf",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "heic": "image/heic",
    "dcm": "application/dicom",
    "zip": "application/zip",
}
ACCEPT = ",".join(f".{extension}" for extension in TYPES)


@dataclass(frozen=True)
class Ends:
    """The first and the last bytes of a file."""

    head: bytes
    tail: bytes


def why_not_name(name: str) -> Unfit | None:
    """What is wrong with the name of a file, before a byte of it is taken."""
    if len(name.encode()) > LONGEST_NAME:
        return Unfit.NAME_TOO_LONG
    odd = any(unicodedata.category(sign) in {"Cc", "Cf", "Cs"} or sign in '/\\:*?"<>|' for sign in name)
    if odd or not name.strip(" ."):
        return Unfit.NAME_ODD
    return None if media_type(name) else Unfit.TYPE


def media_type(name: str) -> str:
    """By the last extension; "" for those that are not taken."""
    return TYPES.get(name.rpartition(".")[2].lower(), "") if "." in name else ""


def judge(name: str, file: BinaryIO) -> dicom.Said | Unfit:
    """What a fit file says about its study (nothing, for papers), or why it is not fit."""
    head = file.read(_HEAD)
    size = file.seek(0, io.SEEK_END)
    file.seek(max(size - _TAIL, 0))
    ends = Ends(head, file.read())
    file.seek(0)
    wanted = media_type(name)
    if not _BEGINS[wanted](head):
        return Unfit.MISMATCH
    if wanted == "application/zip":
        return zip_checks.read(file, ends.tail)
    if zip_checks.ends_like_a_zip(ends.tail) or (wanted != "application/dicom" and _is_page(ends)):
        return Unfit.TWO_IN_ONE
    if wanted == "application/dicom":
        return Unfit.TWO_IN_ONE if dicom.has_odd_preamble(head) else dicom.read(file)
    return _PAPERS[wanted](ends) or dicom.Said()


def _is_page(ends: Ends) -> bool:
    """Whether a browser that guesses could take it for a page or a script."""
    seen = (ends.head[:4096] + ends.tail[-4096:]).lower()
    return any(sign in seen for sign in _PAGES)


def _why_not_pdf(ends: Ends) -> Unfit | None:
    _, mark, after = ends.tail.rpartition(b"%%EOF")
    if not mark:
        return Unfit.DAMAGED
    return Unfit.TWO_IN_ONE if after.strip(b" \r\n\t\0") else None


_BEGINS: dict[str, Callable[[bytes], bool]] = {
    "application/pdf": lambda head: head.startswith(b"%PDF-"),
    "image/jpeg": lambda head: head.startswith(b"\xff\xd8\xff"),
    "image/png": lambda head: head.startswith(b"\x89PNG\r\n\x1a\n"),
    "image/heic": lambda head: head[4:8] == b"ftyp" and head[8:12] in _HEIC,
    "application/dicom": dicom.is_dicom,
    "application/zip": lambda head: head.startswith(b"PK\3\4"),
}
_PAPERS: dict[str, Callable[[Ends], Unfit | None]] = {
    "application/pdf": _why_not_pdf,
    "image/jpeg": lambda ends: picture_checks.why_not_jpeg(ends.head),
    "image/png": lambda ends: picture_checks.why_not_png(ends.head, ends.tail),
    "image/heic": lambda ends: picture_checks.why_not_heic(ends.head),
}
