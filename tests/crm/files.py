"""Files as senders make them: sound ones, and those that must not come in. Nothing here is about anybody."""

import io
import struct
import zipfile
import zlib

from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

SENTINEL = b"quillwort-seven-lanterns"
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def pdf(body: bytes = SENTINEL, *, after: bytes = b"\n") -> bytes:
    return b"%PDF-1.7\n1 0 obj\n" + body + b"\nendobj\ntrailer\n%%EOF" + after


def png(width: int = 4, height: int = 4) -> bytes:
    def part(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = part(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + part(b"IDAT", zlib.compress(b"\0" * 20)) + part(b"IEND", b"")


def jpeg(width: int = 640, height: int = 480, *, comment: bytes = b"") -> bytes:
    said = b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment if comment else b""
    size = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\x01\x11\x00"
    return b"\xff\xd8" + said + size + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + b"\x12" * 40 + b"\xff\xd9"


def heic(width: int = 640, height: int = 480) -> bytes:
    kind = struct.pack(">I", 24) + b"ftypheic\0\0\0\0mif1heic"
    return kind + struct.pack(">I4sIII", 20, b"ispe", 0, width, height) + b"\0" * 64


def dicom(*, preamble: bytes = b"\0" * 128, pixels: int = 4096, modality: str = "MR") -> bytes:
    about = FileMetaDataset()
    about.TransferSyntaxUID = ExplicitVRLittleEndian
    about.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
    about.MediaStorageSOPInstanceUID = "1.2.3.4"
    image = FileDataset("", {}, file_meta=about, preamble=preamble)
    image.SOPClassUID, image.StudyDate, image.PatientName = about.MediaStorageSOPClassUID, "20260314", "Example^Avery"
    if modality:
        image.Modality = modality
    image.Rows = image.Columns = 32
    image.BitsAllocated = 16
    image.PixelData = b"\x07" * pixels
    made = io.BytesIO()
    image.save_as(made, enforce_file_format=True)
    return made.getvalue()


def packed(members: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return made.getvalue()
