"""A small center's calendar: one provider and one room on weekdays, and types without notice or limits."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

from crm.enums.leads import Outcome
from crm.models import Lead, Location, User
from scheduling.actions import booking
from scheduling.actions.booking import Booking
from scheduling.enums import Mode, ResourceKind
from scheduling.models import Appointment, AppointmentType, Resource, ScheduleException, WeeklyRule
from tests.factories import make_lead

NOW = datetime(2026, 11, 30, 13, tzinfo=UTC)  # Monday, eight in the morning in New York
TEN = datetime(2026, 12, 1, 15, tzinfo=UTC)  # Tuesday, ten in the morning there
# The same Tuesday as long as this stands: for holds, whose end PostgreSQL's own clock decides.
AHEAD = TEN.replace(year=2037)
HALF_HOUR = timedelta(minutes=30)


def make_resource(
    location: Location, *, kind: str = ResourceKind.PROVIDER, name: str = "Dr. Example", **more: Any
) -> Resource:
    """Open on weekdays from nine to five."""
    rules = more.pop("rules", [(range(5), time(9), time(17))])
    made = Resource.objects.create(location=location, kind=kind, name=name, **{"timezone": location.timezone} | more)
    for weekdays, start, end in rules:
        WeeklyRule.objects.create(resource=made, weekdays=list(weekdays), start=start, end=end)
    return made


def make_kind(*resources: Resource, **fields: Any) -> AppointmentType:
    """Half an hour every half hour; whoever is a likely candidate books it alone."""
    defaults: dict[str, Any] = {
        "key": f"kind-{uuid4().hex[:8]}",
        "label": "Telephone consultation",
        "mode": Mode.PHONE,
        "duration": 30,
        "step": 30,
        "min_notice": 0,
        "window_days": None,
        "self_book": [Outcome.CONSULT_LIKELY],
    }
    made = AppointmentType.objects.create(**defaults | fields)
    made.providers.set([one for one in resources if one.kind == ResourceKind.PROVIDER])
    made.rooms.set([one for one in resources if one.kind == ResourceKind.ROOM])
    return made


def make_patient(location: Location, **fields: Any) -> Lead:
    """Somebody who may book alone."""
    return make_lead(location=location, **{"outcome": Outcome.CONSULT_LIKELY, "stage": "booking"} | fields)


def wish(lead: Lead, kind: AppointmentType, start: datetime = TEN, **more: Any) -> Booking:
    """A booking as a patient asks for it."""
    asked: dict[str, Any] = {"request_id": uuid4(), "held_by": f"lead:{lead.pk}"} | more
    return Booking(lead, kind, start, **asked)


def book(lead: Lead, kind: AppointmentType, start: datetime = TEN, **more: Any) -> Appointment:
    return booking.book(wish(lead, kind, start, **more), now=NOW)


def close(resource: Resource, first: date, last: date | None = None, **more: Any) -> ScheduleException:
    return ScheduleException.objects.create(resource=resource, from_day=first, to_day=last or first, **more)


def as_staff(user: User) -> dict[str, Any]:
    return {"by": user, "held_by": f"user:{user.pk}"}
