"""Take a mail apart in work that its sender cannot multiply: a bounded number of parts, depth, and length of headers.

The standard library's parser does it (`email`), and is quadratic in the length of a header, in nesting, and in some of
its codecs. So headers are cut before it looks into them, nesting ends at MOST_DEPTH, and only charsets that decode in
one pass are decoded.
"""

import codecs
import mimetypes
import re
from email.feedparser import BytesFeedParser
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import Policy, compat32
from typing import Any, cast

from crm.values.normalize import storable

MOST_PARTS = 500
MOST_DEPTH = 20
LONGEST_HEADER = 16_000
LONGEST_PARAMETERS = 2_000  # of headers that the parser itself takes apart
LONGEST_ENCODED = 4_000
LONGEST_BODY = 500_000
_OF_FILES = {"application", "audio", "image", "video"}
_TAKEN_APART = {"content-type", "content-disposition", "content-transfer-encoding", "mime-version"}
_POLICY = cast("Policy[MailPart]", compat32)  # the one that leaves headers as they were sent
_BLANKS = re.compile(r"[\t\r\n ]+")
# Text codecs of Python that no mail is written in; some of them take quadratic time.
_NEVER = {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "utf-7"}


class TooComplex(Exception):
    """A mail of more parts, or more deeply nested, than anybody writes."""


class MailPart(Message):
    """A mail or a part of one, whose headers are cut when they are read."""

    depth = 0

    def set_raw(self, name: str, value: Any) -> None:
        """Set a header; the parser calls this for each. A long one loses its middle: of References both ends count."""
        most = LONGEST_PARAMETERS if name.lower() in _TAKEN_APART else LONGEST_HEADER
        if len(value) > most:
            value = value[: most // 2] + " " + value[-most // 2 :]
        super().set_raw(name, value)

    def attach(self, payload: Any) -> None:
        """Attach a part; the parser calls this for each. Raises TooComplex beyond MOST_DEPTH."""
        payload.depth = self.depth + 1
        if payload.depth > MOST_DEPTH:
            raise TooComplex
        super().attach(payload)


def parse(raw: bytes) -> MailPart:
    """Return the mail with its parts. Raises TooComplex for too many of them, or too deeply nested ones."""
    made = 0

    def counted(**options: Any) -> MailPart:
        nonlocal made
        made += 1
        if made > MOST_PARTS:
            raise TooComplex
        return MailPart(**options)

    parser = BytesFeedParser(counted, policy=_POLICY)
    parser.feed(raw if b"\n" in raw else raw.replace(b"\r", b"\n"))  # lines that end as on old Macs
    return parser.close()


def parse_headers(raw: bytes) -> MailPart:
    """Return a mail with its own headers alone; its parts are not looked at."""
    return BytesHeaderParser(MailPart, policy=_POLICY).parsebytes(raw)


def raw_headers(part: Message, *names: str) -> list[str]:
    """Return every value of these headers as it was sent, unfolded, in the order of `names`; storable as text."""
    found: dict[str, list[str]] = {name.lower(): [] for name in names}
    for name, value in part.raw_items():
        if (values := found.get(name.lower())) is not None and len(values) < MOST_PARTS:
            values.append(storable(_BLANKS.sub(" ", str(value))).strip())
    return [value for name in names for value in found[name.lower()]]


def header(part: Message, name: str) -> str:
    """Return the first header of that name, decoded (RFC 2047); "" without."""
    found = raw_headers(part, name)
    return decoded(found[0]) if found else ""


def decoded(value: str) -> str:
    """Return encoded words as text. What is too long for them, or cannot be decoded, stays as it is."""
    if "=?" not in value or len(value) > LONGEST_ENCODED:
        return value
    try:
        pieces = decode_header(value)
    except Exception:  # the standard library raises several kinds for broken words
        return value
    return storable("".join(piece if isinstance(piece, str) else as_text(piece, charset) for piece, charset in pieces))


def body(part: Message) -> str:
    """Return the text of one part, as far as LONGEST_BODY, whatever its charset and encoding claim. Never raises."""
    try:
        content = part.get_payload(decode=True)
    except Exception:  # broken base64, uuencode and the like
        content = None
    if not isinstance(content, bytes):
        return ""
    return as_text(content[:LONGEST_BODY], _charset(part))


def file_name(part: Message) -> str:
    """Return the name under which a part is attached; "" when it is not."""
    try:
        name = part.get_filename()
    except Exception:  # parameters that contradict each other (RFC 2231)
        name = None
    if name:
        return decoded(storable(str(name)))[:200]
    return "unnamed" if disposition(part) == "attachment" else ""


def name_without_one(part: Message) -> str:
    """Return a name for a file or a mail that is attached without one, such as "unnamed.jpg"; "" for words."""
    kind = part.get_content_type()
    if kind == "message/rfc822":
        inside = part.get_payload()
        subject = header(inside[0], "Subject") if isinstance(inside, list) and isinstance(inside[0], Message) else ""
        return f"{subject[:80] or 'unnamed'}.eml"
    if part.get_content_maintype() not in _OF_FILES:
        return ""
    return f"unnamed{mimetypes.guess_extension(kind) or ''}"


def disposition(part: Message) -> str:
    """Return how a part is to be shown: "inline", "attachment" or ""."""
    return (raw_headers(part, "Content-Disposition") or [""])[0].partition(";")[0].strip().lower()


def parameter(part: Message, name: str) -> str:
    """Return a parameter of the part's Content-Type in lower case; "" without, or when it cannot be read."""
    try:
        value = part.get_param(name)
    except Exception:  # such as `name*` without a value
        return ""
    return storable(str(value[2] if isinstance(value, tuple) else value or "")).strip().lower()


def as_text(content: bytes, charset: str | None) -> str:
    """Decode as `charset` says; else as UTF-8; else as Windows-1252, in which most mail that lies about itself is."""
    for name in (_known(charset or ""), "utf-8"):
        try:
            if name:
                return storable(content.decode(name))
        except (UnicodeError, LookupError, ValueError):
            continue
    return storable(content.decode("cp1252", "replace"))


def _charset(part: Message) -> str:
    return parameter(part, "charset")


def _known(charset: str) -> str:
    """Return Python's name of a charset; "" for one that no mail is in. Tries odd spellings: cp-850, windows-874."""
    plain = charset.strip().strip("\"'")[:40]
    without_x = plain.removeprefix("x-")
    spellings = (plain, without_x, without_x.replace("windows-", "cp"), plain.replace("cp-", "cp"))
    for name in (*spellings, plain.removesuffix("-i")):
        try:
            found = codecs.lookup(name) if name else None
        except (LookupError, ValueError, UnicodeError):
            continue
        if found and found.name.replace("_", "-") not in _NEVER and found._is_text_encoding:
            return found.name
    return ""
