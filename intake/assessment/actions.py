"""Asking the rules, keeping what they said, and deciding otherwise."""

from datetime import date, datetime, time
from functools import partial
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.db import transaction

from crm.accounts import actions as accounts
from crm.enums.leads import ActivityKind, Event, Outcome
from crm.errors import OverrideRefused
from crm.leads import actions as leads
from crm.leads import decisions, events, reviews, tasks
from crm.models import Activity, Lead, ReviewDecision, Task, User
from crm.registry import DomainEvent
from crm.safety import alerts
from intake.assessment import (
    answer_history,
    clinical_tasks,
    coverage_gaps,
    flags,
    overrides,
    repeated_signs,
    review_facts,
    signs,
    unknowns,
)
from intake.models import Assessment, NextAsk, Override
from intake.rules import candidacy, next_day
from intake.rules.snapshot import Snapshot

CAUSES = {
    Event.TREATMENTS_CHANGED: "Treatments changed",
    Event.MEASURED: "A score was recorded",
    Event.DETAILS_CHANGED: "Contact details changed",
    Event.HOLD_CLEARED: "The safety hold was cleared",
    Event.IMAGING_CHANGED: "Imaging changed",
}

NEW_SIGN = "A warning sign came that it did not know."


def make(
    lead: Lead, snapshot: Snapshot, *, cause: str, now: datetime, more_flags: list[str], born: date | None = None
) -> Assessment:
    """Return the rules' answer to a snapshot as a row, not yet saved: the first of its lead, unless somebody who has
    locked the lead numbers it otherwise. `more_flags` are those that the record tells; `born` matters to the young."""
    result = candidacy.assess(snapshot)
    turns_on = next_day.changes_on(snapshot, result, born=born)
    return Assessment(
        lead=lead,
        at=now,
        cause=cause,
        rules_version=candidacy.RULES_VERSION,
        snapshot=snapshot.model_dump(mode="json", by_alias=True),
        outcome=result.outcome,
        rule=result.rule,
        signs=signs.of_snapshot(snapshot),
        reasons=[{"code": one.code, "text": one.text, "evidence": one.evidence} for one in result.reasons],
        flags=sorted({*result.flags, *more_flags}),
        recheck_on=result.recheck_on,
        due_at=datetime.combine(turns_on, time(), tzinfo=ZoneInfo(lead.timezone)) if turns_on else None,
        span_days=result.span_days,
        groups=list(result.groups),
        evaluated=list(result.evaluated),
    )


@transaction.atomic
def assess(lead: Lead, *, cause: str, now: datetime, sign_told: bool = False, time_passed: bool = False) -> Assessment:
    """Ask the rules again and return what they say now. `sign_told`: an emergency sign was reported just now, which
    is news even where the record has it already. `time_passed`: nobody changed anything; then only another outcome,
    rule or flag is news, and no re-check is put off.

    Side effects, unless they say the same as last time: an Assessment; on the lead the outcome, the day of the re-check
    and the day on which the insurer's lengths of time are reached; an Activity when the outcome changed; an end of
    decisions that rest on something else now (intake/assessment/overrides.py). A sign that no decision has covered
    opens a review, or puts the lead on hold, whatever was said before. While a safety hold stands the lead stays
    urgent, whatever newer answers say: only a clinician lifts it."""
    return assess_locked(_locked(lead.pk), cause=cause, now=now, sign_told=sign_told, time_passed=time_passed)


def assess_locked(
    locked: Lead, *, cause: str, now: datetime, sign_told: bool = False, time_passed: bool = False
) -> Assessment:
    """Do what `assess` does for a lead that this transaction has locked, its location at hand."""
    before, kept = latest(locked), answer_history.kept_of(locked)
    told = answer_history.told_by(locked)
    heard = answer_history.heard_of(told, kept.treatments)
    snapshot = answer_history.snapshot_of(locked, told.answers, now=now, given_at=told.at, signs=heard.signs, kept=kept)
    found = coverage_gaps.of_lead(locked, told, now=now, kept=kept)
    remarks = [
        *flags.of_record(told.answers | heard.facts, kept, now=now, heard=heard),
        *found.flags,
        *repeated_signs.of(heard),
    ]
    made = make(locked, snapshot, cause=cause, now=now, more_flags=remarks, born=answer_history.born(told.answers))
    if unknowns.is_all_that_is_asked(kept.treatments, made):
        made.flags = sorted({*made.flags, unknowns.FLAG})
    tells_more = _has_turned if time_passed else _tells_more
    if before is None or sign_told or tells_more(made, before):
        made.number = before.number + 1 if before else 1
        made.save()
        standing = overrides.follow(locked, made, now=now)
        unknowns.follow(locked, made, before, now=now)
    else:
        if time_passed or made.due_at != before.due_at:  # the days may be the same, and their midnight another one
            NextAsk.objects.filter(lead=locked).update(due_at=made.due_at)
        made, standing = before, overrides.of(locked)
    _watch(locked, made, before, now=now)
    promised = locked.recheck_on if time_passed else None
    _apply(locked, made, standing, promised=promised, wake_up_on=found.wake_up_on)
    if before and before.outcome != made.outcome:
        _note(locked, f"{Outcome(before.outcome).label} → {Outcome(made.outcome).label} ({cause.lower()})", now=now)
    return made


def on_event(lead: Lead, happening: DomainEvent) -> None:
    """Listen to crm's events: every change of what the rules look at asks them again."""
    assess(lead, cause=CAUSES[happening.event], now=happening.now)


def ask(lead: Lead, *, cause: str, now: datetime, sign_told: bool = False) -> None:
    """Have the rules asked again: now or, where a press changes more than one thing, once at its end."""
    if sign_told:
        assess(lead, cause=cause, now=now, sign_told=True)
    else:
        events.once_a_press((on_event, lead.pk), partial(assess, lead, cause=cause, now=now))


def latest(lead: Lead) -> Assessment | None:
    """Return the assessment of a lead that was made last; None before there is one. One query."""
    return Assessment.objects.filter(lead=lead).order_by("-number").first()


def in_force(lead: Lead, assessment: Assessment, standing: overrides.Standing | None = None) -> Outcome:
    """Return what counts for a lead: urgent under a hold; a person's decision as long as it stands
    (intake/assessment/overrides.py); else the rules' outcome."""
    if lead.safety_hold:
        return Outcome.URGENT
    return (standing or overrides.of(lead)).outcome(assessment)


def self_pay_lead_ids(leads: list[UUID]) -> set[UUID]:
    """Return those of these leads who say that they pay without insurance. One query."""
    latest = Assessment.objects.filter(lead__in=leads).order_by("lead_id", "-number").distinct("lead_id")
    return {lead_id for lead_id, flags in latest.values_list("lead_id", "flags") if "self_pay" in flags}


@transaction.atomic
def override(
    assessment: Assessment, *, outcome: Outcome, reason: str, by: User, now: datetime, earlier: str | None = None
) -> Override:
    """Decide otherwise than the rules, as a person; what the rules said stays. With the rules' own outcome the decision
    that counts, or that waits, is taken back. Raises OverrideRefused without a reason or a difference, OutOfDate when
    `assessment` is not the latest, or a colleague has decided since `earlier` (crm/leads/decisions.py).

    One that lowers URGENT takes effect when a second person approves it, and so does one that lowers what a person has
    raised. An earlier one that waits is void.
    """
    if not reason.strip():
        raise OverrideRefused("Say why: the reason stays in the record.")
    lead = _locked(assessment.lead_id)
    decisions.known(lead, seen=assessment.number)
    before = overrides.latest(lead)
    decisions.follows(before, earlier=earlier, words=lambda: overrides.in_words(before))
    standing, rules = overrides.of(lead), Outcome(assessment.outcome)
    if outcome == standing.outcome(assessment) and not standing.waiting:
        raise OverrideRefused(f"That is what {'counts' if standing.counting else 'the rules say'} already.")
    if standing.waiting:
        overrides.end(standing.waiting, because=overrides.FOLLOWED, now=now, by=by)
    made = Override.objects.create(
        assessment=assessment,
        outcome=outcome,
        reason=reason.strip(),
        by=by,
        at=now,
        needs_second=_lowers(outcome, rules, standing),
    )
    words = f"{'Back' if made.takes_back else 'Set'} to {outcome.label} by hand"
    words += "" if made.is_in_force else " (waits for a second person)"
    _note(lead, words, by=by, now=now, note=made.reason)
    if made.is_in_force:
        _take_effect(lead, made, standing, by=by, now=now)
    _apply(lead, assessment, overrides.of(lead))
    return made


def _lowers(outcome: Outcome, rules: Outcome, standing: overrides.Standing) -> bool:
    """Tell whether a decision lowers what only two people may lower: the rules' URGENT, or what a person has raised."""
    if rules == Outcome.URGENT and outcome != Outcome.URGENT:
        return True
    raised = standing.counting if standing.counting and standing.counting.raises else None
    return raised is not None and outcome.urgency < Outcome(raised.outcome).urgency


def _take_effect(lead: Lead, made: Override, standing: overrides.Standing, *, by: User, now: datetime) -> None:
    """End the decision before this one, and this one too when it takes back. Nobody has to look again."""
    if standing.counting:
        because = f"Taken back: {made.reason}" if made.takes_back else overrides.FOLLOWED
        overrides.end(standing.counting, because=because, now=now, by=made.by)
    if made.takes_back:
        overrides.end(made, because=overrides.RULES_AGAIN, now=now, by=by)
    overrides.settle(lead, by=by, now=now)


@transaction.atomic
def approve(made: Override, *, by: User, now: datetime, seen: int | None = None) -> Override:
    """Record the second person's yes. Raises OverrideRefused for the same person, for an account that one pair of hands
    has had together with the first one's of late (crm/accounts/actions.py), when it was given before, or when the
    decision is void; OutOfDate when something came since `seen`, the number that the page showed."""
    lead = _locked(made.assessment.lead_id)
    found = Override.objects.select_for_update(no_key=True, of=("self",)).select_related("assessment", "by")
    locked = found.get(pk=made.pk)
    if locked.ended_at:
        raise OverrideRefused(f"This decision is void: {locked.ended_because}")
    if locked.is_in_force:
        raise OverrideRefused("This is in force already.")
    if locked.by == by:
        raise OverrideRefused("A second person has to approve this.")
    if not accounts.are_two(locked.by, by, now=now):
        raise OverrideRefused(accounts.NOT_TWO)
    decisions.known(lead, seen=seen)
    standing = overrides.of(lead)
    locked.approved_by, locked.approved_at = by, now
    locked.save(update_fields=["approved_by", "approved_at"])
    _note(lead, f"{Outcome(locked.outcome).label}: approved by a second person", by=by, now=now)
    _take_effect(lead, locked, standing, by=by, now=now)
    _apply(lead, latest(lead) or locked.assessment, overrides.of(lead))
    return locked


def _locked(lead_id: UUID) -> Lead:
    return Lead.objects.select_for_update(no_key=True, of=("self",)).select_related("location").get(pk=lead_id)


def _has_turned(made: Assessment, before: Assessment) -> bool:
    return any(getattr(made, name) != getattr(before, name) for name in ("outcome", "rule", "flags"))


def _tells_more(made: Assessment, before: Assessment) -> bool:
    """Tell whether more has changed than dates: days that pass are by themselves no new assessment."""
    compared = ("outcome", "rule", "reasons", "flags", "groups", "span_days", "rules_version", "signs")
    changed = any(getattr(made, name) != getattr(before, name) for name in compared)
    return changed or made.snapshot | {"today": None} != before.snapshot | {"today": None}


def _watch(lead: Lead, made: Assessment, before: Assessment | None, *, now: datetime) -> None:
    """See to it that every sign which no decision has covered is looked at: one review at a time shows them all, and
    those of block A put the lead on hold. What waits for a second person and did not know one is void. A fact to look
    at opens a review too."""
    fresh = signs.uncovered(lead, made)
    if fresh:
        knew = partial(_knew, fresh=fresh, made=made)
        reviews.void_what_waits(lead, but=knew, because=NEW_SIGN, now=now)
    if any(signs.is_emergency(sign) for sign in fresh) and not lead.safety_hold:
        lead.safety_hold = True
        leads.record_outcome(lead, outcome=Outcome.URGENT, safety_hold=True, recheck_on=None, now=now)
        tasks.open_one(clinical_tasks.urgent_call(lead, key=made.pk, now=now))
        alerts.raise_alert(lead, key=f"urgent:{made.pk}", now=now)
    wanted = review_facts.beyond(made.flags, before.flags if before else []) or not all(map(signs.is_emergency, fresh))
    if wanted and not reviews.is_open(lead):
        review_task(made, now=now).save()


def _knew(decision: ReviewDecision, *, fresh: list[str], made: Assessment) -> bool:
    return not set(signs.unknown_to(decision, made)) & set(fresh)


def review_task(assessment: Assessment, *, now: datetime) -> Task:
    """Return the review that an assessment asks for, not yet saved."""
    return clinical_tasks.review(assessment.lead, key=f"review:{uuid4()}", now=now)


def _apply(
    lead: Lead,
    assessment: Assessment,
    standing: overrides.Standing,
    *,
    promised: date | None = None,
    wake_up_on: date | leads.Unchanged | None = leads.UNCHANGED,
) -> None:
    """Write on the lead the outcome that counts. A re-check that was `promised` is not put off."""
    recheck_on = min((day for day in (promised, assessment.recheck_on) if day), default=None)
    outcome = in_force(lead, assessment, standing)
    leads.record_outcome(lead, outcome=outcome, recheck_on=recheck_on, wake_up_on=wake_up_on)


def _note(lead: Lead, summary: str, *, now: datetime, by: User | None = None, note: str = "") -> None:
    Activity.objects.create(lead=lead, kind=ActivityKind.OUTCOME, at=now, by=by, summary=summary, note=note)
