"""Snapshots for tests of the rules: one that leads to a consultation, and small ways to change it."""

import json
from datetime import date, timedelta
from typing import Any

from crm.enums.leads import Outcome
from intake.rules.candidacy import Result, assess
from intake.rules.snapshot import Snapshot, read_snapshot

TODAY = date(2026, 11, 22)


def days_ago(days: int) -> str:
    return (TODAY - timedelta(days=days)).isoformat()


def entry(kind: str = "pt_supervised", *, days: int = 60, ended: int = 30, **fields: Any) -> dict[str, Any]:
    """A completed treatment of so many days that ended so many days ago, with little relief."""
    told = {"kind": kind, "status": "completed", "start": days_ago(ended + days - 1), "end": days_ago(ended)}
    return told | {"sessions": 12, "relief_percent": 10, "relief_duration_days": 7} | fields


def ongoing(kind: str, *, days: int, **fields: Any) -> dict[str, Any]:
    """A treatment that has been going on for so many days, today included."""
    return entry(kind, status="ongoing", start=days_ago(days - 1), end=None) | fields


def snapshot(treatments: list[dict[str, Any]] | None = None, **answers: Any) -> dict[str, Any]:
    """Adult, low back and below the knee, six months, 7 of 10, physical therapy and a medicine without relief."""
    if treatments is None:
        treatments = [entry(), entry("med_nsaid_rx")]
    given = {
        "age": 52,
        "area_served": True,
        "red_flags": {},
        "regions": ["low_back"],
        "radiation": ["leg_below_knee"],
        "onset": {"bucket": "6to12m"},
        "nrs_average": 7,
        "tried": ["pt", "medication"],
    }
    return {"today": TODAY.isoformat(), "answers": given | answers, "treatments": treatments}


def read(raw: dict[str, Any]) -> Snapshot:
    return read_snapshot(json.dumps(raw))


def assessed(treatments: list[dict[str, Any]] | None = None, **answers: Any) -> Result:
    return assess(read(snapshot(treatments, **answers)))


def is_less_urgent(outcome: Outcome, than: Outcome) -> bool:
    """URGENT before PROMPT_REVIEW before all others, which are equal."""
    rank = {Outcome.URGENT: 0, Outcome.PROMPT_REVIEW: 1}
    return rank.get(outcome, 2) > rank.get(than, 2)
