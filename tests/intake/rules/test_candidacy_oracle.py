"""Two implementations that share no code agree on ten thousand snapshots, and on what is no snapshot."""

import json
from random import Random
from typing import Any

import pytest

from intake.rules.candidacy import assess
from intake.rules.snapshot import SnapshotProblem, read_snapshot
from tests.intake.naive_candidacy import naive_assess
from tests.intake.random_snapshots import random_snapshot
from tests.intake.spoiled_snapshots import spoil

SNAPSHOTS = 10_000
SPOILED = 2_000
SEED = 20261122


def product(snapshot: dict[str, Any]) -> dict[str, Any]:
    result = assess(read_snapshot(json.dumps(snapshot))).as_json()
    result.pop("reasons")
    return result


def test_both_agree_on_everything() -> None:
    chance = Random(SEED)  # noqa: S311 - the same ten thousand every time
    for _ in range(SNAPSHOTS):
        snapshot = random_snapshot(chance)
        assert product(snapshot) == naive_assess(snapshot), snapshot


def test_what_is_spoiled_is_refused() -> None:
    chance = Random(SEED)  # noqa: S311 - as above
    for _ in range(SPOILED):
        spoiled = spoil(chance, random_snapshot(chance))
        with pytest.raises(SnapshotProblem):
            read_snapshot(json.dumps(spoiled))
