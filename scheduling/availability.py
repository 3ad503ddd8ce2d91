"""From tables to slots: three queries, whatever the size, then scheduling/slots.py."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.contrib.postgres.aggregates import JSONBAgg
from django.db.models import DateTimeField, Exists, F, Func, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject, Now

from crm.models import Location
from scheduling import slots
from scheduling.enums import TAKING, ClaimState
from scheduling.models import AppointmentType, BusyCalendar, BusySpan, Claim, Resource, ScheduleException
from scheduling.slots import Exemption, Kind, Rule, Window

# Blocks of open time that are longer than this are cut off in what is loaded, not in what is true: nobody is on duty
# for five weeks without a minute's pause.
LOOK_BACK = timedelta(days=35)
AROUND = timedelta(days=2)


@dataclass(frozen=True)
class Free:
    """A time that can be booked. `places`: (provider, room or None) in the order in which they are offered."""

    start: datetime
    end: datetime
    places: tuple[tuple[UUID, UUID | None], ...]


@dataclass(frozen=True)
class Question:
    """What is looked for. `held_by`: holds of theirs do not count as taken; `moving`: nor does this appointment.
    `for_staff`: neither notice nor booking window bind the desk."""

    kind: AppointmentType
    location: Location
    first: date
    days: int
    provider: UUID | None = None
    held_by: str = ""
    moving: UUID | None = None
    for_staff: bool = False


@dataclass
class _Known:
    """What the queries found, by resource."""

    resources: list[Resource]
    holidays: list[Exemption]
    exceptions: dict[UUID, list[Exemption]] = field(default_factory=lambda: defaultdict(list))
    busy: dict[UUID, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))


def find(asked: Question, *, now: datetime) -> list[Free]:
    """All times that can be booked, on the days of the location's clock. Three queries."""
    known = _load(asked)
    providers = [one for one in known.resources if one.kind == "provider"]
    rooms = [one for one in known.resources if one.kind == "room"]
    window = Window(asked.first, asked.days, asked.location.zone)
    kind = _as_kind(asked)
    at = now.timestamp()
    if not asked.kind.needs_room:
        found = slots.find(
            now=at, window=window, kind=kind, resources=[_as_pure(one, known) for one in providers], together=False
        )
        return [_free(one, [(UUID(key), None) for key in one.resources]) for one in found]
    pairs: dict[int, list[tuple[UUID, UUID | None]]] = defaultdict(list)
    for provider in providers:
        for room in rooms:
            both = [_as_pure(provider, known), _as_pure(room, known)]
            for slot in slots.find(now=at, window=window, kind=kind, resources=both, together=True):
                pairs[slot.start].append((provider.pk, room.pk))
    length = asked.kind.duration * 60
    return [_free(slots.Slot(start, start + length, ()), pairs[start]) for start in sorted(pairs)]


def at_start(asked: Question, start: datetime, *, now: datetime) -> Free | None:
    """The time that begins at this very moment, if it can be booked. Every booking looks it up again."""
    day = start.astimezone(asked.location.zone).date()
    that_day = replace(asked, first=day, days=1)
    return next((free for free in find(that_day, now=now) if free.start == start), None)


def nearest(asked: Question, start: datetime, *, now: datetime, count: int = 3) -> list[Free]:
    """What is free near a time that is taken: the nearest ones within a week before and two after."""
    day = start.astimezone(asked.location.zone).date()
    around = replace(asked, first=day - timedelta(days=7), days=22)
    found = sorted(find(around, now=now), key=lambda free: abs(free.start - start))
    return sorted(found[:count], key=lambda free: free.start)


def _free(slot: slots.Slot, places: Sequence[tuple[UUID, UUID | None]]) -> Free:
    return Free(datetime.fromtimestamp(slot.start, UTC), datetime.fromtimestamp(slot.end, UTC), tuple(places))


def _as_kind(asked: Question) -> Kind:
    kind = asked.kind
    return Kind(
        duration=kind.duration,
        step=kind.step,
        buffer_before=kind.buffer_before,
        buffer_after=kind.buffer_after,
        min_notice=0 if asked.for_staff else kind.min_notice,
        window_days=None if asked.for_staff else kind.window_days,
    )


def _load(asked: Question) -> _Known:
    known = _Known(list(_resources(asked)), holidays_of(asked.location))
    ids = [one.pk for one in known.resources]
    _add_exceptions(known, asked.first - LOOK_BACK)
    zone = asked.location.zone
    begin = datetime.combine(asked.first, time(), tzinfo=zone) - AROUND
    end = begin + timedelta(days=asked.days) + 2 * AROUND
    # Holds end by PostgreSQL's clock, as the claims themselves judge them.
    taken = claims_between(ids, begin, end).exclude(state=ClaimState.HELD, hold_expires_at__lte=Now())
    if asked.held_by:
        taken = taken.exclude(state=ClaimState.HELD, held_by=asked.held_by)
    if asked.moving:
        taken = taken.exclude(appointment=asked.moving)
    claimed = taken.values_list("resource_id", _bound("lower"), _bound("upper"))
    elsewhere = busy_between(ids, begin, end).values_list("resource_id", "starts_at", "ends_at")
    for resource_id, lower, upper in claimed.union(elsewhere, all=True):
        known.busy[resource_id].append((lower.timestamp(), upper.timestamp()))
    return known


def _add_exceptions(known: _Known, since: date) -> None:
    for one in _exceptions(known.resources, since):
        touched = [one.resource_id] if one.resource_id else [resource.pk for resource in known.resources]
        for key in touched:
            known.exceptions[key].append(as_exemption(one))


def _resources(asked: Question) -> QuerySet[Resource]:
    """Those that the type needs at that location, each with its rules."""
    fit = Q(types_given=asked.kind)
    if asked.provider:
        fit &= Q(pk=asked.provider)
    if asked.kind.needs_room:
        fit |= Q(types_held=asked.kind)
    return with_rules(Resource.objects.filter(fit, is_active=True, location=asked.location).distinct())


def with_rules(found: QuerySet[Resource]) -> QuerySet[Resource]:
    """Each with its rules, and with `is_silent`: one of its own calendars does not answer."""
    rule = JSONObject(
        weekdays="rules__weekdays",
        start="rules__start",
        end="rules__end",
        valid_from="rules__valid_from",
        valid_to="rules__valid_to",
    )
    open_times = JSONBAgg(rule, filter=Q(rules__isnull=False), distinct=True, default=None)
    silent = BusyCalendar.objects.filter(resource=OuterRef("pk"), is_active=True).exclude(trouble="")
    return found.annotate(open_times=open_times, is_silent=Exists(silent)).order_by("position", "name", "pk")


def _exceptions(resources: Iterable[Resource], since: date) -> QuerySet[ScheduleException]:
    places = {one.location_id for one in resources}
    ids = [one.pk for one in resources]
    return ScheduleException.objects.filter(Q(resource__in=ids) | Q(location__in=places), to_day__gte=since)


def claims_between(ids: list[UUID], begin: datetime, end: datetime) -> QuerySet[Claim]:
    """Claims that take time of these resources between two moments. Longer than a day no claim ever is."""
    return Claim.objects.annotate(begins=_bound("lower")).filter(
        resource__in=ids, state__in=TAKING, begins__gte=begin - timedelta(days=1), begins__lt=end
    )


def busy_between(ids: list[UUID], begin: datetime, end: datetime) -> QuerySet[BusySpan]:
    """When providers are busy by their own calendars."""
    return BusySpan.objects.filter(
        resource__in=ids, calendar__is_active=True, starts_at__lt=end, ends_at__gt=begin
    ).order_by()


def _bound(which: str) -> Func:
    return Func(F("during"), function=which, output_field=DateTimeField())


def _as_pure(resource: Resource, known: _Known) -> slots.Resource:
    return slots.Resource(
        key=str(resource.pk),
        zone=resource.zone,
        rules=tuple(_as_rule(rule) for rule in resource.open_times or []),  # type: ignore[attr-defined]  # annotated
        exceptions=(*known.exceptions[resource.pk], *known.holidays),
        busy=tuple(known.busy[resource.pk]),
    )


def _as_rule(rule: dict[str, Any]) -> Rule:
    return Rule(
        weekdays=frozenset(rule["weekdays"]),
        start=time.fromisoformat(rule["start"]),
        end=time.fromisoformat(rule["end"]),
        valid_from=rule["valid_from"] and date.fromisoformat(rule["valid_from"]),
        valid_to=rule["valid_to"] and date.fromisoformat(rule["valid_to"]),
    )


def as_exemption(one: ScheduleException) -> Exemption:
    """In wall time; a day without an end ends at the midnight after it."""
    start = datetime.combine(one.from_day, one.from_time or time())
    end = datetime.combine(one.to_day, one.to_time) if one.to_time else _midnight_after(one.to_day)
    return Exemption(one.is_open, start, end)


def holidays_of(location: Location) -> list[Exemption]:
    """Closed from midnight to midnight."""
    days = [date.fromisoformat(text) for text in location.holidays]
    return [Exemption(False, datetime.combine(day, time()), _midnight_after(day)) for day in days]


def _midnight_after(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time())


def open_spans(
    resources: list[Resource], location: Location, first: date, days: int
) -> dict[UUID, list[tuple[int, int]]]:
    """When each resource is open on these days, whatever is booked: instants, for calendars. They come from with_rules.
    One query."""
    known = _Known(resources, holidays_of(location))
    _add_exceptions(known, first - LOOK_BACK)
    window = Window(first, days, location.zone)
    return {one.pk: slots.open_blocks(_as_pure(one, known), window) for one in known.resources}
