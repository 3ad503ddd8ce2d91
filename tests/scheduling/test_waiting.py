"""The waiting line: who is offered a time that became free, in which order, and what becomes of it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from crm.models import AccessEvent, Lead, Location, Message, Task, User
from scheduling.actions import booking, waitlist
from scheduling.enums import CancelReason, WaitState
from scheduling.errors import BookingRefused
from scheduling.models import Appointment, AppointmentType, FreedTime, WaitlistEntry
from tests.factories import make_location
from tests.scheduling.browsing import HOME, book, browser_of
from tests.scheduling.factories import make_kind, make_patient, make_resource, wish

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def test_a_freed_time_is_offered_in_turn(centre: Location, kind: AppointmentType, tuesday: datetime) -> None:
    early = booking.book(wish(make_patient(centre, email="e@example.org"), kind, tuesday), now=timezone.now())
    leads = [make_patient(centre, email=f"{n}@example.org") for n in range(3)]
    browsers = [browser_of(lead) for lead in leads]
    for n, each in enumerate(browsers):
        made = book(each, kind, tuesday + timedelta(days=1, hours=n))
        each.post(f"{HOME}{made.pk}/wait/", {})
        each.post(f"{HOME}{made.pk}/wait/", {})
    assert WaitlistEntry.objects.count() == 3
    booking.cancel(early, version=1, reason=CancelReason.TIME, by=None, now=timezone.now())
    assert [waitlist.offer(now=timezone.now()) for _ in range(2)] == [1, 0]
    first = WaitlistEntry.objects.get(state=WaitState.OFFERED)
    assert (first.lead, first.offered_start) == (leads[0], tuesday)
    assert Message.objects.filter(lead=leads[0], name="appointment_offer").count() == 1
    assert booking_refused(make_patient(centre, email="x@example.org"), kind, tuesday)

    page = browsers[0].get(HOME).content.decode()
    assert "An earlier time is free" in page
    browsers[0].post(f"{HOME}offer/{first.pk}/", {"leave": "1"})
    assert waitlist.offer(now=timezone.now()) == 1
    second = WaitlistEntry.objects.get(state=WaitState.OFFERED)
    assert second.lead == leads[1]

    late = timezone.now() - timedelta(minutes=1)
    WaitlistEntry.objects.filter(pk=second.pk).update(offered_until=late)
    assert waitlist.offer(now=timezone.now()) == 1
    third = WaitlistEntry.objects.get(state=WaitState.OFFERED)
    assert third.lead == leads[2]
    browsers[2].post(f"{HOME}offer/{third.pk}/", {"take": "1"})
    taken = Appointment.objects.get(lead=leads[2])
    third.refresh_from_db()
    assert (taken.starts_at, third.state, FreedTime.objects.count()) == (tuesday, WaitState.BOOKED, 1)


def booking_refused(lead: Lead, kind: AppointmentType, start: datetime) -> bool:
    try:
        booking.book(wish(lead, kind, start), now=timezone.now())
    except BookingRefused:
        return True
    return False


def test_whoever_cancels_waits_for_nothing_any_more(
    browser: Client, centre: Location, kind: AppointmentType, tuesday: datetime
) -> None:
    early = booking.book(wish(make_patient(centre, email="e@example.org"), kind, tuesday), now=timezone.now())
    made = book(browser, kind, tuesday + timedelta(days=1))
    browser.post(f"{HOME}{made.pk}/wait/", {})
    browser.post(f"{HOME}{made.pk}/cancel/", {"version": 1, "reason": "time"})
    booking.cancel(early, version=1, reason=CancelReason.TIME, by=None, now=timezone.now())
    assert waitlist.offer(now=timezone.now()) == 0
    assert WaitlistEntry.objects.get().state == WaitState.LEFT


def test_whoever_found_no_time_is_told_of_the_next_one_and_takes_it(
    browser: Client, patient: Lead, centre: Location, kind: AppointmentType, tuesday: datetime
) -> None:
    early = booking.book(wish(make_patient(centre, email="e@example.org"), kind, tuesday), now=timezone.now())
    choose = f"{HOME}book/{kind.key}/"
    assert "Does nothing suit you?" in browser.get(choose).content.decode()
    for _ in range(2):
        browser.post(f"{choose}wait/", {})
    entry = WaitlistEntry.objects.get()
    assert (entry.lead, entry.last_day) == (patient, None)
    assert "You are on the list" in browser.get(choose).content.decode()
    booking.cancel(early, version=1, reason=CancelReason.TIME, by=None, now=timezone.now())
    assert waitlist.offer(now=timezone.now()) == 1
    mail = Message.objects.get(lead=patient, name="appointment_offer")
    assert (mail.subject, "your present appointment" in mail.text) == ("A time is free", False)
    offered = f"{HOME}offer/{entry.pk}/"
    answers = [browser.post(offered, {"take": "1"}).status_code for _ in range(2)]
    made = Appointment.objects.get(lead=patient)
    entry.refresh_from_db()
    assert (made.starts_at, entry.state, answers) == (tuesday, WaitState.BOOKED, [302, 302])


def test_whoever_leaves_the_line_or_books_gets_no_offer(
    browser: Client, patient: Lead, centre: Location, kind: AppointmentType, tuesday: datetime
) -> None:
    others = [
        booking.book(wish(make_patient(centre, email=f"{n}@example.org"), kind, tuesday + n * HOUR), now=timezone.now())
        for n in range(2)
    ]
    browser.post(f"{HOME}book/{kind.key}/wait/", {})
    browser.post(f"{HOME}book/{kind.key}/wait/", {"leave": "1"})
    browser.post(f"{HOME}book/{kind.key}/wait/", {})
    booking.cancel(others[0], version=1, reason=CancelReason.TIME, by=None, now=timezone.now())
    assert waitlist.offer(now=timezone.now()) == 1
    book(browser, kind, tuesday + timedelta(days=1))  # another time than the one on offer, which is free again
    assert sorted(WaitlistEntry.objects.values_list("state", flat=True)) == [WaitState.BOOKED, WaitState.LEFT]
    assert not booking_refused(make_patient(centre, email="x@example.org"), kind, tuesday)
    booking.cancel(others[1], version=1, reason=CancelReason.TIME, by=None, now=timezone.now())
    assert waitlist.offer(now=timezone.now()) == 0


def test_an_offer_to_whoever_has_no_address_is_a_call(
    centre: Location, kind: AppointmentType, tuesday: datetime
) -> None:
    early = booking.book(wish(make_patient(centre, email="e@example.org"), kind, tuesday), now=timezone.now())
    phone_only = make_patient(centre, email="")
    waitlist.join(phone_only, kind, booked=None, now=timezone.now())
    booking.cancel(early, version=1, reason=CancelReason.TIME, by=None, now=timezone.now())
    assert waitlist.offer(now=timezone.now()) == 1
    assert Task.objects.get(lead=phone_only, kind="call").title.startswith("Offer by telephone: Tue, ")


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_offer_both_times(centre: Location, tuesday: datetime) -> None:
    """While one makes an offer the other waits for the line: a time that is passed over would be offered to nobody."""
    kind = make_kind(make_resource(centre), make_resource(centre, name="Other"))
    taken = [
        booking.book(
            wish(make_patient(centre, email=f"t{n}@example.org"), kind, tuesday + n * HOUR), now=timezone.now()
        )
        for n in range(2)
    ]
    for n in range(3):
        waitlist.join(make_patient(centre, email=f"{n}@example.org"), kind, booked=None, now=timezone.now())
    for made in taken:
        booking.cancel(made, version=1, reason=CancelReason.TIME, by=None, now=timezone.now())

    def sweep(_number: int) -> int:
        try:
            return waitlist.offer(now=timezone.now())
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as both:
        assert sum(both.map(sweep, range(2))) == 2
    assert set(WaitlistEntry.objects.filter(state=WaitState.OFFERED).values_list("offered_start", flat=True)) == {
        made.starts_at for made in taken
    }


def test_the_desk_sees_who_waits_at_its_own_locations(
    desk: Client, coordinator: User, centre: Location, kind: AppointmentType
) -> None:
    elsewhere = make_location(name="Harbor Center")
    coordinator.locations.add(centre)
    for name, location in (("Blake", centre), ("Robin", elsewhere)):
        lead = make_patient(location, email=f"{name}@example.org", first_name=name)
        waitlist.join(lead, kind, booked=None, now=timezone.now())
    page = desk.get("/admin/scheduling/waitlistentry/").content.decode()
    assert ("Blake" in page, "at any time" in page, "Robin" in page) == (True, True, False)
    seen = AccessEvent.objects.get(action="list")
    assert (seen.object_type, seen.object_ids) == ("lead", [Lead.objects.get(first_name="Blake").pk])
