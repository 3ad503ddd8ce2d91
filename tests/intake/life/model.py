"""What a careful reader of one record would know. Stands on the rules as they are written down and knows no table.

Of the product it uses `assess` alone: what the rules say of a record is not what is looked at here, but which record
they are handed, who is asked to look, and what counts.
"""

import json
from calendar import monthrange
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from intake.candidacy import assess
from intake.snapshot import read_snapshot

ZONE = ZoneInfo("America/New_York")
FEWEST_DAYS = {"lt6w": 0, "6to12w": 42, "3to6m": 91, "6to12m": 182, "1to5y": 364, "gt5y": 1820}
URGENCY = {"URGENT": 2, "PROMPT_REVIEW": 1}
NO_SIGN = {"none", "B7", "unsure_B7", "declined_A4"}


@dataclass(frozen=True)
class Page:
    """Answers as they were sent."""

    at: datetime
    answers: dict[str, Any]


@dataclass
class Treated:
    """One treatment, as the columns that its page and the desk show. `verified`: somebody has compared it."""

    kind: str
    status: str = ""
    start: str = ""
    end: str = ""
    sessions: int | None = None
    relief: int | None = None
    lasted: int | None = None
    still: bool = False
    verified: bool = False
    disputed: bool = False

    def entry(self, today: date) -> dict[str, Any]:
        """What the rules are handed: rough ends by what is possible, and what has no state without its dates."""
        dated: dict[str, Any] = {}
        if self.status and self.start:
            first, precision = said(self.start)
            dated |= {"start": min(first, today).isoformat(), "start_precision": precision}
        if self.status and self.end:
            first, precision = said(self.end)
            last = first if precision == "day" else first.replace(day=monthrange(first.year, first.month)[1])
            dated |= {"end": last.isoformat(), "end_precision": precision}
        return dated | {
            "kind": self.kind,
            "status": self.status or "completed",
            "sessions": self.sessions,
            "relief_percent": self.relief,
            "relief_duration_days": self.lasted,
            "relief_still_present": self.still,
        }


@dataclass
class Decided:
    """A decision against the rules, and what it was made on."""

    outcome: str
    rule: str
    rules_said: str
    signs: frozenset[str]
    by: str
    reason: str
    waits: bool = False

    @property
    def raises(self) -> bool:
        return urgency(self.outcome) > urgency(self.rules_said)


@dataclass
class Reviewed:
    """A clinician's decision that waits for a second person."""

    signs: frozenset[str]
    by: str


@dataclass
class Report:
    """What somebody has sent whom nobody has proven."""

    page: Page
    key: str

    @property
    def signs(self) -> set[str]:
        return signs_in(self.page.answers)


@dataclass
class Record:
    """`mark` stands in every word that was written about this person, and about nobody else."""

    mark: str
    pages: list[Page] = field(default_factory=list)
    treatments: dict[str, Treated] = field(default_factory=dict)
    covered: set[str] = field(default_factory=set)
    held: bool = False
    alert: bool = False
    counting: Decided | None = None
    waiting: Decided | None = None
    review: Reviewed | None = None
    reports: list[Report] = field(default_factory=list)
    score: int | None = None

    @property
    def answers(self) -> dict[str, Any]:
        """The latest answer to each question."""
        found: dict[str, Any] = {}
        for page in sorted(self.pages, key=lambda one: one.at):
            found |= page.answers
        return found

    @property
    def signs(self) -> set[str]:
        return signs_in(self.answers)

    @property
    def open_signs(self) -> set[str]:
        """What nobody who might decide has been shown."""
        return beyond(self.signs, self.covered)

    def rules(self, now: datetime) -> tuple[str, str]:
        """What the rules say of this record on this day, and which one."""
        result = assess(read_snapshot(json.dumps(self.snapshot(now))))
        return str(result.outcome), result.rule

    def snapshot(self, now: datetime) -> dict[str, Any]:
        told, today = self.answers, now.astimezone(ZONE).date()
        told_on = max((page.at for page in self.pages if page.answers.get("onset")), default=now)
        onset = told_on.astimezone(ZONE).date() - timedelta(days=FEWEST_DAYS[told["onset"]])
        ratings = [told.get(name) for name in ("pain_now_avg", "pain_enjoyment", "pain_activity")]
        numbers = [None if one is None else float(one) for one in ratings]
        return {
            "today": today.isoformat(),
            "answers": {
                "red_flags": flags(told),
                "regions": told["pain_region"],
                "radiation": told["radiation"],
                "onset": {"date": onset.isoformat()},
                "nrs_average": numbers[0],
                "interference": numbers if any(one is not None for one in numbers[1:]) else None,
                "rmdq": self.score,
                "tried": told["tried_treatments"],
            },
            "treatments": [one.entry(today) for one in self.treatments.values()],
        }

    def outcome(self, now: datetime) -> str:
        """What counts: urgent under a hold, a decision as long as it stands, else the rules."""
        says, _rule = self.rules(now)
        if self.held:
            return "URGENT"
        if self.counting is None:
            return says
        hides = self.counting.raises and urgency(says) > urgency(self.counting.outcome)
        return says if hides else self.counting.outcome

    def settles(self, now: datetime) -> None:
        """What follows from what the record has become."""
        present = {bare(one) for one in self.signs}
        self.covered = {one for one in self.covered if bare(one) in present}
        self.held = self.held or any("A" in one for one in self.open_signs)
        says = self.rules(now)[1]
        for one in (self.counting, self.waiting):
            if one and (beyond(self.signs, one.signs) or one.rule != says):
                self._ends(one)
        if self.review:
            self.review.signs = frozenset(one for one in self.review.signs if bare(one) in present)
        if self.review and beyond(self.open_signs, self.review.signs):
            self.review = None

    def _ends(self, one: Decided) -> None:
        """One that raised the urgency and counts does not end by itself."""
        if one is self.waiting:
            self.waiting = None
        elif not one.raises:
            self.counting = None

    def covers(self, shown: frozenset[str], block: str) -> None:
        present = {bare(one) for one in self.signs}
        self.covered |= {one for one in shown if block in one and bare(one) in present}


def said(day: str) -> tuple[date, str]:
    """A date as it is typed: month and year, or the day too."""
    parts = [int(part) for part in day.split("/")]
    return (date(parts[2], parts[0], parts[1]), "day") if len(parts) == 3 else (date(parts[1], parts[0], 1), "month")


def bare(sign: str) -> str:
    return sign.removeprefix("unsure_")


def urgency(outcome: str) -> int:
    return URGENCY.get(outcome, 0)


def beyond(signs: set[str], known: "frozenset[str] | set[str]") -> set[str]:
    """A yes is more than "not sure", and not the other way round."""
    return {one for one in signs if one not in known and bare(one) not in known}


def signs_in(answers: dict[str, Any]) -> set[str]:
    """Those that fire R1 or R2: all of block A; of block B a yes, or two that somebody is not sure of."""
    first = {one for one in answers.get("safety_check") or [] if one not in NO_SIGN}
    second = {one for one in answers.get("safety_check_b") or [] if one not in NO_SIGN}
    sure = {one for one in second if one == bare(one)}
    return first | (second if sure or len(second) > 1 else set())


def flags(answers: dict[str, Any]) -> dict[str, str]:
    ticked = [*(answers.get("safety_check") or []), *(answers.get("safety_check_b") or [])]
    return {bare(one): "yes" if one == bare(one) else "unsure" for one in ticked if one != "none"}
