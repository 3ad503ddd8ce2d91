"""What clinicians decide, and what follows: the door to ReviewDecision and Consultation."""

from collections.abc import Callable, Iterable
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet

from crm import registry
from crm.accounts import actions as accounts
from crm.enums.leads import (
    MAIN_LINE,
    OPEN_STAGES,
    ActivityKind,
    ConsultResult,
    Decision,
    Event,
    Outcome,
    Stage,
    SurgeryDecision,
    TaskKind,
)
from crm.errors import OutOfDate, ReviewRefused
from crm.leads import actions as leads
from crm.leads import decisions, events, imaging, next_steps, tasks
from crm.leads.next_steps import NextStep
from crm.models import Activity, Consultation, ImagingStudy, Lead, ReviewDecision, Task, User
from crm.values.partial_dates import impossible

DAY_MINUTES = 480  # of opening hours: the next business day
OF_A_REPORT = "report-review:"  # how the keys begin of reviews of what nobody has proven yet
WHAT_NEXT = "Act on the clinician's decision"  # which one, only those read who may


@transaction.atomic
def decide(
    lead: Lead,
    *,
    decision: Decision,
    reason: str,
    by: User,
    now: datetime,
    seen: int | None = None,
    earlier: str | None = None,
    study: ImagingStudy | None = None,
    study_seen: str | None = None,
) -> ReviewDecision:
    """Record what a clinician says about a request. Where the rules say URGENT or a hold stands, it needs a second
    person (domain rule: URGENT is never lowered by one person alone) and changes nothing until then.

    It covers the warning signs of the record as it stands, and `study`, an imaging study that was looked at with it, in
    the version `study_seen`. `seen`, `earlier`: as in crm/leads/decisions.py. Raises OutOfDate when something came
    since, a colleague's decision too, and ReviewRefused without a reason or for a study that is not there to be
    reviewed. Side effects: Activity; an earlier decision that still waits is void; see _carry_out.
    """
    if not reason.strip():
        raise ReviewRefused("reason", "Give the reason: whoever looks next has to understand it.")
    locked = Lead.objects.select_for_update(no_key=True, of=("self",)).select_related("location").get(pk=lead.pk)
    basis, before = decisions.known(locked, seen=seen), latest(locked)
    decisions.follows(before, earlier=earlier, words=lambda: in_words(before))
    _check_study(locked, study, seen=study_seen)
    _void(ReviewDecision.objects.waiting().filter(lead=locked), "Another decision followed.", now=now)
    made = ReviewDecision.objects.create(
        lead=locked,
        decision=decision,
        reason=reason.strip(),
        by=by,
        at=now,
        needs_second=locked.outcome == Outcome.URGENT or locked.safety_hold,
        seen=basis.number,
        signs=list(basis.signs),
        study=study,
    )
    _tell(made, now=now)
    if made.is_in_force:
        _carry_out(locked, made, by=by, now=now)
    return made


def _tell(made: ReviewDecision, *, now: datetime) -> None:
    """Write on the timeline what was decided, and that a second person has to agree where that is so."""
    words = Decision(made.decision).label
    summary = f"Review: {words}" if made.is_in_force else f"Review: {words}. A second person has to agree"
    kind = ActivityKind.OUTCOME
    Activity.objects.create(lead=made.lead, kind=kind, at=now, by=made.by, summary=summary, note=made.reason)


@transaction.atomic
def agree(made: ReviewDecision, *, by: User, now: datetime, seen: int | None = None) -> None:
    """Record that a second person agrees, and carry the decision out. Raises ReviewRefused for the first person, for an
    account that the first one or the same third person has had in their hands of late (crm/accounts/actions.py), when
    nobody is waited for, when the decision is void, or when its imaging is not the same any more; OutOfDate when
    something came since `seen`."""
    lead = Lead.objects.select_for_update(no_key=True, of=("self",)).select_related("location").get(pk=made.lead_id)
    found = ReviewDecision.objects.select_for_update(no_key=True, of=("self",)).select_related("by", "study")
    locked = found.get(pk=made.pk)
    if locked.void_at:
        raise ReviewRefused("", f"This decision is void: {locked.void_because}")
    if locked.is_in_force:
        raise ReviewRefused("", "This decision needs nobody else any more.")
    if locked.by_id == by.pk:
        raise ReviewRefused("", "A second person has to agree: this one is yours.")
    if not accounts.are_two(locked.by, by, now=now):
        raise ReviewRefused("", accounts.NOT_TWO)
    if locked.study and not locked.study.reviewed_at and not locked.study.was_there(locked.at):
        raise ReviewRefused("", "The imaging that it looked at is not the same any more: decide anew.")
    decisions.known(lead, seen=seen)
    locked.second_by, locked.second_at = by, now
    locked.save(update_fields=["second_by", "second_at"])
    summary = f"Review agreed: {locked.get_decision_display()}"
    Activity.objects.create(lead=lead, kind=ActivityKind.OUTCOME, at=now, by=by, summary=summary)
    _carry_out(lead, locked, by=by, now=now)


def _check_study(lead: Lead, study: ImagingStudy | None, *, seen: str | None) -> None:
    if study is None:
        return
    found = imaging.to_review(lead).filter(pk=study.pk).first()
    if found is None:
        raise ReviewRefused("study", "This study is reviewed already, or not complete.")
    if seen is not None and seen != found.version:
        raise OutOfDate((f"{found}: {imaging.CAME_ANEW}",))


def latest(lead: Lead) -> ReviewDecision | None:
    """Return the decision about a lead that was made last. One query."""
    return ReviewDecision.objects.filter(lead=lead).select_related("by").order_by("-entry").first()


def in_words(made: ReviewDecision | None) -> str:
    """Return who has decided what, and why; "" for none."""
    return f"{made.by} decided: {made.get_decision_display()}. {made.reason}" if made else ""


def is_open(lead: Lead) -> bool:
    """Return whether a clinician is asked to look at the record of this lead: at more than a study, or a report."""
    return _asked(lead).exclude(key__startswith=OF_A_REPORT).exists()


def is_looked_at(lead: Lead) -> bool:
    """Return whether a clinician is asked to look at the record of this lead, or at a report about them. One query."""
    return _asked(lead).exists()


def _asked(lead: Lead) -> QuerySet[Task]:
    asked = Task.objects.open().filter(lead=lead, kind=TaskKind.REVIEW)
    return asked.exclude(key__startswith=imaging.REVIEW_KEY)


def void_what_waits(lead: Lead, *, but: Callable[[ReviewDecision], bool], because: str, now: datetime) -> None:
    """Void decisions about this locked lead that did not know what came: those that still wait for a second person no
    longer do, except the ones that knew it (`but`). One query when none waits."""
    _void([one for one in ReviewDecision.objects.waiting().filter(lead=lead) if not but(one)], because, now=now)


def _void(waiting: Iterable[ReviewDecision], because: str, *, now: datetime) -> None:
    for one in waiting:
        one.void_at, one.void_because = now, because[:200]
        one.save(update_fields=["void_at", "void_because"])
        summary = f"Review: {one.get_decision_display()}. It waits no longer"
        Activity.objects.create(lead=one.lead, kind=ActivityKind.OUTCOME, at=now, summary=summary, note=because)


def _carry_out(lead: Lead, made: ReviewDecision, *, by: User, now: datetime) -> None:
    """Finish the reviews that the decision is about, the earlier decision's next step too; open the coordinator's next
    step; move a suitable lead to booking."""
    if not registry.basis_of(lead).uncovered:
        tasks.end_decided(lead.pk, by=by, now=now, but=(imaging.REVIEW_KEY, OF_A_REPORT))
    if made.study and made.study.reviewed_at is None:
        imaging.review(made.study, by=by, now=now)
    Task.objects.open().filter(lead=lead, kind=TaskKind.NEXT_STEP, title__startswith=WHAT_NEXT).update(
        done_at=now, done_by=by
    )
    due_at = next_steps.due_for(lead, DAY_MINUTES, now=now)
    title = WHAT_NEXT if lead.stage in OPEN_STAGES else f"{WHAT_NEXT}: the request is closed"
    next_steps.plan(lead, NextStep(title, due_at))
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
    """Record what came of a visit, or correct what was recorded for that day; moves the lead to Consulted.

    Raises ReviewRefused for a day to come, before 1900 or before the birth, and for a decision about a procedure that
    was not recommended.
    """
    today = now.astimezone(lead.location.zone).date()
    if held_on > today:
        raise ReviewRefused("held_on", "This day is still to come.")
    if why := impossible(held_on, "day", today=today, born=lead.born):
        raise ReviewRefused("held_on", why)
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
