"""What a mail that came in is: a reply, a robot's reply, a bounce or a complaint. Pure: from bytes to a few facts.

Bounces after RFC 3464, complaints after RFC 5965, robots after RFC 3834. Whatever cannot be read is "other": a person
looks at it.
"""

import email
import email.policy
import re
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import getaddresses, parseaddr
from enum import StrEnum

import nh3

LONGEST_TEXT = 20_000
_ID = re.compile(r"<[^<>\s]{3,200}>")
TOKEN = re.compile(r"\+([a-z2-7]{16})@")
_STATUS = re.compile(r"\b([245])\.\d{1,3}\.\d{1,3}\b")
_ROBOT_HEADERS = ("X-Autoreply", "X-Autorespond", "X-Autoresponse", "X-Auto-Reply-From")
_ROBOT_PRECEDENCE = {"auto_reply", "bulk", "junk", "list"}


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
    bounce or complaint speaks of. `status`: such as 5.1.1."""

    kind: Kind
    message_id: str = ""
    sender: str = ""
    message_ids: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    about: str = ""
    status: str = ""
    subject: str = ""
    text: str = ""


def read(raw: bytes) -> Arrived:
    """The facts of one mail. Never raises: mail from outside may be anything."""
    try:
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        return _read(mail)
    except Exception:  # whatever it is, it must not stop the reading of the others
        return Arrived(Kind.OTHER, text=raw[:LONGEST_TEXT].decode("utf-8", "replace"))


def _read(mail: EmailMessage) -> Arrived:
    report = str(mail.get_param("report-type") or "").lower() if mail.get_content_type() == "multipart/report" else ""
    if report == "delivery-status":
        return _bounce(mail)
    if report == "feedback-report":
        return _facts(mail, Kind.COMPLAINT, about=_recipient_of(_returned(mail)))
    return _facts(mail, Kind.ROBOT if _is_robot(mail) else Kind.REPLY)


def _facts(mail: EmailMessage, kind: Kind, *, about: str = "", status: str = "") -> Arrived:
    to = [address for _name, address in getaddresses([str(value) for value in mail.get_all("To", [])])]
    for name in ("Delivered-To", "X-Original-To", "In-Reply-To", "References"):
        to += [str(value) for value in mail.get_all(name, [])]
    return Arrived(
        kind,
        message_id=_first_id(str(mail.get("Message-ID", ""))),
        sender=parseaddr(str(mail.get("From", "")))[1].lower(),
        message_ids=_ids_of(mail),
        tokens=tuple(token for address in to for token in TOKEN.findall(address.lower())),
        about=about.lower(),
        status=status,
        subject=str(mail.get("Subject", ""))[:200],
        text=_text(mail)[:LONGEST_TEXT],
    )


def _bounce(mail: EmailMessage) -> Arrived:
    """By the worst of its recipients; "delayed" is no bounce yet, and what was delivered is none at all."""
    about, status, action = "", "", ""
    for part in mail.walk():
        if part.get_content_type() == "message/delivery-status":
            for block in part.get_payload():
                said = str(block.get("Action", "")).lower()  # type: ignore[union-attr]
                if said == "failed" or not action:
                    action = said or action
                    found = _STATUS.search(str(block.get("Status", "")))  # type: ignore[union-attr]
                    status = found[0] if found else status
                    about = str(block.get("Final-Recipient", "")).rpartition(";")[2].strip() or about  # type: ignore[union-attr]
    if action != "failed":
        return _facts(mail, Kind.ROBOT, about=about, status=status)
    kind = Kind.SOFT_BOUNCE if status.startswith("4") else Kind.HARD_BOUNCE
    return _facts(mail, kind, about=about or _recipient_of(_returned(mail)), status=status)


def _returned(mail: EmailMessage) -> EmailMessage | None:
    """The mail of ours that a report gives back, whole or its headers."""
    for part in mail.walk():
        if part.get_content_type() == "message/rfc822":
            return part.get_payload(0)  # type: ignore[return-value]
        if part.get_content_type() == "text/rfc822-headers":
            return email.message_from_string(part.get_content(), policy=email.policy.default)
    return None


def _recipient_of(returned: EmailMessage | None) -> str:
    return parseaddr(str(returned.get("To", "")))[1] if returned else ""


def _ids_of(mail: EmailMessage) -> tuple[str, ...]:
    """What it answers, and what it gives back."""
    returned = _returned(mail)
    named = [str(mail.get("In-Reply-To", "")), str(mail.get("References", ""))]
    named += [str(returned.get("Message-ID", ""))] if returned else []
    return tuple(dict.fromkeys(found for text in named for found in _ID.findall(text)))


def _first_id(text: str) -> str:
    found = _ID.search(text)
    return found[0] if found else ""


def _is_robot(mail: EmailMessage) -> bool:
    submitted = str(mail.get("Auto-Submitted", "no")).partition(";")[0].strip().lower()
    return (
        submitted != "no"
        or any(name in mail for name in _ROBOT_HEADERS)
        or str(mail.get("Precedence", "")).strip().lower() in _ROBOT_PRECEDENCE
        or str(mail.get("Return-Path", "x")).strip() == "<>"
    )


def _text(mail: EmailMessage) -> str:
    """The words, without what they were written in."""
    body = mail.get_body(("plain", "html"))
    if body is None:
        return ""
    text = str(body.get_content())
    if body.get_content_type() == "text/html":
        text = re.sub(r"\n{3,}", "\n\n", nh3.clean(re.sub(r"(?i)<(br|/p|/div)[^>]*>", "\n", text), tags=set()))
    return text.replace("\x00", "").strip()
