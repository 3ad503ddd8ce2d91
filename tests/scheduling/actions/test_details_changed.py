"""Another clock, another address or none: what was planned about a visit follows."""

from datetime import datetime, time, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone

from crm.enums.leads import MessageState
from crm.leads import actions as leads
from crm.models import Lead, Location, Message, Task, User
from scheduling.actions import booking, changing, mails, rebooking
from scheduling.enums import CancelReason
from scheduling.models import Appointment, AppointmentType, Resource
from tests.scheduling.browsing import HOME, browser_of
from tests.scheduling.browsing import book as book_online
from tests.scheduling.factories import NOW, TEN, book, close, make_kind, make_resource, wish

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FAR = TEN + 14 * DAY
HAWAII = "Pacific/Honolulu"


@pytest.fixture
def made(patient: Lead, kind: AppointmentType) -> Appointment:
    return book(patient, kind, FAR)


def correct(made: Appointment, by: User, **changes: Any) -> Appointment:
    leads.correct_details(made.lead, by=by, changes=changes)
    return Appointment.objects.select_related("lead", "kind", "location").get(pk=made.pk)


def waiting(made: Appointment) -> list[Message]:
    mine = Message.objects.filter(topic=made.topic_id, name="appointment_reminder", state=MessageState.QUEUED)
    return list(mine.order_by("due_at"))


# --- One clock -------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("then")
def test_no_reminder_goes_out_before_seven_on_the_corrected_clock(made: Appointment, coordinator: User) -> None:
    assert [one.due_at.astimezone(ZoneInfo(HAWAII)).hour < 7 for one in waiting(made)].count(True) > 0
    moved = correct(made, coordinator, timezone=HAWAII)
    assert [one.due_at for one in waiting(moved)] == mails.due_times(moved, now=NOW)
    assert [one.due_at.astimezone(ZoneInfo(HAWAII)).hour < 7 for one in waiting(moved)].count(True) == 0


@pytest.mark.usefixtures("then")
def test_a_clock_corrected_back_leaves_the_reminders_of_before(made: Appointment, coordinator: User) -> None:
    before = [one.due_at for one in waiting(made)]
    correct(correct(made, coordinator, timezone=HAWAII), coordinator, timezone="America/New_York")
    assert [one.due_at for one in waiting(made)] == before


@pytest.mark.usefixtures("then")
def test_a_move_after_a_correction_is_told_on_the_corrected_clock(made: Appointment, coordinator: User) -> None:
    corrected = correct(made, coordinator, timezone=HAWAII)
    changing.reschedule(corrected, start=FAR + DAY, version=1, held_by="", by=coordinator, now=NOW)
    told = Message.objects.filter(topic=made.topic_id, topic_version=2, state=MessageState.QUEUED)
    assert ["Hawaii" in one.subject for one in told.exclude(name="appointment_reminder")] == [True]
    assert all(one.due_at.astimezone(ZoneInfo(HAWAII)).hour >= 7 for one in waiting(made))


def test_pages_show_the_corrected_clock_at_once(
    patient: Lead, kind: AppointmentType, tuesday: datetime, coordinator: User
) -> None:
    made = book_online(browser_of(patient), kind, tuesday)
    correct(made, coordinator, timezone=HAWAII)
    page = browser_of(patient).get(f"{HOME}{made.pk}/").content.decode()
    assert ("Hawaii time" in page, "Eastern time" in page) == (True, False)


# --- No address ------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("then")
def test_an_address_that_is_taken_out_leaves_a_call_and_no_reminder(made: Appointment, coordinator: User) -> None:
    correct(made, coordinator, email="")
    assert waiting(made) == []
    calls = Task.objects.open().filter(lead=made.lead, kind="call", title__startswith="Tell by telephone")
    assert calls.count() == 1
    assert not Message.objects.filter(topic=made.topic_id, state=MessageState.QUEUED).exists()


@pytest.mark.usefixtures("then")
def test_who_did_not_hear_that_a_visit_is_cancelled_is_called_when_the_address_is_taken_out(
    made: Appointment, coordinator: User
) -> None:
    changing.cancel(made, version=1, reason=CancelReason.AWAY, by=coordinator, now=NOW)
    for _time in range(2):
        leads.correct_details(made.lead, by=coordinator, changes={"email": "", "first_name": f"Robin{_time}"})
    found = Task.objects.open().filter(lead=made.lead, kind="call", title__contains="appointment cancelled:")
    assert found.count() == 1


@pytest.mark.usefixtures("then")
def test_an_address_that_comes_back_is_reminded_again(made: Appointment, coordinator: User) -> None:
    before = [one.due_at for one in waiting(made)]
    correct(correct(made, coordinator, email=""), coordinator, email="new@example.org")
    assert [one.due_at for one in waiting(made)] == before
    assert {one.to_email for one in waiting(made)} == {"new@example.org"}


@pytest.mark.usefixtures("then")
def test_a_correction_of_something_else_plans_nothing_anew(made: Appointment, coordinator: User) -> None:
    before = {one.pk for one in waiting(made)}
    correct(made, coordinator, first_name="Robin")
    assert {one.pk for one in waiting(made)} == before
    assert not Task.objects.filter(title__startswith="Tell by telephone").exists()


@pytest.mark.parametrize(
    ("after", "put_off"),
    [(-2 * HOUR, 0), (timedelta(minutes=10), 0), (timedelta(minutes=10), 20)],
    ids=["it is due in two hours", "it waits", "a server has put it off"],
)
def test_a_correction_of_something_else_costs_no_reminder(
    patient: Lead, kind: AppointmentType, tuesday: datetime, coordinator: User, after: timedelta, put_off: int
) -> None:
    made = booking.book(wish(patient, kind, tuesday), now=timezone.now())
    first = waiting(made)[0]
    Message.objects.filter(pk=first.pk).update(due_at=first.due_at + timedelta(minutes=put_off))
    before = [(one.pk, one.due_at) for one in waiting(made)]
    with time_machine.travel(first.due_at + after):
        correct(made, coordinator, first_name="Robin")
        correct(made, coordinator, tags=["spring"])
    assert [(one.pk, one.due_at) for one in waiting(made)] == before


def test_nobody_is_reminded_again_because_of_a_correction(
    patient: Lead, center: Location, tuesday: datetime, coordinator: User
) -> None:
    """On a clock further west the first reminder would be due hours after it has gone."""
    early = make_kind(make_resource(center, rules=[(range(5), time(7), time(17))]))
    made = booking.book(wish(patient, early, tuesday - 3 * HOUR), now=timezone.now())  # seven in New York
    before = waiting(made)
    first = Message.objects.filter(pk=before[0].pk)
    first.update(state=MessageState.SENDING, lease_token=uuid4(), lease_until=before[0].due_at + HOUR)
    first.update(state=MessageState.IN_DATA)
    first.update(state=MessageState.SENT, lease_token=None, lease_until=None, finished_at=before[0].due_at)
    with time_machine.travel(before[0].due_at + timedelta(minutes=10)):
        moved = correct(made, coordinator, timezone=HAWAII)
    assert [one.due_at.date() for one in waiting(moved)] == [one.due_at.date() for one in before[1:]]


@pytest.mark.usefixtures("then")
def test_of_a_time_that_we_cannot_keep_nobody_is_told_that_it_is_booked(
    made: Appointment, provider: Resource, coordinator: User
) -> None:
    rebooking.flag(close(provider, FAR.date()))
    correct(made, coordinator, email="")
    assert not Task.objects.filter(title__contains="booked for").exists()
