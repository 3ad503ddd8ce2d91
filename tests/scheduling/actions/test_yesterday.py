"""Visits that nobody marked are a list on My day, until somebody says what came of them."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from crm.db import clock
from crm.models import Lead, Task, User
from scheduling import periodic
from scheduling.actions import attendance, booking
from scheduling.enums import Status
from scheduling.models import Appointment, AppointmentType
from tests.factories import make_location, make_user
from tests.scheduling.factories import wish

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
TITLE = "What came of these visits?"


@pytest.fixture
def made(patient: Lead, kind: AppointmentType, tuesday: datetime) -> Appointment:
    return booking.book(wish(patient, kind, tuesday), now=timezone.now())


def my_day(user: User) -> str:
    client = Client()
    client.force_login(user)
    return client.get("/admin/?whose=all").content.decode()


@pytest.mark.parametrize(("later", "shown"), [(timedelta(hours=2), False), (DAY, True), (40 * DAY, True)])
def test_what_nobody_marked_is_listed_from_the_next_day_on(
    made: Appointment, coordinator: User, later: timedelta, shown: bool
) -> None:
    with time_machine.travel(made.ends_at + later):
        assert (TITLE in my_day(coordinator)) is shown


@pytest.mark.parametrize("status", [Status.FULFILLED, Status.NOSHOW])
def test_what_somebody_marked_is_listed_no_more(made: Appointment, coordinator: User, status: Status) -> None:
    with time_machine.travel(made.ends_at + DAY):
        attendance.set_status(made, to=status, by=coordinator, now=timezone.now())
        assert TITLE not in my_day(coordinator)


def test_whether_a_visit_was_confirmed_is_said_while_it_is_ahead(desk: Client, made: Appointment) -> None:
    panel = f"/admin/crm/lead/{made.lead_id}/panels/appointments/"
    assert "not confirmed yet" in desk.get(panel).content.decode()
    Appointment.objects.update(starts_at=timezone.now() - DAY, ends_at=timezone.now() - DAY / 2)
    assert "not confirmed yet" not in desk.get(panel).content.decode()


def test_who_arrived_and_was_forgotten_is_listed(made: Appointment, coordinator: User) -> None:
    attendance.set_status(made, to=Status.ARRIVED, by=coordinator, now=made.starts_at)
    with time_machine.travel(made.ends_at + DAY):
        assert TITLE in my_day(coordinator)


def test_visits_of_another_location_are_listed_for_nobody_else(made: Appointment) -> None:
    elsewhere = make_user("coordinator", email="else@example.org")
    elsewhere.locations.add(make_location(name="Harbor Center", position=9))
    with time_machine.travel(made.ends_at + DAY):
        assert TITLE not in my_day(elsewhere)


def test_nobody_is_called_about_a_visit_that_is_over(
    made: Appointment, coordinator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it took place is asked in the list alone."""
    monkeypatch.setattr(clock, "now", timezone.now)
    Appointment.objects.update(agreed_at=timezone.now() - 40 * DAY)
    with time_machine.travel(made.starts_at - timedelta(hours=1)):
        periodic.once()
        assert calls() == 1
        periodic.once()
        assert calls() == 1
    with time_machine.travel(made.ends_at + timedelta(minutes=5)):
        periodic.once()
        assert calls() == 0


def calls() -> int:
    return Task.objects.open().filter(title__startswith="Not confirmed").count()
