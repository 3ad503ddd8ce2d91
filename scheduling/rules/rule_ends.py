"""When a repeated event of a calendar ends (UNTIL, RFC 5545 3.3.10), written as the standard wants it: in UTC.

Programs also name the last day alone, or its hour on the clock of the event. Read as UTC, the last time would be free.
Pure.
"""

import re
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from icalendar import Timezone

_UNTIL = re.compile(r"(?<=[:;])UNTIL=(\d{8})(T\d{6})?(?=;|$)", re.IGNORECASE)  # one that ends in Z is right
_TZID = re.compile(r';TZID="([^"]*)"')
_DAY = len("20261201")
_END_OF_DAY = "T235959"


def in_utc(rule: str, start: str, *, zones: dict[str, str], zone: ZoneInfo) -> str:
    """Return the rule (RRULE) of an event that begins at `start` (DTSTART, as scheduling/rules/calendar_text.py leaves
    it), with its last day whole. `zones`: those that the calendar describes itself; `zone`: of whose calendar it is."""
    found, begin = _UNTIL.search(rule), start.rpartition(":")[2].strip().upper()
    if found is None or len(begin) == _DAY or (begin.endswith("Z") and found[2]):
        return rule
    last = datetime.strptime(f"{found[1]}{(found[2] or _END_OF_DAY).upper()}Z", "%Y%m%dT%H%M%S%z")
    named = _TZID.search(start)
    if named is None and not begin.endswith("Z"):
        until = f"{last:%Y%m%dT%H%M%S}"
    else:
        clock = _clock(named[1], zones) if named else zone
        until = f"{last.replace(tzinfo=clock).astimezone(UTC):%Y%m%dT%H%M%SZ}"
    return f"{rule[: found.start()]}UNTIL={until}{rule[found.end() :]}"


def _clock(name: str, zones: dict[str, str]) -> tzinfo:
    if name not in zones:
        return ZoneInfo(name)
    described: tzinfo = Timezone.from_ical(zones[name]).to_tz()  # type: ignore[attr-defined]  # it gives what it was asked for
    return described
