"""Mail that comes in, as people, robots and mail servers write it."""

import re
from email.message import EmailMessage
from email.utils import make_msgid
from uuid import uuid4

from tests.crm.life.far_end import Handed


def reply(to: Handed, *, sender: str, words: str, is_automatic: bool = False) -> bytes:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, str(to.mail["Reply-To"]), f"Re: {to.mail['Subject']}"
    made["Message-ID"], made["In-Reply-To"] = make_msgid(uuid4().hex, domain="example.org"), to.message_id
    if is_automatic:
        made["Auto-Submitted"] = "auto-replied"
    made.set_content(words)
    return made.as_bytes()


def invitation_in(handed: Handed) -> tuple[str, int] | None:
    """Its UID and SEQUENCE (RFC 5545), where a calendar object goes with a mail."""
    parts = [part for part in handed.mail.walk() if part.get_content_type() == "text/calendar"]
    if not parts:
        return None
    lines = dict(re.findall(r"^(UID|SEQUENCE):(\S+)", parts[0].get_content(), re.MULTILINE))
    return lines["UID"], int(lines["SEQUENCE"])


def calendar_answer(to: Handed, *, said: str) -> bytes:
    """As calendars send it: no word of the thread, from whatever address the calendar has (RFC 5546)."""
    uid, sequence = invitation_in(to) or ("", 0)
    event = [f"UID:{uid}", f"SEQUENCE:{sequence}", f"ATTENDEE;PARTSTAT={said}:mailto:calendar@example.org"]
    lines = ["BEGIN:VCALENDAR", "METHOD:REPLY", "BEGIN:VEVENT", *event, "END:VEVENT", "END:VCALENDAR"]
    head = [
        "From: calendar@example.org",
        "To: replies@riverbend.example.org",
        f"Message-ID: {make_msgid(uuid4().hex, domain='calendar.example.org')}",
        "Content-Type: text/calendar; method=REPLY",
    ]
    return "\r\n".join([*head, "", *lines, ""]).encode()


def returned(to: Handed, *, status: str, is_forged: bool = False) -> bytes:
    """As RFC 3464 has it: words, the status, and the headers of ours. `is_forged`: by somebody who never had it."""
    ours = "<never@riverbend.example.org>" if is_forged else to.message_id
    where = "replies@riverbend.example.org" if is_forged else to.sender
    return (
        f"From: MAILER-DAEMON@mx.example.org\r\nTo: {where}\r\nReturn-Path: <>\r\n"
        f"Message-ID: {make_msgid(uuid4().hex, domain='mx.example.org')}\r\nSubject: Undelivered Mail\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nYour mail could not be delivered.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.org\r\n\r\n"
        f"Final-Recipient: rfc822; {to.recipient}\r\nAction: failed\r\nStatus: {status}\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {ours}\r\nTo: {to.recipient}\r\n\r\n--b--\r\n"
    ).encode()


def complaint(to: Handed) -> bytes:
    """As RFC 5965 has it."""
    return (
        f"From: fbl@provider.example.org\r\nTo: {to.sender}\r\nMIME-Version: 1.0\r\n"
        f"Message-ID: {make_msgid(uuid4().hex, domain='provider.example.org')}\r\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nAn abuse report.\r\n"
        "--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nVersion: 1\r\n\r\n"
        f"--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: {to.message_id}\r\nTo: {to.recipient}\r\n\r\nHi\r\n"
        "--b--\r\n"
    ).encode()
