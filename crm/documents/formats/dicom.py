"""What a DICOM file says about itself: study date and modality, and nothing else is read."""

import io
import warnings
import zlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import BinaryIO

from crm.enums.documents import Unfit

HEAD = 1024**2  # of an image's beginning, that is enough to read what it says
MOST_UNPACKED = 1024**3
MOST_RATIO = 100
RATIO_COUNTS_FROM = 1024**2  # small files of zeros shrink a lot and harm nobody
_UNDEFINED = 0xFFFFFFFF
_PIXELS = b"\xe0\x7f\x10\0"
_TAGS = ["StudyDate", "Modality", "SOPClassUID", "StudyInstanceUID"]
_HARMLESS_PREAMBLES = (b"II*\0", b"MM\0*")  # files that are TIFF as well, which the standard names (PS3.10, 7.1)
_DEFLATED, _PLAIN = b"1.2.840.10008.1.2.1.99", b"1.2.840.10008.1.2.1".ljust(22, b"\0")  # PS3.5, A.5
_LONG_LENGTHS = {
    b"OB",
    b"OD",
    b"OF",
    b"OL",
    b"OV",
    b"OW",
    b"SQ",
    b"SV",
    b"UC",
    b"UN",
    b"UR",
    b"UT",
    b"UV",
}  # 7.1.2
_MOST_OF_ABOUT = 4096
_MOST_ABOUT = 100  # elements of the group that says how the rest is written; there are some twenty
_PIECE = 64 * 1024


@dataclass(frozen=True)
class Said:
    study_date: date | None = None
    modality: str = ""


class _Nameless:
    """Hides what else a file is: pydicom asks buffered ones for a name, which ours have not."""

    def __init__(self, file: BinaryIO) -> None:
        self.read, self.seek, self.tell, self.close = file.read, file.seek, file.tell, file.close


def is_dicom(head: bytes) -> bool:
    """Tell whether this begins a DICOM file: Part 10 files carry "DICM" after 128 bytes of preamble."""
    return head[128:132] == b"DICM"


def has_odd_preamble(head: bytes) -> bool:
    """Tell whether the preamble could start a program or a page: the known way of hiding one in DICOM."""
    return any(head[:128]) and not head.startswith(_HARMLESS_PREAMBLES)


def is_deflated(head: bytes) -> bool:
    """Tell whether what follows is compressed as a whole, by the first bytes of a DICOM file; a guess counts as yes."""
    return _DEFLATED in head[:_MOST_OF_ABOUT]


def is_bomb(unpacked: int, packed: int) -> bool:
    """Tell whether `unpacked` bytes are more than anybody's disk should be asked for, alone or against `packed`."""
    return unpacked > MOST_UNPACKED or (unpacked > RATIO_COUNTS_FROM and unpacked > MOST_RATIO * max(packed, 1))


def read(file: BinaryIO, *, is_cut: bool = False) -> Said | Unfit:
    """Return study date and modality; DAMAGED when the file cannot be read up to its pixels or ends too early, UNPACKED
    when it would inflate to far too much.

    With `is_cut` only the beginning is at hand, and its end says nothing.
    """
    try:
        deflated_from = _deflated_from(file)
        if deflated_from:
            trouble, file = _inflated(file, deflated_from)
            if trouble:
                return trouble
            is_cut = True
        return _read(file, is_cut=is_cut)
    except MemoryError:
        raise
    except Exception:  # hostile files break a parser in any way they like; all of them mean the same
        return Unfit.DAMAGED


def _read(file: BinaryIO, *, is_cut: bool) -> Said | Unfit:
    from pydicom import dcmread  # takes longer to load than most papers take to judge

    file.seek(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd values are told apart below
        found = dcmread(_Nameless(file), stop_before_pixels=True, specific_tags=_TAGS)
        if str(found.file_meta.get("TransferSyntaxUID")) == _DEFLATED.decode():
            return Unfit.DAMAGED  # said in a way that pydicom guesses at and the standard does not know: not counted
        day, modality = str(found.get("StudyDate") or ""), str(found.get("Modality") or "")
        # Pictures of papers and screens may leave out the modality (PS3.3, A.8), but not these (C.12, C.7), nor pixels.
        is_image = bool(found.get("SOPClassUID") or found.get("StudyInstanceUID")) and _stands_at_pixels(file)
        whole = bool(modality or is_image) and (is_cut or _holds_its_pixels(file))
    if not whole:
        return Unfit.DAMAGED
    return Said(_day(day), modality[:16] if modality.isalnum() else "")


def _deflated_from(file: BinaryIO) -> int:
    """Return where the deflated part of a file begins; 0 when it is not deflated.

    The group in front of it is always plain: explicit VR little endian (PS3.10, 7.1).
    """
    at, is_deflated = 132, False
    for _ in range(_MOST_ABOUT):
        file.seek(at)
        head = file.read(12)
        if head[:2] != b"\2\0" or len(head) < 8:
            return at if is_deflated else 0
        if head[4:6] in _LONG_LENGTHS:
            begin, length = at + 12, int.from_bytes(head[8:12], "little")
        else:
            begin, length = at + 8, int.from_bytes(head[6:8], "little")
        if head[2:4] == b"\x10\0" and length < 100:
            file.seek(begin)
            is_deflated = file.read(length).strip(b"\0 ") == _DEFLATED
        at = begin + length
    return 0


def _inflated(file: BinaryIO, start: int) -> tuple[Unfit | None, BinaryIO]:
    """Return what is wrong, and the beginning of a deflated image as if it were not. All of it is unpacked and counted,
    and nothing else kept."""
    file.seek(0)
    about = file.read(start)
    unpack, kept, packed, unpacked = zlib.decompressobj(-zlib.MAX_WBITS), bytearray(), 0, 0
    while not unpack.eof:
        new = unpack.unconsumed_tail
        if not new:
            new = file.read(_PIECE)
            packed += len(new)
        if not new:
            return Unfit.DAMAGED, file
        piece = unpack.decompress(new, _PIECE * 4)
        unpacked += len(piece)
        kept += piece[: max(HEAD - len(kept), 0)]
        if is_bomb(unpacked, packed):
            return Unfit.UNPACKED, file
    return None, io.BytesIO(about.replace(_DEFLATED, _PLAIN) + kept)


def _stands_at_pixels(file: BinaryIO) -> bool:
    here = file.tell()
    tag = file.read(len(_PIXELS))
    file.seek(here)
    return tag == _PIXELS


def _holds_its_pixels(file: BinaryIO) -> bool:
    """Tell whether the file goes on for as long as its pixel data says (explicit VR little endian; true for others).

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
