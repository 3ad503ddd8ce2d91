"""Tasks: made once an event, done once."""

from datetime import datetime

from crm.enums import TaskKind
from crm.models import Lead, Task, User


def open_task(lead: Lead, *, kind: TaskKind, title: str, due_at: datetime, key: str) -> None:
    """Opens a task unless one with this key exists: asking twice is asking once."""
    Task.objects.bulk_create([Task(lead=lead, kind=kind, title=title, due_at=due_at, key=key)], ignore_conflicts=True)


def finish_task(task: Task, *, by: User, now: datetime) -> bool:
    """Marks a task done; False when somebody had done it before."""
    return bool(Task.objects.open().filter(pk=task.pk).update(done_at=now, done_by=by))
