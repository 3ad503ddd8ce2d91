"""The mail server at the far end, as far as smtplib sees it: it takes, puts off, refuses, hangs up, or the worker that
speaks to it is ended in the middle of a word."""

import smtplib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from tests.crm.life.clock import Clock

Reply = tuple[int, bytes]
FINE: Reply = (250, b"2.0.0 OK")
GO_AHEAD: Reply = (354, b"Go ahead")
# What the server says to one mail, and at which word of the conversation.
AT_MAIL: dict[str, Reply] = {
    "our sender is refused": (553, b"5.7.1 Sender address rejected"),
    "our quota is used up": (550, b"5.4.5 Daily sending quota exceeded"),
    "goes away": (421, b"4.3.2 Shutting down"),
}
AT_RCPT: dict[str, Reply] = {
    "greylists": (450, b"4.2.0 Greylisted"),
    "refuses the address": (553, b"5.1.3 Mailbox name not allowed"),
}
AT_THE_END: dict[str, Reply] = {
    "puts off": (451, b"4.3.0 Try again later"),
    "refuses the content": (554, b"5.6.0 Not accepted"),
}
LOST = {"takes it and hangs up", "takes it and falls silent"}
CUT = "hangs up without it"
KILLED_AFTER, KILLED_IN, KILLED_BEFORE = (
    "the worker dies after it",
    "the worker dies in it",
    "the worker dies before it",
)
PUT_OFF = [*AT_MAIL, "greylists", "puts off"]
UNCERTAIN = [*sorted(LOST), CUT, KILLED_AFTER, KILLED_IN]
ANSWERS = [*PUT_OFF, *AT_RCPT, *AT_THE_END, *UNCERTAIN, KILLED_BEFORE]


class Killed(BaseException):
    """A worker ended by SIGKILL: nothing of ours catches it."""


@dataclass(frozen=True)
class Handed:
    """A mail that the server took: with its envelope, and when. `is_again`: it was offered to it before."""

    at: datetime
    sender: str
    recipient: str
    mail: EmailMessage
    is_again: bool = False

    @property
    def message_id(self) -> str:
        return str(self.mail["Message-ID"])

    @property
    def words(self) -> str:
        """Both parts, and the subject."""
        parts = [
            part.get_content() for part in self.mail.walk() if part.get_content_type() in {"text/plain", "text/html"}
        ]
        return "\n".join([str(self.mail["Subject"]), *parts])


@dataclass
class FarEnd:
    """`coming`: what it will say, one word for one mail; after them it takes everything. `unanswered`: of what it took,
    or may have taken, nobody was told. `dates`: that each mail bore whenever it was handed over."""

    clock: Clock
    looks_at: Callable[[Handed], None]
    is_down: bool = False
    coming: deque[str] = field(default_factory=deque)
    accepted: list[Handed] = field(default_factory=list)
    unanswered: set[str] = field(default_factory=set)
    refused_us_at: datetime | None = None
    dates: dict[str, set[str]] = field(default_factory=dict)

    def connect(self, *_where: Any, **_how: Any) -> smtplib.SMTP:
        if self.is_down:
            self.refused_us_at = self.clock.now
            raise ConnectionRefusedError
        return cast(smtplib.SMTP, _Session(self))

    def takes(self, handed: Handed) -> None:
        self.accepted.append(handed)
        self.looks_at(handed)


class _Session:
    """One connection, with the methods of smtplib.SMTP that crm/mail/smtp.py uses."""

    sock = None

    def __init__(self, end: FarEnd) -> None:
        self.end, self.said, self.sender, self.recipient, self.content = end, "", "", "", b""

    def ehlo(self) -> Reply:
        return FINE

    def mail(self, sender: str) -> Reply:
        self.said = self.end.coming.popleft() if self.end.coming else ""
        self.sender = sender
        if self.said == KILLED_BEFORE:
            raise Killed
        if self.said in AT_MAIL:
            self.end.refused_us_at = self.end.clock.now
        return AT_MAIL.get(self.said, FINE)

    def rcpt(self, recipient: str) -> Reply:
        self.recipient = recipient
        return AT_RCPT.get(self.said, FINE)

    def docmd(self, _command: str) -> Reply:
        return GO_AHEAD

    def send(self, content: bytes) -> None:
        self.content = content.removesuffix(b"\r\n.\r\n")

    def getreply(self) -> Reply:
        mail = message_from_bytes(self.content, policy=policy.default)
        is_again = str(mail["Message-ID"]) in self.end.dates
        handed = Handed(self.end.clock.now, self.sender, self.recipient, mail, is_again)
        self.end.dates.setdefault(handed.message_id, set()).add(str(mail["Date"]))
        if self.said in AT_THE_END:
            return AT_THE_END[self.said]
        if self.said in UNCERTAIN:
            self.end.unanswered.add(handed.message_id)
            self.end.refused_us_at = handed.at  # over several in a row
        if self.said not in {CUT, KILLED_IN}:
            self.end.takes(handed)
        if self.said in {KILLED_AFTER, KILLED_IN}:
            raise Killed
        if self.said == "takes it and falls silent":
            raise TimeoutError
        if self.said in UNCERTAIN:
            raise smtplib.SMTPServerDisconnected
        return FINE

    def rset(self) -> Reply:
        return FINE

    def close(self) -> None:
        pass
