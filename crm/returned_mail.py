"""What a mail server says of a mail that it returned, in the forms that servers write: RFC 3464 in whatever wrapping,
RFC 6533, and plain words (Exim, qmail, postmasters).

Pure. Whether the mail was ours is decided elsewhere: these are the server's words, or of somebody who writes like one.
"""

import re
from dataclasses import dataclass
from email.message import Message
from email.utils import parseaddr

from crm import mail_parts, mail_words

_STATUS_TYPES = {"message/delivery-status", "message/global-delivery-status"}
_WHOLE_TYPES = {"message/rfc822", "message/global"}
_HEADER_TYPES = {"text/rfc822-headers", "message/global-headers"}
_SYSTEMS = {"mailer-daemon", "mailerdaemon", "mail-daemon", "postmaster", "mdaemon"}
_NULL_PATH = ["<>"]
_STATUS = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?!\.?\d)")  # not within an address such as 10.4.5.6
_FIELD = re.compile(r"([A-Za-z-]{3,40})[ \t]*:[ \t]*(.{0,2000})")
_ADDRESS = re.compile(r"[^\s<>@\"':;,()]{1,64}@[^\s<>@\"':;,()]{1,250}")
_QUOTED_ID = re.compile(r"^[> \t]{0,9}Message-ID:[ \t]{0,9}(<[^<>\s]{3,200}>)", re.IGNORECASE | re.MULTILINE)
_QUOTED_TO = re.compile(r"^[> \t]{0,9}To:[ \t]{0,9}(.{3,400})$", re.IGNORECASE | re.MULTILINE)
_COPY = re.compile(r"^-{3,60} .{1,200}$", re.MULTILINE)
LONGEST_WORDS = 20_000
_RETURNED = re.compile(
    r"undeliver|not delivered|could ?n[o']t be delivered|unable to deliver|deliver[a-z]* (has )?fail|failure notice"
    r"|delivery status notification|returned mail|mail returned|returned to sender|mail delivery"
    r"|no entregado|no se pudo entregar|devuelto",
    re.IGNORECASE,
)
_DELAYED = re.compile(r"\bdelay|\bwarning\b|not yet|retr(y|ied)|retras|demora", re.IGNORECASE)
# Of the mail, of us, of the way, or of today: not of the address.
_PASSING = re.compile(
    r"\bblock|black ?list|\bspam|junk|reputation|\bpolic(y|ies)\b|quota|\bfull\b|storage|too (large|big|many)|\bsize\b"
    r"|expired|time[sd]?[- ]?out|temporar|try again|rate ?limit|gr[ae]y ?list|\bd(marc|kim)\b|\bspf\b|reverse dns"
    r"|\bptr\b|\bloop|\bhops\b|virus|malware|relay|authenticat|llen[oa]\b|at a rate|too quickly"
    r"|sender( address| domain)? (rejected|refused|denied)",
    re.IGNORECASE,
)
_WHOSE = r"(user|mailbox|recipient|address|account|usuario)( \S{1,320})? (is |was )?"
_UNKNOWN = re.compile(
    _WHOSE + r"(unknown|not found|does ?n[o']t exist|no existe)|does not exist"
    r"|(unknown|invalid|no such) (local )?(user|mailbox|recipient|address)",
    re.IGNORECASE,
)
_DEAD = re.compile(
    f"{_UNKNOWN.pattern}|{_WHOSE}(disabled|inactive|rejected)|does not like recipient|no mailbox", re.IGNORECASE
)
# RFC 3463: bad addresses, but not those of the sender (5.1.7, 5.1.8); a mailbox that was closed.
_OF_THE_ADDRESS = re.compile(r"5\.(1\.(?![78]$)\d+|2\.[01]|[05]\.0)$")
_SMTP_PASSING = re.compile(r"(?:^|[;\s])(?:4\d\d|552)[ -]")


@dataclass(frozen=True)
class Report:
    """`about`: the address of ours that it speaks of. `has_failed`: it gave up; else it only tells of a delay, or of an
    arrival. `is_lasting`: the address itself is dead."""

    about: str = ""
    status: str = ""
    has_failed: bool = False
    is_lasting: bool = False
    message_ids: tuple[str, ...] = ()


def read(mail: Message) -> Report | None:
    """Return what a server reports; None for a mail that is no report of one."""
    blocks = status_blocks(mail)
    if blocks and (mail.get_content_type() == "multipart/report" or is_from_a_system(mail)):
        return _of_blocks(mail, blocks)
    if is_from_a_system(mail) and _says_returned(mail):
        return _of_words(mail)
    return None


def is_from_a_system(mail: Message) -> bool:
    """Return whether a server is its sender: by name, or because nobody is to answer it."""
    return is_of_a_postmaster(mail) or mail_parts.raw_headers(mail, "Return-Path")[:1] == _NULL_PATH


def is_of_a_postmaster(mail: Message) -> bool:
    """Return whether it is written in the name of a mail system."""
    name = address(mail, "From").partition("@")[0].lower()
    return name in _SYSTEMS or name.startswith("microsoftexchange")


def address(mail: Message, name: str) -> str:
    """Return the address in a header that names one. Some write it, or its domain, as an encoded word, though none
    should."""
    value = (mail_parts.raw_headers(mail, name) or [""])[0][: mail_parts.LONGEST_PARAMETERS]
    found = parseaddr(value)[1]
    return mail_parts.decoded(found) if "@" in found else parseaddr(mail_parts.decoded(value))[1]


def returned(mail: Message) -> Message | None:
    """Return the mail of ours that a report gives back, whole or its headers."""
    for part in mail.walk():
        kind = part.get_content_type()
        inside = part.get_payload() if kind in _WHOLE_TYPES or kind == "message/global-headers" else None
        if isinstance(inside, list) and inside and isinstance(inside[0], Message):
            return inside[0]
        if kind in _HEADER_TYPES:
            return mail_parts.parse(mail_parts.body(part).encode())
    return None


def status_blocks(mail: Message) -> list[dict[str, str]]:
    """Return what is said about each recipient, and before that about the report itself. What somebody has forwarded, a
    whole mail inside this one, is not looked into."""
    found: list[dict[str, str]] = []
    for part in _own_parts(mail):
        inside = part.get_payload() if part.get_content_type() in _STATUS_TYPES else None
        for block in inside if isinstance(inside, list) else ():
            found += [fields for fields in _fields_of(block) if fields] if isinstance(block, Message) else []
    return found


def _own_parts(mail: Message) -> list[Message]:
    found, waiting = [], [mail]
    while waiting:
        part = waiting.pop()
        found.append(part)
        inside = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(inside, list):
            waiting += [one for one in reversed(inside) if isinstance(one, Message)]
    return found


def _fields_of(block: Message) -> list[dict[str, str]]:
    """The fields of a block, and of those that the parser took for its body: after `Action : failed` with a blank, or
    in a global report, of which it knows no blocks."""
    first = {name.strip().lower(): mail_parts.header(block, name) for name in reversed(block.keys())}
    text, more = block.get_payload(), first
    blocks = [first]
    for line in text[: mail_parts.LONGEST_BODY].splitlines() if isinstance(text, str) else ():
        if not line.strip():
            blocks.append(more := {})
        elif field := _FIELD.match(line):
            more.setdefault(field[1].lower(), mail_parts.decoded(field[2].strip()))
    return blocks


def _of_blocks(mail: Message, blocks: list[dict[str, str]]) -> Report:
    """By the worst of its recipients; "delayed" is no return yet, and what was delivered is none at all."""
    of_recipients = [one for one in blocks if "action" in one or "status" in one] or blocks
    worst = next((one for one in of_recipients if _action(one) == "failed"), of_recipients[0])
    words = worst.get("diagnostic-code", "") or mail_words.of(mail)[:LONGEST_WORDS]
    status = _status(worst.get("status", ""), words)
    return Report(
        about=_recipient(worst.get("original-recipient", ""))
        or recipient_of(returned(mail))
        or _recipient(worst.get("final-recipient", "")),
        status=status,
        has_failed=_action(worst) == "failed",
        is_lasting=_is_lasting(status, words),
    )


def _action(fields: dict[str, str]) -> str:
    """Some add a comment to it; where it is missing, the status tells."""
    said = fields.get("action", "").lower().replace("(", " ").split()
    if said:
        return said[0]
    return "failed" if fields.get("status", "").strip()[:1] in {"4", "5"} else ""


def _status(said: str, words: str) -> str:
    """The status; the more exact one of the server's words where it says nothing (x.0.0)."""
    found, exact = status_in(said), status_in(words)
    return exact if exact and (not found or found.endswith(".0.0")) else found


def _is_lasting(status: str, words: str) -> bool:
    """Whether the address is dead. Where it cannot be told, it is not: five passing ones count as much."""
    if status.startswith("5.1.1") and _UNKNOWN.search(words):  # "unknown in relay recipient table"
        return True
    if _PASSING.search(words) or _SMTP_PASSING.search(words):
        return False
    return bool(_OF_THE_ADDRESS.match(status) if status else _DEAD.search(words))


def _says_returned(mail: Message) -> bool:
    subject = mail_parts.header(mail, "Subject")
    return bool(mail_parts.raw_headers(mail, "X-Failed-Recipients") or _RETURNED.search(subject))


def _of_words(mail: Message) -> Report:
    """Without a status for machines: what the words say, and the copy of our mail below them."""
    text = mail_words.of(mail)[:LONGEST_WORDS]
    own, copy = (*_COPY.split(text, maxsplit=1), "")[:2]
    status = _status("", own)
    return Report(
        about=_named(mail, own, copy or own),
        status=status,
        has_failed=not _DELAYED.search(mail_parts.header(mail, "Subject")) and not status.startswith("2"),
        is_lasting=_is_lasting(status, own),
        message_ids=tuple(_QUOTED_ID.findall(text)),
    )


def _named(mail: Message, own: str, copy: str) -> str:
    failed = address(mail, "X-Failed-Recipients") or recipient_of(returned(mail))
    if failed:
        return failed
    quoted = _QUOTED_TO.search(copy)
    by_copy = _ADDRESS.search(quoted[1]) if quoted else None
    found = by_copy or _ADDRESS.search(own)
    return found[0].strip(".") if found else ""


def status_in(words: str) -> str:
    """Return the first status (RFC 3463) that words name; "" for none."""
    found = _STATUS.search(words)
    return found[0] if found else ""


def recipient_of(mail: Message | None) -> str:
    """To whom a mail went; "" without one."""
    return address(mail, "To") if mail else ""


def _recipient(value: str) -> str:
    """`rfc822; <a@example.org> (comment)` as the address alone; "" for what is none (x400)."""
    found = _ADDRESS.search(value.rpartition(";")[2])
    return found[0] if found else ""
