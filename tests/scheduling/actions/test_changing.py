"""Moved, called off, and what came of it: whose the time is then, what the lead is, and which mails are alive."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from crm.enums.leads import MessageState, Stage, TaskKind
from crm.leads import call_window
from crm.models import Lead, Location, Message, Task, User
from scheduling.actions import attendance, changing
from scheduling.actions.errors import BookingRefused, ChangedMeanwhile, SlotTaken
from scheduling.enums import CancelReason, ClaimState, Status
from scheduling.models import Appointment, AppointmentType, Claim, Resource
from tests.scheduling.actions.test_booking import starts
from tests.scheduling.factories import (
    HALF_HOUR,
    NOW,
    TEN,
    as_staff,
    book,
    make_kind,
    make_patient,
)

pytestmark = pytest.mark.django_db


# --- Moving ----------------------------------------------------------------------------------------------------------


def move(made: Appointment, start: datetime, *, version: int = 1, by: User | None = None) -> Appointment:
    return changing.reschedule(made, start=start, version=version, held_by=f"lead:{made.lead_id}", by=by, now=NOW)


def test_a_move_takes_the_new_time_and_gives_the_old_one_back(
    patient: Lead, kind: AppointmentType, center: Location
) -> None:
    made = book(patient, kind)
    moved = move(made, TEN + 3 * HALF_HOUR)
    assert (moved.starts_at, moved.version, moved.pk) == (TEN + 3 * HALF_HOUR, 2, made.pk)
    assert [TEN in starts(kind, center), TEN + 3 * HALF_HOUR in starts(kind, center)] == [True, False]
    assert sorted(Claim.objects.values_list("state", flat=True)) == ["booked", "released"]


def test_a_move_onto_a_part_of_itself(patient: Lead, provider: Resource, center: Location) -> None:
    kind = make_kind(provider, duration=60, step=15, buffer_before=15)
    made = book(patient, kind)
    moved = move(made, TEN + timedelta(minutes=15))
    back = move(moved, TEN, version=2)
    booked = Claim.objects.get(state=ClaimState.BOOKED)
    assert (booked.during.lower, booked.during.upper) == (TEN - timedelta(minutes=15), TEN + timedelta(minutes=60))
    assert back.version == 3


def test_a_move_onto_somebody_else_changes_nothing(patient: Lead, kind: AppointmentType, center: Location) -> None:
    made = book(patient, kind)
    book(make_patient(center), kind, TEN + HALF_HOUR)
    with pytest.raises(SlotTaken):
        move(made, TEN + HALF_HOUR)
    made.refresh_from_db()
    assert (made.starts_at, made.version) == (TEN, 1)
    assert Claim.objects.get(appointment=made).state == ClaimState.BOOKED


def test_an_old_page_moves_nothing(patient: Lead, kind: AppointmentType) -> None:
    made = book(patient, kind)
    move(made, TEN + HALF_HOUR)
    with pytest.raises(ChangedMeanwhile):
        move(made, TEN + 2 * HALF_HOUR, version=1)
    made.refresh_from_db()
    assert made.starts_at == TEN + HALF_HOUR


def test_past_its_deadline_only_the_desk_moves(patient: Lead, provider: Resource, coordinator: User) -> None:
    kind = make_kind(provider, reschedule_until=30 * 60)
    made = book(patient, kind)
    with pytest.raises(BookingRefused, match="call us"):
        move(made, TEN + HALF_HOUR)
    assert move(made, TEN + HALF_HOUR, by=coordinator).version == 2


# --- Cancelling ------------------------------------------------------------------------------------------------------


def cancel(made: Appointment, *, version: int = 1, by: User | None = None) -> Appointment:
    return changing.cancel(made, version=version, reason=CancelReason.TIME, by=by, now=NOW)


def test_a_cancelled_time_is_free_at_once_and_the_lead_waits_again(
    patient: Lead, kind: AppointmentType, center: Location
) -> None:
    made = cancel(book(patient, kind))
    patient.refresh_from_db()
    assert (made.status, made.ended_by, patient.stage) == (Status.CANCELLED, "patient", Stage.BOOKING)
    assert book(make_patient(center), kind).starts_at == TEN


def test_cancelled_twice_is_cancelled_once(patient: Lead, kind: AppointmentType) -> None:
    made = book(patient, kind)
    cancel(made)
    with pytest.raises(ChangedMeanwhile):
        cancel(made)
    with pytest.raises(ChangedMeanwhile):
        cancel(made, version=2)
    assert Message.objects.filter(name="appointment_cancelled").count() == 1


def test_another_consultation_ahead_keeps_the_lead_booked(
    patient: Lead, kind: AppointmentType, coordinator: User
) -> None:
    first = book(patient, kind)
    with pytest.raises(BookingRefused, match="already"):
        book(patient, kind, TEN + timedelta(days=1))
    book(patient, kind, TEN + timedelta(days=1), **as_staff(coordinator))
    cancel(first)
    patient.refresh_from_db()
    assert patient.stage == Stage.BOOKED


def test_past_its_deadline_only_the_desk_cancels(patient: Lead, provider: Resource, coordinator: User) -> None:
    made = book(patient, make_kind(provider, cancel_until=30 * 60))
    with pytest.raises(BookingRefused, match="call us"):
        cancel(made)
    assert cancel(made, by=coordinator).status == Status.CANCELLED


# --- What came of it -------------------------------------------------------------------------------------------------


def test_nobody_misses_what_has_not_begun(patient: Lead, kind: AppointmentType, coordinator: User) -> None:
    made = book(patient, kind)
    with pytest.raises(BookingRefused, match="not begun"):
        attendance.set_status(made, to=Status.NOSHOW, by=coordinator, now=TEN - timedelta(seconds=1))
    missed = attendance.set_status(made, to=Status.NOSHOW, by=coordinator, now=TEN)
    patient.refresh_from_db()
    assert (missed.status, patient.stage) == (Status.NOSHOW, Stage.BOOKING)
    attendance.set_status(made, to=Status.ARRIVED, by=coordinator, now=TEN + HALF_HOUR)
    patient.refresh_from_db()
    assert patient.stage == Stage.BOOKED


def test_from_arrival_to_what_took_place(patient: Lead, kind: AppointmentType, coordinator: User) -> None:
    made = book(patient, kind)
    with pytest.raises(BookingRefused, match="not today"):
        attendance.set_status(made, to=Status.ARRIVED, by=coordinator, now=NOW)
    for to in (Status.ARRIVED, Status.ARRIVED, Status.FULFILLED):
        attendance.set_status(made, to=to, by=coordinator, now=TEN)
    patient.refresh_from_db()
    made.refresh_from_db()
    assert (made.status, made.arrived_at, patient.stage) == (Status.FULFILLED, TEN, Stage.CONSULTED)
    with pytest.raises(ChangedMeanwhile):
        cancel(made)


def test_confirmed_twice_is_confirmed_once(patient: Lead, kind: AppointmentType) -> None:
    made = book(patient, kind)
    for minutes in (1, 2):
        attendance.confirm(made, version=1, now=NOW + timedelta(minutes=minutes))
    made.refresh_from_db()
    assert made.confirmed_at == NOW + timedelta(minutes=1)
    moved = move(made, TEN + HALF_HOUR)
    assert moved.confirmed_at is None


# --- Mails -----------------------------------------------------------------------------------------------------------


def test_a_move_calls_the_old_reminders_off(patient: Lead, kind: AppointmentType) -> None:
    made = book(patient, kind, TEN + timedelta(days=14))
    move(made, TEN + timedelta(days=15))
    mails = Message.objects.filter(lead=patient).select_related("topic")
    alive = [mail for mail in mails if mail.topic and mail.topic.version == mail.topic_version]
    # The confirmation had not left: the first thing that is heard is that it is booked.
    assert sorted(mail.name for mail in alive) == ["appointment_booked", *["appointment_reminder"] * 3]
    assert "SEQUENCE:1" in next(mail for mail in alive if mail.name == "appointment_booked").calendar
    Message.objects.filter(name="appointment_booked", topic_version=2).update(
        state="sending", lease_token=uuid4(), lease_until=NOW
    )
    changing.reschedule(made, start=TEN + timedelta(days=16), version=2, held_by="", by=None, now=NOW)
    again = Message.objects.filter(lead=patient, topic_version=3)
    assert sorted(mail.name for mail in again) == ["appointment_moved", *["appointment_reminder"] * 3]
    older = Message.objects.filter(lead=patient, topic_version__lt=3, name="appointment_reminder")
    assert set(older.values_list("state", flat=True)) == {MessageState.CANCELLED}


def test_a_cancellation_leaves_one_mail_alive(patient: Lead, kind: AppointmentType) -> None:
    cancel(book(patient, kind, TEN + timedelta(days=14)))
    mails = Message.objects.filter(lead=patient, state=MessageState.QUEUED).select_related("topic")
    alive = [mail for mail in mails if mail.topic and mail.topic.version == mail.topic_version]
    assert [mail.name for mail in alive] == ["appointment_cancelled"]
    assert "METHOD:CANCEL" in alive[0].calendar


def test_who_has_arrived_is_not_cancelled(patient: Lead, kind: AppointmentType, coordinator: User) -> None:
    made = book(patient, kind)
    attendance.set_status(made, to=Status.ARRIVED, by=coordinator, now=TEN)
    with pytest.raises(BookingRefused, match="take that back"):
        cancel(made, by=coordinator)


def test_whoever_has_no_address_is_called(center: Location, kind: AppointmentType) -> None:
    lead = make_patient(center, email="")
    made = book(lead, kind)
    move(made, TEN + HALF_HOUR)
    cancel(made, version=2)
    assert not Message.objects.exists()
    titles = Task.objects.filter(lead=lead, kind=TaskKind.CALL).order_by("key").values_list("title", flat=True)
    assert sorted(titles) == [
        "Tell by telephone: appointment booked for Tue, Dec 1, 10:00 AM",
        "Tell by telephone: appointment cancelled: Tue, Dec 1, 10:30 AM",
        "Tell by telephone: appointment moved to Tue, Dec 1, 10:30 AM",
    ]


def test_whoever_asked_not_to_be_called_is_written_to(center: Location, kind: AppointmentType) -> None:
    lead = make_patient(center, email="", do_not_call=True)
    made = book(lead, kind)
    move(made, TEN + HALF_HOUR)
    cancel(made, version=2)
    assert not Task.objects.filter(lead=lead, kind=TaskKind.CALL).exists()
    titles = Task.objects.filter(lead=lead, kind=TaskKind.OTHER).values_list("title", flat=True)
    assert f"{call_window.NO_CALLS}: appointment cancelled: Tue, Dec 1, 10:30 AM" in titles
    assert not [title for title in titles if "telephone" in title]
