"""When a treatment took place and whether it counts as an adequate trial. Pure: no Django, no database, no clock.

Dates are read so that a trial is never counted too long: "March" starts on its last day and ends on its first. Days
count inside the 365 days that end today. Thresholds: docs/candidacy.md.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from crm.enums.treatments import TreatmentGroup, TreatmentStatus
from crm.values.partial_dates import first_day, last_day
from intake.rules.snapshot import TreatmentEntry

LOOK_BACK_DAYS = 365
INJECTION_DAYS = 14
COUNTED = {TreatmentGroup.ACTIVE, TreatmentGroup.MEDICATION, TreatmentGroup.INJECTION, TreatmentGroup.MANUAL}
NEVER_ADEQUATE = {"exercise_self"}
# Insurers accept a trial that could not be finished, or not be begun, for these reasons, once it is documented.
EXCUSED = {TreatmentStatus.STOPPED_MADE_WORSE, TreatmentStatus.STOPPED_SIDE_EFFECTS, TreatmentStatus.CONTRAINDICATED}

# Group → (days, sessions) that make a trial adequate. A prescribed home program has no sessions to count.
WANTED = {
    TreatmentGroup.ACTIVE: (42, 6),
    TreatmentGroup.MEDICATION: (14, 0),
    TreatmentGroup.MANUAL: (28, 4),
}


@dataclass(frozen=True)
class Period:
    """From `first` to `last`, both included; empty when `last` lies before `first`."""

    first: date
    last: date

    def within(self, other: "Period") -> "Period":
        return Period(max(self.first, other.first), min(self.last, other.last))

    @property
    def days(self) -> int:
        return max(0, (self.last - self.first).days + 1)


def look_back(today: date) -> Period:
    return Period(today - timedelta(days=LOOK_BACK_DAYS - 1), today)


@dataclass(frozen=True)
class Trial:
    """One treatment that happened, seen from `today`."""

    entry: TreatmentEntry
    today: date

    @property
    def counts_at_all(self) -> bool:
        return self.entry.group in COUNTED and self.entry.kind not in NEVER_ADEQUATE

    @cached_property
    def period(self) -> Period | None:
        """The days that are certain; None when the dates do not tell. An unfinished entry without an end is undated."""
        entry = self.entry
        if entry.start is None:
            return None
        start = last_day(entry.start, entry.start_precision)
        if entry.group == TreatmentGroup.INJECTION:
            return Period(start, start + timedelta(days=INJECTION_DAYS - 1))
        if entry.is_ongoing:
            return Period(start, self.today)
        return Period(start, first_day(entry.end, entry.end_precision)) if entry.end else None

    @cached_property
    def counted(self) -> Period | None:
        """The part of the period that lies in the look-back."""
        return self.period and self.period.within(look_back(self.today))

    @property
    def days(self) -> int:
        return self.counted.days if self.counted else 0

    @property
    def is_excused(self) -> bool:
        """Tell whether it was stopped or never begun for a reason that counts whatever the length."""
        return self.entry.status in EXCUSED

    @cached_property
    def is_adequate(self) -> bool:
        if not self.counts_at_all:
            return False
        if self.is_excused:
            return self._touches_look_back()
        if self.entry.group == TreatmentGroup.INJECTION:
            return self.days > 0 and self.period is not None and self._started_days_ago() >= INJECTION_DAYS
        days, sessions = WANTED[self.entry.group]
        if self.entry.kind == "hep_prescribed":
            sessions = 0
        return self.days >= days and (self.entry.sessions or 0) >= sessions

    def _started_days_ago(self) -> int:
        return (self.today - self.period.first).days if self.period else 0

    def _touches_look_back(self) -> bool:
        """Tell whether an excused trial is in the look-back; without a certain day, by all the time that was meant."""
        if self.period is None:
            return self.entry.status == TreatmentStatus.CONTRAINDICATED
        whole = self.period if self.period.days else self._as_said()
        return whole.within(look_back(self.today)).days > 0

    def _as_said(self) -> Period:
        """Return the time from the first day of the start's month or year to the last day of the end's."""
        entry = self.entry
        start = first_day(entry.start, entry.start_precision) if entry.start else self.today
        return Period(start, last_day(entry.end, entry.end_precision) if entry.end else self.today)

    @property
    def is_undated(self) -> bool:
        """Tell whether to ask about it: it may count once its dates are known."""
        return self.counts_at_all and self.period is None and self.entry.status != TreatmentStatus.CONTRAINDICATED

    @property
    def ended_on(self) -> date | None:
        """Return the end, for "the most recent one"; None when that cannot be told."""
        if self.entry.group == TreatmentGroup.INJECTION:
            return self.period.last if self.period else None
        return first_day(self.entry.end, self.entry.end_precision) if self.entry.end else None


def distinct_days(periods: list[Period]) -> int:
    """Return the number of days in the union: a day on which two treatments ran counts once."""
    total, reached = 0, date.min
    for period in sorted((one for one in periods if one.days), key=lambda one: one.first):
        first = max(period.first, reached)
        if period.last >= first:
            total += (period.last - first).days + 1
            reached = period.last + timedelta(days=1)
    return total
