"""How plain forms take a file: into a temporary one on disk, and no further than the limit."""

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import SkipFile, TemporaryFileUploadHandler


class CappedUpload(TemporaryFileUploadHandler):
    """Leaves a file out that is larger than settings.DOCUMENT_MAX_BYTES; the form then finds none."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> Any:
        if start + len(raw_data) > settings.DOCUMENT_MAX_BYTES:
            self.file.close()
            raise SkipFile
        return super().receive_data_chunk(raw_data, start)
