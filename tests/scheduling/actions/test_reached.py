"""Whom no mail reaches is told by telephone; and a visit has one name in calendars, whatever the sender is called."""

import re
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from crm.mail import suppression
from crm.models import Lead, Location, Message, Suppression, Task, User
from scheduling import periodic
from scheduling.actions import attendance, booking, changing, ics, waitlist
from scheduling.enums import CancelReason
from scheduling.models import Appointment, AppointmentType, WaitlistEntry
from tests.scheduling.browsing import HOME, browser_of, hold
from tests.scheduling.factories import NOW, TEN, book, make_patient, wish

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def calls(words: str) -> int:
    return Task.objects.open().filter(kind="call", title__startswith=f"{words}").count()


def bounced(lead: Lead, *, ago: timedelta = timedelta()) -> None:
    address, at = suppression.hash_of(lead.email), timezone.now() - ago
    Suppression.objects.create(address_hash=address, scope="everything", because="bounce", at=at)


def test_whose_address_has_bounced_is_called(patient: Lead, kind: AppointmentType, coordinator: User) -> None:
    made = book(patient, kind)
    assert calls("Tell by telephone") == 0
    bounced(patient)
    moved = changing.reschedule(made, start=TEN + DAY, version=1, held_by="", by=coordinator, now=NOW)
    assert calls("Tell by telephone: appointment moved to") == 1
    changing.cancel(moved, version=2, reason=CancelReason.TIME, by=coordinator, now=NOW)
    assert calls("Tell by telephone: appointment cancelled") == 1


def test_whose_address_has_bounced_before_is_called_about_a_booking(patient: Lead, kind: AppointmentType) -> None:
    bounced(patient)
    book(patient, kind)
    assert calls("Tell by telephone: appointment booked for") == 1


def test_who_is_reached_in_no_way_is_told_by_nobody_on_the_telephone(
    patient: Lead, kind: AppointmentType, tuesday: datetime
) -> None:
    Lead.objects.update(do_not_call=True)
    patient.refresh_from_db()
    bounced(patient)
    page = browser_of(patient).post(f"{HOME}book/{kind.key}/wait/", {}, follow=True).content.decode()
    assert ("We call you when" in page, "we tell you when a time becomes free" in page) == (False, True)
    booking.book(wish(patient, kind, tuesday), now=timezone.now())
    found = Task.objects.open().filter(title__contains="appointment booked for")
    assert [task.kind for task in found] == ["other"]


def test_whose_time_we_cannot_keep_waits_for_no_call_that_nobody_makes(
    patient: Lead, kind: AppointmentType, tuesday: datetime
) -> None:
    made, browser = booking.book(wish(patient, kind, tuesday), now=timezone.now()), browser_of(patient)
    Appointment.objects.update(rebook_since=timezone.now())
    for do_not_call in (False, True):
        Lead.objects.update(do_not_call=do_not_call)
        pages = [browser.get(where).content.decode() for where in ("/my/", HOME, f"{HOME}{made.pk}/")]
        pages += [browser.post(f"{HOME}{made.pk}/will-come/", {"version": 1}, follow=True).content.decode()]
        assert ["or wait for our call" in page for page in pages] == [not do_not_call] * 4
        assert ["or wait until we write to you" in page for page in pages] == [do_not_call] * 4


@pytest.mark.parametrize("is_reached", [True, False])
def test_only_whom_mail_reaches_is_promised_one(
    patient: Lead, kind: AppointmentType, tuesday: datetime, is_reached: bool
) -> None:
    if not is_reached:
        bounced(patient)
    browser = browser_of(patient)
    where = hold(browser, kind, tuesday)
    page = browser.post(where, {"request_id": str(uuid4())}, follow=True).content.decode()
    assert ("Your appointment is booked." in page, "You will get an e-mail" in page) == (True, is_reached)


def test_the_stop_of_another_person_is_theirs(patient: Lead, kind: AppointmentType) -> None:
    address = suppression.hash_of(patient.email)
    other = make_patient(patient.location, email="z@example.org")
    Suppression.objects.create(address_hash=address, scope="everything", because="bounce", lead_ref=other.pk)
    book(patient, kind)
    assert calls("Tell by telephone") == 0


@pytest.mark.usefixtures("then")
def test_the_page_to_cancel_says_that_no_mail_reaches_them(desk: Client, patient: Lead, kind: AppointmentType) -> None:
    made = book(patient, kind)
    where = f"/admin/crm/lead/{made.lead_id}/appointments/{made.pk}/cancel/"
    assert "gets a mail" in desk.get(where).content.decode()
    bounced(patient)
    page = desk.get(where).content.decode()
    assert ("gets a mail" in page, "No mail reaches the patient: a call to make" in page) == (False, True)
    Lead.objects.update(do_not_call=True)
    page = desk.get(where).content.decode()
    assert ("a call to make" in page, "no calls are wanted" in page) == (False, True)


def test_whose_reminder_was_held_back_is_called_once(
    patient: Lead, kind: AppointmentType, tuesday: datetime, coordinator: User
) -> None:
    made = booking.book(wish(patient, kind, tuesday), now=timezone.now())
    assert (periodic.call_unconfirmed(), calls("Not confirmed")) == (0, 0)
    first = Message.objects.filter(name="appointment_reminder").order_by("due_at")[:1]
    Message.objects.filter(pk__in=first).update(state="suppressed", finished_at=timezone.now())
    for _minute in range(2):
        periodic.call_unconfirmed()
    assert calls("Not confirmed") == 1
    attendance.confirm(made, version=1, by=coordinator, now=timezone.now())
    assert (periodic.call_unconfirmed(), calls("Not confirmed")) == (0, 0)


def test_what_was_held_back_of_another_time_calls_nobody(
    patient: Lead, kind: AppointmentType, tuesday: datetime, coordinator: User
) -> None:
    made, now = booking.book(wish(patient, kind, tuesday), now=timezone.now()), timezone.now()
    Message.objects.filter(name="appointment_reminder").update(state="suppressed", finished_at=now)
    changing.reschedule(made, start=tuesday + DAY, version=1, held_by="", by=coordinator, now=now)
    assert (periodic.call_unconfirmed(), calls("Not confirmed")) == (0, 0)


@pytest.mark.parametrize("ago", [timedelta(), 31 * DAY])
def test_an_offer_that_no_mail_brings_is_a_call(
    patient: Lead, center: Location, kind: AppointmentType, monkeypatch: pytest.MonkeyPatch, ago: timedelta
) -> None:
    """Nor does one after a month, when answers to what they do themselves are tried again."""
    monkeypatch.setattr(waitlist, "AWAKE", (0, 24))
    start = timezone.now().astimezone(center.zone).replace(hour=10, minute=0, second=0, microsecond=0)
    start += timedelta(days=14 + (1 - start.weekday()) % 7)
    other = make_patient(center, email="e@example.org")
    early = booking.book(wish(other, kind, start), now=timezone.now())
    bounced(patient, ago=ago)
    answer = browser_of(patient).post(f"{HOME}book/{kind.key}/wait/", {}, follow=True).content.decode()
    assert "We call you when a time becomes free" in answer
    changing.cancel(early, version=1, reason=CancelReason.TIME, by=None, now=timezone.now())
    assert (waitlist.offer(now=timezone.now()), calls("Offer by telephone")) == (1, 1)
    assert (WaitlistEntry.objects.get().state, Message.objects.filter(name="appointment_offer").count()) == (
        "offered",
        0,
    )


def test_a_visit_has_one_name_in_calendars_whatever_the_sender_is_called(
    patient: Lead, kind: AppointmentType, coordinator: User
) -> None:
    made = book(patient, kind)
    Location.objects.update(sender_email="hello@newname.example.org")
    moved = changing.reschedule(made, start=TEN + DAY, version=1, held_by="", by=coordinator, now=NOW)
    changing.cancel(moved, version=2, reason=CancelReason.TIME, by=coordinator, now=NOW)
    files = [mail.calendar for mail in Message.objects.filter(topic=made.topic_id).exclude(calendar="")]
    fresh = Appointment.objects.select_related("kind", "location", "lead").get()
    files += [ics.published([fresh], name="Dr. Example", now=NOW)]
    names = {re.search(r"UID:(.+)", text).group(1).strip() for text in files}  # type: ignore[union-attr]
    assert (len(files) > 2, names) == (True, {str(made.pk)})
