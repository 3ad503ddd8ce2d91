"""The next day to ask the rules, against a search of every single day."""

import json
from datetime import date, timedelta
from random import Random

import pytest

from intake.rules import next_day
from intake.rules.candidacy import assess
from intake.rules.snapshot import Onset, Snapshot, SnapshotProblem, read_snapshot
from tests.intake.random_snapshots import random_snapshot

HORIZON = 800


def day_by_day(snapshot: Snapshot, grown: date | None) -> date | None:
    first = assess(snapshot)
    answers = snapshot.answers
    if answers.onset:
        onset = Onset.model_validate({"date": answers.onset.day(snapshot.today)})
        answers = answers.model_copy(update={"onset": onset})
    for number in range(1, HORIZON):
        day = snapshot.today + timedelta(days=number)
        if grown and day >= grown:
            answers = answers.model_copy(update={"age": 18})
        later = assess(snapshot.model_copy(update={"today": day, "answers": answers}))
        if (later.outcome, later.rule) != (first.outcome, first.rule):
            return day
    return None


def sound_snapshots(random: Random, number: int) -> list[Snapshot]:
    found: list[Snapshot] = []
    while len(found) < number:
        try:
            found.append(read_snapshot(json.dumps(random_snapshot(random))))
        except SnapshotProblem:
            continue
    return found


@pytest.mark.parametrize("seed", range(4))
def test_the_next_day_equals_a_search_day_by_day(seed: int) -> None:
    random = Random(seed)  # noqa: S311 - no secret
    for snapshot in sound_snapshots(random, 60):
        born = None
        age = snapshot.answers.age
        if age is not None and age < 18:
            born = date(snapshot.today.year - age - 1, random.randint(1, 12), random.randint(1, 28))
        grown = next_day.adult_on(born) if born else None
        found = next_day.changes_on(snapshot, assess(snapshot), born=born)
        within = found if found and (found - snapshot.today).days < HORIZON else None
        assert within == day_by_day(snapshot, grown), snapshot.model_dump_json()


def test_care_that_goes_on_completes_what_had_to_end_early() -> None:
    """Exercise that made it worse counts whatever its length: 5 days of it, and medicine until there are 42."""
    answers: dict[str, object] = {
        "regions": ["low_back"],
        "radiation": ["leg_below_knee"],
        "onset": {"bucket": "6to12m"},
    }
    answers |= {"nrs_average": 6, "tried": ["pt"]}
    worse: dict[str, object] = {
        "kind": "pt_supervised",
        "status": "stopped_made_worse",
        "start": "2026-08-01",
        "end": "2026-08-05",
    }
    medicine = {"kind": "med_nsaid_rx", "status": "ongoing", "start": "2026-11-04", "relief_percent": 0}
    today = {"today": "2026-11-23", "answers": answers, "treatments": [worse | {"relief_percent": 0}, medicine]}
    snapshot = read_snapshot(json.dumps(today))
    assert assess(snapshot).span_days == 25
    assert next_day.changes_on(snapshot, assess(snapshot)) == day_by_day(snapshot, None) == date(2026, 12, 10)


@pytest.mark.parametrize(
    ("born", "day"),
    [
        (date(2008, 12, 1), date(2027, 1, 1)),
        (date(2008, 12, 31), date(2027, 1, 1)),
        (date(2009, 2, 28), date(2027, 3, 1)),
        (date(2008, 2, 29), date(2026, 3, 1)),
    ],
)
def test_an_18th_birthday_is_the_first_of_the_next_month(born: date, day: date) -> None:
    assert next_day.adult_on(born) == day


def test_few_days_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """The public form pays for it: some asking, not hundreds."""
    asked = []

    def counted(snapshot: Snapshot) -> object:
        asked.append(snapshot.today)
        return assess(snapshot)

    monkeypatch.setattr(next_day, "assess", counted)
    snapshots = sound_snapshots(Random(9), 100)  # noqa: S311 - no secret
    for snapshot in snapshots:
        next_day.changes_on(snapshot, assess(snapshot))
    assert len(asked) / len(snapshots) < 30
