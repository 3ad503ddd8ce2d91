"""What must hold for any snapshot."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from crm.enums.treatment_kinds import TreatmentKind
from crm.enums.treatments import TreatmentStatus
from intake.rules.candidacy import assess
from intake.rules.snapshot import A_SIGNS, B_SIGNS, read_snapshot
from tests.intake.cases import TODAY, days_ago, is_less_urgent
from tests.properties import unhurried

READ = ["neck", "mid_back", "low_back", "buttock_hip", "other"]
SPREAD = ["none", "buttock", "leg_above_knee", "leg_below_knee", "arm", "hand"]
TICKS = ["pt", "home_exercise", "medication", "injections", "chiropractic", "other"]
NOT_LOOKED_AT = ["race", "sex", "sex_at_birth", "language", "preferred_language", "insurance", "payer", "zip", "state"]


def some(values: list[str]) -> st.SearchStrategy[Any]:
    return st.none() | st.lists(st.sampled_from(values), unique=True, max_size=3)


@st.composite
def treatments(draw: st.DrawFn) -> dict[str, Any]:
    status = draw(st.sampled_from(TreatmentStatus.values))
    start = draw(st.none() | st.integers(0, 500))
    going_on = status == "ongoing" or draw(st.booleans())
    end = None if going_on or draw(st.booleans()) else draw(st.integers(0, 500 if start is None else start))
    return {
        "kind": draw(st.sampled_from(TreatmentKind.values)),
        "status": status,
        "start": None if start is None else days_ago(start),
        "start_precision": draw(st.sampled_from(["day", "month", "year"])),
        "end": None if end is None else days_ago(end),
        "end_precision": draw(st.sampled_from(["day", "month", "year"])),
        "ongoing": going_on,
        "sessions": draw(st.none() | st.integers(0, 20)),
        "relief_percent": draw(st.none() | st.integers(0, 100)),
        "relief_duration_days": draw(st.none() | st.integers(0, 200)),
        "relief_still_present": draw(st.booleans()),
    }


snapshots = st.fixed_dictionaries(
    {
        "today": st.just(TODAY.isoformat()),
        "answers": st.fixed_dictionaries(
            {
                "age": st.none() | st.integers(10, 90),
                "red_flags": st.dictionaries(st.sampled_from(A_SIGNS + B_SIGNS), st.sampled_from(["no", "yes"])),
                "regions": some(READ),
                "radiation": some(SPREAD),
                "onset": st.none() | st.integers(0, 400).map(lambda days: {"date": days_ago(days)}),
                "nrs_average": st.none() | st.integers(0, 10),
                "tried": some(TICKS),
            }
        ),
        "treatments": st.lists(treatments(), max_size=5),
    }
)


def result_of(raw: dict[str, Any]) -> Any:
    return assess(read_snapshot(json.dumps(raw)))


@unhurried
@given(snapshots)
def test_every_snapshot_has_one_outcome_with_a_reason_and_evidence_of_the_way_to_it(raw: dict[str, Any]) -> None:
    result = result_of(raw)
    assert result.reasons
    assert all(reason.code and reason.text for reason in result.reasons)
    assert [one["holds"] for one in result.evaluated] == [False] * (len(result.evaluated) - 1) + [True]
    assert result == result_of(raw)


@unhurried
@given(snapshots, st.sampled_from(A_SIGNS + B_SIGNS), st.sampled_from(["yes", "unsure"]))
def test_a_warning_sign_more_never_lowers_urgency(raw: dict[str, Any], sign: str, answer: str) -> None:
    before = result_of(raw)
    flags = raw["answers"]["red_flags"]
    worse = raw | {"answers": raw["answers"] | {"red_flags": {sign: answer} | flags}}
    assert not is_less_urgent(result_of(worse).outcome, before.outcome)


@unhurried
@given(snapshots, st.sampled_from(NOT_LOOKED_AT), st.text(max_size=5))
def test_who_somebody_is_changes_nothing(raw: dict[str, Any], name: str, value: str) -> None:
    other = raw | {name: value, "answers": raw["answers"] | {name: value}}
    assert result_of(other) == result_of(raw)


@unhurried
@given(snapshots)
def test_the_same_treatments_told_twice_add_no_day(raw: dict[str, Any]) -> None:
    twice = raw | {"treatments": [*raw["treatments"], *raw["treatments"]]}
    assert result_of(twice).span_days == result_of(raw).span_days


@unhurried
@given(snapshots, st.randoms())
def test_the_order_of_treatments_changes_nothing_but_words(raw: dict[str, Any], random: Any) -> None:
    shuffled = raw | {"treatments": random.sample(raw["treatments"], len(raw["treatments"]))}
    one, other = result_of(raw), result_of(shuffled)
    assert (one.rule, one.span_days, one.groups, one.flags) == (other.rule, other.span_days, other.groups, other.flags)


@settings(unhurried, max_examples=50)
@given(snapshots)
def test_days_and_kinds_stay_in_their_bounds(raw: dict[str, Any]) -> None:
    result = result_of(raw)
    assert 0 <= result.span_days <= 365
    assert set(result.groups) <= {"ACTIVE", "MEDICATION", "INJECTION", "MANUAL"}
    assert list(result.groups) == sorted(result.groups)
