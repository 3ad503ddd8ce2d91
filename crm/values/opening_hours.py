"""Opening hours: when is the center open, and by when does a new request want a call. Pure."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
CALL_WITHIN = timedelta(minutes=5)
CALL_AFTER_OPENING = timedelta(minutes=15)
LOOK_AHEAD_DAYS = 30

Hours = dict[str, list[str]]


def opening(day: date, *, hours: Hours, holidays: list[str], zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    """Return when the center opens and closes on a local date; None when it stays closed."""
    span = hours.get(DAYS[day.weekday()])
    if span is None or day.isoformat() in holidays:
        return None
    begin, end = (datetime.combine(day, time.fromisoformat(text), tzinfo=zone) for text in span)
    return begin, end


def end_of_next_day(now: datetime, *, hours: Hours, holidays: list[str], zone: ZoneInfo) -> datetime:
    """Return when the next business day ends: the closing time of the first day after today on which the center
    opens."""
    today = now.astimezone(zone).date()
    for offset in range(1, LOOK_AHEAD_DAYS):
        span = opening(today + timedelta(days=offset), hours=hours, holidays=holidays, zone=zone)
        if span:
            return span[1]
    return now + timedelta(days=1)


def opening_time_later(
    now: datetime, span: timedelta, *, hours: Hours, holidays: list[str], zone: ZoneInfo
) -> datetime:
    """Return when the center has been open for `span` since `now`; without enough hours in 30 days, `now + span`."""
    today, left = now.astimezone(zone).date(), span
    for offset in range(LOOK_AHEAD_DAYS):
        day = opening(today + timedelta(days=offset), hours=hours, holidays=holidays, zone=zone)
        if day is None or now >= day[1]:
            continue
        begins = max(now, day[0])
        if left <= day[1] - begins:
            return begins + left
        left -= day[1] - begins
    return now + span


def call_due(now: datetime, *, hours: Hours, holidays: list[str], zone: ZoneInfo) -> datetime:
    """Return when a new request should have been called: five minutes from now, else 15 minutes into the next opening.

    A center without any hours in the next 30 days is treated as always open, so that a task is never undated.
    """
    today = now.astimezone(zone).date()
    for offset in range(LOOK_AHEAD_DAYS):
        span = opening(today + timedelta(days=offset), hours=hours, holidays=holidays, zone=zone)
        if span is None or now >= span[1]:
            continue
        return now + CALL_WITHIN if now >= span[0] else span[0] + CALL_AFTER_OPENING
    return now + CALL_WITHIN
