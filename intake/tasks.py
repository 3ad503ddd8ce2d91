"""Celery's entry points of the public face."""

from celery import shared_task

from crm import queries, tries
from intake import guard


@shared_task(name="intake.forget_old_counts")
def forget_old_counts() -> int:
    """Deletes the door's counters of past days, and wrong tries at the private page's; returns how many."""
    return guard.forget_old_counts() + tries.forget_old(now=queries.clock())
