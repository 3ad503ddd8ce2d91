"""When a step is due: the wall clock where the patient lives, the hours in which one may write or call, days off.

Windows: mail 08:00 to 20:00, calls 09:00 to 18:00 local; 47 CFR 64.1200(c)(1) allows 08:00 to 21:00.
Nothing commercial on Sundays and holidays. A call is made by people: only on a day on which the center opens.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from crm.sequences.definition import Definition, Do, Purpose, Step

MAIL_HOURS = (time(8), time(20))
CALL_HOURS = (time(9), time(18))
DATE_AT = time(9)
NOON = time(12)
AFTERNOON_AT, MORNING_AT = time(14), time(9)
SUNDAY = 6
LOOK_AHEAD_DAYS = 30


@dataclass(frozen=True)
class Clock:
    """One lead's days: their zone, the center's holidays, and the weekdays (0 is Monday) on which it opens."""

    zone: ZoneInfo
    holidays: frozenset[date] = frozenset()
    open_weekdays: frozenset[int] = frozenset(range(5))
    dates: Mapping[str, date | None] = field(default_factory=dict)

    def may_call(self, day: date) -> bool:
        return day not in self.holidays and (not self.open_weekdays or day.weekday() in self.open_weekdays)

    def may_advertise(self, day: date) -> bool:
        return day not in self.holidays and day.weekday() != SUNDAY


def due_at(step: Step, definition: Definition, *, anchor: datetime, clock: Clock) -> datetime:
    """Return when a step should be done, in UTC. `anchor` is when the sequence began, pauses added."""
    wanted = _wanted(step, anchor, clock)
    if step.do == Do.CALL:
        return into_window(wanted, clock, hours=CALL_HOURS, allowed=clock.may_call)
    if step.do == Do.MAIL:
        return mail_window(wanted, definition.purpose_of(step), clock)
    return wanted.astimezone(UTC)


def mail_window(moment: datetime, purpose: Purpose, clock: Clock) -> datetime:
    """Return `moment`, or the next one at which a mail for that purpose may go out, in UTC."""
    allowed = clock.may_advertise if purpose == Purpose.COMMERCIAL else _any_day
    return into_window(moment, clock, hours=MAIL_HOURS, allowed=allowed)


def into_window(
    moment: datetime, clock: Clock, *, hours: tuple[time, time], allowed: Callable[[date], bool]
) -> datetime:
    """Return `moment` if it lies in the hours of an allowed day, else the next opening of one, in UTC.

    A center that closes for longer than LOOK_AHEAD_DAYS does not hold anything up forever.
    """
    local = moment.astimezone(clock.zone)
    day = local.date()
    if allowed(day) and local.time() < hours[1]:
        return max(moment, _at(day, hours[0], clock.zone)).astimezone(UTC)
    for offset in range(1, LOOK_AHEAD_DAYS):
        if allowed(day + timedelta(days=offset)):
            return _at(day + timedelta(days=offset), hours[0], clock.zone).astimezone(UTC)
    return moment.astimezone(UTC)


def _wanted(step: Step, anchor: datetime, clock: Clock) -> datetime:
    day = clock.dates.get(step.on) if step.on else None
    if day and day > anchor.astimezone(clock.zone).date():
        return _at(day, DATE_AT, clock.zone)
    moment = later(anchor, step.after, clock.zone)
    return _other_half(moment, anchor, clock) if step.other_daypart else moment


def later(anchor: datetime, delay: timedelta, zone: ZoneInfo) -> datetime:
    """Add a delay to `anchor`: whole days on the wall clock, the rest in real time."""
    days, rest = delay.days, delay - timedelta(days=delay.days)
    local = anchor.astimezone(zone)
    moment = datetime.combine(local.date() + timedelta(days=days), local.timetz()) if days else local
    return (moment.astimezone(UTC) + rest).astimezone(zone)


def _other_half(moment: datetime, anchor: datetime, clock: Clock) -> datetime:
    """Move a moment to the half of the day in which the sequence did not begin: people who are out in the morning are
    in at two."""
    local = moment.astimezone(clock.zone)
    if anchor.astimezone(clock.zone).time() < NOON:
        return max(moment, _at(local.date(), AFTERNOON_AT, clock.zone))
    if local.time() < NOON:
        return moment
    return _at(local.date() + timedelta(days=1), MORNING_AT, clock.zone)


def _at(day: date, hour: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, hour, tzinfo=zone)


def _any_day(_day: date) -> bool:
    return True
