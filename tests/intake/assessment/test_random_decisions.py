"""Random lives of a lead, beside a model of their own: answers, signs, decisions and what waits, in any order.

The model knows no table. It keeps which answers stand, which signs somebody who might decide has been shown, and what
each decision was made on; after every step it says what has to be true.
"""

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from crm.enums.leads import Decision, Outcome, TaskKind
from crm.errors import OutOfDate, OverrideRefused, ReviewRefused
from crm.leads import reviews
from crm.models import Lead, Location, ReviewDecision, Task, User
from crm.safety import alerts
from intake.assessment import actions as assessments
from intake.assessment import signs
from intake.models import Assessment, Override, Submission
from tests.factories import NOON, make_lead, make_user

LIVES, STEPS = 250, 12
A_TICKS = ["A1", "A5", "unsure_A2", "none"]
B_TICKS = ["B1", "B2", "B5", "unsure_B2", "unsure_B5", "B7", "none"]
EVENT = {"B5", "unsure_B5"}
OPEN_REVIEW = {"kind": TaskKind.REVIEW, "done_at": None}


@dataclass
class Life:
    """What a careful reader of the record would know."""

    lead: Lead
    people: tuple[User, User]
    chance: Random
    now: datetime = NOON
    a: set[str] = field(default_factory=set)
    b: set[str] = field(default_factory=set)
    covered: set[str] = field(default_factory=set)
    told_on: date = date.min  # when B5 was told last
    gone: dict[str, str] = field(default_factory=dict)  # what was taken back before anybody had decided about it
    emergency_told: int = 0  # which assessment knew first that block A was told last
    pages: list[tuple[int, frozenset[str]]] = field(default_factory=list)  # forms that are open somewhere

    @property
    def standing(self) -> set[str]:
        """The signs that fire R1 or R2, in the words of the form."""
        asked = {one for one in self.b if one not in {"B7", "unsure_B7"}}
        sure = {one for one in asked if not one.startswith("unsure_")}
        return self.a | (asked if sure or len(asked) > 1 else set())

    @property
    def open_signs(self) -> set[str]:
        return {
            one for one in self.standing if one not in self.covered and one.removeprefix("unsure_") not in self.covered
        }

    def passes(self) -> None:
        self.now += timedelta(minutes=self.chance.choice([1, 600]))

    # --- what happens

    def answers(self) -> None:
        open_before = self.open_signs
        given: dict[str, object] = {"pain_now_avg": str(self.chance.randrange(11))}
        if self.chance.random() < 0.7:
            ticked = {one for one in self.chance.sample(B_TICKS, 2) if one != "none"}
            ticked -= {one for one in ticked if one.removeprefix("unsure_") in ticked and one.startswith("unsure_")}
            given["safety_check_b"] = sorted(ticked) or ["none"]
            self._hears_of_an_event(ticked)
            self.b = ticked
        if self.chance.random() < 0.25:
            one = self.chance.choice(A_TICKS)
            given["safety_check"] = [one]
            self.covered -= {one, one.removeprefix("unsure_"), f"unsure_{one}"}  # told again it is news
            self.a = {one} - {"none"}
        Submission.objects.create(
            lead=self.lead,
            page="pain",
            answers=given,
            answers_digest=str(uuid.uuid4()),
            questionnaire_version="t",
            at=self.now,
        )
        assessments.assess(self.lead, cause="Answered", now=self.now)
        if self.a and "safety_check" in given:
            self.emergency_told = self.number
        present = {one.removeprefix("unsure_") for one in self.standing}
        self.covered = {one for one in self.covered if one.removeprefix("unsure_") in present}
        left = {one.removeprefix("unsure_"): one for one in [*self.gone.values(), *open_before]}
        self.gone = {code: one for code, one in left.items() if code not in present}

    def _hears_of_an_event(self, ticked: set[str]) -> None:
        """What happened lately is news when it is told again on a later day."""
        if not ticked & EVENT:
            return
        day = self.now.astimezone(ZoneInfo(self.lead.timezone)).date()
        if self.b & EVENT and day > self.told_on:
            self.covered -= EVENT
        self.told_on = max(self.told_on, day) if self.b & EVENT else day

    def opens_a_page(self) -> None:
        basis = signs.basis(self.lead)
        assert set(basis.signs) == self.standing | set(self.gone.values())
        self.pages.append((basis.number, frozenset(self.standing)))

    def decides(self) -> None:
        seen, shown = self._page()
        by = self.chance.choice(self.people)
        try:
            made = reviews.decide(
                self.lead, decision=Decision.CONTINUE_CARE, reason="Seen.", by=by, now=self.now, seen=seen
            )
        except OutOfDate:
            assert seen != self.number
            return
        assert seen == self.number
        if made.is_in_force:
            self._covers(shown, "B")

    def agrees(self) -> None:
        made = ReviewDecision.objects.filter(lead=self.lead).order_by("-at", "-pk").first()
        if made is None or made.needs_second is False or made.second_by_id:
            return
        seen, _shown = self._page()
        other = next(one for one in self.people if one.pk != made.by_id)
        try:
            reviews.agree(made, by=other, now=self.now, seen=seen)
        except (OutOfDate, ReviewRefused):
            return
        assert not signs.beyond(self.open_signs, made.signs)
        self._covers(frozenset(made.signs), "B")

    def lifts(self) -> None:
        if not Lead.objects.get(pk=self.lead.pk).safety_hold:
            return
        alerts.acknowledge(self.lead, by=self.people[0], now=self.now)
        seen, shown = self._page()
        try:
            alerts.clear_hold(self.lead, by=self.people[0], note="Examined.", now=self.now, seen=seen)
        except OutOfDate:
            return
        self._covers(shown, "A")

    def overrides(self) -> None:
        seen, _shown = self._page()
        assessment = Assessment.objects.filter(lead=self.lead, number=seen).first()
        if assessment is None:
            return
        outcome, by = self.chance.choice(list(Outcome)), self.chance.choice(self.people)
        try:
            made = assessments.override(assessment, outcome=outcome, reason="Seen.", by=by, now=self.now)
        except (OutOfDate, OverrideRefused):
            return
        assert seen == self.number
        assert made.needs_second or assessment.outcome != Outcome.URGENT or outcome == Outcome.URGENT

    def approves(self) -> None:
        made = Override.objects.waiting().filter(assessment__lead=self.lead).first()
        if made is None:
            return
        other = next(one for one in self.people if one.pk != made.by_id)
        assessments.approve(made, by=other, now=self.now, seen=self.number)

    # --- what has to be true

    def check(self) -> None:
        lead = Lead.objects.get(pk=self.lead.pk)
        fresh = self.open_signs
        latest = assessments.latest(lead)
        if any("A" in one for one in fresh):
            assert lead.safety_hold, fresh
        if any("B" in one for one in fresh):
            assert Task.objects.filter(lead=lead, **OPEN_REVIEW).exists(), fresh
        for one in ReviewDecision.objects.waiting().filter(lead=lead):
            assert not signs.beyond(fresh, one.signs)  # what waits has been void since then
        for made in Override.objects.standing().filter(assessment__lead=lead).select_related("assessment"):
            assert latest is not None
            if not (made.raises and made.is_in_force):
                assert not signs.beyond(self.standing, made.assessment.signs)
                assert latest.rule == made.assessment.rule
                assert made.assessment.number >= self.emergency_told
            elif not lead.safety_hold:
                assert Outcome(lead.outcome).urgency >= Outcome(made.outcome).urgency
        if latest is not None and lead.outcome != latest.outcome:
            assert lead.safety_hold or Override.objects.standing().filter(assessment__lead=lead).exists()

    @property
    def number(self) -> int:
        latest = assessments.latest(self.lead)
        return latest.number if latest else 0

    def _page(self) -> tuple[int, frozenset[str]]:
        """One that is open, perhaps for long, or a fresh one."""
        if not self.pages or self.chance.random() < 0.5:
            self.opens_a_page()
        return self.pages.pop(self.chance.randrange(len(self.pages)))

    def _covers(self, shown: frozenset[str], block: str) -> None:
        present = {one.removeprefix("unsure_") for one in self.standing}
        self.covered |= {one for one in shown if block in one and one.removeprefix("unsure_") in present}
        self.gone = {code: one for code, one in self.gone.items() if block not in code}


@pytest.mark.parametrize("tenth", range(10))
def test_no_sign_is_left_and_no_decision_counts_against_what_it_did_not_know(center: Location, tenth: int) -> None:
    people = make_user("clinician"), make_user("clinician", email="second@example.org")
    for number in range(tenth, LIVES, 10):
        chance = Random(number)  # noqa: S311 - lives, not secrets
        life = Life(make_lead(location=center, email=f"life{number}@example.org"), people, chance)
        done: list[str] = []
        for _ in range(STEPS):
            step = chance.choice(
                [
                    life.answers,
                    life.answers,
                    life.opens_a_page,
                    life.decides,
                    life.agrees,
                    life.lifts,
                    life.overrides,
                    life.approves,
                ]
            )
            done.append(step.__name__)
            life.passes()
            step()
            try:
                life.check()
            except AssertionError as wrong:
                raise AssertionError(f"life {number}: {done}") from wrong
