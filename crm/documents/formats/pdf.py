"""Tell whether a PDF is whole, ends where it says, and starts no program when it is opened."""

import re
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from crm.documents.formats import blocks
from crm.enums.documents import Unfit

# Actions that run a program or a script (ISO 32000-2, 12.6.4): the names stand in clear wherever objects do. As values
# they follow their key or a separator, which "HTML/JavaScript" in a sentence does not.
_STARTS = {b"JavaScript", b"Launch", b"Rendition"}
_PLAIN = re.compile(
    rb"(?:(?<=[\0\s<>\[\](){}%0-9])|(?<=/S)|(?<=obj))/(?:JavaScript|Launch|Rendition)(?=[\0\s/<>\[\]()%{}]|\Z)"
)
_HASHED = re.compile(rb"/([A-Za-z]{0,40}#[0-9A-Fa-f]{2}[A-Za-z0-9#]{0,80})")  # any letter may be written as #xx (7.3.5)
_OBJECTS = re.compile(rb"/Type\s{0,20}/ObjStm")  # objects in a compressed stream (7.5.7)
# Forms check and write dates and sums by calling one function that every reader brings along (Acrobat's AFDate_FormatEx
# and its kin) with plain values: no name, call or assignment of their own has room in these signs.
_FORM = re.compile(
    rb"<<\s*(?:/Type\s*/Action\s*)?(?:/S\s*/JavaScript\s*)?"
    rb"/JS\s*\(\s*AF(?:Number|Date|Time|Percent|Special|Simple|Range|Merge)[A-Za-z_]{0,30}\s*"
    rb"\\?\((?:[\w\s\",.;:/$%'#*+\[\]-]|\\[rn\"'])*\\?\)\s*;?\s*(?:\\[rn])*\)\s*"
    rb"(?:/Type\s*/Action\s*)?(?:/S\s*/JavaScript\s*)?(?:/Type\s*/Action\s*)?>>"
)
_TEXT = re.compile(rb"[\x20-\x7e\r\n\t\f\x1b]*")  # with the sign that begins a printer's language
_LAST_WORDS = re.compile(rb"startxref\s+\d+\s*\Z")
MOST_BESIDE, MOST_AFTER = (
    1024,
    4096,
)  # bytes before the header, as readers allow (ISO 32000-1, annex H), and of the rest
_AROUND = 600  # bytes before and behind a name in which such a call lies
_STREAM = re.compile(rb"stream\r?\n")
_MOST_STREAMS = 20_000
_MOST_OBJECTS = 256 * 1024**2  # bytes of all such streams, unpacked
_HEAD_OF_STREAM, _PIECE = 4096, 64 * 1024


def begins(head: bytes) -> bool:
    """Tell whether this is the beginning of a PDF, after what mail programs, printers and fax servers put before it:
    lines of text in its first kilobyte."""
    before, mark, _ = head[:MOST_BESIDE].partition(b"%PDF-")
    return bool(mark) and _is_harmless(before)


def _is_harmless(text: bytes) -> bool:
    """Tell whether it is plain text and begins nothing: no page and no script (whether it holds an archive is checked
    for the whole file)."""
    bare = text.removeprefix(b"\xef\xbb\xbf")
    return (
        len(text) <= MOST_BESIDE
        and bool(_TEXT.fullmatch(bare))
        and not bare.lstrip().startswith((b"#!", b"<", b"%!", b"MZ"))
    )


def _after_end(tail: bytes) -> bytes | None:
    """Return what follows the end mark; None without one. Some programs write the place of the list of objects, which
    is the last thing before the mark, and then no mark (ISO 32000-2, 7.5.5)."""
    _, mark, after = tail.rpartition(b"%%EOF")
    if mark:
        return after
    return b"" if _LAST_WORDS.search(tail) else None


def why_not(file: BinaryIO, tail: bytes) -> Unfit | None:
    """Return what is wrong with a PDF. One that is locked with a password shows only the names outside its streams."""
    after = _after_end(tail)
    if after is None:
        return Unfit.DAMAGED
    rest = after.strip(b" \r\n\t\0\f\x1a")
    if rest and not (len(rest) <= MOST_AFTER and _TEXT.fullmatch(rest)):
        return Unfit.TWO_IN_ONE
    places: list[int] = []
    for at, block in blocks.of(file):
        for place in _programs(block):
            begin = max(at + place - _AROUND, 0)
            file.seek(begin)
            if not _is_of_a_form(file.read(2 * _AROUND), at + place - begin):
                return Unfit.TWO_IN_ONE
        places += [at + found.start() for found in _OBJECTS.finditer(_without_hashes(block))]
        if len(places) > _MOST_STREAMS:
            return Unfit.UNPACKED
    return _why_not_objects(file, sorted(set(places)))


def _why_not_objects(file: BinaryIO, places: list[int]) -> Unfit | None:
    left = _MOST_OBJECTS
    for begin in places:
        for objects in _unpacked(file, begin):
            if not all(_is_of_a_form(objects, place) for place in _programs(objects)):
                return Unfit.TWO_IN_ONE
            left -= len(objects)
            if left < 0:
                return Unfit.UNPACKED
    return None


def _programs(text: bytes) -> Iterator[int]:
    """Yield the places of names that start a program or a script."""
    yield from (found.start() for found in _PLAIN.finditer(text))
    yield from (found.start() for found in _HASHED.finditer(text) if _plain(found[1]) in _STARTS)


def _is_of_a_form(text: bytes, place: int) -> bool:
    calls = _FORM.finditer(text, max(place - _AROUND, 0), place + _AROUND)
    return any(call.start() <= place < call.end() for call in calls)


def _plain(name: bytes) -> bytes:
    return re.sub(rb"#([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), name)


def _without_hashes(block: bytes) -> bytes:
    """Spell out names written with #xx, padded to their length, so that places stay. Only /Type and /ObjStm matter."""
    return _HASHED.sub(lambda found: (b"/" + _plain(found[1])).ljust(len(found[0])), block) if b"#" in block else block


def _unpacked(file: BinaryIO, place: int) -> Iterator[bytes]:
    """Yield the text of one stream of objects, piece by piece; nothing when it is not deflated (or encrypted)."""
    file.seek(place)
    found = _STREAM.search(file.read(_HEAD_OF_STREAM))
    if found is None:
        return
    file.seek(place + found.end())
    unpack, kept = zlib.decompressobj(), b""
    while not unpack.eof and (packed := unpack.unconsumed_tail or file.read(_PIECE)):
        try:
            new = unpack.decompress(packed, _PIECE * 4)
        except zlib.error:
            return
        yield kept + new
        kept = new[-blocks.OVERLAP :]
