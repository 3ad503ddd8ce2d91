"""What a careful reader of one record would know. Stands on the rules as they are written down and knows no table.

Of the product it uses `assess` alone: what the rules say of a record is not what is looked at here, but which record
they are handed, who is asked to look, and what counts.
"""

import json
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from intake.rules.candidacy import assess
from intake.rules.snapshot import read_snapshot
from tests.intake.life.heard import Heard, bare
from tests.intake.life.insured import Insured
from tests.intake.life.treated import Treated, last_day

ZONE = ZoneInfo("America/New_York")
FEWEST_DAYS = {"lt6w": 0, "6to12w": 42, "3to6m": 91, "6to12m": 182, "1to5y": 364, "gt5y": 1820}
URGENCY = {"URGENT": 2, "PROMPT_REVIEW": 1}
NUMB_OR_WEAK = {"worse", "same", "better", "yes_unsure"}


@dataclass(frozen=True)
class Page:
    """Answers as they were sent. `about`: the kind of a treatment whose page it is. `took_back`: it never was."""

    at: datetime
    answers: dict[str, Any]
    about: str = ""
    took_back: bool = False


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
    """What somebody has sent whom nobody has proven. `from_elsewhere`: from no browser of theirs. `is_request`: the
    first form, with its boxes of agreement."""

    pages: list[Page]
    key: str
    from_elsewhere: bool = False
    is_request: bool = False

    @property
    def signs(self) -> set[str]:
        return {sign for page in self.pages for sign in heard([page]).signs}


@dataclass
class Score:
    day: date
    value: int


@dataclass
class Record:
    """`mark` stands in every word that was written about this person, and about nobody else. `asked`: a clinician was
    asked to look at the record, and has not decided since. `choices`: each yes or no to educational mails. `gone`: what
    was taken back before anybody had decided about it."""

    mark: str
    pages: list[Page] = field(default_factory=list)
    treatments: dict[str, Treated] = field(default_factory=dict)
    covered: set[str] = field(default_factory=set)
    held: bool = False
    alert: bool = False
    asked: bool = False
    looks: set[str] = field(default_factory=set)
    counting: Decided | None = None
    waiting: Decided | None = None
    review: Reviewed | None = None
    reports: list[Report] = field(default_factory=list)
    scores: list[Score] = field(default_factory=list)
    insured: Insured = field(default_factory=Insured)
    choices: list[tuple[datetime, bool]] = field(default_factory=list)
    told_anew: dict[str, list[date]] = field(default_factory=dict)
    gone: dict[str, str] = field(default_factory=dict)
    open_then: set[str] = field(default_factory=set)

    @property
    def score(self) -> int | None:
        """Of one day the one that was entered last."""
        return max(enumerate(self.scores), key=lambda one: (one[1].day, one[0]))[1].value if self.scores else None

    @property
    def wants_mail(self) -> bool:
        """As it was chosen last, whenever it came to count."""
        return max(enumerate(self.choices), key=lambda one: (one[1][0], one[0]))[1][1]

    @property
    def answers(self) -> dict[str, Any]:
        """The latest answer to each question."""
        found: dict[str, Any] = {}
        for page in in_order(self.pages):
            if not page.about:
                found |= page.answers
        return found

    @property
    def signs(self) -> set[str]:
        return heard(self.pages).signs

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
        ratings = [told.get(name) or None for name in ("pain_now_avg", "pain_enjoyment", "pain_activity")]
        numbers = [None if one is None else float(one) for one in ratings]
        limbs = {told.get("limb_weakness"), told.get("limb_numbness")}
        return {
            "today": today.isoformat(),
            "answers": {
                "red_flags": heard(self.pages).flags,
                "regions": told["pain_region"],
                "radiation": told["radiation"],
                "onset": {"date": onset.isoformat()},
                "limb_symptoms": True if limbs & NUMB_OR_WEAK else None,
                "nrs_average": numbers[0],
                "interference": numbers if any(one is not None for one in numbers[1:]) else None,
                "rmdq": self.score,
                "tried": told["tried_treatments"],
            },
            "treatments": [one.entry(today) for one in self.treatments.values()],
        }

    def outcome(self, now: datetime) -> str:
        """What counts: urgent under a hold, a decision as long as it stands, else the rules."""
        return "URGENT" if self.held else self.without_hold(now)

    def without_hold(self, now: datetime) -> str:
        says, _rule = self.rules(now)
        if self.counting is None:
            return says
        hides = self.counting.raises and urgency(says) > urgency(self.counting.outcome)
        return says if hides else self.counting.outcome

    def settles(self, now: datetime) -> None:
        """What follows from what the record has become."""
        signs, looks = self.signs, heard(self.pages).looks
        present = {bare(one) for one in signs}
        self.covered = {one for one in self.covered if bare(one) in present}
        self._hears_what_is_told_anew()
        left = {bare(one): one for one in [*self.gone.values(), *sorted(self.open_then)]}
        self.gone = {code: one for code, one in left.items() if code not in present}
        fresh = self.open_then = self.open_signs
        self.held = self.held or any("A" in one for one in fresh)
        self.asked = self.asked or bool(looks - self.looks) or any("B" in one for one in fresh)
        self.looks = looks
        says = self.rules(now)[1]
        for one in (self.counting, self.waiting):
            if one and (beyond(signs, one.signs) or one.rule != says):
                self._ends(one)
        if self.review:
            self.review.signs = frozenset(one for one in self.review.signs if bare(one) in present)
        if self.review and beyond(self.open_signs, self.review.signs):
            self.review = None

    def _hears_what_is_told_anew(self) -> None:
        """Of what was told again nobody knew who has decided before."""
        anew = heard(self.pages).told_anew
        for sign in (one for one, days in anew.items() if is_more(days, self.told_anew.get(one, []))):
            event = {sign, f"unsure_{sign}"}
            self.covered -= event
            for decision in (self.counting, self.waiting, self.review):
                if decision:
                    decision.signs -= event
        self.told_anew = anew

    def _ends(self, one: Decided) -> None:
        """One that raised the urgency and counts does not end by itself."""
        if one is self.waiting:
            self.waiting = None
        elif not one.raises:
            self.counting = None

    def covers(self, shown: frozenset[str], block: str) -> None:
        present = {bare(one) for one in self.signs}
        self.covered |= {one for one in shown if block in one and bare(one) in present}
        self.gone = {code: one for code, one in self.gone.items() if block not in code}
        self.open_then = self.open_signs
        if block == "B":
            self.asked = any("B" in one for one in self.open_signs)


def urgency(outcome: str) -> int:
    return URGENCY.get(outcome, 0)


def beyond(signs: set[str], known: "frozenset[str] | set[str]") -> set[str]:
    """A yes is more than "not sure", and not the other way round."""
    return {one for one in signs if one not in known and bare(one) not in known}


def is_more(days: list[date], known: list[date]) -> bool:
    """Fewer times, and none later, are no news: a treatment that told it never was."""
    return days != known and not (len(days) < len(known) and days[-1] <= known[-1])


def in_order(pages: list[Page]) -> list[Page]:
    return sorted(pages, key=lambda one: one.at)


def heard(pages: list[Page]) -> Heard:
    """What was told, page after page. `start`: the day on which an injection was, as it was told."""
    found = Heard()
    for page in in_order(pages):
        on = page.at.astimezone(ZONE).date()
        if not page.about:
            found.hears(page.answers, on=on)
        elif page.took_back:
            found.takes_back(page.about, on=on)
        else:
            began = last_day(page.answers["start"]) if page.answers.get("start") else None
            found.hears_of_an_injection(page.about, page.answers, on=on, began=began)
    return found
