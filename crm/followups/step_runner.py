"""Carries out the steps of sequences that are due; nothing else does. crm/followups/enrollment.py begins and ends them.

A batch is one transaction with a fixed number of queries, however many enrolments it holds. No network is waited for: a
mail is a row of the outbox, and is written and judged when it is sent. Any number of these may run at once.
"""

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
from crm.enums.leads import ConsentKind, EnrolmentBecause, EnrolmentState, Stage, StepResult, TaskKind
from crm.errors import MoveRefused
from crm.followups import conditions
from crm.followups import enrollment as followups
from crm.followups.conditions import Case
from crm.followups.steps import Work, carry_out
from crm.leads import actions as leads
from crm.leads.local_clock import clock_of
from crm.mail import mime
from crm.mail import status as mail_status
from crm.models import Enrolment, Lead, Message, StepOutcome, Task
from crm.outbox import send_rules
from crm.sequences.definition import Step
from crm.sequences.turn import turn
from crm.values.normalize import one_line, storable

BATCH = 500
RUN_SECONDS = 40.0
MOST_TRIES = 3
TRY_AGAIN = timedelta(minutes=5)
LOOK_AGAIN = timedelta(minutes=15)  # while all mail is held: by so much mails are late once it is not

log = structlog.get_logger("nucleus.follow_up")


def run_due(*, at: datetime | None = None) -> int:
    """Carries out what is due now by PostgreSQL's clock, or at a given moment; returns how many enrolments had their
    turn. Ends after RUN_SECONDS at the latest. While all mail is held, mails wait and what staff have to do goes on."""
    count, ends_at, mail_is_held = 0, time.monotonic() + RUN_SECONDS, mail_status.is_paused()
    while time.monotonic() < ends_at and (done := _batch(at, mail_is_held=mail_is_held)):
        count += done
    return count


@transaction.atomic
def _batch(at: datetime | None, *, mail_is_held: bool = False) -> int:
    """Locks the leads together with their enrolments and waits for neither: whoever works on a lead holds it first and
    then ends or moves its enrolments, and two who wait for each other would both lose."""
    due = list(
        Enrolment.objects.due(at=at)
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
        for enrolment, values in zip(due, before, strict=True):
            _carry_out_alone(enrolment, values, now=now, mail_is_held=mail_is_held)
    return len(due)


def _carry_out_together(due: list[Enrolment], *, now: datetime, mail_is_held: bool) -> None:
    done = _done(due)
    work = Work(educated=_educated([one.lead for one in due]), mail_is_held=mail_is_held)
    facts = conditions.Facts(one.lead for one in due)
    for enrolment in due:
        _take_turn(enrolment, done[enrolment.pk], facts, work, now=now)
    _write(due, work, now=now)


def _carry_out_alone(enrolment: Enrolment, values: list[Any], *, now: datetime, mail_is_held: bool) -> None:
    """What the database refuses for one, or a move of its stage brings about, is this one's matter: put aside."""
    _put_back(enrolment, values)
    try:
        with transaction.atomic():
            _carry_out_together([enrolment], now=now, mail_is_held=mail_is_held)
    except Exception as trouble:
        _put_back(enrolment, values)
        work = Work()
        _put_aside(enrolment, work, trouble, now=now)
        _write([enrolment], work, now=now)


def _educated(people: list[Lead]) -> set[UUID]:
    without = [lead.pk for lead in people if mime.deliverable(lead.email) is None]
    agreed = send_rules.agreed_to(without) if without else {}
    return {lead_id for lead_id, kinds in agreed.items() if ConsentKind.EDUCATION in kinds}


def _done(enrolments: Iterable[Enrolment]) -> dict[UUID, set[str]]:
    found: dict[UUID, set[str]] = defaultdict(set)
    rows = StepOutcome.objects.filter(enrolment__in=[one.pk for one in enrolments])
    for enrolment_id, step in rows.values_list("enrolment_id", "step"):
        found[enrolment_id].add(step)
    return found


def _take_turn(enrolment: Enrolment, done: set[str], facts: conditions.Facts, work: Work, *, now: datetime) -> None:
    """One enrolment's part of the batch. Whatever goes wrong here is this enrolment's matter alone."""
    mine = Work(educated=work.educated, mail_is_held=work.mail_is_held)
    try:
        _decide(enrolment, done, facts, mine, now=now)
    except DatabaseError:  # nothing more can be asked in this transaction: see _batch
        raise
    except Exception as trouble:
        _put_aside(enrolment, work, trouble, now=now)
        return
    work.add(mine)


def _decide(enrolment: Enrolment, done: set[str], facts: conditions.Facts, work: Work, *, now: datetime) -> None:
    lead, definition = enrolment.lead, enrolment.version.definition
    case = Case(lead, enrolment.started_at, facts)
    if ends := conditions.what_ends(definition, case):
        _end(enrolment, EnrolmentState.STOPPED, conditions.IN_WORDS.get(ends, ends), now=now)
        enrolment.because = followups.because_of(ends)
        return
    if lead.safety_hold:
        enrolment.state, enrolment.paused_at, enrolment.due_at = EnrolmentState.PAUSED, now, None
        enrolment.because = EnrolmentBecause.WROTE if case.wrote_since else EnrolmentBecause.HOLD
        enrolment.reason = str(enrolment.get_because_display())
        return
    waits = work.mail_is_held and mime.deliverable(lead.email) is not None  # without an address people do it anyhow
    asked = {"hurry": enrolment.hurry, "mail_is_held": waits}
    found = turn(definition, done, anchor=enrolment.anchor, clock=clock_of(lead), now=now, **asked)
    carry_out(enrolment, definition, found, work, now=now)
    enrolment.tries, enrolment.reason, enrolment.because = 0, "", ""
    enrolment.hurry = enrolment.hurry and found.is_held
    enrolment.due_at = found.next_at
    if found.is_held:
        enrolment.due_at = min(found.next_at or now + LOOK_AGAIN, now + LOOK_AGAIN)
    elif found.next_at is None:
        _end(enrolment, EnrolmentState.DONE, "", now=now)


def _end(enrolment: Enrolment, state: EnrolmentState, reason: str, *, now: datetime) -> None:
    enrolment.state, enrolment.reason, enrolment.ended_at, enrolment.due_at = state, reason, now, None


def _put_aside(enrolment: Enrolment, work: Work, trouble: Exception, *, now: datetime) -> None:
    """Tried again in a while; after MOST_TRIES it waits for a person, and delays nobody else."""
    log.error("step_failed", enrolment=str(enrolment.pk), error=type(trouble).__name__)
    enrolment.tries += 1
    words = one_line(storable(str(trouble)))  # they may quote what could not be stored
    enrolment.reason = f"Could not be carried out ({type(trouble).__name__}): {words}"[:200]
    if enrolment.tries < MOST_TRIES:
        enrolment.due_at = now + TRY_AGAIN
        return
    enrolment.state, enrolment.due_at = EnrolmentState.PARKED, None
    key = f"parked:{enrolment.pk}:{now.timestamp()}"  # it may be resumed, and go wrong again
    title = f"A sequence stopped by itself: {enrolment.key}"
    work.tasks.append(
        Task(lead=enrolment.lead, kind=TaskKind.MAIL_PROBLEM, title=title, due_at=now, key=key, created_at=now)
    )


def _write(enrolments: list[Enrolment], work: Work, *, now: datetime) -> None:
    """Everything at once; moves last, each on its own, because a move may be refused."""
    Task.objects.bulk_create(work.tasks)
    Message.objects.bulk_create(work.messages)
    StepOutcome.objects.bulk_create(work.outcomes)
    _update(enrolments)
    for enrolment, step in work.moves:
        _move(enrolment, step, now=now)
    dispatch.send_after_commit(*work.messages)


_UPDATE = """
UPDATE crm_enrolment SET state = new.state, due_at = new.due_at, reason = new.reason, because = new.because,
    tries = new.tries, hurry = new.hurry, ended_at = new.ended_at, paused_at = new.paused_at
FROM unnest(%s::uuid[], %s::text[], %s::timestamptz[], %s::text[], %s::text[], %s::int[], %s::bool[],
    %s::timestamptz[], %s::timestamptz[]) AS new (id, state, due_at, reason, because, tries, hurry, ended_at, paused_at)
WHERE crm_enrolment.id = new.id
"""


_COLUMNS = ("state", "due_at", "reason", "because", "tries", "hurry", "ended_at", "paused_at")


def _columns_of(enrolment: Enrolment) -> list[Any]:
    return [getattr(enrolment, name) for name in _COLUMNS]


def _put_back(enrolment: Enrolment, values: list[Any]) -> None:
    for name, value in zip(_COLUMNS, values, strict=True):
        setattr(enrolment, name, value)


def _update(enrolments: list[Enrolment]) -> None:
    """What bulk_update does, in a tenth of its time."""
    values = [[getattr(one, name) for one in enrolments] for name in ("pk", *_COLUMNS)]
    values[1], values[4] = ([str(one) for one in values[place]] for place in (1, 4))
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE, values)


def _move(enrolment: Enrolment, step: Step, *, now: datetime) -> None:
    result, reason = StepResult.MOVED, ""
    try:
        with transaction.atomic():
            leads.move(enrolment.lead, to=Stage(step.to), by=None, note=f"By “{enrolment.version}”", now=now)
    except MoveRefused as refused:
        result, reason = StepResult.BLOCKED, refused.message
    StepOutcome.objects.create(enrolment=enrolment, step=step.key, result=result, reason=reason[:200], at=now)
