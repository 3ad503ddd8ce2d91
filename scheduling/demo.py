"""The demo's calendar: two providers, two rooms, and appointments of those who have come that far. All invented."""

from datetime import datetime, time, timedelta
from uuid import uuid5

import pgtrigger

from crm.enums.leads import MessageState, Stage
from crm.models import Lead, Location, Message, User
from scheduling.actions import attendance, availability, booking, waitlist
from scheduling.actions.availability import SlotQuery
from scheduling.actions.booking import Booking
from scheduling.enums import ResourceKind, Status
from scheduling.models import Appointment, AppointmentType, Resource, ScheduleException, WeeklyRule

PROVIDERS = [
    ("Dr. Morgan Example", range(5), time(9), time(17)),
    ("Dr. Riley Placeholder", (0, 2, 4), time(8), time(14)),
]
ROOMS = ["Room 1", "Room 2"]
LATE = 2  # from this one on they would come earlier


def make(now: datetime) -> None:
    """Make the demo's resources and appointments; called by `manage.py demo`, in its transaction."""
    center, coordinator = Location.objects.get(), User.objects.get(email="coordinator@example.org")
    _resources(center, now)
    kinds = {kind.key: kind for kind in AppointmentType.objects.all()}
    evaluation, call = kinds["on_site_evaluation"], kinds["phone_consultation"]
    for number, lead in enumerate(Lead.objects.filter(stage=Stage.BOOKED).order_by("reference")):
        kind = evaluation if number % 2 else call
        booked = _book(lead, kind, coordinator, days=3 + 2 * number, now=now, at=now)
        if booked and number >= LATE:
            waitlist.join(lead, kind, booked=booked, now=now)
    back_then = now.replace(hour=16, minute=5) - timedelta(days=9)  # in office hours
    for lead in Lead.objects.filter(stage__in=[Stage.CONSULTED, Stage.PATIENT]).order_by("reference"):
        made = _book(lead, evaluation, coordinator, days=4, now=back_then, at=now)
        if made:
            attendance.set_status(made, to=Status.FULFILLED, by=coordinator, now=made.ends_at + timedelta(hours=2))


def _resources(center: Location, now: datetime) -> None:
    """Make the providers and rooms with their rules, the types they give, and a congress next month."""
    for position, (name, weekdays, start, end) in enumerate(PROVIDERS):
        one = Resource.objects.create(
            kind=ResourceKind.PROVIDER, name=name, location=center, timezone=center.timezone, position=position
        )
        WeeklyRule.objects.create(resource=one, weekdays=list(weekdays), start=start, end=end)
    for position, name in enumerate(ROOMS):
        room = Resource.objects.create(
            kind=ResourceKind.ROOM, name=name, location=center, timezone=center.timezone, position=position
        )
        WeeklyRule.objects.create(resource=room, weekdays=list(range(5)), start=time(8), end=time(18))
    for kind in AppointmentType.objects.all():
        kind.providers.set(Resource.objects.filter(kind=ResourceKind.PROVIDER))
        if kind.needs_room:
            kind.rooms.set(Resource.objects.filter(kind=ResourceKind.ROOM))
    day = (now + timedelta(days=30)).date()
    away = Resource.objects.get(name=PROVIDERS[0][0])
    ScheduleException.objects.create(resource=away, from_day=day, to_day=day + timedelta(days=2), reason="Congress")


def _book(
    lead: Lead, kind: AppointmentType, coordinator: User, *, days: int, now: datetime, at: datetime
) -> Appointment | None:
    """Book the first free time so many days after `now`, as the desk did it then. `at` is the present."""
    day = (now + timedelta(days=days)).date()
    asked = SlotQuery(kind, lead.location, day, 5, for_staff=True)
    free = next((one for one in availability.find(asked, now=now) if one.start > now), None)
    if free is None:
        return None
    wanted = Booking(lead, kind, free.start, uuid5(lead.pk, "demo"), f"user:{coordinator.pk}", by=coordinator)
    made = booking.book(wanted, now=now)
    with pgtrigger.ignore("crm.Message:state_moves"):
        Message.objects.filter(topic=made.topic, due_at__lte=at).update(
            state=MessageState.SENT, attempts=1, finished_at=now + timedelta(seconds=3)
        )
    return made
