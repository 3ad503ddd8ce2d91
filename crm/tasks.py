"""Celery's entry points. They take ids, call one function and retry nothing: the outbox says what is due again."""

from typing import Any

from celery import shared_task
from celery.signals import worker_init, worker_shutting_down
from django.db import connection

from crm import delivery, durability, mailbox, stopping, sweep, webhook

# SIGTERM reaches the worker's main process; the runs in its children end after the mail in hand.
worker_shutting_down.connect(stopping.ask)


@worker_init.connect
def judge_the_database(**_kwargs: Any) -> None:
    """Before the worker forks. Its children must not inherit the connection."""
    durability.refuse_unsafe_database()
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's wrapper has it


@shared_task(name="crm.send_messages")
def send_messages(ids: list[str]) -> int:
    """Sends these messages, then whatever else is due; returns how many the mail server accepted."""
    return delivery.send_due(first=ids)


@shared_task(name="crm.post_alerts")
def post_alerts(_ids: list[str]) -> int:
    """Calls for every alert that is due; returns how many calls were accepted."""
    return webhook.post_due()


@shared_task(name="crm.sweep_messages")
def sweep_messages() -> int:
    """Calls the next circle of unanswered alerts, then sends what is due and what a dead worker left.

    Returns how many mails the mail server accepted.
    """
    return sweep.once()


@shared_task(name="crm.read_mailbox", time_limit=600, soft_time_limit=570)
def read_mailbox() -> int:
    """Takes in replies, bounces and complaints; returns how many were new."""
    return mailbox.read_new()


@shared_task(name="crm.scan_documents", time_limit=1800, soft_time_limit=1750)
def scan_documents(_ids: list[str]) -> int:
    """Asks the scanner about every document that is due; returns how many it judged."""
    return sweep.look_after_documents()


@shared_task(name="crm.look_after_documents", time_limit=1800, soft_time_limit=1750)
def look_after_documents() -> int:
    """The same by the clock: what a scanner that was down or a dead worker has left."""
    return sweep.look_after_documents()
