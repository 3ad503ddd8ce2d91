"""Read the mailbox for replies and bounces: what nobody has seen, and what came since the last reading, whoever has
opened it in a mail program. A mail is marked as seen once what it asks for is on disk, or it was set aside: one that is
read twice is known. None is in the way of the next."""

import imaplib
import time
from contextlib import suppress
from datetime import datetime

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import Error, connection
from django.utils import timezone

from crm.inbound import arrivals, fetches, imap_client
from crm.models import SetAsideMail
from crm.models.inbound import SetAsideReason, SourceForm
from crm.values import mailbox_url

MOST_AT_ONCE = 200
RUN_SECONDS = 300.0  # no mail is begun after that, so that a run ends by itself before its time limit ends it
MOST_FAILURES = 10  # one after the other: then it is not the mails
MAILBOX = "mailbox"

log = structlog.get_logger("nucleus.mailbox")


def read_new() -> int:
    """Take in what has arrived since the last reading; return how many were new, set aside or not. 0 without IMAP_URL.

    A server that is down costs a line of the log: the mail is still there the next time.
    """
    if not settings.IMAP_URL:
        return 0
    run = _Run(mailbox_url.parse(settings.IMAP_URL))
    try:
        run.read()
    except imap_client.TROUBLE as trouble:
        log.error("mailbox_unreachable", error=type(trouble).__name__)
    return run.new


class _Run:
    """One reading, over as many connections as it takes: a server that drops the line has often one such mail only.

    Each mail is written down before it is asked for (crm/inbound/fetches.py), so that one on which the line drops, or
    this process ends, comes after all others the next time, and is told to a person after the second.
    """

    def __init__(self, where: mailbox_url.Mailbox) -> None:
        self.where = where
        self.ends_at = time.monotonic() + RUN_SECONDS
        self.new = self.failures = 0
        self.tried: set[int] = set()
        self.forgotten: set[int] = set()  # neither kept nor remembered: the database did not answer
        self.fresh: list[int] = []
        self.last = 0
        self.known_of: dict[int, tuple[int, bytes]] = {}  # size and headers, of a mail that may not come

    def goes_on(self) -> bool:
        return self.new < MOST_AT_ONCE and self.failures < MOST_FAILURES and time.monotonic() <= self.ends_at

    def read(self) -> None:
        dropped_on = None
        while self.goes_on():
            try:
                box = imap_client.enter(self.where)
            except imap_client.TROUBLE:
                if dropped_on:
                    fetches.forgive(*dropped_on)  # it is the server that has gone, and not for this mail's sake
                raise
            try:
                mailbox = imap_client.name_of(self.where, box)
                dropped_on = self._take_all(box, mailbox)
                self._move_mark(mailbox)
            finally:
                imap_client.leave(box)
            if dropped_on is None:
                return

    def _move_mark(self, mailbox: str) -> None:
        """Set the mark before the first mail that was not asked for. What did not come is remembered by itself."""
        left = [uid for uid in self.fresh if uid not in self.tried or uid in self.forgotten]
        fetches.set_mark(mailbox, min(left) - 1 if left else self.last)

    def _take_all(self, box: imaplib.IMAP4, mailbox: str) -> tuple[str, int] | None:
        """Take in what waits; return the mailbox and the mail on which the line dropped, if it did. A mail that cannot
        be kept now (a lock, a connection that broke) is tried in the next run."""
        for uid in self._queue(box, mailbox):
            if not self.goes_on():
                break
            self.tried.add(uid)
            try:
                self.new += self._take(box, mailbox, uid)
                self.failures = 0
            except SoftTimeLimitExceeded:
                raise
            except imap_client.TROUBLE as trouble:
                self.failures += 1
                log.error("mail_line_dropped", error=type(trouble).__name__)
                return mailbox, uid
            except Exception as trouble:
                self.failures += 1
                log.error("mail_not_taken_in", error=type(trouble).__name__)
                connection.close_if_unusable_or_obsolete()  # a broken one is replaced for the next mail
                self.forgotten.add(uid)
                with suppress(Error):
                    fetches.put_off(mailbox, uid, now=timezone.now())
                    self.forgotten.discard(uid)
        return None

    def _queue(self, box: imaplib.IMAP4, mailbox: str) -> list[int]:
        """Return what is to be taken, the oldest first, and last what did not come before. Tells a person of what never
        will."""
        waiting = imap_client.unseen(box) | self._later(box, mailbox)
        before = fetches.remembered(mailbox)
        there = waiting | imap_client.still_there(box, before.keys() - waiting)
        for uid, mail in before.items():
            if uid in there and mail.is_given_up and not mail.is_told:
                self.new += _tell(uid, *self.known_of.get(uid, (0, b"")))
                fetches.told(mailbox, uid)
        given_up = {uid for uid, mail in before.items() if mail.is_given_up}
        fetches.forget(mailbox, (before.keys() - there) | (given_up - waiting))
        self.fresh = sorted(waiting - before.keys())
        again = sorted((before.keys() & there) - given_up, key=lambda uid: (before[uid].at, uid))
        return [uid for uid in (*self.fresh, *again) if uid not in self.tried]

    def _later(self, box: imaplib.IMAP4, mailbox: str) -> set[int]:
        """Return what came since the last reading; nothing of a mailbox that was never read: what somebody had opened
        before is history."""
        mark = fetches.mark_of(mailbox)
        if mark is None:
            mark = imap_client.last(box)
            fetches.set_mark(mailbox, mark)
        later = imap_client.later(box, mark)
        self.last = max(later, default=mark)
        return later

    def _take(self, box: imaplib.IMAP4, mailbox: str, uid: int) -> bool:
        """Take one mail in; True when it is new to us. Marked as seen only once it is on disk."""
        now = timezone.now()
        is_suspect = fetches.begin(mailbox, uid, now=now) > 1
        size = imap_client.size(box, uid)
        is_large = size > settings.MAIL_MAX_BYTES
        self.known_of[uid] = (size, b"")
        try:
            headers = imap_client.headers(box, uid) if is_suspect or is_large else None
            self.known_of[uid] = (size, headers or b"")
            content = headers if is_large else imap_client.body(box, uid)
        except imap_client.FetchRefused:
            fetches.arrived(mailbox, uid)
            return _tell(uid, *self.known_of[uid])  # once, and it is asked for again in the next run
        fetches.arrived(mailbox, uid)
        if content is None:  # somebody has removed it
            return False
        kept = (
            _set_aside(content, size, SetAsideReason.TOO_LARGE, now=now)
            if is_large
            else arrivals.take_in(content, came_by=MAILBOX, now=timezone.now())
        )
        imap_client.mark_as_seen(box, uid)
        log.info("mail_came_in", kind=getattr(kept, "kind", "set_aside") if kept else "known")
        return kept is not None


def _set_aside(headers: bytes, size: int, reason: SetAsideReason, *, now: datetime) -> SetAsideMail | None:
    """Set aside the headers of a mail that stays in the mailbox, where a mail program opens it."""
    return arrivals.set_aside(headers, came_by=MAILBOX, reason=reason, now=now, form=SourceForm.HEADERS, size=size)


def _tell(uid: int, size: int, headers: bytes) -> bool:
    """Tell a person, once, of a mail that the server does not hand over, by what is known of it; False if told."""
    log.error("mail_not_fetched")
    told = headers or f"The mail server does not hand over mail {uid} ({size} bytes) of the mailbox.".encode()
    return _set_aside(told, size, SetAsideReason.UNREADABLE, now=timezone.now()) is not None
