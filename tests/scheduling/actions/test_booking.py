"""Booking, moving and cancelling, one at a time. What happens when many do it at once: test_at_once.py."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from crm.enums.leads import Stage
from crm.models import Activity, Lead, Location, Message, User
from scheduling.actions import availability, booking, changing, claims
from scheduling.actions.availability import Free, SlotQuery
from scheduling.actions.errors import BookingRefused, ChangedMeanwhile, SlotTaken
from scheduling.enums import CancelReason, ClaimState, ResourceKind, Status
from scheduling.models import Appointment, AppointmentType, Claim, Resource
from tests.factories import make_location, make_user
from tests.scheduling.factories import (
    AHEAD,
    HALF_HOUR,
    NOW,
    TEN,
    as_staff,
    book,
    close,
    make_kind,
    make_patient,
    make_resource,
    wish,
)

pytestmark = pytest.mark.django_db


def starts(kind: AppointmentType, center: Location, day: datetime = TEN, **more: object) -> list[datetime]:
    question = SlotQuery(kind, center, day.date(), 1, **more)  # type: ignore[arg-type]
    return [free.start for free in availability.find(question, now=NOW)]


# --- Booking ---------------------------------------------------------------------------------------------------------


def test_a_booking_takes_its_time_moves_the_lead_and_says_so(
    patient: Lead, kind: AppointmentType, provider: Resource, center: Location
) -> None:
    made = book(patient, kind)
    assert (made.status, made.provider, made.starts_at, made.ends_at) == (Status.BOOKED, provider, TEN, TEN + HALF_HOUR)
    claim = Claim.objects.get()
    assert (claim.resource, claim.state, claim.appointment) == (provider, ClaimState.BOOKED, made)
    assert (claim.during.lower, claim.during.upper) == (TEN, TEN + HALF_HOUR)
    patient.refresh_from_db()
    assert patient.stage == Stage.BOOKED
    assert TEN not in starts(kind, center)
    assert Activity.objects.filter(lead=patient, kind="appointment").count() == 1


def test_a_double_click_books_once(patient: Lead, kind: AppointmentType) -> None:
    wanted = wish(patient, kind)
    first, second = (booking.book(wanted, now=NOW) for _ in range(2))
    assert first == second
    assert (Appointment.objects.count(), Claim.objects.count()) == (1, 1)
    assert Message.objects.filter(name="appointment_booked").count() == 1


def test_a_taken_time_is_refused_with_the_nearest_ones(patient: Lead, kind: AppointmentType, center: Location) -> None:
    book(patient, kind)
    with pytest.raises(SlotTaken) as refused:
        book(make_patient(center, email="two@example.org"), kind)
    near = [free.start for free in refused.value.instead]
    assert near == [TEN - 2 * HALF_HOUR, TEN - HALF_HOUR, TEN + HALF_HOUR]
    assert Appointment.objects.count() == 1


@pytest.mark.parametrize(
    "start",
    [
        datetime(2026, 12, 1, 8, tzinfo=UTC),  # three at night
        datetime(2026, 12, 5, 15, tzinfo=UTC),  # a Saturday
        TEN + timedelta(minutes=7),
        datetime(2026, 12, 1, 22, tzinfo=UTC),  # begins when the day ends
        NOW - timedelta(days=6, hours=-2),
    ],
)
def test_a_forged_request_books_nothing(patient: Lead, kind: AppointmentType, start: datetime) -> None:
    with pytest.raises(SlotTaken):
        book(patient, kind, start)
    assert (Appointment.objects.count(), Claim.objects.count()) == (0, 0)


def test_nor_inside_a_buffer(patient: Lead, provider: Resource, center: Location) -> None:
    kind = make_kind(provider, buffer_before=10, buffer_after=20)
    book(patient, kind)
    assert set(starts(kind, center)) & {TEN - HALF_HOUR, TEN, TEN + HALF_HOUR} == set()
    with pytest.raises(SlotTaken):
        book(make_patient(center), kind, TEN + HALF_HOUR)


def test_back_to_back_without_buffers(patient: Lead, kind: AppointmentType, center: Location) -> None:
    book(patient, kind)
    book(make_patient(center), kind, TEN + HALF_HOUR)
    book(make_patient(center), kind, TEN - HALF_HOUR)
    assert Appointment.objects.count() == 3


def test_a_safety_hold_blocks_every_booking(patient: Lead, kind: AppointmentType, coordinator: User) -> None:
    Lead.objects.filter(pk=patient.pk).update(safety_hold=True)
    patient.refresh_from_db()
    for who, words in (({}, "call us first"), (as_staff(coordinator), "safety hold")):
        with pytest.raises(BookingRefused, match=words):
            book(patient, kind, **who)
    with pytest.raises(BookingRefused, match="call us"):
        booking.hold(wish(patient, kind), now=NOW)


def test_a_hold_laid_meanwhile_counts(patient: Lead, kind: AppointmentType) -> None:
    """The lead that the page knew was free; the row is not any more."""
    Lead.objects.filter(pk=patient.pk).update(safety_hold=True)
    with pytest.raises(BookingRefused, match="call us"):
        book(patient, kind)


@pytest.mark.parametrize("outcome", ["", "MORE_INFO", "PROMPT_REVIEW"])
def test_only_some_book_alone(center: Location, kind: AppointmentType, coordinator: User, outcome: str) -> None:
    lead = make_patient(center, outcome=outcome)
    with pytest.raises(BookingRefused, match="call us"):
        book(lead, kind)
    assert book(lead, kind, **as_staff(coordinator)).booked_by == coordinator


def test_notice_and_window_bind_patients_and_not_the_desk(
    center: Location, provider: Resource, coordinator: User
) -> None:
    kind = make_kind(provider, min_notice=48 * 60, window_days=1)
    for start in (TEN, TEN + timedelta(days=7)):
        lead = make_patient(center)
        with pytest.raises(SlotTaken):
            book(lead, kind, start)
        assert book(lead, kind, start, **as_staff(coordinator)).starts_at == start


def test_the_notice_at_its_very_second(patient: Lead, provider: Resource) -> None:
    kind = make_kind(provider, min_notice=24 * 60)
    wanted = wish(patient, kind)
    with pytest.raises(SlotTaken):
        booking.book(wanted, now=TEN - timedelta(days=1, seconds=-1))
    assert booking.book(wanted, now=TEN - timedelta(days=1))


def test_provider_and_room_are_taken_together(patient: Lead, center: Location, provider: Resource) -> None:
    room = make_resource(center, kind=ResourceKind.ROOM, name="Room 1")
    kind = make_kind(provider, room, needs_room=True)
    made = book(patient, kind)
    assert (made.provider, made.room, Claim.objects.count()) == (provider, room, 2)

    other = make_resource(center, name="Dr. Other")
    second = make_kind(other, room, needs_room=True)
    assert TEN not in starts(second, center)  # the provider is free, the room is not
    with pytest.raises(SlotTaken):
        book(make_patient(center), second)
    assert Claim.objects.count() == 2


def test_any_suitable_provider(patient: Lead, center: Location, provider: Resource) -> None:
    other = make_resource(center, name="Dr. Other", position=2)
    kind = make_kind(provider, other)
    made = [book(make_patient(center), kind).provider for _ in range(2)]
    assert made == [provider, other]
    with pytest.raises(SlotTaken):
        book(patient, kind)
    assert book(patient, kind, TEN + HALF_HOUR, provider=other.pk).provider == other


def test_nobody_books_who_is_elsewhere(patient: Lead, provider: Resource) -> None:
    elsewhere = make_location(name="Elsewhere", position=5)
    kind = make_kind(make_resource(elsewhere))
    with pytest.raises(SlotTaken):
        book(patient, kind)


def test_a_lead_that_rests_begins_anew(center: Location, kind: AppointmentType) -> None:
    lead = make_patient(center, stage=Stage.NURTURE)
    book(lead, kind)
    lead.refresh_from_db()
    assert lead.stage == Stage.BOOKED


def test_what_is_no_consultation_moves_nobody(patient: Lead, provider: Resource) -> None:
    book(patient, make_kind(provider, is_consultation=False))
    patient.refresh_from_db()
    assert patient.stage == Stage.BOOKING


# --- Over-booking ----------------------------------------------------------------------------------------------------


def test_over_booking_wants_a_permission_and_a_reason(
    patient: Lead, kind: AppointmentType, provider: Resource, center: Location, coordinator: User
) -> None:
    book(patient, kind)
    other = make_patient(center)
    over: dict[str, Any] = {"provider": provider.pk, "overbook_reason": "Comes from far away"}
    with pytest.raises(BookingRefused, match="may not"):
        book(other, kind, **over, **as_staff(coordinator))
    with pytest.raises(BookingRefused, match="may not"):
        book(other, kind, **over)
    lead_coordinator = make_user("lead_coordinator", email="lea@example.org")
    made = book(other, kind, **over, **as_staff(lead_coordinator))
    assert (made.is_extra, made.extra_reason, made.claims.get().state) == (True, "Comes from far away", "extra")


def test_who_is_over_booked_gets_a_room_where_one_is_free(patient: Lead, provider: Resource, center: Location) -> None:
    rooms = [make_resource(center, kind=ResourceKind.ROOM, name=f"Room {n}", position=n) for n in (1, 2)]
    kind = make_kind(provider, *rooms, needs_room=True)
    lea = as_staff(make_user("lead_coordinator", email="lea@example.org"))
    over: dict[str, Any] = {"provider": provider.pk, "overbook_reason": "Comes from far away"}
    evening = TEN + timedelta(hours=10)  # nobody works
    made = [book(make_patient(center), kind, evening, **over, **lea) for _ in range(3)]
    assert [one.room for one in made] == [rooms[0], rooms[1], None]
    assert [sorted(one.claims.values_list("state", flat=True)) for one in made] == [
        ["booked", "booked"],
        ["booked", "extra"],
        ["extra"],
    ]


# --- The constraint --------------------------------------------------------------------------------------------------


def test_the_database_itself_lets_no_claims_overlap(patient: Lead, kind: AppointmentType, provider: Resource) -> None:
    made = book(patient, kind)
    during = DateTimeTZRange(TEN + timedelta(minutes=29), TEN + HALF_HOUR * 2, "[)")
    with pytest.raises(IntegrityError, match="claims_never_overlap"), transaction.atomic():
        Claim.objects.create(resource=provider, during=during, state=ClaimState.BOOKED, appointment=made)
    Claim.objects.create(resource=provider, during=during, state=ClaimState.RELEASED, appointment=made)


# --- Holds -----------------------------------------------------------------------------------------------------------


def test_a_hold_is_not_offered_to_others(patient: Lead, kind: AppointmentType, center: Location) -> None:
    booking.hold(wish(patient, kind, AHEAD), now=datetime.now(UTC))
    assert AHEAD not in starts(kind, center, AHEAD)
    assert AHEAD not in starts(kind, center, AHEAD, held_by="lead:another")
    assert AHEAD in starts(kind, center, AHEAD, held_by=f"lead:{patient.pk}")


def test_a_hold_is_kept_by_its_owner_alone(patient: Lead, kind: AppointmentType, center: Location) -> None:
    name, *_rest = booking.hold(wish(patient, kind, AHEAD), now=datetime.now(UTC))
    other = book(make_patient(center), kind, AHEAD + HALF_HOUR)
    other.starts_at, other.ends_at = AHEAD, AHEAD + HALF_HOUR
    theirs = {"lead": other.lead_id, "appointment": other.pk}
    assert not claims.keep(name, (other.provider_id, None), other.span, held_by="lead:another", **theirs)
    assert Claim.objects.get(hold=name).state == ClaimState.HELD


def test_a_hold_is_for_its_owner(patient: Lead, kind: AppointmentType, center: Location) -> None:
    name, free, _place = booking.hold(wish(patient, kind, AHEAD), now=datetime.now(UTC))
    assert free.start == AHEAD
    other = make_patient(center)
    with pytest.raises(SlotTaken):
        book(other, kind, AHEAD, hold=name)  # a name that somebody has seen opens nothing
    made = book(patient, kind, AHEAD, hold=name)
    assert (made.claims.get().state, Claim.objects.count()) == (ClaimState.BOOKED, 1)


def test_a_second_hold_gives_the_first_one_back(patient: Lead, kind: AppointmentType, center: Location) -> None:
    at = datetime.now(UTC)
    booking.hold(wish(patient, kind, AHEAD), now=at)
    booking.hold(wish(patient, kind, AHEAD + HALF_HOUR), now=at)
    assert [AHEAD in starts(kind, center, AHEAD), AHEAD + HALF_HOUR in starts(kind, center, AHEAD)] == [True, False]


def test_a_hold_is_not_given_up_for_a_time_that_is_lost(patient: Lead, kind: AppointmentType, center: Location) -> None:
    mine = booking.hold(wish(patient, kind, AHEAD), now=datetime.now(UTC))[0]
    taken = book(make_patient(center), kind, AHEAD + HALF_HOUR)
    seen_free = Free(taken.starts_at, taken.ends_at, ((taken.provider_id, None),))  # a moment ago
    held_by = f"lead:{patient.pk}"
    assert claims.hold(kind, seen_free, held_by=held_by, lead_id=patient.pk, now=datetime.now(UTC)) is None
    assert Claim.objects.get(state=ClaimState.HELD).hold == mine


def test_nobody_is_booked_where_they_no_longer_belong(patient: Lead, kind: AppointmentType) -> None:
    """Handed over to another location while somebody booked at this one."""
    wanted = wish(patient, kind)
    Lead.objects.update(location=make_location(name="Harbor Center", position=9))
    with pytest.raises(ChangedMeanwhile):
        booking.book(wanted, now=NOW)
    assert not Claim.objects.exists()


def test_the_same_hold_again_is_the_same_for_longer(patient: Lead, kind: AppointmentType) -> None:
    at = datetime.now(UTC)
    first, *_rest = booking.hold(wish(patient, kind, AHEAD), now=at)
    second, *_rest = booking.hold(wish(patient, kind, AHEAD), now=at + timedelta(minutes=3))
    claim = Claim.objects.get()
    assert (first, claim.hold_expires_at) == (second, at + timedelta(minutes=8))


def test_a_hold_that_is_over_is_anybodys(patient: Lead, kind: AppointmentType, center: Location) -> None:
    long_ago = datetime.now(UTC) - timedelta(minutes=6)
    name, *_rest = booking.hold(wish(patient, kind, AHEAD), now=long_ago)
    made = booking.book(wish(make_patient(center), kind, AHEAD), now=NOW)
    assert made.claims.get().state == ClaimState.BOOKED
    with pytest.raises(SlotTaken):
        book(patient, kind, AHEAD, hold=name)


def test_a_moment_too_late_is_in_time_where_nobody_was_faster(patient: Lead, kind: AppointmentType) -> None:
    long_ago = datetime.now(UTC) - timedelta(minutes=6)
    name, *_rest = booking.hold(wish(patient, kind, AHEAD), now=long_ago)
    made = book(patient, kind, AHEAD, hold=name)
    assert [claim.state for claim in Claim.objects.all()] == [ClaimState.BOOKED]
    assert made.claims.get().hold is None


# --- Closed meanwhile ------------------------------------------------------------------------------------------------


def test_closed_beats_open_and_holidays_close_everything(
    kind: AppointmentType, provider: Resource, center: Location
) -> None:
    before = len(starts(kind, center))
    close(provider, date(2026, 12, 1), from_time=time(12), to_time=time(13))
    assert len(starts(kind, center)) == before - 2
    center.holidays = ["2026-12-01"]
    center.save()
    assert starts(kind, Location.objects.get(pk=center.pk)) == []


def test_three_questions_whatever_the_size(
    kind: AppointmentType, provider: Resource, center: Location, django_assert_num_queries: object
) -> None:
    for number in range(4):
        kind.providers.add(make_resource(center, name=f"Dr. {number}"))
        close(provider, date(2026, 12, 1 + number))
    with django_assert_num_queries(3):  # type: ignore[operator]
        found = availability.find(SlotQuery(kind, center, TEN.date(), 30), now=NOW)
    assert len(found) > 100


# --- Mails -----------------------------------------------------------------------------------------------------------


def test_a_confirmation_with_its_calendar_file_and_reminders_in_time(patient: Lead, kind: AppointmentType) -> None:
    later = TEN + timedelta(days=14)
    book(patient, kind, later)
    mails = {mail.due_at: mail for mail in Message.objects.filter(lead=patient)}
    assert sorted(mails) == [NOW, later - timedelta(days=7), later - timedelta(days=2), later - timedelta(hours=2)]
    confirmation = mails[NOW]
    assert "METHOD:REQUEST" in confirmation.calendar
    assert "SEQUENCE:0" in confirmation.calendar
    assert f"DTSTART:{later:%Y%m%dT%H%M%SZ}" in confirmation.calendar
    assert "Tuesday, December 15" in confirmation.text
    assert "10:00 a.m." in confirmation.text


def test_holds_and_claims_say_what_they_are(patient: Lead, kind: AppointmentType) -> None:
    made = book(patient, kind)
    assert claims.held_place(uuid4(), held_by="x") is None
    assert str(made).startswith("Telephone consultation, Dec 1")


def test_what_is_over_stands_in_nobodys_way(patient: Lead, kind: AppointmentType) -> None:
    """Nobody has pressed what came of the first one; it is past all the same."""
    first = book(patient, kind)
    week_later = TEN + timedelta(days=7)
    wanted = wish(patient, kind, week_later)
    made = booking.book(wanted, now=TEN + timedelta(days=1))
    changing.cancel(made, version=1, reason=CancelReason.TIME, by=None, now=TEN + timedelta(days=1))
    patient.refresh_from_db()
    first.refresh_from_db()
    assert (first.status, patient.stage) == (Status.BOOKED, Stage.BOOKING)


def test_an_over_booking_bears_the_time_at_which_it_was_made(
    patient: Lead, kind: AppointmentType, provider: Resource
) -> None:
    lea = make_user("lead_coordinator", email="lea@example.org")
    assert book(patient, kind, provider=provider.pk, overbook_reason="Far away", **as_staff(lea)).booked_at == NOW
