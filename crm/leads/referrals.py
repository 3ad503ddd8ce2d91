"""Who sent a patient, and telling them what became of it.

Telling the doctor who treats the patient needs no authorization (45 CFR 164.506(c)(2)); a patient who minds is heeded.
"""

from datetime import date, datetime

from django.db import transaction

from crm.enums.leads import TOLD_STAGES, ActivityKind, ReferralStep, Stage, TaskKind
from crm.leads import tasks
from crm.models import Activity, Lead, Referral, ReferringPractice, Task, User
from crm.values import opening_hours

_COLUMN = {ReferralStep.ARRIVAL: "arrival_told_at", ReferralStep.OUTCOME: "outcome_told_at"}


@transaction.atomic
def record(
    lead: Lead,
    practice: ReferringPractice,
    *,
    referred_on: date,
    may_tell: bool,
    by: User,
    now: datetime,
) -> Referral:
    """Write down who sent the patient; a second time changes nothing. Side effects: the row, an Activity, and a task
    to tell the practice by the end of the next business day."""
    referral, is_new = Referral.objects.get_or_create(
        lead=lead,
        practice=practice,
        defaults={"referred_on": referred_on, "may_tell": may_tell, "created_by": by, "created_at": now},
    )
    if is_new:
        _note(referral, f"Referred by {practice}", by=by, now=now)
        _ask(referral, ReferralStep.ARRIVAL, now)
        if lead.stage in TOLD_STAGES:
            _ask(referral, ReferralStep.OUTCOME, now)
    return referral


def on_move(lead: Lead, to: Stage, *, now: datetime) -> None:
    """Open a task to tell whoever sent the patient, once there is something to tell. `lead` is locked."""
    if to in TOLD_STAGES:
        for referral in Referral.objects.filter(lead=lead, outcome_told_at=None).select_related("practice"):
            _ask(referral, ReferralStep.OUTCOME, now)


@transaction.atomic
def tell(referral: Referral, step: ReferralStep, *, how: str, by: User, now: datetime) -> bool:
    """Record that the practice was told: finish the task, say how in an Activity. False when it was done before."""
    column = _COLUMN[step]
    if not Referral.objects.filter(pk=referral.pk, **{column: None}).update(**{column: now}):
        return False
    Task.objects.open().filter(key=_key(referral, step)).update(done_at=now, done_by=by)
    _note(referral, f"Told {referral.practice}: {step.label}", by=by, now=now, note=how)
    return True


def _ask(referral: Referral, step: ReferralStep, now: datetime) -> None:
    if not referral.may_tell:
        return
    center = referral.lead.location
    due = opening_hours.end_of_next_day(now, hours=center.hours, holidays=center.holidays, zone=center.zone)
    title = f"Tell {referral.practice}: {step.label}"[:120]
    tasks.open_task(referral.lead, kind=TaskKind.REFERRER, title=title, due_at=due, key=_key(referral, step))


def _key(referral: Referral, step: ReferralStep) -> str:
    return f"referral:{referral.pk}:{step}"


def _note(referral: Referral, summary: str, *, by: User, now: datetime, note: str = "") -> None:
    Activity.objects.create(
        lead=referral.lead, kind=ActivityKind.REFERRAL, at=now, by=by, summary=summary[:200], note=note
    )
