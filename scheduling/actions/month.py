"""A month of free times as a calendar: weeks of days on one clock. Pure."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from scheduling.actions.availability import Free

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class MonthDay:
    """`count`: free times; `is_outside`: of the month before or after."""

    day: date
    count: int
    is_outside: bool


def by_day(found: list[Free], zone: ZoneInfo) -> dict[date, list[Free]]:
    """Group free times by day, as the clock of `zone` has it."""
    days: dict[date, list[Free]] = defaultdict(list)
    for free in found:
        days[free.start.astimezone(zone).date()].append(free)
    return days


def weeks(month: date, free: dict[date, list[Free]], *, first_weekday: int = 6) -> list[list[MonthDay]]:
    """Return the weeks that a month touches; they begin on Sunday (6) unless told otherwise."""
    start = month.replace(day=1)
    begin = start - ONE_DAY * ((start.weekday() - first_weekday) % 7)
    end = later(start)
    rows = []
    while begin < end:
        row = [begin + ONE_DAY * n for n in range(7)]
        rows.append([MonthDay(day, len(free.get(day, [])), not _is_in(day, start)) for day in row])
        begin += 7 * ONE_DAY
    return rows


def _is_in(day: date, month: date) -> bool:
    return (day.year, day.month) == (month.year, month.month)


def later(month: date, by: int = 1) -> date:
    """Return the first day of the month that is `by` months later."""
    number = month.year * 12 + month.month - 1 + by
    return date(number // 12, number % 12 + 1, 1)
