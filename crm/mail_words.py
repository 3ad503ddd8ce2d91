"""The words of a mail that a person should read, out of all its parts: plain ones before HTML, if they say something.

Pure. What it walks through was bounded by crm/mail_parts.py.
"""

import re
from email.message import Message

from crm import html_words, mail_parts

LONGEST_EXCUSE = 300  # "Your program does not show HTML", and where else to read it
_PLAIN = {"text/plain", "text/markdown", "/"}  # the last is what broken types are read as
_EXCUSE = re.compile(r"\bhtml\b", re.IGNORECASE)
_SEPARATOR = re.compile(r"-{2,10} ?(original message|mensaje original|forwarded message)\b", re.IGNORECASE)


def of(mail: Message) -> str:
    """All of them; "" when there are none."""
    return _said(mail).strip() or _attached(mail).strip()


def own(text: str) -> str:
    """Without what is quoted below: a last block of lines that begin with ">", the line that introduces it, and what
    follows "Original Message". The whole text when nothing else would be left."""
    lines = text.split("\n")
    separator = next((n for n, line in enumerate(lines) if _SEPARATOR.match(line.strip())), len(lines))
    kept = lines[:separator]
    while kept and (not kept[-1].strip() or kept[-1].lstrip().startswith(">")):
        kept.pop()
    was_quoted = any(line.lstrip().startswith(">") for line in lines[len(kept) : separator])
    if was_quoted and kept and kept[-1].rstrip().endswith(":"):
        kept.pop()
    return "\n".join(kept).strip() or text.strip()


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
    return _text(part) if mail_parts.disposition(part) != "attachment" else ""


def _best_of(parts: list[Message]) -> str:
    """Plain words, unless they are none or only excuse themselves for the HTML beside them."""
    plain = next((said for one in parts if _is_plain(one) and (said := _said(one).strip())), "")
    other = next((said for one in reversed(parts) if not _is_plain(one) and (said := _said(one).strip())), "")
    excuses_itself = len(plain) < LONGEST_EXCUSE and _EXCUSE.search(plain)
    return other if other and (not plain or excuses_itself) else plain


def _attached(mail: Message) -> str:
    """The first text that is marked as an attachment, for a mail that says nothing else."""
    return next((said for one in mail.walk() if not one.is_multipart() and (said := _text(one).strip())), "")


def _is_plain(part: Message) -> bool:
    return part.get_content_type() == "text/plain"


def _text(part: Message) -> str:
    kind = part.get_content_type()
    if kind == "text/html":
        return html_words.of(mail_parts.body(part))
    if kind in _PLAIN or kind.startswith("multipart/"):  # a multipart without parts is one that lost its boundary
        return mail_parts.body(part).replace("\r\n", "\n")
    return ""
