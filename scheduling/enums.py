"""The words of scheduling: statuses after HL7 FHIR R4 (Appointment.status), claims, and who may do what."""

from django.db.models import TextChoices
from django.utils.translation import gettext_noop as noop


class ResourceKind(TextChoices):
    PROVIDER = "provider", "Provider"
    ROOM = "room", "Room"


class Mode(TextChoices):
    """Where the two meet."""

    PHONE = "phone", "By telephone"
    ON_SITE = "on_site", "At the center"


class Status(TextChoices):
    """FHIR R4 AppointmentStatus, as far as it is used. What waits for a time is a WaitlistEntry."""

    PENDING = "pending", noop("To be confirmed by us")
    BOOKED = "booked", noop("Booked")
    ARRIVED = "arrived", noop("Arrived")
    FULFILLED = "fulfilled", noop("Took place")
    CANCELLED = "cancelled", noop("Cancelled")
    NOSHOW = "noshow", noop("Did not come")


STANDING = (Status.PENDING, Status.BOOKED, Status.ARRIVED)  # those that hold their time

# From one status to the next. Whoever did not come may have come after all, and the other way round.
MOVES: dict[Status, set[Status]] = {
    Status.PENDING: {Status.BOOKED, Status.CANCELLED},
    Status.BOOKED: {Status.ARRIVED, Status.FULFILLED, Status.CANCELLED, Status.NOSHOW},
    Status.ARRIVED: {Status.FULFILLED, Status.BOOKED},
    Status.FULFILLED: {Status.ARRIVED, Status.NOSHOW},
    Status.NOSHOW: {Status.BOOKED, Status.ARRIVED},
    Status.CANCELLED: set(),
}


class ClaimState(TextChoices):
    HELD = "held", "Held while somebody decides"
    BOOKED = "booked", "Booked"
    RELEASED = "released", "Given back"
    EXTRA = "extra", "Over-booked on purpose"


TAKING = (ClaimState.HELD, ClaimState.BOOKED)  # no two of these may overlap on one resource
TAKEN = (*TAKING, ClaimState.EXTRA)  # nobody is offered the time of one of these


class EndedBy(TextChoices):
    PATIENT = "patient", noop("The patient")
    CENTER = "center", noop("The center")


class CancelReason(TextChoices):
    """After FHIR's appointment-cancellation-reason, in fewer words."""

    BETTER = "better", noop("Feels better")
    UNWELL = "unwell", noop("Unwell")
    TIME = "time", noop("The time does not fit")
    TRAVEL = "travel", noop("Cannot get there")
    COST = "cost", noop("Cost or insurance")
    ELSEWHERE = "elsewhere", noop("Care elsewhere")
    AWAY = "away", noop("The provider is away")
    CLOSED = "closed", noop("The center is closed")
    OURS = "ours", noop("Something else on our side")
    OTHER = "other", noop("Something else")


OF_THE_CENTER = (CancelReason.AWAY, CancelReason.CLOSED, CancelReason.OURS)


class WaitState(TextChoices):
    WAITING = "waiting", noop("Waiting")
    OFFERED = "offered", noop("A time is offered")
    BOOKED = "booked", noop("Booked")
    LEFT = "left", noop("Left the list")


class BusyKind(TextChoices):
    """How a provider's own calendar is asked."""

    ICS = "ics", "Calendar address (ICS)"
    CALDAV = "caldav", "CalDAV server"
