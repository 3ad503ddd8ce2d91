"""The next day on which the rules may say something else of a record that nobody changes. Pure.

Between the days that are looked at nothing can change: trials become adequate, or stop being so, on days that their
dates tell, and the distinct days of care grow or shrink by one a day at most. A test searches day by day beside it.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from crm.enums.treatments import TreatmentGroup
from crm.values.partial_dates import last_day
from intake.rules.adequate_trials import INJECTION_DAYS, LOOK_BACK_DAYS, WANTED, Period, Trial, distinct_days
from intake.rules.candidacy import ADULT_AGE, MIN_DAYS, MIN_WEEKS, MIN_WEEKS_AXIAL, ClinicalCase, Result, assess
from intake.rules.snapshot import Snapshot

FARTHEST = timedelta(days=2 * LOOK_BACK_DAYS)  # after that nothing of today's record is left to change


def adult_on(born: date) -> date:
    """Return the first of the month after the 18th birthday: a day that is kept in clear must not tell the birthday."""
    return date(born.year + ADULT_AGE + born.month // 12, born.month % 12 + 1, 1)


def changes_on(snapshot: Snapshot, result: Result, *, born: date | None = None) -> date | None:
    """Return the first day after that of the snapshot on which `assess` gives another outcome or rule than `result`;
    None when there is none. `born` matters to whoever is not of age."""
    young = snapshot.answers.age is not None and snapshot.answers.age < ADULT_AGE
    grown = adult_on(born) if born and young else None
    marks = sorted({*_marks(ClinicalCase(snapshot)), *([grown] if grown else [])})
    day = snapshot.today
    while next_day := _next(moved(snapshot, day, grown), marks, until=snapshot.today + FARTHEST):
        day = next_day
        later = assess(moved(snapshot, day, grown))
        if (later.outcome, later.rule) != (result.outcome, result.rule):
            return day
    return None


def moved(snapshot: Snapshot, day: date, grown: date | None) -> Snapshot:
    """Return the same record on a later day. A rough onset stays where it was counted from."""
    changes: dict[str, object] = {}
    if grown and day >= grown:
        changes["age"] = ADULT_AGE
    if snapshot.answers.onset:
        onset = snapshot.answers.onset
        changes["onset"] = onset.model_copy(update={"bucket": None, "known_day": onset.day(snapshot.today)})
    return snapshot.model_copy(update={"today": day, "answers": snapshot.answers.model_copy(update=changes)})


def _next(snapshot: Snapshot, marks: list[date], *, until: date) -> date | None:
    """Return the next day to look at: the next mark, or the first on which the days of care can cross a bound."""
    day = snapshot.today
    days = [mark for mark in marks if mark > day][:1]
    if day < until and (step := _step(ClinicalCase(snapshot))):
        days.append(day + timedelta(days=step))
    return min(days, default=None)


def _step(case: ClinicalCase) -> int:
    """Return in how many days the days of care can cross 42 at the earliest; 0 when nothing moves them."""
    steps = [_own_step(case), _hoped_step(case)]
    return min((step for step in steps if step), default=0)


def _own_step(case: ClinicalCase) -> int:
    counted = [trial.counted for trial in case.adequate if trial.counted and trial.counted.days]
    if case.span < MIN_DAYS:
        grows = any(_goes_on(trial, case.today) for trial in case.adequate)
        return MIN_DAYS - case.span if grows else 0
    oldest = min(period.first for period in counted)
    return (oldest + timedelta(days=LOOK_BACK_DAYS) - case.today).days + case.span - MIN_DAYS


def _goes_on(trial: Trial, today: date) -> bool:
    return trial.entry.is_ongoing or (trial.period is not None and trial.period.last > today)


def _hoped_step(case: ClinicalCase) -> int:
    """Return the step for an undated injection, taken to end today: by so much care may seem complete with it."""
    if set(case.undated) != {TreatmentGroup.INJECTION} or TreatmentGroup.ACTIVE not in case.groups:
        return 0
    hoped = Period(case.today - timedelta(days=INJECTION_DAYS - 1), case.today)
    days = distinct_days([hoped, *(trial.counted for trial in case.adequate if trial.counted)])
    return max(1, abs(days - MIN_DAYS) // 2)


def _marks(case: ClinicalCase) -> Iterator[date]:
    """Yield the days on which a single answer or trial begins or ceases to count."""
    if case.onset:
        yield case.onset + timedelta(weeks=MIN_WEEKS)
        yield case.onset + timedelta(weeks=MIN_WEEKS_AXIAL)
    for trial in case.trials:
        if trial.counts_at_all and trial.period:
            yield from _marks_of(trial)


def _marks_of(trial: Trial) -> Iterator[date]:
    entry, period = trial.entry, trial.period
    if period is None:
        return
    leaves = timedelta(days=LOOK_BACK_DAYS)
    yield period.first
    if entry.group == TreatmentGroup.INJECTION:
        yield period.first + timedelta(days=INJECTION_DAYS)
        yield period.last + leaves
        return
    wanted, _sessions = WANTED[entry.group]
    yield period.first + timedelta(days=wanted - 1)
    if not entry.is_ongoing:
        yield period.last + leaves
        yield period.last + leaves - timedelta(days=wanted - 1)
        if entry.end:
            yield last_day(entry.end, entry.end_precision) + leaves
