"""The rules, re-check dates and flags of the oracle against cases worked out by hand (usual person: snapshots.py)."""

from typing import Any

import pytest

from tests.intake.naive_candidacy import naive_assess
from tests.intake.naive_input import Json, complaints
from tests.intake.snapshots import PILLS, PT, row, snapshot


def assessed(*rows: Json, **answers: Any) -> Json:
    made = snapshot(*rows, **answers)
    assert complaints(made) == set()
    return naive_assess(made)


def rule(*rows: Json, **answers: Any) -> str:
    return str(assessed(*rows, **answers)["rule"])


def test_the_usual_person_gets_every_field_of_the_result() -> None:
    assert naive_assess(snapshot(PT, PILLS)) == {
        "outcome": "CONSULT_LIKELY",
        "rule": "R11",
        "flags": [],
        "recheck_on": None,
        "span_days": 42,
        "groups": ["ACTIVE", "MEDICATION"],
    }


OUTCOMES = [
    ({"red_flags": {"A1": "yes"}}, "R1", "URGENT"),
    ({"red_flags": {"B1": "yes"}}, "R2", "PROMPT_REVIEW"),
    ({"age": 17}, "R3", "OUT_OF_SCOPE"),
    ({"onset": None}, "R4", "MORE_INFO"),
    ({"onset": {"bucket": "lt6w"}}, "R5", "CONTINUE_CONSERVATIVE"),
    ({"nrs_average": 3}, "R6", "CONTINUE_CONSERVATIVE"),
]


@pytest.mark.parametrize(("answers", "name", "outcome"), OUTCOMES)
def test_each_rule_has_its_outcome_and_days_and_groups_stay(answers: Json, name: str, outcome: str) -> None:
    result = naive_assess(snapshot(PT, PILLS, **answers))

    assert (result["rule"], result["outcome"]) == (name, outcome)
    assert (result["span_days"], result["groups"]) == (42, ["ACTIVE", "MEDICATION"])


FIRST_RULES = [
    *[({"red_flags": {f"A{n}": said}}, "R1") for n in range(1, 11) for said in ("yes", "unsure")],
    *[({"red_flags": {f"B{n}": "yes"}}, "R2") for n in (1, 2, 3, 4, 5, 6, 8)],
    ({"red_flags": {"A4": "declined"}}, "R11"),
    ({"red_flags": None}, "R11"),
    ({"red_flags": {"B7": "yes"}}, "R11"),
    ({"red_flags": {"B1": "unsure"}}, "R11"),
    ({"red_flags": {"B1": "unsure", "B8": "unsure"}}, "R2"),
    ({"red_flags": {"B1": "unsure", "B7": "unsure"}}, "R11"),
    ({"red_flags": {"A10": "unsure", "B1": "yes"}, "age": 17}, "R1"),
    ({"red_flags": {"B6": "yes"}, "age": 17}, "R2"),
    ({"age": 17}, "R3"),
    ({"age": 18}, "R11"),
    ({"age": None}, "R11"),
    ({"area_served": False}, "R3"),
    ({"regions": ["other"]}, "R3"),
    ({"regions": ["other", "neck"]}, "R11"),
    ({"regions": [], "age": 17}, "R3"),
    ({"regions": []}, "R4"),
    ({"regions": None}, "R4"),
    ({"radiation": []}, "R4"),
    ({"radiation": None}, "R4"),
    ({"onset": None}, "R4"),
    ({"nrs_average": None}, "R4"),
    ({"tried": None}, "R11"),
    ({"onset": {"date": "2026-10-12"}}, "R5"),  # 41 days: 5 weeks and 6 days
    ({"onset": {"date": "2026-10-11"}}, "R11"),  # 42 days
    ({"onset": {"date": "2026-11-22"}}, "R5"),
    ({"onset": {"bucket": "lt6w"}}, "R5"),
    ({"onset": {"bucket": "6to12w"}}, "R11"),
    ({"onset": {"bucket": "lt6w"}, "nrs_average": 0}, "R5"),
    ({"nrs_average": 3}, "R6"),
    ({"nrs_average": 4}, "R11"),
    ({"nrs_average": 0, "rmdq": 6}, "R6"),
    ({"nrs_average": 0, "rmdq": 7}, "R11"),
    ({"nrs_average": 0, "interference": [4, 4, 3]}, "R6"),  # 11/3 is not 4, though it rounds to it
    ({"nrs_average": 0, "interference": [0, 2, 10]}, "R11"),
    ({"nrs_average": 0, "interference": [10, 10, None]}, "R6"),
    *[({"nrs_average": 0, "limited": [what]}, "R11") for what in ("work", "sleep", "walking")],
]


@pytest.mark.parametrize(("answers", "expected"), FIRST_RULES)
def test_answers_decide_the_first_rules(answers: Json, expected: str) -> None:
    assert rule(PT, PILLS, **answers) == expected


UNANSWERED = [
    ([], None, "R4"),
    ([], [], "R4"),
    ([], ["nothing"], "R9"),
    ([], ["other"], "R9"),
    ([row("tens", status="planned")], None, "R4"),
    ([row("tens", status="declined")], None, "R4"),
    ([row("tens")], None, "R9"),
    ([row("tens", status="contraindicated")], [], "R9"),
]


@pytest.mark.parametrize(("rows", "tried", "expected"), UNANSWERED)
def test_a_tick_or_a_row_that_happened_answers_what_was_tried(rows: list[Json], tried: object, expected: str) -> None:
    assert rule(*rows, tried=tried) == expected


PT_41_DAYS = row("pt_supervised", "2026-06-01", "2026-07-11")
NO_DATES = [
    # ticks alone
    ([], ["pt"], "R9"),
    ([], ["pt", "home_exercise"], "R9"),
    ([], ["medication", "injections", "chiropractic"], "R9"),
    ([], ["pt", "other"], "R9"),
    ([], ["pt", "medication"], "R7"),
    ([], ["home_exercise", "injections"], "R7"),
    ([], ["pt", "chiropractic"], "R7"),
    # ticks beside rows
    ([PT], ["pt"], "R9"),
    ([PT], ["pt", "home_exercise"], "R9"),
    ([PT], ["other"], "R9"),
    ([PT], ["nothing"], "R9"),
    *[([PT], [tick], "R7") for tick in ("medication", "injections", "chiropractic")],
    ([PILLS], ["pt"], "R7"),
    ([PILLS], ["home_exercise"], "R7"),
    ([PT_41_DAYS], ["pt", "medication"], "R9"),
    ([PT_41_DAYS], ["home_exercise", "medication"], "R9"),
    ([PT, row("med_cox2", "2026-06-01", "2026-06-13")], ["medication"], "R9"),
    ([row("exercise_self", "2026-06-01", "2026-07-12")], ["pt", "medication"], "R7"),
    ([row("pt_aquatic", "2026-12-01", status="planned"), PILLS], ["pt"], "R7"),
    ([row("pt_aquatic", status="declined"), PILLS], ["pt"], "R7"),
    ([row("pt_aquatic", status="contraindicated")], ["pt", "medication"], "R7"),
    ([row("pt_aquatic", status="contraindicated")], ["pt", "injections"], "R9"),  # 14 days, not 42
    # rows without dates
    ([PT, row("med_cox2")], None, "R7"),
    ([PT, row("med_cox2", "2026-06-01")], None, "R7"),
    ([PT, row("med_cox2", None, "2026-06-01")], None, "R7"),
    ([PT, row("med_cox2", status="ongoing")], None, "R7"),
    ([PT, row("med_cox2", status="stopped_side_effects")], None, "R7"),
    ([PT, row("rfa", None, "2026-06-01")], None, "R7"),
    ([PT, row("massage", sessions=1)], None, "R7"),
    ([PT, row("med_cox2", status="planned")], None, "R9"),
    ([PT, row("med_cox2", status="declined")], None, "R9"),
    ([PT, row("med_cox2", status="contraindicated")], None, "R11"),
    ([PT, row("heat")], None, "R9"),
    ([PILLS, row("exercise_self")], None, "R9"),
    ([PILLS, row("pt_mckenzie", sessions=None)], None, "R7"),
    # a contraindicated entry is never taken for an undated one: it has no days
    ([row("pt_aquatic", status="contraindicated"), PILLS], None, "R9"),
    # undated ones end today: 42 days (an injection: 14) up to 11-22
    ([row("pt_aquatic", "2026-10-12", "2026-11-08", status="stopped_made_worse"), row("mbb")], None, "R7"),  # 28 + 14
    ([row("pt_aquatic", "2026-10-12", "2026-11-07", status="stopped_made_worse"), row("mbb")], None, "R9"),  # 27 + 14
    (
        [row("pt_aquatic", "2026-10-13", "2026-11-09", status="stopped_made_worse"), row("mbb")],
        None,
        "R9",
    ),  # one in both
]


@pytest.mark.parametrize(("rows", "tried", "expected"), NO_DATES)
def test_details_are_asked_for_when_dates_could_complete_the_care(
    rows: list[Json], tried: object, expected: str
) -> None:
    assert rule(*rows, tried=tried) == expected


UNASKED: Json = {"relief_percent": None}
NO_RELIEF = [
    ([PT | UNASKED, PILLS], "R7"),
    ([PT, PILLS | UNASKED], "R7"),
    ([PT, PILLS, row("rfa", "2026-07-01", **UNASKED)], "R7"),
    ([PT, PILLS, row("med_cox2", "2026-06", "2026-06", status="stopped_side_effects", **UNASKED)], "R7"),
    ([PT | UNASKED], "R9"),
    ([PT, PILLS, row("heat", "2026-06-01", "2026-07-12", **UNASKED)], "R11"),
    ([PT, PILLS, row("massage", "2026-06-01", "2026-06-27", **UNASKED)], "R11"),
    ([PT, PILLS, row("massage", **UNASKED)], "R11"),
    ([PT, PILLS, row("massage", status="contraindicated", **UNASKED)], "R11"),
    ([PT, PILLS, row("massage", "2026-06-01", "2026-06-28", status="contraindicated", **UNASKED)], "R11"),
]


@pytest.mark.parametrize(("rows", "expected"), NO_RELIEF)
def test_details_are_asked_for_when_complete_care_lacks_an_answer_on_relief(rows: list[Json], expected: str) -> None:
    assert rule(*rows, tried=["other"]) == expected


HELPS: Json = {"relief_percent": 50, "relief_still_present": True}
HELPED: Json = {"relief_percent": 50, "relief_duration_days": 84}
RELIEF = [
    ([PT | HELPS, PILLS], "R8"),
    ([PT | HELPED, PILLS], "R8"),
    ([PT | HELPS | {"relief_percent": 49}, PILLS], "R11"),
    ([PT | HELPED | {"relief_duration_days": 83}, PILLS], "R11"),
    ([PT | {"relief_percent": 100}, PILLS], "R11"),
    # the most recent one, by its end
    ([PT, PILLS | HELPS], "R11"),
    ([PT, PILLS, row("heat", "2026-07-12", "2026-07-12") | HELPS], "R8"),
    ([PT, PILLS, row("heat", "2026-07-01", "2026-07-11") | HELPS], "R11"),
    ([PT, PILLS, row("heat", None, "2026-08-01") | HELPS], "R8"),
    ([PT, PILLS, row("heat", "2026-08-01") | HELPS], "R11"),
    ([PT, PILLS, row("heat", "2026-08-01", "2026-12-31") | HELPS], "R8"),
    ([PT, PILLS, row("heat", "2026-06-01", "2026-07") | HELPS], "R11"),  # 07-01
    ([PT, PILLS, row("heat", "2026-06-01", "2026-08") | HELPS], "R8"),  # 08-01
    ([PT, PILLS, row("heat", "2025-06-01", "2026") | HELPS], "R11"),  # 2026-01-01
    ([PT, PILLS, row("heat", "2026-08-01", "2026-08-01", status="declined") | HELPS], "R11"),
    ([PT, PILLS, row("heat", "2026-12-01", status="planned") | HELPS], "R11"),
    ([PT, PILLS, row("rfa", "2026-06-29") | HELPS], "R8"),  # to 07-12
    ([PT, PILLS, row("rfa", "2026-06-28") | HELPS], "R11"),
    ([PT, PILLS, row("rfa", "2026-06") | HELPS], "R8"),  # 06-30 to 07-13
    ([PT, PILLS, row("rfa", "2026-06-01", "2026-09-01") | HELPS], "R11"),
    ([PT, PILLS, row("rfa", None, "2026-09-01") | HELPS], "R11"),
    # what goes on comes first
    ([PT | HELPS, PILLS, row("heat", status="ongoing")], "R11"),
    ([PT, PILLS, row("heat", status="ongoing") | HELPS], "R8"),
    ([PT, PILLS, row("heat", "2026-08-01", ongoing=True), row("cold", ongoing=True) | HELPS], "R8"),
    ([PT | HELPS, PILLS, row("rfa", "2026-01-01", status="ongoing")], "R11"),
    # there is no look-back, and nothing needs to be adequate
    ([row("heat", "2019-01-01", "2019-01-02") | HELPS], "R8"),
    ([row("exercise_self", "2026-08-01", "2026-08-02") | HELPS], "R8"),
    ([row("heat")], "R9"),
]


@pytest.mark.parametrize(("rows", "expected"), RELIEF)
def test_lasting_relief_of_what_goes_on_or_came_last(rows: list[Json], expected: str) -> None:
    assert rule(*rows, tried=["other"], nrs_average=4) == expected


def test_relief_has_worn_off_when_the_average_is_five() -> None:
    assert rule(PT | HELPS, PILLS, nrs_average=5) == "R11"


WORSE_ON_ONE_DAY = row("pt_aquatic", "2026-10-12", "2026-10-12", status="stopped_made_worse", sessions=1)
COMPLETENESS = [
    ([PT, PILLS], "R11"),
    ([PT, row("rfa", "2026-06-01")], "R11"),
    ([PT, row("massage", "2026-06-01", "2026-06-28")], "R11"),
    ([PT, row("hep_prescribed", "2026-08-01", "2026-10-31")], "R9"),
    ([PT_41_DAYS, PILLS], "R9"),
    ([row("med_cox2", "2026-06-01", "2026-08-31"), row("massage", "2026-06-01", "2026-08-31")], "R9"),
    ([WORSE_ON_ONE_DAY, row("med_cox2", "2026-10-13", "2026-11-22")], "R11"),  # 1 + 41
    ([WORSE_ON_ONE_DAY, row("med_cox2", "2026-10-14", "2026-11-22")], "R9"),  # 1 + 40
]


@pytest.mark.parametrize(("rows", "expected"), COMPLETENESS)
def test_care_is_complete_with_42_days_two_groups_and_exercise(rows: list[Json], expected: str) -> None:
    assert rule(*rows, tried=["other"]) == expected


BACK_ALONE: Json = {"radiation": ["none"], "onset": {"bucket": "6to12w"}}
AXIAL = [
    ({}, "R10"),
    ({"onset": {"date": "2026-08-24"}}, "R10"),  # 90 days
    ({"onset": {"date": "2026-08-23"}}, "R11"),  # 91 days are 13 weeks
    ({"onset": {"bucket": "3to6m"}}, "R11"),
    ({"radiation": ["buttock", "leg_above_knee"]}, "R10"),
    *[({"radiation": ["none", where]}, "R11") for where in ("leg_below_knee", "arm", "hand")],
    ({"limb_symptoms": True}, "R11"),
    ({"limb_symptoms": None}, "R10"),
    *[
        ({"worse_with": [w], "better_with": [b]}, "R11")
        for w in ("standing", "walking")
        for b in ("sitting", "leaning_forward")
    ],
    ({"worse_with": ["standing", "walking"]}, "R10"),
    ({"better_with": ["sitting", "leaning_forward"]}, "R10"),
    ({"worse_with": ["sitting", "bending"], "better_with": ["sitting"]}, "R10"),
    ({"worse_with": ["walking"], "better_with": ["lying", "walking"]}, "R10"),
]


@pytest.mark.parametrize(("answers", "expected"), AXIAL)
def test_pain_of_the_back_alone_waits_for_thirteen_weeks(answers: Json, expected: str) -> None:
    assert rule(PT, PILLS, **BACK_ALONE | answers) == expected


OTHER: Json = {"tried": ["other"]}
RECHECKS = [
    ("R1", [PT, PILLS], {"red_flags": {"A1": "yes"}}, None),
    ("R4", [PT, PILLS], {"onset": None}, None),
    ("R5", [PT, PILLS], {"onset": {"date": "2026-10-12"}}, "2026-11-23"),
    ("R5", [PT, PILLS], {"onset": {"bucket": "lt6w"}}, "2027-01-03"),
    ("R6", [PT, PILLS], {"nrs_average": 0}, "2027-02-14"),
    ("R7", [PT | UNASKED, PILLS], {}, None),
    ("R8", [PT | HELPS, PILLS], {"nrs_average": 4}, "2027-02-14"),
    ("R10", [PT, PILLS], BACK_ALONE, "2027-01-10"),
    ("R10", [PT, PILLS], BACK_ALONE | {"onset": {"date": "2026-09-01"}}, "2026-12-01"),
    ("R11", [PT, PILLS], {}, None),
    ("R9", [], OTHER, "2027-01-03"),
    ("R9", [PILLS], OTHER, "2027-01-03"),
    ("R9", [row("med_cox2", "2026-11-03", status="ongoing")], OTHER, "2026-12-14"),  # 20 of 42 days
    ("R9", [row("med_cox2", "2026-11-03", ongoing=True), PILLS], OTHER, "2026-11-30"),  # 34 of 42 days
    ("R9", [row("massage", "2026-10-20", status="ongoing")], OTHER, "2026-11-30"),  # 34 of 42 days
    ("R9", [row("pt_aquatic", "2026-11-22", ongoing=True, status="stopped_made_worse")], OTHER, "2027-01-02"),
    ("R9", [row("med_cox2", "2026-10-12", status="ongoing")], OTHER, "2027-01-03"),  # 20 + 22: none missing
    ("R9", [row("med_cox2", "2026-10-13", status="ongoing")], OTHER, "2026-11-23"),  # 19 + 22
    ("R9", [row("med_cox2", "2026-11-10", status="ongoing")], OTHER, "2027-01-03"),  # 13 days: not adequate
    ("R9", [row("med_cox2", "2026-11-03", "2026-11-22")], OTHER, "2027-01-03"),  # over, though only today
    ("R9", [row("med_cox2", "2026-11-03", "2026-12-31")], OTHER, "2027-01-03"),
    ("R9", [row("med_cox2", "2026-11", ongoing=True, status="stopped_made_worse")], OTHER, "2027-01-03"),
    ("R9", [row("med_cox2", ongoing=True, status="contraindicated")], OTHER, "2027-01-03"),
    ("R9", [row("rfa", "2026-11-20", ongoing=True, status="stopped_side_effects")], OTHER, "2027-01-03"),
]


@pytest.mark.parametrize(("name", "rows", "answers", "expected"), RECHECKS)
def test_when_to_ask_again(name: str, rows: list[Json], answers: Json, expected: str | None) -> None:
    result = assessed(*rows, **answers)

    assert (result["rule"], result["recheck_on"]) == (name, expected)


WORSE = row("med_cox2", "2026-06-01", "2026-06-01", status="stopped_made_worse")
NOTHING: Json = {"tried": ["nothing"]}
FLAGS = [
    ([PT], {"red_flags": {"A4": "declined"}}, "safety_answer_declined"),
    ([PT], {"red_flags": {"A4": "declined", "A1": "yes"}}, "safety_answer_declined"),
    ([PT], {"red_flags": {"A4": "unsure"}}, ""),
    ([PT], {"red_flags": {"B7": "yes"}}, "age_at_onset_unusual"),
    ([PT], {"red_flags": {"B7": "unsure"}}, ""),
    ([PT], {"red_flags": {"B7": "no"}}, ""),
    ([WORSE], {}, "needs_documentation"),
    ([WORSE | {"status": "stopped_side_effects"}], {}, "needs_documentation"),
    ([WORSE | {"status": "contraindicated"}], {}, "needs_documentation"),
    ([row("med_cox2", status="contraindicated")], {}, "needs_documentation"),
    ([row("med_cox2", status="stopped_side_effects")], {}, ""),
    ([PILLS | {"status": "stopped_no_benefit"}], {}, ""),
    ([PILLS | {"status": "stopped_cost_access"}], {}, ""),
    ([row("med_cox2", "2025-01-01", "2025-02-01", status="stopped_made_worse")], {}, ""),
    ([row("tens", "2026-06-01", "2026-06-01", status="stopped_made_worse")], {}, ""),
    ([PT], NOTHING, "conflicting_answers"),
    ([row("heat")], NOTHING, "conflicting_answers"),
    ([row("heat", status="planned"), row("cold", status="declined")], NOTHING, ""),
    ([], NOTHING, ""),
    ([WORSE], NOTHING | {"red_flags": {"B7": "yes"}}, "age_at_onset_unusual conflicting_answers needs_documentation"),
]


@pytest.mark.parametrize(("rows", "answers", "expected"), FLAGS)
def test_flags_tell_what_a_person_should_look_at(rows: list[Json], answers: Json, expected: str) -> None:
    assert " ".join(assessed(*rows, **answers)["flags"]) == expected
