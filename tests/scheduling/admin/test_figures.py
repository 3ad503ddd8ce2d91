"""Figures of the calendars: each number is one that can be counted by hand."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client

from crm.models import Lead, Location, Message, User
from scheduling.actions import attendance
from scheduling.admin import stats
from scheduling.enums import Status
from scheduling.models import Appointment, AppointmentType, Resource
from tests.factories import make_user
from tests.scheduling.factories import HALF_HOUR, TEN, book, make_patient

pytestmark = pytest.mark.django_db
LATER = TEN + timedelta(days=13)  # a Monday, ten in the morning


@pytest.fixture
def two_came_one_did_not(center: Location, kind: AppointmentType) -> list[Appointment]:
    staff = make_user("coordinator", email="c@example.org")
    made = []
    for number, start in enumerate((TEN, TEN + HALF_HOUR, TEN + 8 * HALF_HOUR)):
        one = book(make_patient(center, email=f"{number}@example.org"), kind, start)
        to = Status.FULFILLED if number < 2 else Status.NOSHOW
        made.append(attendance.set_status(one, to=to, by=staff, now=start + HALF_HOUR))
    Appointment.objects.filter(pk=made[0].pk).update(confirmed_at=TEN)
    Message.objects.filter(topic=made[2].topic).delete()
    return made


@time_machine.travel(LATER, tick=False)
def test_the_numbers(
    two_came_one_did_not: list[Appointment], provider: Resource, kind: AppointmentType, coordinator: User
) -> None:
    found = dict(stats.tables(coordinator))
    # Thirty days back from a Monday at ten: 21 whole weekdays of eight hours, and the first and last one in part.
    open_minutes = _open_minutes(LATER)
    assert found["Calendars: how full"] == [("Dr. Example", f"{100 * 90 / open_minutes:.0f} %")]
    assert ("Telephone consultation", "0") in found["Days to the first free time"]
    assert sorted(found["Came, of those who said that they would, or were reminded"]) == [
        ("Confirmed", "100 % of 1"),
        ("Neither", "50 % of 2"),
    ]
    assert found["Did not come, by kind and time of day"] == [
        ("Telephone consultation, afternoon", "100 % of 1"),
        ("Telephone consultation, morning", "0 % of 2"),
    ]


def _open_minutes(now: datetime) -> int:
    """Counted minute by minute: weekdays from nine to five in New York."""
    zone, count, at = ZoneInfo("America/New_York"), 0, now - timedelta(days=30)
    while at < now:
        local = at.astimezone(zone)
        count += local.weekday() < 5 and 9 <= local.hour < 17
        at += timedelta(minutes=1)
    return count


def test_without_a_calendar_there_are_no_tables(client: Client, lead: Lead) -> None:
    client.force_login(make_user("marketing", email="m@example.org"))
    page = client.get("/admin/figures/").content.decode()
    assert "Calendars: how full" not in page


def test_marketing_sees_numbers_and_nobody(client: Client, two_came_one_did_not: list[Appointment]) -> None:
    client.force_login(make_user("marketing", email="m@example.org"))
    page = client.get("/admin/figures/").content.decode()
    assert "Calendars: how full" in page
    assert two_came_one_did_not[0].lead.reference not in page
    assert two_came_one_did_not[0].lead.first_name not in page
