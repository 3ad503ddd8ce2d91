"""What a mail that came in is: a reply, a robot's reply, a bounce or a complaint. Pure: from bytes to a few facts.

Bounces after RFC 3464, complaints after RFC 5965, robots after RFC 3834. A part that cannot be read costs its own words
and nothing else of the mail: whose it is, its headers say.
"""

import re
from dataclasses import asdict, dataclass, fields
from email.message import Message
from email.utils import parseaddr
from enum import StrEnum
from typing import Any, BinaryIO

from crm import mail_parts, mail_words

LONGEST_TEXT = 20_000
LONGEST_ADDRESS = 320
_ID = re.compile(r"<[^<>\s]{3,200}>")
TOKEN = re.compile(r"\+([a-z2-7]{16})@")
_STATUS = re.compile(r"\b([245])\.\d{1,3}\.\d{1,3}\b")
_ANSWER = re.compile(r"PARTSTAT=\"?(ACCEPTED|DECLINED|TENTATIVE)\b", re.IGNORECASE)
_ROBOT_HEADERS = ("X-Autoreply", "X-Autorespond", "X-Autoresponse", "X-Auto-Reply-From")
_ROBOT_PRECEDENCE = {"auto_reply", "bulk", "junk", "list"}
_LONGEST = {"message_id": 250, "sender": LONGEST_ADDRESS, "about": LONGEST_ADDRESS, "status": 12, "subject": 200}


class Kind(StrEnum):
    REPLY = "reply"
    ROBOT = "robot"
    HARD_BOUNCE = "hard_bounce"
    SOFT_BOUNCE = "soft_bounce"
    COMPLAINT = "complaint"
    OTHER = "other"


@dataclass(frozen=True)
class Arrived:
    """`message_ids`: of ours that it is about. `tokens`: of threads that it was sent to. `about`: the address that a
    bounce or complaint speaks of. `status`: such as 5.1.1. `answer`: to an invitation of ours.

    However it is made, its texts are no longer than their columns and hold nothing that the database refuses."""

    kind: Kind
    message_id: str = ""
    sender: str = ""
    message_ids: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    about: str = ""
    status: str = ""
    subject: str = ""
    text: str = ""
    attachments: tuple[str, ...] = ()
    answer: str = ""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, tuple):
                object.__setattr__(self, field.name, tuple(mail_parts.storable(one) for one in value))
            elif not isinstance(value, Kind):
                most = _LONGEST.get(field.name, LONGEST_TEXT)
                object.__setattr__(self, field.name, mail_parts.storable(value)[:most])


def read(raw: bytes) -> Arrived:
    """The facts of one mail. Raises TooComplex for one that nobody wrote.

    The work is bounded (crm/mail_parts.py); a worker does it in a child process all the same (crm/mail_reading.py).
    """
    return _read(mail_parts.parse(raw))


def facts_of(file: BinaryIO) -> dict[str, Any] | None:
    """The same as what JSON can say, for another process; None for a mail that nobody wrote."""
    try:
        return asdict(read(file.read()))
    except mail_parts.TooComplex:
        return None


def from_facts(said: dict[str, Any]) -> Arrived:
    """What facts_of has told."""
    lists = {name: tuple(said[name]) for name in ("message_ids", "tokens", "attachments")}
    facts: dict[str, Any] = {**said, **lists, "kind": Kind(said["kind"])}
    return Arrived(**facts)


def _read(mail: mail_parts.Part) -> Arrived:
    report = mail_parts.parameter(mail, "report-type") if mail.get_content_type() == "multipart/report" else ""
    if report == "delivery-status":
        return _bounce(mail)
    if report == "feedback-report":
        return _facts(mail, Kind.COMPLAINT, about=_recipient_of(_returned(mail)))
    return _facts(mail, Kind.ROBOT if _is_robot(mail) else Kind.REPLY)


def _facts(mail: mail_parts.Part, kind: Kind, *, about: str = "", status: str = "") -> Arrived:
    to = mail_parts.raw_headers(mail, "To", "Delivered-To", "X-Original-To", "In-Reply-To", "References")
    tokens = [token for value in to for token in TOKEN.findall(mail_parts.decoded(value).lower())]
    return Arrived(
        kind,
        message_id=_first_id(mail_parts.header(mail, "Message-ID")),
        sender=_address(mail, "From").lower(),
        message_ids=_ids_of(mail),
        tokens=tuple(dict.fromkeys(tokens)),
        about=about.lower(),
        status=status,
        subject=mail_parts.header(mail, "Subject"),
        text=mail_words.of(mail),
        attachments=tuple(name for part in mail.walk() if (name := mail_parts.file_name(part))),
        answer=_answer(mail),
    )


def _address(mail: Message, name: str) -> str:
    """The address in a header that names one. Some write the whole address as an encoded word, though none should."""
    value = (mail_parts.raw_headers(mail, name) or [""])[0][: mail_parts.LONGEST_PARAMETERS]
    address = parseaddr(value)[1]
    return address if "@" in address else parseaddr(mail_parts.decoded(value))[1]


def _bounce(mail: mail_parts.Part) -> Arrived:
    """By the worst of its recipients; "delayed" is no bounce yet, and what was delivered is none at all."""
    about, status, action = "", "", ""
    for block in _status_blocks(mail):
        said = mail_parts.header(block, "Action").lower()
        if said == "failed" or not action:
            action = said or action
            found = _STATUS.search(mail_parts.header(block, "Status"))
            status = found[0] if found else status
            about = mail_parts.header(block, "Final-Recipient").rpartition(";")[2].strip() or about
    if action != "failed":
        return _facts(mail, Kind.ROBOT, about=about, status=status)
    kind = Kind.SOFT_BOUNCE if status.startswith("4") else Kind.HARD_BOUNCE
    return _facts(mail, kind, about=about or _recipient_of(_returned(mail)), status=status)


def _status_blocks(mail: Message) -> list[Message]:
    """What is said about each recipient, and before that about the report itself."""
    reports = (part.get_payload() for part in mail.walk() if part.get_content_type() == "message/delivery-status")
    return [block for report in reports if isinstance(report, list) for block in report if isinstance(block, Message)]


def _returned(mail: Message) -> Message | None:
    """The mail of ours that a report gives back, whole or its headers."""
    for part in mail.walk():
        inside = part.get_payload() if part.get_content_type() == "message/rfc822" else None
        if isinstance(inside, list) and inside and isinstance(inside[0], Message):
            return inside[0]
        if part.get_content_type() == "text/rfc822-headers":
            return mail_parts.parse(mail_parts.body(part).encode())
    return None


def _recipient_of(returned: Message | None) -> str:
    return _address(returned, "To") if returned else ""


def _ids_of(mail: Message) -> tuple[str, ...]:
    """What it answers, and what it gives back."""
    returned = _returned(mail)
    named = mail_parts.raw_headers(mail, "In-Reply-To", "References")
    named += mail_parts.raw_headers(returned, "Message-ID")[:1] if returned else []
    return tuple(dict.fromkeys(found for value in named for found in _ID.findall(mail_parts.decoded(value))))


def _first_id(text: str) -> str:
    found = _ID.search(text)
    return found[0] if found else ""


def _answer(mail: Message) -> str:
    """accepted, declined, tentative, or "": what a calendar said to an invitation (RFC 6047)."""
    for part in mail.walk():
        if part.get_content_type() == "text/calendar" and mail_parts.parameter(part, "method") == "reply":
            unfolded = mail_parts.body(part).replace("\r", "").replace("\n ", "")
            found = _ANSWER.search(unfolded)
            return found[1].lower() if found else ""
    return ""


def _is_robot(mail: Message) -> bool:
    submitted = mail_parts.header(mail, "Auto-Submitted").partition(";")[0].strip().lower()
    return (
        submitted not in {"", "no"}
        or bool(mail_parts.raw_headers(mail, *_ROBOT_HEADERS))
        or mail_parts.header(mail, "Precedence").lower() in _ROBOT_PRECEDENCE
        or mail_parts.raw_headers(mail, "Return-Path")[:1] == ["<>"]
    )
