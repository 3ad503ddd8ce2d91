"""The stages as this center calls and orders them, and how long is too long in each. Kept by a process for seconds."""

import time
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from crm.enums.leads import TRANSITIONS, LostReason, Requirement, Stage
from crm.models import Lead, StageRule

KEPT_SECONDS = 5.0

# What a new installation begins with: days until a card is red, and minutes of opening hours until the next step.
_ROTS = {
    Stage.NEW: 1,
    Stage.CONTACTING: 7,
    Stage.QUALIFYING: 10,
    Stage.RECORDS: 21,
    Stage.REVIEW: 3,
    Stage.BOOKING: 5,
    Stage.CONSULTED: 14,
}
_ANSWER = {Stage.NEW: 5, Stage.REVIEW: 480, Stage.BOOKING: 60}
_REQUIRES = {Stage.NURTURE: [Requirement.NEXT_STEP]}
NEVER_WITH_A_HOLD = {Stage.BOOKING, Stage.BOOKED}


class Age(StrEnum):
    """How long a lead has been where it is."""

    FRESH = "fresh"
    AGING = "aging"
    ROTTING = "rotting"


def ensure_rules(**_: Any) -> None:
    """Add a rule for every stage that has none. Runs after every migration; what staff said stays."""
    StageRule.objects.bulk_create(
        [
            StageRule(
                stage=stage,
                label=stage.label,
                position=number,
                answer_within_minutes=_ANSWER.get(stage),
                rots_after_days=_ROTS.get(stage),
                requires=_REQUIRES.get(stage, []),
            )
            for number, stage in enumerate(Stage)
        ],
        ignore_conflicts=True,
    )


def rules() -> dict[Stage, StageRule]:
    """Return the rules by stage, in the order of the columns."""
    return _rules(int(time.monotonic() / KEPT_SECONDS))


@lru_cache(maxsize=1)
def _rules(_slot: int) -> dict[Stage, StageRule]:
    rows = StageRule.objects.order_by("position", "stage")
    return {Stage(row.stage): row for row in rows}


def forget_rules() -> None:
    """Forget the rules that this process keeps: for whoever changed one in it."""
    _rules.cache_clear()


def label(stage: Stage | str) -> str:
    """Return what the center calls a stage; the built-in name where no rule is stored."""
    rule = rules().get(Stage(stage))
    return rule.label if rule else str(Stage(stage).label)


def goals_of(stage: Stage | str) -> list[tuple[str, str]]:
    """Return [(code, name)] of where a lead may go from there, in the order of the columns."""
    return [(goal.value, rule.label) for goal, rule in rules().items() if goal in TRANSITIONS[Stage(stage)]]


def age_of(stage: Stage | str, since: datetime, *, now: datetime) -> Age:
    """Return the age of a card: aging from half of the days after which it rots; fresh forever where nothing is set."""
    rule = rules().get(Stage(stage))
    if rule is None or rule.rots_after_days is None:
        return Age.FRESH
    most = timedelta(days=rule.rots_after_days)
    if now - since >= most:
        return Age.ROTTING
    return Age.AGING if now - since >= most / 2 else Age.FRESH


def unmet(lead: Lead, to: Stage, *, by_hand: bool, note: str, has_next_step: bool, lost_reason: str) -> list[str]:
    """Return what the stage asks for and has not got, as sentences for whoever moves the lead; [] when all is there."""
    rule = rules().get(to)
    asked = set(rule.requires) if rule and by_hand else set()
    found = [
        (Requirement.NEXT_STEP, not has_next_step, "Say what comes next, and on which day."),
        (Requirement.OWNER, lead.owner_id is None, "Give the lead an owner first."),
        (Requirement.NOTE, not note.strip(), "Say why in a note."),
        (Requirement.ASSESSED, not lead.outcome, "There is no assessment yet: complete the questions first."),
    ]
    sentences = [sentence for code, is_missing, sentence in found if code in asked and is_missing]
    if to == Stage.LOST and lost_reason not in LostReason.values:
        sentences.append("Say why the lead was lost.")
    if to in NEVER_WITH_A_HOLD and lead.safety_hold and lead.stage != Stage.BOOKED:  # calling off is no booking
        sentences.append("There is a safety hold: a clinician lifts it before anything is booked.")
    return sentences
