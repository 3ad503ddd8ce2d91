"""When somebody is busy, by the text of a calendar (RFC 5545). Runs in a limited child (crm/sandbox/runner.py): a rule
of a few words can stand for more occurrences than anybody could count."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar, vDuration

from scheduling.rules import rule_ends
from scheduling.rules.calendar_text import IS_FREE, WHOLE_DAYS, CalendarEntry, CalendarPart, NoCalendar, parts_of

MOST_SPANS = 5_000
MOST_STEPS = 100_000  # of one event, from its first occurrence on: every hour for eleven years
MOST_IN_SIGHT = 4 * MOST_SPANS  # of one event, in the days that were asked for: it may be marked as free
MOST_LEFT_OUT = 50  # that are named one by one
_DAY = len("20261201")
Span = tuple[datetime, datetime]
Days = tuple[datetime, datetime]


class TooOften(Exception):
    """An event is repeated more often than it can be followed."""


class Odd(Exception):
    """An entry that says nothing one could go by. The text says what is odd."""


def spans_of(texts: list[str], zone: str, begin: str, end: str) -> dict[str, Any]:
    """Return {"busy": [[start, end], …], "skipped": [{"uid", "reason"}, …]}, or {"trouble": sentence}.

    Times are in UTC (ISO 8601) and sorted. Repeated events count one by one, without those that are called off or
    marked as free. A day without hours is busy from midnight to midnight of `zone`. An entry that cannot be read is
    skipped, and one whose time zone nobody knows makes its whole days busy; both are named.
    """
    clock, days = ZoneInfo(zone), (datetime.fromisoformat(begin), datetime.fromisoformat(end))
    busy: list[Span] = []
    skipped: list[dict[str, str]] = []
    try:
        for part in (part for text in texts for part in parts_of(text)):
            busy += _spans(part, clock, days, skipped)
    except TooOften:
        return {"trouble": "An event is repeated too often: nobody's calendar is like that."}
    except NoCalendar:
        return {"trouble": "This is no calendar that can be read."}
    if len(busy) > MOST_SPANS:
        return {"trouble": f"There are more than {MOST_SPANS} busy times in the days that are read."}
    told = [[start.isoformat(), stop.isoformat()] for start, stop in sorted(busy)]
    return {"busy": told, "skipped": skipped[:MOST_LEFT_OUT]}


def _spans(part: CalendarPart, zone: ZoneInfo, days: Days, skipped: list[dict[str, str]]) -> list[Span]:
    """Return all busy spans at once; when something in a calendar is odd, event by event, so that the others count."""
    series = [entries for entries in _series(part) if not all(entry.is_free for entry in entries)]
    lists = [[one] for entry in part.entries if entry.name == "VFREEBUSY" for one in _periods_of(entry)]
    skipped += [_told(entries[0], _on_whole_days(entries)) for entries in series if _zones_of(entries)]
    try:
        found = _of_events([entry for entries in series for entry in entries], part, zone, days)
    except (TooOften, MemoryError):
        raise
    except Exception:  # a strange event breaks a parser in any way it likes
        found = _one_by_one(series, lambda entries: _of_events(entries, part, zone, days), skipped)
    return found + _one_by_one(lists, lambda entries: _of_list(entries[0], days), skipped)


def _series(part: CalendarPart) -> list[list[CalendarEntry]]:
    """Group the events with what was moved or called off of each: they share their UID."""
    series: dict[str, list[CalendarEntry]] = defaultdict(list)
    for number, entry in enumerate(entry for entry in part.entries if entry.name == "VEVENT"):
        series[entry.uid or f" {number}"].append(entry)
    return [one for entries in series.values() for one in _apart(entries)]


def _apart(entries: list[CalendarEntry]) -> list[list[CalendarEntry]]:
    """Separate the series that shares a UID from events that only bear the same one: some programs give one to every
    event. The latest version counts; two of the same version that say different things are two events."""
    moved = [entry for entry in entries if entry.line("RECURRENCE-ID") is not None]
    whole = [entry for entry in entries if entry.line("RECURRENCE-ID") is None]
    latest = max((entry.version for entry in whole), default=0)
    events = list({tuple(entry.lines): entry for entry in whole if entry.version == latest}.values())
    for number, entry in enumerate(events[1:], 2):
        entry.uid = f"{entry.uid} ({number})"
    return [[*_without_free(events[:1], moved), *moved], *([entry] for entry in events[1:])]


def _without_free(events: list[CalendarEntry], moved: list[CalendarEntry]) -> list[CalendarEntry]:
    """Leave out a series that is free: it takes no time, however often it comes; only what was moved in it may. One
    that was changed from a day on is another from there."""
    is_changed = any("RANGE=" in (entry.line("RECURRENCE-ID") or "").upper() for entry in moved)
    return events if is_changed else [entry for entry in events if not entry.is_free]


def _one_by_one(
    series: list[list[CalendarEntry]], read: Callable[[list[CalendarEntry]], list[Span]], skipped: list[dict[str, str]]
) -> list[Span]:
    found: list[Span] = []
    for entries in series:
        try:
            found += read(entries)
        except (TooOften, MemoryError):
            raise
        except Exception as trouble:
            why = str(trouble) if isinstance(trouble, Odd) else "Its dates, or how it is repeated, cannot be read."
            skipped.append(_told(entries[0], why))
    return found


def _told(entry: CalendarEntry, reason: str) -> dict[str, str]:
    return {"uid": _printable(entry.uid[:200]), "reason": _printable(reason)}


def _printable(text: str) -> str:
    """Return what a database and a page accept: no null character, nothing that reverses the direction of writing."""
    return "".join(sign for sign in text if sign.isprintable())


def _zones_of(entries: list[CalendarEntry]) -> list[str]:
    return sorted({name for entry in entries for name in entry.unknown_zones})


def _on_whole_days(entries: list[CalendarEntry]) -> str:
    names = ", ".join(name[:60] for name in _zones_of(entries))
    return f"Nobody knows the time zone {names}: its whole days are busy."


def _of_events(entries: list[CalendarEntry], part: CalendarPart, zone: ZoneInfo, days: Days) -> list[Span]:
    chosen = recurring_ical_events.ComponentsWithName("VEVENT", series=_Series)
    calendar = Calendar.from_ical(_as_text(entries, part, zone))
    events = recurring_ical_events.of(calendar, components=[chosen]).between(*days)
    spans = (_span(event, zone) for event in events if IS_FREE not in event)
    return [(min(span), max(span)) for span in spans if span[0] != span[1]]  # clocks that skip turn some round


def _as_text(entries: list[CalendarEntry], part: CalendarPart, zone: ZoneInfo) -> str:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//own//EN"]
    lines += [text for name, text in part.zones.items() if any(name in line for one in entries for line in one.lines)]
    for number, entry in enumerate(entries):
        lines += ["BEGIN:VEVENT", f"UID:{entry.uid or f'none-{number}'}", *_agreeing(entry, part, zone), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


def _agreeing(entry: CalendarEntry, part: CalendarPart, zone: ZoneInfo) -> list[str]:
    """Return the lines of an event, with a beginning and an end that go together: some name a day and then an hour, or
    the same day twice."""
    start, end = entry.line("DTSTART"), entry.line("DTEND")
    if start is None:
        raise Odd("It has no beginning.")
    lines = [
        rule_ends.in_utc(line, start, zones=part.zones, zone=zone) if line.upper().startswith("RRULE") else line
        for line in entry.lines
    ]
    if end is None:
        return lines
    begin, stop = start.rpartition(":")[2].strip(), end.rpartition(":")[2].strip().upper()
    if len(begin) == _DAY and "T" in stop:
        midnight = datetime.combine(date.fromisoformat(begin), time(), tzinfo=zone).astimezone(UTC)
        return [f"DTSTART:{midnight:%Y%m%dT%H%M%SZ}" if line == start else line for line in lines]
    if len(begin) == len(stop) == _DAY and stop <= begin:
        return [line for line in lines if line != end]
    if start.removeprefix("DTSTART")[: -len(begin)] == end.removeprefix("DTEND")[: -len(stop)] and stop < begin:
        raise Odd("It ends before it begins.")
    return lines


def _periods_of(entry: CalendarEntry) -> list[CalendarEntry]:
    """Return the busy times of a VFREEBUSY (RFC 5545, section 3.6.4), each alone, so that an odd one costs no other."""
    busy = [line for line in entry.lines if line.upper().startswith("FREEBUSY") and "FBTYPE=FREE" not in line.upper()]
    return [CalendarEntry(entry.name, entry.uid, [one]) for line in busy for one in line.rpartition(":")[2].split(",")]


def _of_list(entry: CalendarEntry, days: Days) -> list[Span]:
    """Return one busy time of a list: in UTC, by its ends or by its length."""
    start, end = _period(entry.lines[0])
    return [(start, end)] if start < days[1] and end > days[0] else []


def _period(text: str) -> Span:
    first, _, last = text.strip().upper().partition("/")
    start = _utc(first)
    if last.startswith(("P", "+P")):
        return start, start + vDuration.from_ical(last)  # type: ignore[no-untyped-call]
    return start, _utc(last)


def _utc(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


class _Counted:
    """A rule whose occurrences are counted as they are worked out."""

    def __init__(self, rule: Any) -> None:
        self._rule, self.until = rule, rule.until

    def between(self, after: datetime, before: datetime, *, inc: bool) -> Iterator[datetime]:
        """Yield the moments from `after` to `before`, both ends included when `inc`. Raises TooOften beyond the
        limits."""
        seen = 0
        for step, moment in enumerate(self._rule):
            if step > MOST_STEPS or seen > MOST_IN_SIGHT:
                raise TooOften
            if moment > before or (moment == before and not inc):
                return
            if moment > after or (moment == after and inc):
                seen += 1
                yield moment


class _Series(recurring_ical_events.Series):  # type: ignore[misc]  # it ships no types
    class RecurrenceRules(recurring_ical_events.Series.RecurrenceRules):  # type: ignore[misc]
        def __init__(self, core: Any) -> None:
            super().__init__(core)
            self.rrules: list[Any] = [_Counted(rule) for rule in self.rrules]


def _span(event: Any, zone: ZoneInfo) -> Span:
    first = event.decoded("dtstart")
    start, end = _moment(first, zone), _end(event, zone)
    if not isinstance(first, datetime):
        return start, max(end, _moment(first + timedelta(days=1), zone))  # no program means no time by a day
    return _widened(start, end, zone) if WHOLE_DAYS in event else (start, end)


def _end(event: Any, zone: ZoneInfo) -> datetime:
    if "dtend" in event:
        return _moment(event.decoded("dtend"), zone)
    first = event.decoded("dtstart")
    return _moment(first + event.decoded("duration") if "duration" in event else first, zone)


def _widened(start: datetime, end: datetime, zone: ZoneInfo) -> Span:
    """Return the span from midnight to midnight around a busy time."""
    return _moment(start.astimezone(zone).date(), zone), _moment(end.astimezone(zone).date() + timedelta(days=1), zone)


def _moment(value: date | datetime, zone: ZoneInfo) -> datetime:
    if not isinstance(value, datetime):
        return datetime.combine(value, time(), tzinfo=zone).astimezone(UTC)
    return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)
