"""Who is in which sequence: what begins one, what ends it, and what a person may do about it.

Carrying steps out is another module's work (crm/followups/step_runner.py), so that a step that moves a stage makes no
circle."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Exists, Max, OuterRef, Q

from crm.enums.leads import (
    LEASED_STATES,
    NEEDS_A_PERSON,
    UNDER_WAY,
    EnrollmentBecause,
    EnrollmentState,
    Event,
    MessageState,
    StepResult,
)
from crm.errors import SequenceActionRefused
from crm.followups import conditions, plan, published
from crm.followups.conditions import ConditionContext
from crm.leads.local_clock import clock_of
from crm.models import Enrollment, Lead, Message, SequenceVersion, StepOutcome, User
from crm.outbox import send_rules, withdrawn_steps
from crm.registry import DomainEvent
from crm.sequences import words
from crm.sequences.definition import Definition, Do, OnResume, Step
from crm.sequences.due_steps import steps_left

LATELY = timedelta(weeks=2)
SENT_LATELY = "The same mail went out lately"
_MAY_COME_BACK = [*LEASED_STATES, *NEEDS_A_PERSON]  # of a mail: what is neither waiting nor settled
FLIPS = {Event.OUTCOME_CHANGED, Event.STAGE_MOVED}  # what may go away and come back within days


# --- What happens to a lead -------------------------------------------------------------------------------------------
def on_event(lead: Lead, happening: DomainEvent) -> None:
    """Listen to every event of a lead: end, hold, continue and move what is under way, then begin what it triggers."""
    lead = Lead.objects.select_related("location").get(pk=lead.pk)
    waiting = Message.objects.filter(enrollment=OuterRef("pk"), state__in=[MessageState.QUEUED, *_MAY_COME_BACK])
    concerned = Enrollment.objects.filter(Q(state__in=UNDER_WAY) | Exists(waiting), lead=lead).select_related("version")
    under_way = list(concerned)
    if under_way:
        _look_again(lead, under_way, happening)
    made = new_enrollments(lead, [happening], taken={one.key for one in under_way if one.state in UNDER_WAY})
    for enrollment in [row for row in made if isinstance(row, Enrollment)]:
        _save_new(enrollment, [row for row in made if isinstance(row, StepOutcome) and row.enrollment is enrollment])


def new_enrollments(
    lead: Lead, happenings: Iterable[DomainEvent], *, taken: Iterable[str] = ()
) -> list[Enrollment | StepOutcome]:
    """Make what these events begin for a lead, not yet saved. `taken`: sequences that are under way already.

    A mail that would go at once beside the acknowledgement of a request is folded into it.
    """
    events = {happening.event: happening for happening in happenings}
    fitting = [
        (version, definition)
        for version, definition in published.in_force()
        if definition.trigger in events and definition.key not in set(taken)
    ]
    if not fitting or lead.safety_hold:
        return []
    facts = conditions.Facts([lead])
    made: list[Enrollment | StepOutcome] = []
    for version, definition in fitting:
        happening = events[definition.trigger]
        case = ConditionContext(lead, happening.now, facts)
        wanted = all(conditions.holds(name, case) for name in definition.when)
        if wanted and not conditions.what_ends(definition, case):
            made += _with_folded(lead, version, definition, happening, is_request=Event.SUBMITTED in events)
    return made


def _with_folded(
    lead: Lead, version: SequenceVersion, definition: Definition, happening: DomainEvent, *, is_request: bool
) -> list[Enrollment | StepOutcome]:
    told: dict[str, Any] = {"result": StepResult.SKIPPED, "reason": SENT_LATELY}
    if is_request:
        done = [step for step in definition.steps if step.do == Do.MAIL and not step.after and not step.on]
        told = {"result": StepResult.FOLDED}
    else:
        done = _sent_lately(lead, definition, happening)
    enrollment = _enrollment(lead, version, definition, happening, done={step.key for step in done})
    outcomes = [StepOutcome(enrollment=enrollment, step=step.key, at=happening.now, **told) for step in done]
    return [enrollment, *outcomes]


def _sent_lately(lead: Lead, definition: Definition, happening: DomainEvent) -> list[Step]:
    """Return the mails that would go again within LATELY, because an outcome or a stage flips away and back and begins
    the sequence anew."""
    texts = {step.text for step in definition.steps if step.do == Do.MAIL}
    if happening.event not in FLIPS or not texts:
        return []
    went = Message.objects.filter(lead=lead, enrollment__key=definition.key, name__in=texts)
    went = went.filter(state__in=send_rules.ON_ITS_WAY, created_at__gt=happening.now - LATELY)
    sent = dict(went.values("name").annotate(latest=Max("created_at")).values_list("name", "latest"))
    left = steps_left(definition, (), anchor=happening.now, clock=clock_of(lead))
    return [step for at, step in left if step.text in sent and at < sent[step.text] + LATELY]


def _enrollment(
    lead: Lead,
    version: SequenceVersion,
    definition: Definition,
    happening: DomainEvent,
    *,
    done: Iterable[str] = (),
) -> Enrollment:
    cause = f"{definition.key}:{happening.event}:{happening.key}" if happening.key else None
    left = steps_left(definition, done, anchor=happening.now, clock=clock_of(lead))
    due_at = left[0][0] if left else None
    return Enrollment(
        lead=lead,
        version=version,
        key=definition.key,
        cause=cause,
        anchor=happening.now,
        started_at=happening.now,
        due_at=due_at,
        state=EnrollmentState.LIVE if due_at else EnrollmentState.DONE,
        ended_at=None if due_at else happening.now,
    )


def begin_by_hand(lead: Lead, *, key: str, now: datetime) -> Enrollment:
    """Enroll a lead because a person says so; the enrollment is saved. Raises SequenceActionRefused when that cannot
    be."""
    found = next(((version, one) for version, one in published.in_force() if one.key == key), None)
    if found is None:
        raise SequenceActionRefused("There is no such sequence any more.")
    if lead.safety_hold:
        raise SequenceActionRefused("A safety hold stands: a clinician lifts it first.")
    if ends := conditions.what_ends(found[1], ConditionContext(lead, now, conditions.Facts([lead]))):
        raise SequenceActionRefused(f"It would end at once: {words.condition(ends)}.")
    made = _enrollment(lead, *found, DomainEvent(found[1].trigger, now))
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError:
        raise SequenceActionRefused("That one runs already.") from None
    return made


def why_no_mail(enrollment: Enrollment, *, now: datetime) -> str:
    """Return why the first of its mails would not go out as things stand; "" where it may, or where it has none."""
    definition = enrollment.version.definition
    mail = next((step for step in definition.steps if step.do == Do.MAIL), None)
    if mail is None:
        return ""
    return send_rules.holds_back_for_good(enrollment.lead, send_rules.CLASS_OF[definition.purpose_of(mail)], now=now)


def _save_new(enrollment: Enrollment, outcomes: list[StepOutcome]) -> None:
    """Save a new enrollment and its outcomes, or neither: of two events at once only one begins a sequence, and the
    constraint decides which."""
    try:
        with transaction.atomic():
            enrollment.save(force_insert=True)
            StepOutcome.objects.bulk_create(outcomes)
    except IntegrityError:
        return


def _look_again(lead: Lead, under_way: list[Enrollment], happening: DomainEvent) -> None:
    facts = conditions.Facts([lead])
    for enrollment in under_way:
        definition = enrollment.version.definition
        ends = conditions.what_ends(definition, ConditionContext(lead, enrollment.started_at, facts))
        if enrollment.state not in UNDER_WAY:  # its last mail waits for its hour, or a worker has it in hand
            if ends or happening.event == Event.REPLIED:
                call_off_last(enrollment, reason=words.condition(ends or "replied"), now=happening.now)
        elif ends:
            reason, because = words.condition(ends), because_of(ends)
            stop(enrollment, reason=reason, because=because, now=happening.now)
        elif happening.event == Event.REPLIED:
            _leave_to_a_person(enrollment, now=happening.now)
        elif lead.safety_hold:
            pause(enrollment, because=EnrollmentBecause.HOLD, now=happening.now)
        elif happening.event == Event.HOLD_CLEARED and enrollment.because == EnrollmentBecause.HOLD:
            if ConditionContext(lead, enrollment.paused_at or enrollment.started_at, facts).wrote_since:
                _leave_to_a_person(enrollment, now=happening.now)
            else:
                resume(enrollment, now=happening.now)
        else:
            plan.plan_anew(enrollment, lead, is_corrected=happening.event == Event.DETAILS_CHANGED)


def call_off_last(enrollment: Enrollment, *, reason: str, now: datetime) -> None:
    """Take back the last mail of a sequence that is done. One that a worker has in hand and puts back, or that somebody
    may send again, is judged by its sequence, which is stopped then."""
    _cancel_waiting(enrollment, reason=reason, now=now)
    may_come_back = Exists(Message.objects.filter(enrollment=OuterRef("pk"), state__in=_MAY_COME_BACK))
    done = Enrollment.objects.filter(may_come_back, pk=enrollment.pk, state=EnrollmentState.DONE)
    done.update(state=EnrollmentState.STOPPED, reason=reason[:200])


def _leave_to_a_person(enrollment: Enrollment, *, now: datetime) -> None:
    """Pause an enrollment because the patient wrote; whatever had paused it first, it does not go on by itself."""
    wrote = EnrollmentBecause.WROTE
    if not pause(enrollment, because=wrote, now=now):
        held = Enrollment.objects.filter(pk=enrollment.pk, because=EnrollmentBecause.HOLD)
        held.update(because=wrote, reason=str(wrote.label))


# --- Doors ------------------------------------------------------------------------------------------------------------
@transaction.atomic
def stop(enrollment: Enrollment, *, reason: str, now: datetime, because: EnrollmentBecause | Literal[""] = "") -> bool:
    """End an enrollment for good and cancel its mails that wait. False when it had ended."""
    changed = Enrollment.objects.under_way().filter(pk=enrollment.pk)
    values = {"state": EnrollmentState.STOPPED, "reason": reason[:200], "because": because}
    if not changed.update(**values, ended_at=now, due_at=None):
        return False
    enrollment.state, enrollment.reason, enrollment.ended_at, enrollment.due_at = (
        EnrollmentState.STOPPED,
        reason,
        now,
        None,
    )
    _cancel_waiting(enrollment, reason=f"Stopped: {reason}", now=now)
    return True


@transaction.atomic
def pause(
    enrollment: Enrollment, *, now: datetime, reason: str = "", because: EnrollmentBecause | Literal[""] = ""
) -> bool:
    """Hold an enrollment until somebody resumes it. A mail that waits is taken back and its step is open again. Without
    a `reason` in words it is that of `because`. False when it was not live or parked."""
    reason = reason or str(EnrollmentBecause(because).label)
    live = Enrollment.objects.filter(pk=enrollment.pk, state__in=[EnrollmentState.LIVE, EnrollmentState.PARKED])
    values = {"state": EnrollmentState.PAUSED, "reason": reason[:200], "because": because}
    if not live.update(**values, paused_at=now, due_at=None):
        return False
    enrollment.state, enrollment.reason, enrollment.paused_at = EnrollmentState.PAUSED, reason[:200], now
    taken_back = _cancel_waiting(enrollment, reason=f"Paused: {reason}", now=now)
    withdrawn_steps.open_again(taken_back)
    return True


def take_up(enrollments: Iterable[UUID], *, now: datetime) -> None:
    """Make what is open of these enrollments due at once, where they run, or had ended with the step that is open
    again, unless the lead is in the same sequence anew."""
    other = Enrollment.objects.under_way().filter(lead=OuterRef("lead"), key=OuterRef("key")).exclude(pk=OuterRef("pk"))
    found = Enrollment.objects.filter(~Exists(other), pk__in=set(enrollments))
    running = found.filter(state__in=[EnrollmentState.LIVE, EnrollmentState.DONE])
    running.update(state=EnrollmentState.LIVE, due_at=now, ended_at=None)


@transaction.atomic
def resume(enrollment: Enrollment, *, now: datetime) -> None:
    """Go on with a paused or parked enrollment, as its sequence declares. Raises SequenceActionRefused for any other,
    and under a safety hold."""
    locked = _locked(enrollment)
    if locked.state not in {EnrollmentState.PAUSED, EnrollmentState.PARKED}:
        raise SequenceActionRefused("This is not paused: somebody else may have been quicker.")
    if locked.lead.safety_hold:
        raise SequenceActionRefused("A safety hold stands: a clinician lifts it first.")
    definition = locked.version.definition
    if definition.on_resume == OnResume.SHIFT and locked.paused_at:
        locked.anchor += now - locked.paused_at
    elif definition.on_resume == OnResume.SKIP:
        plan.skip_overdue(locked, reason="Fell due while it was paused", now=now)
    locked.state, locked.paused_at, locked.tries = EnrollmentState.LIVE, None, 0
    locked.reason = locked.because = ""
    plan.set_due(locked, now=now)
    locked.save()


@transaction.atomic
def skip_next(enrollment: Enrollment, *, by: User, now: datetime, shown: str = "") -> str:
    """Leave out the step that is next; return it in words. `shown`: the key of the one that the page called next.
    Raises SequenceActionRefused when there is none, or when it is another one by now."""
    locked = _locked(enrollment)
    upcoming = plan.left_of(locked)
    if locked.state not in UNDER_WAY or not upcoming:
        raise SequenceActionRefused("No step is left to skip.")
    step = _next_as_shown(upcoming, shown)
    StepOutcome.objects.create(
        enrollment=locked, step=step.key, result=StepResult.SKIPPED, reason=f"Skipped by {by}"[:200], at=now
    )
    if locked.state == EnrollmentState.LIVE:
        plan.set_due(locked, now=now)
        locked.save()
    return step.in_words


@transaction.atomic
def do_next_now(enrollment: Enrollment, *, now: datetime, shown: str = "") -> None:
    """Make the next step due at once; the rules of sending still hold. Raises SequenceActionRefused when paused, and
    as skip_next when the page showed another step."""
    if upcoming := plan.left_of(_locked(enrollment)):
        _next_as_shown(upcoming, shown)
    if not Enrollment.objects.filter(pk=enrollment.pk, state=EnrollmentState.LIVE).update(due_at=now, run_now=True):
        raise SequenceActionRefused("Resume it first: nothing is due while it is paused.")


def _locked(enrollment: Enrollment) -> Enrollment:
    locked = Enrollment.objects.select_for_update(no_key=True, of=("self",))
    return locked.select_related("version", "lead__location").get(pk=enrollment.pk)


def _next_as_shown(upcoming: list[tuple[datetime, Step]], shown: str) -> Step:
    """Return the step that is next. Raises SequenceActionRefused when the page showed another one; a press that names
    none claims nothing."""
    step = upcoming[0][1]
    if shown and step.key != shown:
        raise SequenceActionRefused(
            f"Somebody was quicker: what comes next is now {step.in_words}. Nothing was changed."
        )
    return step


def because_of(condition: str) -> EnrollmentBecause | Literal[""]:
    """Return what the condition that ended an enrollment counts as: WROTE when the patient replied, else ""."""
    return EnrollmentBecause.WROTE if condition == "replied" else ""


def _cancel_waiting(enrollment: Enrollment, *, reason: str, now: datetime) -> list[UUID]:
    return withdrawn_steps.take_back(Message.objects.filter(enrollment=enrollment), reason=reason, now=now)
