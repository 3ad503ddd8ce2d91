"""From the outbox to the mail server: claim, send, finish. docs/delivery.md says what is promised.

No transaction is open while the network is waited for. A worker may die between any two lines: what it had claimed
is taken back when its lease runs out, and what it still tries to write afterwards is refused by the lease token.
"""

import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from crm import shutdown
from crm.db import clock
from crm.enums.leads import AUTOMATED, URGENT, EnrollmentState, MessageClass, MessageState
from crm.leads import notifications
from crm.mail import mime, relay_factory, reply_addresses
from crm.mail import status as mail_status
from crm.mail import templates as mail_templates
from crm.mail.relay import Interrupted, Lost, MailRefused, RefusesUs, Relay, Unreachable
from crm.models import Message
from crm.outbox import rate_limit, readdressing, send_rules, settlement, withdrawn_steps
from crm.patient_portal import access as patient_access

BATCH = 50
# Steps of the conversation (10-20 s) < one run < Celery's task limit (90 s) < lease < the broker's visibility timeout.
RUN_SECONDS = 40.0
LEASE = timedelta(seconds=120)
JUDGE_AGAIN = timedelta(minutes=15)
LEFT_ALONE = timedelta(minutes=1)  # at least, by all workers, after a server refused us or could not be reached
# In a row, whoever handed them over: over some mails a server may stumble, and goes on with the others.
MOST_BROKEN_OFF = 2

Written = tuple[Message, bytes, str]  # with its bytes, and where it returns to

log = structlog.get_logger("nucleus.delivery")


class _BrokenOff(Exception):
    """The conversation ended over one mail, which is settled: that mail may be the reason, or the server."""


def send_due(*, first: Sequence[str] = (), classes: Sequence[MessageClass] = ()) -> int:
    """Take back what dead workers left, then send what is due, the messages `first` before all others; only those of
    the `classes`, if any are named.

    Returns how many the mail server accepted. Ends when nothing is due, after RUN_SECONDS, when the server cannot be
    reached or wants to be left alone, or when asked to stop; what was claimed and not begun goes back to the queue. Any
    number may run at once.
    """
    if mail_status.is_paused():
        return 0
    take_back()
    if mail_status.has_to_wait():
        return 0
    accepted, ends_at = 0, time.monotonic() + RUN_SECONDS
    with closing(relay_factory.to(mail_status.server())) as relay, shutdown.heeded(on_late=relay.abort):
        batch = claim(only=first, classes=classes) if first else []
        while batch := batch or claim(classes=classes):
            count, go_on = _send_batch(batch, relay=relay, ends_at=ends_at)
            accepted += count
            if not go_on:
                break
            batch = []
    return accepted


def claim(*, only: Sequence[str] = (), classes: Sequence[MessageClass] = ()) -> list[Message]:
    """Claim up to BATCH due messages, now `sending` under one lease token; those that may not go are settled, or wait.

    Two statements under row locks instead of one UPDATE … IN (SELECT … LIMIT … SKIP LOCKED): the planner may run that
    subquery more than once and claim more than the limit.
    """
    wanted = ({"pk__in": only} if only else {}) | ({"message_class__in": classes} if classes else {})
    while True:
        with transaction.atomic():
            due = Message.objects.due().filter(**wanted)
            locked = list(
                due.select_for_update(no_key=True, skip_locked=True, of=("self",))
                .select_related("lead__location", "topic", "enrollment__version")
                .annotate(clock=Now())
                .order_by("due_at", "pk")[:BATCH]
            )
            ready = _paced(_judged(readdressing.follow(locked)))
            _lease(ready)
        if ready or not locked:
            return ready


def take_back() -> int:
    """Settle what workers claimed and did not finish before the lease ran out; return how many.

    Before the content began it is queued again. After that nobody knows, and the message's own policy decides.
    """
    with transaction.atomic():
        abandoned = list(
            Message.objects.abandoned()
            .select_for_update(no_key=True, skip_locked=True, of=("self",))
            .select_related("lead")
            .order_by("lease_until", "pk")
        )
        for message in abandoned:
            if message.state == MessageState.SENDING:
                settlement.finish(message, MessageState.QUEUED, reason="A worker stopped before sending")
            else:
                begun = message.lease_until - LEASE if message.lease_until else None  # see _HAND_OVER
                settlement.unknown(message, reason="A worker stopped while handing the mail over", at=begun)
    return len(abandoned)


def in_order(messages: list[Message]) -> list[Message]:
    """Sort messages: what somebody waits for before all else, then by when they are due; of those due together, what
    the person asked for before what we offer."""

    def place(message: Message) -> tuple[bool, datetime, int]:
        return (
            message.message_class not in URGENT,
            message.due_at,
            MessageClass.values.index(message.message_class),
        )

    return sorted(messages, key=place)


def _judged(locked: list[Message]) -> list[Message]:
    """Return the messages that may go now, in order; settle the others, or have them wait until they may."""
    if not locked:
        return []
    now: datetime = locked[0].clock  # type: ignore[attr-defined]  # annotated in claim
    background = send_rules.background(locked, now=now)
    ready = []
    for message in in_order(locked):
        found = _obstacle(message, now=now, background=background)
        if found is None:
            ready.append(message)
            if message.message_class in AUTOMATED and message.lead_id:
                background.sent[message.lead_id].append(now)
        elif found.until:
            not_after = found.not_after or message.not_after
            Message.objects.filter(pk=message.pk).update(due_at=found.until, reason=found.reason, not_after=not_after)
        else:
            settlement.finish(message, found.state, reason=found.reason, wants_a_person=found.wants_a_person)
            if message.enrollment is not None and message.enrollment.state == EnrollmentState.PAUSED:
                withdrawn_steps.open_again([message.pk])
    return ready


def _obstacle(message: Message, *, now: datetime, background: send_rules.Background) -> send_rules.Obstacle | None:
    """Return what is in the way of a mail, or None. One that cannot be judged waits, and a person is told once: it
    holds up no other."""
    try:
        return send_rules.obstacle(message, now=now, background=background)
    except DatabaseError:  # nothing more can be asked in this transaction
        raise
    except Exception as trouble:
        log.error("not_judged", message=str(message.pk), error=type(trouble).__name__)
        reason = f"Nobody can tell whether it may go ({type(trouble).__name__})"
        settlement.open_task(message, reason=reason)
        return send_rules.Obstacle(MessageState.QUEUED, reason, until=now + JUDGE_AGAIN)


def _paced(ready: list[Message]) -> list[Message]:
    """Return the messages without those that are too many at once for their domain; these wait a little."""
    held = rate_limit.hold_back(ready, now=ready[0].clock) if ready else {}  # type: ignore[attr-defined]  # see claim
    for message, until in held.items():
        Message.objects.filter(pk=message.pk).update(due_at=until, reason="Waits: so many mails a minute to a domain")
    return [message for message in ready if message not in held]


def _lease(messages: list[Message]) -> None:
    token = uuid.uuid4()
    Message.objects.filter(pk__in=[message.pk for message in messages]).update(
        state=MessageState.SENDING,
        lease_token=token,
        lease_until=Now() + LEASE,
        attempts=F("attempts") + 1,
    )
    for message in messages:
        message.state, message.lease_token, message.attempts = MessageState.SENDING, token, message.attempts + 1


def _send_batch(batch: list[Message], *, relay: Relay, ends_at: float) -> tuple[int, bool]:
    """Send the mails one after another. Return how many were accepted, and whether it is worth claiming more."""
    accepted, ready, go_on, is_shaky = 0, _written(batch), True, True
    while ready:
        message, content, returns_to = ready[0]
        if shutdown.is_asked() or time.monotonic() > ends_at:
            settlement.release([one for one, *_ in ready])
            return accepted, False
        try:
            accepted += _send(message, content, relay=relay, returns_to=returns_to)
            ready = ready[1:]
            if is_shaky:  # others may have come one by one before
                mail_status.forget_broken_off()
                is_shaky = False
        except _BrokenOff as trouble:
            ready, is_shaky = ready[1:], True
            if mail_status.count_broken_off(message.pk) > MOST_BROKEN_OFF:
                ready, go_on = _after_trouble(ready, Unreachable(str(trouble))), False
        except Unreachable as trouble:
            if shutdown.is_asked():
                settlement.release([one for one, *_ in ready])
                return accepted, False
            ready, go_on = _after_trouble(ready, trouble), False
    return accepted, go_on


def _after_trouble(ready: list[Written], trouble: Unreachable) -> list[Written]:
    """Put off every mail that the trouble is about, and blame none; return the others, of senders that may go on."""
    if not isinstance(trouble, RefusesUs):
        settlement.postpone([one for one, *_ in ready], reason=f"The mail server cannot be reached ({trouble})")
        mail_status.wait_for(LEFT_ALONE)
        _tell_administrators("cannot be reached", trouble, kind="away")
        return []
    first = ready[0][0]
    about = [one for one, *_ in ready if not trouble.only_sender or one.sender_email == first.sender_email]
    does = "Put off by the mail server" if trouble.is_passing else "The mail server refuses us"
    settlement.postpone(about, reason=f"{does} ({trouble})", last=None if trouble.only_sender else first)
    if not trouble.only_sender:
        mail_status.wait_for(max(trouble.wait, LEFT_ALONE))
    if not (trouble.only_sender and trouble.is_passing):
        does, kind = ("takes no mail for now", "away") if trouble.is_passing else ("refuses us", "refuses-us")
        _tell_administrators(does, trouble, kind=kind, sender=first.sender_email if trouble.only_sender else "")
    return [entry for entry in ready if entry[0] not in about]


def _tell_administrators(does: str, trouble: Unreachable, *, kind: str, sender: str = "") -> None:
    """Tell the administrators of trouble once a day, and of each `sender` that alone is refused. What passes by itself
    counts apart from what somebody has to mend: `kind`."""
    now = clock.now()
    title = f"The mail server {does} ({trouble}): mail {f'from {sender} ' if sender else ''}waits"
    notifications.tell_role("administrator", title=title, lead=None, key=f"{kind}:{now:%Y-%m-%d}:{sender}", now=now)


def _written(batch: list[Message]) -> list[Written]:
    """Build the bytes of each mail, and find where it returns to: the address of its thread at the mailbox that is
    read, if there is one, else its sender. A mail that cannot be built fails alone and holds up no other."""
    if not batch:
        return []
    now: datetime = getattr(batch[0], "clock", None) or clock.now()  # a code lives ten minutes: by one clock
    filled = [message for message in batch if _try(message, mail_templates.fill) is not None]
    tokens, replies = patient_access.make_links(filled, now=now), reply_addresses.reply_addresses(filled)

    def as_bytes(message: Message) -> bytes:
        message.handed_over_at = message.handed_over_at or now  # an old date would sort below newer mail
        whole = patient_access.with_secrets(message, now=now, token=tokens.get(message.pk, ""))
        return mime.as_bytes(whole, reply_to=replies.get(message.pk, ""))

    contents = ((message, _try(message, as_bytes)) for message in filled)
    written = ((message, content) for message, content in contents if isinstance(content, bytes))
    return [(message, content, replies.get(message.pk) or message.sender_email) for message, content in written]


def _try(message: Message, write: Callable[[Message], bytes | Message]) -> bytes | Message | None:
    """Return what `write` makes of a message; when it cannot, None, and the message has failed, with a task."""
    try:
        return write(message)
    except Exception as error:  # whatever is wrong with it, it is wrong with this mail alone
        reason = f"The mail could not be built ({type(error).__name__})"
        settlement.finish(message, MessageState.FAILED, reason=reason, wants_a_person=True)
        return None


def _send(message: Message, content: bytes, *, relay: Relay, returns_to: str) -> bool:
    """Send one mail, from the envelope to the finished row. True when the server accepted it and the row says so.

    Raises Unreachable, with nothing handed over, and _BrokenOff, with the mail put off or in doubt.
    """
    try:
        relay.offer(sender=mime.in_ascii(returns_to), recipient=mime.deliverable(message.to_email) or "")
        if not _begin_handing_over(message):
            relay.withdraw()
            return False
        relay.hand_over(content)
    except MailRefused as refused:
        settlement.after_refusal(message, refused)
    except Interrupted as trouble:
        settlement.postpone([message], reason=f"The mail server hung up ({trouble})", last=message)
        raise _BrokenOff(str(trouble)) from None
    except Lost as trouble:
        reason = f"The connection broke off while handing the mail over ({trouble})"
        settlement.unknown(message, reason=reason, repeatable=trouble.repeatable)
        raise _BrokenOff(str(trouble)) from None
    else:
        return _sent(message)
    return False


# The two statements that every mail takes, as they are: Django's query builder takes longer than PostgreSQL for them.
_HAND_OVER = """
UPDATE crm_message SET state = 'in_data', lease_until = statement_timestamp() + %s,
    handed_over_at = %s, subject = %s, text = %s, html = %s, calendar = %s
WHERE id = %s AND lease_token = %s AND state = 'sending'
"""
_SENT = """
UPDATE crm_message SET state = 'sent', reason = '', lease_token = NULL, lease_until = NULL,
    finished_at = statement_timestamp()
WHERE id = %s AND lease_token = %s AND state = 'in_data'
"""


def _begin_handing_over(message: Message) -> bool:
    """Commit `in_data` and renew the lease. False when the lease was lost, to another worker or because somebody opted
    out this moment: the mail must not be handed over."""
    words = (message.subject, message.text, message.html, message.calendar)
    if not _update(_HAND_OVER, LEASE, message.handed_over_at, *words, message.pk, message.lease_token):
        return settlement.fenced(message)
    message.state = MessageState.IN_DATA
    return True


def _sent(message: Message) -> bool:
    """Note that the server accepted a mail; False when somebody else took the message over meanwhile."""
    if not _update(_SENT, message.pk, message.lease_token):
        return settlement.fenced(message)
    log.info("message", message=str(message.pk), state="sent", attempts=message.attempts, reason="")
    return True


def _update(statement: str, *values: Any) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return bool(cursor.rowcount)
