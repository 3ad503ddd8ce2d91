"""What a mail server says of a mail that it returned, in the forms that servers write: RFC 3464 in whatever wrapping,
RFC 6533, and plain words (Exim, qmail, postmasters).

Pure. Whether the mail was ours is decided elsewhere: these are the server's words, or of somebody who writes like one.
"""

import re
from dataclasses import dataclass
from email.message import Message
from email.utils import parseaddr

from crm.inbound.parsing import body_text, bounce_phrases, mime_parts

_STATUS_TYPES = {"message/delivery-status", "message/global-delivery-status"}
_WHOLE_TYPES = {"message/rfc822", "message/global"}
_HEADER_TYPES = {"text/rfc822-headers", "message/global-headers"}
_SYSTEMS = {
    "mailerdaemon",
    "maildaemon",
    "postmaster",
    "mdaemon",
    "maildeliverysystem",
    "maildeliverysubsystem",
}
_NULL_PATH = ["<>"]
_NOBODY = re.compile(r"<\s*>")
_NO_ADDRESS = re.compile(r"[^<@]*(<\s*>)?\s*$")
_FIELD = re.compile(r"([A-Za-z-]{3,40})[ \t]*:[ \t]*(.{0,2000})")
_ADDRESS = re.compile(r"[^\s<>@\"':;,()\[\]]{1,64}@[^\s<>@\"':;,()\[\]]{1,250}")
_WHOLE = re.compile(r"[^\s<>@]{1,64}@[^\s<>@]{1,250}")
_IN_BRACKETS = re.compile(rf"<\s{{0,9}}{_WHOLE.pattern}\s{{0,9}}>")
_QUOTED_ID = re.compile(r"^[> \t]{0,9}Message-ID:[ \t]{0,9}(<[^<>\s]{3,200}>)", re.IGNORECASE | re.MULTILINE)
_QUOTED_TO = re.compile(r"^[> \t]{0,9}To:[ \t]{0,9}(.{3,400})$", re.IGNORECASE | re.MULTILINE)
_NOT_FAILED = {"delayed", "delivered", "relayed", "expanded", "deliverable"}  # some say "error", or "expired"
_REJECTED = re.compile(r"\bautomatically rejected\b|\(rejected\)", re.IGNORECASE)


@dataclass(frozen=True)
class BounceReport:
    """`about`: the address of ours that it speaks of. `has_failed`: it gave up; else it only tells of a delay, or of an
    arrival. `is_lasting`: the address itself is dead."""

    about: str = ""
    status: str = ""
    has_failed: bool = False
    is_lasting: bool = False
    message_ids: tuple[str, ...] = ()


def read(mail: Message) -> BounceReport | None:
    """Return what a server reports; None for a mail that is no report of one."""
    of_recipients = [one for one in status_blocks(mail) if "action" in one or "status" in one]
    if of_recipients and (_is_report(mail) or is_from_a_system(mail)):
        return _of_blocks(mail, of_recipients)
    if was_rejected(mail) or _says_returned(mail) or _gives_a_mail_back(mail):
        return _of_words(mail)
    return None


def was_rejected(mail: Message) -> bool:
    """Tell whether the recipient's own server refused a mail after all, which some say by a receipt (RFC 5429)."""
    said = f"{mime_parts.header(mail, 'Auto-Submitted')} {mime_parts.header(mail, 'Subject')}"
    return _is_report(mail) and bool(_REJECTED.search(said) or _REJECTED.search(body_text.of(mail)[:400]))


def _is_report(mail: Message) -> bool:
    return mail.get_content_type() == "multipart/report"


def is_from_a_system(mail: Message) -> bool:
    """Tell whether a server sent a mail: by name, or because nobody is to answer it."""
    return is_of_a_postmaster(mail) or mime_parts.raw_headers(mail, "Return-Path")[:1] == _NULL_PATH


def is_of_a_postmaster(mail: Message) -> bool:
    """Tell whether a mail is written in the name of a mail system."""
    written = (mime_parts.raw_headers(mail, "From") or [""])[0]
    name = written if _NO_ADDRESS.match(written) else address(mail, "From").partition("@")[0]
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    return plain in _SYSTEMS or plain.startswith("microsoftexchange") or bool(_NOBODY.match(written))


def address(mail: Message, name: str) -> str:
    """Return the address in a header that names one; "" without. Some write it, or its domain, as an encoded word, or
    beside a name with signs that belong in quotes (another address, "Sam Poe, MD"), though none should."""
    value = (mime_parts.raw_headers(mail, name) or [""])[0][: mime_parts.LONGEST_PARAMETERS]
    told = (mime_parts.decoded(parseaddr(value)[1]), parseaddr(mime_parts.decoded(value))[1])
    if found := next((one for one in told if _WHOLE.fullmatch(one)), ""):
        return found
    loose = _IN_BRACKETS.search(value) or _WHOLE.search(value)
    return loose[0].strip("<> ") if loose else ""


def returned(mail: Message) -> Message | None:
    """Return the mail of ours that a report gives back, whole or its headers."""
    for part in mail.walk():
        kind = part.get_content_type()
        inside = part.get_payload() if kind in _WHOLE_TYPES or kind == "message/global-headers" else None
        if isinstance(inside, list) and inside and isinstance(inside[0], Message):
            return inside[0]
        if kind in _HEADER_TYPES:
            return mime_parts.parse(mime_parts.body(part).encode())
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
    """Return the fields of a block, and of those that the parser took for its body: after `Action : failed` with a
    blank, or in a global report, of which it knows no blocks."""
    first = {name.strip().lower(): mime_parts.header(block, name) for name in reversed(block.keys())}
    text, more = block.get_payload(), first
    blocks = [first]
    for line in text[: mime_parts.LONGEST_BODY].splitlines() if isinstance(text, str) else ():
        if not line.strip():
            blocks.append(more := {})
        elif field := _FIELD.match(line):
            more.setdefault(field[1].lower(), mime_parts.decoded(field[2].strip()))
    return blocks


def _of_blocks(mail: Message, blocks: list[dict[str, str]]) -> BounceReport:
    """Read a report by the worst of its recipients; "delayed" is no return yet, and "delivered" is none at all."""
    worst = next((one for one in blocks if _has_failed(one)), blocks[0])
    words = worst.get("diagnostic-code", "") or body_text.of(mail)[: bounce_phrases.LONGEST_WORDS]
    status = _status(worst.get("status", ""), words)
    return BounceReport(
        about=_recipient(worst.get("original-recipient", ""))
        or recipient_of(returned(mail))
        or _recipient(worst.get("final-recipient", "")),
        status=status,
        has_failed=_has_failed(worst),
        is_lasting=bounce_phrases.are_of_a_dead_address(status, words),
    )


def _has_failed(fields: dict[str, str]) -> bool:
    """Tell whether delivery failed: by the action, to which some add a comment; without one, by the status."""
    said = fields.get("action", "").lower().replace("(", " ").split()
    if said:
        return said[0] not in _NOT_FAILED
    return fields.get("status", "").strip()[:1] in {"4", "5"}


def _status(said: str, words: str) -> str:
    """Return the status that was given; where it says nothing (x.0.0), the more exact one in the server's words."""
    found, exact = bounce_phrases.status_in(said), bounce_phrases.status_in(words)
    return exact if exact and (not found or found.endswith(".0.0")) else found


def _says_returned(mail: Message) -> bool:
    """Tell whether a server says that it returned a mail. Where only the return path is missing, as it may be in a
    person's mail, the subject decides."""
    subject = mime_parts.header(mail, "Subject")
    if is_from_a_system(mail) and (
        mime_parts.raw_headers(mail, "X-Failed-Recipients") or bounce_phrases.say_returned(subject)
    ):
        return True
    if not (is_of_a_postmaster(mail) or _is_report(mail)):
        return False
    return bounce_phrases.say_it_is_late(subject, "") or bounce_phrases.say_returned(body_text.of(mail))


def _gives_a_mail_back(mail: Message) -> bool:
    """Tell whether a server wrote it that does not say so: by its subject, and a copy below that is no server's mail,
    as one that somebody passes on would be."""
    if not bounce_phrases.begin_as_returned(mime_parts.header(mail, "Subject")):
        return False
    copy = returned(mail)
    if copy is not None:
        return copy.get_content_type() != "multipart/report" and not is_from_a_system(copy)
    return bool(_QUOTED_ID.search(bounce_phrases.own_and_copy(body_text.of(mail))[1]))


def _of_words(mail: Message) -> BounceReport:
    """Read a report without a status for machines: by what the words say, and the copy of our mail below them."""
    text = body_text.of(mail)[: bounce_phrases.LONGEST_WORDS]
    own, copy = bounce_phrases.own_and_copy(text)
    subject, status = mime_parts.header(mail, "Subject"), _status("", own)
    return BounceReport(
        about=_named(mail, own, copy or own),
        status=status,
        has_failed=not bounce_phrases.say_it_is_late(subject, own)
        and (not status.startswith("2") or bounce_phrases.begin_as_returned(subject)),
        is_lasting=bounce_phrases.are_of_a_dead_address(status, f"{subject}\n{own}"),
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


def recipient_of(mail: Message | None) -> str:
    """Return the address to which a mail went; "" without one."""
    return address(mail, "To") if mail else ""


def _recipient(value: str) -> str:
    """Return the address alone out of `rfc822; <a@example.org> (comment)`; "" for what is none (x400)."""
    found = _ADDRESS.search(value.rpartition(";")[2])
    return found[0] if found else ""
