"""Criteria about what the record holds beside time: documents, ratings, images, findings. Pure."""

from dataclasses import dataclass, field
from datetime import date

from intake.rules.care_history import Care, CareRecord, LookBack, Selection, Study, months_before
from intake.rules.criteria.base import Criterion, CriterionFinding, State, spoken_day


@dataclass(frozen=True, kw_only=True)
class Documented(Criterion):
    """The records of the care that counts are here."""

    of: Selection
    within: LookBack = field(default_factory=LookBack)

    def find(self, record: CareRecord) -> CriterionFinding:
        counted = [care for care in self.of.of(record) if self._counts(care, record.today)]
        if not counted:
            return self.says(State.UNKNOWN, missing="No dated treatment yet")
        lacking = [care.name for care in counted if not care.documented]
        lines = [f"{care.name}: {'records here' if care.documented else 'no records yet'}" for care in counted]
        missing = f"Request the records of: {', '.join(lacking)}"
        state = State.NOT_MET if lacking else State.MET
        return self.says(state, *lines, missing=missing, treatments=tuple(care.key for care in counted))

    def _counts(self, care: Care, today: date) -> bool:
        period = care.certain(today)
        return care.is_excused or bool(period and period.within(self.within.ending(today)).days)


@dataclass(frozen=True, kw_only=True)
class ToldInFull(Criterion):
    """Each treatment with its dates and, when it ended, why."""

    def find(self, record: CareRecord) -> CriterionFinding:
        if not record.treatments:
            return self.says(State.UNKNOWN, missing="No treatment entered yet")
        lacking = [care.name for care in record.treatments if not self._is_told(care)]
        line = f"{len(record.treatments) - len(lacking)} of {len(record.treatments)} treatments told in full"
        missing = f"Dates, or the reason for stopping: {', '.join(lacking)}"
        return self.says(State.NOT_MET if lacking else State.MET, line, missing=missing)

    def _is_told(self, care: Care) -> bool:
        entry = care.entry
        if entry.status == "contraindicated":
            return True
        return bool(entry.start and (entry.is_ongoing or (entry.end and care.reason_for_end)))


@dataclass(frozen=True, kw_only=True)
class LatestRating(Criterion):
    """The latest pain rating, 0 to 10: at least, or above, so much. Of one day the last one that was given."""

    at_least: float = 0
    above: float = -1

    def find(self, record: CareRecord) -> CriterionFinding:
        rated = [rating for rating in record.ratings if rating.kind == "nrs"]
        if not rated:
            return self.says(State.UNKNOWN, missing="Ask for a rating from 0 to 10")
        latest = max(reversed(rated), key=lambda rating: rating.on)
        holds = latest.value >= self.at_least and latest.value > self.above
        line = f"{latest.value:g} of 10 on {spoken_day(latest.on)}"
        return self.says(State.MET if holds else State.NOT_MET, line, missing="The latest rating is lower")


@dataclass(frozen=True, kw_only=True)
class RatingsOverTime(Criterion):
    """The same scale on so many different days: change can only be shown between two."""

    count: int

    def find(self, record: CareRecord) -> CriterionFinding:
        days: dict[str, set[date]] = {}
        for rating in record.ratings:
            days.setdefault(rating.kind, set()).add(rating.on)
        most = max((len(on) for on in days.values()), default=0)
        line = f"{most} of {self.count} on one scale"
        missing = "Ask again for the same rating on another day"
        return self.says(State.MET if most >= self.count else State.NOT_MET, line, missing=missing)


@dataclass(frozen=True, kw_only=True)
class RecentImaging(Criterion):
    """An MRI or CT no older than so many months (None: of any age), with its report if asked for."""

    months: int | None = None
    with_report: bool = False

    def find(self, record: CareRecord) -> CriterionFinding:
        advanced = [study for study in record.studies if study.is_advanced]
        oldest = months_before(record.today, self.months) if self.months else date.min
        fitting = [study for study in advanced if study.first >= oldest]
        ready = [study for study in fitting if study.has_report or not self.with_report]
        lines = [f"{study.name}, {_made(study)}" for study in ready or fitting or advanced]
        if ready:
            return self.says(State.MET, *lines)
        if fitting:
            return self.says(State.NOT_MET, *lines, missing="The radiologist's report")
        if any(study.last >= oldest for study in advanced):
            return self.says(State.UNKNOWN, *lines, missing="Ask for the exact day of the study")
        if advanced or record.has_imaging is False:
            return self.says(State.NOT_MET, *lines, missing="A recent MRI or CT")
        return self.says(State.UNKNOWN, missing="Enter the imaging study")


@dataclass(frozen=True, kw_only=True)
class HbA1cBelow(Criterion):
    """With diabetes: the long-term blood sugar below so many percent."""

    percent: float

    def find(self, record: CareRecord) -> CriterionFinding:
        if record.diabetes is False:
            return self.says(State.MET, "no diabetes, as told")
        if record.diabetes is None or record.hba1c is None:
            return self.says(State.UNKNOWN, missing="Ask for diabetes and the last HbA1c")
        state = State.MET if record.hba1c < self.percent else State.NOT_MET
        return self.says(state, f"{record.hba1c:g} %, as told", missing=f"A value below {self.percent:g} %")


@dataclass(frozen=True, kw_only=True)
class ReliefOfEarlier(Criterion):
    """Before another one of these: the latest gave so much relief for so long. Met when there was none before."""

    of: Selection
    percent: int
    days: int = 0

    def find(self, record: CareRecord) -> CriterionFinding:
        given = self.of.of(record)
        if not given:
            return self.says(State.MET, "none before")
        dated = [care.entry for care in given if care.entry.start]
        if len(dated) < len(given):
            return self.says(State.UNKNOWN, missing="Dates of the earlier ones")
        latest = max(dated, key=lambda entry: entry.start or date.min)
        if latest.relief_percent is None:
            return self.says(State.UNKNOWN, missing="Ask how much the latest one helped")
        lasted = latest.relief_still_present or (latest.relief_duration_days or 0) >= self.days
        holds = latest.relief_percent >= self.percent and lasted
        line = f"{latest.relief_percent} % after the latest"
        return self.says(State.MET if holds else State.NOT_MET, line, missing=f"{self.percent} % of lasting relief")


@dataclass(frozen=True, kw_only=True)
class AtMost(Criterion):
    """So few of these in the window that one more stays within `count`."""

    of: Selection
    count: int
    within: LookBack

    def find(self, record: CareRecord) -> CriterionFinding:
        window = self.within.ending(record.today)
        certain = possible = 0
        for care in self.of.of(record):
            earliest = care.hopeful(record.today).first
            sure = care.certain(record.today)
            latest = sure.first if sure else record.today
            certain += window.first <= earliest
            possible += window.first <= latest
        line = f"{certain} {self.within.in_words}"
        if possible < self.count:
            return self.says(State.MET, line)
        state = State.NOT_MET if certain >= self.count else State.UNKNOWN
        return self.says(state, line, missing=f"No more than {self.count} {self.within.in_words}")


@dataclass(frozen=True, kw_only=True)
class Successes(Criterion):
    """So many of these, each with so much relief."""

    of: Selection
    count: int
    percent: int

    def find(self, record: CareRecord) -> CriterionFinding:
        relief = [care.entry.relief_percent for care in self.of.of(record)]
        good = sum(percent is not None and percent >= self.percent for percent in relief)
        line = f"{good} of {self.count}"
        if good >= self.count:
            return self.says(State.MET, line)
        state = State.UNKNOWN if good + relief.count(None) >= self.count else State.NOT_MET
        return self.says(state, line, missing=f"{self.count} of them with {self.percent} % relief")


@dataclass(frozen=True, kw_only=True)
class NicotineTold(Criterion):
    """It is on record whether nicotine is used and, if no more, since when."""

    def find(self, record: CareRecord) -> CriterionFinding:
        told = record.nicotine in {"never", "current"} or bool(record.nicotine == "former" and record.nicotine_until)
        state = State.MET if told else State.UNKNOWN
        return self.says(
            state, *([record.nicotine] if told else []), missing="Ask for nicotine, and since when without"
        )


@dataclass(frozen=True, kw_only=True)
class NervePattern(Criterion):
    """Symptoms along a nerve, as told."""

    def find(self, record: CareRecord) -> CriterionFinding:
        if record.pattern == "radicular":
            return self.says(State.MET, "pain below the knee or in an arm, or numbness or weakness, as told")
        return self.says(State.UNKNOWN, missing="Ask for pain, numbness or weakness below the knee or in an arm")


@dataclass(frozen=True, kw_only=True)
class ForClinician(Criterion):
    """What only an examination can say. Stays unknown here."""

    def find(self, record: CareRecord) -> CriterionFinding:
        return self.says(State.UNKNOWN, missing="For the physician who examines")


def _made(study: Study) -> str:
    first, last = study.first, study.last
    return spoken_day(first) if first == last else f"between {spoken_day(first)} and {spoken_day(last)}"
