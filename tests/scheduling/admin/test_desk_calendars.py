"""The desk's calendars: columns, closed times, and what stands in them by the clock."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from crm.enums.leads import TaskKind
from crm.models import AccessEvent, Lead, Location, Task, User
from scheduling import periodic
from scheduling.actions import booking, rebooking
from scheduling.enums import ResourceKind, Status
from scheduling.models import Appointment, AppointmentType, Claim, Resource, ScheduleException
from tests.factories import make_location, make_user
from tests.scheduling.admin.test_desk_appointments import CALENDAR, FRONT_DESK, REBOOKING, _today, at, made_for
from tests.scheduling.factories import as_staff, make_kind, make_patient, make_resource, wish

pytestmark = pytest.mark.django_db


@pytest.fixture
def tuesday(center: Location) -> datetime:
    """Ten in the morning of a Tuesday in two weeks or so, on the center's clock."""
    today = datetime.now(UTC).astimezone(center.zone).replace(hour=10, minute=0, second=0, microsecond=0)
    return (today + timedelta(days=14 + (1 - today.weekday()) % 7)).astimezone(UTC)


@pytest.fixture
def made(patient: Lead, kind: AppointmentType, tuesday: datetime, coordinator: User) -> Appointment:
    return booking.book(wish(patient, kind, tuesday, **as_staff(coordinator)), now=timezone.now())


# --- Calendars -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("view", ["day", "week"])
@pytest.mark.parametrize("by", ["provider", "room"])
def test_calendars_show_who_comes_and_ask_as_much_for_three_as_for_one(
    desk: Client,
    center: Location,
    made: Appointment,
    kind: AppointmentType,
    by: str,
    view: str,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    room = make_resource(center, kind=ResourceKind.ROOM, name="Room 1")
    Appointment.objects.filter(pk=made.pk).update(room=room)
    whose = room.pk if by == "room" else made.provider_id
    address = f"{CALENDAR}?day={made.starts_at:%Y-%m-%d}&view={view}&by={by}&resource={whose}"
    page = desk.get(address).content.decode()
    assert made.lead.full_name in page
    with django_assert_num_queries(9):
        desk.get(address)
    for n in range(2):
        made_for(make_patient(center, email=f"{n}@example.org"), kind, made.starts_at + timedelta(minutes=30 + 30 * n))
        make_resource(center, kind=by, name=f"Other {n}")
    with django_assert_num_queries(9):
        desk.get(address)
    assert AccessEvent.objects.filter(action="list").exists()


def test_columns_stand_in_their_order(desk: Client, center: Location) -> None:
    for position, name in ((2, "Aaron"), (1, "Zoe")):
        make_resource(center, name=f"Dr. {name}", position=position)
    page = desk.get(CALENDAR).content.decode()
    assert page.index("Dr. Zoe") < page.index("Dr. Aaron")


def test_an_agenda_on_paper(desk: Client, made: Appointment) -> None:
    page = desk.get(f"{CALENDAR}agenda/{made.provider_id}/?day={made.starts_at:%Y-%m-%d}").content.decode()
    assert (made.lead.full_name in page, "10:00 a.m. to 10:30 a.m." in page) == (True, True)


def test_another_locations_calendar_is_not_shown(desk: Client, coordinator: User, made: Appointment) -> None:
    elsewhere = make_location(name="Elsewhere", position=9)
    coordinator.locations.add(elsewhere)
    address = f"{CALENDAR}?day={made.starts_at:%Y-%m-%d}&location={made.location_id}"
    assert made.lead.full_name not in desk.get(address).content.decode()
    assert desk.get(f"{CALENDAR}agenda/{made.provider_id}/").status_code == 404
    assert made.lead.full_name not in desk.get(FRONT_DESK).content.decode()


@pytest.mark.parametrize("path", [CALENDAR, FRONT_DESK, REBOOKING])
def test_marketing_sees_no_calendar(client: Client, path: str, center: Location) -> None:
    client.force_login(make_user("marketing", email="mark@example.org"))
    assert client.get(path).status_code == 403


@pytest.mark.parametrize("query", ["?day=x", "?view=year", "?by=nobody", "?resource=x", "?location=x"])
def test_a_strange_address_shows_today(desk: Client, provider: Resource, query: str) -> None:
    assert desk.get(CALENDAR + query).status_code == 200


# --- Closed under a booking ------------------------------------------------------------------------------------------
def close(provider: Resource, day: date, **more: Any) -> ScheduleException:
    one = ScheduleException.objects.create(resource=provider, from_day=day, to_day=day, reason="Ill", **more)
    rebooking.flag(one)
    return one


def test_leave_over_a_booking_flags_it_until_it_has_another_time(
    desk: Client, patient: Lead, made: Appointment, provider: Resource, center: Location
) -> None:
    close(provider, made.starts_at.astimezone(center.zone).date())
    made.refresh_from_db()
    assert (made.rebook_since is not None, made.status) == (True, Status.BOOKED)
    assert "Other times to find" in desk.get("/admin/?whose=all").content.decode()
    page = desk.get(REBOOKING).content.decode()
    assert patient.full_name in page
    times = desk.get(f"{REBOOKING}{made.pk}/").content.decode()
    start = re.search(r'name="start" value="([^"]+)"', times)
    assert start
    form = {"start": start[1], "version": 1, "back": "rebooking"}
    assert desk.post(at(patient, f"appointments/{made.pk}/move/"), form)["Location"] == REBOOKING
    made.refresh_from_db()
    assert (made.rebook_since, made.topic.live) == (None, True)
    assert "every appointment lies in open time" in desk.get(REBOOKING).content.decode()


def test_a_snow_day_flags_everybody_there_and_lifting_it_frees_them(
    center: Location, made: Appointment, provider: Resource
) -> None:
    day = made.starts_at.astimezone(center.zone).date()
    snow = ScheduleException.objects.create(location=center, from_day=day, to_day=day, reason="Snow")
    assert [rebooking.flag(snow), rebooking.flag(snow)] == [1, 0]
    leave = close(provider, day)
    made.topic.refresh_from_db()
    assert not made.topic.live  # nobody is reminded of a time that is closed
    snow.delete()
    assert rebooking.unflag_all() == 0
    leave.delete()
    assert rebooking.unflag_all() == 1
    made.topic.refresh_from_db()
    assert made.topic.live


@pytest.mark.parametrize(("hours", "flagged"), [((8, 10), False), ((8, 11), True), ((10, 11), True), ((11, 12), False)])
def test_only_what_lies_under_it(
    made: Appointment, provider: Resource, center: Location, hours: tuple[int, int], flagged: bool
) -> None:
    day = made.starts_at.astimezone(center.zone).date()
    close(provider, day, from_time=time(hours[0]), to_time=time(hours[1]))
    made.refresh_from_db()
    assert (made.rebook_since is not None) is flagged


def test_an_exception_is_entered_at_the_desk(client: Client, made: Appointment, provider: Resource) -> None:
    client.force_login(make_user("lead_coordinator", email="lea@example.org"))
    day = made.starts_at.date()
    form = {"resource": str(provider.pk), "location": "", "from_day": day, "to_day": day, "reason": "Ill"}
    answer = client.post("/admin/scheduling/scheduleexception/add/", form, follow=True)
    assert "1 appointment lies under" in answer.content.decode()
    bad = client.post("/admin/scheduling/scheduleexception/add/", form | {"resource": ""})
    assert "one of the two" in bad.content.decode()


# --- By the clock ----------------------------------------------------------------------------------------------------
def test_whoever_has_not_confirmed_is_called_once(patient: Lead, kind: AppointmentType, center: Location) -> None:
    made = _today(patient, kind, center)
    soon = timezone.now() + timedelta(hours=29)
    moved = {"starts_at": soon, "ends_at": soon + timedelta(minutes=30), "agreed_at": timezone.now()}
    Appointment.objects.filter(pk=made.pk).update(**moved)
    periodic.call_unconfirmed()
    assert not Task.objects.filter(title__startswith="Not confirmed").exists()  # booked a moment ago
    Appointment.objects.update(agreed_at=timezone.now() - timedelta(days=3))
    for _ in range(2):
        periodic.call_unconfirmed()
    assert Task.objects.filter(kind=TaskKind.CALL, title__startswith="Not confirmed").count() == 1
    later = soon + timedelta(hours=2)
    other = made_for(make_patient(center, email="x@example.org"), make_kind(make_resource(center)), _slot(center))
    Appointment.objects.filter(pk=other.pk).update(starts_at=later, ends_at=later + timedelta(minutes=30))
    periodic.call_unconfirmed()
    assert Task.objects.filter(title__startswith="Not confirmed").count() == 1


def test_whoever_asked_not_to_be_called_is_not_called_to_confirm(
    patient: Lead, kind: AppointmentType, center: Location
) -> None:
    made, soon = _today(patient, kind, center), timezone.now() + timedelta(hours=29)
    moved = {
        "starts_at": soon,
        "ends_at": soon + timedelta(minutes=30),
        "agreed_at": timezone.now() - timedelta(days=3),
    }
    Appointment.objects.filter(pk=made.pk).update(**moved)
    Lead.objects.update(do_not_call=True)
    periodic.call_unconfirmed()
    assert Task.objects.get(title__contains="Not confirmed").kind == TaskKind.OTHER


def _slot(center: Location) -> datetime:
    today = datetime.now(UTC).astimezone(center.zone).replace(hour=10, minute=0, second=0, microsecond=0)
    return (today + timedelta(days=14 + (1 - today.weekday()) % 7)).astimezone(UTC)


def test_holds_that_nobody_confirmed_are_forgotten(patient: Lead, kind: AppointmentType, tuesday: datetime) -> None:
    booking.hold(wish(patient, kind, tuesday), now=timezone.now() - timedelta(hours=2))
    assert (periodic.once(), Claim.objects.count()) == (1, 0)


def test_over_booking_is_with_somebody_of_that_place(client: Client, patient: Lead, kind: AppointmentType) -> None:
    elsewhere = make_resource(make_location(name="Elsewhere", position=9))
    client.force_login(make_user("lead_coordinator", email="lea@example.org"))
    sent = {"over_start": "2027-01-05T10:00", "over_provider": str(elsewhere.pk), "over_reason": "x"}
    assert client.post(f"{at(patient, 'appointments/book/')}?type={kind.key}", sent).status_code == 422


@pytest.mark.parametrize("count", [1, 3])
def test_other_times_to_find_ask_as_much_for_three_as_for_one(
    desk: Client,
    center: Location,
    kind: AppointmentType,
    tuesday: datetime,
    count: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    staff = as_staff(make_user("coordinator", email="s@example.org"))
    for n in range(count):
        lead = make_patient(center, email=f"{n}@example.org")
        booking.book(wish(lead, kind, tuesday + timedelta(hours=n), **staff), now=timezone.now())
    Appointment.objects.update(rebook_since=timezone.now())
    desk.get(REBOOKING)
    with django_assert_num_queries(5):
        assert desk.get(REBOOKING).content.decode().count('hx-trigger="revealed') == count


def test_who_newly_appears_at_the_front_desk_is_recorded(
    desk: Client, patient: Lead, kind: AppointmentType, center: Location
) -> None:
    desk.get(FRONT_DESK)
    _today(patient, kind, center)
    before = AccessEvent.objects.count()
    for _ in range(2):
        desk.get(FRONT_DESK, headers={"HX-Request": "true"})
    assert AccessEvent.objects.count() == before + 1
    assert AccessEvent.objects.latest("at").object_ids == [patient.pk]


def test_a_leave_that_was_shortened_frees_what_it_no_longer_covers(
    client: Client, made: Appointment, provider: Resource, center: Location
) -> None:
    day = made.starts_at.astimezone(center.zone).date()
    leave = close(provider, day)
    client.force_login(make_user("lead_coordinator", email="lea@example.org"))
    later = day + timedelta(days=1)
    form = {"resource": str(provider.pk), "location": "", "from_day": later, "to_day": later, "reason": "Ill"}
    assert client.post(f"/admin/scheduling/scheduleexception/{leave.pk}/change/", form).status_code == 302
    made.refresh_from_db()
    assert made.rebook_since is None
