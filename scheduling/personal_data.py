"""What scheduling keeps about a person, for the copy that the person may have (crm/personal_data.py)."""

from crm import registry
from scheduling.models import Appointment, Claim, FreedTime, WaitlistEntry


def hang_in() -> None:
    """Called once, when the app is ready."""
    data = registry.personal_data
    said = "starts_at ends_at status booked_at confirmed_at arrived_at ended_by ended_reason timezone"
    data(Appointment, path="lead", title="Your appointments", fields=said)
    data(WaitlistEntry, path="lead", title="Waiting for an earlier time", fields="first_day last_day state since")
    data(Claim, path="lead", why_not="Times that were held for some minutes; what was booked is in the copy.")
    data(
        FreedTime,
        path="by",
        why_not="Times that you gave back, while they are offered to others.",
    )
