"""What every criterion of an insurer is, and what it says of a record. Pure.

A criterion looks at a CareRecord and says: met, not met or unknown, on what evidence, and what would settle it. It says
nothing about whether an insurer will approve anything.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from intake.rules.care_history import CareRecord


class State(StrEnum):
    MET = "met"
    NOT_MET = "not_met"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class CriterionFinding:
    """What the record says about one criterion. `treatments` are the keys of those that count."""

    code: str
    text: str
    state: State
    evidence: tuple[str, ...] = ()
    missing: str = ""
    treatments: tuple[str, ...] = ()
    reached_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """`code` stays the same when the words change: pages of documents are noted under it."""

    code: str
    text: str

    def find(self, record: CareRecord) -> CriterionFinding:
        raise NotImplementedError

    def says(
        self, state: State, *evidence: str, missing: str = "", treatments: tuple[str, ...] = ()
    ) -> CriterionFinding:
        return CriterionFinding(
            self.code, self.text, state, evidence, "" if state == State.MET else missing, treatments
        )


@dataclass(frozen=True, kw_only=True)
class Timed(Criterion):
    """A criterion about a length of time, which waiting may satisfy."""

    def days_short(self, record: CareRecord, on: date) -> int:
        """Return the days missing on that day; 0 when it is reached. From day to day it falls by one at most."""
        raise NotImplementedError

    def may_be_reached(self, record: CareRecord, on: date) -> bool:
        """Return whether it is reached on that day, or waiting may still help: something goes on that adds to it."""
        return True


def spoken_day(day: date) -> str:
    """Return a day in words, such as Mar 5, 2026."""
    return f"{day:%b} {day.day}, {day.year}"
