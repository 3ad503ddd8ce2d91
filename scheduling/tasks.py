"""Celery's entry point of scheduling."""

from celery import shared_task

from crm.db import clock
from crm.ops import exclusive_jobs
from scheduling import periodic
from scheduling.calendars import external_calendars


@shared_task(name="scheduling.look_after")
def look_after() -> int:
    """Run the minute's work: freed times, calls to make, holds to forget."""
    return periodic.once()


@shared_task(name="scheduling.read_calendars", time_limit=600, soft_time_limit=570)
def read_calendars() -> int:
    """Read providers' own calendars, each every ten minutes; returns how many answered. One run at a time."""
    return exclusive_jobs.run("calendars", lambda: external_calendars.refresh_due(now=clock.now()))
