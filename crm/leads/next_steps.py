"""Every open lead has a next step: a task, or a step of a sequence to come. Nothing is forgotten."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import structlog
from django.db import transaction
from django.db.models import Q

from crm import registry
from crm.enums.leads import AUTOMATED, OPEN_STAGES, Stage, TaskKind
from crm.leads import stages
from crm.models import Absence, Lead, Message, Task
from crm.models.absence import absences_of
from crm.models.task import ABOUT_A_MAIL, FIRST_CALL
from crm.values import opening_hours

BATCH = 500
DECIDE = "Decide what comes next"
# How the keys begin of the tasks by which a request is won: its own, those of sequences, and next steps.
TO_WIN = (FIRST_CALL, "step:", "parked:", "next:", "decide:")
NO_ADDRESS = "bounce:"  # and of the one to ask for another address

log = structlog.get_logger("nucleus.next_steps")


@dataclass(frozen=True)
class NextStep:
    """What somebody means to do, and when."""

    title: str
    due_at: datetime


def has_one(lead: Lead) -> bool:
    """Tell whether something reminds of this lead; True for one that is not open."""
    return lead.stage not in OPEN_STAGES or not Lead.objects.filter(pk=lead.pk).without_next_step().exists()


def plan(lead: Lead, step: NextStep) -> Task:
    """Open a task for the next step, whatever else is open."""
    key = f"next:{uuid4()}"
    return Task.objects.create(lead=lead, kind=TaskKind.NEXT_STEP, title=step.title, due_at=step.due_at, key=key)


def is_expected(lead: Lead) -> bool:
    """Return whether a visit is ahead, as an app above knows."""
    asked = registry.conditions().get("expected_again")
    return asked is not None and lead.pk in asked([lead.pk])


def end(lead: Lead, *, now: datetime) -> int:
    """End the tasks that only served to win a lead that is closed; return how many. What is about a visit, a message, a
    warning sign or a wish of the patient stays."""
    served = Q(kind__in=[TaskKind.CALL, TaskKind.NEXT_STEP], key=None) | Q(kind=TaskKind.RETURNED)
    for beginning in TO_WIN if is_expected(lead) else (*TO_WIN, NO_ADDRESS):
        served |= Q(key__startswith=beginning)
    served |= Q(key__in=_of_follow_ups(lead))
    return Task.objects.open().filter(served, lead=lead).update(done_at=now)


def _of_follow_ups(lead: Lead) -> list[str]:
    """Return the keys of open tasks about automated mails that did not go out: they only served to win the lead."""
    told = Task.objects.open().filter(lead=lead, key__startswith=ABOUT_A_MAIL).values_list("key", flat=True)
    mail_of = {key: key.split(":")[1] for key in told if key}
    if not mail_of:
        return []
    served = Message.objects.filter(pk__in=mail_of.values(), message_class__in=AUTOMATED).values_list("pk", flat=True)
    mails = {str(pk) for pk in served}
    return [key for key, mail in mail_of.items() if mail in mails]


def after_move(lead: Lead, to: Stage, *, now: datetime) -> None:
    """Open a task for the next step that the stage's own rule asks for, unless something else reminds of the lead."""
    rule = stages.rules().get(to)
    if rule and rule.answer_within_minutes and not has_one(lead):
        plan(lead, NextStep(f"{rule.label}: next step", due_for(lead, rule.answer_within_minutes, now=now)))


def due_for(lead: Lead, minutes: int, *, now: datetime) -> datetime:
    """Return the moment after so many minutes of the location's opening hours from now."""
    center = lead.location
    span = timedelta(minutes=minutes)
    return opening_hours.opening_time_later(now, span, hours=center.hours, holidays=center.holidays, zone=center.zone)


def ensure(*, now: datetime) -> int:
    """Give every open lead without a next step a task to decide, due at the end of the next day; return how many."""
    made = 0
    while batch := _batch(now=now):
        made += batch
    return made


def _batch(*, now: datetime) -> int:
    with transaction.atomic():
        left = Lead.objects.without_next_step().select_for_update(no_key=True, skip_locked=True, of=("self",))
        forgotten = list(left.select_related("location").order_by("pk")[:BATCH])
        away = absences_of(lead.owner_id for lead in forgotten)
        Task.objects.bulk_create(_decide(lead, away, now=now) for lead in forgotten)
    return len(forgotten)


def _decide(lead: Lead, away: dict[UUID | None, list[Absence]], *, now: datetime) -> Task:
    """Return a task to decide, for the owner; for everybody when the owner is away on the day on which it is due."""
    due_at = _end_of_next_day(lead, now=now)
    is_away = any(absence.covers(due_at.date()) for absence in away.get(lead.owner_id, []))
    return Task(
        lead=lead,
        kind=TaskKind.NEXT_STEP,
        title=DECIDE,
        assigned_to_id=None if is_away else lead.owner_id,
        created_at=now,
        key=f"decide:{lead.pk}:{now:%Y%m%d%H%M%S}",
        due_at=due_at,
    )


def _end_of_next_day(lead: Lead, *, now: datetime) -> datetime:
    """Return the end of the next business day, on the location's clock. Now, where its hours cannot be read: nobody is
    forgotten for that, and nobody else's task waits."""
    center = lead.location
    try:
        end = opening_hours.end_of_next_day(now, hours=center.hours, holidays=center.holidays, zone=center.zone)
        return end.astimezone(center.zone)
    except Exception as trouble:
        log.error("hours_unreadable", location=str(center.pk), error=type(trouble).__name__)
        return now
