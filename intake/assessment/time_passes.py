"""Asks the rules again where nothing but time makes them say something else."""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction

from crm.enums.leads import Stage
from crm.inbound import arrivals
from crm.models import Lead
from crm.registry import DomainEvent
from intake.assessment import actions as assessments
from intake.models import NextAsk

# Closed, or past what the rules are for. Somebody in nurture is asked: that stage waits for just this.
LEFT_OUT = {Stage.PATIENT, Stage.LOST, Stage.DORMANT, Stage.IMPROVED}
A_ROUND = 500
AGAIN_AFTER = timedelta(hours=1)

log = structlog.get_logger("nucleus.time_passes")


def ask_due(*, now: datetime, at_most: int = A_ROUND) -> int:
    """Ask for each lead whose day has come, the longest due first; return how many were looked at.

    Each is committed on its own. A lead that somebody writes to just now waits for the next round, and one that cannot
    be asked holds up no other: it is tried again after AGAIN_AFTER.
    """
    due = NextAsk.objects.filter(parked=False, due_at__lte=now).order_by("due_at", "pk")
    return sum(_ask_alone(lead_id, now=now) for lead_id in list(due.values_list("pk", flat=True)[:at_most]))


def _ask_alone(lead_id: UUID, *, now: datetime) -> bool:
    try:
        return _ask(lead_id, now=now)
    except SoftTimeLimitExceeded:
        raise
    except Exception as trouble:
        if arrivals.is_of_the_moment(trouble):
            raise
        log.error("time_not_asked", lead=str(lead_id), exc_info=trouble)
        NextAsk.objects.filter(pk=lead_id).update(due_at=now + AGAIN_AFTER)
        return True


@transaction.atomic
def _ask(lead_id: UUID, *, now: datetime) -> bool:
    locked = Lead.objects.select_for_update(no_key=True, of=("self",), skip_locked=True)
    lead = locked.select_related("location").filter(pk=lead_id).first()
    if lead is None or not NextAsk.objects.filter(pk=lead_id, parked=False, due_at__lte=now).exists():
        return False
    if lead.stage in LEFT_OUT:
        NextAsk.objects.filter(pk=lead_id).update(parked=True)
    else:
        assessments.assess_locked(lead, cause="Time passed", now=now, time_passed=True)
    return True


def on_move(lead: Lead, happening: DomainEvent) -> None:
    """Listen to crm's events: whoever comes back is asked in the next round."""
    if lead.stage not in LEFT_OUT:
        NextAsk.objects.filter(pk=lead.pk, parked=True).update(parked=False)
