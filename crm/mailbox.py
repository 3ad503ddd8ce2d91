"""Reads the mailbox for replies and bounces (IMAP, RFC 3501). A mail is marked as seen once what it asks for is on
disk: one that is read twice is known by its Message-ID."""

import imaplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import structlog
from django.conf import settings
from django.utils import timezone

from crm import inbound
from crm.actions import inbound as actions

STEP_SECONDS = 20.0
MOST_AT_ONCE = 200

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
    """Takes in what has arrived since; returns how many were new. 0 without IMAP_URL.

    A server that is down costs a line of the log: the mail is still there the next time.
    """
    if not settings.IMAP_URL:
        return 0
    try:
        with _open(parse(settings.IMAP_URL)) as box:
            return sum(_take(box, number) for number in _unseen(box)[:MOST_AT_ONCE])
    except (OSError, imaplib.IMAP4.error) as trouble:
        log.error("mailbox_unreachable", error=type(trouble).__name__)
        return 0


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
    _state, data = box.uid("FETCH", uid, "(BODY.PEEK[])")
    raw = next((part[1] for part in data if isinstance(part, tuple)), None)
    if raw is None:
        return False
    kept = actions.receive(inbound.read(raw), now=timezone.now())
    box.uid("STORE", uid, "+FLAGS", r"(\Seen)")
    log.info("mail_came_in", kind=kept.kind if kept else "known")
    return kept is not None
