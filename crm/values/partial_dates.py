"""Dates of which only the month or the year is known, read by what is possible. Pure."""

from calendar import monthrange
from datetime import date

from django.utils.translation import gettext_noop as _

LONG_AGO, FAR_AHEAD = 1900, 2200


def first_day(day: date, precision: str) -> date:
    """Return the first day that was meant: of the month or the year that `day` stands for."""
    if precision == "day":
        return day
    return day.replace(day=1) if precision == "month" else day.replace(month=1, day=1)


def last_day(day: date, precision: str) -> date:
    """Return the last day that was meant."""
    if precision == "day":
        return day
    if precision == "month":
        return day.replace(day=monthrange(day.year, day.month)[1])
    return day.replace(month=12, day=31)


def impossible(day: date, precision: str, *, today: date, born: date | None) -> str:
    """Return why nothing can have happened to somebody then, to be translated by who shows it; "" when it can.

    `today` is the date where the person lives, date.max for what may be planned; `born` None: not known. Nothing is
    planned for FAR_AHEAD: whoever counts weeks from a day needs room.
    """
    if day.year < LONG_AGO:
        return _("That is too long ago: check the year.")
    if born and last_day(day, precision) < born:
        return _("That lies before the birth: check the year.")
    if first_day(day, precision) > today or day.year >= FAR_AHEAD:
        return _("That lies in the future: check the year.")
    return ""
