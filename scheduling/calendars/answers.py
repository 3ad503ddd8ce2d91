"""What a patient's calendar says to an appointment of ours: its invitation is known by the UID that it has for life."""

from contextlib import suppress
from datetime import datetime
from functools import partial

from django.utils import timezone

from crm import registry
from scheduling.actions import attendance
from scheduling.actions.errors import BookingRefused
from scheduling.models import Appointment


def register() -> None:
    """Register how answers to invitations are found; called once, when the app is ready."""
    registry.invitations(find)


def find(uid: str, sequence: int | None) -> registry.Invitation | None:
    """Return what of ours stands in calendars under this UID. An answer to an older time is none to this one."""
    made = Appointment.objects.filter(calendar_uid=uid).select_related("kind", "location", "lead").first()
    if made is None:
        return None
    version = made.version if sequence is None else sequence + 1
    waits = made.stands and made.starts_at > timezone.now() and version == made.version
    return registry.Invitation(made.lead_id, str(made), waits, partial(_accept, made, version))


def _accept(made: Appointment, version: int, now: datetime) -> None:
    """Confirm it, unless it is over, called off, at another time since, or a time that we cannot keep."""
    with suppress(BookingRefused):
        attendance.confirm(made, version=version, now=now)
