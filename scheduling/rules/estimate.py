"""When a good-faith estimate is due for whoever pays without insurance (45 CFR 149.610(b)(1)(vi)): for a visit three
business days ahead or more within one business day, ten or more within three. Pure."""

from datetime import date, timedelta

ONE_DAY = timedelta(days=1)


def business_days_between(first: date, last: date, holidays: frozenset[date]) -> int:
    """Return how many business days (Monday to Friday, without holidays) lie after `first`, up to and with `last`."""
    days, count = first + ONE_DAY, 0
    while days <= last:
        count += _is_business(days, holidays)
        days += ONE_DAY
    return count


def due_on(booked: date, visit: date, holidays: frozenset[date]) -> date | None:
    """Return the day by which the patient must have the estimate; None when the visit is too near for the rule."""
    ahead = business_days_between(booked, visit, holidays)
    if ahead < 3:
        return None
    return add_business_days(booked, 3 if ahead >= 10 else 1, holidays)


def add_business_days(day: date, count: int, holidays: frozenset[date]) -> date:
    """Return the date that many business days after `day`."""
    while count:
        day += ONE_DAY
        count -= _is_business(day, holidays)
    return day


def _is_business(day: date, holidays: frozenset[date]) -> bool:
    return day.weekday() < 5 and day not in holidays
