"""When somebody is busy, by the text of a calendar (RFC 5545). Runs in a limited child (crm/limited.py): a rule of a
few words can stand for more occurrences than anybody could count.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar

MOST_SPANS = 5_000
MOST_STEPS = 100_000  # of one event, from its first occurrence on: every hour for eleven years
MOST_IN_SIGHT = 4 * MOST_SPANS  # of one event, in the days that were asked for: it may be marked as free
Span = tuple[datetime, datetime]


class TooOften(Exception):
    """An event is repeated more often than it can be followed."""


def spans_of(texts: list[str], zone: str, begin: str, end: str) -> dict[str, Any]:
    """{"busy": [[start, end], …]} in UTC (ISO 8601), sorted, or {"trouble": sentence}.

    Repeated events count one by one, without those that are called off or marked as free (TRANSP). A day without hours
    is busy from midnight to midnight of `zone`.
    """
    clock, first, last = ZoneInfo(zone), datetime.fromisoformat(begin), datetime.fromisoformat(end)
    try:
        found = sorted(span for text in texts for span in _spans(text, clock, first, last))
    except TooOften:
        return {"trouble": "An event is repeated too often: nobody's calendar is like that."}
    except MemoryError:
        raise
    except Exception as trouble:  # a strange calendar breaks a parser in any way it likes
        return {"trouble": f"This is no calendar that can be read ({type(trouble).__name__})."}
    if len(found) > MOST_SPANS:
        return {"trouble": f"There are more than {MOST_SPANS} busy times in the days that are read."}
    return {"busy": [[start.isoformat(), stop.isoformat()] for start, stop in found]}


def _spans(text: str, zone: ZoneInfo, begin: datetime, end: datetime) -> list[Span]:
    chosen = recurring_ical_events.ComponentsWithName("VEVENT", series=_Series)
    events = recurring_ical_events.of(Calendar.from_ical(text), components=[chosen]).between(begin, end)
    spans = (_span(event, zone) for event in events if _counts(event))
    return [(start, stop) for start, stop in spans if start < stop]


class _Counted:
    """A rule whose occurrences are counted as they are worked out."""

    def __init__(self, rule: Any) -> None:
        self._rule, self.until = rule, rule.until

    def between(self, after: datetime, before: datetime, *, inc: bool) -> Iterator[datetime]:
        """Those from `after` to `before`, with both when `inc`."""
        in_sight = 0
        for step, moment in enumerate(self._rule):
            if step > MOST_STEPS or in_sight > MOST_IN_SIGHT:
                raise TooOften
            if moment > before or (moment == before and not inc):
                return
            if moment > after or (moment == after and inc):
                in_sight += 1
                yield moment


class _Series(recurring_ical_events.Series):  # type: ignore[misc]  # it ships no types
    class RecurrenceRules(recurring_ical_events.Series.RecurrenceRules):  # type: ignore[misc]
        def __init__(self, core: Any) -> None:
            super().__init__(core)
            self.rrules: list[Any] = [_Counted(rule) for rule in self.rrules]


def _counts(event: Any) -> bool:
    return str(event.get("status", "")).upper() != "CANCELLED" and str(event.get("transp", "")).upper() != "TRANSPARENT"


def _span(event: Any, zone: ZoneInfo) -> Span:
    start = _moment(event.decoded("dtstart"), zone)
    if "dtend" in event:
        return start, _moment(event.decoded("dtend"), zone)
    if "duration" in event:
        return start, start + event.decoded("duration")
    whole_day = not isinstance(event.decoded("dtstart"), datetime)
    return start, start + timedelta(days=1 if whole_day else 0)


def _moment(value: date | datetime, zone: ZoneInfo) -> datetime:
    if not isinstance(value, datetime):
        return datetime.combine(value, time(), tzinfo=zone).astimezone(UTC)
    return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)
