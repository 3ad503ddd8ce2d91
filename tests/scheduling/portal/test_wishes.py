"""A place in the waiting line: it ends with the visit it was about, and is asked only about what can be taken."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from crm.models import Lead, Location, Message, Task, User
from scheduling.actions import attendance, booking, changing, waitlist
from scheduling.enums import CancelReason, Status, WaitState
from scheduling.models import Appointment, AppointmentType, Claim, FreedTime, Resource, WaitlistEntry
from tests.factories import make_user
from tests.scheduling.browsing import HOME, book, save_holidays
from tests.scheduling.factories import close, make_kind, make_patient, make_resource, wish

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def awake(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the hour at which this runs."""
    monkeypatch.setattr(waitlist, "AWAKE", (0, 24))


def offered_now() -> int:
    return waitlist.offer(now=timezone.now())


def cancel(made: Appointment) -> None:
    changing.cancel(made, version=made.version, reason=CancelReason.TIME, by=None, now=timezone.now())


# --- A wish ends with its visit --------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [Status.BOOKED, Status.NOSHOW, Status.FULFILLED])
def test_a_wish_for_an_earlier_time_ends_with_the_visit(
    browser: Client, patient: Lead, kind: AppointmentType, tuesday: datetime, coordinator: User, status: Status
) -> None:
    made = book(browser, kind, tuesday)
    browser.post(f"{HOME}{made.pk}/wait/", {})
    assert (offered_now(), WaitlistEntry.objects.get().state) == (0, WaitState.WAITING)
    with time_machine.travel(tuesday + HOUR):
        if status != Status.BOOKED:
            attendance.set_status(made, to=status, by=coordinator, now=timezone.now())
        offered_now()
    assert WaitlistEntry.objects.get().state == WaitState.LEFT


def test_a_wish_for_any_time_outlasts_a_visit(
    patient: Lead, kind: AppointmentType, tuesday: datetime, center: Location
) -> None:
    waitlist.join(patient, kind, booked=None, now=timezone.now())
    with time_machine.travel(tuesday):
        offered_now()
    assert WaitlistEntry.objects.get().state == WaitState.WAITING


# --- Only what can be taken ------------------------------------------------------------------------------------------


@pytest.fixture
def waiting(patient: Lead, kind: AppointmentType) -> WaitlistEntry:
    """For any time."""
    return waitlist.join(patient, kind, booked=None, now=timezone.now())


@pytest.fixture
def taken(waiting: WaitlistEntry, center: Location, kind: AppointmentType, tuesday: datetime) -> Appointment:
    """By somebody else, for now."""
    return booking.book(wish(make_patient(center, email="e@example.org"), kind, tuesday), now=timezone.now())


def test_a_kind_that_is_offered_no_more_is_offered_to_nobody_who_waits(
    taken: Appointment, kind: AppointmentType
) -> None:
    AppointmentType.objects.update(is_active=False)
    cancel(taken)
    assert (offered_now(), Message.objects.filter(name="appointment_offer").count()) == (0, 0)


def test_whom_we_book_ourselves_now_is_offered_nothing(taken: Appointment) -> None:
    Lead.objects.update(outcome="RECORDS_FIRST")
    cancel(taken)
    assert offered_now() == 0


def test_who_is_elsewhere_at_that_time_is_offered_something_else(
    taken: Appointment, patient: Lead, center: Location, tuesday: datetime
) -> None:
    elsewhere = make_kind(make_resource(center, name="Dr. Other"), label="Evaluation")
    booking.book(wish(patient, elsewhere, tuesday), now=timezone.now())
    cancel(taken)
    assert offered_now() == 0


def test_an_offer_that_can_be_taken_no_more_is_taken_back(
    taken: Appointment, waiting: WaitlistEntry, center: Location
) -> None:
    cancel(taken)
    assert offered_now() == 1
    AppointmentType.objects.update(is_active=False)
    assert offered_now() == 0
    waiting.refresh_from_db()
    assert (waiting.state, Claim.objects.filter(state="held").count()) == (WaitState.WAITING, 0)
    assert Message.objects.get(name="appointment_offer").state == "cancelled"


# --- By telephone ----------------------------------------------------------------------------------------------------


@pytest.fixture
def to_call(taken: Appointment, waiting: WaitlistEntry) -> WaitlistEntry:
    """Has no address: the offer is a call to make."""
    Lead.objects.filter(pk=waiting.lead_id).update(email="")
    cancel(taken)
    assert (offered_now(), calls()) == (1, 1)
    waiting.refresh_from_db()
    return waiting


def calls() -> int:
    return Task.objects.open().filter(title__startswith="Offer by telephone").count()


def test_a_call_about_an_offer_ends_when_it_lapses(to_call: WaitlistEntry) -> None:
    WaitlistEntry.objects.update(offered_until=timezone.now() - HOUR)
    assert (offered_now(), calls()) == (0, 0)


def test_a_call_about_an_offer_ends_when_it_is_taken(browser: Client, to_call: WaitlistEntry) -> None:
    browser.post(f"{HOME}offer/{to_call.pk}/", {"take": "1"})
    to_call.refresh_from_db()
    assert (to_call.state, calls()) == (WaitState.BOOKED, 0)


def test_a_call_about_an_offer_ends_with_the_wish(to_call: WaitlistEntry) -> None:
    waitlist.leave(to_call.lead, to_call.kind)
    assert (calls(), FreedTime.objects.count()) == (0, 1)


def test_a_call_about_an_offer_ends_when_the_time_is_closed(to_call: WaitlistEntry, provider: Resource) -> None:
    Resource.objects.update(is_active=False)
    offered_now()
    assert calls() == 0


# --- What is opened --------------------------------------------------------------------------------------------------


@pytest.fixture
def administrator(client: Client) -> Client:
    client.force_login(make_user("administrator", email="root@example.org"))
    return client


def test_an_extra_morning_is_offered_to_whoever_waits(
    administrator: Client, waiting: WaitlistEntry, provider: Resource, tuesday: datetime
) -> None:
    saturday = (tuesday + 4 * DAY).astimezone(provider.zone).date().isoformat()
    sent = {"resource": str(provider.pk), "location": "", "is_open": "on", "reason": ""}
    sent |= {"from_day": saturday, "from_time": "09:00", "to_day": saturday, "to_time": "10:00"}
    answer = administrator.post("/admin/scheduling/scheduleexception/add/", sent)
    assert (answer.status_code, FreedTime.objects.count()) == (302, 2)
    assert offered_now() == 1
    waiting.refresh_from_db()
    assert waiting.offered_start == tuesday + 4 * DAY - HOUR


def test_a_leave_that_is_taken_out_is_offered_to_whoever_waits(
    administrator: Client, waiting: WaitlistEntry, provider: Resource, tuesday: datetime
) -> None:
    leave = close(provider, tuesday.astimezone(provider.zone).date())
    administrator.post(f"/admin/scheduling/scheduleexception/{leave.pk}/delete/", {"post": "yes"})
    assert (FreedTime.objects.count(), offered_now()) == (16, 1)


def test_what_was_open_before_is_not_offered_anew(
    administrator: Client, waiting: WaitlistEntry, provider: Resource, tuesday: datetime
) -> None:
    day = tuesday.astimezone(provider.zone).date().isoformat()
    sent = {"resource": str(provider.pk), "location": "", "is_open": "on", "reason": ""}
    sent |= {"from_day": day, "from_time": "09:00", "to_day": day, "to_time": "10:00"}
    assert administrator.post("/admin/scheduling/scheduleexception/add/", sent).status_code == 302
    assert FreedTime.objects.count() == 0


def test_a_holiday_that_is_taken_out_is_offered_to_whoever_waits(
    administrator: Client, waiting: WaitlistEntry, center: Location, tuesday: datetime
) -> None:
    day = tuesday.astimezone(center.zone).date().isoformat()
    save_holidays(administrator, center, day)
    FreedTime.objects.all().delete()  # days that were holidays before
    save_holidays(administrator, center, "")
    assert (FreedTime.objects.count(), offered_now()) == (16, 1)
