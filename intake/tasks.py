"""Celery's entry points of the public face."""

from celery import shared_task

from crm.accounts import sign_in_limits
from crm.admin import once
from crm.db import clock
from crm.ops import exclusive_jobs
from crm.patient_portal import attempts
from intake.assessment import time_passes
from intake.requests import bot_protection, pending


@shared_task(name="intake.forget_old_counts")
def forget_old_counts() -> int:
    """Delete old counts of requests, of wrong tries at the private page and of wrong passwords, and which forms of the
    desk were done; return how many."""
    now = clock.now()
    counts = bot_protection.forget_old_counts() + attempts.forget_old(now=now) + sign_in_limits.forget_old(now=now)
    return counts + once.forget_old(now=now)


@shared_task(name="intake.apply_pending")
def apply_pending(_ids: list[str]) -> int:
    """Let leads follow what browsers have sent that have not shown whose they are; return how much it was."""
    return pending.apply_due(clock.now())


@shared_task(name="intake.ask_where_time_has_passed")
def ask_where_time_has_passed() -> int:
    """Ask the rules again where time makes a difference; return for how many leads. One run at a time."""
    return exclusive_jobs.run("time_passes", lambda: time_passes.ask_due(now=clock.now()))
