"""Criteria about lengths of time: of care, of pain, without nicotine. Pure; the figures stand in
intake/rules/payers.py."""

from dataclasses import dataclass, field
from datetime import date

from intake.rules.care_history import Care, CareRecord, LookBack, Selection, certain_days, hopeful_days
from intake.rules.criteria.base import CriterionFinding, State, Timed, spoken_day

NEVER_BY_WAITING = 10_000  # days


@dataclass(frozen=True, kw_only=True)
class CareTime(Timed):
    """So many days of care; what ran side by side counts once."""

    days: int
    of: Selection
    within: LookBack = field(default_factory=LookBack)
    in_a_row: bool = False

    def days_short(self, record: CareRecord, on: date) -> int:
        return max(0, self.days - certain_days(self.of.of(record), self.within, on, in_a_row=self.in_a_row))

    def may_be_reached(self, record: CareRecord, on: date) -> bool:
        return any(care.grows_after(on) for care in self.of.of(record)) or not self.days_short(record, on)

    def find(self, record: CareRecord) -> CriterionFinding:
        short = self.days_short(record, record.today)
        counted = [care for care in self.of.of(record) if certain_days([care], self.within, record.today)]
        lines = [
            f"{self.days} days reached" if not short else f"{self.days - short} of {self.days} days for certain",
            *(_line(care, self.within, record) for care in counted),
        ]
        keys = tuple(care.key for care in counted)
        if not short:
            return self.says(State.MET, *lines, treatments=keys)
        if self._may_be(record):
            return self.says(State.UNKNOWN, *lines, missing=_what_is_open(self.of, record), treatments=keys)
        return self.says(State.NOT_MET, *lines, missing=f"{short} more days of {self.of.name}", treatments=keys)

    def _may_be(self, record: CareRecord) -> bool:
        hoped = self.of.of(record, hopeful=True)
        enough = hopeful_days(hoped, self.within, record.today, in_a_row=self.in_a_row) >= self.days
        return enough or any(care.is_excused for care in hoped) or bool(self.of.groups & record.ticked)


@dataclass(frozen=True, kw_only=True)
class Modalities(Timed):
    """So many different kinds of care, each for so many days (1: it took place)."""

    count: int
    of: tuple[Selection, ...]
    days_each: int = 1
    within: LookBack = field(default_factory=LookBack)

    def days_short(self, record: CareRecord, on: date) -> int:
        return sorted(self._short(one, record, on) for one in self.of)[self.count - 1]

    def may_be_reached(self, record: CareRecord, on: date) -> bool:
        return sum(self._grows(one, record, on) or not self._short(one, record, on) for one in self.of) >= self.count

    def _grows(self, selection: Selection, record: CareRecord, on: date) -> bool:
        return any(care.grows_after(on) or care.is_excused for care in selection.of(record))

    def _short(self, selection: Selection, record: CareRecord, on: date) -> int:
        """Return the days missing on a day. A trial that had to end, or could not begin, counts once its records are
        here."""
        sure = selection.of(record)
        if any(care.is_excused and care.documented and self._is_recent(care, on) for care in sure):
            return 0
        return max(0, self.days_each - certain_days(sure, self.within, on))

    def _is_recent(self, care: Care, on: date) -> bool:
        return care.entry.start is None or care.hopeful(on).within(self.within.ending(on)).days > 0

    def find(self, record: CareRecord) -> CriterionFinding:
        done = [one for one in self.of if not self._short(one, record, record.today)]
        maybe = [one for one in self.of if one not in done and self._may_be(one, record)]
        lines = [f"{len(done)} of {self.count}"]
        lines += [f"{one.name}: yes" for one in done] + [f"{one.name}: not certain" for one in maybe]
        keys = tuple(care.key for one in done for care in one.of(record))
        if len(done) >= self.count:
            return self.says(State.MET, *lines, treatments=keys)
        if len(done) + len(maybe) >= self.count:
            asks = "; ".join(_what_is_open(one, record) for one in maybe)
            return self.says(State.UNKNOWN, *lines, missing=asks, treatments=keys)
        others = ", ".join(one.name for one in self.of if one not in done)
        return self.says(State.NOT_MET, *lines, missing=f"{self.count - len(done)} more of: {others}", treatments=keys)

    def _may_be(self, selection: Selection, record: CareRecord) -> bool:
        hoped = selection.of(record, hopeful=True)
        enough = hopeful_days(hoped, self.within, record.today) >= self.days_each
        excused = any(care.is_excused and self._is_recent(care, record.today) for care in hoped)
        return enough or excused or bool(selection.groups & record.ticked)


@dataclass(frozen=True, kw_only=True)
class PainTime(Timed):
    """Pain for so many days."""

    days: int

    def days_short(self, record: CareRecord, on: date) -> int:
        if record.onset_latest is None:
            return NEVER_BY_WAITING
        return max(0, self.days - (on - record.onset_latest).days)

    def find(self, record: CareRecord) -> CriterionFinding:
        if record.onset_latest is None:
            return self.says(State.UNKNOWN, missing="Ask when the pain began")
        days = (record.today - record.onset_latest).days
        line = f"{'' if record.onset_is_exact else 'at least '}{days} days"
        if days >= self.days:
            return self.says(State.MET, line)
        state = State.NOT_MET if record.onset_is_exact else State.UNKNOWN
        return self.says(state, line, missing="Ask for the day on which the pain began")


@dataclass(frozen=True, kw_only=True)
class NicotineFree(Timed):
    """No nicotine for so many days. What people say is no laboratory value."""

    days: int

    def days_short(self, record: CareRecord, on: date) -> int:
        if record.nicotine == "never":
            return 0
        if record.nicotine == "former" and record.nicotine_until:
            return max(0, self.days - (on - record.nicotine_until).days)
        return NEVER_BY_WAITING

    def find(self, record: CareRecord) -> CriterionFinding:
        if record.nicotine == "never":
            return self.says(State.MET, "never used it, as told")
        if record.nicotine == "current":
            return self.says(State.NOT_MET, "uses it, as told", missing=f"{self.days} days without nicotine")
        if record.nicotine == "former" and record.nicotine_until:
            line = f"{(record.today - record.nicotine_until).days} days without, as told"
            short = self.days_short(record, record.today)
            return self.says(State.NOT_MET if short else State.MET, line, missing=f"{short} more days without nicotine")
        return self.says(State.UNKNOWN, missing="Ask for nicotine, and since when without")


def _line(care: Care, window: LookBack, record: CareRecord) -> str:
    period = care.certain(record.today)
    if period is None:
        return care.name
    counted = period.within(window.ending(record.today))
    return f"{care.name}: {counted.days} days, {spoken_day(counted.first)} to {spoken_day(counted.last)}"


def _what_is_open(selection: Selection, record: CareRecord) -> str:
    """Return what to ask or to get, so that the criterion is settled."""
    asks = []
    for care in selection.of(record, hopeful=True):
        if care.certain(record.today) != care.hopeful(record.today):
            asks.append(f"exact dates of {care.name}")
        if selection.directed and care.is_directed is None:
            asks.append(f"whether a clinician directed {care.name}")
        if selection.in_person and care.in_person is None:
            asks.append(f"whether {care.name} was in person")
        if care.is_excused and not care.documented:
            asks.append(f"records of why {care.name} ended")
    return ", ".join(asks) or f"details of {selection.name}"
