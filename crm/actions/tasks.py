"""Tasks: made once an event, done once."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from crm.enums import ActivityKind, TaskKind
from crm.errors import TaskRefused
from crm.models import Activity, Lead, Task, User

# What a task asks for, some roles cannot do or even read; neither can they say that it is done, or can wait.
NEEDS: dict[TaskKind, str] = {
    TaskKind.REVIEW: "crm.decide_review",
    TaskKind.ANSWER: "crm.add_privatemessage",
    TaskKind.PRIVACY: "crm.add_privatemessage",
    TaskKind.VERIFY: "intake.add_verification",
    TaskKind.REFERRER: "crm.change_referral",
}
# These end by what was decided (crm/actions/reviews.py, imaging.py), and never by "Done".
DECIDED = {TaskKind.REVIEW}


def open_once(task: Task) -> None:
    """Saves a task unless one with its key exists: asking twice is asking once."""
    Task.objects.bulk_create([task], ignore_conflicts=True)


def open_task(lead: Lead, *, kind: TaskKind, title: str, due_at: datetime, key: str) -> None:
    """The same for a task that is described."""
    open_once(Task(lead=lead, kind=kind, title=title, due_at=due_at, key=key))


def close(*keys: str, now: datetime) -> None:
    """What was to be done under these keys has settled itself; by nobody."""
    Task.objects.open().filter(key__in=keys).update(done_at=now)


def may_put_off(task: Task, user: User) -> bool:
    """Whether this person may say that the task can wait."""
    return user.has_perms(["crm.change_task", NEEDS.get(TaskKind(task.kind), "crm.change_task")])


def may_finish(task: Task, user: User) -> bool:
    """Whether this person may say that the task is done; nobody may of what a decision ends."""
    return TaskKind(task.kind) not in DECIDED and may_put_off(task, user)


def end_decided(lead_id: UUID, *, by: User, now: datetime, key: str = "", but: Iterable[str] = ()) -> None:
    """End the reviews that were asked for about a lead, or the one with this key: for the decision that does it.
    `but`: how the keys begin of those that it is not about."""
    asked = Task.objects.open().filter(lead=lead_id, kind__in=DECIDED)
    if key:
        asked = asked.filter(key=key)
    for beginning in but:
        asked = asked.exclude(key__startswith=beginning)
    asked.update(done_at=now, done_by=by)


def put_off(task: Task, *, until: datetime, by: User, now: datetime) -> bool:
    """Makes a task due later, and says so on the timeline; False when somebody had done it.

    Raises TaskRefused for whoever may not do what it asks for.
    """
    if not may_put_off(task, by):
        raise TaskRefused("This task waits for somebody else: you cannot put it off.")
    with transaction.atomic():
        if not Task.objects.open().filter(pk=task.pk).update(due_at=until):
            return False
        words = f"Put off to {until.astimezone(task.lead.location.zone):%b %-d, %-I:%M %p}: {task.title}"
        Activity.objects.create(lead=task.lead, kind=ActivityKind.NOTE, at=now, by=by, summary=words[:200])
    return True


def finish_task(task: Task, *, by: User, now: datetime) -> bool:
    """Marks a task done; False when somebody had done it before.

    Raises TaskRefused for a review, which only its decision ends, and for whoever may not do what the task asks for.
    """
    if TaskKind(task.kind) in DECIDED:
        raise TaskRefused("A clinical review ends with the decision of a clinician.")
    if not may_finish(task, by):
        raise TaskRefused("This task waits for somebody else: you cannot end it.")
    return bool(Task.objects.open().filter(pk=task.pk).update(done_at=now, done_by=by))
