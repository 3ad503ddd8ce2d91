"""The rules at their boundaries. tests/intake/rules/test_candidacy_oracle.py compares them with a second
implementation."""

from datetime import timedelta
from typing import Any

import pytest

from crm.enums.leads import Outcome
from intake.rules.candidacy import RULES
from intake.rules.snapshot import A_SIGNS
from tests.intake.cases import TODAY, assessed, days_ago, entry, ongoing

REVIEW = [f"B{number}" for number in (1, 2, 3, 4, 5, 6, 8)]
PT, NSAID = entry(), entry("med_nsaid_rx")


def test_care_without_relief_makes_a_consultation_reasonable() -> None:
    result = assessed()
    assert (result.outcome, result.rule, result.recheck_on) == (Outcome.CONSULT_LIKELY, "R11", None)
    assert (result.span_days, result.groups) == (60, ("ACTIVE", "MEDICATION"))


@pytest.mark.parametrize("sign", A_SIGNS)
@pytest.mark.parametrize("answer", ["yes", "unsure"])
def test_any_emergency_sign_is_urgent(sign: str, answer: str) -> None:
    result = assessed(red_flags={sign: answer})
    assert (result.outcome, result.rule) == (Outcome.URGENT, "R1")
    assert result.reasons[0].evidence == {"signs": [sign]}


@pytest.mark.parametrize("sign", REVIEW)
def test_a_review_sign_wants_a_clinician(sign: str) -> None:
    assert assessed(red_flags={sign: "yes"}).rule == "R2"
    assert assessed(red_flags={sign: "unsure"}).rule == "R11"


def test_two_unsure_review_signs_want_a_clinician() -> None:
    assert assessed(red_flags={"B1": "unsure", "B8": "unsure"}).rule == "R2"
    assert assessed(red_flags={"B1": "unsure", "B7": "unsure"}).rule == "R11"


def test_first_pain_at_an_unusual_age_is_a_flag_only() -> None:
    result = assessed(red_flags={"B7": "yes"})
    assert (result.rule, result.flags) == ("R11", ("age_at_onset_unusual",))


def test_a_declined_answer_counts_as_no_and_is_flagged() -> None:
    result = assessed(red_flags={"A4": "declined"})
    assert (result.rule, result.flags) == ("R11", ("safety_answer_declined",))


@pytest.mark.parametrize(
    ("answers", "rule"),
    [
        ({"age": 17}, "R3"),
        ({"age": 18}, "R11"),
        ({"age": None}, "R11"),
        ({"area_served": False}, "R3"),
        ({"area_served": None}, "R11"),
        ({"regions": ["other"]}, "R3"),
        ({"regions": ["other", "neck"]}, "R11"),
        ({"regions": []}, "R4"),
        ({"regions": None}, "R4"),
        ({"radiation": None}, "R4"),
        ({"onset": None}, "R4"),
        ({"nrs_average": None}, "R4"),
        ({"tried": None}, "R11"),  # rows that happened answer the question
        ({"onset": {"bucket": "lt6w"}}, "R5"),
        ({"onset": {"bucket": "6to12w"}}, "R11"),
        ({"onset": {"date": days_ago(41)}}, "R5"),
        ({"onset": {"date": days_ago(42)}}, "R11"),
        ({"nrs_average": 3}, "R6"),
        ({"nrs_average": 4}, "R11"),
        ({"nrs_average": 3, "interference": [4, 4, 3]}, "R6"),  # 3.67, not rounded up
        ({"nrs_average": 3, "interference": [4, 4, 4]}, "R11"),
        ({"nrs_average": 3, "interference": [10, 10, None]}, "R6"),
        ({"nrs_average": 3, "rmdq": 6}, "R6"),
        ({"nrs_average": 3, "rmdq": 7}, "R11"),
        ({"nrs_average": 0, "limited": ["sleep"]}, "R11"),
        ({"radiation": ["none"], "onset": {"date": days_ago(13 * 7 - 1)}}, "R10"),
        ({"radiation": ["none"], "onset": {"date": days_ago(13 * 7)}}, "R11"),
        ({"radiation": ["leg_above_knee"], "onset": {"bucket": "6to12w"}}, "R10"),
        ({"radiation": ["hand"], "onset": {"bucket": "6to12w"}}, "R11"),
        ({"radiation": ["none"], "limb_symptoms": True, "onset": {"bucket": "6to12w"}}, "R11"),
        ({"radiation": ["none"], "onset": {"bucket": "6to12w"}, "worse_with": ["walking"]}, "R10"),
        (
            {
                "radiation": ["none"],
                "onset": {"bucket": "6to12w"},
                "worse_with": ["walking"],
                "better_with": ["sitting"],
            },
            "R11",
        ),
    ],
)
def test_answers_decide(answers: dict[str, Any], rule: str) -> None:
    assert assessed(**answers).rule == rule


@pytest.mark.parametrize(
    ("treatments", "rule", "span", "groups"),
    [
        ([], "R7", 0, ()),  # ticked without dates: ask
        ([entry(days=42), NSAID], "R11", 60, ("ACTIVE", "MEDICATION")),
        ([entry(days=41), NSAID], "R9", 60, ("MEDICATION",)),
        ([entry(sessions=6), NSAID], "R11", 60, ("ACTIVE", "MEDICATION")),
        ([entry(sessions=5), NSAID], "R9", 60, ("MEDICATION",)),
        ([entry(sessions=None), NSAID], "R9", 60, ("MEDICATION",)),
        ([entry("hep_prescribed", days=42, sessions=None), NSAID], "R11", 60, ("ACTIVE", "MEDICATION")),
        ([entry("exercise_self", days=200), NSAID], "R9", 60, ("MEDICATION",)),
        ([PT, entry("med_nsaid_rx", days=14)], "R11", 60, ("ACTIVE", "MEDICATION")),
        ([PT, entry("med_nsaid_rx", days=13)], "R9", 60, ("ACTIVE",)),
        ([PT, entry("massage", days=28, sessions=4)], "R11", 60, ("ACTIVE", "MANUAL")),
        ([PT, entry("massage", days=27, sessions=4)], "R9", 60, ("ACTIVE",)),
        ([PT, entry("massage", days=28, sessions=3)], "R9", 60, ("ACTIVE",)),
        ([PT, entry("snrb", start=days_ago(14), end=days_ago(0))], "R11", 74, ("ACTIVE", "INJECTION")),
        ([PT, entry("snrb", start=days_ago(13), end=None)], "R9", 60, ("ACTIVE",)),
        ([PT, entry("heat")], "R9", 60, ("ACTIVE",)),
        ([entry(ended=364, days=60, status="stopped_made_worse"), NSAID], "R11", 61, ("ACTIVE", "MEDICATION")),
        ([entry(ended=365, days=60, status="stopped_made_worse"), NSAID], "R9", 60, ("MEDICATION",)),
        ([{"kind": "pt_aquatic", "status": "contraindicated"}, NSAID], "R11", 60, ("ACTIVE", "MEDICATION")),
        ([{"kind": "pt_aquatic", "status": "planned"}, NSAID], "R9", 60, ("MEDICATION",)),
    ],
)
def test_treatments_decide(treatments: list[dict[str, Any]], rule: str, span: int, groups: tuple[str, ...]) -> None:
    tried = None if treatments else ["pt", "medication"]
    result = assessed(treatments, tried=tried)
    assert (result.rule, result.span_days, result.groups) == (rule, span, groups)


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        (("2026-02-01", "day"), ("2026-03-14", "day"), 42),
        (("2026-02-10", "month"), ("2026-04-20", "month"), 33),  # Feb 28 to Apr 1
        (("2026-03-05", "month"), ("2026-03-25", "month"), 0),  # "in March" leaves no certain day
        (("2025-06-01", "year"), ("2026-06-01", "year"), 2),  # Dec 31 to Jan 1
    ],
)
def test_rough_dates_never_count_too_long(first: tuple[str, str], last: tuple[str, str], days: int) -> None:
    told = entry("med_other", start=first[0], start_precision=first[1], end=last[0], end_precision=last[1])
    excused = told | {"status": "stopped_side_effects"}
    assert assessed([excused]).span_days == days


@pytest.mark.parametrize(
    ("relief", "rule"),
    [
        ({"relief_percent": 50, "relief_duration_days": 84}, "R8"),
        ({"relief_percent": 50, "relief_duration_days": 83}, "R11"),
        ({"relief_percent": 49, "relief_still_present": True}, "R11"),
        ({"relief_percent": 50, "relief_duration_days": None, "relief_still_present": True}, "R8"),
        ({"relief_percent": None}, "R7"),
    ],
)
def test_lasting_relief_of_the_latest_treatment_decides(relief: dict[str, Any], rule: str) -> None:
    latest = entry("med_nsaid_rx", ended=20) | relief
    assert assessed([PT, latest], nrs_average=4).rule == rule


def test_exercise_on_ones_own_answers_no_tick() -> None:
    own = entry("exercise_self", days=60)
    assert assessed([own, NSAID], tried=["pt"]).rule == "R7"
    assert assessed([own, NSAID], tried=["other"]).rule == "R9"


def test_relief_has_worn_off_when_pain_is_high_again() -> None:
    helped = entry("med_nsaid_rx", ended=20, relief_percent=80, relief_still_present=True)
    assert assessed([PT, helped], nrs_average=4).rule == "R8"
    assert assessed([PT, helped], nrs_average=5).rule == "R11"


def test_relief_of_an_earlier_treatment_does_not_count() -> None:
    helped = entry("med_nsaid_rx", ended=100, relief_percent=80, relief_still_present=True)
    assert assessed([PT, helped], nrs_average=4).rule == "R11"


@pytest.mark.parametrize(
    ("treatments", "answers", "expected"),
    [
        (None, {"onset": {"date": days_ago(10)}}, TODAY + timedelta(days=32)),
        (None, {"onset": {"bucket": "lt6w"}}, TODAY + timedelta(days=42)),
        (None, {"nrs_average": 1}, TODAY + timedelta(days=84)),
        ([ongoing("med_cox2", days=30)], {"tried": None}, TODAY + timedelta(days=12)),
        ([ongoing("med_cox2", days=50)], {"tried": None}, TODAY + timedelta(days=42)),  # days are there, kinds are not
        ([entry("med_cox2", days=30)], {"tried": None}, TODAY + timedelta(days=42)),
        (None, {"radiation": ["none"], "onset": {"date": days_ago(60)}}, TODAY + timedelta(days=31)),
    ],
)
def test_the_day_of_the_re_check(treatments: Any, answers: dict[str, Any], expected: Any) -> None:
    result = assessed(treatments, **answers)
    assert (result.outcome, result.recheck_on) == (Outcome.CONTINUE_CONSERVATIVE, expected)


def test_every_rule_that_was_looked_at_is_kept() -> None:
    result = assessed(nrs_average=1)
    assert [(one["rule"], one["holds"]) for one in result.evaluated] == [
        *((f"R{number}", False) for number in range(1, 6)),
        ("R6", True),
    ]


def test_nothing_beside_rows_is_flagged() -> None:
    assert assessed(tried=["nothing"]).flags == ("conflicting_answers",)
    assert assessed([{"kind": "pt_aquatic", "status": "planned"}], tried=["nothing"]).flags == ()


def test_a_trial_that_counts_for_its_reason_wants_documents() -> None:
    assert assessed([PT, entry("med_cox2", days=2, status="stopped_side_effects")]).flags == ("needs_documentation",)


def test_no_rule_says_candidate_for_surgery() -> None:
    words = " ".join(f"{rule.code} {rule.outcome.label}" for rule in RULES) + str(assessed().reasons)
    assert "candidate" not in words.lower()
    assert "surgery" not in words.lower()
