"""Days and times as people say them, on a given clock and in the language in force."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as noop

from crm.values.us_places import CALLED_AS, ZONES

# Other languages bend these names.
_CLOCKS = {
    "Eastern": noop("Eastern time"),
    "Central": noop("Central time"),
    "Mountain": noop("Mountain time"),
    "Pacific": noop("Pacific time"),
    "Atlantic (Puerto Rico, Virgin Islands)": noop("Atlantic time"),
}


def moment(at: datetime, zone: str) -> str:
    """Return a moment such as "Tuesday, December 1, 10:00 a.m.", on the clock of `zone`."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{day(local.date())}, {clock(at, zone)}"


def clock(at: datetime, zone: str) -> str:
    """Return the time of day such as "10:00 a.m.", on the clock of `zone`."""
    return date_format(at.astimezone(ZoneInfo(zone)), "g:i a")


def day(on: date) -> str:
    """Return a day without its year, such as "Tuesday, December 1"."""
    # Translators: a day without its year, as a Django date format.
    return date_format(on, gettext("l, F j"))


def month(on: date) -> str:
    """Return a month such as "December 2026"."""
    # Translators: a month, as a Django date format.
    return date_format(on, gettext("F Y"))


def zone(name: str) -> str:
    """Return a zone in words such as "Eastern time"; what has no name of its own is spelled with spaces."""
    known = CALLED_AS.get(name, name)
    if known not in ZONES:
        return name.replace("_", " ")
    if own := _CLOCKS.get(ZONES[known]):
        return gettext(own)
    return gettext("%(zone)s time") % {"zone": gettext(ZONES[known])}
