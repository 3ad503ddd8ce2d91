"""Tasks: made once an event, done once."""

from datetime import datetime

from django.db import transaction

from crm.enums import ActivityKind, TaskKind
from crm.models import Activity, Lead, Task, User


def open_once(task: Task) -> None:
    """Saves a task unless one with its key exists: asking twice is asking once."""
    Task.objects.bulk_create([task], ignore_conflicts=True)


def open_task(lead: Lead, *, kind: TaskKind, title: str, due_at: datetime, key: str) -> None:
    """The same for a task that is described."""
    open_once(Task(lead=lead, kind=kind, title=title, due_at=due_at, key=key))


def close(*keys: str, now: datetime) -> None:
    """What was to be done under these keys has settled itself; by nobody."""
    Task.objects.open().filter(key__in=keys).update(done_at=now)


def put_off(task: Task, *, until: datetime, by: User, now: datetime) -> bool:
    """Makes a task due later, and says so on the timeline; False when somebody had done it."""
    with transaction.atomic():
        if not Task.objects.open().filter(pk=task.pk).update(due_at=until):
            return False
        words = f"Put off to {until.astimezone(task.lead.location.zone):%b %-d, %-I:%M %p}: {task.title}"
        Activity.objects.create(lead=task.lead, kind=ActivityKind.NOTE, at=now, by=by, summary=words[:200])
    return True


def finish_task(task: Task, *, by: User, now: datetime) -> bool:
    """Marks a task done; False when somebody had done it before."""
    return bool(Task.objects.open().filter(pk=task.pk).update(done_at=now, done_by=by))
