"""The wake-up date, found by skipping days, equals a search that skips none."""

from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from crm.enums.treatment_kinds import TreatmentKind
from crm.enums.treatments import TreatmentStatus
from intake.rules.care_history import Care, CareRecord
from intake.rules.coverage import wake_up_on
from intake.rules.payers import PROFILE
from intake.rules.snapshot import TreatmentEntry
from tests.intake.naive_coverage import ANY, naive_wake_up

TODAYS = [date(2026, 11, 22), date(2028, 2, 29), date(2027, 3, 31), date(2026, 8, 31), date(2027, 1, 1)]
STATUSES = [status for status in TreatmentStatus.values if status not in ("planned", "declined")]
EACH = 40
OFTEN = "pt_supervised pt_supervised pt_mckenzie hep_prescribed med_nsaid_rx med_acetaminophen esi_unknown".split()
HOW = "tests/intake/naive_coverage.py says otherwise: does it know this profile? (CONTRIBUTING.md, “A payer”)"


def random_care(random: Random, today: date, number: int) -> Care:
    """Mostly kinds that count, mostly lately, with all that people forget."""
    kinds = random.choice([OFTEN, OFTEN, OFTEN, sorted(ANY), TreatmentKind.values])
    status = random.choice(STATUSES)
    begun = random.choice([0, 1, 5, 13, 14, 20, 30, 40, 41, 42, 90, 91, 183, 365, random.randrange(400)])
    start = None if random.random() < 0.08 else today - timedelta(days=begun)
    ongoing = status == "ongoing" or (begun < 60 and random.random() < 0.7)
    end = None
    if start and not ongoing and random.random() < 0.9:
        end = start + timedelta(days=random.choice([0, 13, 14, 40, 41, 42, 90, random.randrange(200)]))
        end = min(end, today)
    said: dict[str, Any] = {"start_precision": "day", "end_precision": "day"}
    if random.random() < 0.3:
        said = {name: random.choice(["day", "month", "year"]) for name in said}
    entry = TreatmentEntry(kind=random.choice(kinds), status=status, start=start, end=end, ongoing=ongoing, **said)
    return Care(
        key=str(number),
        name=entry.kind,
        entry=entry,
        directed=random.choice([True, None, False]),
        in_person=random.choice([True, True, None, False]),
        documented=random.random() < 0.6,
    )


def random_record(random: Random) -> CareRecord:
    today = random.choice(TODAYS)
    begun = random.choice([0, 27, 28, 29, 90, 91, random.randrange(300)])
    nicotine = random.choice(["", "never", "former", "former", "current"])
    return CareRecord(
        today=today,
        treatments=tuple(random_care(random, today, number) for number in range(random.randrange(4))),
        onset_latest=random.choice([None, today - timedelta(days=begun), today - timedelta(days=begun)]),
        nicotine=nicotine,
        nicotine_until=today - timedelta(days=random.choice([0, 1, 20, 41, 42])) if nicotine == "former" else None,
    )


@pytest.mark.parametrize("key", sorted(PROFILE))
def test_the_wake_up_date_equals_a_search_day_by_day(key: str) -> None:
    random = Random(key)  # noqa: S311 - no secret
    dates = 0
    for _ in range(EACH):
        record = random_record(random)
        expected = naive_wake_up(key, record)
        assert wake_up_on(PROFILE[key], record) == expected, f"{HOW}\n{record}"
        dates += expected is not None
    assert dates >= 2 or key == "uhc_records"  # which asks for no length of time
