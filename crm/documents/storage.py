"""Files encrypted in pieces of 512 KiB, so that neither writing nor reading one needs memory for the whole.

On disk: for each piece its length (4 bytes, big-endian) and the sealed piece (crm/fields/encrypted.py). A piece is
bound to the document, its number and whether it is the last: one left out, moved, or cut off at the end does not
decrypt.
"""

import io
import os
from collections.abc import Buffer, Iterator
from pathlib import Path
from uuid import UUID

from django.conf import settings

from crm.errors import DecryptionFailed
from crm.fields import encrypted

CHUNK = 512 * 1024
_LENGTH = 4


def path_of(document_id: UUID) -> Path:
    """Return the path of a document's file. Its name is made from the id alone."""
    return Path(settings.DOCUMENTS_DIR) / document_id.hex[:2] / f"{document_id.hex}.sealed"


def append(document_id: UUID, *, number: int, is_last: bool, plain: bytes, at: int) -> int:
    """Write piece `number` at byte `at` of the file and cut off what a failed attempt has left behind it.

    Returns the length of the file. On disk for good when it returns.
    """
    sealed = encrypted.seal(plain, aad=_aad(document_id, number, is_last))
    path = path_of(document_id)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.seek(at)
        file.write(len(sealed).to_bytes(_LENGTH))
        file.write(sealed)
        file.truncate()
        file.flush()
        os.fsync(file.fileno())
        return file.tell()


def remove(document_id: UUID) -> None:
    """Delete the bytes of a document; do nothing when there are none."""
    path_of(document_id).unlink(missing_ok=True)


def pieces(document_id: UUID, size: int) -> Iterator[bytes]:
    """Yield the plain pieces in order. Raises DecryptionFailed for anything missing, moved or altered."""
    with Sealed(document_id, size) as file:
        for number in range(file.count):
            yield file.piece(number)


class Sealed(io.RawIOBase):
    """An encrypted document as a file that can be read anywhere in it. `size` is that of the plain bytes."""

    def __init__(self, document_id: UUID, size: int) -> None:
        self.document_id, self.size = document_id, size
        self.count = -(-size // CHUNK)
        try:
            self._file = path_of(document_id).open("rb")
        except FileNotFoundError:
            raise DecryptionFailed("The file of this document is missing.") from None
        self._places = self._find_places()
        self._at, self._held = 0, (-1, b"")

    def _find_places(self) -> list[int]:
        places, at = [], 0
        for _ in range(self.count):
            places.append(at)
            self._file.seek(at)
            at += _LENGTH + int.from_bytes(self._file.read(_LENGTH))
        return places

    def piece(self, number: int) -> bytes:
        """Return one plain piece; the last one asked for is kept at hand."""
        if self._held[0] != number:
            self._file.seek(self._places[number])
            sealed = self._file.read(int.from_bytes(self._file.read(_LENGTH)))
            aad = _aad(self.document_id, number, number == self.count - 1)
            self._held = (number, encrypted.unseal(sealed, aad=aad))
        return self._held[1]

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        if start + offset < 0:
            raise ValueError("before the beginning of the file")
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Buffer, /) -> int:
        """Read up to the end of one piece, never across it."""
        room = memoryview(buffer).cast("B")
        if self._at >= self.size:
            return 0
        number, within = divmod(self._at, CHUNK)
        found = self.piece(number)[within : within + len(room)]
        room[: len(found)] = found
        self._at += len(found)
        return len(found)

    def close(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()
        super().close()


def _aad(document_id: UUID, number: int, is_last: bool) -> bytes:
    return f"crm.document.bytes:{document_id}:{number}:{'last' if is_last else 'more'}".encode()
