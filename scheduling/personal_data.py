"""What scheduling keeps about a person, for the copy that the person may have (crm/personal_data.py)."""

from crm import registry
from crm.registry import HANDLING, KEY, STAFF
from scheduling.models import Appointment, Claim, FreedTime, WaitlistEntry


def hang_in() -> None:
    """Called once, when the app is ready."""
    data = registry.personal_data
    said = (
        "kind location provider starts_at ends_at status booked_at agreed_at confirmed_at arrived_at ended_by "
        "ended_reason rebook_since timezone"
    )
    handled = {STAFF: "booked_by", KEY: "topic request_id version", HANDLING: "room is_extra extra_reason"}
    data(Appointment, path="lead", title="Your appointments", fields=said, left_out=handled)
    waits = "kind location first_day last_day state since offered_start offered_until lapsed_start"
    data(WaitlistEntry, path="lead", title="Waiting for an earlier time", fields=waits, left_out={KEY: "hold"})
    data(Claim, path="lead", why_not="Times that were held for some minutes; what was booked is in the copy.")
    data(
        FreedTime,
        path="by",
        why_not="Times that you gave back, while they are offered to others.",
    )
