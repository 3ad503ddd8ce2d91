"""What is said of a visit is as it is: on the center's clock, as long as it was booked, over when it is over."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from crm.models import Activity, Lead, Location, Message, User
from scheduling.actions import attendance, changing
from scheduling.actions.errors import BookingRefused
from scheduling.enums import CancelReason, ResourceKind, Status
from scheduling.models import Appointment, AppointmentType, Resource, WaitlistEntry
from tests.factories import make_user
from tests.scheduling.browsing import HOME, book, browser_of
from tests.scheduling.factories import HALF_HOUR, NOW, TEN, as_staff, make_kind, make_resource
from tests.scheduling.factories import book as booked

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


# --- Over is over ----------------------------------------------------------------------------------------------------


def test_what_is_over_is_confirmed_by_nobody(patient: Lead, kind: AppointmentType, coordinator: User) -> None:
    made = booked(patient, kind)
    for by in (None, coordinator):
        with pytest.raises(BookingRefused, match="This appointment is over"):
            attendance.confirm(made, version=1, by=by, now=TEN + HALF_HOUR)
    assert attendance.confirm(made, version=1, now=TEN + HALF_HOUR - timedelta(seconds=1)).confirmed_at


def test_an_old_page_confirms_and_awaits_nothing(patient: Lead, kind: AppointmentType, tuesday: datetime) -> None:
    made = book(browser_of(patient), kind, tuesday)
    with time_machine.travel(tuesday + 2 * DAY):
        browser = browser_of(patient)
        page = browser.post(f"{HOME}{made.pk}/will-come/", {"version": 1}, follow=True).content.decode()
        browser.post(f"{HOME}{made.pk}/wait/", {})
    made.refresh_from_db()
    assert ("This appointment is over." in page, "We expect you" in page) == (True, False)
    assert (made.confirmed_at, WaitlistEntry.objects.count()) == (None, 0)


# --- Cancelled -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "whose"),
    [
        ("unwell", "patient"),
        ("elsewhere", "patient"),
        ("other", "patient"),
        ("away", "center"),
        ("closed", "center"),
        ("ours", "center"),
    ],
)
def test_who_ended_it_follows_the_reason(
    patient: Lead, kind: AppointmentType, coordinator: User, reason: str, whose: str
) -> None:
    """A patient calls, and the desk writes it down."""
    made = changing.cancel(booked(patient, kind), version=1, reason=CancelReason(reason), by=coordinator, now=NOW)
    assert made.ended_by == whose


def test_cancel_pressed_twice_is_pressed_once(browser: Client, kind: AppointmentType, tuesday: datetime) -> None:
    made = book(browser, kind, tuesday)
    sent = {"version": 1, "reason": "time"}
    browser.post(f"{HOME}{made.pk}/cancel/", sent)
    page = browser.post(f"{HOME}{made.pk}/cancel/", sent, follow=True).content.decode()
    assert ("appointment is cancelled" in page, "changed in the meantime" in page) == (True, False)


def test_a_cancellation_from_an_older_page_is_told_of_the_change(
    browser: Client, kind: AppointmentType, tuesday: datetime, coordinator: User
) -> None:
    made = book(browser, kind, tuesday)
    now = timezone.now()
    changing.reschedule(made, start=tuesday + DAY, version=1, held_by="", by=coordinator, now=now)
    changing.cancel(made, version=2, reason=CancelReason.AWAY, by=coordinator, now=now)
    page = browser.post(f"{HOME}{made.pk}/cancel/", {"version": 1, "reason": "time"}, follow=True).content.decode()
    assert "changed in the meantime" in page


# --- One clock, as long as it was booked -----------------------------------------------------------------------------


def test_the_desk_reads_the_clock_of_the_center(
    patient: Lead, kind: AppointmentType, coordinator: User, center: Location
) -> None:
    Resource.objects.update(timezone="America/Los_Angeles")
    noon = TEN + 4 * HALF_HOUR
    made = booked(patient, kind, noon, **as_staff(coordinator))
    assert str(made).endswith("Dec 1, 2026, 12:00 PM")
    moved = changing.reschedule(made, start=noon + HALF_HOUR, version=1, held_by="", by=coordinator, now=NOW)
    assert str(moved).endswith("12:30 PM")
    lines = " ".join(Activity.objects.filter(kind="appointment").values_list("summary", flat=True))
    assert ["12:00 PM" in lines, "12:30 PM" in lines, "9:00 AM" in lines] == [True, True, False]


def test_a_visit_takes_as_long_as_it_was_booked(browser: Client, kind: AppointmentType, tuesday: datetime) -> None:
    made = book(browser, kind, tuesday)
    AppointmentType.objects.update(duration=60)
    page = browser.get(f"{HOME}{made.pk}/").content.decode()
    assert ("30 minutes, with" in page, "60 minutes" in page) == (True, False)


# --- The reason of an over-booking, and a time that we took ----------------------------------------------------------


def test_why_somebody_was_over_booked_stays_on_the_timeline(
    patient: Lead, kind: AppointmentType, provider: Resource
) -> None:
    lea = make_user("lead_coordinator", email="lea@example.org")
    made = booked(patient, kind, provider=provider.pk, overbook_reason="Comes from far away", **as_staff(lea))
    changing.reschedule(made, start=TEN + DAY, version=1, held_by="", by=lea, now=NOW)
    notes = [one.note for one in Activity.objects.filter(kind="appointment").order_by("pk")]
    assert sorted(notes) == ["Comes from far away", "Was booked over what was taken: Comes from far away"]


def test_no_deadline_binds_whose_time_we_took(
    browser: Client, patient: Lead, provider: Resource, tuesday: datetime
) -> None:
    made = book(browser, make_kind(provider, cancel_until=20 * 24 * 60, reschedule_until=20 * 24 * 60), tuesday)
    assert "cannot be changed here any more" in browser.get(f"{HOME}{made.pk}/").content.decode()
    Appointment.objects.update(rebook_since=timezone.now())
    page = browser.get(f"{HOME}{made.pk}/").content.decode()
    assert ("Choose another time" in page, "cannot be changed here" in page) == (True, False)
    now = timezone.now()
    moved = changing.reschedule(made, start=tuesday + DAY, version=1, held_by="", by=None, now=now)
    assert (moved.starts_at, moved.rebook_since, moved.status) == (tuesday + DAY, None, Status.BOOKED)


# --- Nobody is told what did not happen ------------------------------------------------------------------------------


def test_another_room_is_no_move_for_the_patient(center: Location, patient: Lead, provider: Resource) -> None:
    rooms = [make_resource(center, kind=ResourceKind.ROOM, name=f"Room {n}", position=n) for n in (1, 2)]
    made = booked(patient, make_kind(provider, *rooms, needs_room=True))
    confirmed = attendance.confirm(made, version=1, now=NOW)
    mails = set(Message.objects.values_list("pk", "state"))
    lee = make_user("coordinator", email="lee@example.org")
    moved = changing.reschedule(made, start=TEN, version=1, held_by="", by=lee, now=NOW, room=rooms[1].pk)
    moved.refresh_from_db()
    assert (moved.room, moved.version, moved.confirmed_at) == (rooms[1], 1, confirmed.confirmed_at)
    assert set(Message.objects.values_list("pk", "state")) == mails
    assert Activity.objects.filter(summary__startswith="Now in Room 2").count() == 1
    assert set(made.claims.filter(state="booked").values_list("resource", flat=True)) == {provider.pk, rooms[1].pk}


def test_another_provider_at_the_same_time_is_told(center: Location, patient: Lead, kind: AppointmentType) -> None:
    other = make_resource(center, name="Dr. Other")
    kind.providers.add(other)
    made = booked(patient, kind)
    lee = make_user("coordinator", email="lee@example.org")
    moved = changing.reschedule(made, start=TEN, version=1, held_by="", by=lee, now=NOW, provider=other.pk)
    assert (moved.provider, moved.version) == (other, 2)
    assert Message.objects.filter(topic=made.topic_id, topic_version=2, state="queued").exists()


@pytest.mark.parametrize(("deadline", "said"), [(20 * 60, True), (30 * 60, False)])
def test_nobody_is_told_a_deadline_that_is_past(
    patient: Lead, provider: Resource, coordinator: User, deadline: int, said: bool
) -> None:
    """It begins in 26 hours."""
    booked(patient, make_kind(provider, cancel_until=deadline, reschedule_until=0), **as_staff(coordinator))
    mail = Message.objects.get(name="appointment_booked")
    for text in (mail.text, mail.html):
        assert ("on your private page until" in " ".join(text.split()), "please call us. The" in text) == (
            said,
            not said,
        )
