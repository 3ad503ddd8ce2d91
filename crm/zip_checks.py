"""Whether a zip is a scan of a person and nothing more. Nothing is unpacked; names of members are never paths."""

import io
import zipfile
from typing import BinaryIO

from crm import dicom
from crm.document_enums import Unfit

MOST_MEMBERS = 5_000
MOST_UNPACKED = 4 * 1024**3
MOST_OF_ONE = 1024**3
MOST_RATIO = 100
RATIO_COUNTS_FROM = 1024**2  # small files of zeros shrink a lot and harm nobody
_LONGEST_DIRECTORY = 4 * 1024**2
_HEAD_OF_IMAGE = 1024**2
_END, _END_BYTES, _LOCATOR = b"PK\5\6", 22, b"PK\6\7"
_ARCHIVES = (b"PK\3\4", b"PK\5\6", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"BZh", b"\xfd7zXZ")
_OF_THE_SYSTEM = ("__MACOSX/", ".DS_Store", "Thumbs.db")
_PAPERS = (b"%PDF-", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")


def ends_like_a_zip(tail: bytes) -> bool:
    """Whether some program would open the file as a zip."""
    return _END in tail


def read(file: BinaryIO, tail: bytes) -> dicom.Said | Unfit:
    """What the first image of a study says, or what is wrong with the zip. `tail` is its last 66 kB."""
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_BYTES:
        return Unfit.DAMAGED
    count, length = int.from_bytes(tail[at + 10 : at + 12], "little"), int.from_bytes(tail[at + 12 : at + 16], "little")
    # Before anything reads the list of members: how long it says it is. Zip64 is for more than we take.
    if count > MOST_MEMBERS or length > _LONGEST_DIRECTORY or _LOCATOR in tail[max(at - 20, 0) : at]:
        return Unfit.ZIP_TOO_MANY
    try:
        with zipfile.ZipFile(file) as archive:
            members = [one for one in archive.infolist() if not one.is_dir() and not _is_of_the_system(one.filename)]
            return _sizes(members) or _contents(archive, members)
    except Exception:  # as with DICOM: any breakage means a broken file
        return Unfit.DAMAGED


def _is_of_the_system(name: str) -> bool:
    return name.startswith(_OF_THE_SYSTEM[0]) or name.endswith(_OF_THE_SYSTEM[1:])


def _contents(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> dicom.Said | Unfit:
    """Looks at the first bytes of every member: pictures of a scan, papers beside them, nothing else."""
    first = None
    for member in members:
        with archive.open(member) as opened:
            head = opened.read(132)
        if head.startswith(_ARCHIVES):
            return Unfit.ZIP_NESTED
        if dicom.is_dicom(head):
            if dicom.has_odd_preamble(head):
                return Unfit.TWO_IN_ONE
            first = first or (member if not member.filename.upper().endswith("DICOMDIR") else None)
        elif not head.startswith(_PAPERS):
            return Unfit.ZIP_OTHER
    if first is None:
        return Unfit.ZIP_NO_STUDY
    with archive.open(first) as opened:
        return dicom.read(io.BytesIO(opened.read(_HEAD_OF_IMAGE)), is_cut=True)


def _sizes(members: list[zipfile.ZipInfo]) -> Unfit | None:
    if len(members) > MOST_MEMBERS:
        return Unfit.ZIP_TOO_MANY
    if any(member.flag_bits & 1 for member in members):
        return Unfit.ZIP_LOCKED
    too_large = sum(member.file_size for member in members) > MOST_UNPACKED
    return Unfit.ZIP_TOO_LARGE if too_large or any(_is_bomb(member) for member in members) else None


def _is_bomb(member: zipfile.ZipInfo) -> bool:
    ratio = member.file_size / max(member.compress_size, 1)
    return member.file_size > MOST_OF_ONE or (member.file_size > RATIO_COUNTS_FROM and ratio > MOST_RATIO)
