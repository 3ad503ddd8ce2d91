"""Files that are made to harm whoever reads, unpacks or opens them: small here, huge or a program there."""

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Iterable

from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import DeflatedExplicitVRLittleEndian

from tests.crm import files

MEGABYTE = 1024**2
PAGE = b"<html><head><title>x</title></head><body><script>alert(1)</script></body></html>"


def noise(megabytes: int, *, seed: int = 0) -> bytes:
    """Bytes of every value but the one that begins the marks of a JPEG, the same every time."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    return chance.randbytes(megabytes * MEGABYTE).replace(b"\xff", b"\xfe")


def zeros(megabytes: int, *, wbits: int = -15, head: bytes = b"") -> bytes:
    """So many zeros, deflated: one megabyte of them, again and again."""
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    first = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    return first + (packer.compress(bytes(MEGABYTE)) + packer.flush(zlib.Z_FULL_FLUSH)) * megabytes + b"\3\0"


def deflated_dicom(megabytes: int) -> bytes:
    """An image that is deflated as a whole (PS3.5, A.5), with so many zeros in an element before its pixels."""
    about = FileMetaDataset()
    about.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    about.MediaStorageSOPClassUID, about.MediaStorageSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.4", "1.2.3.4"
    image = FileDataset("", {}, file_meta=about, preamble=b"\0" * 128)
    image.StudyDate, image.Modality = "20260314", "MR"
    made = io.BytesIO()
    image.save_as(made, enforce_file_format=True)
    whole = made.getvalue()
    if not megabytes:
        return whole
    start = 144 + int.from_bytes(whole[140:144], "little")
    plain = zlib.decompress(whole[start:], -15)
    element = b"\x09\0\x01\0OB\0\0" + struct.pack("<I", megabytes * MEGABYTE)
    return whole[:start] + zeros(megabytes, head=plain + element)


def deflated_by_guess(megabytes: int) -> bytes:
    """A deflated image whose first group is written as only guessing readers understand it (implicit VR)."""
    syntax = b"\2\0\x10\0" + struct.pack("<I", 22) + str(DeflatedExplicitVRLittleEndian).encode()
    plain = b"\x08\0\x20\0DA\x08\x0020260314\x08\0\x60\0CS\2\0MR"
    element = b"\x09\0\x01\0OB\0\0" + struct.pack("<I", megabytes * MEGABYTE)
    return b"\0" * 128 + b"DICM" + syntax + zeros(megabytes, head=plain + element)


def zipped(members: Iterable[tuple[zipfile.ZipInfo | str, bytes]]) -> bytes:
    """As files.packed, with a say in how each entry is described."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return made.getvalue()


def named(name: str) -> bytes:
    """A scan whose only image has this name, as it is, in both places."""
    stand_in = "i" * len(name.encode())
    return files.packed({stand_in: files.dicom()}).replace(stand_in.encode(), name.encode())


def with_mode(mode: int) -> bytes:
    """A scan, and beside it an entry with this mode of Unix, such as a link."""
    entry = zipfile.ZipInfo("s/link")
    entry.create_system, entry.external_attr = 3, mode << 16
    return zipped([("s/IM1", files.dicom()), (entry, files.jpeg(comment=b"/etc/passwd"))])


def overlapping(copies: int, more: bytes) -> bytes:
    """One deflated member, listed many times: the quoting bomb in its simplest form."""
    whole = bytearray(files.packed({"IM1": files.dicom() + more}))
    start = int.from_bytes(whole[-6:-2], "little")
    listed, end = bytes(whole[start:-22]), bytearray(whole[-22:])
    end[8:12] = struct.pack("<HH", copies, copies)
    end[12:16] = struct.pack("<I", len(listed) * copies)
    return bytes(whole[:start]) + listed * copies + bytes(end)


def understated(megabytes: int, *, said: int = 4096, more: int = 0) -> bytes:
    """A member that is longer than both of its headers say; the sum is that of `more` bytes than said."""
    data = files.dicom() + bytes(megabytes * MEGABYTE)
    whole = files.packed({"IM1": data})
    real, lie = struct.pack("<I", len(data)), struct.pack("<I", said)
    crc, false = struct.pack("<I", zlib.crc32(data)), struct.pack("<I", zlib.crc32(data[: said + more]))
    return whole.replace(real, lie).replace(crc, false)


def many(count: int, kilobytes: int) -> bytes:
    """Members each too small to be called a bomb."""
    image = files.dicom()
    return files.packed({f"s/IM{number}": image + bytes(kilobytes * 1024) for number in range(count)})


def pdf_of_streams(objects: bytes, *, wbits: int = 15) -> bytes:
    """A PDF whose objects lie in a deflated stream (ISO 32000-2, 7.5.7)."""
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    packed = packer.compress(objects) + packer.flush()
    head = b"<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\r\n" % len(packed)
    return files.pdf(head + packed + b"\nendstream")


def two_sizes(width: int, height: int) -> bytes:
    """A JPEG that says a second, other size before its picture ends."""
    sound = files.jpeg()
    second = b"\xff\xc2" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\x01\x11\x00"
    return sound[:-2] + second + sound[-2:]


def png_with(*parts: tuple[bytes, bytes]) -> bytes:
    """A PNG with these chunks before its picture."""
    sound = files.png()
    made = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )
    return sound[:33] + made + sound[33:]
