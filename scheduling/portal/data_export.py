"""What scheduling keeps about a person, for the copy that the person may have (crm/patient_portal/data_export.py)."""

from typing import Any

from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_noop as noop

from crm import registry
from crm.registry import HANDLING, KEY, STAFF
from scheduling import time_format
from scheduling.enums import Mode
from scheduling.models import Appointment, Claim, FreedTime, WaitlistEntry


def register() -> None:
    """Register what a patient's copy of their data holds of scheduling; called once, when the app is ready."""
    data = registry.personal_data
    said = (
        "starts_at ends_at kind location provider status booked_at agreed_at confirmed_at arrived_at ended_by "
        "ended_reason rebook_since"
    )
    handled = {STAFF: "booked_by", KEY: "topic request_id version calendar_uid", HANDLING: "room is_extra extra_reason"}
    title = noop("Your appointments")
    data(Appointment, path="lead", title=title, fields=said, order="starts_at", left_out=handled, more=_what_and_where)
    waits = "since kind location first_day last_day state offered_start offered_until lapsed_start"
    title, key = noop("Waiting for an earlier time"), {KEY: "hold"}
    data(WaitlistEntry, path="lead", title=title, fields=waits, order="since", left_out=key, more=_what_for)
    data(Claim, path="lead", why_not="Times that were held for some minutes; what was booked is in the copy.")
    data(
        FreedTime,
        path="by",
        why_not="Times that you gave back, while they are offered to others.",
    )


def _what_for(row: Appointment | WaitlistEntry) -> dict[str, Any]:
    return {"kind": row.kind.label_in(get_language() or "")}


def _what_and_where(row: Appointment) -> dict[str, Any]:
    """Return what the appointment's page says of it, on the clock on which the patient is told of it."""
    where = [row.location.name, *row.location.address_lines]
    called = gettext("By telephone: we call you.")
    return _what_for(row) | {
        "when": f"{time_format.moment(row.starts_at, row.display_timezone)}, {time_format.zone(row.display_timezone)}",
        "where": called if row.kind.mode == Mode.PHONE else ", ".join(where),
    }
