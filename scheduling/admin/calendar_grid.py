"""Where things lie in a calendar: pixels from the top of the hours that are shown, side by side where they overlap."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from scheduling.models import Appointment, BusySpan, Resource

EARLIEST, LATEST = 7, 19  # hours that are always shown
MINUTE_PX = 1.6  # how tall a minute is: half an hour holds a name and what can be done
SMALLEST = 20  # minutes, of a block in which words can be read
Span = tuple[int, int]


@dataclass(frozen=True)
class Block:
    """An appointment in a column; pixels from the top, and the share of the width in percent."""

    made: Appointment
    top: int
    height: int
    left: int
    width: int


@dataclass(frozen=True)
class GridColumn:
    """One resource on one day. `closed`, `busy`: (top, height) of what is not open, and of what their own calendar
    holds."""

    resource: Resource
    day: date
    blocks: list[Block]
    closed: list[Span]
    busy: list[Span]


@dataclass(frozen=True)
class Grid:
    """The hours that are shown, on the clock of `zone`: more than the usual ones where somebody comes then."""

    zone: ZoneInfo
    first: int = EARLIEST
    last: int = LATEST

    @classmethod
    def for_all(cls, found: Iterable[Appointment], zone: ZoneInfo) -> "Grid":
        first, last = EARLIEST, LATEST
        for made in found:
            start, end = made.starts_at.astimezone(zone), made.ends_at.astimezone(zone)
            first = min(first, start.hour)
            last = max(last, 24 if end.date() > start.date() else end.hour + bool(end.minute))
        return cls(zone, first, last)

    @property
    def height(self) -> int:
        return _px((self.last - self.first) * 60)

    @property
    def hours(self) -> list[tuple[str, int]]:
        """Return (hour in words, pixels from the top) for each hour shown."""
        shown = range(self.first, self.last + 1)
        return [(f"{time(hour % 24):%-I %p}", _px((hour - self.first) * 60)) for hour in shown]

    def minutes(self, moment: datetime, day: date) -> int:
        """Return the minutes from the top, as the clock on the wall shows them."""
        wall = moment.astimezone(self.zone).replace(tzinfo=None)
        return int((wall - datetime.combine(day, time(self.first))).total_seconds()) // 60

    def spans(self, spans: Iterable[tuple[datetime, datetime]], day: date) -> list[tuple[int, int]]:
        """Return the (first, last) minute of what of these lies within the hours that are shown."""
        whole = (self.last - self.first) * 60
        cut = (tuple(min(max(self.minutes(at, day), 0), whole) for at in span) for span in spans)
        return [(start, end) for start, end in cut if start < end]

    def busy(self, spans: Iterable[BusySpan], day: date) -> list[Span]:
        return [_as_px(span) for span in self.spans(((one.starts_at, one.ends_at) for one in spans), day)]

    def closed(self, open_spans: Iterable[tuple[int, int]], day: date) -> list[Span]:
        """Return what lies between open blocks, in pixels."""
        instants = ((datetime.fromtimestamp(a, self.zone), datetime.fromtimestamp(b, self.zone)) for a, b in open_spans)
        top, gaps = 0, list[tuple[int, int]]()
        for start, end in self.spans(instants, day):
            gaps.append((top, start))
            top = max(top, end)
        gaps.append((top, (self.last - self.first) * 60))
        return [_as_px(gap) for gap in gaps if gap[0] < gap[1]]

    def blocks(self, found: Iterable[Appointment], day: date) -> list[Block]:
        """Return the appointments as blocks; those that overlap share the width."""
        rows = [(self.minutes(made.starts_at, day), _minutes_of(made), made) for made in found]
        blocks = list[Block]()
        for group in _groups(sorted(rows, key=lambda row: (row[0], str(row[2].pk)))):
            lanes = _lanes(group)
            width = 100 // (max(lanes) + 1)
            blocks += [
                Block(made, _px(top), _px(tall), lane * width, width)
                for (top, tall, made), lane in zip(group, lanes, strict=True)
            ]
        return blocks


Row = tuple[int, int, Appointment]


def _groups(rows: list[Row]) -> list[list[Row]]:
    """Split the rows into runs in which each row overlaps one before it."""
    groups, until = list[list[Row]](), 0
    for row in rows:
        if not groups or row[0] >= until:
            groups.append([])
        groups[-1].append(row)
        until = max(until, row[0] + row[1])
    return groups


def _lanes(group: list[Row]) -> list[int]:
    """Return for each row of the group the first lane that is free."""
    ends, lanes = list[int](), list[int]()
    for top, tall, _made in group:
        lane = next((number for number, end in enumerate(ends) if end <= top), len(ends))
        ends[lane : lane + 1] = [top + tall]
        lanes.append(lane)
    return lanes


def _minutes_of(made: Appointment) -> int:
    return max(int((made.ends_at - made.starts_at).total_seconds()) // 60, SMALLEST)


def _px(minutes: int) -> int:
    return round(minutes * MINUTE_PX)


def _as_px(span: tuple[int, int]) -> Span:
    """Return a span in minutes as (top, height) in pixels."""
    return _px(span[0]), _px(span[1]) - _px(span[0])
