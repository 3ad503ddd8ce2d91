"""A clinician's word that the packet for the insurer may go out although a safety hold or a review is open."""

from datetime import datetime

from django.db import transaction

from crm.actions import decisions
from crm.enums import ActivityKind, TaskKind
from crm.models import Activity, Lead, Task, User
from intake import assessments
from intake.insurance import InsuranceRefused

DETAIL = "packet_at_assessment"


def is_needed(lead: Lead) -> bool:
    """Return whether the packet waits for a clinician: a hold or a review is open, and nobody has said yes to the
    record as it is now. Three queries at most."""
    opened = Task.objects.open().filter(lead=lead, kind=TaskKind.REVIEW).order_by("-created_at").first()
    if not lead.safety_hold and opened is None:
        return False
    given = Activity.objects.filter(lead=lead, kind=ActivityKind.INSURANCE, details__has_key=DETAIL)
    latest = given.order_by("-at", "-pk").first()
    return latest is None or latest.details[DETAIL] != _number(lead) or bool(opened and opened.created_at > latest.at)


@transaction.atomic
def give(lead: Lead, *, reason: str, by: User, now: datetime, seen: int | None = None) -> None:
    """Note that the packet may go out, for the record as it is now. Raises InsuranceRefused without a reason, OutOfDate
    when something came since `seen`, the number that the page showed."""
    if not reason.strip():
        raise InsuranceRefused("Say why it may go out: the reason stays in the record.")
    decisions.known(Lead.objects.select_for_update(no_key=True).get(pk=lead.pk), seen=seen)
    summary = "The packet for the insurer may go out"
    details = {DETAIL: _number(lead)}
    Activity.objects.create(
        lead=lead, kind=ActivityKind.INSURANCE, at=now, by=by, summary=summary, note=reason.strip(), details=details
    )


def _number(lead: Lead) -> int:
    latest = assessments.latest(lead)
    return latest.number if latest else 0
