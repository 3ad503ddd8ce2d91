"""The waiting line: who is offered a time that became free, in which order, and what becomes of it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Event, Thread
from time import sleep
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from crm.enums.leads import LostReason, MessageState, Outcome, Stage, TaskKind
from crm.leads import actions as leads
from crm.leads import call_window
from crm.models import AccessEvent, Lead, Location, Message, Task, User
from scheduling.actions import booking, changing, mails, waitlist
from scheduling.actions.errors import BookingRefused
from scheduling.enums import CancelReason, WaitState
from scheduling.models import Appointment, AppointmentType, Claim, FreedTime, Resource, WaitlistEntry
from tests.factories import make_location
from tests.scheduling.actions.test_offered import judged
from tests.scheduling.browsing import HOME, book, browser_of
from tests.scheduling.factories import NOW, TEN, close, make_kind, make_patient, make_resource, wish

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def awake(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the hour at which this runs."""
    monkeypatch.setattr(waitlist, "AWAKE", (0, 24))


def test_a_freed_time_is_offered_in_turn(center: Location, kind: AppointmentType, tuesday: datetime) -> None:
    early = booking.book(wish(make_patient(center, email="e@example.org"), kind, tuesday), now=timezone.now())
    leads = [make_patient(center, email=f"{n}@example.org") for n in range(3)]
    browsers = [browser_of(lead) for lead in leads]
    for n, each in enumerate(browsers):
        made = book(each, kind, tuesday + timedelta(days=1, hours=n))
        each.post(f"{HOME}{made.pk}/wait/", {})
        each.post(f"{HOME}{made.pk}/wait/", {})
    assert WaitlistEntry.objects.count() == 3
    changing.cancel(early, version=1, reason=CancelReason.TIME, by=None, now=timezone.now())
    assert [waitlist.offer(now=timezone.now()) for _ in range(2)] == [1, 0]
    first = WaitlistEntry.objects.get(state=WaitState.OFFERED)
    assert (first.lead, first.offered_start) == (leads[0], tuesday)
    assert Message.objects.filter(lead=leads[0], name="appointment_offer").count() == 1
    assert booking_refused(make_patient(center, email="x@example.org"), kind, tuesday)

    page = browsers[0].get(HOME).content.decode()
    assert "An earlier time is free" in page
    Lead.objects.filter(pk=leads[0].pk).update(safety_hold=True)
    assert "An earlier time is free" not in browsers[0].get(HOME).text + browsers[0].get("/my/").text
    Lead.objects.filter(pk=leads[0].pk).update(safety_hold=False)
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
    browser: Client, center: Location, kind: AppointmentType, tuesday: datetime
) -> None:
    early = booking.book(wish(make_patient(center, email="e@example.org"), kind, tuesday), now=timezone.now())
    made = book(browser, kind, tuesday + timedelta(days=1))
    browser.post(f"{HOME}{made.pk}/wait/", {})
    browser.post(f"{HOME}{made.pk}/cancel/", {"version": 1, "reason": "time"})
    changing.cancel(early, version=1, reason=CancelReason.TIME, by=None, now=timezone.now())
    assert waitlist.offer(now=timezone.now()) == 0
    assert WaitlistEntry.objects.get().state == WaitState.LEFT


def test_whoever_found_no_time_is_told_of_the_next_one_and_takes_it(
    browser: Client, patient: Lead, center: Location, kind: AppointmentType, tuesday: datetime
) -> None:
    early = booking.book(wish(make_patient(center, email="e@example.org"), kind, tuesday), now=timezone.now())
    choose = f"{HOME}book/{kind.key}/"
    assert "Does nothing suit you?" in browser.get(choose).content.decode()
    for _ in range(2):
        browser.post(f"{choose}wait/", {})
    entry = WaitlistEntry.objects.get()
    assert (entry.lead, entry.last_day) == (patient, None)
    assert "You are on the list" in browser.get(choose).content.decode()
    changing.cancel(early, version=1, reason=CancelReason.TIME, by=None, now=timezone.now())
    assert waitlist.offer(now=timezone.now()) == 1
    mail = Message.objects.get(lead=patient, name="appointment_offer")
    assert (mail.subject, "your present appointment" in mail.text) == ("A time is free", False)
    offered = f"{HOME}offer/{entry.pk}/"
    answers = [browser.post(offered, {"take": "1"}).status_code for _ in range(2)]
    made = Appointment.objects.get(lead=patient)
    entry.refresh_from_db()
    assert (made.starts_at, entry.state, answers) == (tuesday, WaitState.BOOKED, [302, 302])


def test_whoever_leaves_the_line_or_books_gets_no_offer(
    browser: Client, patient: Lead, center: Location, kind: AppointmentType, tuesday: datetime
) -> None:
    others = [
        booking.book(wish(make_patient(center, email=f"{n}@example.org"), kind, tuesday + n * HOUR), now=timezone.now())
        for n in range(2)
    ]
    browser.post(f"{HOME}book/{kind.key}/wait/", {})
    browser.post(f"{HOME}book/{kind.key}/wait/", {"leave": "1"})
    browser.post(f"{HOME}book/{kind.key}/wait/", {})
    changing.cancel(others[0], version=1, reason=CancelReason.TIME, by=None, now=timezone.now())
    assert waitlist.offer(now=timezone.now()) == 1
    book(browser, kind, tuesday + timedelta(days=1))  # another time than the one on offer, which is free again
    assert sorted(WaitlistEntry.objects.values_list("state", flat=True)) == [WaitState.BOOKED, WaitState.LEFT]
    assert not booking_refused(make_patient(center, email="x@example.org"), kind, tuesday)
    changing.cancel(others[1], version=1, reason=CancelReason.TIME, by=None, now=timezone.now())
    assert waitlist.offer(now=timezone.now()) == 0


def test_an_offer_to_whoever_has_no_address_is_a_call(
    center: Location, kind: AppointmentType, tuesday: datetime
) -> None:
    early = booking.book(wish(make_patient(center, email="e@example.org"), kind, tuesday), now=timezone.now())
    phone_only = make_patient(center, email="")
    waitlist.join(phone_only, kind, booked=None, now=timezone.now())
    changing.cancel(early, version=1, reason=CancelReason.TIME, by=None, now=timezone.now())
    assert waitlist.offer(now=timezone.now()) == 1
    assert Task.objects.get(lead=phone_only, kind="call").title.startswith("Offer by telephone: Tue, ")


def test_an_offer_to_whoever_asked_not_to_be_called_is_for_a_person_to_decide(
    center: Location, kind: AppointmentType, tuesday: datetime
) -> None:
    early = booking.book(wish(make_patient(center, email="e@example.org"), kind, tuesday), now=timezone.now())
    asked = make_patient(center, email="", do_not_call=True)
    waitlist.join(asked, kind, booked=None, now=timezone.now())
    changing.cancel(early, version=1, reason=CancelReason.TIME, by=None, now=timezone.now())
    assert waitlist.offer(now=timezone.now()) == 1
    assert Task.objects.get(lead=asked, kind="other").title.startswith(f"{call_window.NO_CALLS}: offer of Tue, ")
    assert not Task.objects.filter(lead=asked, kind="call").exists()


@pytest.mark.parametrize(
    ("stage", "waits"), [(Stage.LOST, False), (Stage.IMPROVED, False), (Stage.DORMANT, True), (Stage.NURTURE, True)]
)
def test_whose_request_is_over_waits_for_no_time_and_the_next_one_is_asked(
    center: Location, kind: AppointmentType, tuesday: datetime, stage: Stage, waits: bool
) -> None:
    early = booking.book(wish(make_patient(center, email="e@example.org"), kind, tuesday), now=timezone.now())
    phone_only, behind = make_patient(center, email=""), make_patient(center, email="b@example.org")
    mine, theirs = (waitlist.join(one, kind, booked=None, now=timezone.now()) for one in (phone_only, behind))
    changing.cancel(early, version=1, reason=CancelReason.TIME, by=None, now=timezone.now())
    waitlist.offer(now=timezone.now())
    reason = LostReason.NOT_INTERESTED if stage == Stage.LOST else ""
    leads.move(phone_only, to=stage, by=None, lost_reason=reason)
    waitlist.offer(now=timezone.now())
    for entry in (mine, theirs):
        entry.refresh_from_db()
    states = (WaitState.OFFERED, WaitState.WAITING) if waits else (WaitState.LEFT, WaitState.OFFERED)
    assert (mine.state, theirs.state) == states
    assert Task.objects.open().filter(lead=phone_only, kind="call").exists() == waits


@pytest.mark.parametrize("stage", [Stage.LOST, Stage.DORMANT])
def test_a_wish_to_come_earlier_stays_with_its_visit(
    center: Location, kind: AppointmentType, tuesday: datetime, stage: Stage
) -> None:
    lead = make_patient(center)
    booked = booking.book(wish(lead, kind, tuesday), now=timezone.now())
    entry = waitlist.join(lead, kind, booked=booked, now=timezone.now())
    leads.move(lead, to=stage, by=None, lost_reason=LostReason.NOT_INTERESTED if stage == Stage.LOST else "")
    entry.refresh_from_db()
    assert entry.state == WaitState.WAITING


@pytest.mark.parametrize(("is_booked", "stays"), [(True, True), (False, False)])
def test_another_address_is_asked_for_as_long_as_a_visit_is_ahead(
    center: Location, kind: AppointmentType, tuesday: datetime, is_booked: bool, stays: bool
) -> None:
    lead = make_patient(center)
    if is_booked:
        booking.book(wish(lead, kind, tuesday), now=timezone.now())
    about = {"kind": TaskKind.MAIL_PROBLEM, "title": "No address", "due_at": timezone.now(), "key": "bounce:1"}
    task = Task.objects.create(lead=lead, **about)
    leads.move(lead, to=Stage.LOST, by=None, lost_reason=LostReason.NOT_INTERESTED)
    assert Task.objects.open().filter(pk=task.pk).exists() == stays


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_offer_both_times(center: Location, tuesday: datetime) -> None:
    """Whom one sweep is asking the other leaves for the next minute, and forgets no time over it."""
    kind = make_kind(make_resource(center))
    taken = [
        booking.book(
            wish(make_patient(center, email=f"t{n}@example.org"), kind, tuesday + n * HOUR), now=timezone.now()
        )
        for n in range(2)
    ]
    for n in range(3):
        waitlist.join(make_patient(center, email=f"{n}@example.org"), kind, booked=None, now=timezone.now())
    for made in taken:
        changing.cancel(made, version=1, reason=CancelReason.TIME, by=None, now=timezone.now())

    def sweep(_number: int) -> int:
        try:
            return waitlist.offer(now=timezone.now())
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as both:
        offers = sum(both.map(sweep, range(2)))
    assert offers + sweep(0) == 2
    offered = WaitlistEntry.objects.filter(state=WaitState.OFFERED).values_list("offered_start", flat=True)
    assert set(offered) == {one.starts_at for one in taken}


def test_the_desk_sees_who_waits_at_its_own_locations(
    desk: Client, coordinator: User, center: Location, kind: AppointmentType
) -> None:
    elsewhere = make_location(name="Harbor Center")
    coordinator.locations.add(center)
    for name, location in (("Blake", center), ("Robin", elsewhere)):
        lead = make_patient(location, email=f"{name}@example.org", first_name=name)
        waitlist.join(lead, kind, booked=None, now=timezone.now())
    page = desk.get("/admin/scheduling/waitlistentry/").content.decode()
    assert ("Blake" in page, "at any time" in page, "Robin" in page) == (True, True, False)
    seen = AccessEvent.objects.get(action="list")
    assert (seen.object_type, seen.object_ids) == ("lead", [Lead.objects.get(first_name="Blake").pk])


def test_two_seats_at_one_time_are_two_offers(center: Location, kind: AppointmentType, tuesday: datetime) -> None:
    kind.providers.add(make_resource(center, name="Dr. Other", position=2))
    early = [
        booking.book(wish(make_patient(center, email=f"e{n}@example.org"), kind, tuesday), now=timezone.now())
        for n in range(2)
    ]
    for n in range(3):
        waitlist.join(make_patient(center, email=f"{n}@example.org"), kind, booked=None, now=timezone.now())
    for one in early:
        changing.cancel(one, version=1, reason=CancelReason.TIME, by=None, now=timezone.now())
    assert waitlist.offer(now=timezone.now()) == 2


def test_in_the_night_nobody_is_asked(
    center: Location, kind: AppointmentType, tuesday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    early = booking.book(wish(make_patient(center, email="e@example.org"), kind, tuesday), now=timezone.now())
    waitlist.join(make_patient(center, email="w@example.org"), kind, booked=None, now=timezone.now())
    changing.cancel(early, version=1, reason=CancelReason.TIME, by=None, now=timezone.now())
    monkeypatch.setattr(waitlist, "AWAKE", (0, 0))
    assert (waitlist.offer(now=timezone.now()), FreedTime.objects.count()) == (0, 1)
    monkeypatch.setattr(waitlist, "AWAKE", (0, 24))
    assert (waitlist.offer(now=timezone.now()), FreedTime.objects.count()) == (1, 0)


@pytest.fixture
def offered(browser: Client, center: Location, kind: AppointmentType, tuesday: datetime) -> WaitlistEntry:
    """Has a time the day after, and an earlier one on offer."""
    early = booking.book(wish(make_patient(center, email="e@example.org"), kind, tuesday), now=timezone.now())
    made = book(browser, kind, tuesday + timedelta(days=1))
    browser.post(f"{HOME}{made.pk}/wait/", {})
    changing.cancel(early, version=1, reason=CancelReason.TIME, by=None, now=timezone.now())
    assert waitlist.offer(now=timezone.now()) == 1
    return WaitlistEntry.objects.get()


def test_an_offer_that_is_withdrawn_is_not_mailed(offered: WaitlistEntry, kind: AppointmentType) -> None:
    made = Appointment.objects.get(lead=offered.lead)
    changing.cancel(made, version=1, reason=CancelReason.TIME, by=None, now=timezone.now())
    assert Message.objects.get(name="appointment_offer").state == MessageState.CANCELLED


def test_under_a_safety_hold_no_offer_is_mailed(offered: WaitlistEntry) -> None:
    leads.record_outcome(offered.lead, safety_hold=True)
    assert judged(Message.objects.get(name="appointment_offer"), timezone.now()) == MessageState.SUPPRESSED


def test_an_offer_that_is_refused_on_taking_stays_held(browser: Client, offered: WaitlistEntry) -> None:
    AppointmentType.objects.update(reschedule_until=60 * 24 * 60)
    browser.post(f"{HOME}offer/{offered.pk}/", {"take": "1"})
    offered.refresh_from_db()
    assert (offered.state, Claim.objects.filter(hold=offered.hold).count()) == (WaitState.OFFERED, 1)


def test_whoever_could_not_move_gets_no_offer(center: Location, provider: Resource) -> None:
    kind = make_kind(provider, reschedule_until=30 * 60)
    early = booking.book(wish(make_patient(center, email="e@example.org"), kind), now=NOW)
    waits = make_patient(center, email="w@example.org")
    made = booking.book(wish(waits, kind, TEN + HOUR), now=NOW)
    waitlist.join(waits, kind, booked=made, now=NOW)
    changing.cancel(early, version=1, reason=CancelReason.TIME, by=None, now=NOW - timedelta(days=9))
    assert waitlist.offer(now=NOW) == 0


def test_many_who_cannot_take_it_keep_nobody_behind_them_from_an_offer(
    center: Location, kind: AppointmentType, tuesday: datetime
) -> None:
    """They stay in front for as long as they wait: what a patient may book alone changes with what they tell."""
    now = timezone.now()
    fifty = [make_patient(center, email=f"{n}@example.org", outcome=Outcome.URGENT) for n in range(waitlist.BATCH)]
    for lead in (*fifty, last := make_patient(center, email="last@example.org")):
        waitlist.join(lead, kind, booked=None, now=now)
        now += timedelta(seconds=1)
    early = booking.book(wish(make_patient(center, email="e@example.org"), kind, tuesday), now=now)
    changing.cancel(early, version=1, reason=CancelReason.TIME, by=None, now=now)
    assert waitlist.offer(now=now) == 1
    assert WaitlistEntry.objects.get(state=WaitState.OFFERED).lead == last


def test_a_past_appointment_keeps_nobody_from_an_offer(patient: Lead, center: Location, kind: AppointmentType) -> None:
    booking.book(wish(patient, kind), now=NOW)  # nobody said what came of it
    later, week = TEN + timedelta(days=1), TEN + timedelta(days=7)
    mine = booking.book(wish(patient, kind, week + timedelta(days=1)), now=later)
    waitlist.join(patient, kind, booked=mine, now=later)
    other = booking.book(wish(make_patient(center, email="o@example.org"), kind, week), now=later)
    changing.cancel(other, version=1, reason=CancelReason.TIME, by=None, now=later)
    assert waitlist.offer(now=later) == 1


@pytest.mark.django_db(transaction=True)
def test_whoever_is_just_cancelling_is_not_waited_for(
    center: Location, tuesday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sweep that held somebody's place in the line and waited for the lead, while the cancelling waits for the place,
    would be a circle."""
    kind = make_kind(make_resource(center))
    early = booking.book(wish(make_patient(center, email="e@example.org"), kind, tuesday), now=timezone.now())
    mine = booking.book(wish(make_patient(center, email="m@example.org"), kind, tuesday + HOUR), now=timezone.now())
    waitlist.join(mine.lead, kind, booked=mine, now=timezone.now())
    changing.cancel(early, version=1, reason=CancelReason.TIME, by=None, now=timezone.now())
    inside, seen = Event(), list[int]()
    plan = mails.plan_cancellation

    def slow(*args: Any, **more: Any) -> None:
        inside.set()
        sleep(0.5)
        plan(*args, **more)

    def sweep() -> None:
        inside.wait(5)
        try:
            seen.append(waitlist.offer(now=timezone.now()))
        finally:
            connection.close()

    monkeypatch.setattr(mails, "plan_cancellation", slow)
    other = Thread(target=sweep)
    other.start()
    changing.cancel(mine, version=1, reason=CancelReason.TIME, by=None, now=timezone.now())
    other.join(10)
    assert (seen, WaitlistEntry.objects.get().state) == ([0], WaitState.LEFT)


# --- What it was worth waiting for -----------------------------------------------------------------------------------


def test_nobody_is_offered_what_they_gave_back(browser: Client, kind: AppointmentType, tuesday: datetime) -> None:
    """Who moves to a later day and still waits for an earlier one does not want the day they left."""
    made = book(browser, kind, tuesday)
    browser.post(f"{HOME}{made.pk}/wait/", {})
    later = tuesday + timedelta(days=3)
    changing.reschedule(made, start=later, version=1, held_by="", by=None, now=timezone.now())
    assert FreedTime.objects.get().start == tuesday
    assert waitlist.offer(now=timezone.now()) == 0
    assert WaitlistEntry.objects.get().last_day == later.astimezone(made.location.zone).date()


def test_who_lets_an_offer_lapse_is_not_asked_about_it_again(offered: WaitlistEntry) -> None:
    late = timezone.now() - timedelta(minutes=1)
    WaitlistEntry.objects.update(offered_until=late)
    Claim.objects.filter(hold=offered.hold).update(hold_expires_at=late)
    assert [waitlist.offer(now=timezone.now()) for _ in range(2)] == [0, 0]
    offered.refresh_from_db()
    assert offered.state == WaitState.WAITING


def test_an_offer_under_a_leave_is_taken_back_and_its_owner_waits_on(
    offered: WaitlistEntry, provider: Resource
) -> None:
    close(provider, offered.offered_start.date() if offered.offered_start else NOW.date())
    assert waitlist.offer(now=timezone.now()) == 0
    since = offered.since
    offered.refresh_from_db()
    assert (offered.state, offered.since, Claim.objects.filter(state="held").count()) == (WaitState.WAITING, since, 0)
    assert Message.objects.get(name="appointment_offer").state == MessageState.CANCELLED


def test_an_offer_that_can_still_be_taken_stands(offered: WaitlistEntry) -> None:
    waitlist.offer(now=timezone.now())
    offered.refresh_from_db()
    assert offered.state == WaitState.OFFERED


def test_who_let_it_lapse_is_not_asked_after_somebody_else_did(
    offered: WaitlistEntry, center: Location, kind: AppointmentType
) -> None:
    """Two who do not answer are not asked in turn for ever."""
    waitlist.join(make_patient(center, email="second@example.org"), kind, booked=None, now=timezone.now())
    for expected in (1, 0, 0):
        lapse()
        assert waitlist.offer(now=timezone.now()) == expected


def lapse() -> None:
    late = timezone.now() - timedelta(minutes=1)
    WaitlistEntry.objects.filter(state=WaitState.OFFERED).update(offered_until=late)
    Claim.objects.filter(state="held").update(hold_expires_at=late)


def test_a_time_that_somebody_only_looks_at_is_offered_when_they_let_it_go(
    center: Location, kind: AppointmentType, tuesday: datetime
) -> None:
    early = booking.book(wish(make_patient(center, email="e@example.org"), kind, tuesday), now=timezone.now())
    waitlist.join(make_patient(center, email="w@example.org"), kind, booked=None, now=timezone.now())
    changing.cancel(early, version=1, reason=CancelReason.TIME, by=None, now=timezone.now())
    booking.hold(wish(make_patient(center, email="l@example.org"), kind, tuesday), now=timezone.now())
    assert (waitlist.offer(now=timezone.now()), FreedTime.objects.count()) == (0, 1)
    Claim.objects.filter(state="held").update(hold_expires_at=timezone.now() - timedelta(minutes=1))
    assert (waitlist.offer(now=timezone.now()), FreedTime.objects.count()) == (1, 0)


def test_a_time_that_overlaps_ones_own_is_for_whoever_can_have_it(
    center: Location, provider: Resource, tuesday: datetime
) -> None:
    """With the same provider it cannot be held beside what is theirs; with another one it can."""
    kind, now = make_kind(provider, duration=60, step=30), timezone.now()
    waits = make_patient(center, email="w@example.org")
    waitlist.join(waits, kind, booked=booking.book(wish(waits, kind, tuesday), now=now), now=now)
    half_past_nine = tuesday - timedelta(minutes=30)
    FreedTime.objects.create(kind=kind, location=center, start=half_past_nine)
    assert (waitlist.offer(now=now), FreedTime.objects.count()) == (0, 0)
    kind.providers.add(make_resource(center, name="Dr. Other"))
    FreedTime.objects.create(kind=kind, location=center, start=half_past_nine)
    assert (waitlist.offer(now=now), WaitlistEntry.objects.get().offered_start) == (1, half_past_nine)


def test_who_moves_to_something_earlier_alone_leaves_the_offer_to_others(
    offered: WaitlistEntry, tuesday: datetime
) -> None:
    made = Appointment.objects.get(lead=offered.lead, status="booked")
    earlier = tuesday - timedelta(hours=1)
    changing.reschedule(made, start=earlier, version=1, held_by="", by=None, now=timezone.now())
    offered.refresh_from_db()
    assert (offered.state, Claim.objects.filter(state="held").count()) == (WaitState.WAITING, 0)
    assert FreedTime.objects.filter(start=tuesday).exists()
    assert Message.objects.get(name="appointment_offer").state == MessageState.CANCELLED
