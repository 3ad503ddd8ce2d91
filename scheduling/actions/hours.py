"""When resources are open, from tables to what scheduling/rules/slots.py works with: weekly rules, exceptions,
holidays."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.postgres.aggregates import JSONBAgg
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject

from scheduling.models import BusyCalendar, Resource, ScheduleException
from scheduling.rules import slots
from scheduling.rules.slots import Exemption, SlotWindow, WeeklyRule

# Blocks of open time that are longer than this are cut off in what is loaded, not in what is true: nobody is on duty
# for five weeks without a minute's pause.
LOOK_BACK = timedelta(days=35)
_RULE = ("rules__weekdays", "rules__start", "rules__end", "rules__valid_from", "rules__valid_to")


@dataclass
class Hours:
    """One resource, with all that opens and closes it."""

    pk: UUID
    kind: str
    zone: ZoneInfo
    location: UUID
    rules: list[WeeklyRule] = field(default_factory=list)
    exceptions: list[Exemption] = field(default_factory=list)

    def as_pure(self, busy: tuple[tuple[float, float], ...] = ()) -> slots.ResourceHours:
        return slots.ResourceHours(str(self.pk), self.zone, tuple(self.rules), tuple(self.exceptions), busy)


def load(resources: QuerySet[Resource], first: date) -> list[Hours]:
    """Return the hours of these resources, in their order, from a day on. Two queries, of plain values: every booking
    runs them."""
    rows = resources.order_by("position", "name", "pk").values_list(
        "pk", "kind", "timezone", "location", "location__holidays", *_RULE
    )
    found: dict[UUID, Hours] = {}
    for pk, kind, zone, location, holidays, *rule in rows:
        if pk not in found:
            closed = [_holiday(day) for day in holidays]
            found[pk] = Hours(pk, kind, ZoneInfo(zone), location, exceptions=closed)
        if rule[0]:
            found[pk].rules.append(WeeklyRule(frozenset(rule[0]), *rule[1:]))
    _add_exceptions(found, first - LOOK_BACK)
    return list(found.values())


def _add_exceptions(found: dict[UUID, Hours], since: date) -> None:
    places = {one.location for one in found.values()}
    theirs = ScheduleException.objects.filter(Q(resource__in=found) | Q(location__in=places), to_day__gte=since)
    rows = theirs.order_by().values_list(
        "resource", "location", "is_open", "from_day", "from_time", "to_day", "to_time"
    )
    for resource, location, is_open, from_day, from_time, to_day, to_time in rows:
        exemption = _exemption(is_open, from_day, from_time, to_day, to_time)
        for one in found.values():
            if one.pk == resource or one.location == location:
                one.exceptions.append(exemption)


def as_exemption(one: ScheduleException) -> Exemption:
    """Return the exception in wall time; a day without an end ends at the midnight after it."""
    return _exemption(one.is_open, one.from_day, one.from_time, one.to_day, one.to_time)


def _exemption(is_open: bool, from_day: date, from_time: time | None, to_day: date, to_time: time | None) -> Exemption:
    start = datetime.combine(from_day, from_time or time())
    return Exemption(is_open, start, datetime.combine(to_day, to_time) if to_time else _midnight_after(to_day))


def _holiday(text: str) -> Exemption:
    """Return an exemption that is closed from midnight to midnight of that date."""
    day = date.fromisoformat(text)
    return Exemption(False, datetime.combine(day, time()), _midnight_after(day))


def _midnight_after(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time())


def with_rules(resources: QuerySet[Resource]) -> QuerySet[Resource]:
    """Add location, rules and `is_silent` (one of its own calendars has something to say) to resources, for pages that
    show them. One query."""
    rule = JSONObject(
        weekdays="rules__weekdays",
        start="rules__start",
        end="rules__end",
        valid_from="rules__valid_from",
        valid_to="rules__valid_to",
    )
    open_times = JSONBAgg(rule, filter=Q(rules__isnull=False), default=None)
    silent = BusyCalendar.objects.filter(resource=OuterRef("pk"), is_active=True).exclude(trouble="", left_out="")
    return resources.select_related("location").annotate(open_times=open_times, is_silent=Exists(silent))


def open_spans(resources: list[Resource], window: SlotWindow) -> dict[UUID, list[tuple[int, int]]]:
    """Return when each resource (from with_rules) is open on these days, whatever is booked: instants, for calendars
    and figures. One query."""
    found = {one.pk: _from_json(one) for one in resources}
    _add_exceptions(found, window.first - LOOK_BACK)
    return {pk: slots.open_blocks(one.as_pure(), window) for pk, one in found.items()}


def _from_json(resource: Resource) -> Hours:
    rules = [
        WeeklyRule(
            frozenset(rule["weekdays"]),
            time.fromisoformat(rule["start"]),
            time.fromisoformat(rule["end"]),
            rule["valid_from"] and date.fromisoformat(rule["valid_from"]),
            rule["valid_to"] and date.fromisoformat(rule["valid_to"]),
        )
        for rule in resource.open_times or []  # type: ignore[attr-defined]  # annotated
    ]
    closed = [_holiday(day) for day in resource.location.holidays]
    return Hours(resource.pk, resource.kind, resource.zone, resource.location_id, rules, closed)
