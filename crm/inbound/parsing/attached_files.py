"""What is attached to a mail, with its bytes, for the process that asked a child to read it.

Pure. What it walks through was bounded by crm/inbound/parsing/mime_parts.py.
"""

from base64 import b64encode
from email.message import Message
from typing import BinaryIO

from crm.inbound.parsing import mime_parts

MOST_FILES = 10
SMALL = 30_000  # bytes: the logo of a signature, and no photo of a card


def attached(endings: list[str], file: BinaryIO) -> list[tuple[str, str]]:
    """Name and content, in base64, of the first files whose names end like these, such as `pdf`."""
    found: list[tuple[str, str]] = []
    for part in mime_parts.parse(file.read()).walk():
        name = mime_parts.file_name(part) or mime_parts.name_without_one(part)
        if part.is_multipart() or name.rpartition(".")[2].lower() not in endings or len(found) == MOST_FILES:
            continue
        content = part.get_payload(decode=True)
        if isinstance(content, bytes) and content and not _is_decoration(part, content):
            found.append((name, b64encode(content).decode()))
    return found


def _is_decoration(part: Message, content: bytes) -> bool:
    """Whether it is a small picture that stands within the words."""
    is_shown = mime_parts.disposition(part) != "attachment" and mime_parts.raw_headers(part, "Content-ID")
    return bool(is_shown) and part.get_content_maintype() == "image" and len(content) < SMALL
