"""Work out what would go out, when, to whom, and what would be in the way: by the same code; nothing is written."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from crm.enums.leads import EnrollmentState
from crm.followups import conditions
from crm.followups.conditions import ConditionContext
from crm.followups.steps import StepBatch, carry_out
from crm.leads.local_clock import clock_of
from crm.models import Enrollment, Lead, Message, SequenceVersion, StepOutcome, User
from crm.models.lead import visible_q
from crm.outbox import send_rules
from crm.sequences import words
from crm.sequences.definition import Definition, Step
from crm.sequences.due_steps import DueSteps, steps_left

MOST_SHOWN = 200


@dataclass(frozen=True)
class Coming:
    """One step to come. `obstacle`: what would be in the way as things stand, "" for nothing."""

    at: datetime
    lead: Lead
    sequence: str
    step: Step
    becomes: str
    obstacle: str = ""


def of_lead(lead: Lead, version: SequenceVersion, *, now: datetime) -> list[Coming]:
    """List every step of a version, as if this lead were enrolled now. `lead` comes with its location."""
    enrollment = Enrollment(lead=lead, version=version, key=version.key, anchor=now, state=EnrollmentState.LIVE)
    left = steps_left(version.definition, [], anchor=now, clock=clock_of(lead))
    return _told([(enrollment, at, step) for at, step in left], now=now)


def of_everybody(user: User, *, now: datetime, days: int) -> list[Coming]:
    """List the steps that fall due within so many days for all who are enrolled at the locations that `user` works for,
    soonest first; MOST_SHOWN at most."""
    until = now + timedelta(days=days)
    theirs = Enrollment.objects.filter(visible_q(user, location="lead__location"))
    live = theirs.filter(state=EnrollmentState.LIVE, due_at__lt=until).select_related("lead")
    soonest = list(live.prefetch_related("version", "lead__location").order_by("due_at", "pk")[:MOST_SHOWN])
    done: dict[object, set[str]] = {}
    for enrollment_id, step in StepOutcome.objects.filter(enrollment__in=soonest).values_list("enrollment_id", "step"):
        done.setdefault(enrollment_id, set()).add(step)
    found = [
        (one, at, step)
        for one in soonest
        for at, step in steps_left(
            one.version.definition, done.get(one.pk, set()), anchor=one.anchor, clock=clock_of(one.lead)
        )
        if at < until
    ]
    return _told(sorted(found, key=lambda entry: entry[1])[:MOST_SHOWN], now=now)


def _told(entries: list[tuple[Enrollment, datetime, Step]], *, now: datetime) -> list[Coming]:
    """Carry out each step on paper, and judge its mail as it would be judged then."""
    works = [_on_paper(enrollment, step, at) for enrollment, at, step in entries]
    mails = [message for work in works for message in work.messages]
    known = send_rules.background(mails, now=now, alone=False)
    facts = conditions.Facts({enrollment.lead for enrollment, _at, _step in entries})
    told = []
    for (enrollment, at, step), work in zip(entries, works, strict=True):
        definition = enrollment.version.definition
        ends = conditions.what_ends(definition, ConditionContext(enrollment.lead, enrollment.started_at, facts))
        found = _obstacle(work.messages, at, known) if not ends else f"Ends before: {words.condition(ends)}"
        told.append(Coming(at, enrollment.lead, definition.title, step, _becomes(work, step), found))
    return told


def _on_paper(enrollment: Enrollment, step: Step, at: datetime) -> StepBatch:
    work = StepBatch()
    definition: Definition = enrollment.version.definition
    carry_out(enrollment, definition, DueSteps(todo=(step,)), work, now=at)
    return work


def _becomes(work: StepBatch, step: Step) -> str:
    if work.messages:
        return f"Mail “{work.messages[0].name}” to {work.messages[0].to_email}"
    if work.tasks:
        return f"Task: {work.tasks[0].title}"
    return step.in_words


def _obstacle(messages: list[Message], at: datetime, known: send_rules.Background) -> str:
    found = send_rules.obstacle(messages[0], now=at, background=known) if messages else None
    if found is None:
        return ""
    return f"{found.reason} (until {found.until:%b %d, %H:%M} UTC)" if found.until else found.reason
