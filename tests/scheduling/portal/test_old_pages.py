"""A page that is older than what has happened does what it showed, or nothing: at the desk and on the private page."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from crm.models import Lead, Location, User
from scheduling.actions import attendance, booking, changing, waitlist
from scheduling.enums import CancelReason, Status, WaitState
from scheduling.models import Appointment, AppointmentType, WaitlistEntry
from tests.scheduling.browsing import HOME, browser_of, hold
from tests.scheduling.factories import make_patient, wish
from tests.scheduling.portal.test_deciding import fields

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CHANGED = "changed in the meantime"


@pytest.fixture
def made(patient: Lead, kind: AppointmentType, tuesday: datetime) -> Appointment:
    return booking.book(wish(patient, kind, tuesday), now=timezone.now())


def now_is(made: Appointment) -> Appointment:
    return Appointment.objects.get(pk=made.pk)


# --- At the desk -----------------------------------------------------------------------------------------------------


def presses(desk: Client, made: Appointment, words: str) -> tuple[str, dict[str, str]]:
    """What the page beside the lead sends with one of its buttons."""
    page = desk.get(f"/admin/crm/lead/{made.lead_id}/panels/appointments/").content.decode()
    form = next(form for form in page.split("<form")[1:] if f">{words}<" in form)
    return fields(f"<form{form}", "<form")


def test_nobody_missed_a_visit_that_took_place(
    client: Client, made: Appointment, tuesday: datetime, coordinator: User
) -> None:
    with time_machine.travel(tuesday + HOUR):
        client.force_login(coordinator)
        action, sent = presses(client, made, "Did not come")
        attendance.set_status(made, to=Status.FULFILLED, by=coordinator, now=timezone.now())
        answer = client.post(action, sent, follow=True)
    assert (now_is(made).status, CHANGED in answer.content.decode()) == (Status.FULFILLED, True)


def test_who_arrived_is_not_taken_back_with_somebody_elses_mistake(
    client: Client, made: Appointment, tuesday: datetime, coordinator: User
) -> None:
    with time_machine.travel(tuesday + timedelta(minutes=5)):
        client.force_login(coordinator)
        attendance.set_status(made, to=Status.NOSHOW, by=coordinator, now=timezone.now())
        action, sent = presses(client, made, "Take it back")
        attendance.set_status(made, to=Status.ARRIVED, by=coordinator, now=timezone.now())
        client.post(action, sent)
    assert now_is(made).status == Status.ARRIVED


def test_who_will_come_says_so_of_the_time_that_was_shown(desk: Client, made: Appointment, coordinator: User) -> None:
    action, sent = presses(desk, made, "Will come")
    changing.reschedule(made, start=made.starts_at + DAY, version=1, held_by="", by=coordinator, now=timezone.now())
    answer = desk.post(action, sent, follow=True)
    assert (now_is(made).confirmed_at, CHANGED in answer.content.decode()) == (None, True)


def test_a_press_on_the_page_of_the_day_works(
    client: Client, made: Appointment, tuesday: datetime, coordinator: User
) -> None:
    with time_machine.travel(tuesday + timedelta(minutes=5)):
        client.force_login(coordinator)
        action, sent = fields(client.get("/admin/front-desk/").content.decode(), made.lead.full_name)
        client.post(action, sent)
        assert now_is(made).status == Status.ARRIVED
        attendance.set_status(made, to=Status.FULFILLED, by=coordinator, now=timezone.now())
        client.post(action, sent)
    assert now_is(made).status == Status.FULFILLED


def test_a_second_visit_is_booked_by_whoever_knows_of_the_first(
    desk: Client, patient: Lead, kind: AppointmentType, tuesday: datetime
) -> None:
    """The patient books while a coordinator has the page of times open."""
    where = f"/admin/crm/lead/{patient.pk}/appointments/book/?type={kind.key}&from={tuesday + DAY:%Y-%m-%d}"
    _action, sent = fields(desk.get(where).content.decode(), "show-first")
    booking.book(wish(patient, kind, tuesday), now=timezone.now())
    answer = desk.post(where, sent)
    page = answer.content.decode()
    assert (answer.status_code, "Somebody else has booked" in page, "Has a visit ahead" in page) == (409, True, True)
    assert Appointment.objects.count() == 1
    _action, again = fields(page, "show-first")
    assert desk.post(where, sent | {"seen": again["seen"]}).status_code == 302
    assert Appointment.objects.count() == 2


# --- On the private page ---------------------------------------------------------------------------------------------


@pytest.fixture
def two_offers(
    patient: Lead, kind: AppointmentType, center: Location, tuesday: datetime, monkeypatch: pytest.MonkeyPatch
) -> tuple[Client, str, dict[str, str]]:
    """What an old page sends: its offer has lapsed, and there is another one."""
    monkeypatch.setattr(waitlist, "AWAKE", (0, 24))
    others = [make_patient(center, email=f"{n}@example.org") for n in range(2)]
    first, second = (
        booking.book(wish(one, kind, tuesday + n * DAY), now=timezone.now()) for n, one in enumerate(others)
    )
    waitlist.join(patient, kind, booked=None, now=timezone.now())
    browser = browser_of(patient)
    changing.cancel(first, version=1, reason=CancelReason.TIME, by=None, now=timezone.now())
    assert waitlist.offer(now=timezone.now()) == 1
    action, sent = fields(browser.get(HOME).content.decode(), "A time is free")
    WaitlistEntry.objects.update(offered_until=timezone.now() - HOUR)
    waitlist.offer(now=timezone.now())
    changing.cancel(second, version=1, reason=CancelReason.TIME, by=None, now=timezone.now())
    assert waitlist.offer(now=timezone.now()) == 1
    return browser, action, sent


@pytest.mark.parametrize("press", ["take", "leave"])
def test_an_old_page_takes_and_leaves_no_other_offer_than_it_showed(
    two_offers: tuple[Client, str, dict[str, str]], press: str
) -> None:
    browser, action, sent = two_offers
    pressed = {name: value for name, value in sent.items() if name not in {"take", "leave"}} | {press: "1"}
    page = browser.post(action, pressed, follow=True).content.decode()
    assert "Another one is: look at it first." in page
    assert (Appointment.objects.filter(status="booked").count(), WaitlistEntry.objects.get().state) == (
        0,
        WaitState.OFFERED,
    )
    action, fresh = fields(page, "A time is free")
    browser.post(action, {"start": fresh["start"], press: "1"})
    assert WaitlistEntry.objects.get().state == (WaitState.BOOKED if press == "take" else WaitState.LEFT)


@pytest.mark.parametrize("since", ["taken", "lapsed"])
def test_leaving_what_is_no_longer_on_offer_gives_it_to_nobody(
    patient: Lead, kind: AppointmentType, tuesday: datetime, monkeypatch: pytest.MonkeyPatch, since: str
) -> None:
    monkeypatch.setattr(waitlist, "AWAKE", (0, 24))
    entry, browser = waitlist.join(patient, kind, booked=None, now=timezone.now()), browser_of(patient)
    waitlist.remember(kind.pk, patient.location_id, tuesday, by=None)
    assert waitlist.offer(now=timezone.now()) == 1
    action, sent = fields(browser.get(HOME).content.decode(), "A time is free")
    if since == "taken":
        browser.post(action, {"start": sent["start"], "take": "1"})
    else:
        WaitlistEntry.objects.update(offered_until=timezone.now() - HOUR)
        waitlist.offer(now=timezone.now())
    page = browser.post(action, {"start": sent["start"], "leave": "1"}, follow=True).content.decode()
    entry.refresh_from_db()
    said = "You have taken this time already." if since == "taken" else "You are no longer on the list."
    assert (said in page, "The next person gets it" in page) == (True, False)
    assert entry.state == (WaitState.BOOKED if since == "taken" else WaitState.LEFT)


def test_what_is_cancelled_is_not_called_booked(browser: Client, kind: AppointmentType, tuesday: datetime) -> None:
    """Back in the browser, and the button once more."""
    where = hold(browser, kind, tuesday)
    sent = {"request_id": str(uuid4())}
    browser.post(where, sent)
    made = Appointment.objects.get()
    browser.post(f"{HOME}{made.pk}/cancel/", {"version": 1, "reason": "time"}, follow=True)
    page = browser.post(where, sent, follow=True).content.decode()
    assert ("is booked" in page, "This appointment is cancelled." in page) == (False, True)
