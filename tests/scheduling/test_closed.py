"""Closed under a booking, by whichever door: it waits for another time, is not reminded of, and finds one."""

import re
from datetime import date, datetime, time, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from crm.models import Lead, Location, MessageTopic, User
from scheduling.actions import booking, rebooking
from scheduling.models import Appointment, AppointmentType, Resource, ScheduleException, WeeklyRule
from tests.factories import make_location, make_user
from tests.scheduling.browsing import HOME, browser_of
from tests.scheduling.browsing import book as book_online
from tests.scheduling.factories import NOW, TEN, as_staff, book, close, make_resource, wish

pytestmark = pytest.mark.django_db
FIRST = date(2026, 12, 1)


def flagged() -> list[bool]:
    rebooking.look_again(now=NOW)
    return [made.rebook_since is not None for made in Appointment.objects.order_by("starts_at")]


def opened_again() -> list[bool]:
    rebooking.unflag_all()
    return [made.rebook_since is not None for made in Appointment.objects.order_by("starts_at")]


@pytest.mark.usefixtures("then")
def test_a_leave_that_nobody_saw_while_booking_is_found(
    patient: Lead, kind: AppointmentType, provider: Resource
) -> None:
    book(patient, kind)
    leave = close(provider, FIRST)
    assert (flagged(), MessageTopic.objects.get().live) == ([True], False)
    assert opened_again() == [True]
    leave.delete()
    assert (opened_again(), MessageTopic.objects.get().live) == ([False], True)


@pytest.mark.usefixtures("then")
def test_a_new_holiday_closes(patient: Lead, kind: AppointmentType, centre: Location) -> None:
    book(patient, kind)
    Location.objects.update(holidays=[FIRST.isoformat()])
    assert (flagged(), opened_again()) == ([True], [True])
    Location.objects.update(holidays=[])
    assert opened_again() == [False]


def test_who_can_be_booked_no_more_leaves_nobody_waiting(patient: Lead, kind: AppointmentType) -> None:
    book(patient, kind)
    Resource.objects.update(is_active=False)
    assert (flagged(), opened_again()) == ([True], [True])
    Resource.objects.update(is_active=True)
    assert opened_again() == [False]


@pytest.mark.usefixtures("then")
def test_an_over_booked_time_is_found_under_a_leave(patient: Lead, kind: AppointmentType, provider: Resource) -> None:
    lee = as_staff(make_user("lead_coordinator", email="lee@example.org"))
    book(patient, kind)
    book(patient, kind, provider=provider.pk, over="Urgent", **lee)
    assert rebooking.flag(close(provider, FIRST)) == 2


def test_who_is_over_booked_into_a_leave_is_expected(patient: Lead, kind: AppointmentType, provider: Resource) -> None:
    lee = as_staff(make_user("lead_coordinator", email="lee@example.org"))
    close(provider, FIRST)
    book(patient, kind, provider=provider.pk, over="Comes in for this one", **lee)
    assert flagged() == [False]


def test_the_same_time_with_somebody_else_ends_the_wait(
    desk: Client,
    coordinator: User,
    patient: Lead,
    kind: AppointmentType,
    provider: Resource,
    centre: Location,
    tuesday: datetime,
) -> None:
    centre = provider.location
    other = make_resource(centre, name="Dr. Other", position=2)
    kind.providers.add(other)
    made = booking.book(wish(patient, kind, tuesday, **as_staff(coordinator)), now=timezone.now())
    assert (made.provider, rebooking.flag(close(provider, tuesday.astimezone(centre.zone).date()))) == (provider, 1)
    offered = re.findall(r'name="start" value="([^"]+)"', desk.get(f"/admin/rebooking/{made.pk}/").content.decode())
    same = next(text for text in offered if datetime.fromisoformat(text) == tuesday)
    where = f"/admin/crm/lead/{patient.pk}/appointments/{made.pk}/move/"
    desk.post(where, {"start": same, "version": 1, "back": "rebooking"})
    made.refresh_from_db()
    assert (made.provider, made.starts_at, made.rebook_since) == (other, tuesday, None)


def test_taking_marks_away_asks_as_much_for_three_as_for_one(
    django_assert_max_num_queries: DjangoAssertNumQueries, patient: Lead, kind: AppointmentType, provider: Resource
) -> None:
    close(provider, FIRST)
    casey = as_staff(make_user("coordinator", email="c@example.org"))
    for n in range(1, 4):
        book(patient, kind, TEN + timedelta(days=n), **casey)
    Appointment.objects.update(rebook_since=NOW)
    with django_assert_max_num_queries(8):
        assert rebooking.unflag_all() == 3


def test_leave_and_closing_are_entered_for_ones_own_locations(
    client: Client, provider: Resource, centre: Location
) -> None:
    lee = make_user("lead_coordinator", email="lee@example.org")
    lee.locations.add(make_location(name="Harbor Center", position=9))
    client.force_login(lee)
    day = {"from_day": FIRST, "to_day": FIRST, "reason": "Snow"}
    for what in ({"resource": provider.pk, "location": ""}, {"resource": "", "location": centre.pk}):
        client.post("/admin/scheduling/scheduleexception/add/", {**what, **day})
    assert not ScheduleException.objects.exists()
    existing = close(provider, FIRST)
    assert client.get(f"/admin/scheduling/scheduleexception/{existing.pk}/change/").status_code == 302


@pytest.mark.usefixtures("then")
def test_hours_that_are_shortened_close_what_lay_there(
    patient: Lead, kind: AppointmentType, provider: Resource
) -> None:
    lee = as_staff(make_user("lead_coordinator", email="lee@example.org"))
    made = book(patient, kind)
    on_purpose = book(patient, kind, TEN + timedelta(hours=9), provider=provider.pk, over="Evening", **lee)
    assert rebooking.flag_outside(provider) == 0
    WeeklyRule.objects.update(end=time(10))
    assert rebooking.flag_outside(provider) == 1
    assert [one.rebook_since is not None for one in (refreshed(made), refreshed(on_purpose))] == [True, False]
    assert rebooking.unflag_all() == 0
    WeeklyRule.objects.update(end=time(17))
    assert rebooking.unflag_all() == 1


def refreshed(made: Appointment) -> Appointment:
    return Appointment.objects.get(pk=made.pk)


def test_nobody_confirms_a_time_that_is_closed(patient: Lead, kind: AppointmentType, tuesday: datetime) -> None:
    browser = browser_of(patient)
    made = book_online(browser, kind, tuesday)
    Appointment.objects.update(rebook_since=NOW)
    page = browser.get(f"{HOME}{made.pk}/").content.decode()
    assert ("We cannot keep this time." in page, "I will come" in page) == (True, False)
    answer = browser.post(f"{HOME}{made.pk}/will-come/", {"version": 1}, follow=True).content.decode()
    assert "wait for our call" in answer
    assert refreshed(made).confirmed_at is None
