"""Celery's entry points. They take ids, call one function and retry nothing: the outbox says what is due again."""

from datetime import timedelta
from typing import Any

import structlog
from celery import Task, shared_task
from celery.signals import (
    after_task_publish,
    beat_init,
    task_postrun,
    task_prerun,
    worker_init,
    worker_shutting_down,
)
from django.db import Error, close_old_connections

from crm import periodic, shutdown, worker_rounds
from crm.db import checks
from crm.enums.leads import URGENT, Pulse
from crm.ops import exclusive_jobs, heartbeat
from crm.outbox import delivery
from crm.safety import alert_webhook

TOGETHER = timedelta(seconds=5)  # ticks of the clock that come closer than this were waiting for a worker

log = structlog.get_logger("nucleus.tasks")

# SIGTERM reaches the worker's main process; the runs in its children end after the mail in hand.
worker_shutting_down.connect(shutdown.ask)


@worker_init.connect
def judge_the_database(**_kwargs: Any) -> None:
    """Judge the database, before the worker forks. Its children must not inherit the connection."""
    checks.refuse_unsafe_database()
    worker_rounds.forget_connections()


@worker_init.connect
def make_rounds(*, sender: Any, **_kwargs: Any) -> None:
    """Begin the rounds, before the worker forks and connects, too: what is urgent is looked after beside it, whatever
    it waits for."""
    worker_rounds.begin(sender.app.amqp.queues.consume_from)


@beat_init.connect
def tell_that_the_clock_strikes(**_kwargs: Any) -> None:
    """Listen to ticks, in beat's process alone: others publish as well."""
    after_task_publish.connect(_struck)


def _struck(**_kwargs: Any) -> None:
    """Note that a tick of the clock has reached the broker."""
    _note(Pulse.BEAT)
    close_old_connections()


@task_prerun.connect
@task_postrun.connect
def tell_that_a_queue_moves(*, task: "Task[Any, Any]", **_kwargs: Any) -> None:
    """Note that a run begins or ends: only this shows that the broker, the worker and a place in it are there. The
    ticks of the clock go through every queue."""
    queue = str((task.request.delivery_info or {}).get("routing_key"))
    if queue in Pulse and not task.request.is_eager:
        _note(Pulse(queue))


def _note(name: Pulse) -> None:
    """Note a beat. Whoever beats goes on when the database is away: the silence tells."""
    try:
        heartbeat.note([name])
    except Error as trouble:
        log.error("beat_not_noted", name=name, error=type(trouble).__name__)


@shared_task(name="crm.send_urgent")
def send_urgent(ids: list[str]) -> int:
    """Send these messages, then whatever else somebody waits for; return how many the mail server accepted."""
    return delivery.send_due(first=ids, classes=URGENT)


@shared_task(name="crm.send_messages")
def send_messages(ids: list[str]) -> int:
    """Send these messages, then whatever else is due; return how many the mail server accepted."""
    return delivery.send_due(first=ids)


@shared_task(name="crm.post_alerts")
def post_alerts(_ids: list[str]) -> int:
    """Call for every alert that is due; return how many calls were accepted."""
    return alert_webhook.post_due()


@shared_task(name="crm.sweep_urgent")
def sweep_urgent() -> int:
    """Call the next circle of unanswered alerts and send what somebody waits for; return how many mails went."""
    return periodic.urgent() if exclusive_jobs.is_first("sweep_urgent", within=TOGETHER) else 0


@shared_task(name="crm.sweep_messages")
def sweep_messages() -> int:
    """Call the next circle of unanswered alerts, then send what is due and what a dead worker left.

    Returns how many mails the mail server accepted.
    """
    return periodic.once() if exclusive_jobs.is_first(periodic.MESSAGES, within=TOGETHER) else 0


@shared_task(name="crm.read_mailbox", time_limit=600, soft_time_limit=570)
def read_mailbox() -> int:
    """Take in replies, bounces and complaints; return how many were new."""
    return periodic.read_mailbox() if exclusive_jobs.is_first("read_mailbox", within=2 * TOGETHER) else 0


@shared_task(name="crm.scan_documents", time_limit=1800, soft_time_limit=1750)
def scan_documents(_ids: list[str]) -> int:
    """Ask the scanner about every document that is due; return how many it judged."""
    return periodic.look_after_documents()


@shared_task(name="crm.look_after_documents", time_limit=1800, soft_time_limit=1750)
def look_after_documents() -> int:
    """Scan, by the clock, what a scanner that was down or a dead worker has left; return how many it judged."""
    return periodic.look_after_documents()
