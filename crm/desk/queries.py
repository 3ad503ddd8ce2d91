"""Read what the pages of the desk show, one function per page."""

from dataclasses import dataclass, field, fields
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Subquery

from crm import registry
from crm.enums.leads import NEEDS_A_PERSON, OPEN_STAGES, TOLD_STAGES, ActivityKind, MessageState, Stage, TaskKind
from crm.enums.treatments import MeasurementKind
from crm.leads import call_window
from crm.leads.versions_in_words import change_in_words
from crm.mail import suppression
from crm.models import (
    Activity,
    ConsentRecord,
    Lead,
    Measurement,
    Message,
    Referral,
    ReviewDecision,
    SafetyAlert,
    Suppression,
    Task,
    Treatment,
    User,
)
from crm.models.lead import visible_q

log = structlog.get_logger("nucleus.desk")

KEPT_SECONDS = 5.0
OTHERS_SHOWN = 10
MOST_QUEUED = 50


def lead_list(leads: QuerySet[Lead]) -> QuerySet[Lead]:
    """Return `leads` with their owner and, as `next_due`, when their most urgent open task is due. Runs one query."""
    tasks = Task.objects.open().filter(lead=OuterRef("pk")).order_by("due_at").values("due_at")[:1]
    return leads.select_related("owner").annotate(next_due=Subquery(tasks))


@dataclass(frozen=True)
class ReviewQueue:
    """What waits for a clinician: reviews by when they are due, holds to lift, decisions that need a second person."""

    tasks: list[Task]
    holds: list[Lead]
    seconds: list[tuple[ReviewDecision, registry.News]]


def review_queue(user: User) -> ReviewQueue:
    """Return what waits for a clinician at the locations that this person works for; at most MOST_QUEUED of each. Runs
    three queries, and one for what came since the decisions that wait."""
    seen = Lead.objects.visible_to(user)
    reviews = Task.objects.open().filter(kind=TaskKind.REVIEW, lead__in=seen).select_related("lead")
    waiting = ReviewDecision.objects.waiting().filter(lead__in=seen).select_related("lead", "by")
    seconds = list(waiting.order_by("at", "pk")[:MOST_QUEUED])
    news = registry.news_since({made.lead_id: made.seen for made in seconds})
    return ReviewQueue(
        tasks=list(reviews.order_by("due_at", "pk")[:MOST_QUEUED]),
        holds=list(seen.filter(safety_hold=True).order_by("stage_since", "pk")[:MOST_QUEUED]),
        seconds=[(made, news.get(made.lead_id, registry.News())) for made in seconds],
    )


# What one act causes bears the same time as the act and stands above it: first the call, then the move it made.
OF_TREATMENTS = {ActivityKind.TREATMENT_CORRECTED, ActivityKind.TREATMENT_DISPUTED}
FOLLOWS = {ActivityKind.STAGE, ActivityKind.SAFETY_HOLD, "message"}


@dataclass(frozen=True)
class TimelineEntry:
    """One line of a lead's timeline. `state` and `message_id` are a message's; `changes` are (what, before, after);
    `activity_id` names what somebody else may have told in confidence."""

    at: datetime
    kind: str
    title: str
    by: str = ""
    note: str = ""
    state: str = ""
    message_id: UUID | None = None
    in_confidence: bool = False
    activity_id: UUID | None = None
    changes: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def state_label(self) -> str:
        return str(MessageState(self.state).label) if self.state else ""

    @property
    def is_sent(self) -> bool:
        return self.state == MessageState.SENT

    @property
    def can_be_sent_again(self) -> bool:
        return self.state in NEEDS_A_PERSON


@dataclass(frozen=True)
class LeadPage:
    """What the page of one lead shows, apart from panels. Tasks: the open ones, most urgent first."""

    lead: Lead
    treatments: list[Treatment]
    tasks: list[Task]
    entries: list[TimelineEntry]
    others: list[Lead]
    alerts: list[SafetyAlert]
    number_is_wrong: bool


def lead_page(lead_id: UUID, user: User) -> LeadPage:
    """Return everything for a lead's page, in eight queries; others who share its address or number only from locations
    that `user` works for. Raises Lead.DoesNotExist."""
    lead = Lead.objects.select_related("location", "owner").get(pk=lead_id)
    tasks = list(Task.objects.filter(lead=lead).select_related("done_by").order_by("due_at", "pk"))
    activities = list(Activity.objects.filter(lead=lead).select_related("by").order_by("-at", "-pk"))
    reached = Lead.objects.reached_by(email=lead.email, phone=lead.phone)
    return LeadPage(
        lead=lead,
        treatments=treatments_of(lead),
        tasks=[task for task in tasks if task.done_at is None],
        alerts=_alerts(lead),
        number_is_wrong=_number_is_wrong(lead, activities),
        others=list(reached.visible_to(user).exclude(pk=lead.pk)[:OTHERS_SHOWN]),
        entries=_timeline(lead, activities, tasks),
    )


def _number_is_wrong(lead: Lead, activities: list[Activity]) -> bool:
    """Tell whether a call found the lead's present number wrong; runs a query only then. `activities`: newest first."""
    wrong = call_window.wrong_since((one.at, one.call_outcome) for one in activities if one.kind == ActivityKind.CALL)
    return wrong is not None and call_window.number_since([lead.pk]).get(lead.pk, wrong) <= wrong


def treatments_of(lead: Lead) -> list[Treatment]:
    """Return what was tried, in the order in which it began, with what the patient was never asked marked so. Runs one
    query, and one for the marks where the patient told of some."""
    rows = Treatment.objects.filter(lead=lead).select_related("verified_by")
    found = list(rows.order_by("start_date", "created_at", "pk"))
    registry.mark_unasked(lead, found)
    return found


def consents(lead: Lead) -> list[ConsentRecord]:
    """Return the latest word on each kind of consent. Runs one query."""
    found = ConsentRecord.objects.filter(lead=lead).order_by("kind", "-at", "-entry").distinct("kind")
    return list(found.select_related("witnessed_by"))


def suppressions(lead: Lead) -> list[Suppression]:
    """Return which mails to the lead's address are stopped, for everybody who uses it or for this lead alone; what is
    both stands there once. Runs one query."""
    mine = Q(lead_ref=None) | Q(lead_ref=lead.pk)
    rows = Suppression.objects.filter(mine, address_hash__in=suppression.hashes_of(lead.email), lifted_at=None)
    return list({(row.scope, row.because): row for row in rows.order_by("at")}.values()) if lead.email else []


def last_to_correct(lead: Lead) -> str:
    """Return who last corrected details, treatments or studies of this lead. Runs one query."""
    kinds = [ActivityKind.DETAILS, ActivityKind.IMAGING, *OF_TREATMENTS]
    last = Activity.objects.filter(lead=lead, kind__in=kinds).select_related("by").order_by("-at", "-pk").first()
    return str(last.by) if last and last.by else "somebody else"


def _alerts(lead: Lead) -> list[SafetyAlert]:
    return list(SafetyAlert.objects.open().filter(lead=lead).with_causes().order_by("raised_at", "pk"))


def scores(lead: Lead) -> list[tuple[str, list[tuple[Measurement, bool]]]]:
    """Return [("Pain, average of 7 days (0-10)", [oldest … newest])] for the kinds that were measured, each with
    whether it counts: the last one of a day does. Runs one query."""
    zone = ZoneInfo(lead.timezone)
    series: dict[str, list[Measurement]] = {}
    for measurement in Measurement.objects.filter(lead=lead).select_related("corrected_by").in_order(zone):
        series.setdefault(measurement.kind, []).append(measurement)
    return [(str(kind.label), _counting(series[kind], zone)) for kind in MeasurementKind if kind in series]


def _counting(series: list[Measurement], zone: ZoneInfo) -> list[tuple[Measurement, bool]]:
    days = [one.at.astimezone(zone).date() for one in series]
    return [(one, days[place : place + 2].count(days[place]) == 1) for place, one in enumerate(series)]


def _timeline(lead: Lead, activities: list[Activity], tasks: list[Task]) -> list[TimelineEntry]:
    """Return activities, messages and finished tasks, newest first."""
    messages = Message.objects.filter(lead=lead).defer("text", "html").order_by("-created_at", "-pk")
    entries = [
        *map(_of_activity_if_it_can_be_read, activities),
        *map(_of_message, messages),
        *(_of_task(task) for task in tasks if task.done_at),
    ]
    return sorted(entries, key=lambda entry: (entry.at, entry.kind in FOLLOWS), reverse=True)


def _of_activity_if_it_can_be_read(activity: Activity) -> TimelineEntry:
    """Return the entry of an activity; one that breaks is shown as such: the page, and all other entries, stay."""
    try:
        return _of_activity(activity)
    except Exception as broken:  # entries are kept forever, and what made them changes
        log.error("entry_not_shown", activity=str(activity.pk), error=type(broken).__name__)
        return TimelineEntry(
            at=activity.at, kind=activity.kind, title="An entry that cannot be shown", by=str(activity.by or "")
        )


def _of_activity(activity: Activity) -> TimelineEntry:
    model = Treatment if activity.kind in OF_TREATMENTS else Lead
    changes = activity.details.get("changes", {})
    return TimelineEntry(
        at=activity.at,
        kind=activity.kind,
        title=_title(activity),
        by=str(activity.by or ""),
        note=activity.note,
        in_confidence=activity.in_confidence,
        activity_id=activity.pk if activity.may_be_in_confidence else None,
        changes=[change_in_words(model, name, *values) for name, values in changes.items()],
    )


def _title(activity: Activity) -> str:
    label = str(ActivityKind(activity.kind).label)
    return label if activity.summary in {"", label} else f"{label}: {activity.summary}"


def _of_message(message: Message) -> TimelineEntry:
    state = MessageState(message.state)
    return TimelineEntry(
        at=message.created_at,
        kind="message",
        title=f"E-mail: {message.title}",
        note=message.reason,
        state=state.value,
        message_id=message.pk,
    )


def _of_task(task: Task) -> TimelineEntry:
    assert task.done_at is not None  # noqa: S101 - for the type checker
    return TimelineEntry(at=task.done_at, kind="task", title=f"Task done: {task.title}", by=str(task.done_by or ""))


@dataclass(frozen=True)
class ReferralFigures:
    """What became of the people whom one practice sent. `consulted`: seen at least once; `to_tell`: the practice has
    not heard what came of it, though there is something to tell."""

    sent: int = 0
    open: int = 0
    consulted: int = 0
    patients: int = 0
    lost: int = 0
    to_tell: int = 0
    last_on: date | None = None


def referral_figures(practices: list[UUID], user: User) -> dict[UUID, ReferralFigures]:
    """Return {practice: figures} of the locations that `user` works for, zeros if one sent nobody. Runs one query."""
    seen = Exists(Activity.objects.filter(lead=OuterRef("lead"), kind=ActivityKind.STAGE, details__to=Stage.CONSULTED))
    rows = (
        Referral.objects.filter(visible_q(user, location="lead__location"), practice__in=practices)
        .values("practice")
        .annotate(
            sent=Count("pk"),
            open=Count("pk", filter=Q(lead__stage__in=OPEN_STAGES)),
            consulted=Count("pk", filter=Q(lead__stage__in=[Stage.CONSULTED, Stage.PATIENT]) | Q(seen)),
            patients=Count("pk", filter=Q(lead__stage=Stage.PATIENT)),
            lost=Count("pk", filter=Q(lead__stage=Stage.LOST)),
            to_tell=Count("pk", filter=Q(outcome_told_at=None, may_tell=True, lead__stage__in=TOLD_STAGES)),
            last_on=Max("referred_on"),
        )
    )
    names = [column.name for column in fields(ReferralFigures)]
    found = {row["practice"]: ReferralFigures(*(row[name] for name in names)) for row in rows}  # type: ignore[literal-required]
    return {practice: found.get(practice, ReferralFigures()) for practice in practices}
