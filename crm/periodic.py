"""What is looked after every fifteen seconds, by Celery's beat, by each worker or by `manage.py send_due` alone.

Any number may run at once, everywhere: each row is claimed before something is done about it.
"""

from collections.abc import Callable
from functools import partial

import structlog

from crm import registry
from crm.db import clock
from crm.documents import actions as documents
from crm.documents import scanning
from crm.enums.leads import URGENT
from crm.followups import step_runner
from crm.inbound import imap
from crm.leads import assignment, next_steps
from crm.mail import status as mail_status
from crm.models.message import LATE_AFTER
from crm.ops import exclusive_jobs
from crm.outbox import delivery, digests
from crm.safety import alert_webhook, alerts

MESSAGES = "sweep_messages"  # the job, to crm/ops/exclusive_jobs.py

log = structlog.get_logger("nucleus.sweep")


def once() -> int:
    """Escalate alerts, post them, carry out steps of sequences, send mails; return how many were accepted.

    Alerts first, and each on its own: trouble with one path must not silence the others.
    """
    accepted = urgent()
    for look_after in (*_of_the_apps_above(), *_AT_THE_DESK, step_runner.run_due):
        _each_alone(look_after)
    accepted += delivery.send_due()
    _warn_when_late()
    return accepted


def urgent() -> int:
    """Call the next circle of unanswered alerts and send what somebody waits for; return how many mails were accepted.
    The mails go before the calls: a pager service that hangs holds up nothing but itself."""
    _each_alone(_escalate)
    accepted = _each_alone(_send_urgent)
    _each_alone(alert_webhook.post_due)
    return accepted


def _each_alone(look_after: Callable[[], int]) -> int:
    try:
        return look_after()
    except Exception as trouble:  # what comes after it must happen whatever is wrong here
        log.error("sweep_failed", error=type(trouble).__name__)
        return 0


def _send_urgent() -> int:
    return delivery.send_due(classes=URGENT)


def _warn_when_late() -> None:
    """Log, for whoever watches, that mails have been due for longer than five minutes and did not go."""
    seconds = mail_status.oldest_due_seconds() or 0.0
    if seconds > LATE_AFTER.total_seconds():
        log.error("mail_is_late", oldest_due_seconds=round(seconds))


def look_after_documents() -> int:
    """Scan what waits and drop uploads that were given up; return how many documents were judged.

    One run at a time, and never before the mails: a large scan takes minutes.
    """
    return exclusive_jobs.run("documents", _look_after_documents)


def read_mailbox() -> int:
    """Take in replies, bounces and complaints; return how many were new. One run at a time."""
    return exclusive_jobs.run("mailbox", imap.read_new)


def _look_after_documents() -> int:
    now = clock.now()
    documents.forget_unfinished(now=now)
    return scanning.scan_due(now=now)


def _escalate() -> int:
    return alerts.escalate(now=clock.now())


def _by_the_clock(look_after: Callable[..., int]) -> Callable[[], int]:
    return lambda: look_after(now=clock.now())


def _of_the_apps_above() -> list[Callable[[], int]]:
    return [partial(work, clock.now()) for work in registry.periodic_work()]


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
