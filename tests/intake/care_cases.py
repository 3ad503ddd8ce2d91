"""Short ways to write records for the coverage tests."""

from datetime import date, timedelta
from typing import Any

from intake.rules.care_history import Care, CareRecord, Rating, Study
from intake.rules.snapshot import TreatmentEntry

TODAY = date(2026, 11, 23)


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def care(kind: str = "pt_supervised", *, days: int = 0, until: int | None = 0, **fields: Any) -> Care:
    """A treatment of `days` days that ended `until` days ago; None: it goes on."""
    about = {name: fields.pop(name) for name in list(fields) if name in Care.__dataclass_fields__}
    entry: dict[str, Any] = {"kind": kind, "status": "completed"}
    if days and until is None:
        entry |= {"status": "ongoing", "start": ago(days - 1)}
    elif days:
        entry |= {"start": ago((until or 0) + days - 1), "end": ago(until or 0)}
    entry |= fields
    about.setdefault("key", f"{kind}-{days}-{until}")
    return Care(name=kind, entry=TreatmentEntry(**entry), **about)


def record(*treatments: Care, **fields: Any) -> CareRecord:
    return CareRecord(today=fields.pop("today", TODAY), treatments=treatments, **fields)


def nrs(value: float, *, days_ago: int = 0) -> Rating:
    return Rating("nrs", ago(days_ago), value)


def mri(*, first: date, last: date | None = None, has_report: bool = True) -> Study:
    return Study("MRI, low back", True, first, last or first, has_report)
