"""What becomes of a message that a worker has in its hands: the end of its hold, and of what nobody can know.

Every write names the lease token: whoever came back too late changes nothing.
"""

from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from crm.db import clock
from crm.enums.leads import LEASED_STATES, MessageState, OnUnknown, TaskKind
from crm.mail import emails
from crm.mail import status as mail_status
from crm.mail.relay import MailRefused
from crm.models import Message, Task
from crm.models.task import ABOUT_A_MAIL

# Seconds until the next attempt, by attempts made. Greylisting wants a second visit soon; all else wants patience.
SOON: tuple[int, ...] = (10, 30, 60, 120, 300, 600, 900)
PATIENT: tuple[int, ...] = (60, 120, 300, 600, 1200, 1800)

FINAL = {MessageState.SENT, MessageState.FAILED, MessageState.CANCELLED, MessageState.SUPPRESSED}

log = structlog.get_logger("nucleus.delivery")


def finish(
    message: Message,
    state: MessageState,
    *,
    reason: str = "",
    wait: timedelta | None = None,
    wants_a_person: bool = False,
    at: datetime | None = None,
) -> bool:
    """End this worker's hold on a message. False, and nothing changed, when somebody else took it over.

    A queued message is due after `wait`. It ended `at`, or now: the caps count from there. With `wants_a_person` one
    task of this attempt tells the desk.
    """
    values: dict[str, Any] = {"state": state, "reason": reason, "lease_token": None, "lease_until": None}
    if wait is not None:
        values["due_at"] = Now() + wait
    if state in FINAL or state == MessageState.UNKNOWN:
        values["finished_at"] = at or Now()
    held = Message.objects.filter(pk=message.pk, state=message.state, lease_token=message.lease_token)
    with transaction.atomic() if wants_a_person else nullcontext():
        if not held.update(**values):
            return fenced(message)
        if wants_a_person:
            open_task(message, reason=reason)
    log.info("message", message=str(message.pk), state=str(state), attempts=message.attempts, reason=reason)
    return True


def fenced(message: Message) -> bool:
    """Count a worker that came back after its lease and was refused what it wanted to write (crm/ops/metrics.py).
    Always returns False."""
    log.warning("lease_lost", message=str(message.pk))
    mail_status.count_fenced()
    return False


def after_refusal(message: Message, refused: MailRefused) -> None:
    """Settle a mail to which the server said no: failed, with a task, or queued for later."""
    if refused.is_permanent:
        reason = f"Refused by the mail server ({refused})"
        finish(message, MessageState.FAILED, reason=reason, wants_a_person=True)
        return
    wait = _step(SOON if refused.is_greylisting else PATIENT, message.attempts)
    finish(message, MessageState.QUEUED, reason=f"Put off by the mail server ({refused})", wait=wait)


def unknown(message: Message, *, reason: str, repeatable: bool = False, at: datetime | None = None) -> None:
    """Settle a mail of which nobody can know whether it was accepted, by its policy: send again under the same
    Message-ID, or wait for a person. Where the far end takes the same mail only once, repeating it is safe for every
    policy. `at`: when it was handed over, unless that was now; if it arrived, it arrived then."""
    if repeatable or message.on_unknown == OnUnknown.RESEND:
        finish(message, MessageState.QUEUED, reason=reason, wait=_step(SOON, message.attempts))
    else:
        finish(message, MessageState.UNKNOWN, reason=reason, wants_a_person=True, at=at)


def postpone(messages: list[Message], *, reason: str, last: Message | None = None) -> None:
    """Queue messages for later, by how often each was tried. `last` waits twice as long as the others, however often,
    lest it be the first again and stop them each time."""
    for message in messages:
        wait = _step(PATIENT, message.attempts) * (1 + (message is last))
        finish(message, MessageState.QUEUED, reason=reason, wait=wait)


def release(messages: list[Message]) -> None:
    """Give messages back to the queue as if never claimed: only those that were certainly not handed over."""
    Message.objects.filter(
        pk__in=[message.pk for message in messages], lease_token=messages[0].lease_token, state__in=LEASED_STATES
    ).update(state=MessageState.QUEUED, lease_token=None, lease_until=None, attempts=F("attempts") - 1)


def open_task(message: Message, *, reason: str) -> None:
    """Open a task about a mail to a lead that did not arrive, once an attempt. Not about the notice to a former
    address, which may have been changed because it does not work."""
    if message.lead is None or message.name == emails.ADDRESS_CHANGED:
        return
    task = Task(
        lead=message.lead,
        kind=TaskKind.MAIL_PROBLEM,
        title=f"Mail did not arrive: {reason}"[:120],
        due_at=clock.now(),
        key=f"{ABOUT_A_MAIL}{message.pk}:{message.attempts}",
    )
    Task.objects.bulk_create([task], ignore_conflicts=True)


def _step(ladder: tuple[int, ...], attempts: int) -> timedelta:
    return timedelta(seconds=ladder[min(attempts, len(ladder)) - 1])
