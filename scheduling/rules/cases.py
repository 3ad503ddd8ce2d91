"""A case for `manage.py slots --case`: strict JSON in, slots out. docs/scheduling.md tells its shape. Pure."""

import json
from datetime import UTC, date, datetime, time
from functools import cache
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from scheduling.rules import slots
from scheduling.rules.slots import Exemption, ResourceHours, Slot, SlotSpec, SlotWindow, WeeklyRule


class CaseProblem(ValueError):
    """A case that cannot be read. The text says where and what."""


@cache
def _known_zones() -> frozenset[str]:
    """Return all names of zones, looked up once: it walks through directories."""
    return frozenset(available_timezones())


def _zone(name: Any) -> ZoneInfo:
    if not isinstance(name, str) or name not in _known_zones():
        raise ValueError("is no IANA time zone, such as America/New_York")
    return ZoneInfo(name)


def _clock(text: Any) -> time:
    """Read a time such as 09:00; 24:00 is 00:00. Raises ValueError."""
    if not isinstance(text, str) or len(text) != 5 or text[2] != ":" or not (text[:2] + text[3:]).isascii():
        raise ValueError("is no time, such as 09:00")
    try:
        return time(0) if text == "24:00" else time(int(text[:2]), int(text[3:]))
    except ValueError:
        raise ValueError("is no time, such as 09:00") from None


def _day(text: Any) -> date:
    if not isinstance(text, str) or len(text) != 10:
        raise ValueError("is no date, such as 2026-11-01")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("is no date, such as 2026-11-01") from None


def _wall(text: Any) -> datetime:
    """Read a wall time of whole minutes. Raises ValueError."""
    if not isinstance(text, str) or len(text) != 16 or text[10] != "T":
        raise ValueError("is no local time, such as 2026-11-01T10:00")
    return datetime.combine(_day(text[:10]), _clock(text[11:]))


def _moment(text: Any) -> float:
    """Read an instant in UTC, as seconds. Raises ValueError."""
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) and text.endswith("Z") else None
    except ValueError:
        at = None
    if at is None:
        raise ValueError("is no instant in UTC, such as 2026-11-01T15:00:00Z")
    return at.timestamp()


Zone = Annotated[ZoneInfo, BeforeValidator(_zone)]
Clock = Annotated[time, BeforeValidator(_clock)]
Day = Annotated[date, BeforeValidator(_day)]
Wall = Annotated[datetime, BeforeValidator(_wall)]
Moment = Annotated[float, BeforeValidator(_moment)]
Whole = Annotated[int, Field(strict=True, ge=0, le=10_000_000)]
AtLeastOne = Annotated[int, Field(strict=True, ge=1, le=10_000_000)]


class _Part(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True, extra="ignore", frozen=True)


class _Window(_Part):
    first: Day = Field(alias="from")
    days: Annotated[int, Field(strict=True, ge=0, le=3_660)]
    zone: Zone


class _Kind(_Part):
    duration: AtLeastOne
    step: AtLeastOne
    buffer_before: Whole
    buffer_after: Whole
    min_notice: Whole
    window_days: Whole | None


def _weekdays(given: list[int]) -> list[int]:
    if not all(0 <= day <= 6 for day in given):
        raise ValueError("holds something else than 0 (Monday) to 6")
    return given


class _Rule(_Part):
    weekdays: Annotated[list[Annotated[int, Field(strict=True)]], AfterValidator(_weekdays)]
    start: Clock
    end: Clock
    valid_from: Day | None
    valid_to: Day | None


class _Exemption(_Part):
    kind: Literal["open", "closed"]
    start: Wall
    end: Wall


class _Resource(_Part):
    id: Annotated[str, Field(strict=True)]
    zone: Zone
    rules: list[_Rule]
    exceptions: list[_Exemption]
    busy: list[tuple[Moment, Moment]]


class _Case(_Part):
    now: Moment
    window: _Window
    type: _Kind
    mode: Literal["any", "all"]
    resources: list[_Resource]


def answer(text: str | bytes) -> dict[str, Any]:
    """Return {"slots": […]} of one case. Raises CaseProblem."""
    case = _read(text)
    found = slots.find(
        now=case.now,
        window=SlotWindow(case.window.first, case.window.days, case.window.zone),
        kind=SlotSpec(**case.type.model_dump()),
        resources=[_resource(one) for one in case.resources],
        together=case.mode == "all",
    )
    return {"slots": [_told(slot) for slot in found]}


def _read(text: str | bytes) -> _Case:
    try:
        given = json.loads(text)
    except ValueError:
        raise CaseProblem("This is not JSON.") from None
    try:
        return _Case.model_validate(given)
    except ValidationError as problem:
        first = problem.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the case"
        raise CaseProblem(f"{place}: {first['msg'].removeprefix('Value error, ')}") from None


def _resource(one: _Resource) -> ResourceHours:
    return ResourceHours(
        key=one.id,
        zone=one.zone,
        rules=tuple(
            WeeklyRule(frozenset(rule.weekdays), rule.start, rule.end, rule.valid_from, rule.valid_to)
            for rule in one.rules
        ),
        exceptions=tuple(Exemption(item.kind == "open", item.start, item.end) for item in one.exceptions),
        busy=tuple((start, end) for start, end in one.busy),
    )


def _told(slot: Slot) -> dict[str, Any]:
    return {"start": _utc(slot.start), "end": _utc(slot.end), "resources": list(slot.resources)}


def _utc(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
