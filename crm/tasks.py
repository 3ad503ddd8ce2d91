"""Celery's entry points. They take ids, call one function and retry nothing: the outbox says what is due again."""

from celery import shared_task

from crm import delivery


@shared_task(name="crm.send_messages", expires=60)
def send_messages(ids: list[str]) -> int:
    """Sends these messages, then whatever else is due; returns how many the relay accepted."""
    return delivery.send_due(first=ids)


@shared_task(name="crm.sweep_messages", expires=15)
def sweep_messages() -> int:
    """Takes back what a dead worker left and sends what is due; returns how many the relay accepted."""
    return delivery.send_due()
