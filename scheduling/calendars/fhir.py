"""An appointment as HL7 FHIR R4 (hl7.org/fhir/R4/appointment.html): plain JSON, without staff's notes."""

from datetime import UTC, datetime
from typing import Any

from scheduling.enums import CancelReason, Mode, Status
from scheduling.models import Appointment

# FHIR's code system appointment-cancellation-reason, as far as ours has a counterpart there.
_REASON_SYSTEM = "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason"
_REASONS = {
    CancelReason.BETTER: "pat-fb",
    CancelReason.UNWELL: "pat",
    CancelReason.TIME: "pat",
    CancelReason.TRAVEL: "pat-lt",
    CancelReason.COST: "oth-fin",
    CancelReason.AWAY: "prov",
}
_HERE = {Status.ARRIVED, Status.FULFILLED}


def as_resource(made: Appointment) -> dict[str, Any]:
    """Return the FHIR resource as a dictionary. `made` has its kind, provider, room and location loaded."""
    found: dict[str, Any] = {
        "resourceType": "Appointment",
        "id": str(made.pk),
        "meta": {"versionId": str(made.version)},
        "status": made.status,
        "serviceType": [{"text": made.kind.label}],
        "start": _instant(made.starts_at),
        "end": _instant(made.ends_at),
        "minutesDuration": made.minutes,
        "created": _instant(made.booked_at),
        "participant": [
            _participant(f"Patient/{made.lead_id}", _of_patient(made)),
            _participant(f"Practitioner/{made.provider_id}", "accepted", made.provider.name),
            *([_participant(f"Location/{made.room_id}", "accepted", made.room.name)] if made.room else []),
        ],
    }
    if made.kind.mode == Mode.ON_SITE and not made.room:
        found["participant"].append(_participant(f"Location/{made.location_id}", "accepted", made.location.name))
    if made.status == Status.CANCELLED:
        found["cancelationReason"] = _reason(made)
    return found


def _instant(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _participant(reference: str, status: str, display: str = "") -> dict[str, Any]:
    actor = {"reference": reference} | ({"display": display} if display else {})
    return {"actor": actor, "status": status}


def _of_patient(made: Appointment) -> str:
    """Return whether the patient will come, as far as they have said, in FHIR's word."""
    if made.status == Status.CANCELLED:
        return "declined"
    return "accepted" if made.confirmed_at or made.status in _HERE else "needs-action"


def _reason(made: Appointment) -> dict[str, Any]:
    reason = CancelReason(made.ended_reason or CancelReason.OTHER)
    code = _REASONS.get(reason, "other")
    return {"coding": [{"system": _REASON_SYSTEM, "code": code}], "text": str(reason.label)}
