"""The patient's pages over HTTP: choose, hold, book, move, cancel, confirm, wait; and whose they are."""

import html
import re
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from crm.enums.leads import Outcome
from crm.models import Lead, Location
from scheduling.actions import booking
from scheduling.enums import ResourceKind, Status
from scheduling.models import Appointment, AppointmentType, Claim, Resource
from tests.factories import in_their_place, make_user, tablet
from tests.scheduling.browsing import HOME, address, book, browser_of, hold, holder_of
from tests.scheduling.factories import as_staff, make_kind, make_patient, make_resource, wish

pytestmark = pytest.mark.django_db


# --- Booking ---------------------------------------------------------------------------------------------------------


def test_from_the_private_page_to_an_appointment(browser: Client, kind: AppointmentType, tuesday: datetime) -> None:
    assert "Choose a time" in browser.get("/my/").content.decode()
    assert f'href="{address(kind)}"' in browser.get(HOME).content.decode()
    page = browser.get(address(kind, tuesday)).content.decode()
    assert "10:00 a.m." in page
    where = hold(browser, kind, tuesday)
    held = browser.get(where).content.decode()
    assert "Is this right?" in held
    request_id = re.search(r'name="request_id" value="([^"]+)"', held)
    assert request_id
    answer = browser.post(where, {"request_id": request_id[1]}, follow=True)
    made = Appointment.objects.get()
    assert answer.redirect_chain[-1][0] == f"{HOME}{made.pk}/"
    assert "Your appointment is booked" in answer.content.decode()
    again = browser.post(where, {"request_id": request_id[1]}, follow=True)
    assert again.redirect_chain[-1][0] == f"{HOME}{made.pk}/"
    assert (Appointment.objects.count(), Claim.objects.count()) == (1, 1)
    assert address(kind) not in browser.get(HOME).content.decode()


def test_times_stand_on_the_patients_clock_and_the_centers_is_named(
    center: Location, kind: AppointmentType, tuesday: datetime
) -> None:
    browser = browser_of(make_patient(center, timezone="America/Los_Angeles"))
    page = browser.get(address(kind, tuesday)).content.decode()
    assert "All times are on your clock (Pacific time). The center is in Eastern time." in page
    assert "7:00 a.m." in page
    assert "6:00 a.m." in page


def test_a_time_lost_meanwhile_brings_the_nearest_ones(
    browser: Client, center: Location, kind: AppointmentType, tuesday: datetime
) -> None:
    booking.book(wish(make_patient(center, email="q@example.org"), kind, tuesday), now=timezone.now())
    answer = browser.post(address(kind), {"start": tuesday.isoformat()})
    page = answer.content.decode()
    assert (answer.status_code, "no longer free" in page, "The nearest free times" in page) == (409, True, True)
    near = re.findall(r'name="start" value="([^"]+)"', page.partition("instead")[2].partition("</section>")[0])
    assert len(near) == 3
    assert hold(browser, kind, datetime.fromisoformat(html.unescape(near[0])))


def test_a_hold_that_ended_is_said_and_nothing_is_booked(
    browser: Client, kind: AppointmentType, tuesday: datetime
) -> None:
    where = hold(browser, kind, tuesday)
    Claim.objects.update(hold_expires_at=timezone.now() - timedelta(seconds=1))
    answer = browser.post(where, {"request_id": str(uuid4())}, follow=True)
    assert "not kept for you any more" in answer.content.decode()
    assert not Appointment.objects.exists()


@pytest.mark.parametrize("sent", [{}, {"start": ""}, {"start": "tomorrow"}])
def test_what_is_no_time_is_refused(browser: Client, kind: AppointmentType, sent: dict[str, str]) -> None:
    assert browser.post(address(kind), sent).status_code == 422


@pytest.mark.parametrize("query", ["?month=x", "?month=2026-13", "?day=today", "?month=1999-01", "?month=9999-12"])
def test_a_strange_address_shows_a_month(browser: Client, kind: AppointmentType, query: str) -> None:
    assert browser.get(address(kind) + query).status_code == 200


def test_a_forged_time_is_not_held(browser: Client, kind: AppointmentType, tuesday: datetime) -> None:
    for start in (tuesday + timedelta(minutes=7), tuesday - timedelta(days=60), tuesday + timedelta(hours=12)):
        assert browser.post(address(kind), {"start": start.isoformat()}).status_code == 409
    assert not Claim.objects.exists()


# --- Whose they are --------------------------------------------------------------------------------------------------


def test_nobody_sees_anothers_appointment(
    browser: Client, center: Location, kind: AppointmentType, tuesday: datetime
) -> None:
    other = make_patient(center, email="q@example.org")
    made = booking.book(wish(other, kind, tuesday), now=timezone.now())
    for path in ("", "will-come/", "move/", "cancel/", "appointment.ics", "wait/"):
        post = browser.post(f"{HOME}{made.pk}/{path}", {"version": 1, "reason": "time"})
        assert (browser.get(f"{HOME}{made.pk}/{path}").status_code, post.status_code) in {
            (404, 404),
            (404, 405),
            (405, 404),
        }
    made.refresh_from_db()
    assert (made.status, made.confirmed_at) == (Status.BOOKED, None)


@pytest.mark.parametrize("who", ["unproven", "tablet", "staff"])
def test_only_the_patient_sees_them(patient: Lead, kind: AppointmentType, who: str, tuesday: datetime) -> None:
    if who == "unproven":
        browser = browser_of(patient, proven_at=None)
    else:
        user = make_user("coordinator", email="c@example.org")
        browser = tablet(patient, user) if who == "tablet" else in_their_place(Client(), patient, user)
    for path in (HOME, address(kind), f"{HOME}{uuid4()}/"):
        answer = browser.get(path)
        assert (answer.status_code, answer["Location"]) == (302, "/my/code/" if who == "unproven" else "/my/")
    assert browser.post(address(kind), {"start": tuesday.isoformat()}).status_code == 302
    assert not Claim.objects.exists()


def test_a_kind_that_is_booked_together_is_not_offered(
    browser: Client, provider: Resource, tuesday: datetime, patient: Lead
) -> None:
    kind = make_kind(provider, self_book=[])
    assert address(kind) not in browser.get(HOME).content.decode()
    for answer in (browser.get(address(kind)), browser.post(address(kind), {"start": tuesday.isoformat()})):
        assert (answer.status_code, answer["Location"]) == (302, HOME)
    assert not Claim.objects.exists()


def test_under_a_hold_nothing_is_offered(
    browser: Client, patient: Lead, kind: AppointmentType, tuesday: datetime
) -> None:
    where = hold(browser, kind, tuesday)
    Lead.objects.filter(pk=patient.pk).update(safety_hold=True)
    answer = browser.post(where, {"request_id": str(uuid4())}, follow=True)
    assert "Please call us first" in answer.content.decode()
    assert browser.get(address(kind))["Location"] == HOME
    assert not Appointment.objects.exists()


def test_nobody_who_is_urgent_books_alone(
    browser: Client, patient: Lead, provider: Resource, tuesday: datetime
) -> None:
    """Whatever somebody has ticked for this kind."""
    kind = make_kind(provider, self_book=[Outcome.URGENT, Outcome.CONSULT_LIKELY])
    assert address(kind) in browser.get(HOME).text
    Lead.objects.filter(pk=patient.pk).update(outcome=Outcome.URGENT)
    assert address(kind) not in browser.get(HOME).text
    assert browser.post(address(kind), {"start": tuesday.isoformat()})["Location"] == HOME
    assert not Claim.objects.exists()


def test_a_cancelled_appointment_offers_another_time_only_to_who_may_choose_one(
    browser: Client, patient: Lead, kind: AppointmentType, tuesday: datetime
) -> None:
    made = book(browser, kind, tuesday)
    Appointment.objects.update(status=Status.CANCELLED)
    assert "Choose another time" in browser.get(f"{HOME}{made.pk}/").text
    Lead.objects.filter(pk=patient.pk).update(safety_hold=True)
    assert "Choose another time" not in browser.get(f"{HOME}{made.pk}/").text


# --- Moving, cancelling, confirming ----------------------------------------------------------------------------------


def test_moving(browser: Client, kind: AppointmentType, tuesday: datetime) -> None:
    made = book(browser, kind, tuesday)
    later = tuesday + timedelta(days=1)
    page = browser.get(f"{HOME}{made.pk}/move/?month={later:%Y-%m}&day={later:%Y-%m-%d}").content.decode()
    assert "stays yours until you have confirmed another time." in page
    where = browser.post(f"{HOME}{made.pk}/move/", {"start": later.isoformat()})["Location"]
    assert "Instead of Tuesday" in browser.get(where).content.decode()
    answer = browser.post(where, {"version": 1}, follow=True)
    made.refresh_from_db()
    assert (made.starts_at, "has moved" in answer.content.decode()) == (later, True)
    stale = browser.post(f"{HOME}{made.pk}/move/", {"start": tuesday.isoformat()})["Location"]
    assert "changed in the meantime" in browser.post(stale, {"version": 1}, follow=True).content.decode()
    made.refresh_from_db()
    assert made.starts_at == later


def test_moving_onto_a_part_of_itself(browser: Client, provider: Resource, tuesday: datetime) -> None:
    kind = make_kind(provider, duration=60, step=15)
    made = book(browser, kind, tuesday)
    later = (tuesday + timedelta(minutes=15)).isoformat()
    answer = browser.post(f"{HOME}{made.pk}/move/", {"start": later}, follow=True)
    made.refresh_from_db()
    assert ("Is this right?" in answer.content.decode(), made.version) == (True, 1)  # one tap moves nothing
    browser.post(f"{HOME}{made.pk}/move/nearby/", {"start": later, "version": 1, "provider": made.provider_id})
    made.refresh_from_db()
    assert (made.starts_at, made.version) == (tuesday + timedelta(minutes=15), 2)


def test_deadlines_hold_on_the_server(browser: Client, provider: Resource, tuesday: datetime) -> None:
    kind = make_kind(provider, cancel_until=60 * 24 * 40, reschedule_until=60 * 24 * 40)
    made = book(browser, kind, tuesday)
    page = browser.get(f"{HOME}{made.pk}/").content.decode()
    assert f"{HOME}{made.pk}/move/" not in page
    answer = browser.post(f"{HOME}{made.pk}/cancel/", {"version": 1, "reason": "time"}, follow=True)
    assert "too late to change this here" in answer.content.decode()
    later = tuesday + timedelta(days=1)
    answer = browser.post(f"{HOME}{made.pk}/move/", {"start": later.isoformat()}, follow=True)
    assert "too late to change this here" in answer.content.decode()
    name, *_rest = booking.hold(
        wish(made.lead, kind, later, held_by=holder_of(browser), moving=made), now=timezone.now()
    )
    answer = browser.post(f"{HOME}{made.pk}/move/{name}/", {"version": 1}, follow=True)
    assert "too late to change this here" in answer.content.decode()
    made.refresh_from_db()
    assert (made.status, made.starts_at) == (Status.BOOKED, tuesday)


def test_cancelling_asks_why_once(browser: Client, kind: AppointmentType, tuesday: datetime) -> None:
    made = book(browser, kind, tuesday)
    asked = browser.post(f"{HOME}{made.pk}/cancel/", {"version": 1})
    assert (asked.status_code, "Choose what fits best." in asked.content.decode()) == (422, True)
    answer = browser.post(f"{HOME}{made.pk}/cancel/", {"version": 1, "reason": "better"}, follow=True)
    assert "This appointment is cancelled." in answer.content.decode()
    made.refresh_from_db()
    assert (made.status, made.ended_reason, made.ended_by) == (Status.CANCELLED, "better", "patient")
    assert address(kind) in browser.get(HOME).content.decode()


def test_saying_that_one_comes_wants_a_press(browser: Client, kind: AppointmentType, tuesday: datetime) -> None:
    made = book(browser, kind, tuesday)
    assert browser.get(f"{HOME}{made.pk}/will-come/").status_code == 405
    answer = browser.post(f"{HOME}{made.pk}/will-come/", {"version": 1}, follow=True)
    assert "You told us that you will be there." in answer.content.decode()
    made.refresh_from_db()
    assert made.confirmed_at is not None


def test_the_calendar_file(browser: Client, kind: AppointmentType, tuesday: datetime) -> None:
    made = book(browser, kind, tuesday)
    answer = browser.get(f"{HOME}{made.pk}/appointment.ics")
    text = answer.content.decode()
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert f"DTSTART:{tuesday:%Y%m%dT%H%M%SZ}" in text
    assert "SUMMARY:Appointment at Riverbend" in text
    assert "Avery" not in text


def test_a_provider_and_a_room_for_a_patient(browser: Client, center: Location, tuesday: datetime) -> None:
    room = make_resource(center, kind=ResourceKind.ROOM, name="Room 1")
    kind = make_kind(make_resource(center), room, needs_room=True)
    assert book(browser, kind, tuesday).room == room


def test_the_desk_books_what_patients_may_not(patient: Lead, provider: Resource, tuesday: datetime) -> None:
    kind, casey = make_kind(provider, self_book=[]), make_user("coordinator", email="c@example.org")
    made = booking.book(wish(patient, kind, tuesday, **as_staff(casey)), now=timezone.now())
    page = browser_of(patient).get(f"{HOME}{made.pk}/").content.decode()
    assert "I will be there" in page


def test_a_patient_chooses_with_whom(
    browser: Client, kind: AppointmentType, center: Location, tuesday: datetime
) -> None:
    other = make_resource(center, name="Dr. Other", position=9)
    kind.providers.add(other)
    page = browser.get(f"{address(kind, tuesday)}&with={other.pk}").content.decode()
    assert f'<option value="{other.pk}" selected>' in page
    assert f"with={other.pk}" in page.partition("month-nav")[2].partition("</nav>")[0]
    assert f'name="provider" value="{other.pk}"' in page
    where = browser.post(address(kind), {"start": tuesday.isoformat(), "provider": str(other.pk)})["Location"]
    browser.post(where, {"request_id": str(uuid4())})
    assert Appointment.objects.get().provider == other
