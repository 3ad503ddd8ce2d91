"""Remarks beside an outcome that only the record can tell. They decide nothing; they tell staff what to look after."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as noop

from crm.enums.treatments import Documentation, MeasurementKind
from intake.assessment import coverage_gaps, repeated_signs, review_facts
from intake.assessment.answer_history import Kept
from intake.rules.derived_signs import Heard

Answers = dict[str, Any]

HIGH_HBA1C = 8.0  # percent: the bound of one large insurer's policy on fusion (Aetna CPB 0743)


def _is(name: str, value: str) -> Callable[[Answers], bool]:
    return lambda answers: answers.get(name) == value


def _has(name: str, value: str) -> Callable[[Answers], bool]:
    return lambda answers: value in (answers.get(name) or [])


def _hba1c_open(answers: Answers) -> bool:
    """Tell whether a person has diabetes and a last long-term value (HbA1c) that is high or not known."""
    if "diabetes" not in (answers.get("conditions") or []):
        return False
    value = answers.get("hba1c")
    return value in (None, "") or float(value) >= HIGH_HBA1C


FROM_ANSWERS: dict[str, Callable[[Answers], bool]] = {
    "imaging_none": _is("imaging", "none"),
    "imaging_older_12m": _is("imaging", "mri_older"),
    "nicotine_current": _is("nicotine", "current"),
    "prior_spine_surgery": _is("prior_spine_surgery", "yes"),
    "blood_thinner": _has("conditions", "blood_thinner"),
    "hba1c_unknown_or_8": _hba1c_open,
    "workers_comp_or_legal": lambda answers: any(
        answers.get(name) == "yes" for name in ("work_injury", "auto_accident", "legal_case")
    ),
    "opioid_daily": _is("opioids", "daily"),
    "self_pay": _is("plan_type", "self_pay"),
    "interpreter_needed": _is("interpreter_needed", "yes"),
}

IN_WORDS = {
    "age_at_onset_unusual": noop("First spine pain under 20 or over 70"),
    "blood_thinner": noop("Takes a blood thinner"),
    "conflicting_answers": noop("“Nothing tried” beside treatments"),
    "hba1c_unknown_or_8": noop("Diabetes: HbA1c not known, or 8 % and more"),
    "imaging_none": noop("No imaging yet"),
    "imaging_older_12m": noop("MRI older than 12 months"),
    "interpreter_needed": noop("Needs an interpreter"),
    "needs_documentation": noop("A stopped or contraindicated trial needs documents"),
    "nicotine_current": noop("Uses nicotine"),
    "only_one_measurement": noop("Only one pain rating so far"),
    "opioid_daily": noop("Takes opioids daily"),
    "prior_spine_surgery": noop("Had spine surgery before"),
    "records_not_received": noop("Records requested, not received"),
    "safety_answer_declined": noop("One warning sign was not answered"),
    "self_pay": noop("Pays without insurance"),
    "told_all_they_know": noop("The patient does not know what is still missing"),
    "workers_comp_or_legal": noop("Work injury, accident or legal case"),
}


def in_words(flag: str) -> str:
    """Return a flag in the language in force; one that is no longer known stays as it is."""
    if flag.startswith(review_facts.FLAG):
        return review_facts.in_words(flag)
    if flag.startswith(repeated_signs.FLAG):
        return repeated_signs.in_words(flag)
    if flag.startswith(coverage_gaps.FLAG):
        return coverage_gaps.in_words(flag)
    return gettext(IN_WORDS[flag]) if flag in IN_WORDS else flag


def of_answers(answers: Answers, *, heard: Heard | None = None) -> list[str]:
    """Return those that the answers alone tell. `heard`: in which order, where they were not told at once."""
    told = [flag for flag, holds in FROM_ANSWERS.items() if holds(answers)]
    return [*told, *review_facts.of_answers(answers, heard=heard)]


def of_new_request(answers: Answers) -> list[str]:
    """Return all flags that a first request can tell, without a query."""
    rated = ["only_one_measurement"] if answers.get("pain_now_avg") else []
    return [*of_answers(answers), *rated]


def of_record(answers: Answers, kept: Kept, *, now: datetime, heard: Heard | None = None) -> list[str]:
    """Return all flags of a record at a moment, those of its answers and of what is kept beside them.

    `heard`: as in of_answers.
    """
    ratings = [score for score in kept.scores if score.kind == MeasurementKind.NRS_AVG and score.at <= now]
    waiting = any(row.documentation == Documentation.REQUESTED for row in kept.treatments)
    told = {"only_one_measurement": len(ratings) == 1, "records_not_received": waiting}
    return [*of_answers(answers, heard=heard), *(flag for flag, holds in told.items() if holds)]
