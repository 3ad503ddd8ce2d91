"""The same question answered minute by minute, from the words of docs/scheduling.md alone. Slow, and nothing shared.

Works in whole minutes since 1970; looks back LOOK_BACK days: a block that fills them has no beginning.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

LOOK_BACK, LOOK_AHEAD = 19, 4
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def minutes_of(at: datetime) -> int:
    return int((at - _EPOCH).total_seconds() // 60)


def slots(case: dict[str, Any]) -> list[dict[str, Any]]:
    window, kind = case["window"], case["type"]
    zone = ZoneInfo(window["zone"])
    first = date.fromisoformat(window["from"])
    noon = minutes_of(datetime(first.year, first.month, first.day, 12, tzinfo=UTC))
    low, high = noon - LOOK_BACK * 1440, noon + (window["days"] + LOOK_AHEAD) * 1440
    opened = [_open_minutes(one, low, high) for one in case["resources"]]
    free: dict[int, list[str]] = {}
    if case["mode"] == "all":
        together = set.intersection(*opened) if opened else set()
        for start in _grid(together, kind, low, high):
            if all(not _is_busy(one, start, kind) for one in case["resources"]):
                free[start] = [one["id"] for one in case["resources"]]
    else:
        for one, minutes in zip(case["resources"], opened, strict=True):
            for start in _grid(minutes, kind, low, high):
                if not _is_busy(one, start, kind):
                    free.setdefault(start, []).append(one["id"])
    now = datetime.fromisoformat(case["now"])
    found = []
    for start in sorted(free):
        at = _EPOCH + timedelta(minutes=start)
        day, today = at.astimezone(zone).date(), now.astimezone(zone).date()
        in_window = first <= day <= first + timedelta(days=window["days"] - 1)
        in_time = at >= now + timedelta(minutes=kind["min_notice"])
        soon = kind["window_days"] is None or (day - today).days <= kind["window_days"]
        if in_window and in_time and soon:
            end = at + timedelta(minutes=kind["duration"])
            told = {"start": _told(at), "end": _told(end), "resources": free[start]}
            found.append(told)
    return found


def _told(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _grid(minutes: set[int], kind: dict[str, Any], low: int, high: int) -> list[int]:
    """Every `step` minutes from where each run of open minutes begins, as long as the whole duration is open."""
    found, begin = [], 0
    for minute in sorted(minutes):
        if minute - 1 not in minutes:
            begin = minute if minute > low else 0
        fits = all(later in minutes for later in range(minute, minute + kind["duration"]))
        if (minute - begin) % kind["step"] == 0 and fits:
            found.append(minute)
    return found


def _is_busy(resource: dict[str, Any], start: int, kind: dict[str, Any]) -> bool:
    begin = _EPOCH + timedelta(minutes=start - kind["buffer_before"])
    end = _EPOCH + timedelta(minutes=start + kind["duration"] + kind["buffer_after"])
    spans = [(datetime.fromisoformat(a), datetime.fromisoformat(b)) for a, b in resource["busy"]]
    return any(a < end and b > begin for a, b in spans if a < b)


def _open_minutes(resource: dict[str, Any], low: int, high: int) -> set[int]:
    clock = _clock(resource["zone"], low - 3 * 1440, high + 3 * 1440)
    opened: set[int] = set()
    for rule in resource["rules"]:
        for day in clock.days():
            if day.weekday() in rule["weekdays"] and _is_valid(rule, day):
                next_day = day + timedelta(days=1)
                ends = next_day if _plain(rule["end"]) <= _plain(rule["start"]) else day
                opened |= clock.between(f"{day}T{_plain(rule['start'])}", f"{ends}T{_plain(rule['end'])}")
    for kind, change in (("open", opened.update), ("closed", opened.difference_update)):
        for one in resource["exceptions"]:
            if one["kind"] == kind:
                change(clock.between(one["start"], one["end"]))
    return {minute for minute in opened if low <= minute < high}


def _plain(text: str) -> str:
    return "00:00" if text == "24:00" else text


def _is_valid(rule: dict[str, Any], day: date) -> bool:
    after = rule["valid_from"] is None or day >= date.fromisoformat(rule["valid_from"])
    return after and (rule["valid_to"] is None or day <= date.fromisoformat(rule["valid_to"]))


@lru_cache(maxsize=64)
def _clock(zone: str, low: int, high: int) -> "_Clock":
    return _Clock(ZoneInfo(zone), low, high)


class _Clock:
    """What the clock on the wall shows at every minute, written down."""

    def __init__(self, zone: ZoneInfo, low: int, high: int) -> None:
        self.shown: dict[str, list[int]] = {}
        for minute in range(low, high):
            wall = (_EPOCH + timedelta(minutes=minute)).astimezone(zone).isoformat()[:16]
            self.shown.setdefault(wall, []).append(minute)
        self.low, self.high, self.first, self.last = low, high, min(self.shown), max(self.shown)

    def days(self) -> list[date]:
        """The dates that the clock ever showed."""
        return sorted({date.fromisoformat(wall[:10]) for wall in self.shown})

    def between(self, start: str, end: str) -> set[int]:
        return set(range(self._at(start, is_end=False), self._at(end, is_end=True)))

    def _at(self, wall: str, *, is_end: bool) -> int:
        if not self.first < wall < self.last:
            return self.low if wall <= self.first else self.high
        if wall not in self.shown:
            before = datetime.fromisoformat(wall)
            skipped = 0
            while before.isoformat()[:16] not in self.shown:
                before, skipped = before - timedelta(minutes=1), skipped + 1
            return self.shown[before.isoformat()[:16]][-1] + skipped
        minutes = self.shown[wall]
        if not is_end or len(minutes) == 1:
            return minutes[0]
        earlier = (datetime.fromisoformat(wall) - timedelta(minutes=1)).isoformat()[:16]
        is_first_repeated = len(self.shown.get(earlier, [])) < 2
        return minutes[0] if is_first_repeated else minutes[-1]
