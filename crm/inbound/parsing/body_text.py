"""The words of a mail that a person should read, out of all its parts: plain ones before HTML, if they say something.

Pure. What it walks through was bounded by crm/inbound/parsing/mime_parts.py.
"""

import re
from email.message import Message

from crm.inbound.parsing import html_text, mime_parts

LONGEST_EXCUSE = 300  # "Your program does not show HTML", and where else to read it
_PLAIN = {"text/plain", "text/markdown", "/"}  # the last is what broken types are read as
_EXCUSE = re.compile(r"\bhtml\b", re.IGNORECASE)
_SEPARATOR = re.compile(r"-{2,10} ?(original message|mensaje original|forwarded message)\b", re.IGNORECASE)
_HEADER = re.compile(
    r"[ \t*]{0,4}(from|sent|to|cc|subject|date|de|enviado(?: el)?|para|asunto|fecha)\*? ?:", re.IGNORECASE
)
_SUBJECT = {"subject", "asunto"}
LONGEST_HEADERS, ENOUGH_HEADERS = 12, 3  # lines of a copy's headers, and how many of them tell it
MOST_INTRODUCING = 3  # lines
_WROTE = re.compile(r"(on|el) .{4,300}?(wrote|escribi[oó]) ?:(?= |$)", re.IGNORECASE)
_INTRODUCES = re.compile(r"(on|el) .{4,300}:|.{0,120}\d.{0,200}@\S{1,250}.{0,60}:", re.IGNORECASE)


def of(mail: Message) -> str:
    """Return the words of a mail; "" when there are none."""
    return _said(mail).strip() or _attached(mail).strip()


def own(text: str) -> str:
    """Return a text without what is quoted below: what follows "Original Message", the headers that programs repeat
    there, or a line that introduces it; a last block of lines that begin with ">". The whole text when nothing else
    would be left, and where the answer stands below or between."""
    lines = text.split("\n")
    end = next((n for n in range(len(lines)) if _begins_a_copy(lines, n)), len(lines))
    kept = lines[:end]
    while kept and (not kept[-1].strip() or kept[-1].lstrip().startswith(">")):
        kept.pop()
    if any(line.lstrip().startswith(">") for line in lines[len(kept) : end]):
        kept = kept[: _introduction(kept)]
    return "\n".join(kept).strip() or text.strip()


def _begins_a_copy(lines: list[str], at: int) -> bool:
    line = lines[at].strip()
    if _SEPARATOR.match(line):
        return True
    if _HEADER.match(line):
        named = {found[1].lower() for one in lines[at : at + LONGEST_HEADERS] if (found := _HEADER.match(one))}
        return len(named) >= ENOUGH_HEADERS and not named.isdisjoint(_SUBJECT)
    words = " ".join(" ".join(one.strip() for one in lines[at : at + MOST_INTRODUCING]).split())[:600]
    found = _WROTE.match(words) if line else None
    return found is not None and not words[found.end() :].lstrip().startswith(">")


def _introduction(kept: list[str]) -> int:
    """Return where the line that introduces a quotation begins, if the last of these is one; programs break it."""
    for count in range(1, MOST_INTRODUCING + 1):
        if _INTRODUCES.fullmatch(" ".join(line.strip() for line in kept[-count:])):
            return len(kept) - count
    return len(kept) - (bool(kept) and kept[-1].rstrip().endswith(":"))


def _said(part: Message) -> str:
    kind, inside = part.get_content_type(), part.get_payload() if part.is_multipart() else None
    if kind.startswith("message/"):
        return ""
    if isinstance(inside, list):
        parts = [one for one in inside if isinstance(one, Message)]
        if kind == "multipart/alternative":
            return _best_of(parts)
        if kind == "multipart/report":
            parts = parts[:1]
        return "\n\n".join(said for one in parts if (said := _said(one).strip()))
    return _text(part) if mime_parts.disposition(part) != "attachment" else ""


def _best_of(parts: list[Message]) -> str:
    """Return the plain words, unless there are none or they only make excuses for the HTML beside them."""
    plain = next((said for one in parts if _is_plain(one) and (said := _said(one).strip())), "")
    other = next((said for one in reversed(parts) if not _is_plain(one) and (said := _said(one).strip())), "")
    excuses_itself = len(plain) < LONGEST_EXCUSE and _EXCUSE.search(plain)
    return other if other and (not plain or excuses_itself) else plain


def _attached(mail: Message) -> str:
    """Return the first text that is marked as an attachment, for a mail that says nothing else."""
    return next((said for one in mail.walk() if not one.is_multipart() and (said := _text(one).strip())), "")


def _is_plain(part: Message) -> bool:
    return part.get_content_type() == "text/plain"


def _text(part: Message) -> str:
    kind = part.get_content_type()
    if kind == "text/html":
        return html_text.of(mime_parts.body(part))
    if kind in _PLAIN or kind.startswith("multipart/"):  # a multipart without parts is one that lost its boundary
        return mime_parts.body(part).replace("\r\n", "\n")
    return ""
