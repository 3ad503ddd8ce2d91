"""Which times can be booked: rules in wall time, exceptions, what is busy, and a policy. Pure; instants are seconds.

Open time is the union of weekly rules and open exceptions, minus closed ones. Starts lie every `step` minutes of
absolute time from the true start of each block of open time, however far back that is; what is busy and the notice
never move them. `any`: each resource alone. `all`: all together, on the grid of the time that is open for all.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from scheduling.rules.spans import Span, in_both, merged, without
from scheduling.rules.wall_clock import DAY, MINUTE, exists, instant, local

ONE_DAY = timedelta(days=1)
# Before the first exception and the first change of a rule every week is like the one before it. A block that goes back
# four weeks beyond them has no beginning: four, so that no single change of the clocks can have closed a gap.
NO_BEGINNING = 28
FOREVER = -(2**62)


@dataclass(frozen=True)
class WeeklyRule:
    """Every week, in wall time. 0 is Monday; an end that is not after the start is on the next day. Valid by the local
    date on which a block starts, both ends included."""

    weekdays: frozenset[int]
    start: time
    end: time
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True)
class Exemption:
    """Open or closed for once, in the resource's wall time."""

    is_open: bool
    start: datetime
    end: datetime


@dataclass(frozen=True)
class ResourceHours:
    """A provider or a room. `busy`: spans of instants, buffers already inside; they alone may carry fractions."""

    key: str
    zone: ZoneInfo
    rules: tuple[WeeklyRule, ...] = ()
    exceptions: tuple[Exemption, ...] = ()
    busy: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class SlotSpec:
    """What is booked. Minutes; `window_days` None: as far ahead as one likes, 0: today only."""

    duration: int
    step: int
    buffer_before: int = 0
    buffer_after: int = 0
    min_notice: int = 0
    window_days: int | None = None


@dataclass(frozen=True)
class SlotWindow:
    """The local days of `zone` on which a slot may start."""

    first: date
    days: int
    zone: ZoneInfo


@dataclass(frozen=True)
class Slot:
    """`resources`: keys, in the order in which they were given."""

    start: int
    end: int
    resources: tuple[str, ...]


def find(
    *, now: float, window: SlotWindow, kind: SlotSpec, resources: list[ResourceHours], together: bool
) -> list[Slot]:
    """Return all slots, by start. `now` may carry a fraction; the slots never do."""
    spread = _around(window)
    free: dict[int, list[str]] = defaultdict(list)
    if together:
        if not resources:
            return []
        blocks = _open_blocks(resources[0], spread)
        for resource in resources[1:]:
            blocks = in_both(blocks, _open_blocks(resource, spread))
        busy = merged(span for resource in resources for span in resource.busy)
        for start in _starts(blocks, busy, kind, spread):
            free[start] = [resource.key for resource in resources]
    else:
        for resource in resources:
            for start in _starts(_open_blocks(resource, spread), merged(resource.busy), kind, spread):
                free[start].append(resource.key)
    allowed = (start for start in sorted(free) if _is_allowed(start, now=now, window=window, kind=kind))
    return [Slot(start, start + kind.duration * MINUTE, tuple(free[start])) for start in allowed]


def open_blocks(resource: ResourceHours, window: SlotWindow) -> list[Span]:
    """Return when a resource is open around the days of a window, whatever is busy."""
    return _open_blocks(resource, _around(window))


def _around(window: SlotWindow) -> Span:
    """Return instants that are sure to hold the window's days, whatever the date line does."""
    first = instant(datetime.combine(window.first, time(0)), window.zone, is_end=False)
    return first - 2 * DAY, first + (window.days + 2) * DAY


def _is_allowed(start: int, *, now: float, window: SlotWindow, kind: SlotSpec) -> bool:
    day = local(start, window.zone).date()
    if not window.first <= day < window.first + window.days * ONE_DAY or start < now + kind.min_notice * MINUTE:
        return False
    today = datetime.fromtimestamp(now, window.zone).date()
    return kind.window_days is None or day <= today + kind.window_days * ONE_DAY


def _starts(blocks: list[Span], busy: list[tuple[float, float]], kind: SlotSpec, spread: Span) -> Iterator[int]:
    """Yield the starts within `spread` that fit into a block and touch nothing busy."""
    step, length = kind.step * MINUTE, kind.duration * MINUTE
    before, after = kind.buffer_before * MINUTE, (kind.duration + kind.buffer_after) * MINUTE
    ends = [end for _start, end in busy]
    for begins, closes in blocks:
        anchor = 0 if begins == FOREVER else begins
        lowest = max(begins, spread[0])
        start = anchor + -(-(lowest - anchor) // step) * step
        while start + length <= closes and start < spread[1]:
            nearest = bisect_right(ends, start - before)
            if nearest == len(busy) or busy[nearest][0] >= start + after:
                yield start
            start += step


def _open_blocks(resource: ResourceHours, spread: Span) -> list[Span]:
    """Return the blocks that meet `spread`, each with its true start, FOREVER when it has none.

    Looks back further and further until the first block begins well after the place from which it looked.
    """
    first, last = (local(at, resource.zone).date() for at in spread)
    back, steady = 7, _first_change(resource)
    while True:
        begin = _days_before(first, back)
        blocks = _expanded(resource, begin, last + ONE_DAY)
        meeting = [block for block in blocks if block[0] < spread[1] and block[1] > spread[0]]
        edge = instant(datetime.combine(begin, time(0)), resource.zone, is_end=False) + 2 * DAY
        if not meeting or meeting[0][0] > edge or begin == date.min:
            return meeting
        if back > NO_BEGINNING and (steady is None or begin < _days_before(steady, NO_BEGINNING)):
            return [(FOREVER, meeting[0][1]), *meeting[1:]]
        back = max(4 * back, 2 * NO_BEGINNING)


def _days_before(day: date, days: int) -> date:
    return day - days * ONE_DAY if (day - date.min).days > days else date.min


def _first_change(resource: ResourceHours) -> date | None:
    """Return the earliest date at which something begins, ends or is an exception; None when nothing ever does."""
    dates = [day for rule in resource.rules for day in (rule.valid_from, rule.valid_to) if day]
    dates += [moment.date() for one in resource.exceptions for moment in (one.start, one.end)]
    return min(dates, default=None)


def _expanded(resource: ResourceHours, first: date, last: date) -> list[Span]:
    """Open time made of the rules of these local dates and of all exceptions."""
    opened = [_span(one, resource.zone) for one in resource.exceptions if one.is_open]
    closed = [_span(one, resource.zone) for one in resource.exceptions if not one.is_open]
    for rule in resource.rules:
        opened += _of_rule(rule, resource.zone, first, last)
    return without(merged(opened), merged(closed))


def _span(one: Exemption, zone: ZoneInfo) -> Span:
    return instant(one.start, zone, is_end=False), instant(one.end, zone, is_end=True)


def _of_rule(rule: WeeklyRule, zone: ZoneInfo, first: date, last: date) -> Iterator[Span]:
    day, last = max(first, rule.valid_from or first), min(last, rule.valid_to or last)
    until = ONE_DAY if rule.end <= rule.start else timedelta()
    while day <= last:
        if day.weekday() in rule.weekdays and exists(day, zone):
            start = instant(datetime.combine(day, rule.start), zone, is_end=False)
            yield start, instant(datetime.combine(day + until, rule.end), zone, is_end=True)
        day += ONE_DAY
