"""What is looked after every fifteen seconds, by Celery's beat or by `manage.py send_due` alone."""

import structlog

from crm import delivery, follow_up, queries, webhook
from crm.actions import assignment, digests, documents, next_steps, safety
from crm.models.message import LATE_AFTER

log = structlog.get_logger("nucleus.sweep")


def once() -> int:
    """Escalates alerts, posts them, carries out steps of sequences, sends mails; returns how many were accepted.

    Alerts first, and each on its own: trouble with one path must not silence the others.
    """
    for look_after in (_escalate, webhook.post_due, _keep_the_desk, follow_up.run_due):
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


def _keep_the_desk() -> int:
    """New leads get an owner, leads of people who left come back, and nobody is forgotten."""
    now = queries.clock()
    assignment.share_out(now=now)
    digests.send_due(now=now)
    assignment.take_back_from_inactive(now=now)
    return next_steps.ensure(now=now)


def _escalate() -> int:
    return safety.escalate(now=queries.clock())
