"""Asking the rules, keeping what they said, and deciding otherwise."""

from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import transaction

from crm import clinic_hours
from crm.actions import accounts, events, leads, tasks
from crm.enums import ActivityKind, Event, Outcome, TaskKind
from crm.errors import OverrideRefused
from crm.models import Activity, Lead, Task, User
from crm.registry import Happening
from intake import candidacy, flags, gaps, record
from intake.models import Assessment, Override
from intake.snapshot import Snapshot

CAUSES = {
    Event.TREATMENTS_CHANGED: "Treatments changed",
    Event.MEASURED: "A score was recorded",
    Event.DETAILS_CHANGED: "Contact details changed",
    Event.HOLD_CLEARED: "The safety hold was cleared",
    Event.IMAGING_CHANGED: "Imaging changed",
}


def make(lead: Lead, snapshot: Snapshot, *, cause: str, now: datetime, more_flags: list[str]) -> Assessment:
    """The rules' answer to a snapshot as a row, not yet saved: the first of its lead, unless somebody who has locked
    the lead numbers it otherwise. `more_flags` are those that the record tells."""
    result = candidacy.assess(snapshot)
    return Assessment(
        lead=lead,
        at=now,
        cause=cause,
        rules_version=candidacy.RULES_VERSION,
        snapshot=snapshot.model_dump(mode="json", by_alias=True),
        outcome=result.outcome,
        rule=result.rule,
        reasons=[{"code": one.code, "text": one.text, "evidence": one.evidence} for one in result.reasons],
        flags=sorted({*result.flags, *more_flags}),
        recheck_on=result.recheck_on,
        span_days=result.span_days,
        groups=list(result.groups),
        evaluated=list(result.evaluated),
    )


@transaction.atomic
def assess(lead: Lead, *, cause: str, now: datetime) -> Assessment:
    """Asks the rules again and returns what they say now.

    Side effects, unless they say the same as last time: an Assessment; on the lead the outcome, the day of the re-check
    and the day on which the insurer's lengths of time are reached; an Activity when the outcome changed; a task when a
    clinician should look. While a safety hold stands the lead stays urgent, whatever newer answers say: only a
    clinician lifts it.
    """
    locked = Lead.objects.select_for_update(no_key=True, of=("self",)).select_related("location").get(pk=lead.pk)
    before = latest(locked)
    told = record.told_by(locked)
    snapshot = record.snapshot_of(locked, told.answers, now=now)
    found = gaps.of_lead(locked, told, now=now)
    remarks = [*flags.of_lead(locked, told.answers, now=now), *found.flags]
    made = make(locked, snapshot, cause=cause, now=now, more_flags=remarks)
    if before is None or _tells_more(made, before):
        made.number = before.number + 1 if before else 1
        made.save()
    else:
        made = before
    _follow(locked, made, before, now=now)
    leads.record_outcome(locked, wake_up_on=found.wake_up_on)
    return made


def on_event(lead: Lead, happening: Happening) -> None:
    """Listener of crm's events: every change of what the rules look at asks them again."""
    assess(lead, cause=CAUSES[happening.event], now=happening.now)


def ask(lead: Lead, *, cause: str, now: datetime) -> None:
    """Have the rules asked again: now or, where a press changes more than one thing, once at its end."""
    events.once_a_press((on_event, lead.pk), partial(assess, lead, cause=cause, now=now))


def latest(lead: Lead) -> Assessment | None:
    """The one that was made last. One query."""
    return Assessment.objects.filter(lead=lead).order_by("-number").first()


def in_force(lead: Lead, assessment: Assessment) -> Outcome:
    """What counts for a lead: urgent under a hold; a person's decision while the rules' outcome is the one it was made
    against; else the rules' outcome."""
    if lead.safety_hold:
        return Outcome.URGENT
    made = Override.objects.filter(assessment__lead=lead).select_related("assessment").order_by("-at", "-pk")
    standing = next((override for override in made if override.is_in_force), None)
    if standing and standing.assessment.outcome == assessment.outcome:
        return Outcome(standing.outcome)
    return Outcome(assessment.outcome)


def who_pays_alone(leads: list[UUID]) -> set[UUID]:
    """Of these leads, those who say that they pay without insurance. One query."""
    latest = Assessment.objects.filter(lead__in=leads).order_by("lead_id", "-number").distinct("lead_id")
    return {lead_id for lead_id, flags in latest.values_list("lead_id", "flags") if "self_pay" in flags}


@transaction.atomic
def override(assessment: Assessment, *, outcome: Outcome, reason: str, by: User, now: datetime) -> Override:
    """A person decides otherwise; what the rules said stays. Raises OverrideRefused without a reason or a difference.

    One that lowers URGENT takes effect when a second person approves it.
    """
    if not reason.strip():
        raise OverrideRefused("Say why: the reason stays in the record.")
    if outcome == assessment.outcome:
        raise OverrideRefused("That is what the rules say already.")
    lowers = assessment.outcome == Outcome.URGENT
    made = Override.objects.create(
        assessment=assessment, outcome=outcome, reason=reason.strip(), by=by, at=now, needs_second=lowers
    )
    waits = " (waits for a second person)" if lowers else ""
    _note(assessment.lead, f"Set to {outcome.label} by hand{waits}", by=by, now=now, note=made.reason)
    _apply(assessment.lead, assessment)
    return made


@transaction.atomic
def approve(made: Override, *, by: User, now: datetime) -> Override:
    """The second person's yes. Raises OverrideRefused for the same person, for an account that one pair of hands has
    had together with the first one's of late (crm/actions/accounts.py), or when it was given before."""
    locked = (
        Override.objects.select_for_update(no_key=True, of=("self",))
        .select_related("assessment__lead", "by")
        .get(pk=made.pk)
    )
    if locked.by == by:
        raise OverrideRefused("A second person has to approve this.")
    if not accounts.are_two(locked.by, by, now=now):
        raise OverrideRefused(accounts.NOT_TWO)
    if locked.is_in_force:
        raise OverrideRefused("This is in force already.")
    locked.approved_by, locked.approved_at = by, now
    locked.save(update_fields=["approved_by", "approved_at"])
    summary = f"{Outcome(locked.outcome).label}: approved by a second person"
    _note(locked.assessment.lead, summary, by=by, now=now)
    _apply(locked.assessment.lead, latest(locked.assessment.lead) or locked.assessment)
    return locked


def _tells_more(made: Assessment, before: Assessment) -> bool:
    """Days pass and move nothing but dates: that alone is no new assessment."""
    compared = ("outcome", "rule", "reasons", "flags", "groups", "span_days", "rules_version")
    changed = any(getattr(made, name) != getattr(before, name) for name in compared)
    return changed or made.snapshot | {"today": None} != before.snapshot | {"today": None}


def _follow(lead: Lead, made: Assessment, before: Assessment | None, *, now: datetime) -> None:
    _apply(lead, made)
    if before and before.outcome == made.outcome:
        return
    if before:
        _note(lead, f"{Outcome(before.outcome).label} → {Outcome(made.outcome).label} ({made.cause.lower()})", now=now)
    if made.outcome == Outcome.PROMPT_REVIEW:
        open_review(made, now=now)


def open_review(assessment: Assessment, *, now: datetime) -> None:
    """The task for a clinician, due within a business day of the centre; one an assessment."""
    tasks.open_once(review_task(assessment, now=now))


def review_task(assessment: Assessment, *, now: datetime) -> Task:
    """The same, not yet saved."""
    centre = assessment.lead.location
    due = clinic_hours.end_of_next_day(now, hours=centre.hours, holidays=centre.holidays, zone=centre.zone)
    title, key = "A clinician should look at this", f"review:{assessment.pk}"
    return Task(lead=assessment.lead, kind=TaskKind.REVIEW, title=title, due_at=due, key=key, created_at=now)


def _apply(lead: Lead, assessment: Assessment) -> None:
    leads.record_outcome(lead, outcome=in_force(lead, assessment), recheck_on=assessment.recheck_on)


def _note(lead: Lead, summary: str, *, now: datetime, by: User | None = None, note: str = "") -> None:
    Activity.objects.create(lead=lead, kind=ActivityKind.OUTCOME, at=now, by=by, summary=summary, note=note)
