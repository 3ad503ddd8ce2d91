"""Valid snapshots by chance, crowded around the bounds of the rules."""

from datetime import date, timedelta
from random import Random
from typing import Any

from crm.enums import TreatmentStatus
from crm.vocabulary import TreatmentKind
from tests.intake.naive_candidacy import ACTIVE

COMMON = [*ACTIVE, "med_nsaid_rx", "med_other", "esi_unknown", "snrb", "chiropractic", "massage", "heat", "tens"]
LENGTHS = [1, 13, 14, 15, 27, 28, 29, 41, 42, 43, 60, 90]
AGES = [0, 1, 13, 14, 15, 20, 30, 41, 42, 60, 100, 200, 320, 363, 364, 365, 366, 400]
TODAYS = [date(2026, 11, 22), date(2024, 2, 29), date(2025, 3, 1), date(2026, 1, 1), date(2028, 2, 29)]


def random_snapshot(chance: Random) -> dict[str, Any]:
    today = chance.choice(TODAYS)
    rows = [_treatment(chance, today) for _ in range(chance.choice([0, 1, 2, 2, 3, 3, 4, 6]))]
    answers = _answers(chance, today)
    if chance.random() < 0.4:  # the last rules are reached only by whoever has nearly everything
        rows = [_nearly(chance, today, kind) for kind in ("pt_aquatic", "med_cox2")] + rows[:1]
        answers |= {"red_flags": {}, "nrs_average": chance.choice([4, 5, 8])}
        answers |= chance.choice([{}, {"radiation": ["none"], "limb_symptoms": None}])
    return {"today": today.isoformat(), "answers": answers, "treatments": rows}


def _nearly(chance: Random, today: date, kind: str) -> dict[str, Any]:
    """A treatment that is just adequate, or just not."""
    days = chance.choice([41, 42, 43, 60] if kind.startswith("pt_") else [13, 14, 15, 60])
    ended = today - timedelta(days=chance.choice([0, 5, 40]))
    told: dict[str, Any] = {
        "kind": kind,
        "status": "completed",
        "start": (ended - timedelta(days=days - 1)).isoformat(),
    }
    told |= {"end": ended.isoformat(), "sessions": chance.choice([5, 6, 6, 12])}
    return told | {"relief_percent": chance.choice([0, 20, 20, 49, 50]), "relief_duration_days": 20}


def _rarely(chance: Random, value: Any, otherwise: Any, *, one_in: int) -> Any:
    return value if chance.randrange(one_in) == 0 else otherwise


def _some(chance: Random, values: list[str], most: int) -> list[str] | None:
    return chance.sample(values, chance.randint(1, most)) if chance.random() < 0.95 else chance.choice([None, []])


def _answers(chance: Random, today: date) -> dict[str, Any]:
    bucket = chance.choice(["lt6w", "6to12w", "6to12w", "3to6m", "6to12m", "1to5y", "gt5y"])
    days = chance.choice([35, 41, 42, 48, 49, 84, 90, 91, 97, 98, 200])
    onset = chance.choice([{"bucket": bucket}, {"date": (today - timedelta(days=days)).isoformat()}])
    return {
        "age": _rarely(chance, chance.choice([17, 18]), chance.choice([None, 40]), one_in=15),
        "area_served": _rarely(chance, False, chance.choice([None, True]), one_in=25),
        "red_flags": _signs(chance),
        "regions": _rarely(chance, ["other"], _some(chance, ["neck", "low_back", "other"], 2), one_in=25),
        "radiation": _some(chance, ["none", "buttock", "leg_above_knee", "leg_below_knee", "arm"], 1),
        "limb_symptoms": _rarely(chance, True, chance.choice([None, False]), one_in=6),
        "onset": _rarely(chance, None, onset, one_in=30),
        "nrs_average": _rarely(chance, None, chance.choice([0, 2, 3, 4, 4, 4, 5, 7, 10]), one_in=30),
        "interference": chance.choice([None, None, [4, 4, 4], [4, 4, 3], [3, None, 9], [0, 0, 0]]),
        "rmdq": chance.choice([None, None, 6, 7, 0]),
        "limited": chance.choice([[], None, [], ["sleep"]]),
        "worse_with": chance.choice([[], ["walking"], ["bending"], None]),
        "better_with": chance.choice([[], ["leaning_forward"], ["lying"], None]),
        "tried": _tried(chance),
    }


def _signs(chance: Random) -> dict[str, str] | None:
    if chance.random() < 0.8:
        return chance.choice([None, {}, {"A1": "no", "B1": "no"}, {"A4": "declined"}, {"B7": "yes"}, {"B3": "unsure"}])
    names = [*(f"A{n}" for n in range(1, 11)), *(f"B{n}" for n in range(1, 9)), *(f"B{n}" for n in range(1, 9))]
    return {chance.choice(names): chance.choice(["yes", "unsure", "no"]) for _ in range(chance.randint(1, 3))}


def _tried(chance: Random) -> list[str] | None:
    ticks = ["pt", "home_exercise", "medication", "injections", "chiropractic", "other"]
    return chance.choice([None, [], ["nothing"], chance.sample(ticks, 1), chance.sample(ticks, 3)])


def _treatment(chance: Random, today: date) -> dict[str, Any]:
    kind = chance.choice(COMMON) if chance.random() < 0.85 else chance.choice(TreatmentKind.values)
    status = chance.choice(["completed"] * 8 + ["ongoing"] * 3 + TreatmentStatus.values)
    ongoing = status == "ongoing" or _rarely(chance, True, False, one_in=12)
    ended = chance.choice(AGES)
    start: date | None = today - timedelta(days=ended + chance.choice(LENGTHS) - 1)
    end: date | None = None if ongoing else today - timedelta(days=ended)
    if ongoing:
        start = today - timedelta(days=chance.choice(LENGTHS) - 1)
    if chance.random() < 0.12:
        start = None
    if chance.random() < 0.12:
        end = None
    return {
        "kind": kind,
        "status": status,
        "start": start and start.isoformat(),
        "start_precision": chance.choice(["day"] * 6 + ["month", "year", None]),
        "end": end and end.isoformat(),
        "end_precision": chance.choice(["day"] * 6 + ["month", "year", None]),
        "ongoing": ongoing and status != "ongoing",
        "sessions": chance.choice([None, 3, 4, 5, 6, 12, 12]),
        "relief_percent": chance.choice([None, 0, 20, 20, 49, 50, 50, 80]),
        "relief_duration_days": chance.choice([None, 0, 83, 84, 100]),
        "relief_still_present": chance.random() < 0.25,
    }
