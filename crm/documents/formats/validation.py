"""Tell whether a file is what its name says, and fit to be kept.

Reads all of it once or twice, and unpacks nothing to keep. Takes any seekable file. Foreign files are judged in a
limited child (crm/sandbox/runner.py): see `judge_apart`.
"""

import unicodedata
from datetime import date
from typing import Any, BinaryIO

from crm.documents.formats import dicom, papers, zip_files
from crm.enums.documents import Unfit
from crm.sandbox.runner import ChildLimits, run

LONGEST_NAME = 200
HEAD = 1024  # bytes that tell the kind of a file
_FIT = "fit"

TYPES = {
    "pdf": "application/pdf",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "jpe": "image/jpeg",
    "jfif": "image/jpeg",
    "png": "image/png",
    "heic": "image/heic",
    "heif": "image/heic",
    "dcm": "application/dicom",
    "dicom": "application/dicom",
    "zip": "application/zip",
}
ACCEPT = ",".join(f".{extension}" for extension in TYPES)


def shown_name(name: str) -> str:
    """Return the name of a file without the signs that show nothing or turn the order of others: messengers and phones
    put them into the names of good files, and nobody sees them who is asked to rename one."""
    return "".join(sign for sign in name if unicodedata.category(sign) != "Cf")


def why_not_name(name: str) -> Unfit | None:
    """Return what is wrong with the name of a file, before a byte of it is taken; None when it will do."""
    if len(name.encode()) > LONGEST_NAME:
        return Unfit.NAME_TOO_LONG
    odd = any(unicodedata.category(sign) in {"Cc", "Cf", "Cs"} or sign in '/\\:*?"<>|' for sign in name)
    if odd or not name.strip(" ."):
        return Unfit.NAME_ODD
    return None if media_type(name) else Unfit.TYPE


def media_type(name: str) -> str:
    """Return what a name says, by its last extension; "" for those that are not taken."""
    return TYPES.get(name.rpartition(".")[2].lower(), "") if "." in name else ""


def name_as(name: str, kind: str) -> str:
    """Return the name of a file with the extension of what is in it: phones call a JPEG .HEIC, and the other way round.

    `kind`: a media type. A name that fits it stays as it is.
    """
    if media_type(name) == kind:
        return name
    extension = next((one for one, of in TYPES.items() if of == kind), "")
    return f"{name.rpartition('.')[0] or name}.{extension}" if extension else name


def limits(size: int) -> ChildLimits:
    """Return what judging `size` bytes may use: papers are read some five times over, in zips some ten times."""
    return ChildLimits(memory=512 * 1024**2, processor_seconds=90, seconds=240, read=20 * size + 16 * 1024**2)


def judge_apart(file: BinaryIO, size: int) -> dicom.Said | Unfit:
    """Judge a file as `judge` does, but in a limited child. Raises NoAnswer, and what reading the file raises."""
    told = run(tell, limits=limits(size), file=file, size=size)
    if not told[_FIT]:
        return Unfit(told["reason"])
    day = told["study_date"]
    return dicom.Said(date.fromisoformat(day) if day else None, str(told["modality"]))


def judge(file: BinaryIO) -> dicom.Said | Unfit:
    """Return what a fit file says about its study (nothing, for papers), or why it is not fit. What is in it decides,
    and not how it is called."""
    file.seek(0)
    head = file.read(papers.HEAD)
    kind = kind_of(head)
    if not kind:
        return Unfit.TYPE if papers.is_of_another_kind(head) else Unfit.MISMATCH
    if kind == "application/zip":
        return zip_files.read(file, papers.tail_of(file))
    if kind != "application/dicom":
        return papers.why_not(file, kind) or dicom.Said()
    if papers.opens_as_a_zip(file) or dicom.has_odd_preamble(head):
        return Unfit.TWO_IN_ONE
    return dicom.read(file)


def kind_of(head: bytes) -> str:
    """Return the media type that the first bytes of a file say; "" for those that are not taken."""
    if dicom.is_dicom(head):
        return "application/dicom"
    return "application/zip" if head.startswith(b"PK\3\4") else papers.kind_of(head)


def tell(file: BinaryIO) -> dict[str, Any]:
    """Return the verdict of `judge` in words that JSON knows, for the parent process."""
    found = judge(file)
    if isinstance(found, Unfit):
        return {_FIT: False, "reason": found.value}
    day = found.study_date.isoformat() if found.study_date else None
    return {_FIT: True, "study_date": day, "modality": found.modality}
