"""Tell whether a zip is a scan of a person and nothing more. Every member is unpacked once to count it, and none is
kept; names of members are never paths here, but whoever unpacks it later takes them for some."""

import copy
import io
import re
import stat
import warnings
import zipfile
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO, cast

from crm.documents.formats import dicom, papers
from crm.enums.documents import Unfit

MOST_MEMBERS = 5_000
MOST_UNPACKED = 4 * 1024**3
_LONGEST_DIRECTORY = 4 * 1024**2
_END, _END_BYTES, _LOCATOR = b"PK\5\6", 22, b"PK\6\7"
_LOCAL = 30  # bytes of a member's own header, without its name
_ARCHIVES = (b"PK\3\4", b"PK\5\6", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"BZh", b"\xfd7zXZ")
# What computers put beside files, with the bytes that it begins with.
_OF_THE_SYSTEM = {"__MACOSX/": b"\0\5\x16\7", ".DS_Store": b"\0\0\0\1Bud1", "Thumbs.db": b"\xd0\xcf\x11\xe0"}
# Names that are run, or opened as a page, by a double click, whatever is in them.
_RUN = re.compile(
    r"\.(?:apk|app|application|appref-ms|bat|bin|chm|cmd|com|command|cpl|deb|desktop|dll|dmg|exe|gadget|hta|html?|inf|iso"
    r"|jar|jnlp|js|jse|lnk|mht|mhtml|msc|msi|msp|ocx|php\d?|pif|pkg|pl|ps1|psm1|py|pyw|rb|reg|rpm|scf|scr|sh|svg|sys|url"
    r"|vb|vbe|vbs|vhdx?|ws|wsf|wsh|xhtml|xpi)[. ]*\Z",
    re.IGNORECASE,
)
_DRIVE = re.compile(r"[A-Za-z]:")
_PIECE = 256 * 1024


@dataclass(frozen=True)
class _Seen:
    """The beginning of a member, and how long it is in truth."""

    head: bytes
    length: int


def read(file: BinaryIO, tail: bytes) -> dicom.Said | Unfit:
    """Return what the first image of a study says, or what is wrong with the zip. `tail` is its last 66 kB."""
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_BYTES:
        return Unfit.DAMAGED
    count, length = int.from_bytes(tail[at + 10 : at + 12], "little"), int.from_bytes(tail[at + 12 : at + 16], "little")
    # Before anything reads the list of members: how long it says it is. Zip64 is for more than we take.
    if count > MOST_MEMBERS or length > _LONGEST_DIRECTORY or _LOCATOR in tail[max(at - 20, 0) : at]:
        return Unfit.ZIP_TOO_MANY
    try:
        with warnings.catch_warnings(), zipfile.ZipFile(file) as archive:
            warnings.simplefilter("ignore")
            entries = sorted(archive.infolist(), key=lambda one: one.header_offset)
            return _sizes(entries) or _places(entries) or _contents(archive, entries)
    except MemoryError:
        raise
    except Exception:  # as with DICOM: any breakage means a broken file
        return Unfit.DAMAGED


def _sizes(entries: list[zipfile.ZipInfo]) -> Unfit | None:
    """Return what is wrong with the sizes that the list names; whether they are true shows in unpacking."""
    if len(entries) > MOST_MEMBERS:
        return Unfit.ZIP_TOO_MANY
    if any(one.flag_bits & 1 for one in entries):
        return Unfit.ZIP_LOCKED
    unpacked, packed = sum(one.file_size for one in entries), sum(one.compress_size for one in entries)
    bombs = any(dicom.is_bomb(one.file_size, one.compress_size) for one in entries)
    together = unpacked > MOST_UNPACKED or unpacked > max(dicom.MOST_RATIO * packed, 16 * dicom.RATIO_COUNTS_FROM)
    return Unfit.ZIP_TOO_LARGE if bombs or together else None


def _places(entries: list[zipfile.ZipInfo]) -> Unfit | None:
    """Return what is wrong with where members lie. Those that share bytes are one bomb many times over; links, programs
    and names that lead elsewhere harm whoever unpacks them; and what precedes the first is a file of its own."""
    for one, following in pairwise(entries):
        if one.header_offset + _LOCAL + one.compress_size > following.header_offset:
            return Unfit.ZIP_TOO_LARGE
    if entries and entries[0].header_offset:
        return Unfit.TWO_IN_ONE
    for one in entries:
        if _leads_out(one.orig_filename) or _leads_out(one.filename):  # the second may come from an extra field
            return Unfit.ZIP_PATHS
        if stat.S_IFMT(one.external_attr >> 16) not in {0, stat.S_IFREG, stat.S_IFDIR} or _RUN.search(one.filename):
            return Unfit.ZIP_OTHER
    return None


def _leads_out(name: str) -> bool:
    """Tell whether some program would unpack this name outside its own folder. Old Windows programs write `\\`."""
    parts = name.replace("\\", "/").split("/")
    return not parts[0] or ".." in parts or bool(_DRIVE.match(name)) or any(ord(sign) < 32 for sign in name)


def _contents(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> dicom.Said | Unfit:
    """Check every member: pictures of a scan, papers beside them, nothing else. Returns what the first picture says."""
    first = None
    for entry in entries:
        seen = _unpacked(archive, entry)
        if seen.length != entry.file_size:
            return Unfit.ZIP_TOO_LARGE
        if (entry.is_dir() and not seen.length) or _is_of_the_system(entry.filename, seen.head):
            continue
        trouble = _why_not(archive, entry, seen.head)
        if trouble:
            return trouble
        if first is None and dicom.is_dicom(seen.head) and not entry.filename.upper().endswith("DICOMDIR"):
            first = entry
    if first is None:
        return Unfit.ZIP_NO_STUDY
    with archive.open(first) as opened:
        return dicom.read(io.BytesIO(opened.read(dicom.HEAD)), is_cut=True)


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> _Seen:
    """Unpack a member past the length that the list gives, which zipfile believes: a longer one is seen as such."""
    longer = copy.copy(entry)
    longer.file_size += 1
    with archive.open(longer) as opened:
        head = opened.read(_PIECE)
        length = len(head)
        while piece := opened.read(_PIECE):
            length += len(piece)
    return _Seen(head, length)


def _is_of_the_system(name: str, head: bytes) -> bool:
    by_name = (sign for sign in _OF_THE_SYSTEM if name.startswith(sign) or name.endswith(sign))
    return any(not head or head.startswith(_OF_THE_SYSTEM[sign]) for sign in by_name)


def _why_not(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, head: bytes) -> Unfit | None:
    if head.startswith(_ARCHIVES):
        return Unfit.ZIP_NESTED
    if dicom.is_dicom(head):
        return _why_not_image(archive, entry, head)
    kind = papers.kind_of(head)
    if not kind or kind == "image/heic":
        return Unfit.ZIP_OTHER
    with archive.open(entry) as opened:
        found = papers.why_not(cast(BinaryIO, opened), kind)
    return None if found == Unfit.DAMAGED else found  # beside a scan a paper may be cut off


def _why_not_image(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, head: bytes) -> Unfit | None:
    if dicom.has_odd_preamble(head):
        return Unfit.TWO_IN_ONE
    if not dicom.is_deflated(head):
        return None
    with archive.open(entry) as opened:
        found = dicom.read(cast(BinaryIO, opened))
    return found if isinstance(found, Unfit) else None
