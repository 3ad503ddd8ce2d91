"""What programs call time zones in calendars (RFC 5545 leaves the names to them), beside those of the tz database."""

import re
import warnings
from functools import cache

from icalendar.timezone import tzp

# Outlook and Exchange show these names, and some programs write them instead of what stands behind.
_SHOWN = {
    "eastern time": "America/New_York",
    "indiana": "America/Indiana/Indianapolis",
    "central time": "America/Chicago",
    "mountain time": "America/Denver",
    "arizona": "America/Phoenix",
    "pacific time": "America/Los_Angeles",
    "alaska": "America/Anchorage",
    "hawaii": "Pacific/Honolulu",
    "atlantic time": "America/Halifax",
}
# Of the letters in use in the United States: the clock of the place, summer and winter.
_LETTERS = {
    "EST": "America/New_York",
    "EDT": "America/New_York",
    "CST": "America/Chicago",
    "CDT": "America/Chicago",
    "MST": "America/Denver",
    "MDT": "America/Denver",
    "PST": "America/Los_Angeles",
    "PDT": "America/Los_Angeles",
    "AKST": "America/Anchorage",
    "AKDT": "America/Anchorage",
    "HST": "Pacific/Honolulu",
}
_OFFSET = re.compile(r"\(?(?:GMT|UTC)?\s*([+-])(\d\d?):?(\d\d)?\)?$", re.IGNORECASE)


@cache
def known_as(name: str) -> str | None:
    """Return the name of this zone in the tz database, or None when nobody can tell which one is meant.

    `name` as after TZID, without quotes: also a Windows name with a number that Outlook has put behind it, a name as
    Windows shows it ("(UTC-08:00) Pacific Time (US & Canada)"), letters, or whole hours from Greenwich.
    """
    name = name.strip()
    without_number = re.sub(r" \d+$", "", name)
    return _LETTERS.get(name.upper()) or _in_database(name) or _in_database(without_number) or _shown(name) or _at(name)


def _in_database(name: str) -> str | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says when it had to guess
        try:
            zone = tzp.timezone(name)
        except ValueError:  # no name at all: a path, a null character
            return None
    return getattr(zone, "key", None)


def _shown(name: str) -> str | None:
    words = re.sub(r"^\([^)]*\)\s*", "", name).lower()
    return next((zone for begin, zone in _SHOWN.items() if words.startswith(begin)), None)


def _at(name: str) -> str | None:
    """Return the zone of a fixed offset, which the tz database names with the sign reversed; None when it has none."""
    found = _OFFSET.match(name)
    if found is None or int(found[3] or 0) or not 0 <= int(found[2]) <= 12:
        return None
    hours = int(found[2])
    return "Etc/GMT" if not hours else f"Etc/GMT{'-' if found[1] == '+' else '+'}{hours}"
