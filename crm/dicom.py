"""What a DICOM file says about itself: study date and modality, and nothing else is read."""

import warnings
from dataclasses import dataclass
from datetime import date, datetime
from typing import BinaryIO

from pydicom import dcmread

from crm.document_enums import Unfit

_UNDEFINED = 0xFFFFFFFF
_TAGS = ["StudyDate", "Modality"]
_HARMLESS_PREAMBLES = (b"II*\0", b"MM\0*")  # files that are TIFF as well, which the standard names (PS3.10, 7.1)


@dataclass(frozen=True)
class Said:
    study_date: date | None = None
    modality: str = ""


class _Nameless:
    """Hides what else a file is: pydicom asks buffered ones for a name, which ours have not."""

    def __init__(self, file: BinaryIO) -> None:
        self.read, self.seek, self.tell, self.close = file.read, file.seek, file.tell, file.close


def is_dicom(head: bytes) -> bool:
    """Part 10 files carry "DICM" after 128 bytes of preamble."""
    return head[128:132] == b"DICM"


def has_odd_preamble(head: bytes) -> bool:
    """A preamble that could start a program or a page: the known way of hiding one in DICOM."""
    return any(head[:128]) and not head.startswith(_HARMLESS_PREAMBLES)


def read(file: BinaryIO, *, is_cut: bool = False) -> Said | Unfit:
    """Study date and modality; DAMAGED when the file cannot be read up to its pixels or ends too early.

    With `is_cut` only the beginning is at hand, and its end says nothing.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd values are told apart below
            found = dcmread(_Nameless(file), stop_before_pixels=True, specific_tags=_TAGS)
            day, modality = str(found.get("StudyDate") or ""), str(found.get("Modality") or "")
            whole = is_cut or _holds_its_pixels(file)
    except Exception:  # hostile files break a parser in any way they like; all of them mean the same
        return Unfit.DAMAGED
    if not modality or not whole:
        return Unfit.DAMAGED
    return Said(_day(day), modality[:16] if modality.isalnum() else "")


def _holds_its_pixels(file: BinaryIO) -> bool:
    """Whether the file goes on for as long as its pixel data says (explicit VR little endian; others are not judged).

    pydicom stops in front of the pixels, so the position is that of their element (PS3.5, 7.1.2).
    """
    here = file.tell()
    element = file.read(12)
    end = file.seek(0, 2)
    if element[:6] not in {b"\xe0\x7f\x10\x00OW", b"\xe0\x7f\x10\x00OB"}:
        return True
    length = int.from_bytes(element[8:12], "little")
    return length == _UNDEFINED or here + 12 + length <= end


def _day(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007 - a day without a clock
    except ValueError:
        return None
