"""The desk's side over HTTP: booking for a lead, calendars, the front desk, leave over bookings, calls to make."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from crm.enums.leads import Stage, TaskKind
from crm.models import Lead, Location, Task, User
from scheduling.actions import booking
from scheduling.enums import ClaimState, ResourceKind, Status
from scheduling.models import Appointment, AppointmentType, BusyCalendar, BusySpan, Resource
from tests.factories import make_lead, make_user
from tests.scheduling.factories import as_staff, make_kind, make_patient, make_resource, wish

pytestmark = pytest.mark.django_db
CALENDAR, FRONT_DESK, REBOOKING = "/admin/calendar/", "/admin/front-desk/", "/admin/rebooking/"


@pytest.fixture
def tuesday(center: Location) -> datetime:
    """Ten in the morning of a Tuesday in two weeks or so, on the center's clock."""
    today = datetime.now(UTC).astimezone(center.zone).replace(hour=10, minute=0, second=0, microsecond=0)
    return (today + timedelta(days=14 + (1 - today.weekday()) % 7)).astimezone(UTC)


def at(lead: Lead, rest: str) -> str:
    return f"/admin/crm/lead/{lead.pk}/{rest}"


def made_for(lead: Lead, kind: AppointmentType, start: datetime) -> Appointment:
    return booking.book(wish(lead, kind, start, **as_staff(make_user())), now=timezone.now())


@pytest.fixture
def made(patient: Lead, kind: AppointmentType, tuesday: datetime, coordinator: User) -> Appointment:
    return booking.book(wish(patient, kind, tuesday, **as_staff(coordinator)), now=timezone.now())


# --- Booking ---------------------------------------------------------------------------------------------------------


def test_the_desk_sees_what_is_ahead_before_it_books_once_more(
    desk: Client, patient: Lead, kind: AppointmentType, made: Appointment
) -> None:
    page = desk.get(at(patient, f"appointments/book/?type={kind.key}")).content.decode()
    assert ("Has a visit ahead already:" in page, str(made.provider) in page) == (True, True)
    Appointment.objects.update(status=Status.CANCELLED)
    assert "Has a visit ahead" not in desk.get(at(patient, f"appointments/book/?type={kind.key}")).content.decode()


def test_whoever_books_a_consultation_is_not_called_for_the_first_time(
    patient: Lead, kind: AppointmentType, tuesday: datetime
) -> None:
    for key in ("first-call:1", "step:1"):
        Task.objects.create(lead=patient, kind=TaskKind.CALL, title="Call", due_at=tuesday, key=key)
    made_for(patient, kind, tuesday)
    assert list(Task.objects.open().filter(kind=TaskKind.CALL).values_list("key", flat=True)) == ["step:1"]


def test_three_presses_from_the_lead_to_an_appointment(
    desk: Client, patient: Lead, kind: AppointmentType, coordinator: User
) -> None:
    panel = desk.get(at(patient, "panels/appointments/")).content.decode()
    address = at(patient, "appointments/book/")
    assert f'href="{address}"' in panel
    page = desk.get(f"{address}?type={kind.key}").content.decode()
    start = re.search(r'name="start" value="([^"]+)"', page)
    assert start
    request_id = str(uuid4())
    for _ in range(2):
        answer = desk.post(f"{address}?type={kind.key}", {"start": start[1], "request_id": request_id})
        assert answer["Location"] == at(patient, "change/")
    booked = Appointment.objects.get()
    assert (booked.booked_by, booked.kind, booked.starts_at) == (coordinator, kind, datetime.fromisoformat(start[1]))
    patient.refresh_from_db()
    assert patient.stage == Stage.BOOKED


def test_the_first_week_with_something_free_is_shown(desk: Client, patient: Lead, center: Location) -> None:
    late = datetime.now(UTC).date() + timedelta(days=40)
    provider = make_resource(center)
    provider.rules.update(valid_from=late)
    page = desk.get(f"{at(patient, 'appointments/book/')}?type={make_kind(provider).key}").content.decode()
    assert 'name="start"' in page


def test_what_is_taken_is_said_with_the_nearest_times(
    desk: Client, center: Location, made: Appointment, kind: AppointmentType
) -> None:
    other = make_patient(center, email="o@example.org")
    answer = desk.post(f"{at(other, 'appointments/book/')}?type={kind.key}", {"start": made.starts_at.isoformat()})
    page = answer.content.decode()
    assert (answer.status_code, "no longer free" in page, "The nearest free times" in page) == (409, True, True)


def test_over_booking_is_for_some(desk: Client, client: Client, made: Appointment, center: Location) -> None:
    other = make_patient(center, email="o@example.org")
    address = f"{at(other, 'appointments/book/')}?type={made.kind.key}"
    sent = {
        "over_start": f"{made.starts_at.astimezone(center.zone):%Y-%m-%dT%H:%M}",
        "over_provider": str(made.provider_id),
        "over_reason": "Comes from far away",
    }
    assert "Book over what is taken" not in desk.get(address).content.decode()
    assert desk.post(address, sent).status_code == 409
    client.force_login(make_user("lead_coordinator", email="lea@example.org"))
    assert "Book over what is taken" in client.get(address).content.decode()
    assert client.post(address, sent | {"over_reason": ""}).status_code == 422
    assert client.post(address, sent).status_code == 302
    extra = Appointment.objects.get(lead=other)
    assert (extra.is_extra, extra.starts_at, extra.claims.get().state) == (True, made.starts_at, ClaimState.EXTRA)


def test_what_was_typed_for_an_over_booking_is_kept(client: Client, patient: Lead, kind: AppointmentType) -> None:
    client.force_login(make_user("lead_coordinator", email="lea@example.org"))
    form = {"over_provider": kind.providers.get().pk, "over_start": "2025-03-04T10:00", "over_reason": "Far away"}
    answer = client.post(f"{at(patient, 'appointments/book/')}?type={kind.key}", form)
    page = answer.content.decode()
    assert (answer.status_code, "That time is past" in page, "Far away" in page) == (409, True, True)
    odd = client.post(f"{at(patient, 'appointments/book/')}?type={kind.key}", form | {"over_start": "0001-01-01T10:00"})
    assert odd.status_code == 422


def test_nothing_is_booked_under_a_hold(desk: Client, patient: Lead, kind: AppointmentType, tuesday: datetime) -> None:
    Lead.objects.filter(pk=patient.pk).update(safety_hold=True)
    answer = desk.post(f"{at(patient, 'appointments/book/')}?type={kind.key}", {"start": tuesday.isoformat()})
    assert (answer.status_code, "safety hold stands" in answer.content.decode()) == (409, True)
    assert not Appointment.objects.exists()


# --- Moving, cancelling, what came of it -----------------------------------------------------------------------------


def test_moving_and_cancelling(desk: Client, patient: Lead, made: Appointment) -> None:
    address = at(patient, f"appointments/{made.pk}/move/")
    assert "It stays until another time is pressed." in desk.get(address).content.decode()
    later = made.starts_at + timedelta(hours=2)
    assert desk.post(address, {"start": later.isoformat(), "version": 1}).status_code == 302
    stale = desk.post(address, {"start": made.starts_at.isoformat(), "version": 1}, follow=True)
    assert "changed in the meantime" in stale.content.decode()
    made.refresh_from_db()
    assert (made.starts_at, made.version) == (later, 2)

    cancel = at(patient, f"appointments/{made.pk}/cancel/")
    assert desk.post(cancel, {"version": 2, "reason": ""}).status_code == 422
    assert desk.post(cancel, {"version": 2, "reason": "away", "note": "Ill"}).status_code == 302
    made.refresh_from_db()
    assert (made.status, made.ended_by, made.ended_reason) == (Status.CANCELLED, "center", "away")


def test_what_is_pressed_twice_has_not_changed_in_the_meantime(desk: Client, patient: Lead, made: Appointment) -> None:
    later = made.starts_at + timedelta(hours=2)
    moves = {"start": later.isoformat(), "version": 1}
    cancels = {"version": 2, "reason": "away", "note": ""}
    for what, form, said in (("move", moves, "It is there already"), ("cancel", cancels, "It is cancelled already.")):
        address = at(patient, f"appointments/{made.pk}/{what}/")
        desk.post(address, form)
        page = desk.post(address, form, follow=True).content.decode()
        assert (said in page, "in the meantime" in page) == (True, False)
    page = desk.post(address, cancels | {"reason": "closed"}, follow=True).content.decode()
    assert "changed in the meantime" in page


def test_a_drop_in_the_calendar_is_the_same_move(
    desk: Client, patient: Lead, made: Appointment, center: Location, kind: AppointmentType
) -> None:
    day = made.starts_at.astimezone(center.zone)
    form = {
        "version": 1,
        "start": f"{day:%Y-%m-%d}T13:30",
        "provider": str(made.provider_id),
        "view": "day",
        "by": "provider",
    }
    answer = desk.post(at(patient, f"appointments/{made.pk}/move/"), form | {"calendar": f"{day:%Y-%m-%d}"})
    assert answer["Location"] == f"{CALENDAR}?day={day:%Y-%m-%d}&view=day&by=provider"
    made.refresh_from_db()
    assert made.starts_at.astimezone(center.zone).hour == 13

    booking.book(wish(make_patient(center), kind, made.starts_at - timedelta(hours=1)), now=timezone.now())
    form |= {"version": 2, "start": f"{day:%Y-%m-%d}T12:30", "calendar": f"{day:%Y-%m-%d}"}
    page = desk.post(at(patient, f"appointments/{made.pk}/move/"), form, follow=True).content.decode()
    assert "Dr. Example is taken until 1:00 PM: telephone consultation. Nothing was moved." in page
    form |= {"start": f"{day:%Y-%m-%d}T18:00"}
    page = desk.post(at(patient, f"appointments/{made.pk}/move/"), form, follow=True).content.decode()
    assert "is not offered" in page


def test_why_a_time_cannot_be_had_is_said(
    desk: Client, patient: Lead, made: Appointment, provider: Resource, center: Location
) -> None:
    day = made.starts_at.astimezone(center.zone)
    calendar = BusyCalendar.objects.create(resource=provider, url="https://example.org/x.ics")
    two = made.starts_at + timedelta(hours=4)
    BusySpan.objects.create(calendar=calendar, resource=provider, starts_at=two, ends_at=two + timedelta(hours=1))
    form = {"version": 1, "provider": str(provider.pk), "view": "day", "by": "provider", "calendar": f"{day:%Y-%m-%d}"}

    def told(start: str) -> str:
        return desk.post(
            at(patient, f"appointments/{made.pk}/move/"), form | {"start": start}, follow=True
        ).content.decode()

    assert "is busy until 3:00 PM by their own calendar" in told(f"{day:%Y-%m-%d}T14:30")
    assert "That time is past" in told("2026-01-05T10:00")


def test_a_move_can_be_into_another_room(
    desk: Client, patient: Lead, provider: Resource, center: Location, tuesday: datetime
) -> None:
    rooms = [make_resource(center, kind=ResourceKind.ROOM, name=f"Room {n}", position=n) for n in (1, 2)]
    made = made_for(patient, make_kind(provider, *rooms, needs_room=True), tuesday)
    assert made.room == rooms[0]
    address = at(patient, f"appointments/{made.pk}/move/")
    page = desk.get(f"{address}?room={rooms[1].pk}").content.decode()
    assert f"<legend>{tuesday.astimezone(center.zone):%a, %b %-d}</legend>" in page  # the week of the appointment
    assert f'name="room" value="{rooms[1].pk}"' in page
    desk.post(address, {"start": tuesday.isoformat(), "version": 1, "room": str(rooms[1].pk)})
    made.refresh_from_db()
    assert (made.room, made.starts_at) == (rooms[1], tuesday)


def test_another_leads_appointment_is_not_found(desk: Client, center: Location, made: Appointment) -> None:
    other = make_lead(location=center)
    for rest in ("move/", "cancel/", "status/"):
        assert desk.post(at(other, f"appointments/{made.pk}/{rest}"), {"to": "arrived"}).status_code == 404


def test_the_front_desk_checks_in(client: Client, patient: Lead, kind: AppointmentType, center: Location) -> None:
    client.force_login(make_user("front_desk", email="fran@example.org"))
    made = _today(patient, kind, center)
    page = client.get(FRONT_DESK).content.decode()
    assert ("Arrived" in page, patient.full_name in page) == (True, True)
    answer = client.post(at(patient, f"appointments/{made.pk}/status/"), {"to": "arrived", "back": "front-desk"})
    assert answer["Location"] == FRONT_DESK
    made.refresh_from_db()
    assert made.status == Status.ARRIVED
    part = client.get(FRONT_DESK, headers={"HX-Request": "true"}).content.decode()
    assert ("<html" in part, "Take it back" in part) == (False, True)


def _today(lead: Lead, kind: AppointmentType, center: Location) -> Appointment:
    """An appointment of today, whatever day and hour it is."""
    start = timezone.now().astimezone(center.zone).replace(hour=12, minute=0, second=0, microsecond=0)
    admin = make_user("administrator", email="root@example.org")
    provider = kind.providers.get()
    wanted = wish(lead, kind, start, **as_staff(admin), provider=provider.pk, overbook_reason="For the test")
    return booking.book(wanted, now=min(start, timezone.now()))  # what is long past is not booked
