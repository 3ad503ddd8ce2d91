"""What the candidacy rules look at: one person's answers and treatments on one day. Knows no Django and no database.

The shape is the one of `manage.py assess --json`. Reading is strict: a wrong type, an unknown word or a contradiction
is refused, because a rule that guesses is worse than one that asks.
"""

import re
from datetime import date, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from crm.enums.treatment_kinds import GROUP_OF
from crm.enums.treatments import TreatmentGroup, TreatmentStatus

A_SIGNS = tuple(f"A{number}" for number in range(1, 11))
B_SIGNS = tuple(f"B{number}" for number in range(1, 9))

# The shortest time that an answer can mean, in days: whoever had pain "6 to 12 weeks" had it for six at least.
BUCKET_DAYS = {"lt6w": 0, "6to12w": 6 * 7, "3to6m": 13 * 7, "6to12m": 26 * 7, "1to5y": 52 * 7, "gt5y": 260 * 7}

DID_NOT_HAPPEN = {TreatmentStatus.PLANNED, TreatmentStatus.DECLINED}


class SnapshotProblem(ValueError):
    """A snapshot that cannot be assessed. The text says where and why."""


def _iso_day(value: Any) -> date:
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise ValueError("write a date as YYYY-MM-DD")
    day = date.fromisoformat(value)
    if not 1000 <= day.year < 9000:  # room for counting weeks back and forth
        raise ValueError("write a date with a year between 1000 and 8999")
    return day


def _absent(otherwise: Any) -> BeforeValidator:
    """Return a validator by which null means the same as leaving the key out."""
    return BeforeValidator(lambda value: otherwise if value is None else value)


def _words(values: Any) -> Any:
    """Return a JSON list as a tuple, without repetitions; null as the empty one."""
    if isinstance(values, list | tuple) and all(isinstance(value, str) for value in values):
        return tuple(dict.fromkeys(values))
    return () if values is None else values


Day = Annotated[date, BeforeValidator(_iso_day)]
Flag = Annotated[bool, _absent(False)]
Rating = Annotated[float, Field(ge=0, le=10)]
Precision = Annotated[Literal["day", "month", "year"], _absent("day")]
Region = Literal["neck", "mid_back", "low_back", "buttock_hip", "other"]
Radiation = Literal["none", "buttock", "leg_above_knee", "leg_below_knee", "arm", "hand"]
Tick = Literal["pt", "home_exercise", "medication", "injections", "chiropractic", "other", "nothing"]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", allow_inf_nan=False)


class Onset(_Strict):
    """When the pain began: a day, or how long ago in rough words."""

    bucket: Literal["lt6w", "6to12w", "3to6m", "6to12m", "1to5y", "gt5y"] | None = None
    known_day: Annotated[Day | None, Field(alias="date")] = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.bucket is None) == (self.known_day is None):
            raise ValueError("give either a bucket or a date")
        return self

    def day(self, today: date) -> date:
        """Return the day from which weeks are counted: the date, or the latest day that the bucket allows."""
        return self.known_day or today - timedelta(days=BUCKET_DAYS[self.bucket or "lt6w"])


class Answers(_Strict):
    """The answers that rules read. None or empty means not answered."""

    age: Annotated[int, Field(ge=0, le=130)] | None = None
    area_served: bool | None = None
    red_flags: Annotated[dict[str, Any], _absent({})] = {}
    regions: Annotated[tuple[Region, ...], BeforeValidator(_words)] = ()
    radiation: Annotated[tuple[Radiation, ...], BeforeValidator(_words)] = ()
    limb_symptoms: bool | None = None
    onset: Onset | None = None
    nrs_average: Rating | None = None
    interference: Annotated[list[Rating | None], Field(min_length=3, max_length=3)] | None = None
    rmdq: Annotated[int, Field(ge=0, le=24)] | None = None
    limited: Annotated[tuple[Literal["work", "sleep", "walking"], ...], BeforeValidator(_words)] = ()
    worse_with: Annotated[
        tuple[Literal["standing", "walking", "sitting", "bending"], ...], BeforeValidator(_words)
    ] = ()
    better_with: Annotated[
        tuple[Literal["sitting", "leaning_forward", "lying", "walking"], ...], BeforeValidator(_words)
    ] = ()
    tried: Annotated[tuple[Tick, ...], BeforeValidator(_words)] = ()

    @field_validator("red_flags")
    @classmethod
    def _known_answers(cls, given: dict[str, Any]) -> dict[str, Any]:
        known = {sign: answer for sign, answer in given.items() if sign in A_SIGNS + B_SIGNS}
        for sign, answer in known.items():
            allowed = {"no", "unsure", "yes"} | ({"declined"} if sign == "A4" else set())
            if not isinstance(answer, str) or answer not in allowed:
                raise ValueError(f"{sign}: answer with {', '.join(sorted(allowed))}")
        return known

    @field_validator("tried")
    @classmethod
    def _nothing_alone(cls, ticks: tuple[str, ...]) -> tuple[str, ...]:
        if "nothing" in ticks and len(ticks) > 1:
            raise ValueError('"nothing" cannot stand beside other ticks')
        return ticks

    def signs(self, codes: tuple[str, ...], *answers: str) -> list[str]:
        """Return those of `codes` that were answered with one of `answers`."""
        return [code for code in codes if self.red_flags.get(code) in answers]

    @property
    def interference_score(self) -> float | None:
        """Return the mean of the three ratings, not rounded, after PEG (Krebs 2009); None when one is missing."""
        rated = [rating for rating in self.interference or () if rating is not None]
        return sum(rated) / 3 if len(rated) == 3 else None


class TreatmentEntry(_Strict):
    """One treatment as it was told. Dates stand as written; intake/rules/adequate_trials.py reads them with their
    precision."""

    kind: str
    status: str
    start: Day | None = None
    start_precision: Precision = "day"
    end: Day | None = None
    end_precision: Precision = "day"
    ongoing: Flag = False
    sessions: Annotated[int, Field(ge=0)] | None = None
    relief_percent: Annotated[int, Field(ge=0, le=100)] | None = None
    relief_duration_days: Annotated[int, Field(ge=0)] | None = None
    relief_still_present: Flag = False

    @field_validator("kind")
    @classmethod
    def _known_kind(cls, kind: str) -> str:
        if kind not in GROUP_OF:
            raise ValueError(f"unknown kind {kind!r}")
        return kind

    @field_validator("status")
    @classmethod
    def _known_status(cls, status: str) -> str:
        if status not in TreatmentStatus.values:
            raise ValueError(f"unknown status {status!r}")
        return status

    @model_validator(mode="after")
    def _dates_agree(self) -> Self:
        if self.start and self.end and self.end < self.start:
            raise ValueError("the end lies before the start")
        if self.is_ongoing and self.end:
            raise ValueError("an ongoing treatment has no end")
        return self

    @property
    def group(self) -> TreatmentGroup:
        return GROUP_OF[self.kind]

    @property
    def is_ongoing(self) -> bool:
        return self.ongoing or self.status == TreatmentStatus.ONGOING

    @property
    def happened(self) -> bool:
        return self.status not in DID_NOT_HAPPEN


class Snapshot(_Strict):
    """Everything that an assessment may depend on. What is not in here can change no outcome."""

    today: Day
    answers: Annotated[Answers, _absent(Answers())] = Answers()
    treatments: Annotated[list[TreatmentEntry], _absent([])] = []

    @model_validator(mode="after")
    def _nothing_in_the_future(self) -> Self:
        onset = self.answers.onset
        if onset and onset.day(self.today) > self.today:
            raise ValueError("the onset lies in the future")
        for entry in self.treatments:
            if entry.start and entry.start > self.today and entry.status != TreatmentStatus.PLANNED:
                raise ValueError("a treatment starts in the future: only a planned one can")
        return self

    @property
    def happened(self) -> list[TreatmentEntry]:
        return [entry for entry in self.treatments if entry.happened]


def read_snapshot(line: str | bytes) -> Snapshot:
    """Read one JSON line as a snapshot. Raises SnapshotProblem with every place that is wrong."""
    try:
        return Snapshot.model_validate_json(line)
    except ValidationError as problem:
        raise SnapshotProblem("; ".join(_in_words(dict(error)) for error in problem.errors())) from None


def _in_words(error: dict[str, Any]) -> str:
    """Name the place and the reason, never the value: it may be about somebody's health."""
    place = ".".join(str(step) for step in error["loc"])
    reason = str(error["msg"]).removeprefix("Value error, ")
    return f"{place}: {reason}" if place else reason
