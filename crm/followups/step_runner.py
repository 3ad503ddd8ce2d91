"""Carry out the steps of sequences that are due; nothing else does. crm/followups/enrollment.py begins and ends them.

A batch is one transaction with a fixed number of queries, however many enrollments it holds. No network is waited for:
a mail is a row of the outbox, and is written and judged when it is sent. Any number of these may run at once."""

import time
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import DatabaseError, connection, transaction
from django.db.models.functions import Now

from crm import dispatch
from crm.enums.leads import ConsentKind, EnrollmentBecause, EnrollmentState, Stage, StepResult, TaskKind
from crm.errors import MoveRefused
from crm.followups import conditions
from crm.followups import enrollment as followups
from crm.followups.conditions import ConditionContext
from crm.followups.steps import StepBatch, carry_out
from crm.leads import actions as leads
from crm.leads.local_clock import clock_of
from crm.mail import mime
from crm.mail import status as mail_status
from crm.models import Enrollment, Lead, Message, StepOutcome, Task
from crm.outbox import send_rules
from crm.sequences import words
from crm.sequences.definition import Step
from crm.sequences.due_steps import find_due
from crm.values.normalize import one_line, storable

BATCH = 500
RUN_SECONDS = 40.0
MOST_TRIES = 3
TRY_AGAIN = timedelta(minutes=5)
LOOK_AGAIN = timedelta(minutes=15)  # while all mail is held: by so much mails are late once it is not

log = structlog.get_logger("nucleus.follow_up")


def run_due(*, at: datetime | None = None) -> int:
    """Carry out what is due now by PostgreSQL's clock, or at a given moment; return how many enrollments had their
    turn. Begins no batch after RUN_SECONDS. While all mail is held, mails wait and what staff have to do goes on."""
    count, ends_at, mail_is_held = 0, time.monotonic() + RUN_SECONDS, mail_status.is_paused()
    while time.monotonic() < ends_at and (done := _batch(at, mail_is_held=mail_is_held)):
        count += done
    return count


@transaction.atomic
def _batch(at: datetime | None, *, mail_is_held: bool = False) -> int:
    """Carry out one batch; return how many had their turn. Leads are locked with their enrollments, and neither is
    waited for: whoever works on a lead holds it before its enrollments, and two who wait for each other both lose."""
    due = list(
        Enrollment.objects.due(at=at)
        .select_for_update(no_key=True, skip_locked=True, of=("self", "lead"))
        .select_related("lead")
        .prefetch_related("version", "lead__location")  # one object each, however many rows
        .annotate(clock=Now())
        .order_by("due_at", "pk")[:BATCH]
    )
    if not due:
        return 0
    now: datetime = at or due[0].clock  # type: ignore[attr-defined]  # annotated above
    before = [_columns_of(one) for one in due]
    try:
        with transaction.atomic():
            _carry_out_together(due, now=now, mail_is_held=mail_is_held)
    except Exception as trouble:  # of one of them, and nothing says of which
        log.error("batch_failed", count=len(due), error=type(trouble).__name__)
        for enrollment, values in zip(due, before, strict=True):
            _carry_out_alone(enrollment, values, now=now, mail_is_held=mail_is_held)
    return len(due)


def _carry_out_together(due: list[Enrollment], *, now: datetime, mail_is_held: bool) -> None:
    done = _done(due)
    work = StepBatch(
        consented_to_education=_consented_to_education([one.lead for one in due]), mail_is_held=mail_is_held
    )
    facts = conditions.Facts(one.lead for one in due)
    for enrollment in due:
        _take_turn(enrollment, done[enrollment.pk], facts, work, now=now)
    _write(due, work, now=now)


def _carry_out_alone(enrollment: Enrollment, values: list[Any], *, now: datetime, mail_is_held: bool) -> None:
    """Carry out one enrollment's step; put it aside alone when the database, or a move of its stage, refuses it."""
    _put_back(enrollment, values)
    try:
        with transaction.atomic():
            _carry_out_together([enrollment], now=now, mail_is_held=mail_is_held)
    except Exception as trouble:
        _put_back(enrollment, values)
        work = StepBatch()
        _put_aside(enrollment, work, trouble, now=now)
        _write([enrollment], work, now=now)


def _consented_to_education(people: list[Lead]) -> set[UUID]:
    without = [lead.pk for lead in people if mime.deliverable(lead.email) is None]
    agreed = send_rules.agreed_to(without) if without else {}
    return {lead_id for lead_id, kinds in agreed.items() if ConsentKind.EDUCATION in kinds}


def _done(enrollments: Iterable[Enrollment]) -> dict[UUID, set[str]]:
    found: dict[UUID, set[str]] = defaultdict(set)
    rows = StepOutcome.objects.filter(enrollment__in=[one.pk for one in enrollments])
    for enrollment_id, step in rows.values_list("enrollment_id", "step"):
        found[enrollment_id].add(step)
    return found


def _take_turn(
    enrollment: Enrollment, done: set[str], facts: conditions.Facts, work: StepBatch, *, now: datetime
) -> None:
    """Do one enrollment's part of the batch. Whatever goes wrong here is this enrollment's matter alone, but for what
    the database refuses."""
    mine = StepBatch(consented_to_education=work.consented_to_education, mail_is_held=work.mail_is_held)
    try:
        _decide(enrollment, done, facts, mine, now=now)
    except DatabaseError:  # nothing more can be asked in this transaction: see _batch
        raise
    except Exception as trouble:
        _put_aside(enrollment, work, trouble, now=now)
        return
    work.add(mine)


def _decide(enrollment: Enrollment, done: set[str], facts: conditions.Facts, work: StepBatch, *, now: datetime) -> None:
    lead, definition = enrollment.lead, enrollment.version.definition
    case = ConditionContext(lead, enrollment.started_at, facts)
    if ends := conditions.what_ends(definition, case):
        _end(enrollment, EnrollmentState.STOPPED, words.condition(ends), now=now)
        enrollment.because = followups.because_of(ends)
        return
    if lead.safety_hold:
        enrollment.state, enrollment.paused_at, enrollment.due_at = EnrollmentState.PAUSED, now, None
        enrollment.because = EnrollmentBecause.WROTE if case.wrote_since else EnrollmentBecause.HOLD
        enrollment.reason = str(enrollment.get_because_display())
        return
    waits = work.mail_is_held and mime.deliverable(lead.email) is not None  # without an address people do it anyhow
    asked = {"run_now": enrollment.run_now, "mail_is_held": waits}
    found = find_due(definition, done, anchor=enrollment.anchor, clock=clock_of(lead), now=now, **asked)
    carry_out(enrollment, definition, found, work, now=now)
    enrollment.tries, enrollment.reason, enrollment.because = 0, "", ""
    enrollment.run_now = enrollment.run_now and found.is_held
    enrollment.due_at = found.next_at
    if found.is_held:
        enrollment.due_at = min(found.next_at or now + LOOK_AGAIN, now + LOOK_AGAIN)
    elif found.next_at is None:
        _end(enrollment, EnrollmentState.DONE, "", now=now)


def _end(enrollment: Enrollment, state: EnrollmentState, reason: str, *, now: datetime) -> None:
    enrollment.state, enrollment.reason, enrollment.ended_at, enrollment.due_at = state, reason, now, None


def _put_aside(enrollment: Enrollment, work: StepBatch, trouble: Exception, *, now: datetime) -> None:
    """Put off an enrollment that failed: it is tried again in TRY_AGAIN; after MOST_TRIES it waits for a person, with a
    task, and delays nobody else."""
    log.error("step_failed", enrollment=str(enrollment.pk), error=type(trouble).__name__)
    enrollment.tries += 1
    told = one_line(storable(str(trouble)))  # they may quote what could not be stored
    enrollment.reason = f"Could not be carried out ({type(trouble).__name__}): {told}"[:200]
    if enrollment.tries < MOST_TRIES:
        enrollment.due_at = now + TRY_AGAIN
        return
    enrollment.state, enrollment.due_at = EnrollmentState.PARKED, None
    key = f"parked:{enrollment.pk}:{now.timestamp()}"  # it may be resumed, and go wrong again
    title = f"A sequence stopped by itself: {enrollment.key}"
    work.tasks.append(
        Task(lead=enrollment.lead, kind=TaskKind.MAIL_PROBLEM, title=title, due_at=now, key=key, created_at=now)
    )


def _write(enrollments: list[Enrollment], work: StepBatch, *, now: datetime) -> None:
    """Write everything of a batch at once; moves last, each on its own, because a move may be refused."""
    Task.objects.bulk_create(work.tasks)
    Message.objects.bulk_create(work.messages)
    StepOutcome.objects.bulk_create(work.outcomes)
    _update(enrollments)
    for enrollment, step in work.moves:
        _move(enrollment, step, now=now)
    dispatch.send_after_commit(*work.messages)


_UPDATE = """
UPDATE crm_enrollment SET state = new.state, due_at = new.due_at, reason = new.reason, because = new.because,
    tries = new.tries, run_now = new.run_now, ended_at = new.ended_at, paused_at = new.paused_at
FROM unnest(%s::uuid[], %s::text[], %s::timestamptz[], %s::text[], %s::text[], %s::int[], %s::bool[],
    %s::timestamptz[], %s::timestamptz[])
    AS new (id, state, due_at, reason, because, tries, run_now, ended_at, paused_at)
WHERE crm_enrollment.id = new.id
"""


_COLUMNS = ("state", "due_at", "reason", "because", "tries", "run_now", "ended_at", "paused_at")


def _columns_of(enrollment: Enrollment) -> list[Any]:
    return [getattr(enrollment, name) for name in _COLUMNS]


def _put_back(enrollment: Enrollment, values: list[Any]) -> None:
    for name, value in zip(_COLUMNS, values, strict=True):
        setattr(enrollment, name, value)


def _update(enrollments: list[Enrollment]) -> None:
    """Save the enrollments' _COLUMNS in one statement: what bulk_update does, in a tenth of its time."""
    values = [[getattr(one, name) for one in enrollments] for name in ("pk", *_COLUMNS)]
    values[1], values[4] = ([str(one) for one in values[place]] for place in (1, 4))
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE, values)


def _move(enrollment: Enrollment, step: Step, *, now: datetime) -> None:
    result, reason = StepResult.MOVED, ""
    try:
        with transaction.atomic():
            leads.move(enrollment.lead, to=Stage(step.to), by=None, note=f"By “{enrollment.version}”", now=now)
    except MoveRefused as refused:
        result, reason = StepResult.BLOCKED, refused.message
    StepOutcome.objects.create(enrollment=enrollment, step=step.key, result=result, reason=reason[:200], at=now)
