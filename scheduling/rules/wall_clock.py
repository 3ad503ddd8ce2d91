"""Wall-clock times as instants, in one place: what a rule in local time means on the days on which clocks change.

Instants are whole seconds since 1970-01-01T00:00Z.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

MINUTE, DAY = 60, 86_400
_MINUTE = timedelta(minutes=1)


# Providers keep the same hours, and every page asks about the same days: both are worked out once, not once for each.
@lru_cache(maxsize=20_000)
def instant(wall: datetime, zone: ZoneInfo, *, is_end: bool) -> int:
    """Return the instant of a wall time (naive). One that was skipped moves forward by as much as was skipped. One that
    comes twice is the first for a start and the second for an end; but an end at the very first repeated minute is its
    first occurrence: whoever closes at one closes at the first one."""
    if is_end and comes_twice(wall, zone) and comes_twice(wall - _MINUTE, zone):
        return _seconds(wall, zone, fold=1)
    return _seconds(wall, zone, fold=0)


def local(at: int, zone: ZoneInfo) -> datetime:
    """Return what a clock on the wall in that zone shows."""
    return datetime.fromtimestamp(at, zone)


@lru_cache(maxsize=5_000)
def exists(day: date, zone: ZoneInfo) -> bool:
    """Return False for a date that was skipped whole, where the date line moved."""
    ends = (time(0), time(23, 59))
    return any(local(_seconds(datetime.combine(day, end), zone, fold=0), zone).date() == day for end in ends)


def comes_twice(wall: datetime, zone: ZoneInfo) -> bool:
    """Return whether the clock on that wall shows a time twice, as when summer time ends."""
    first, second = (wall.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    return first is not None and second is not None and first > second


def _seconds(wall: datetime, zone: ZoneInfo, *, fold: int) -> int:
    """Convert a wall time to seconds; in a gap the offset before it counts, which moves the time forward."""
    return int(wall.replace(tzinfo=zone, fold=fold).astimezone(UTC).timestamp())
