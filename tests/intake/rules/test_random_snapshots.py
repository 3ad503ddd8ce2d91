"""What makes a snapshot bad, and what the generator must reach for an agreement with the oracle to mean anything."""

import ast
from collections import Counter
from datetime import date
from pathlib import Path
from random import Random

import pytest

from tests.intake.naive_candidacy import naive_assess
from tests.intake.naive_input import CHOICES, GROUP_OF, STATUSES, Json, complaints, naive_is_valid
from tests.intake.random_snapshots import random_snapshot, spoil
from tests.intake.snapshots import PILLS, PT, row, snapshot
from tests.intake.spoiled_snapshots import apply, ways

pytestmark = pytest.mark.xdist_group("snapshots")  # drawn once, by one process
NUMBER = 10_000
SPOILED = [(reason, place, change) for reason, found in ways(date(2026, 11, 22)).items() for place, change in found]

VALID = [
    snapshot(),
    {"today": "2026-11-22"},
    {"today": "2028-02-29", "answers": {}, "treatments": []},
    snapshot(PT, PILLS, colour="blue") | {"colour": "blue"},
    snapshot(PT | {"colour": "blue"}, red_flags={"A11": "perhaps", "A4": "declined"}),
    snapshot(red_flags=None, age=None, regions=None, radiation=None, onset=None, nrs_average=None, tried=None),
    snapshot(age=0, nrs_average=0, rmdq=0, interference=[0, 10, None], tried=[]),
    snapshot(nrs_average=10, rmdq=24, tried=["nothing"], onset={"date": "2026-11-22"}),
    snapshot(row("heat", "2026-11-22", "2026-11-22", relief_percent=100)),
    snapshot(row("heat", "2026-11-22", "2027-03-01")),
    snapshot(row("heat", "2026-11-23", status="planned"), row("heat", "2026-11-23", "2026-11-23", status="planned")),
    snapshot(row("heat", "2026-06", "2026-06"), row("heat", "2026", "2026")),
    snapshot(row("heat", "2026-05-14", "2026-05"), row("heat", ongoing=True), row("heat", status="ongoing")),
]
INVALID = [
    ("end before start", snapshot(row("heat", "2026-06", "2026-06-14"))),  # written as 06-15
    ("end before start", snapshot(row("heat", "2026-12-02", "2026-12-01", status="planned"))),
    ("ongoing with an end", snapshot(row("heat", "2026-06-01", "2026-07-01", status="planned", ongoing=True))),
    ("future start", snapshot(row("heat", "2026-11-23", status="contraindicated"))),
    ("missing or invalid today", {"answers": {}, "treatments": []}),
    ("missing or invalid today", {}),
]


def seeded() -> Random:
    return Random(20261122)  # noqa: S311 - chance for tests, nothing secret


@pytest.mark.parametrize("good", VALID)
def test_a_good_snapshot_gives_no_complaint(good: Json) -> None:
    assert (complaints(good), naive_is_valid(good)) == (set(), True)


@pytest.mark.parametrize(("reason", "bad"), INVALID)
def test_a_bad_snapshot_is_refused_for_its_reason(reason: str, bad: Json) -> None:
    assert (complaints(bad), naive_is_valid(bad)) == ({reason}, False)


@pytest.mark.parametrize(("reason", "place", "change"), SPOILED)
def test_every_way_to_spoil_spoils_for_its_reason_alone(reason: str, place: str, change: Json) -> None:
    assert complaints(apply(seeded(), snapshot(PT, PILLS), place, change)) == {reason}


def test_spoil_uses_every_reason_one_at_a_time_and_leaves_the_original_alone() -> None:
    random, seen = seeded(), Counter[str]()
    for _ in range(2_000):
        good = random_snapshot(random)
        seen.update(complaints(spoil(random, good)))
        assert naive_is_valid(good)

    assert seen.total() == 2_000
    assert set(seen) == {"not an object", "missing or invalid today", *ways(date(2026, 11, 22))}
    assert min(seen.values()) >= 100


@pytest.fixture(scope="module")
def drawn() -> list[Json]:
    random = seeded()
    return [random_snapshot(random) for _ in range(NUMBER)]


@pytest.fixture(scope="module")
def results(drawn: list[Json]) -> list[Json]:
    return [naive_assess(each) for each in drawn]


def test_the_same_seed_draws_the_same_snapshots(drawn: list[Json]) -> None:
    random = seeded()

    assert [random_snapshot(random) for _ in range(50)] == drawn[:50]


def test_every_snapshot_drawn_is_valid(drawn: list[Json]) -> None:
    assert [complaints(each) for each in drawn if not naive_is_valid(each)] == []


def test_every_rule_fires_in_two_of_a_hundred(results: list[Json]) -> None:
    fired = Counter(result["rule"] for result in results)

    assert {name for name, times in fired.items() if times >= NUMBER / 50} == {f"R{n}" for n in range(1, 12)}


def test_every_flag_and_number_of_groups_and_both_sides_of_42_days_occur(results: list[Json]) -> None:
    flags = Counter(flag for result in results for flag in result["flags"])
    spans = Counter(result["span_days"] for result in results)

    assert (len(flags), min(flags.values()) >= 100) == (4, True)
    assert min(spans[length] for length in (0, 1, 13, 14, 28, 41, 42, 43)) >= 25
    assert {len(result["groups"]) for result in results} == {0, 1, 2, 3, 4}


def test_every_word_of_the_vocabulary_is_drawn(drawn: list[Json]) -> None:
    entries = [entry for each in drawn for entry in each["treatments"]]
    words = {name: {word for each in drawn for word in each["answers"][name] or []} for name in CHOICES}

    assert Counter(entry["status"] for entry in entries).keys() == set(STATUSES)
    assert {entry["kind"] for entry in entries} == set(GROUP_OF)
    assert words == {name: set(known) for name, known in CHOICES.items()}


def test_boundaries_are_drawn_often(drawn: list[Json]) -> None:
    """Values on which a comparison turns, each on both sides."""
    seen = Counter[tuple[str, object]]()
    for each in drawn:
        seen.update((name, each["answers"][name]) for name in ("age", "nrs_average", "rmdq"))
        if "date" in (onset := each["answers"]["onset"] or {}):
            seen["onset", (date.fromisoformat(each["today"]) - date.fromisoformat(onset["date"])).days] += 1
        for entry in each["treatments"]:
            seen.update((name, entry[name]) for name in ("sessions", "relief_percent", "relief_duration_days"))
    wanted: list[tuple[str, object]] = [
        *[("age", value) for value in (17, 18)],
        *[("nrs_average", value) for value in (None, 0, 3, 4, 5)],
        *[("rmdq", value) for value in (None, 6, 7)],
        *[("onset", value) for value in (41, 42, 90, 91)],
        *[("sessions", value) for value in (None, 3, 4, 5, 6)],
        *[("relief_percent", value) for value in (None, 49, 50)],
        *[("relief_duration_days", value) for value in (None, 83, 84)],
    ]

    assert [(pair, seen[pair]) for pair in wanted if seen[pair] < 100] == []


def test_dates_are_drawn_around_the_edge_of_the_look_back_and_in_every_precision(drawn: list[Json]) -> None:
    seen = Counter[object]()
    for each in drawn:
        today = date.fromisoformat(each["today"])
        seen[today.month, today.day] += 1
        for entry in each["treatments"]:
            for name in ("start", "end"):
                if entry[name]:
                    seen[name, entry[f"{name}_precision"]] += 1
                    seen[name, (today - date.fromisoformat(entry[name])).days] += 1
    ages = [("end", 363), ("end", 364), ("end", 365), ("start", 0), ("start", 13), ("start", 377), ("start", 378)]
    vague = [(name, precision) for name in ("start", "end") for precision in ("day", "month", "year")]

    assert [(key, seen[key]) for key in [*ages, *vague, (2, 29)] if seen[key] < 20] == []


@pytest.mark.parametrize("name", ["naive_candidacy", "naive_input", "random_snapshots", "spoiled_snapshots"])
def test_the_oracle_imports_nothing_from_the_product(name: str) -> None:
    tree = ast.parse((Path(__file__).parents[1] / f"{name}.py").read_text())
    modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    modules |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}

    own = {"tests.intake.naive_input", "tests.intake.spoiled_snapshots"}
    plain = {"calendar", "collections.abc", "copy", "datetime", "functools", "random", "re", "typing"}
    assert modules <= own | plain
