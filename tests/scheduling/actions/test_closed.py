"""Closed under a booking, by whichever door: it waits for another time, is not reminded of, and finds one."""

import re
from datetime import date, datetime, time, timedelta
from unittest import mock

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from crm.db import clock
from crm.models import Lead, Location, MessageTopic, Task, User
from scheduling import periodic
from scheduling.actions import attendance, booking, changing, rebooking
from scheduling.actions.errors import BookingRefused
from scheduling.enums import Status
from scheduling.models import Appointment, AppointmentType, Resource, ScheduleException, WeeklyRule
from tests.factories import make_location, make_user
from tests.scheduling.browsing import HOME, browser_of
from tests.scheduling.browsing import book as book_online
from tests.scheduling.factories import NOW, TEN, as_staff, book, close, make_kind, make_patient, make_resource, wish

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
def test_a_new_holiday_closes(patient: Lead, kind: AppointmentType, center: Location) -> None:
    book(patient, kind)
    Location.objects.update(holidays=[FIRST.isoformat()])
    assert (flagged(), opened_again()) == ([True], [True])
    Location.objects.update(holidays=[])
    assert opened_again() == [False]


@pytest.mark.usefixtures("then")
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
    book(patient, kind, provider=provider.pk, overbook_reason="Urgent", **lee)
    assert rebooking.flag(close(provider, FIRST)) == 2


def test_who_is_over_booked_into_a_leave_is_expected(patient: Lead, kind: AppointmentType, provider: Resource) -> None:
    lee = as_staff(make_user("lead_coordinator", email="lee@example.org"))
    close(provider, FIRST)
    book(patient, kind, provider=provider.pk, overbook_reason="Comes in for this one", **lee)
    assert flagged() == [False]


def test_the_same_time_with_somebody_else_ends_the_wait(
    desk: Client,
    coordinator: User,
    patient: Lead,
    kind: AppointmentType,
    provider: Resource,
    center: Location,
    tuesday: datetime,
) -> None:
    center = provider.location
    other = make_resource(center, name="Dr. Other", position=2)
    kind.providers.add(other)
    made = booking.book(wish(patient, kind, tuesday, **as_staff(coordinator)), now=timezone.now())
    assert (made.provider, rebooking.flag(close(provider, tuesday.astimezone(center.zone).date()))) == (provider, 1)
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
    with django_assert_max_num_queries(9):
        assert rebooking.unflag_all() == 3


def test_leave_and_closing_are_entered_for_ones_own_locations(
    client: Client, provider: Resource, center: Location
) -> None:
    lee = make_user("lead_coordinator", email="lee@example.org")
    lee.locations.add(make_location(name="Harbor Center", position=9))
    client.force_login(lee)
    day = {"from_day": FIRST, "to_day": FIRST, "reason": "Snow"}
    for what in ({"resource": provider.pk, "location": ""}, {"resource": "", "location": center.pk}):
        client.post("/admin/scheduling/scheduleexception/add/", {**what, **day})
    assert not ScheduleException.objects.exists()
    existing = close(provider, FIRST)
    assert client.get(f"/admin/scheduling/scheduleexception/{existing.pk}/change/").status_code == 404


@pytest.mark.usefixtures("then")
def test_hours_that_are_shortened_close_what_lay_there(
    patient: Lead, kind: AppointmentType, provider: Resource
) -> None:
    lee = as_staff(make_user("lead_coordinator", email="lee@example.org"))
    made = book(patient, kind)
    on_purpose = book(patient, kind, TEN + timedelta(hours=9), provider=provider.pk, overbook_reason="Evening", **lee)
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
    assert ("We cannot keep this time." in page, "I will be there" in page) == (True, False)
    answer = browser.post(f"{HOME}{made.pk}/will-come/", {"version": 1}, follow=True).content.decode()
    assert "wait for our call" in answer
    assert refreshed(made).confirmed_at is None


def test_of_a_time_that_is_closed_no_page_says_that_it_takes_place(
    patient: Lead, kind: AppointmentType, tuesday: datetime
) -> None:
    browser = browser_of(patient)
    made = book_online(browser, kind, tuesday)
    for path in (HOME, f"{HOME}{made.pk}/"):
        assert "By telephone: we call you." in browser.get(path).content.decode()
    Appointment.objects.update(rebook_since=NOW)
    for path in (HOME, f"{HOME}{made.pk}/"):
        page = browser.get(path).content.decode()
        assert ("We cannot keep this time." in page, "By telephone: we call you." in page) == (True, False)


# --- Who hears of it -------------------------------------------------------------------------------------------------


def calls() -> list[str]:
    with mock.patch.object(clock, "now", timezone.now):  # PostgreSQL's does not travel
        periodic.call_closed()
    return [task.title for task in Task.objects.open().filter(title__contains="cannot be kept")]


@pytest.mark.usefixtures("then")
def test_whoever_would_set_out_soon_is_called(patient: Lead, kind: AppointmentType, provider: Resource) -> None:
    """TEN is tomorrow morning; the other one is in a week."""
    book(patient, kind)
    casey = as_staff(make_user("coordinator", email="c@example.org"))
    book(patient, kind, TEN + timedelta(days=7), **casey)
    snow = close(provider, FIRST, FIRST + timedelta(days=7))
    assert rebooking.flag(snow) == 2
    assert calls() == ["Tell by telephone: Tue, Dec 1, 10:00 AM cannot be kept"]
    snow.delete()
    assert (rebooking.unflag_all(), calls()) == (2, [])
    assert rebooking.flag(close(provider, FIRST)) == 1
    assert len(calls()) == 1  # closed once more: once more a call


def test_a_closing_far_ahead_makes_its_call_when_the_day_comes(
    patient: Lead, kind: AppointmentType, provider: Resource
) -> None:
    with time_machine.travel(NOW - timedelta(days=5), tick=True):
        book(patient, kind)
        rebooking.flag(close(provider, FIRST))
        assert calls() == []
    with time_machine.travel(NOW, tick=True):
        assert len(calls()) == 1


@pytest.mark.usefixtures("then")
def test_what_was_to_be_told_besides_is_still_to_be_told(
    center: Location, kind: AppointmentType, provider: Resource
) -> None:
    book(make_patient(center, email=""), kind)
    leave = close(provider, FIRST)
    rebooking.flag(leave)
    leave.delete()
    assert rebooking.unflag_all() == 1
    assert Task.objects.open().filter(title__startswith="Tell by telephone: appointment booked").count() == 1


@pytest.mark.usefixtures("then")
def test_nobody_misses_a_time_that_we_closed(
    patient: Lead, kind: AppointmentType, provider: Resource, coordinator: User
) -> None:
    made = book(patient, kind)
    rebooking.flag(close(provider, FIRST))
    with pytest.raises(BookingRefused, match="nobody missed it"):
        attendance.set_status(made, to=Status.NOSHOW, by=coordinator, now=TEN + timedelta(hours=1))


@pytest.mark.usefixtures("then")
def test_with_another_time_nobody_is_called_any_more(
    patient: Lead, kind: AppointmentType, provider: Resource, coordinator: User
) -> None:
    made = book(patient, kind)
    rebooking.flag(close(provider, FIRST))
    assert len(calls()) == 1
    later = TEN + timedelta(days=2)
    changing.reschedule(made, start=later, version=1, held_by="", by=coordinator, now=NOW)
    assert calls() == []


def test_what_was_not_solved_in_time_waits_on(
    desk: Client, patient: Lead, kind: AppointmentType, tuesday: datetime, coordinator: User
) -> None:
    made = booking.book(wish(patient, kind, tuesday, **as_staff(coordinator)), now=timezone.now())
    past = timezone.now() - timedelta(minutes=5)
    Appointment.objects.update(starts_at=past, ends_at=past + timedelta(minutes=30), rebook_since=past)
    assert patient.full_name in desk.get("/admin/rebooking/").content.decode()
    assert rebooking.unflag_all() == 0
    times = desk.get(f"/admin/rebooking/{made.pk}/").content.decode()
    start = re.search(r'name="start" value="([^"]+)"', times)
    assert start
    desk.post(
        f"/admin/crm/lead/{patient.pk}/appointments/{made.pk}/move/",
        {"start": start[1], "version": 1, "back": "rebooking"},
    )
    assert patient.full_name not in desk.get("/admin/rebooking/").content.decode()


def test_nobody_is_offered_a_call_who_asked_for_none(
    desk: Client, patient: Lead, kind: AppointmentType, tuesday: datetime, coordinator: User
) -> None:
    booking.book(wish(patient, kind, tuesday, **as_staff(coordinator)), now=timezone.now())
    Appointment.objects.update(rebook_since=timezone.now())
    assert "tel:" in desk.get("/admin/rebooking/").text
    Lead.objects.update(do_not_call=True)
    page = desk.get("/admin/rebooking/").text
    assert ("tel:" in page, "asked not to be called" in page) == (False, True)


def test_another_time_is_with_whom_the_press_names(
    desk: Client, patient: Lead, provider: Resource, center: Location, tuesday: datetime, coordinator: User
) -> None:
    riley = make_resource(center, name="Dr. Riley", position=5)
    kind = make_kind(provider, riley)
    wanted = wish(patient, kind, tuesday, provider=riley.pk, **as_staff(coordinator))
    made = booking.book(wanted, now=timezone.now())
    Appointment.objects.update(rebook_since=timezone.now())
    times = desk.get(f"/admin/rebooking/{made.pk}/").content.decode()
    form = re.findall(r"<form.*?</form>", times, re.DOTALL)[0]
    sent = dict(re.findall(r'name="(start|provider|version|back)" value="([^"]+)"', form))
    page = desk.post(f"/admin/crm/lead/{patient.pk}/appointments/{made.pk}/move/", sent, follow=True)
    made.refresh_from_db()
    assert made.provider.name in form
    assert made.provider.name in page.content.decode()


def test_the_front_desk_reads_that_a_time_cannot_be_kept(
    desk: Client, patient: Lead, kind: AppointmentType, tuesday: datetime, coordinator: User
) -> None:
    booking.book(wish(patient, kind, tuesday, **as_staff(coordinator)), now=timezone.now())
    soon = timezone.now() + timedelta(seconds=1)
    Appointment.objects.update(starts_at=soon, ends_at=soon + timedelta(minutes=30), rebook_since=timezone.now())
    page = desk.get("/admin/front-desk/").content.decode()
    assert ("cannot be kept" in page, "Will come" in page) == (True, False)
    day = soon.astimezone(patient.location.zone)
    agenda = f"/admin/calendar/agenda/{Appointment.objects.get().provider_id}/?day={day:%Y-%m-%d}"
    assert "Needs another time" in desk.get(agenda).content.decode()


def test_the_calendar_says_why_it_is_closed(desk: Client, provider: Resource, tuesday: datetime) -> None:
    close(provider, tuesday.date(), reason="Congress")
    assert "Congress" in desk.get(f"/admin/calendar/?day={tuesday:%Y-%m-%d}").content.decode()
    after = tuesday + timedelta(days=1)
    assert "Congress" not in desk.get(f"/admin/calendar/?day={after:%Y-%m-%d}").content.decode()


@pytest.mark.usefixtures("then")
def test_who_moves_away_while_a_leave_is_entered_is_not_marked(
    patient: Lead, kind: AppointmentType, provider: Resource, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = book(patient, kind)
    changing.reschedule(read, start=TEN + timedelta(days=2), version=1, held_by="", by=None, now=NOW)
    monkeypatch.setattr(rebooking, "_near", lambda _leave: [read])
    assert rebooking.flag(close(provider, FIRST)) == 0
    made = Appointment.objects.select_related("topic").get()
    assert (made.rebook_since, made.topic.live) == (None, True)
