"""My day: what waits for somebody, the most urgent first, in a number of queries that does not grow."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from crm import registry
from crm.enums.leads import Stage, TaskKind
from crm.models import SafetyAlert, Task, User
from crm.models.absence import away_on
from crm.models.lead import visible_q
from crm.models.safety import SafetyAlertQuerySet
from crm.models.task import FIRST_CALL

MOST = 15
MOST_COUNTED = 99


@dataclass(frozen=True)
class TaskSection:
    """Tasks under one heading, at most MOST; `more`: there are others."""

    key: str
    title: str
    nothing: str
    rows: list[Task] = field(default_factory=list)
    more: bool = False


@dataclass(frozen=True)
class MyDay:
    """Hold what My day shows: alerts first; then what waits, by kind; then what upper apps hang in."""

    alerts: list[SafetyAlert]
    sections: list[TaskSection]
    others: list[registry.Worklist]


# (key, title, which tasks, what is said when there are none). Looked at in this order; a task stands in the first.
_SECTIONS: list[tuple[str, str, Q, str]] = [
    (
        "first",
        "New requests: first call",
        Q(kind__in=[TaskKind.URGENT_CALL, TaskKind.CALL], lead__stage=Stage.NEW),
        "Nobody waits for a first call. New requests appear here by themselves, with the time that is left.",
    ),
    (
        "replies",
        "Replies and messages",
        Q(kind=TaskKind.ANSWER),
        "Every message is answered. What patients write by mail or on their page appears here.",
    ),
    (
        "reviews",
        "Clinical reviews",
        Q(kind=TaskKind.REVIEW),
        "No review is due. Warning signs and scans that a clinician should look at appear here.",
    ),
    (
        "returned",
        "Came back without an owner",
        Q(kind=TaskKind.RETURNED),
        "No lead has lost its owner. Leads of somebody who left appear here.",
    ),
    (
        "due",
        "Due today and overdue",
        ~Q(kind__in=[TaskKind.ANSWER, TaskKind.REVIEW, TaskKind.RETURNED])
        & ~Q(kind__in=[TaskKind.URGENT_CALL, TaskKind.CALL], lead__stage=Stage.NEW),
        "Nothing else is due today. Calls, mails that did not arrive and next steps appear here on their day.",
    ),
]


def of(user: User, *, everybody: bool, now: datetime) -> MyDay:
    """Return what `user` sees: their own, nobody's and that of whoever is away, or everybody's. Runs three queries, and
    one for each list hung in."""
    open_now = _open_now(user, everybody=everybody, now=now)
    parts = [
        open_now.filter(wanted).order_by("due_at", "pk").values_list("pk", flat=True)[: MOST + 1]
        for _key, _title, wanted, _nothing in _SECTIONS
    ]
    ids = list(parts[0].union(*parts[1:], all=True))
    rows = Task.objects.filter(pk__in=ids).select_related("lead", "assigned_to").order_by("due_at", "pk")
    by_section: dict[str, list[Task]] = defaultdict(list)
    for task in rows:
        by_section[section_of(task)].append(task)
    return MyDay(
        alerts=_alerts(user),
        sections=[
            TaskSection(key, title, nothing, by_section[key][:MOST], len(by_section[key]) > MOST)
            for key, title, _wanted, nothing in _SECTIONS
        ],
        others=[entry for entry in registry.worklists() if user.has_perm(entry.permission)],
    )


def waiting(user: User) -> dict[str, int]:
    """Return {"day": how many alerts and tasks stand on somebody's own My day}, for whoever has one. Counts no further
    than one task beyond MOST_COUNTED. Runs two queries."""
    if not user.has_perm("crm.view_task"):
        return {}
    tasks = _open_now(user, everybody=False, now=timezone.now())[: MOST_COUNTED + 1].count()
    return {"day": tasks + _open_alerts(user).count()}


def section_of(task: Task) -> str:
    """Return the key of the section where a task stands, as _SECTIONS has it; the task is loaded with its lead."""
    if task.kind in {TaskKind.URGENT_CALL, TaskKind.CALL} and task.lead.stage == Stage.NEW:
        return "first"
    named = {TaskKind.ANSWER: "replies", TaskKind.REVIEW: "reviews", TaskKind.RETURNED: "returned"}
    return named.get(TaskKind(task.kind), "due")


def _open_now(user: User, *, everybody: bool, now: datetime) -> QuerySet[Task]:
    """Return open tasks due by the end of today whose leads this person may see; and, from its arrival on, whatever a
    patient waits for, until somebody puts it off. What falls due while somebody is away is everybody's."""
    waits = Q(put_off_until=None) & (Q(kind=TaskKind.ANSWER) | Q(key__startswith=FIRST_CALL))
    open_tasks = Task.objects.open().filter(Q(due_at__lt=end_of_today(now)) | waits)
    if not everybody:
        away = User.objects.filter(away_on(now.astimezone(timezone.get_current_timezone()).date()))
        open_tasks = open_tasks.filter(Q(assigned_to=user) | Q(assigned_to=None) | Q(assigned_to__in=away))
    return open_tasks.filter(visible_q(user, location="lead__location"))


def end_of_today(now: datetime) -> datetime:
    """Return the midnight that ends today on the clock that the page shows."""
    local = now.astimezone(timezone.get_current_timezone())
    return datetime.combine(local.date() + timedelta(days=1), time(), tzinfo=local.tzinfo)


def _alerts(user: User) -> list[SafetyAlert]:
    return list(_open_alerts(user).select_related("lead").with_causes().order_by("raised_at", "pk")[:MOST])


def _open_alerts(user: User) -> SafetyAlertQuerySet:
    return SafetyAlert.objects.open().filter(visible_q(user, location="lead__location"))


def snoozed_until(choice: str, *, now: datetime) -> datetime | None:
    """Return when a choice ends: in an `hour`, `tomorrow` or in a `week`, both at nine on the clock that the page
    shows; None for any other."""
    local = now.astimezone(timezone.get_current_timezone())
    days = {"tomorrow": 1, "week": 7}
    if choice == "hour":
        return now + timedelta(hours=1)
    if choice not in days:
        return None
    return datetime.combine(local.date() + timedelta(days=days[choice]), time(9), tzinfo=local.tzinfo)
