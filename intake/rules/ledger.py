"""What was tried, over time: days that count by group, stretches without care, and what is documented. Pure.

Days count as the candidacy rules count them (intake/rules/adequate_trials.py): those of adequate trials in the 365 days
that end today, and what ran side by side once."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from crm.enums.treatments import TreatmentGroup
from intake.rules.adequate_trials import COUNTED, Period, Trial, distinct_days, look_back
from intake.rules.care_history import Care, CareRecord

LONGEST_PAUSE_DAYS = 14  # what follows within two weeks is no gap: appointments take that long


@dataclass(frozen=True)
class LedgerLine:
    """One treatment. `certain`: the days that its dates leave no doubt about; `widest`: the most that they allow."""

    care: Care
    trial: Trial
    certain: Period | None
    widest: Period

    @property
    def counts(self) -> bool:
        """An adequate trial with days in the look-back."""
        return self.trial.is_adequate and self.trial.days > 0

    @property
    def days(self) -> int:
        return self.trial.days


@dataclass(frozen=True)
class Ledger:
    today: date
    lines: tuple[LedgerLine, ...]

    @cached_property
    def days_by_group(self) -> list[tuple[TreatmentGroup, int]]:
        """Return distinct days of adequate trials, for the groups that count; groups without any are left out."""
        groups = [(group, self._days(group)) for group in TreatmentGroup if group in COUNTED]
        return [(group, days) for group, days in groups if days]

    @cached_property
    def span(self) -> int:
        """Return the distinct days of all adequate trials together."""
        return distinct_days([line.trial.counted for line in self.lines if line.counts and line.trial.counted])

    def _days(self, group: TreatmentGroup) -> int:
        trials = [line.trial for line in self.lines if line.counts and line.care.entry.group == group]
        return distinct_days([trial.counted for trial in trials if trial.counted])

    @cached_property
    def gaps(self) -> list[Period]:
        """Stretches of more than two weeks without any care, from the first certain day of the look-back to today."""
        window = look_back(self.today)
        cared = [line.certain.within(window) for line in self.lines if line.certain and line.trial.counts_at_all]
        found: list[Period] = []
        reached: date | None = None
        for period in sorted((one for one in cared if one.days), key=lambda one: one.first):
            if reached:
                found.append(Period(reached + timedelta(days=1), period.first - timedelta(days=1)))
            reached = max(reached or period.last, period.last)
        if reached:
            found.append(Period(reached + timedelta(days=1), self.today))
        return [gap for gap in found if gap.days > LONGEST_PAUSE_DAYS]

    @property
    def documented(self) -> int:
        return sum(line.care.documented for line in self.lines)


def ledger(record: CareRecord) -> Ledger:
    """Return the ledger of a record: treatments in the order of their earliest possible day."""
    today = record.today
    lines = [
        LedgerLine(care, Trial(care.entry, today), care.certain(today), care.hopeful(today))
        for care in record.treatments
    ]
    return Ledger(today, tuple(sorted(lines, key=lambda line: (line.widest.first, line.care.name))))
