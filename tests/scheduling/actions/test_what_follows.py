"""What an appointment does to everything around it: the stage, sequences, tasks and mails, also under a safety hold."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from crm.enums.leads import EnrollmentState, Event, Outcome, Stage
from crm.followups import conditions
from crm.leads import actions as leads
from crm.leads import events
from crm.models import Enrollment, Lead, Location, Message, Task, User
from crm.sequences.shipped_definitions import shipped
from intake.models import Assessment
from scheduling import periodic
from scheduling.actions import attendance, booking, changing, waitlist
from scheduling.actions.errors import BookingRefused
from scheduling.calendars import fhir
from scheduling.enums import CancelReason, Mode, Status
from scheduling.models import Appointment, AppointmentType, Resource
from tests.factories import make_location, make_user
from tests.scheduling.actions.test_offered import judged, reminders_of
from tests.scheduling.browsing import HOME, browser_of, hold
from tests.scheduling.browsing import book as book_online
from tests.scheduling.factories import HALF_HOUR, NOW, TEN, as_staff, book, make_kind, make_patient, make_resource, wish

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


# --- Under a safety hold ---------------------------------------------------------------------------------------------


@pytest.fixture
def held(patient: Lead, kind: AppointmentType, tuesday: datetime, coordinator: User) -> Appointment:
    """Booked, and then something worrying was told."""
    made = booking.book(wish(patient, kind, tuesday, **as_staff(coordinator)), now=timezone.now())
    leads.record_outcome(patient, safety_hold=True)
    return made


def test_a_patient_cancels_under_a_hold(held: Appointment) -> None:
    answer = browser_of(held.lead).post(f"{HOME}{held.pk}/cancel/", {"version": 1, "reason": "better"})
    held.refresh_from_db()
    assert (answer.status_code, held.status) == (302, Status.CANCELLED)
    assert Lead.objects.get(pk=held.lead_id).stage == Stage.BOOKING


def test_the_desk_cancels_under_a_hold(desk: Client, held: Appointment) -> None:
    where = f"/admin/crm/lead/{held.lead_id}/appointments/{held.pk}/cancel/"
    assert desk.post(where, {"version": 1, "reason": "away"}).status_code == 302
    held.refresh_from_db()
    assert held.status == Status.CANCELLED


def test_a_no_show_under_a_hold_and_back(held: Appointment, coordinator: User) -> None:
    for to, stage in ((Status.NOSHOW, Stage.BOOKING), (Status.ARRIVED, Stage.BOOKING)):
        attendance.set_status(held, to=to, by=coordinator, now=held.starts_at)
        assert Lead.objects.get(pk=held.lead_id).stage == stage


# --- Who did not come ------------------------------------------------------------------------------------------------


def live() -> list[str]:
    return list(Enrollment.objects.filter(state=EnrollmentState.LIVE).values_list("key", flat=True))


@pytest.mark.parametrize("is_consultation", [True, False])
def test_a_no_show_begins_its_sequence_and_coming_after_all_ends_it(
    patient: Lead, provider: Resource, coordinator: User, is_consultation: bool
) -> None:
    made = book(patient, make_kind(provider, is_consultation=is_consultation))
    attendance.set_status(made, to=Status.NOSHOW, by=coordinator, now=TEN)
    assert live() == ["no_show"]
    attendance.set_status(made, to=Status.ARRIVED, by=coordinator, now=TEN + HALF_HOUR)
    assert live() == []


@pytest.mark.usefixtures("then")
def test_a_new_time_ends_the_sequence_of_a_no_show(patient: Lead, provider: Resource, coordinator: User) -> None:
    kind = make_kind(provider, is_consultation=False)
    attendance.set_status(book(patient, kind), to=Status.NOSHOW, by=coordinator, now=TEN)
    booking.book(wish(patient, kind, TEN + DAY), now=TEN + 2 * HALF_HOUR)
    assert live() == []


def test_who_misses_a_second_time_is_in_no_sequence(patient: Lead, kind: AppointmentType, coordinator: User) -> None:
    for n in range(2):
        made = booking.book(wish(patient, kind, TEN + n * DAY), now=TEN - DAY + n * DAY)
        Enrollment.objects.all().delete()
        attendance.set_status(made, to=Status.NOSHOW, by=coordinator, now=made.starts_at)
    assert not Enrollment.objects.filter(key="no_show").exists()


def test_who_was_not_seen_after_all_is_thanked_for_nothing(
    patient: Lead, kind: AppointmentType, coordinator: User
) -> None:
    made = book(patient, kind)
    attendance.set_status(made, to=Status.FULFILLED, by=coordinator, now=TEN + HALF_HOUR)
    assert "post_consult" in live()
    attendance.set_status(made, to=Status.NOSHOW, by=coordinator, now=TEN + 2 * HALF_HOUR)
    assert "post_consult" not in live()
    assert Task.objects.open().filter(title__startswith="Was not seen after all").count() == 1


def test_who_was_seen_before_stays_seen(patient: Lead, provider: Resource, coordinator: User) -> None:
    first, second = make_kind(provider), make_kind(provider)
    attendance.set_status(book(patient, first), to=Status.FULFILLED, by=coordinator, now=TEN + HALF_HOUR)
    again = book(patient, second, TEN + DAY)
    attendance.set_status(again, to=Status.NOSHOW, by=coordinator, now=TEN + 2 * DAY)
    assert "post_consult" in live()


def test_who_misses_another_one_was_seen_all_the_same(patient: Lead, provider: Resource, coordinator: User) -> None:
    attendance.set_status(book(patient, make_kind(provider)), to=Status.FULFILLED, by=coordinator, now=TEN + HALF_HOUR)
    again = book(patient, make_kind(provider), TEN + DAY)
    attendance.set_status(again, to=Status.NOSHOW, by=coordinator, now=TEN + 2 * DAY)
    assert not Task.objects.filter(title__startswith="Was not seen after all").exists()


def test_who_was_seen_after_all_leaves_nothing_to_decide(
    patient: Lead, kind: AppointmentType, coordinator: User
) -> None:
    made = book(patient, kind)
    for to in (Status.FULFILLED, Status.NOSHOW, Status.ARRIVED):
        attendance.set_status(made, to=to, by=coordinator, now=TEN + HALF_HOUR)
    assert not Task.objects.open().filter(title__startswith="Was not seen after all").exists()


def test_a_move_puts_nobody_in_two_places(patient: Lead, provider: Resource, center: Location) -> None:
    book(patient, make_kind(provider, label="First"))
    other = book(patient, make_kind(make_resource(center, name="Dr. Other")), TEN + 4 * HALF_HOUR)
    with pytest.raises(BookingRefused, match="another appointment at that time"):
        changing.reschedule(other, start=TEN, version=1, held_by="", by=None, now=NOW)
    with pytest.raises(BookingRefused, match="another appointment at that time"):
        booking.hold(wish(patient, other.kind, TEN, moving=other), now=NOW)


def test_every_condition_of_a_shipped_sequence_is_known() -> None:
    """A name that nobody knows never holds: its sequence would not begin, or never end."""
    used = {name for one in shipped() for name in (*one.when, *one.stops)}
    assert used - conditions.known() == set(), (
        "crm/sequences/shipped/ names conditions that are neither in CONDITIONS of crm/followups/conditions.py nor "
        "hung in with registry.condition (CONTRIBUTING.md, “A condition”)"
    )


# --- What came of it -------------------------------------------------------------------------------------------------


def test_nothing_takes_place_before_its_time(patient: Lead, kind: AppointmentType, coordinator: User) -> None:
    made = book(patient, kind)
    with pytest.raises(BookingRefused, match="still to come"):
        attendance.set_status(made, to=Status.FULFILLED, by=coordinator, now=NOW)


def test_a_wrong_press_is_corrected_on_another_day(patient: Lead, kind: AppointmentType, coordinator: User) -> None:
    made = book(patient, kind)
    attendance.set_status(made, to=Status.FULFILLED, by=coordinator, now=TEN)
    attendance.set_status(made, to=Status.NOSHOW, by=coordinator, now=TEN + DAY)
    made.refresh_from_db()
    assert made.status == Status.NOSHOW


def test_nobody_is_over_booked_in_the_past_or_with_a_stranger(
    patient: Lead, kind: AppointmentType, provider: Resource, center: Location
) -> None:
    lee = as_staff(make_user("lead_coordinator", email="lee@example.org"))
    with pytest.raises(BookingRefused, match="past"):
        book(patient, kind, NOW - DAY, provider=provider.pk, overbook_reason="x", **lee)
    Resource.objects.update(location=make_location(name="Harbor Center", position=9))
    with pytest.raises(BookingRefused, match="location"):
        book(patient, kind, TEN, provider=provider.pk, overbook_reason="x", **lee)


def test_minutes_are_those_of_the_appointment(patient: Lead, kind: AppointmentType) -> None:
    book(patient, kind)
    AppointmentType.objects.update(duration=60)
    made = Appointment.objects.select_related("kind", "provider", "room", "location").get()
    assert fhir.as_resource(made)["minutesDuration"] == 30


# --- Calls and estimates ---------------------------------------------------------------------------------------------


def not_confirmed() -> int:
    periodic.call_unconfirmed()
    return Task.objects.open().filter(title__startswith="Not confirmed").count()


@pytest.fixture
def soon(patient: Lead, kind: AppointmentType, tuesday: datetime, coordinator: User) -> Appointment:
    """In 29 hours, booked days ago."""
    made = booking.book(wish(patient, kind, tuesday, **as_staff(coordinator)), now=timezone.now())
    start = timezone.now() + timedelta(hours=29)
    Appointment.objects.update(agreed_at=start - 5 * DAY, starts_at=start, ends_at=start + HALF_HOUR)
    made.refresh_from_db()
    return made


def test_whoever_confirms_is_not_called(soon: Appointment) -> None:
    assert not_confirmed() == 1
    attendance.confirm(soon, version=1, now=timezone.now())
    assert not_confirmed() == 0


def test_whoever_cancels_or_moves_is_not_called(soon: Appointment, coordinator: User, tuesday: datetime) -> None:
    now = timezone.now()
    assert not_confirmed() == 1
    moved = changing.reschedule(soon, start=tuesday, version=1, held_by="", by=coordinator, now=now)
    assert not_confirmed() == 0
    Appointment.objects.update(starts_at=now + timedelta(hours=20), ends_at=now + timedelta(hours=21))
    assert not_confirmed() == 0  # moved a moment ago
    Appointment.objects.update(agreed_at=now - 5 * DAY)
    assert not_confirmed() == 1
    changing.cancel(moved, version=2, reason=CancelReason.AWAY, by=coordinator, now=now)
    assert not_confirmed() == 0


def test_who_is_here_is_not_called_about_it(center: Location, kind: AppointmentType, coordinator: User) -> None:
    made = book(make_patient(center, email=""), kind)
    assert Task.objects.open().filter(title__startswith="Tell by telephone").count() == 1
    attendance.set_status(made, to=Status.ARRIVED, by=coordinator, now=TEN)
    assert not Task.objects.open().filter(title__startswith="Tell by telephone").exists()


def test_who_says_later_that_they_pay_alone_gets_an_estimate(patient: Lead, kind: AppointmentType) -> None:
    book(patient, kind, TEN + 14 * DAY)
    assert not Task.objects.filter(kind="estimate").exists()
    told = {"snapshot": {}, "evaluated": [], "reasons": [], "groups": [], "span_days": 0}
    Assessment.objects.create(lead=patient, at=NOW, outcome="CONSULT_LIKELY", rule="R11", flags=["self_pay"], **told)
    for _ in range(2):
        events.announce(patient, Event.ANSWERED, now=NOW)
    assert Task.objects.open().filter(kind="estimate").count() == 1


@pytest.mark.parametrize(("reason", "words"), [("closed", "had to cancel"), ("time", "is free again")])
def test_a_cancellation_says_whose_it_was(
    patient: Lead, kind: AppointmentType, coordinator: User, reason: str, words: str
) -> None:
    changing.cancel(book(patient, kind), version=1, reason=CancelReason(reason), by=coordinator, now=NOW)
    mail = Message.objects.get(name="appointment_cancelled")
    assert (words in mail.text, words in mail.html) == (True, True)


@pytest.mark.parametrize("about", [{"safety_hold": True}, {"outcome": Outcome.URGENT}])
def test_a_cancellation_invites_nobody_to_choose_who_may_not(
    patient: Lead, provider: Resource, coordinator: User, about: dict[str, Any]
) -> None:
    kind = make_kind(provider, self_book=[Outcome.URGENT, Outcome.CONSULT_LIKELY])
    made = book(patient, kind)
    Lead.objects.filter(pk=patient.pk).update(**about)
    made.lead.refresh_from_db()
    changing.cancel(made, version=1, reason=CancelReason.CLOSED, by=coordinator, now=NOW)
    mail = Message.objects.get(name="appointment_cancelled")
    assert "choose another time" not in mail.text
    assert "Please call us for another time" in mail.text


def test_an_estimate_follows_the_appointment(patient: Lead, kind: AppointmentType) -> None:
    told = {"snapshot": {}, "evaluated": [], "reasons": [], "groups": [], "span_days": 0}
    Assessment.objects.create(lead=patient, at=NOW, outcome="CONSULT_LIKELY", rule="R11", flags=["self_pay"], **told)
    made = book(patient, kind)
    assert not Task.objects.filter(kind="estimate").exists()  # tomorrow: too near for the rule
    made = changing.reschedule(made, start=TEN + 21 * DAY, version=1, held_by="", by=None, now=NOW)
    assert Task.objects.open().filter(kind="estimate").count() == 1
    changing.cancel(made, version=2, reason=CancelReason.COST, by=None, now=NOW)
    assert not Task.objects.open().filter(kind="estimate").exists()


# --- Holds and presses -----------------------------------------------------------------------------------------------


def test_a_hold_of_one_kind_books_no_other(patient: Lead, provider: Resource, tuesday: datetime) -> None:
    one, two = make_kind(provider, label="First"), make_kind(provider, label="Second")
    browser = browser_of(patient)
    hold(browser, one, tuesday)
    browser.post(hold(browser, two, tuesday), {"request_id": str(uuid4())})
    assert Appointment.objects.get().kind == two


def test_the_second_press_of_a_move_tells_no_failure(patient: Lead, kind: AppointmentType, tuesday: datetime) -> None:
    browser = browser_of(patient)
    made = book_online(browser, kind, tuesday)
    where = browser.post(f"{HOME}{made.pk}/move/", {"start": (tuesday + DAY).isoformat()})["Location"]
    pages = [browser.post(where, {"version": 1}, follow=True).content.decode() for _ in range(2)]
    assert ["is free again" in page for page in pages] == [False, False]
    assert "Your appointment has moved." in pages[0]


def test_the_same_time_again_is_no_move(patient: Lead, kind: AppointmentType, tuesday: datetime) -> None:
    browser = browser_of(patient)
    made = book_online(browser, kind, tuesday)
    page = browser.post(f"{HOME}{made.pk}/move/", {"start": tuesday.isoformat()}, follow=True).content.decode()
    assert ("Nothing was changed." in page, "has moved" in page) == (True, False)


def test_a_move_stays_at_the_place_of_the_appointment(patient: Lead, kind: AppointmentType, tuesday: datetime) -> None:
    browser = browser_of(patient)
    made = book_online(browser, kind, tuesday)
    Lead.objects.update(location=make_location(name="Harbor Center", position=9))
    assert browser.post(f"{HOME}{made.pk}/move/", {"start": (tuesday + DAY).isoformat()}).status_code == 302


# --- Reminders -------------------------------------------------------------------------------------------------------


def test_after_an_outage_no_two_reminders_go_together(settings: Settings, patient: Lead, kind: AppointmentType) -> None:
    settings.APPOINTMENT_REMINDER_HOURS = [8, 3]
    book(patient, kind, TEN + timedelta(days=14, hours=6))
    reminders = reminders_of(patient)
    at = reminders[-1].due_at + timedelta(minutes=5)
    assert (len(reminders), [judged(one, at) for one in reminders].count(None)) == (2, 1)


def test_reminders_follow_a_corrected_address(patient: Lead, kind: AppointmentType, coordinator: User) -> None:
    book(patient, kind, TEN + 14 * DAY)
    leads.correct_details(patient, by=coordinator, changes={"email": "new@example.org"})
    assert {mail.to_email for mail in reminders_of(patient)} == {"new@example.org"}


def test_a_confirmation_says_until_when_it_can_be_changed(center: Location, provider: Resource) -> None:
    kind = make_kind(provider, cancel_until=120, reschedule_until=240)
    book(make_patient(center, email="c@example.org"), kind)
    words = Message.objects.get(name="appointment_booked").text
    assert "until Tuesday, December 1, 6:00 a.m. (Eastern time)" in " ".join(words.split())


# --- Told on which clock ---------------------------------------------------------------------------------------------


def test_whoever_comes_is_told_the_centers_time_and_whoever_is_called_their_own(
    center: Location, provider: Resource
) -> None:
    lead = make_patient(center, email="far@example.org", timezone="America/Los_Angeles")
    visit, call = make_kind(provider, mode=Mode.ON_SITE), make_kind(provider)
    book(lead, visit)
    book(lead, call, TEN + DAY)
    subjects = Message.objects.filter(name="appointment_booked").order_by("subject").values_list("subject", flat=True)
    assert list(subjects) == [
        "Your appointment: Tuesday, December 1, 10:00 a.m. (Eastern time)",
        "Your appointment: Wednesday, December 2, 7:00 a.m. (Pacific time)",
    ]


def test_nobody_is_in_two_places_at_once(patient: Lead, provider: Resource, center: Location) -> None:
    other = make_resource(center, name="Dr. Other")
    casey = as_staff(make_user("coordinator", email="c@example.org"))
    book(patient, make_kind(provider, label="Evaluation"))
    with pytest.raises(BookingRefused, match="another appointment at that time: Evaluation"):
        book(patient, make_kind(other), **casey)
    assert book(patient, make_kind(other), TEN + HALF_HOUR, **casey).stands


# --- At the desk -----------------------------------------------------------------------------------------------------


def test_the_desk_writes_down_who_said_on_the_telephone_that_they_come(desk: Client, soon: Appointment) -> None:
    where = f"/admin/crm/lead/{soon.lead_id}/appointments/{soon.pk}/status/"
    desk.post(where, {"to": "confirmed"})
    soon.refresh_from_db()
    assert (soon.status, soon.confirmed_at is None, not_confirmed()) == (Status.BOOKED, False, 0)


def test_the_page_to_cancel_says_what_and_who_is_told(desk: Client, soon: Appointment) -> None:
    where = f"/admin/crm/lead/{soon.lead_id}/appointments/{soon.pk}/cancel/"
    page = desk.get(where).content.decode()
    assert (f"Cancel: {soon}" in page, "Keep it" in page, "gets a mail" in page) == (True, True, True)
    Lead.objects.update(email="")
    assert "a call to make is added" in desk.get(where).content.decode()


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "yesterday"])
def test_days_that_are_none_show_today(desk: Client, patient: Lead, kind: AppointmentType, day: str) -> None:
    assert desk.get(f"/admin/calendar/?view=week&day={day}").status_code == 200
    assert desk.get(f"/admin/crm/lead/{patient.pk}/appointments/book/?from={day}").status_code == 200


def test_an_offer_is_on_every_page_where_it_is_looked_for(
    patient: Lead, center: Location, kind: AppointmentType, tuesday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waitlist, "AWAKE", (0, 24))
    browser = browser_of(patient)
    early = booking.book(wish(make_patient(center, email="e@example.org"), kind, tuesday), now=timezone.now())
    made = book_online(browser, kind, tuesday + DAY)
    browser.post(f"{HOME}{made.pk}/wait/", {})
    changing.cancel(early, version=1, reason=CancelReason.TIME, by=None, now=timezone.now())
    assert waitlist.offer(now=timezone.now()) == 1
    for page in ("/my/", HOME, f"{HOME}{made.pk}/"):
        assert "An earlier time is free" in browser.get(page).content.decode()
