"""Asks the rules again where nothing but time makes them say something else."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from crm.enums import Stage
from crm.models import Lead
from crm.registry import Happening
from intake import assessments
from intake.models import NextAsk

# Closed, or past what the rules are for. Somebody in nurture is asked: that stage waits for just this.
LEFT_OUT = {Stage.PATIENT, Stage.LOST, Stage.DORMANT, Stage.IMPROVED}
A_ROUND = 500


def ask_due(*, now: datetime, at_most: int = A_ROUND) -> int:
    """Ask for each lead whose day has come, the longest due first; return how many were looked at.

    Each is committed on its own. A lead that somebody writes to just now waits for the next round.
    """
    due = NextAsk.objects.filter(parked=False, due_at__lte=now).order_by("due_at", "pk")
    return sum(_ask(lead_id, now=now) for lead_id in list(due.values_list("pk", flat=True)[:at_most]))


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


def on_move(lead: Lead, happening: Happening) -> None:
    """Listen to crm's events: whoever comes back is asked in the next round."""
    if lead.stage not in LEFT_OUT:
        NextAsk.objects.filter(pk=lead.pk, parked=True).update(parked=False)
