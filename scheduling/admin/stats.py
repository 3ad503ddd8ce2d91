"""What the calendars do, in numbers: how full they are, how soon somebody gets a time, who comes."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils import timezone

from crm import registry
from crm.enums.leads import MessageState
from crm.models import Message, User
from crm.models.lead import visible_q
from crm.registry import Table
from scheduling.actions import availability, hours
from scheduling.actions.availability import SlotQuery
from scheduling.enums import ResourceKind, Status
from scheduling.models import Appointment, AppointmentType, Resource
from scheduling.rules.slots import SlotWindow

PERIOD, LOOK_AHEAD_DAYS, NOON = timedelta(days=30), 60, 12
CAME = {Status.ARRIVED, Status.FULFILLED}


def register() -> None:
    """Register the figures of scheduling; called once, when the app is ready."""
    registry.figures(tables, order=20)


def tables(user: User) -> list[Table]:
    """Return the figures of the last thirty days, and from today on, at the locations that `user` works for."""
    now, theirs = timezone.now(), visible_q(user)
    ended = Appointment.objects.filter(theirs, starts_at__gte=now - PERIOD, starts_at__lt=now)
    past = list(ended.exclude(status=Status.CANCELLED).select_related("kind", "provider", "location"))
    return [
        ("Calendars: how full", _utilization(past, now, theirs)),
        ("Days to the first free time", _days_to_first(now, theirs)),
        ("Came, of those who said that they would, or were reminded", _show_rate(past)),
        ("Did not come, by kind and time of day", _no_shows(past)),
    ]


def _utilization(past: list[Appointment], now: datetime, theirs: Q) -> list[tuple[str, str]]:
    """Return booked minutes as a share of open minutes, provider by provider."""
    booked: dict[object, float] = defaultdict(float)
    for made in past:
        booked[made.provider_id] += made.minutes
    providers = Resource.objects.filter(theirs, kind=ResourceKind.PROVIDER, is_active=True, location__is_active=True)
    rows = list(hours.with_rules(providers.order_by("location__position", "position", "name", "pk")))
    spans = hours.open_spans(rows, SlotWindow((now - PERIOD).date(), PERIOD.days + 1, ZoneInfo("UTC")))
    return [(str(one), _share(booked[one.pk], _minutes(spans.get(one.pk, []), now - PERIOD, now))) for one in rows]


def _minutes(spans: Iterable[tuple[int, int]], begin: datetime, end: datetime) -> float:
    first, last = begin.timestamp(), end.timestamp()
    return sum(max(0.0, min(stop, last) - max(start, first)) for start, stop in spans) / 60


def _days_to_first(now: datetime, theirs: Q) -> list[tuple[str, str]]:
    """Return the days until the first free time, as a patient who asks now would find it, at the first of these
    locations that gives it."""
    rows, giving = [], Resource.objects.filter(theirs, is_active=True)
    for kind in AppointmentType.objects.filter(is_active=True, providers__in=giving).distinct():
        location = kind.providers.filter(theirs, is_active=True)[0].location
        today = now.astimezone(location.zone).date()
        found = availability.find(SlotQuery(kind, location, today, LOOK_AHEAD_DAYS), now=now)
        days = (found[0].start.astimezone(location.zone).date() - today).days if found else None
        rows.append((kind.label, f"more than {LOOK_AHEAD_DAYS}" if days is None else str(days)))
    return rows


def _show_rate(past: list[Appointment]) -> list[tuple[str, str]]:
    """Return the share that came, among those of whom it is known whether they came."""
    reminded = set(
        Message.objects.filter(
            topic__in=[made.topic_id for made in past], name="appointment_reminder", state=MessageState.SENT
        ).values_list("topic_id", flat=True)
    )
    came, known = Counter[str](), Counter[str]()
    for made in past:
        if made.status in {*CAME, Status.NOSHOW}:
            state = "Confirmed" if made.confirmed_at else "Reminded" if made.topic_id in reminded else "Neither"
            known[state] += 1
            came[state] += made.status in CAME
    return [(state, f"{_share(came[state], known[state])} of {known[state]}") for state in known]


def _no_shows(past: list[Appointment]) -> list[tuple[str, str]]:
    missed, known = Counter[str](), Counter[str]()
    for made in past:
        if made.status in {*CAME, Status.NOSHOW}:
            is_morning = made.starts_at.astimezone(made.location.zone).hour < NOON
            part = f"{made.kind.label}, {'morning' if is_morning else 'afternoon'}"
            known[part] += 1
            missed[part] += made.status == Status.NOSHOW
    return [(part, f"{_share(missed[part], known[part])} of {known[part]}") for part in sorted(known)]


def _share(part: float, whole: float) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "—"
