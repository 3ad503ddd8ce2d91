"""What is offered can be booked, what is not cannot; and reminders that are no longer true are never sent."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.enums.leads import MessageState
from crm.mail import templates as mail_templates
from crm.models import Lead, Location, Message
from crm.outbox import send_rules
from scheduling.actions import attendance, availability, booking, changing
from scheduling.actions.availability import SlotQuery
from scheduling.actions.errors import SlotTaken
from scheduling.enums import CancelReason
from scheduling.models import AppointmentType, ScheduleException
from tests.factories import make_location, make_user
from tests.scheduling.factories import NOW, TEN, book, make_kind, make_patient, make_resource, wish

pytestmark = pytest.mark.django_db
few = settings(
    max_examples=12,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
# The nights on which the clocks of New York change, and days around them.
NIGHTS = [date(2027, 3, 13), date(2027, 3, 14), date(2026, 12, 1), date(2027, 11, 7)]
CLOCKS = st.integers(0, 95).map(lambda quarter: time(quarter // 4, quarter % 4 * 15))


@st.composite
def calendars(draw: st.DrawFn) -> dict[str, Any]:
    """Rules, an exception, something booked, and a type."""
    return {
        "day": draw(st.sampled_from(NIGHTS)),
        "rules": draw(st.lists(st.tuples(CLOCKS, CLOCKS), min_size=1, max_size=3)),
        "exception": draw(st.none() | st.tuples(st.booleans(), CLOCKS, CLOCKS)),
        "kind": {
            "duration": draw(st.sampled_from([15, 30, 45, 90])),
            "step": draw(st.sampled_from([5, 15, 20, 30])),
            "buffer_before": draw(st.sampled_from([0, 10])),
            "buffer_after": draw(st.sampled_from([0, 20])),
        },
        "taken": draw(st.integers(0, 30)),
    }


@few
@given(calendars(), st.lists(st.integers(0, 24 * 60), max_size=4))
def test_what_is_offered_can_be_booked_and_nothing_else(calendar: dict[str, Any], others: list[int]) -> None:
    with transaction.atomic():
        _look(calendar, others)
        transaction.set_rollback(True)


def _look(calendar: dict[str, Any], others: list[int]) -> None:
    center, day = make_location(), calendar["day"]
    rules = [(range(7), start, end) for start, end in calendar["rules"]]
    provider = make_resource(center, rules=rules)
    if calendar["exception"]:
        is_open, start, end = calendar["exception"]
        ScheduleException.objects.create(
            resource=provider, is_open=is_open, from_day=day, from_time=start, to_day=day, to_time=max(start, end)
        )
    kind = make_kind(provider, **calendar["kind"])
    asked = SlotQuery(kind, center, day, 1)
    found = availability.find(asked, now=NOW)
    if found:
        taken = found[calendar["taken"] % len(found)]
        booking.book(wish(make_patient(center, email="t@example.org"), kind, taken.start), now=NOW)
        found = availability.find(asked, now=NOW)
    lead = make_patient(center)
    offered = [free.start for free in found]
    for start in offered[:: max(1, len(offered) // 4)]:
        with transaction.atomic():
            assert booking.book(wish(lead, kind, start, request_id=uuid4()), now=NOW).starts_at == start
            transaction.set_rollback(True)
    midnight = datetime.combine(day, time(), tzinfo=center.zone).astimezone(UTC)
    for minutes in others:
        start = midnight + timedelta(minutes=minutes)
        if start not in offered and start.astimezone(center.zone).date() == day:
            with pytest.raises(SlotTaken):
                booking.book(wish(lead, kind, start), now=NOW)


# --- Reminders -------------------------------------------------------------------------------------------------------


def judged(message: Message, at: datetime) -> MessageState | None:
    """What becomes of a mail that is claimed at this moment; None when it goes out."""
    fresh = Message.objects.select_related("lead__location", "topic", "enrollment").get(pk=message.pk)
    found = send_rules.obstacle(fresh, now=at, background=send_rules.background([fresh], now=at, alone=False))
    return found.state if found else None


@pytest.fixture
def far(center: Location) -> datetime:
    return TEN + timedelta(days=14)


def reminders_of(lead: Lead) -> list[Message]:
    return list(Message.objects.filter(lead=lead, name="appointment_reminder").order_by("due_at"))


def test_a_reminder_goes_out_and_after_a_cancel_or_a_move_it_does_not(
    center: Location, kind: AppointmentType, far: datetime
) -> None:
    kept, moved, over = (make_patient(center, email=f"{n}@example.org") for n in range(3))
    book(kept, kind, far)
    one = book(moved, kind, far + timedelta(hours=1))
    changing.reschedule(one, start=far + timedelta(hours=3), version=1, held_by="", by=None, now=NOW)
    two = book(over, kind, far + timedelta(hours=2))
    changing.cancel(two, version=1, reason=CancelReason.TIME, by=None, now=NOW)
    assert [judged(mail, mail.due_at) for mail in reminders_of(kept)] == [None] * 3
    assert [judged(mail, mail.due_at) for mail in reminders_of(over)] == [MessageState.CANCELLED] * 3
    told = [(mail.topic_version, judged(mail, mail.due_at)) for mail in reminders_of(moved)]
    assert sorted(told, key=str) == sorted([(1, MessageState.CANCELLED)] * 3 + [(2, None)] * 3, key=str)


def test_a_reminder_that_is_late_is_no_mail_any_more(patient: Lead, kind: AppointmentType, far: datetime) -> None:
    book(patient, kind, far)
    last = reminders_of(patient)[-1]
    assert last.not_after == far
    assert judged(last, far + timedelta(seconds=1)) == MessageState.CANCELLED


def test_reminders_wait_for_seven_and_keep_apart(patient: Lead, kind: AppointmentType, center: Location) -> None:
    early = datetime(2026, 12, 15, 14, tzinfo=UTC)  # nine in the morning in New York, so two hours before is seven
    book(patient, kind, early)
    assert [mail.due_at for mail in reminders_of(patient)][-1] == early - timedelta(hours=2)
    west = make_patient(center, email="w@example.org", timezone="America/Los_Angeles")
    book(west, kind, early + timedelta(hours=1))  # seven o'clock there: nobody is woken at five
    assert [early + timedelta(hours=1) - mail.due_at for mail in reminders_of(west)] == [
        timedelta(days=7),
        timedelta(days=2),
    ]


@pytest.mark.parametrize("is_moved", [True, False])
def test_reminders_are_hours_apart_though_clocks_change_in_between(
    patient: Lead, kind: AppointmentType, is_moved: bool
) -> None:
    """The desk names a time on the clock of the center; that night clocks went forward."""
    monday = datetime(2027, 3, 15, 11, tzinfo=ZoneInfo("America/New_York"))
    staff: dict[str, Any] = {"by": make_user("lead_coordinator", email="lea@example.org"), "held_by": "user:lea"}
    if is_moved:
        made = book(patient, kind, monday - timedelta(days=14), **staff)
        changing.reschedule(made, start=monday, version=1, now=NOW, **staff)
    else:
        book(patient, kind, monday, **staff)
    planned = [mail.due_at for mail in reminders_of(patient) if mail.state == MessageState.QUEUED]
    assert [monday.astimezone(UTC) - at for at in planned] == [timedelta(days=7), timedelta(days=2), timedelta(hours=2)]


def test_a_booking_of_today_has_no_reminders(patient: Lead, kind: AppointmentType) -> None:
    book(patient, kind, NOW + timedelta(hours=3))
    assert reminders_of(patient) == []


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "Pacific/Kiritimati", "America/St_Johns"])
def test_a_patient_a_day_ahead_or_half_an_hour_beside(center: Location, kind: AppointmentType, zone: str) -> None:
    lead = make_patient(center, timezone=zone)
    made = book(lead, kind)
    assert (made.starts_at, made.zone.key) == (TEN, zone)
    assert Message.objects.filter(lead=lead, name="appointment_booked").exists()


def test_a_location_beyond_the_date_line(kind: AppointmentType) -> None:
    there = make_location(name="Far", position=7, timezone="Pacific/Kiritimati")
    provider = make_resource(there)
    far_kind = make_kind(provider)
    found = availability.find(SlotQuery(far_kind, there, date(2026, 12, 1), 1), now=NOW)
    assert found[0].start == datetime(2026, 11, 30, 19, tzinfo=UTC)
    assert book(make_patient(there), far_kind, found[0].start).provider == provider


def test_a_reminder_gets_its_words_when_it_leaves(patient: Lead, kind: AppointmentType, far: datetime) -> None:
    made = book(patient, kind, far)
    first, last = reminders_of(patient)[0], reminders_of(patient)[-1]
    assert (first.subject, first.text, first.html) == ("", "", "")
    assert "whether you will come" in mail_templates.fill(first).text
    attendance.confirm(made, version=1, by=None, now=NOW)
    words = mail_templates.fill(last)
    assert "Tuesday, December 15, 10:00 a.m. (Eastern time)" in words.subject
    assert "You told us that you will come." in words.text
    assert "You told us that you will come." in words.html
    assert "whether you will come" not in words.text + words.html
