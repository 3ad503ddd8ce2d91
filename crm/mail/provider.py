"""Handing mails over to a provider's interface instead of a mail server, through django-anymail.

The same bytes that a mail server would get are taken apart again here, so that a mail is the same by either way.
"""

import email
import email.policy
from datetime import timedelta
from email.message import EmailMessage
from email.utils import parseaddr, parsedate_to_datetime
from importlib import import_module
from typing import Any

import requests
from anymail.backends.base_requests import AnymailRequestsBackend
from anymail.exceptions import AnymailError, AnymailRecipientsRefused
from anymail.message import AnymailMessage
from urllib3.exceptions import NewConnectionError

from crm.environment import Provider
from crm.mail.relay import Lost, MailRefused, RefusesUs, Unreachable

CONNECT_SECONDS, REPLY_SECONDS = 10.0, 20.0
MARK = "mail"  # the name under which every event of a mail brings its id back

# Resend takes a mail once for 24 hours, however often it is handed over under the same key.
KEY_HEADER = {"resend": "Idempotency-Key"}
KNOWN_KEY = (
    b"invalid_idempotent_request"  # the key was used before, by words that differ: a link is made anew each time
)

REFUSES_US = {401, 402, 403, 429}  # our credentials, account, domain or pace are the matter, not this mail
# The same in the body of another status: no credit, no such sender, account not approved (Postmark, Resend).
ABOUT_US = (400, 401, 405, 412, 413, "invalid_from_address")
CONFLICT, SERVER_TROUBLE, UNAVAILABLE = 409, 500, 503
LONGEST_WAIT = timedelta(days=1)
_OWN_HEADERS = {"from", "to", "subject", "reply-to", "date", "mime-version", "content-type"}


class ProviderRelay:
    """The way out through a provider: one session of HTTP, kept open for many mails."""

    def __init__(self, server: Provider) -> None:
        self._server = server
        self._backend = _backend(server)
        self._is_calling = False

    def offer(self, *, sender: str, recipient: str) -> None:
        """Do nothing: a provider is asked in one call, hand_over."""

    def hand_over(self, content: bytes) -> None:
        """Call the provider once; returning means accepted. Raises MailRefused, Unreachable or Lost."""
        mail = _taken_apart(content, provider=self._server.name)
        self._backend.open()
        if header := KEY_HEADER.get(self._server.name):
            self._backend.session.headers[header] = mail.extra_headers["Message-ID"]
        self._is_calling = True
        try:
            self._backend.send_messages([mail])
        except AnymailRecipientsRefused:
            raise MailRefused("the provider takes nothing for this address", is_permanent=True) from None
        except (AnymailError, OSError) as trouble:
            self._judge(trouble)
        finally:
            self._is_calling = False

    def withdraw(self) -> None:
        """Do nothing: the provider has heard of no offer yet."""

    def abort(self) -> None:
        """Break off the call that is under way. Made for a signal handler: raises ConnectionAbortedError in it."""
        if self._is_calling:
            raise ConnectionAbortedError

    def close(self) -> None:
        """End the HTTP session."""
        self._backend.close()

    def _judge(self, trouble: Exception) -> None:
        """Raise what an exception means for the mail; return when it means that the mail was accepted before."""
        can_repeat = self._server.name in KEY_HEADER
        status: int | None = getattr(trouble, "status_code", None)
        if status is None:
            if _never_connected(trouble):
                raise Unreachable("no connection") from None
            raise Lost("the connection broke off", repeatable=can_repeat) from None
        if can_repeat and status == CONFLICT and KNOWN_KEY in trouble.response.content:  # type: ignore[attr-defined]
            return
        if status in REFUSES_US or _is_about_us(trouble):
            raise RefusesUs(str(status), wait=_asked_to_wait(trouble)) from None
        if status == UNAVAILABLE and (wait := _asked_to_wait(trouble)):
            raise RefusesUs(str(status), is_passing=True, wait=wait) from None
        if status >= SERVER_TROUBLE or status < 400:
            raise Lost(str(status), repeatable=can_repeat) from None
        raise MailRefused(str(status), is_permanent=status != CONFLICT) from None


def _backend(server: Provider) -> AnymailRequestsBackend:
    options: dict[str, Any] = {"api_url": server.url, "timeout": (CONNECT_SECONDS, REPLY_SECONDS)}
    options |= {"server_token": server.key} if server.name == "postmark" else {"api_key": server.key}
    if server.name == "mailgun":
        options["sender_domain"] = server.account or None
    return import_module(f"anymail.backends.{server.name}").EmailBackend(alias=server.name, **options)


def _never_connected(trouble: Exception) -> bool:
    if isinstance(trouble, requests.ConnectTimeout):
        return True
    cause: Any = trouble.__cause__ or trouble
    inner = cause.args[0] if cause.args else None
    return isinstance(getattr(inner, "reason", None), NewConnectionError)


def _is_about_us(trouble: Any) -> bool:
    try:
        told = trouble.response.json()
    except ValueError:
        return False
    return isinstance(told, dict) and any(told.get(field) in ABOUT_US for field in ("ErrorCode", "name"))


def _asked_to_wait(trouble: Any) -> timedelta:
    """Return how long Retry-After (RFC 9110 10.2.3) asks us to wait, never longer than a day. It holds seconds, or a
    moment by the provider's own clock."""
    headers = trouble.response.headers
    said = headers.get("Retry-After", "")
    try:
        if said.isdecimal():
            return min(timedelta(seconds=int(said[:9])), LONGEST_WAIT)
        asked = parsedate_to_datetime(said) - parsedate_to_datetime(headers["Date"])
    except (KeyError, TypeError, ValueError):
        return timedelta()
    return min(max(asked, timedelta()), LONGEST_WAIT)


def _taken_apart(content: bytes, *, provider: str) -> AnymailMessage:
    mail: EmailMessage = email.message_from_bytes(content, policy=email.policy.default)
    text, html = (mail.get_body((kind,)) for kind in ("plain", "html"))
    made = AnymailMessage(
        subject=str(mail["Subject"]),
        body=text.get_content() if text else "",
        from_email=str(mail["From"]),
        to=[str(mail["To"])],
        reply_to=[str(mail["Reply-To"])] if mail["Reply-To"] else None,
        headers={name: str(value) for name, value in mail.items() if name.lower() not in _OWN_HEADERS},
    )
    if html:
        made.attach_alternative(html.get_content(), "text/html")
    made.metadata = {MARK: parseaddr(str(mail["Message-ID"]))[1].partition("@")[0]}
    if provider != "resend":  # there it is a setting of the whole domain (docs/operations.md)
        made.track_opens = made.track_clicks = False  # nobody is watched
    return made
