"""A treatment as the answers of the patient's page that would have made it, exactly as it stands."""

from typing import Any

from crm.enums.treatments import DatePrecision, TreatmentGroup, TreatmentStatus, Unsure
from crm.fields.partial_dates import SaidDate
from crm.models import Treatment

_NOT_BEGUN = {"", TreatmentStatus.PLANNED, TreatmentStatus.CONTRAINDICATED, TreatmentStatus.DECLINED}


def answers_of(row: Treatment) -> dict[str, Any]:
    """Return {question: answer}, "" for what has none. Numbers that no choice stands for are answers of their own."""
    unsure = set(row.unsure_of)
    return {
        "kind_other": row.kind_other,
        "drug_name": row.drug_name,
        "body_region": row.body_region or ("unsure" if Unsure.REGION in unsure else ""),
        "start": _said(row.start_date, row.start_precision),
        "end": _said(row.end_date, row.end_precision),
        "forgotten": [Unsure.DATES.value] if Unsure.DATES in unsure else [],
        "going_on": "yes" if row.ongoing else "" if row.status in _NOT_BEGUN else "no",
        "sessions": "" if row.sessions is None else str(row.sessions),
        "relief": _number(row.relief_percent, unsure=Unsure.RELIEF in unsure),
        "lasted": "still" if row.relief_still_present else _number(row.relief_duration_days, Unsure.LASTED in unsure),
        "side_effects": row.side_effects,
        "since_then": [],  # asked anew each time
        "ended_because": _why(row),
        "clinician": {True: "true", False: "false"}.get(
            row.directed_by_clinician,  # type: ignore[arg-type]
            "unsure" if Unsure.DIRECTED in unsure else "",
        ),
    }


def _why(row: Treatment) -> str:
    """Return why a treatment ended; "" while it goes on, and for an injection: nobody says that one was finished."""
    took_place = row.group == TreatmentGroup.INJECTION and row.status == TreatmentStatus.COMPLETED
    return "" if row.ongoing or took_place else row.status


def _said(day: Any, precision: str) -> str:
    return str(SaidDate(day, DatePrecision(precision))) if day else ""


def _number(value: int | None, unsure: bool) -> str:
    return ("unsure" if unsure else "") if value is None else str(value)
