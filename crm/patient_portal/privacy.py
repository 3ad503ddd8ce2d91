"""What people may ask of us about their own data."""

from datetime import datetime, timedelta

from django.db import transaction

from crm.enums.leads import ActivityKind, TaskKind
from crm.leads import tasks
from crm.models import Activity, Lead, Task

ANSWERED_WITHIN = timedelta(days=30)  # as for access, 45 CFR 164.524(b)(2)
DELETION = "delete:"  # how the keys of these tasks begin


def note_download(lead: Lead, *, now: datetime) -> None:
    """Note that the patient took a copy: an Activity, and nothing else."""
    Activity.objects.create(lead=lead, kind=ActivityKind.NOTE, at=now, summary="Downloaded a copy of their data")


@transaction.atomic
def ask_to_delete(lead: Lead, *, now: datetime) -> bool:
    """Ask staff to delete what is kept: a task, and an Activity. False when that was asked already and is open.

    Nothing is deleted here: a person has to look at what the law makes us keep.
    """
    Lead.objects.select_for_update(no_key=True).get(pk=lead.pk)
    if Task.objects.open().filter(lead=lead, kind=TaskKind.PRIVACY).exists():
        return False
    due_at = now + ANSWERED_WITHIN
    key = f"{DELETION}{lead.pk}:{now.timestamp():.6f}"
    tasks.open_task(lead, kind=TaskKind.PRIVACY, title="Asks us to delete their data", due_at=due_at, key=key)
    Activity.objects.create(lead=lead, kind=ActivityKind.NOTE, at=now, summary="Asked us to delete their data")
    return True


@transaction.atomic
def withdraw_deletion(lead: Lead, *, now: datetime) -> bool:
    """Take the wish to delete back: the task ends by itself, and an Activity says why. False when none was open."""
    Lead.objects.select_for_update(no_key=True).get(pk=lead.pk)
    if not Task.objects.open().filter(lead=lead, key__startswith=DELETION).update(done_at=now):
        return False
    Activity.objects.create(
        lead=lead, kind=ActivityKind.NOTE, at=now, summary="Took back the wish to delete their data"
    )
    return True
