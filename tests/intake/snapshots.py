"""Snapshots written by hand, for tests of the candidacy rules.

Unless a test says otherwise today is 2026-11-22, so the look-back runs from 2025-11-23 to 2026-11-22. The usual person
has had pain down to the foot for a year, did six weeks of supervised therapy (2026-06-01 to 07-12, 42 days) and took a
medicine for the first fourteen of them: every rule up to R10 passes them on to R11.
"""

from typing import Any

from tests.intake.naive_input import Json

TODAY = "2026-11-22"
ANSWERS: Json = {
    "age": 52,
    "area_served": True,
    "red_flags": {},
    "regions": ["low_back"],
    "radiation": ["leg_below_knee"],
    "limb_symptoms": False,
    "onset": {"date": "2025-11-22"},
    "nrs_average": 6,
    "interference": None,
    "rmdq": None,
    "limited": [],
    "worse_with": [],
    "better_with": [],
    "tried": ["pt", "medication"],
}


def told_date(name: str, text: str | None) -> Json:
    """`2026-06` and `2026` are vague dates; as written they fall in the middle of their month or year."""
    if text is None:
        return {name: None, f"{name}_precision": "day"}
    precision, rest = {4: ("year", "-07-15"), 7: ("month", "-15"), 10: ("day", "")}[len(text)]
    return {name: text + rest, f"{name}_precision": precision}


def row(kind: str, start: str | None = None, end: str | None = None, **more: Any) -> Json:
    """A treatment that is over, took six sessions and did not help, unless `more` says otherwise."""
    told = {"kind": kind, "status": "completed", "ongoing": False, "sessions": 6, "relief_percent": 0}
    relief = {"relief_duration_days": None, "relief_still_present": False}
    return told | relief | told_date("start", start) | told_date("end", end) | more


def snapshot(*rows: Json, today: str = TODAY, **answers: Any) -> Json:
    return {"today": today, "answers": ANSWERS | answers, "treatments": list(rows)}


PT = row("pt_supervised", "2026-06-01", "2026-07-12")
PILLS = row("med_nsaid_rx", "2026-06-01", "2026-06-14")
