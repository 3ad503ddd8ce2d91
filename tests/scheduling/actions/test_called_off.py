"""A time that we called off is offered to nobody until somebody opens it; one that a patient gave back, at once."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from crm.models import Lead, Location, User
from scheduling.actions import availability, booking, changing, waitlist
from scheduling.actions.availability import SlotQuery
from scheduling.enums import OF_THE_CENTER, CancelReason
from scheduling.models import Appointment, AppointmentType, FreedTime, Resource, ScheduleException
from tests.factories import make_user
from tests.scheduling.factories import as_staff, close, make_patient, make_resource, wish

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def awake(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the hour at which this runs."""
    monkeypatch.setattr(waitlist, "AWAKE", (0, 24))


@pytest.fixture
def made(patient: Lead, kind: AppointmentType, tuesday: datetime) -> Appointment:
    return booking.book(wish(patient, kind, tuesday), now=timezone.now())


def call_off(made: Appointment, reason: CancelReason, by: User) -> None:
    changing.cancel(made, version=1, reason=reason, by=by, now=timezone.now())


def is_offered(made: Appointment, *, for_staff: bool = False) -> bool:
    asked = SlotQuery(made.kind, made.location, made.starts_at.date(), 1, for_staff=for_staff)
    return availability.at_start(asked, made.starts_at, now=timezone.now()) is not None


@pytest.mark.parametrize("reason", OF_THE_CENTER)
def test_a_time_that_we_called_off_is_offered_to_nobody_until_it_is_opened(
    made: Appointment, center: Location, coordinator: User, reason: CancelReason
) -> None:
    waitlist.join(make_patient(center, email="w@example.org"), made.kind, booked=None, now=timezone.now())
    call_off(made, reason, coordinator)
    assert (is_offered(made), is_offered(made, for_staff=True), waitlist.offer(now=timezone.now())) == (False, False, 0)
    closed = ScheduleException.objects.get()
    assert (closed.resource, closed.created_by, closed.is_open) == (made.provider, coordinator, False)
    closed.delete()
    assert is_offered(made)


@pytest.mark.parametrize("reason", sorted(set(CancelReason) - set(OF_THE_CENTER)))
def test_a_time_that_a_patient_gave_back_is_free_at_once(
    made: Appointment, center: Location, coordinator: User, reason: CancelReason
) -> None:
    waitlist.join(make_patient(center, email="w@example.org"), made.kind, booked=None, now=timezone.now())
    call_off(made, reason, coordinator)
    assert (is_offered(made), FreedTime.objects.count(), ScheduleException.objects.count()) == (True, 1, 0)


def test_only_the_time_that_was_called_off_is_closed(
    made: Appointment, center: Location, coordinator: User, provider: Resource, tuesday: datetime
) -> None:
    other = make_resource(center, name="Dr. Other")
    made.kind.providers.add(other)
    call_off(made, CancelReason.AWAY, coordinator)
    day = SlotQuery(made.kind, center, tuesday.date(), 1)
    found = {free.start: {place[0] for place in free.places} for free in availability.find(day, now=timezone.now())}
    assert found[tuesday] == {other.pk}
    assert found[tuesday + HOUR / 2] == found[tuesday - HOUR / 2] == {provider.pk, other.pk}


def test_what_a_leave_closes_already_is_not_closed_twice(
    made: Appointment, coordinator: User, provider: Resource, tuesday: datetime
) -> None:
    leave = close(provider, tuesday.astimezone(provider.zone).date())
    call_off(made, CancelReason.AWAY, coordinator)
    assert ScheduleException.objects.get() == leave
    leave.delete()
    assert is_offered(made)


def test_what_was_called_off_outside_the_hours_closes_nothing(
    patient: Lead, kind: AppointmentType, provider: Resource, tuesday: datetime
) -> None:
    lea = make_user("lead_coordinator", email="lea@example.org")
    evening = wish(patient, kind, tuesday + 10 * HOUR, provider=provider.pk, overbook_reason="Evening", **as_staff(lea))
    call_off(booking.book(evening, now=timezone.now()), CancelReason.AWAY, lea)
    assert not ScheduleException.objects.exists()


def test_the_page_says_that_the_time_stays_closed(client: Client, made: Appointment) -> None:
    client.force_login(make_user("lead_coordinator", email="lea@example.org"))
    where = f"/admin/crm/lead/{made.lead_id}/appointments/{made.pk}/cancel/"
    page = client.post(where, {"version": 1, "reason": "away", "note": ""}, follow=True).content.decode()
    assert ("offered to nobody until" in page, "Its time is free" in page) == (True, False)
