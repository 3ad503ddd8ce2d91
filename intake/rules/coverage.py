"""An insurer's criteria against one record: what is met, what is not, what nobody knows. Pure.

A gap list for the people who prepare a request, and never a forecast: whether a procedure is approved is the insurer's
to say. Which criteria there are: intake/rules/payers.py; how each is judged: intake/rules/criteria/.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from intake.rules.care_history import CareRecord
from intake.rules.criteria import CriterionFinding, State, Timed
from intake.rules.insurers import Insurer, recognize
from intake.rules.payers import GENERAL, PROFILES, Profile

# The longest wait that a policy asks for is 12 months of care: whoever has begun is through after that.
LONGEST_WAIT_DAYS = 400


@dataclass(frozen=True)
class Checklist:
    """The findings of a profile in its order. `wake_up_on`: the first day on which all lengths of time that are missing
    today and can be reached by waiting are reached, if treatments go on as they do now; None when there are none."""

    profile: Profile
    findings: tuple[CriterionFinding, ...]
    wake_up_on: date | None
    may_be_waived: bool

    def in_state(self, state: State) -> list[CriterionFinding]:
        return [finding for finding in self.findings if finding.state == state]

    @property
    def has_gap(self) -> bool:
        return bool(self.in_state(State.NOT_MET))


def check(profile: Profile, record: CareRecord) -> Checklist:
    """Return the gap list of one profile. Changes nothing, promises nothing."""
    findings = []
    for criterion in profile.criteria:
        found = criterion.find(record)
        if isinstance(criterion, Timed) and found.state != State.MET:
            found = replace(found, reached_on=earliest([criterion], record))
        findings.append(found)
    waived = bool(profile.waived_for and record.warning_signs)
    return Checklist(profile, tuple(findings), wake_up_on(profile, record), waived)


def wake_up_on(profile: Profile, record: CareRecord) -> date | None:
    """Return Checklist's day: the first on which all lengths of time that waiting can reach are reached."""
    timed = [criterion for criterion in profile.criteria if isinstance(criterion, Timed)]
    missing = [criterion for criterion in timed if criterion.days_short(record, record.today)]
    return earliest([criterion for criterion in missing if earliest([criterion], record)], record)


def earliest(criteria: list[Timed], record: CareRecord) -> date | None:
    """Return the first day from today on which all of these are reached at once, if what goes on today goes on; None
    when that is not within LONGEST_WAIT_DAYS, or there are none.

    A day can add one day of care at most, so as many days as are missing can be skipped without looking; and where
    nothing goes on that adds to one of them, no day is looked at.
    """
    day, last = record.today, record.today + timedelta(days=LONGEST_WAIT_DAYS)
    while criteria and day <= last:
        short = max(criterion.days_short(record, day) for criterion in criteria)
        if not short:
            return day
        if not all(criterion.may_be_reached(record, day) for criterion in criteria):
            return None
        day += timedelta(days=short)
    return None


@dataclass(frozen=True)
class Suggestion:
    """What an insurer suggests. `profiles`: its lists, none while it is open which one is meant; `possible`: those that
    may be meant; `question`: what to ask the patient or the insurer, "" when nothing is open."""

    profiles: tuple[Profile, ...]
    possible: tuple[Profile, ...] = ()
    question: str = ""


def suggestion(insurer: Insurer) -> Suggestion:
    """Return the lists of an insurer for its kind of plan. What may mean several things suggests none."""
    possible = tuple(profile for profile in PROFILES if profile.payer in insurer.possible)
    fitting = tuple(one for one in possible if one.payer == insurer.payer and one.plan == insurer.plan)
    question = insurer.question
    if insurer.payer and not fitting:
        question = "The lists of this insurer are for another kind of plan: ask which criteria count"
    return Suggestion(() if question else fitting, possible, question)


def profiles_of(insurer: str, plan: str = "") -> list[Profile]:
    """Return the profiles that what a patient wrote as the name of the insurer, and chose as the kind of plan, mean."""
    return list(suggestion(recognize(insurer, plan)).profiles)


def suggested(insurer: str, plan: str = "") -> Profile:
    """Return the first profile of an insurer, else what most insurers ask for. A person may choose another."""
    return (profiles_of(insurer, plan) or [GENERAL])[0]
