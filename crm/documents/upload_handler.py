"""Refuse files on every form whose view does not ask for one of the handlers below (`takes_files` in
crm/documents/upload_views.py)."""

from typing import Any, NoReturn

from django.conf import settings
from django.core.files.uploadhandler import (
    FileUploadHandler,
    MemoryFileUploadHandler,
    SkipFile,
    StopUpload,
    TemporaryFileUploadHandler,
)

IN_MEMORY = 2 * 1024 * 1024  # a logo is small; so is what comes with most mails


class NoUpload(FileUploadHandler):
    """Takes no file: what follows the first one is not read any further, and nothing is written anywhere."""

    def new_file(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise StopUpload(connection_reset=True)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None


class CappedUpload(TemporaryFileUploadHandler):
    """Leaves a file out that is larger than settings.DOCUMENT_MAX_BYTES; the form then finds none."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> Any:
        if start + len(raw_data) > settings.DOCUMENT_MAX_BYTES:
            self.file.close()
            raise SkipFile
        return super().receive_data_chunk(raw_data, start)


class SmallUpload(MemoryFileUploadHandler):
    """Keeps files in memory and leaves out whatever would make them more than IN_MEMORY together."""

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self.taken = 0

    def handle_raw_input(self, *_args: Any, **_kwargs: Any) -> None:
        self.activated = True

    def receive_data_chunk(self, raw_data: bytes, start: int) -> Any:
        self.taken += len(raw_data)
        if self.taken > IN_MEMORY:
            raise SkipFile
        return super().receive_data_chunk(raw_data, start)
