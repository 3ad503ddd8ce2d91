"""Ways to make a good snapshot bad, each for exactly one reason; the reasons are named as naive_input names them."""

from copy import deepcopy
from datetime import date, timedelta
from random import Random

from tests.intake.naive_input import Json

WHOLE = "the_whole_entry"  # a change under this name takes the place of the entry
ENTRY: Json = {
    "kind": "med_nsaid_rx",
    "status": "completed",
    "start": "2020-02-01",
    "start_precision": "day",
    "end": "2020-02-29",
    "end_precision": "day",
    "ongoing": False,
    "sessions": None,
    "relief_percent": None,
    "relief_duration_days": None,
    "relief_still_present": False,
}
NO_OBJECTS: list[object] = [None, 7, True, "2026-11-22", [], [{"today": "2026-11-22"}]]
NO_DATES = ["", "soon", "2026-02-29", "2026-13-01", "2026-00-10", "2026-11-31", "2026-11", "22.11.2026", "2026-1-5"]


def each(names: str, *values: object) -> list[Json]:
    return [{name: value} for name in names.split() for value in values]


ANSWERS: dict[str, list[Json]] = {
    "wrong type": [
        *each("age nrs_average rmdq", "5", True, [5]),
        *each("area_served limb_symptoms", "yes", 1, []),
        *each("regions radiation limited tried", "none", {}, [1], [None]),
        *each("worse_with better_with", "sitting", 3, [["sitting"]]),
        {"red_flags": []},
        {"red_flags": "none"},
        {"red_flags": {"A1": True}},
        {"red_flags": {"B2": 1}},
        {"onset": "lt6w"},
        {"onset": []},
        {"onset": {"bucket": 6}},
        {"interference": 5},
        {"interference": [5, "5", 5]},
    ],
    "out of range": [
        {"age": -1},
        {"nrs_average": -1},
        {"nrs_average": 11},
        {"rmdq": -1},
        {"rmdq": 25},
        {"interference": [-1, 5, 5]},
        {"interference": [5, 5, 11]},
    ],
    "unknown value": [
        {"red_flags": {"A1": "maybe"}},
        {"red_flags": {"A3": "declined"}},
        {"red_flags": {"B4": "declined"}},
        {"regions": ["low_back", "knee"]},
        {"radiation": ["toe"]},
        {"limited": ["sport"]},
        {"worse_with": ["lying"]},
        {"better_with": ["standing"]},
        {"tried": ["pt", "prayer"]},
        {"onset": {"bucket": "6w"}},
    ],
    "invalid date": [{"onset": {"date": value}} for value in NO_DATES],
    "nothing beside other ticks": [{"tried": ["nothing", "pt"]}, {"tried": ["other", "nothing"]}],
}
ENTRIES: dict[str, list[Json]] = {
    "wrong type": [
        {"kind": 5},
        {"status": ["completed"]},
        {"ongoing": "no"},
        {"ongoing": 0},
        {"relief_still_present": "yes"},
        {"start_precision": 1},
        *each("sessions relief_percent relief_duration_days", "6", True, []),
    ],
    "out of range": [
        {"sessions": -1},
        {"relief_percent": -1},
        {"relief_percent": 101},
        {"relief_duration_days": -1},
    ],
    "unknown kind": [{"kind": "pt"}, {"kind": ""}, {"kind": "PT_SUPERVISED"}, {"kind": "ACTIVE"}],
    "unknown status": [{"status": "stopped"}, {"status": ""}, {"status": "Completed"}],
    "unknown value": [{"start_precision": "week"}, {"end_precision": "Day"}],
    "invalid date": each("start end", *NO_DATES),
    "end before start": [
        {"start": "2020-02-02", "end": "2020-02-01"},
        {"start": "2020-02-02", "end": "2020-02-01", "start_precision": "month", "end_precision": "month"},
        {"start": "2020-02-02", "end": "2020-02-01", "kind": "esi_caudal"},
        {"start": "2020-02-02", "end": "2019-12-31", "status": "declined"},
    ],
    "ongoing with an end": [{"ongoing": True}, {"status": "ongoing"}, {"ongoing": True, "start": None}],
}


def ways(today: date) -> dict[str, list[tuple[str, Json]]]:
    """By reason, every change that spoils, as ("answers" or "entry", the change)."""
    tomorrow = (today + timedelta(days=1)).isoformat()
    found = {reason: [("answers", change) for change in changes] for reason, changes in ANSWERS.items()}
    for reason, changes in ENTRIES.items():
        found[reason] = found.get(reason, []) + [("entry", change) for change in changes]
    found["wrong type"] += [("entry", change) for change in each(WHOLE, None, 3, "heat", [])]
    found["future onset"] = [("answers", {"onset": {"date": tomorrow}})]
    starts = {"start": tomorrow, "end": None}
    found["future start"] = [
        ("entry", starts),
        ("entry", starts | {"status": "ongoing"}),
        ("entry", starts | {"status": "declined"}),
        ("entry", starts | {"end": tomorrow, "kind": "rfa"}),
    ]
    return found


def apply(random: Random, snapshot: Json, place: str, change: Json) -> Json:
    """A copy with the change among the answers, or on a further entry somewhere between the others."""
    spoiled = deepcopy(snapshot)
    if place == "answers":
        spoiled["answers"] |= change
    else:
        entry = change[WHOLE] if WHOLE in change else ENTRY | change
        spoiled["treatments"].insert(random.randint(0, len(spoiled["treatments"])), entry)
    return spoiled


def spoil_today(random: Random, snapshot: Json) -> Json:
    spoiled = deepcopy(snapshot)
    spoiled["today"] = random.choice([None, 20261122, ["2026-11-22"], *NO_DATES])
    if random.randrange(6) == 0:
        del spoiled["today"]
    return spoiled


def spoil_container(random: Random, snapshot: Json) -> Json:
    spoiled = deepcopy(snapshot)
    spoiled.update(random.choice([*each("answers", [], "none"), *each("treatments", {}, "heat")]))
    return spoiled


def spoil(random: Random, snapshot: Json) -> object:
    """A copy of a valid snapshot that is bad for exactly one of the reasons, all reasons being equally likely.

    Lines that are no JSON at all have no object to give; whoever feeds text to the command adds them.
    """
    by_reason = ways(date.fromisoformat(snapshot["today"]))
    reason = random.choice(["not an object", "missing or invalid today", *by_reason])
    if reason == "not an object":
        return random.choice(NO_OBJECTS)
    if reason == "missing or invalid today":
        return spoil_today(random, snapshot)
    if reason == "wrong type" and random.randrange(8) == 0:
        return spoil_container(random, snapshot)
    return apply(random, snapshot, *random.choice(by_reason[reason]))
