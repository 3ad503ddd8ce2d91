"""Two implementations that share no code agree on ten thousand snapshots."""

import json
from collections import Counter
from random import Random
from typing import Any

import pytest

from intake.candidacy import assess
from intake.snapshot import read_snapshot
from tests.intake.naive_candidacy import OUTCOMES, naive_assess
from tests.intake.random_snapshots import random_snapshot

SNAPSHOTS = 10_000


@pytest.fixture(scope="module")
def snapshots() -> list[dict[str, Any]]:
    chance = Random(20261122)  # noqa: S311 - the same ten thousand every time
    return [random_snapshot(chance) for _ in range(SNAPSHOTS)]


def product(snapshot: dict[str, Any]) -> dict[str, Any]:
    result = assess(read_snapshot(json.dumps(snapshot))).as_json()
    result.pop("reasons")
    return result


def test_both_agree_on_everything(snapshots: list[dict[str, Any]]) -> None:
    different = [(one, product(one), naive_assess(one)) for one in snapshots if product(one) != naive_assess(one)]
    assert different[:1] == []
    assert len(snapshots) == SNAPSHOTS


def test_every_rule_is_reached_often(snapshots: list[dict[str, Any]]) -> None:
    fired = Counter(naive_assess(one)["rule"] for one in snapshots)
    assert {rule: count for rule, count in fired.items() if count < SNAPSHOTS * 0.02} == {}
    assert set(fired) == set(OUTCOMES)
