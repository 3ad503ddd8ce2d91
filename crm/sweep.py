"""What is looked after every fifteen seconds, by Celery's beat or by `manage.py send_due` alone."""

from collections.abc import Callable

import structlog

from crm import delivery, follow_up, queries, webhook
from crm.actions import assignment, digests, documents, next_steps, safety
from crm.models.message import LATE_AFTER

log = structlog.get_logger("nucleus.sweep")


def once() -> int:
    """Escalates alerts, posts them, carries out steps of sequences, sends mails; returns how many were accepted.

    Alerts first, and each on its own: trouble with one path must not silence the others.
    """
    for look_after in (_escalate, webhook.post_due, *_AT_THE_DESK, follow_up.run_due):
        try:
            look_after()
        except Exception as trouble:  # the mails below must go out whatever is wrong here
            log.error("sweep_failed", error=type(trouble).__name__)
    accepted = delivery.send_due()
    _warn_when_late()
    return accepted


def _warn_when_late() -> None:
    """For whoever watches the log: mails have been due for longer than five minutes and did not go."""
    seconds = queries.oldest_due_seconds() or 0.0
    if seconds > LATE_AFTER.total_seconds():
        log.error("mail_is_late", oldest_due_seconds=round(seconds))


def look_after_documents() -> int:
    """Scans what waits and drops uploads that were given up; returns how many documents were judged.

    On its own: a large scan takes minutes, and mails do not wait for it.
    """
    now = queries.clock()
    documents.forget_unfinished(now=now)
    return documents.scan_due(now=now)


def _escalate() -> int:
    return safety.escalate(now=queries.clock())


def _by_the_clock(look_after: Callable[..., int]) -> Callable[[], int]:
    return lambda: look_after(now=queries.clock())


# New leads get an owner, leads of people who left come back, nobody is forgotten, and bells are mailed.
_AT_THE_DESK = [
    _by_the_clock(one)
    for one in (
        assignment.share_out,
        assignment.take_back_from_inactive,
        next_steps.ensure,
        digests.send_due,
    )
]
