"""Tasks: made once an event, done once."""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce

from crm.enums.leads import ActivityKind, TaskKind
from crm.errors import TaskRefused
from crm.models import Activity, Lead, Task, User
from crm.models.task import FIRST_CALL
from crm.values import opening_hours

# What a task asks for, some roles cannot do or even read; neither can they say that it is done, or can wait.
NEEDS: dict[TaskKind, str] = {
    TaskKind.REVIEW: "crm.decide_review",
    TaskKind.ANSWER: "crm.add_privatemessage",
    TaskKind.PRIVACY: "crm.add_privatemessage",
    TaskKind.VERIFY: "intake.add_verification",
    TaskKind.REFERRER: "crm.change_referral",
}
# These end by what was decided (crm/leads/reviews.py, imaging.py), and never by "Done".
DECIDED = {TaskKind.REVIEW}
# What comes while such a task is open changes it: no page that was made before ends it or puts it off.
GROWING = {
    TaskKind.ANSWER: "They wrote again since this page was made, or somebody put this off: read it first.",
    TaskKind.URGENT_CALL: "There is another reason to call since this page was made, or another time: look first.",
}
ANSWER_MAIL = "Answer the e-mail"
# What a task is that waits once more: not done, and put off by nobody.
ANEW: dict[str, None] = {"put_off_until": None, "first_due_at": None, "done_at": None, "done_by": None}


def open_once(task: Task) -> None:
    """Save a task unless one with its key exists: asking twice is asking once."""
    Task.objects.bulk_create([task], ignore_conflicts=True)


def open_again(task: Task) -> None:
    """Save a task; one with its key waits again and is due as this one, whether somebody had done it or put it off."""
    Task.objects.bulk_create([task], update_conflicts=True, unique_fields=["key"], update_fields=["due_at", *ANEW])


def open_one(task: Task) -> None:
    """Save a task, once a key, unless one of its kind waits for the lead: that one is then due as this one, and stands
    for both; what ends the one cause by its key ends it no more. Lock the lead first."""
    for_both = f"{task.kind}:{task.key}"
    if Task.objects.filter(key__in=[task.key, for_both]).exists():
        return
    waits = Task.objects.open().filter(lead=task.lead_id, kind=task.kind).order_by("created_at", "pk").first()
    if waits is None:
        open_once(task)
    else:
        Task.objects.filter(pk=waits.pk).update(due_at=task.due_at, key=for_both)


def open_task(lead: Lead, *, kind: TaskKind, title: str, due_at: datetime, key: str) -> None:
    """Open a task that is described here, unless one with its key exists."""
    open_once(Task(lead=lead, kind=kind, title=title, due_at=due_at, key=key))


def ask_for_answer(lead: Lead, *, title: str, key: str, now: datetime) -> None:
    """Open the task to answer what a patient wrote, due before the next business day ends. One is open at a time: it
    takes this key, and is due by then, however far somebody had put it off. What somebody had ended waits again."""
    Lead.objects.select_for_update(no_key=True).get(pk=lead.pk)
    center = lead.location
    due_at = opening_hours.end_of_next_day(now, hours=center.hours, holidays=center.holidays, zone=center.zone)
    waits = Task.objects.open().filter(lead=lead, kind=TaskKind.ANSWER).order_by("created_at", "pk").first()
    ended = Task.objects.filter(lead=lead, key=key, done_at__isnull=False)
    if waits:
        named = waits.key if ended.exists() else key
        Task.objects.filter(pk=waits.pk).update(key=named, due_at=min(waits.due_at, due_at), put_off_until=None)
    elif not ended.update(created_at=now, due_at=due_at, **ANEW):
        open_once(Task(lead=lead, kind=TaskKind.ANSWER, title=title, due_at=due_at, key=key, created_at=now))


def close(*keys: str, now: datetime) -> int:
    """End the open tasks under these keys, which have settled themselves: by nobody. Return how many."""
    return Task.objects.open().filter(key__in=keys).update(done_at=now)


def close_first_calls(lead: Lead, *, now: datetime) -> None:
    """End the first call of a request: its person has booked."""
    Task.objects.open().filter(lead=lead, key__startswith=FIRST_CALL).update(done_at=now)


def may_put_off(task: Task, user: User) -> bool:
    """Tell whether this person may say that the task can wait."""
    return user.has_perms(["crm.change_task", NEEDS.get(TaskKind(task.kind), "crm.change_task")])


def may_finish(task: Task, user: User) -> bool:
    """Tell whether this person may say that the task is done; nobody may say so of what a decision ends."""
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


def waits(lead_id: UUID, kind: TaskKind) -> bool:
    """Return whether a task of this kind is open about a lead."""
    return Task.objects.open().filter(lead=lead_id, kind=kind).exists()


def end_calls(lead: Lead, *, by: User, now: datetime, seen: Collection[str] | None = None) -> None:
    """End the calls that wait: somebody was reached. `seen`: the versions of urgent ones on the page of whoever called;
    another one has another reason, and goes on waiting. None: nothing came in between. Locks the lead."""
    Lead.objects.select_for_update(no_key=True).get(pk=lead.pk)
    calls = Task.objects.open().filter(lead=lead, kind__in=[TaskKind.CALL, TaskKind.URGENT_CALL])
    unseen = [one.pk for one in calls if one.kind == TaskKind.URGENT_CALL and one.version not in (seen or [])]
    calls.exclude(pk__in=[] if seen is None else unseen).update(done_at=now, done_by=by)


def put_off(task: Task, *, until: datetime, by: User, now: datetime, seen: str = "") -> bool:
    """Make a task due later, keep when it was due at first, and say so on the timeline; False when somebody had done
    it. `seen`: as in finish_task.

    Raises TaskRefused for whoever may not do what it asks for, and when more came since.
    """
    if not may_put_off(task, by):
        raise TaskRefused("This task waits for somebody else: you cannot put it off.")
    as_seen = _as_seen(task, seen)
    with transaction.atomic():
        first = Coalesce(F("first_due_at"), F("due_at"))
        if not as_seen.update(due_at=until, put_off_until=until, first_due_at=first):
            return False
        when = until.astimezone(task.lead.location.zone)
        # without the title: the patient reads this line in their copy, and the title is a note of ours
        words = f"Put off to {when:%b %-d, %-I:%M %p}: {TaskKind(task.kind).label}"
        Activity.objects.create(lead=task.lead, kind=ActivityKind.NOTE, at=now, by=by, summary=words)
    return True


def finish_task(task: Task, *, by: User, now: datetime, seen: str = "") -> bool:
    """Mark a task done; False when somebody had done it before. `seen`: its version on their page.

    Raises TaskRefused for a review, which only its decision ends, for whoever may not do what the task asks for, and
    when more came since their page was made.
    """
    if TaskKind(task.kind) in DECIDED:
        raise TaskRefused("A clinical review ends with the decision of a clinician.")
    if not may_finish(task, by):
        raise TaskRefused("This task waits for somebody else: you cannot end it.")
    return bool(_as_seen(task, seen).update(done_at=now, done_by=by))


def _as_seen(task: Task, seen: str) -> QuerySet[Task]:
    """Return the task, if it is still open and asks for what the page showed. Raises TaskRefused if it has grown."""
    same, more = Task.objects.open().filter(pk=task.pk, key=task.key), GROWING.get(TaskKind(task.kind))
    if more and seen != task.version:
        raise TaskRefused(more)
    return same.filter(due_at=task.due_at) if more else same
