"""The doors through which a lead changes."""

from collections.abc import Collection
from contextlib import suppress
from datetime import date, datetime
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from crm.enums.leads import (
    CLOSED_STAGES,
    TRANSITIONS,
    ActivityKind,
    CallOutcome,
    ContactChannel,
    Event,
    Outcome,
    Stage,
    TaskKind,
)
from crm.errors import AssignmentRefused, MoveRefused
from crm.leads import assignment, call_window, events, impossible_dates, next_steps, referrals, stages, tasks
from crm.leads.next_steps import NextStep
from crm.models import Activity, Lead, Measurement, Task, User


class Unchanged(Enum):
    """Leave the value as it is; None means that there is none."""

    UNCHANGED = "unchanged"


UNCHANGED = Unchanged.UNCHANGED
DETAILS = set(
    "first_name last_name email phone phone_type preferred_contact best_time state timezone ok_voicemail language "
    "do_not_call owner tags".split()
)

CONFIRM_EMAIL = "email:"  # how the keys of tasks begin
NEVER_THEIRS = "The e-mail address before was never theirs"


@transaction.atomic
def move(
    lead: Lead,
    *,
    to: Stage,
    by: User | None,
    expected_stage: Stage | None = None,
    lost_reason: str = "",
    note: str = "",
    next_step: NextStep | None = None,
    now: datetime | None = None,
) -> Lead:
    """Move a lead to another stage: the only code that writes `Lead.stage`.

    Locks the row, then refuses (MoveRefused) when somebody else moved it since `expected_stage` was shown, when the
    table in crm.enums.leads has no such move, or when something is missing that the stage asks for
    (crm/leads/stages.py); `by` nobody, only a reason and the safety hold count. Side effects: stage, stage_since and
    lost_reason of the row; one Activity; a task for the next step; in a closed stage the tasks and sequences end that
    only served to win the lead. A move to the stage the lead already has changes nothing."""
    locked = _locked(lead)
    current = Stage(locked.stage)
    if expected_stage is not None and current != expected_stage:
        raise MoveRefused(f"Somebody moved this lead to {stages.label(current)} in the meantime. Nothing was changed.")
    if current == to:
        return locked
    _check_move(locked, to, by=by, next_step=next_step, lost_reason=lost_reason, note=note)
    now = now or timezone.now()
    moved = _write_stage(locked, to, lost_reason=lost_reason, by=by, note=note, now=now)
    if to in CLOSED_STAGES:
        next_steps.end(locked, now=now)
    if next_step:
        next_steps.plan(locked, next_step)
    next_steps.after_move(locked, to, now=now)
    referrals.on_move(locked, to, now=now)
    events.announce(locked, Event.STAGE_MOVED, now=now, key=str(moved.pk))
    return locked


def _locked(lead: Lead) -> Lead:
    return Lead.objects.select_for_update(no_key=True, of=("self",)).select_related("location").get(pk=lead.pk)


def _check_move(
    locked: Lead, to: Stage, *, by: User | None, next_step: NextStep | None, lost_reason: str, note: str
) -> None:
    """Raise MoveRefused for a move that is not in the table, or for which something is missing that the stage asks
    for."""
    current = Stage(locked.stage)
    if to not in TRANSITIONS[current]:
        raise MoveRefused(f"A lead cannot go from {stages.label(current)} to {stages.label(to)}.")
    has_next = by is None or next_step is not None or next_steps.has_one(locked)
    if missing := stages.unmet(
        locked, to, by_hand=by is not None, note=note, has_next_step=has_next, lost_reason=lost_reason
    ):
        raise MoveRefused(" ".join(missing))


def _write_stage(locked: Lead, to: Stage, *, lost_reason: str, by: User | None, note: str, now: datetime) -> Activity:
    """Write the new stage, and what it was before on the timeline."""
    before = Stage(locked.stage)
    locked.stage, locked.stage_since = to, now
    locked.lost_reason = lost_reason if to == Stage.LOST else ""
    locked.save(update_fields=["stage", "stage_since", "lost_reason", "updated_at"])
    return Activity.objects.create(
        lead=locked,
        kind=ActivityKind.STAGE,
        at=now,
        by=by,
        summary=f"{stages.label(before)} → {stages.label(to)}",
        note=note,
        details={"from": before.value, "to": to.value, "lost_reason": locked.lost_reason},
    )


@transaction.atomic
def record_outcome(
    lead: Lead,
    *,
    outcome: Outcome | None = None,
    safety_hold: bool | None = None,
    recheck_on: date | Unchanged | None = UNCHANGED,
    wake_up_on: date | Unchanged | None = UNCHANGED,
    now: datetime | None = None,
) -> None:
    """Write what crm knows of the apps above it: outcome, safety hold, day of the re-check, and the day on which a
    length of time that the insurer asks for is reached. Writes only the values that are given.

    A hold that begins leaves an Activity; lifting one is a clinician's act and not offered here.
    """
    now = now or timezone.now()
    locked = Lead.objects.select_for_update(no_key=True).get(pk=lead.pk)
    is_new = outcome is not None and outcome != locked.outcome
    if outcome is not None:
        locked.outcome = outcome
    if safety_hold and not locked.safety_hold:
        locked.safety_hold = True
        Activity.objects.create(
            lead=locked, kind=ActivityKind.SAFETY_HOLD, at=now, summary="Routine messages and booking are on hold"
        )
    if not isinstance(recheck_on, Unchanged):
        locked.recheck_on = recheck_on
    if not isinstance(wake_up_on, Unchanged):
        locked.wake_up_on = wake_up_on
    locked.save(update_fields=["outcome", "safety_hold", "recheck_on", "wake_up_on", "updated_at"])
    if is_new:
        events.announce(locked, Event.OUTCOME_CHANGED, now=now)


@transaction.atomic
def log_call(
    lead: Lead,
    *,
    by: User,
    outcome: CallOutcome,
    note: str = "",
    in_confidence: bool = False,
    seen: Collection[str] | None = None,
    now: datetime | None = None,
) -> Activity:
    """Put a call on the timeline. Reaching the person finishes the open call tasks; whoever asked not to be called has
    none any more, and no new ones. A new lead moves to Contacting, unless something is missing that the stage asks for:
    the call took place all the same. `in_confidence`: as with add_note. `seen`: as with tasks.end_calls."""
    now = now or timezone.now()
    call = Activity.objects.create(
        lead=lead,
        kind=ActivityKind.CALL,
        at=now,
        by=by,
        summary=str(CallOutcome(outcome).label),
        note=note,
        call_outcome=outcome,
        in_confidence=in_confidence,
    )
    if outcome == CallOutcome.REACHED:
        tasks.end_calls(lead, by=by, now=now, seen=seen)
    if outcome == CallOutcome.ASKED_NOT_TO_CALL:
        lead.do_not_call = True
        lead.save(update_fields=["do_not_call"])
        call_window.turn_into_writing(lead)
    if Lead.objects.filter(pk=lead.pk, stage=Stage.NEW).exists():
        with suppress(MoveRefused):
            move(lead, to=Stage.CONTACTING, by=by, now=now)
    if in_confidence:
        keep_in_confidence(call)
    events.announce(lead, Event.CALLED, now=now, key=str(call.pk))
    return call


@transaction.atomic
def correct_details(lead: Lead, *, by: User | None, changes: dict[str, Any], was_their_address: bool = True) -> Lead:
    """Write contact details, owner and preferences; old and new values go on the timeline as one Activity.

    `changes` maps field names of Lead to values; only those that differ count. Stage, outcome and safety hold have
    doors of their own and are refused (ValueError). An e-mail address that somebody writes who may not read answers
    waits for somebody who may (a task): codes and links go to it, and they open the answers. Not `was_their_address`:
    whoever reads at the address before hears nothing of the change. Raises AssignmentRefused for an owner whom `by` may
    not choose, or who may not be one.
    """
    if not set(changes) <= DETAILS:
        raise ValueError(f"Not contact details: {', '.join(sorted(set(changes) - DETAILS))}")
    locked = _locked(lead)
    different = _what_counts(locked, changes, by=by)
    if not different:
        return locked
    before = {name: getattr(locked, name) for name in different}
    for name, value in different.items():
        setattr(locked, name, value)
    locked.save(update_fields=[*different, "updated_at"])
    Activity.objects.create(
        lead=locked,
        kind=ActivityKind.DETAILS,
        by=by,
        summary=", ".join(name.replace("_", " ") for name in different),
        note="" if was_their_address or "email" not in different else NEVER_THEIRS,
        details={"changes": {name: [_plain(before[name]), _plain(different[name])] for name in different}},
    )
    _follow_details(locked, before, was_their_address=was_their_address)
    return locked


def _what_counts(locked: Lead, changes: dict[str, Any], *, by: User | None) -> dict[str, Any]:
    """Return what of `changes` differs and may be written by this person at once; an address that may not is only
    suggested."""
    different = {name: value for name, value in changes.items() if getattr(locked, name) != value}
    if "owner" in different:
        _check_owner(locked, different["owner"], by=by)
    if "email" in different and by is not None and not may_change_email(by):
        _suggest_email(locked, different.pop("email"), by=by)
    if by is None and different.get("preferred_contact") == ContactChannel.PHONE and locked.do_not_call:
        different["do_not_call"] = False  # the newest wish counts
    return different


def _follow_details(locked: Lead, before: dict[str, Any], *, was_their_address: bool) -> None:
    """Let calls, days of scores and listeners follow what has changed from `before`."""
    if "do_not_call" in before and locked.do_not_call:
        call_window.turn_into_writing(locked)
    if "timezone" in before:
        zones = {"was": ZoneInfo(before["timezone"]), "now_is": ZoneInfo(locked.timezone)}
        Measurement.objects.filter(lead=locked).move_days(**zones)
    now = timezone.now()
    if "email" in before:
        facts = {"before": before["email"], "was_theirs": was_their_address}
        events.announce(locked, Event.ADDRESS_CHANGED, now=now, facts=facts)
    events.announce(locked, Event.DETAILS_CHANGED, now=now)


def may_change_email(by: User) -> bool:
    """Tell whether an address that this person writes counts at once."""
    return by.has_perm("intake.view_submission")


def _check_owner(lead: Lead, owner: User | None, *, by: User | None) -> None:
    if by is not None and not by.has_perm("crm.assign_lead"):
        raise AssignmentRefused("Who looks after a lead is changed by whoever shares leads out.")
    if owner is not None:
        assignment.check_owner(lead, owner)


def _suggest_email(lead: Lead, address: str, *, by: User) -> None:
    """Put an address on the timeline, and open one task, unless one is open, for whoever may change it."""
    now = timezone.now()
    words = "Another e-mail address waits to be confirmed"
    told = Activity.objects.create(
        lead=lead, kind=ActivityKind.DETAILS, at=now, by=by, summary=words, note=address or "None"
    )
    if not Task.objects.open().filter(lead=lead, key__startswith=CONFIRM_EMAIL).exists():
        title, key = "Confirm the new e-mail address", f"{CONFIRM_EMAIL}{told.pk}"
        tasks.open_task(lead, kind=TaskKind.OTHER, title=title, due_at=now, key=key)


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | list) else str(value or "")


def tell_birthday(lead: Lead, *, born: date, by: User | None, now: datetime) -> None:
    """Write the date of birth, which can prove who somebody is. The timeline says that it changed, never to what, and
    names the dates on record that lie before it; a person is asked to look at those."""
    locked = Lead.objects.select_for_update(no_key=True).get(pk=lead.pk)
    if locked.date_of_birth == born.isoformat():
        return
    verb = "Corrected" if locked.date_of_birth else "Told"
    locked.date_of_birth = born.isoformat()
    locked.save(update_fields=["date_of_birth", "updated_at"])
    Activity.objects.create(lead=locked, kind=ActivityKind.DETAILS, at=now, by=by, summary=f"{verb} the date of birth")
    if earlier := impossible_dates.lines(locked, born):
        _ask_about_dates(locked, earlier, by=by, now=now)


def _ask_about_dates(lead: Lead, earlier: list[str], *, by: User | None, now: datetime) -> None:
    told = Activity.objects.create(
        lead=lead,
        kind=ActivityKind.DETAILS,
        at=now,
        by=by,
        summary="Dates on record lie before the birth",
        note="; ".join(earlier),
    )
    title = "Dates on record lie before the birth: correct one or the other"
    tasks.open_task(lead, kind=TaskKind.OTHER, title=title, due_at=now, key=f"before-birth:{told.pk}")


def add_note(lead: Lead, *, by: User, text: str, in_confidence: bool = False, now: datetime | None = None) -> Activity:
    """Put a note on the timeline. `in_confidence`: somebody other than the patient told it, and not for the patient;
    it is left out of the copy that the patient can take (docs/decisions/0034-notes-in-the-copy.md)."""
    return Activity.objects.create(
        lead=lead,
        kind=ActivityKind.NOTE,
        at=now or timezone.now(),
        by=by,
        summary="Note",
        note=text,
        in_confidence=in_confidence,
    )


def keep_in_confidence(entry: Activity, *, is_told: bool = True) -> None:
    """Take a note or a call out of the patient's own copy, or put it back. So goes the move that a call has made: at
    that minute it would tell that somebody called."""
    about = Q(pk=entry.pk)
    if entry.kind == ActivityKind.CALL:
        about |= Q(lead=entry.lead_id, kind=ActivityKind.STAGE, at=entry.at, by=entry.by_id)
    Activity.objects.filter(about).update(in_confidence=is_told)
