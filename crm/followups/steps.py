"""What one step of a sequence leaves behind: a row of the outbox, a task for people, a move; and always its outcome."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from crm.enums.leads import OnUnknown, StepResult, TaskKind
from crm.leads import call_window
from crm.leads.local_clock import clock_of
from crm.mail import emails, mime
from crm.models import Enrollment, Message, StepOutcome, Task
from crm.outbox.send_rules import CLASS_OF, FRESH_FOR
from crm.sequences import timing
from crm.sequences.definition import Definition, Do, Purpose, Step
from crm.sequences.due_steps import OVERTAKEN, DueSteps

TOO_LATE = "Too late: advertising is dropped"


@dataclass
class StepBatch:
    """What a batch will write. `consented_to_education`: who has no address and agreed to education, so may be called
    about it. `mail_is_held`: all mail is, for now."""

    outcomes: list[StepOutcome] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    moves: list[tuple[Enrollment, Step]] = field(default_factory=list)
    consented_to_education: set[UUID] = field(default_factory=set)
    mail_is_held: bool = False

    def add(self, other: "StepBatch") -> None:
        self.outcomes += other.outcomes
        self.messages += other.messages
        self.tasks += other.tasks
        self.moves += other.moves

    def note(self, enrollment: Enrollment, step: Step, result: StepResult, at: datetime, **more: Any) -> None:
        self.outcomes.append(StepOutcome(enrollment=enrollment, step=step.key, result=result, at=at, **more))


def carry_out(
    enrollment: Enrollment, definition: Definition, found: DueSteps, work: StepBatch, *, now: datetime
) -> None:
    """Carry out the steps of one enrollment that are due."""
    for step in found.overtaken:
        work.note(enrollment, step, StepResult.SKIPPED, now, reason=OVERTAKEN)
    for step in found.stale:
        if definition.purpose_of(step) == Purpose.COMMERCIAL:
            work.note(enrollment, step, StepResult.SKIPPED, now, reason=TOO_LATE)
        else:
            _call_instead(enrollment, step, "the mail would come too late", work, now=now)
    for step in found.todo:
        if step.do == Do.MAIL:
            _mail(enrollment, definition.purpose_of(step), step, work, now=now)
        elif step.do == Do.STAGE:
            work.moves.append((enrollment, step))
        else:
            kind = TaskKind.CALL if step.do == Do.CALL else TaskKind.OTHER
            _task(enrollment, step, kind, step.title, StepResult.TASK, work, now=now)


def _mail(enrollment: Enrollment, purpose: Purpose, step: Step, work: StepBatch, *, now: datetime) -> None:
    """Write the mail of a step. Without an address a person steps in, the same business day; nobody is called to be
    advertised to unasked."""
    if mime.deliverable(enrollment.lead.email) is None:
        if purpose == Purpose.COMMERCIAL and enrollment.lead_id not in work.consented_to_education:
            work.note(enrollment, step, StepResult.BLOCKED, now, reason="No address, and no consent to education")
        else:
            _call_instead(enrollment, step, "there is no address", work, now=now)
        return
    message = emails.follow_up(
        enrollment.lead,
        name=step.text,
        key=_key(enrollment, step),
        message_class=CLASS_OF[purpose],
        on_unknown=OnUnknown.PARK,
        enrollment=enrollment,
        not_after=now + FRESH_FOR,
        now=now,
    )
    work.messages.append(message)
    work.note(enrollment, step, StepResult.MAIL, now, message=message)


def _call_instead(enrollment: Enrollment, step: Step, why: str, work: StepBatch, *, now: datetime) -> None:
    """Open a task to say by telephone, or by letter, what the mail would have said."""
    lead = enrollment.lead
    way = "Call" if lead.phone and not lead.do_not_call else "Write a letter"
    kind = TaskKind.OTHER if lead.do_not_call else TaskKind.CALL
    title = f"{way} instead of a mail: {why}"  # of which sequence, the panel of follow-ups says
    _task(enrollment, step, kind, title, StepResult.INSTEAD, work, now=now, reason=why.capitalize())


def _task(
    enrollment: Enrollment,
    step: Step,
    kind: TaskKind,
    title: str,
    result: StepResult,
    work: StepBatch,
    *,
    now: datetime,
    reason: str = "",
) -> None:
    clock = clock_of(enrollment.lead)
    due_at = timing.into_window(now, clock, hours=timing.CALL_HOURS, allowed=clock.may_call)
    key = _key(enrollment, step)
    about: dict[str, Any] = {"title": title[:120], "due_at": due_at, "key": key, "created_at": now}
    is_call = kind == TaskKind.CALL
    task = (
        call_window.call_task(enrollment.lead, **about) if is_call else Task(lead=enrollment.lead, kind=kind, **about)
    )
    work.tasks.append(task)
    work.note(enrollment, step, result, now, task=task, reason=reason)


def _key(enrollment: Enrollment, step: Step) -> str:
    return f"step:{enrollment.pk}:{step.key}"
