"""What clinicians decide, and what follows: the door to ReviewDecision and Consultation."""

from datetime import date, datetime

from django.db import transaction

from crm.actions import accounts, events, leads, next_steps, tasks
from crm.actions.next_steps import NextStep
from crm.enums import (
    MAIN_LINE,
    ActivityKind,
    ConsultResult,
    Decision,
    Event,
    Outcome,
    Stage,
    SurgeryDecision,
)
from crm.errors import ReviewRefused
from crm.models import Activity, Consultation, Lead, ReviewDecision, User

DAY_MINUTES = 480  # of opening hours: the next business day
WHAT_NEXT = "Act on the clinician's decision"  # which one, only those read who may


@transaction.atomic
def decide(lead: Lead, *, decision: Decision, reason: str, by: User, now: datetime) -> ReviewDecision:
    """Records what a clinician says about a request. Where the rules say URGENT or a hold stands it needs a second
    person (domain rule: URGENT is never lowered by one person alone) and changes nothing until then.

    Raises ReviewRefused without a reason. Side effects: Activity; see _carry_out.
    """
    if not reason.strip():
        raise ReviewRefused("reason", "Give the reason: whoever looks next has to understand it.")
    locked = Lead.objects.select_for_update(no_key=True, of=("self",)).select_related("location").get(pk=lead.pk)
    made = ReviewDecision.objects.create(
        lead=locked,
        decision=decision,
        reason=reason.strip(),
        by=by,
        at=now,
        needs_second=locked.outcome == Outcome.URGENT or locked.safety_hold,
    )
    words = Decision(decision).label
    summary = f"Review: {words}" if made.is_in_force else f"Review: {words}. A second person has to agree"
    Activity.objects.create(lead=locked, kind=ActivityKind.OUTCOME, at=now, by=by, summary=summary, note=reason)
    if made.is_in_force:
        _carry_out(locked, made, by=by, now=now)
    return made


@transaction.atomic
def agree(made: ReviewDecision, *, by: User, now: datetime) -> None:
    """The second person. Raises ReviewRefused for the first one, for an account that the first one or the same third
    person has had in their hands of late (crm/actions/accounts.py), or when nobody is waited for."""
    locked = (
        ReviewDecision.objects.select_for_update(no_key=True, of=("self",))
        .select_related("lead__location", "by")
        .get(pk=made.pk)
    )
    if locked.is_in_force:
        raise ReviewRefused("", "This decision needs nobody else any more.")
    if locked.by_id == by.pk:
        raise ReviewRefused("", "A second person has to agree: this one is yours.")
    if not accounts.are_two(locked.by, by, now=now):
        raise ReviewRefused("", accounts.NOT_TWO)
    locked.second_by, locked.second_at = by, now
    locked.save(update_fields=["second_by", "second_at"])
    summary = f"Review agreed: {locked.get_decision_display()}"
    Activity.objects.create(lead=locked.lead, kind=ActivityKind.OUTCOME, at=now, by=by, summary=summary)
    _carry_out(locked.lead, locked, by=by, now=now)


def _carry_out(lead: Lead, made: ReviewDecision, *, by: User, now: datetime) -> None:
    """Finishes the reviews that were asked for, opens the coordinator's next step, moves a suitable lead to booking."""
    tasks.end_decided(lead.pk, by=by, now=now)
    due_at = next_steps.due_for(lead, DAY_MINUTES, now=now)
    next_steps.plan(lead, NextStep(WHAT_NEXT, due_at))
    before_booking = MAIN_LINE[: MAIN_LINE.index(Stage.BOOKING)]
    if made.decision == Decision.SUITABLE and lead.stage in before_booking and not lead.safety_hold:
        leads.move(lead, to=Stage.BOOKING, by=None, note=f"Decided by {by}", now=now)
    events.announce(lead, Event.REVIEWED, now=now, key=str(made.pk))


@transaction.atomic
def record_consultation(
    lead: Lead,
    *,
    held_on: date,
    result: ConsultResult,
    surgery: SurgeryDecision | None,
    note: str,
    by: User,
    now: datetime,
) -> Consultation:
    """Records what came of a visit, or corrects what was recorded for that day; moves the lead to Consulted.

    Raises ReviewRefused for a day to come, or for a decision about a procedure that was not recommended.
    """
    if held_on > now.astimezone(lead.location.zone).date():
        raise ReviewRefused("held_on", "This day is still to come.")
    if surgery and result != ConsultResult.PROCEDURE:
        raise ReviewRefused("surgery", "There is nothing to decide: no procedure was recommended.")
    locked = Lead.objects.select_for_update(no_key=True, of=("self",)).select_related("location").get(pk=lead.pk)
    values = {"result": result, "surgery": surgery or "", "note": note, "by": by, "at": now}
    made, _ = Consultation.objects.update_or_create(lead=locked, held_on=held_on, defaults=values)
    summary = f"Consultation: {made.get_result_display()}"
    if made.surgery:
        summary += f". {made.get_surgery_display()}"
    Activity.objects.create(lead=locked, kind=ActivityKind.OUTCOME, at=now, by=by, summary=summary[:200], note=note)
    if locked.stage in MAIN_LINE[: MAIN_LINE.index(Stage.CONSULTED)]:
        leads.move(locked, to=Stage.CONSULTED, by=None, note=f"Recorded by {by}", now=now)
    events.announce(locked, Event.CONSULTED, now=now, key=f"{made.pk}:{now.isoformat()}")
    return made
