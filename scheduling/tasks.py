"""Celery's entry point of scheduling."""

from celery import shared_task

from scheduling import work


@shared_task(name="scheduling.look_after")
def look_after() -> int:
    """Freed times, calls to make, holds to forget."""
    return work.once()
