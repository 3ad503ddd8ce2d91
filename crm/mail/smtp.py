"""One conversation with the mail server (RFC 5321), kept open for many mails."""

import re
import smtplib
import socket
import ssl
from dataclasses import dataclass

from django.core.mail.utils import DNS_NAME

from crm.environment import SmtpServer
from crm.mail.relay import Interrupted, Lost, MailRefused, RefusesUs, Unreachable

STEP_SECONDS = 10.0  # for connecting and for each command
REPLY_SECONDS = 20.0  # for the answer to a whole mail: relays scan before they accept

GOING_AWAY = 421
GO_AHEAD = 354
PERMANENT = 500
WANTS_SIGN_IN = {530, 534, 535, 538}  # RFC 4954: our credentials are the matter, not this mail
GREYLISTING = {450, 451}  # RFC 6647: "come again soon"
# Our quota of the day (Gmail), our sign-in, our right to send as this sender or to relay at all (Exchange).
ABOUT_US = {"5.4.5", "5.7.3", "5.7.54", "5.7.57", "5.7.60", "5.7.64"}

_ENHANCED = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}(?=\s|$)")
_NO_RELAY = re.compile(
    rb"relay\w*( access)? (denied|prohibited|not permitted|not allowed)|unable to relay", re.IGNORECASE
)


@dataclass
class SmtpReply:
    """A server's answer, reduced to its numbers, and whether it is about us: then no mail is the matter."""

    code: int
    enhanced: str = ""
    is_about_us: bool = False

    def __str__(self) -> str:
        return f"{self.code} {self.enhanced}".strip()


class _GoesAway(RefusesUs):
    """The server ends this conversation (421): it has had enough of it, or it serves nobody for now."""

    def __init__(self, reply: SmtpReply) -> None:
        super().__init__(str(reply), is_passing=True)


class _HungUp(Unreachable):
    """The server ended the conversation before it heard of any recipient."""


class SmtpRelay:
    """Connects when the first mail is offered and again whenever the server has hung up."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        self._smtp: smtplib.SMTP | None = None
        self._connecting = False

    def offer(self, *, sender: str, recipient: str) -> None:
        """Begin one mail, up to the server's "go ahead". Raises Unreachable, Interrupted or MailRefused.

        A server may hang up on an idle or well-used connection at any time, so a kept one gets a second chance.
        """
        was_open = self._smtp is not None
        try:
            self._envelope(self._connection(), sender, recipient)
        except (Interrupted, _GoesAway, _HungUp):
            if not was_open:
                raise
            self._envelope(self._connection(), sender, recipient)

    def hand_over(self, content: bytes) -> None:
        """Send the mail that was offered; returning means accepted. Raises MailRefused, Unreachable or Lost."""
        smtp = self._smtp
        if smtp is None:
            raise RuntimeError("Nothing was offered.")
        try:
            self._timeout(REPLY_SECONDS)
            smtp.send(content.replace(b"\r\n.", b"\r\n..") + b"\r\n.\r\n")
            reply = _reply(*smtp.getreply())
            self._timeout(STEP_SECONDS)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise Lost(type(error).__name__) from None
        if reply.code // 100 != 2:
            self._after_refusal(reply)

    def withdraw(self) -> None:
        """Take back the offer of a mail by hanging up: after "go ahead" nothing else does that."""
        self.close()

    def abort(self) -> None:
        """Break off whatever the conversation is waiting for. Made for a signal handler."""
        if self._connecting:
            raise ConnectionAbortedError
        if self._smtp is not None and self._smtp.sock is not None:
            self._smtp.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Hang up, without QUIT: its answer tells nothing and can take as long as any other."""
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None

    def _connection(self) -> smtplib.SMTP:
        if self._smtp is None:
            self._connecting = True
            try:
                self._smtp = self._connect()
            except smtplib.SMTPResponseException as error:  # it answers, and wants none of our mails
                reply = _reply(error.smtp_code, error.smtp_error)
                raise RefusesUs(str(reply), is_passing=reply.code < PERMANENT) from None
            except (OSError, smtplib.SMTPException) as error:
                raise Unreachable(type(error).__name__) from None
            finally:
                self._connecting = False
        return self._smtp

    def _connect(self) -> smtplib.SMTP:
        server, name = self._server, str(DNS_NAME)
        if server.tls == "tls":
            context = ssl.create_default_context()
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, name, timeout=STEP_SECONDS, context=context)
        else:
            smtp = smtplib.SMTP(server.host, server.port, name, timeout=STEP_SECONDS)
        try:
            _greet(smtp)
            if server.tls == "starttls":
                smtp.starttls(context=ssl.create_default_context())
                _greet(smtp)
            if server.user:
                smtp.login(server.user, server.password)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _envelope(self, smtp: smtplib.SMTP, sender: str, recipient: str) -> None:
        only_sender = True
        try:
            reply = _reply(*smtp.mail(sender))
            only_sender = reply.code // 100 != 2  # no recipient was named yet
            if reply.code // 100 == 2:
                reply = _reply(*smtp.rcpt(recipient))
            if reply.code // 100 == 2:
                reply = _reply(*smtp.docmd("DATA"))
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise (_HungUp if only_sender else Interrupted)(type(error).__name__) from None
        if reply.code != GO_AHEAD:
            self._after_refusal(reply, only_sender=only_sender)

    def _after_refusal(self, reply: SmtpReply, *, only_sender: bool = False) -> None:
        """Leave the conversation fit for the next mail, then raise what the reply means for this one, or for every mail
        of its sender, or for all."""
        if reply.code == GOING_AWAY:
            self.close()
            raise _GoesAway(reply)
        if reply.is_about_us:
            self.close()
            raise RefusesUs(str(reply))
        try:
            if self._smtp is not None and self._smtp.rset()[0] != 250:
                self.close()
        except (OSError, smtplib.SMTPException):
            self.close()
        if only_sender:
            raise RefusesUs(str(reply), only_sender=True, is_passing=reply.code < PERMANENT)
        raise MailRefused(str(reply), is_permanent=reply.code >= PERMANENT, is_greylisting=reply.code in GREYLISTING)

    def _timeout(self, seconds: float) -> None:
        if self._smtp is not None and self._smtp.sock is not None:
            self._smtp.sock.settimeout(seconds)


def _greet(smtp: smtplib.SMTP) -> None:
    """Introduce us by EHLO, or by HELO where the server knows no other; one that goes away is asked nothing more."""
    code, text = smtp.ehlo()
    if code // 100 != 2 and code != GOING_AWAY:
        code, text = smtp.helo()
    if code // 100 != 2:
        raise smtplib.SMTPHeloError(code, text)


def _reply(code: int, text: bytes | str) -> SmtpReply:
    raw = text.encode("ascii", "replace") if isinstance(text, str) else text
    match = _ENHANCED.match(raw)
    enhanced = match.group().decode("ascii") if match else ""
    is_about_us = code in WANTS_SIGN_IN or enhanced in ABOUT_US or (code >= PERMANENT and bool(_NO_RELAY.search(raw)))
    return SmtpReply(code, enhanced, is_about_us)
