"""What a mail that came in is: a reply, a robot's, a receipt, a calendar's answer, a bounce or a complaint. Pure: from
bytes to a few facts.

Bounces: bounces.py. Robots: automatic.py. Complaints after RFC 5965, receipts after RFC 8098. A part that cannot be
read costs its own words and nothing else of the mail: whose it is, its headers say."""

import re
from dataclasses import asdict, dataclass, fields
from email.message import Message
from email.utils import parseaddr
from enum import StrEnum
from typing import Any, BinaryIO

from crm.inbound.parsing import automatic, body_text, bounces, calendar_replies, mime_parts
from crm.mail.reply_token import TOKEN
from crm.values.normalize import mailbox_key, one_line, storable

LONGEST_TEXT = 20_000
LONGEST_ADDRESS = 320
_ID = re.compile(r"<[^<>\s]{3,200}>")
_SENT_TO = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To")
_REPORT_TYPES = {"message/feedback-report", "message/disposition-notification"}
_OF_HOTMAIL = re.compile(r"complaint about message from\b", re.IGNORECASE)
_LONGEST = {
    "message_id": 250,
    "sender": LONGEST_ADDRESS,
    "sender_name": 100,
    "about": LONGEST_ADDRESS,
    "status": 12,
    "subject": 200,
    "invitation": 250,
    "proposed": 80,
    "sent": 300,
}


class MailKind(StrEnum):
    REPLY = "reply"
    ROBOT = "robot"
    HARD_BOUNCE = "hard_bounce"
    SOFT_BOUNCE = "soft_bounce"
    COMPLAINT = "complaint"
    RECEIPT = "receipt"
    CALENDAR = "calendar"
    OTHER = "other"


REPORTS = {MailKind.HARD_BOUNCE, MailKind.SOFT_BOUNCE, MailKind.COMPLAINT}


@dataclass(frozen=True)
class InboundMessage:
    """`message_ids`: of ours that it is about. `tokens`: of threads that it was sent to. `about`: the address that a
    bounce or complaint speaks of. `status`: such as 5.1.1. `answer`: to an invitation of ours, of this UID
    and, where the program says so, of this SEQUENCE. `proposed`: the time that they ask for instead.
    `sent`: when, in the words of the mail or of the first server; it tells apart what has no Message-ID.

    However it is made, its texts are no longer than their columns and hold nothing that the database refuses."""

    kind: MailKind
    message_id: str = ""
    sender: str = ""
    sender_name: str = ""
    message_ids: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    about: str = ""
    status: str = ""
    subject: str = ""
    text: str = ""
    attachments: tuple[str, ...] = ()
    answer: str = ""
    invitation: str = ""
    sequence: str = ""
    proposed: str = ""
    sent: str = ""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, tuple):
                object.__setattr__(self, field.name, tuple(storable(one) for one in value))
            elif not isinstance(value, MailKind):
                most = _LONGEST.get(field.name, LONGEST_TEXT)
                object.__setattr__(self, field.name, storable(value)[:most])

    @property
    def written_by(self) -> str:
        """Name and address as the mail says."""
        return f"{self.sender_name} <{self.sender}>" if self.sender_name and self.sender else self.sender


def read(raw: bytes) -> InboundMessage:
    """Return the facts of one mail. Raises TooComplex for one that nobody wrote, by its parts.

    The work is bounded (crm/inbound/parsing/mime_parts.py); a worker does it in a child process all the same
    (crm/inbound/parsing/sandboxed_parser.py)."""
    return _read(mime_parts.parse(raw))


def facts_of(file: BinaryIO) -> dict[str, Any] | None:
    """Return the facts of a mail as what JSON can say, for another process; None for one that is too complex."""
    try:
        return asdict(read(file.read()))
    except mime_parts.TooComplex:
        return None


def from_facts(said: dict[str, Any]) -> InboundMessage:
    """Return the mail whose facts `facts_of` has told."""
    lists = {name: tuple(said[name]) for name in ("message_ids", "tokens", "attachments")}
    facts: dict[str, Any] = {**said, **lists, "kind": MailKind(said["kind"])}
    return InboundMessage(**facts)


def _read(mail: mime_parts.MailPart) -> InboundMessage:
    reported = _reported(mail)
    if reported == "feedback-report" or _is_of_hotmail(mail):
        return _facts(mail, MailKind.COMPLAINT, about=_complained_by(mail))
    if reported == "disposition-notification" and not bounces.was_rejected(mail):
        return _facts(mail, MailKind.RECEIPT)
    if report := bounces.read(mail):
        return _bounce(mail, report)
    if calendar_replies.read(mail):
        return _facts(mail, MailKind.CALENDAR)
    if bounces.is_of_a_postmaster(mail):
        return _facts(mail, MailKind.OTHER)
    return _facts(mail, MailKind.ROBOT if _is_robot(mail) else MailKind.REPLY)


def _reported(mail: mime_parts.MailPart) -> str:
    """Return what kind a report (RFC 6522) is: as it says, or else by its parts; "" for a mail that is none."""
    if mail.get_content_type() != "multipart/report":
        return ""
    kinds = (part.get_content_type() for part in mail.walk())
    said = mime_parts.parameter(mail, "report-type")
    return said or next((kind.removeprefix("message/") for kind in kinds if kind in _REPORT_TYPES), "")


def _facts(
    mail: mime_parts.MailPart, kind: MailKind, *, about: str = "", status: str = "", copied: tuple[str, ...] = ()
) -> InboundMessage:
    """Gather the facts of a mail of this kind. `copied`: Message-IDs that stand in the words alone."""
    calendar = calendar_replies.read(mail) or calendar_replies.CalendarReply()
    return InboundMessage(
        kind,
        message_id=_first_id(mime_parts.header(mail, "Message-ID")),
        sender=mailbox_key(bounces.address(mail, "From")),
        sender_name=_name_of_sender(mail),
        message_ids=_ids_of(mail, copied=copied, is_report=kind in REPORTS),
        tokens=_tokens_of(mail),
        about=mailbox_key(about),
        status=status,
        subject=mime_parts.header(mail, "Subject"),
        text=body_text.of(mail),
        attachments=_attached(mail, kind),
        answer=calendar.answer,
        invitation=calendar.invitation,
        sequence=calendar.sequence,
        proposed=calendar.proposed,
        sent=(mime_parts.raw_headers(mail, "Date", "Received") or [""])[0],
    )


def _name_of_sender(mail: Message) -> str:
    """Return the name beside the address. One that looks like an address is none: it would be taken for the other."""
    written = (mime_parts.raw_headers(mail, "From") or [""])[0][: mime_parts.LONGEST_PARAMETERS]
    before, bracket, _ = written.partition("<")
    name = one_line(mime_parts.decoded(parseaddr(written)[0] or (before.strip(' "') if bracket else "")))
    return "" if set(name) & set("@<>") else name


def _attached(mail: Message, kind: MailKind) -> tuple[str, ...]:
    """Return the names of what is attached. Of a person's mail, also of what has no name: a photo from a phone, a mail
    that they pass on."""
    of_a_person = kind in {MailKind.REPLY, MailKind.OTHER}
    names = (
        mime_parts.file_name(part) or (mime_parts.name_without_one(part) if of_a_person else "") for part in mail.walk()
    )
    return tuple(name for name in names if name)


def _tokens_of(mail: Message) -> tuple[str, ...]:
    to = mime_parts.raw_headers(mail, *_SENT_TO, "In-Reply-To", "References")
    return tuple(dict.fromkeys(token for value in to for token in TOKEN.findall(mime_parts.decoded(value).lower())))


def _bounce(mail: mime_parts.MailPart, report: bounces.BounceReport) -> InboundMessage:
    """Tell a hard bounce from a soft one. A delay is no bounce yet, and what was delivered is none at all."""
    kind = MailKind.HARD_BOUNCE if report.is_lasting else MailKind.SOFT_BOUNCE
    if not report.has_failed:
        kind = MailKind.ROBOT
    return _facts(mail, kind, about=report.about, status=report.status, copied=report.message_ids)


def _is_of_hotmail(mail: Message) -> bool:
    """Tell whether it is a complaint as Outlook.com's program (JMRP) passes it on: without the form of RFC 5965."""
    return bounces.address(mail, "From").lower() == "staff@hotmail.com" and bool(
        _OF_HOTMAIL.match(mime_parts.header(mail, "Subject"))
    )


def _complained_by(mail: Message) -> str:
    """Return the address that complained. Providers leave it out of the copy, and name it in the report or nowhere."""
    for part in mail.walk():
        inside = part.get_payload() if part.get_content_type() == "message/feedback-report" else None
        report = inside[0] if isinstance(inside, list) and inside else None
        if isinstance(report, Message) and (named := bounces.address(report, "Original-Rcpt-To")):
            return named
    return bounces.recipient_of(bounces.returned(mail))


def _ids_of(mail: Message, *, copied: tuple[str, ...] = (), is_report: bool = False) -> tuple[str, ...]:
    """Return the Message-IDs that a mail answers or gives back. A report that gives a mail back is about that one
    alone: what else it refers to are mails before it, such as one of ours that somebody had passed on."""
    returned = bounces.returned(mail)
    given_back = _named(mime_parts.raw_headers(returned, "Message-ID")[:1] if returned else []) or copied
    answered = _named(mime_parts.raw_headers(mail, "In-Reply-To", "References"))
    return given_back if is_report and given_back else tuple(dict.fromkeys((*answered, *given_back)))


def _named(headers: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found for value in headers for found in _ID.findall(mime_parts.decoded(value))))


def _first_id(text: str) -> str:
    found = _ID.search(text)
    return found[0] if found else ""


def _is_robot(mail: Message) -> bool:
    return automatic.is_automatic(mail, answers_ours=bool(_tokens_of(mail) or _ids_of(mail)))
