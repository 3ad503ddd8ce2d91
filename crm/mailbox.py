"""Reads the mailbox for replies and bounces (IMAP, RFC 3501). A mail is marked as seen once what it asks for is on
disk, or it was set aside: one that is read twice is known. None is in the way of the next."""

import imaplib
import re
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import connection
from django.utils import timezone

from crm.actions import arrivals
from crm.models import SetAsideMail
from crm.models.inbound import SetAsideReason, SourceForm

STEP_SECONDS = 20.0
MOST_AT_ONCE = 200
RUN_SECONDS = 300.0  # no mail is begun after that, so that a run ends by itself before its time limit ends it
MOST_FAILURES = 10  # one after the other: then it is not the mails
MAILBOX = "mailbox"
_HEADER_BYTES = 64 * 1024
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")

log = structlog.get_logger("nucleus.mailbox")


@dataclass(frozen=True)
class Mailbox:
    """Where replies and bounces arrive."""

    host: str
    port: int
    user: str
    password: str
    folder: str
    tls: bool


def parse(url: str) -> Mailbox:
    """`imaps://user:password@host:993/INBOX`, or imap:// on this machine. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in {"imaps", "imap"} or not parts.hostname or not parts.username:
        raise ValueError("IMAP_URL cannot be read: write it as imaps://user:password@mail.example.org:993/INBOX")
    if parts.scheme == "imap" and parts.hostname not in {"127.0.0.1", "localhost", "::1"}:
        raise ValueError("IMAP_URL reads in plain text from another machine: use imaps://")
    tls = parts.scheme == "imaps"
    return Mailbox(
        host=parts.hostname,
        port=parts.port or (993 if tls else 143),
        user=unquote(parts.username),
        password=unquote(parts.password or ""),
        folder=unquote(parts.path.strip("/")) or "INBOX",
        tls=tls,
    )


def read_new() -> int:
    """Takes in what has arrived since; returns how many were new, set aside or not. 0 without IMAP_URL.

    A server that is down costs a line of the log: the mail is still there the next time.
    """
    if not settings.IMAP_URL:
        return 0
    try:
        with _open(parse(settings.IMAP_URL)) as box:
            return _take_all(box)
    except (OSError, imaplib.IMAP4.error) as trouble:
        log.error("mailbox_unreachable", error=type(trouble).__name__)
        return 0


def _take_all(box: imaplib.IMAP4) -> int:
    """The oldest first. A mail that cannot be kept now (a lock, a connection that broke) is tried in the next run."""
    ends_at, new, failures = time.monotonic() + RUN_SECONDS, 0, 0
    for number in _unseen(box):
        if new >= MOST_AT_ONCE or failures >= MOST_FAILURES or time.monotonic() > ends_at:
            break
        try:
            new += _take(box, number)
            failures = 0
        except (OSError, imaplib.IMAP4.error, SoftTimeLimitExceeded):
            raise
        except Exception as trouble:
            failures += 1
            log.error("mail_not_taken_in", error=type(trouble).__name__)
            connection.close_if_unusable_or_obsolete()  # a broken one is replaced for the next mail
    return new


@contextmanager
def _open(where: Mailbox) -> Iterator[imaplib.IMAP4]:
    if where.tls:
        context = ssl.create_default_context()
        box: imaplib.IMAP4 = imaplib.IMAP4_SSL(where.host, where.port, ssl_context=context, timeout=STEP_SECONDS)
    else:
        box = imaplib.IMAP4(where.host, where.port, timeout=STEP_SECONDS)
    with box:
        box.login(where.user, where.password)
        if box.select(f'"{where.folder}"')[0] != "OK":
            raise imaplib.IMAP4.error("The folder does not open.")
        yield box


def _unseen(box: imaplib.IMAP4) -> list[bytes]:
    found: list[bytes] = box.uid("SEARCH", "UNSEEN")[1]
    return found[0].split() if found and found[0] else []


def _take(box: imaplib.IMAP4, number: bytes) -> bool:
    """One mail; True when it is new to us. Fetched without marking it: first it has to be on disk."""
    uid = number.decode()
    size = _size(box, uid)
    is_large = size > settings.MAIL_MAX_BYTES
    what = f"(BODY.PEEK[HEADER]<0.{_HEADER_BYTES}>)" if is_large else "(BODY.PEEK[])"
    state, answered = box.uid("FETCH", uid, what)
    content = next((part[1] for part in answered if isinstance(part, tuple)), None)
    if content is None:
        return state != "OK" and _tell_that_it_stays(uid, size)  # OK without content: somebody has removed it
    kept = (
        _set_aside(content, size, SetAsideReason.TOO_LARGE)
        if is_large
        else arrivals.take_in(content, came_by=MAILBOX, now=timezone.now())
    )
    box.uid("STORE", uid, "+FLAGS", r"(\Seen)")
    log.info("mail_came_in", kind=getattr(kept, "kind", "set_aside") if kept else "known")
    return kept is not None


def _set_aside(headers: bytes, size: int, reason: SetAsideReason) -> SetAsideMail | None:
    """One that stays in the mailbox, where a mail program opens it."""
    now = timezone.now()
    return arrivals.set_aside(headers, came_by=MAILBOX, reason=reason, now=now, form=SourceForm.HEADERS, size=size)


def _tell_that_it_stays(uid: str, size: int) -> bool:
    """The server does not hand it over: a person is told once, and it is asked for again in the next run."""
    log.error("mail_not_fetched")
    told = f"The mail server does not hand over mail {uid} ({size} bytes) of the mailbox."
    return _set_aside(told.encode(), size, SetAsideReason.UNREADABLE) is not None


def _size(box: imaplib.IMAP4, uid: str) -> int:
    """In bytes; 0 when the server does not say."""
    answered = box.uid("FETCH", uid, "(RFC822.SIZE)")[1]
    found = [_SIZE.search(part) for part in answered if isinstance(part, bytes)]
    return next((int(match[1]) for match in found if match), 0)
