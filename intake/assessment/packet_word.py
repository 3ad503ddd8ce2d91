"""A clinician's word that the packet for the insurer may go out although a safety hold or a review is open."""

from datetime import datetime

from django.db import transaction
from django.db.models import Max, Q

from crm.enums.leads import ActivityKind, TaskKind
from crm.errors import OutOfDate
from crm.leads import decisions
from crm.models import Activity, Lead, Task, User
from intake.assessment import actions as assessments
from intake.assessment.insurance import InsuranceRefused
from intake.models import Submission, Unproven

DETAIL, WAITED = "packet_at_assessment", "packet_at_entry"
BESIDE = "What was sent and is not in the record yet is something else by now. It stands on the page of the lead."


def is_needed(lead: Lead) -> bool:
    """Return whether the packet waits for a clinician: a hold or a review is open, and nobody has said yes to the
    record as it is now and to what waits beside it. Four queries at most."""
    opened = Task.objects.open().filter(lead=lead, kind=TaskKind.REVIEW).order_by("-created_at").first()
    if not lead.safety_hold and opened is None:
        return False
    given = Activity.objects.filter(lead=lead, kind=ActivityKind.INSURANCE, details__has_key=DETAIL)
    latest = given.order_by("-at", "-pk").first()
    if latest is None or latest.details[DETAIL] != _number(lead) or (opened and opened.created_at > latest.at):
        return True
    return newest_waiting(lead) > int(latest.details.get(WAITED, 0))


@transaction.atomic
def give(
    lead: Lead, *, reason: str, by: User, now: datetime, seen: int | None = None, waited: int | None = None
) -> None:
    """Note that the packet may go out, for the record as it is now and what waits beside it.

    `seen`, `waited`: the number of the record and newest_waiting as the page showed them; None without a page. Raises
    InsuranceRefused without a reason, OutOfDate when something came since."""
    if not reason.strip():
        raise InsuranceRefused("Say why it may go out: the reason stays in the record.")
    decisions.known(Lead.objects.select_for_update(no_key=True).get(pk=lead.pk), seen=seen)
    waits = newest_waiting(lead)
    if waited is not None and waits != waited:
        raise OutOfDate((BESIDE,))
    summary = "The packet for the insurer may go out"
    details = {DETAIL: _number(lead), WAITED: waits}
    Activity.objects.create(
        lead=lead, kind=ActivityKind.INSURANCE, at=now, by=by, summary=summary, note=reason.strip(), details=details
    )


def newest_waiting(lead: Lead) -> int:
    """Return the entry of what was sent last and is in no assessment yet: it waits for somebody to look, or for a
    worker; 0 when nothing does. One query."""
    waits = Q(unproven__state=Unproven.WAITING) | Q(unproven=None, pending__isnull=False)
    newest: int | None = Submission.objects.filter(waits, lead=lead).aggregate(newest=Max("entry"))["newest"]
    return newest or 0


def _number(lead: Lead) -> int:
    latest = assessments.latest(lead)
    return latest.number if latest else 0
