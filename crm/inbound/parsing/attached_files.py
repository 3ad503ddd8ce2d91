"""Hold what is attached to a mail, with its bytes, for the process that asked a child to read it.

Pure. What it walks through was bounded by crm/inbound/parsing/mime_parts.py.
"""

from base64 import b64encode
from email.message import Message
from enum import StrEnum
from typing import BinaryIO

from crm.inbound.parsing import mime_parts

MOST_FILES = 10
SMALL = 30_000  # bytes: the logo of a signature, and no photo of a card


class Passed(StrEnum):
    """Why a file is passed over."""

    NOT = ""
    EMPTY = "empty"
    SMALL = "small"
    MANY = "many"


def attached(endings: list[str], file: BinaryIO) -> list[tuple[str, str, str]]:
    """Return name, content in base64, and why it is passed over, of files whose names end in one of these (`pdf`)."""
    found: list[tuple[str, str, str]] = []
    kept = 0
    for part in mime_parts.parse(file.read()).walk():
        name = mime_parts.file_name(part) or mime_parts.name_without_one(part)
        if part.is_multipart() or name.rpartition(".")[2].lower() not in endings:
            continue
        content = part.get_payload(decode=True) if kept < MOST_FILES else None
        why = _why_passed(part, content) if kept < MOST_FILES else Passed.MANY
        found.append((name, b64encode(content).decode() if isinstance(content, bytes) and not why else "", why))
        kept += not why
    return found


def _why_passed(part: Message, content: object) -> Passed:
    if not isinstance(content, bytes) or not content:
        return Passed.EMPTY
    return Passed.SMALL if _is_decoration(part, content) else Passed.NOT


def _is_decoration(part: Message, content: bytes) -> bool:
    """Tell whether it is a small picture that stands within the words."""
    is_shown = mime_parts.disposition(part) != "attachment" and mime_parts.raw_headers(part, "Content-ID")
    return bool(is_shown) and part.get_content_maintype() == "image" and len(content) < SMALL
