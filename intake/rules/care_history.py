"""What an insurer's criteria look at: one person's treatments, ratings and images on one day. Pure.

Everything can be read twice. Read for certain, only what is known counts: exact days, direction by a clinician that
somebody confirmed. Read hopefully, what is not known is taken to be in the person's favor. A criterion that holds only
hopefully is unknown, and not missing.
"""

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

from crm.enums.treatment_kinds import kinds_in
from crm.enums.treatments import TreatmentGroup
from crm.values.partial_dates import first_day, last_day
from intake.rules.adequate_trials import EXCUSED, INJECTION_DAYS, Period, Trial, distinct_days
from intake.rules.snapshot import TreatmentEntry

LONG_AGO = date(1900, 1, 1)
# Nobody has these without a clinician: therapists, injections, and medicines on prescription.
DIRECTED_BY_NATURE = {
    *(kind.value for kind in kinds_in(TreatmentGroup.INJECTION)),
    *"pt_supervised pt_aquatic pt_mckenzie pt_core_stabilisation hep_prescribed".split(),
    *"med_nsaid_rx med_cox2 med_oral_steroid med_muscle_relaxant med_opioid_weak med_opioid_strong".split(),
    *"med_neuropathic_gabapentinoid med_neuropathic_snri med_neuropathic_tca".split(),
}


@dataclass(frozen=True)
class Care:
    """One treatment that happened. None: nobody said whether a clinician directed it, or whether it was in person."""

    key: str
    name: str
    entry: TreatmentEntry
    directed: bool | None = None
    in_person: bool | None = None
    documented: bool = False
    reason_for_end: bool = False

    @property
    def is_directed(self) -> bool | None:
        return True if self.entry.kind in DIRECTED_BY_NATURE else self.directed

    @property
    def is_excused(self) -> bool:
        """Tell whether it was not finished, or begun, for a reason that insurers take when it is documented."""
        return self.entry.status in EXCUSED

    def certain(self, on: date) -> Period | None:
        """Return the days, up to `on`, that nobody can doubt. What goes on today is taken to go on until then."""
        period = Trial(self.entry, on).period
        return period and period.within(Period(LONG_AGO, on))

    def grows_after(self, day: date) -> bool:
        """Return whether the care adds certain days after `day`, if what goes on today goes on."""
        tomorrow = day + timedelta(days=1)
        period = self.certain(tomorrow)
        return period is not None and period.last == tomorrow

    def hopeful(self, on: date) -> Period:
        """Return the most days that what was said leaves room for."""
        entry = self.entry
        start = first_day(entry.start, entry.start_precision) if entry.start else LONG_AGO
        if entry.group == TreatmentGroup.INJECTION and entry.start:
            end = last_day(entry.start, entry.start_precision) + timedelta(days=INJECTION_DAYS - 1)
        else:
            end = last_day(entry.end, entry.end_precision) if entry.end else on
        return Period(start, min(end, on))


@dataclass(frozen=True)
class Study:
    """An imaging study. `first` and `last` are the days on which it can have been made; equal when the day is known."""

    name: str
    is_advanced: bool
    first: date
    last: date
    has_report: bool


@dataclass(frozen=True)
class Rating:
    """A score on the numeric scale of 0 to 10, or on another scale (`kind`)."""

    kind: str
    on: date
    value: float


@dataclass(frozen=True)
class CareRecord:
    """One person on one day, in the zone where they live.

    `ticked`: groups of treatments that were ticked and of which nothing else is known. `onset_latest`: the pain is at
    least that old; `onset_is_exact`: that is the day itself. `nicotine`: "never", "former", "current" or "" when not
    said; `nicotine_until`: the last day on which it may have been used. `diabetes` None: not said.
    """

    today: date
    treatments: tuple[Care, ...] = ()
    ticked: frozenset[TreatmentGroup] = frozenset()
    onset_latest: date | None = None
    onset_is_exact: bool = False
    pattern: str = ""
    ratings: tuple[Rating, ...] = ()
    studies: tuple[Study, ...] = ()
    has_imaging: bool | None = None
    nicotine: str = ""
    nicotine_until: date | None = None
    diabetes: bool | None = None
    hba1c: float | None = None
    warning_signs: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Selection:
    """Which treatments a criterion speaks of: a name for people, and their kinds."""

    name: str
    kinds: frozenset[str]
    directed: bool = False
    in_person: bool = False

    def takes(self, care: Care, *, hopeful: bool = False) -> bool:
        """Tell whether a treatment is one of these. Read hopefully, what was not said speaks for it."""
        if care.entry.kind not in self.kinds:
            return False
        said = [care.is_directed] if self.directed else []
        said += [care.in_person] if self.in_person else []
        return all(answer or (hopeful and answer is None) for answer in said)

    def of(self, record: CareRecord, *, hopeful: bool = False) -> list[Care]:
        return [care for care in record.treatments if self.takes(care, hopeful=hopeful)]

    @cached_property
    def groups(self) -> set[TreatmentGroup]:
        return {group for group in TreatmentGroup if self.kinds & {kind.value for kind in kinds_in(group)}}


@dataclass(frozen=True)
class LookBack:
    """The last `months` calendar months, up to and including a day. None: all time."""

    months: int | None = None

    def ending(self, on: date) -> Period:
        if self.months is None:
            return Period(LONG_AGO, on)
        return Period(months_before(on, self.months) + timedelta(days=1), on)

    @property
    def in_words(self) -> str:
        return f"within the last {self.months} months" if self.months else "at any time"


def months_before(day: date, months: int) -> date:
    """Return the same day of an earlier month, or the last one that month has."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def certain_days(treatments: list[Care], window: LookBack, on: date, *, in_a_row: bool = False) -> int:
    """Return the distinct days of care for certain, in the window that ends `on`; if `in_a_row`, their longest run.

    Grows by one a day at most: coverage.earliest relies on it.
    """
    periods = [period.within(window.ending(on)) for care in treatments if (period := care.certain(on))]
    return longest_run(periods) if in_a_row else distinct_days(periods)


def hopeful_days(treatments: list[Care], window: LookBack, on: date, *, in_a_row: bool = False) -> int:
    """Return the days of care as `certain_days` does, read hopefully: the most that what was said leaves room for."""
    periods = [care.hopeful(on).within(window.ending(on)) for care in treatments]
    return longest_run(periods) if in_a_row else distinct_days(periods)


def longest_run(periods: list[Period]) -> int:
    """Return the number of days in the longest stretch without a gap."""
    longest = 0
    run: Period | None = None
    for period in sorted((one for one in periods if one.days), key=lambda one: one.first):
        joins = run is not None and period.first <= run.last + timedelta(days=1)
        run = Period(run.first, max(run.last, period.last)) if run and joins else period
        longest = max(longest, run.days)
    return longest
