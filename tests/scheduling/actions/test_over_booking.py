"""Over-booking is one decision about one overlap: all other time of the visit is taken like anybody's."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from crm.models import Lead, Location, User
from scheduling.actions import availability, booking, changing, claims
from scheduling.actions.errors import SlotTaken
from scheduling.enums import CancelReason, ResourceKind
from scheduling.models import Appointment, AppointmentType, Resource
from tests.factories import make_user
from tests.scheduling.actions.test_booking import starts
from tests.scheduling.factories import (
    HALF_HOUR,
    NOW,
    TEN,
    as_staff,
    book,
    make_kind,
    make_patient,
    make_resource,
    wish,
)

pytestmark = pytest.mark.django_db
QUARTER = timedelta(minutes=15)


@pytest.fixture
def lea(db: None) -> User:
    """Who may over-book."""
    return make_user("lead_coordinator", email="lea@example.org")


@pytest.fixture
def call(patient: Lead, kind: AppointmentType) -> Appointment:
    """From ten to half past."""
    return book(patient, kind)


@pytest.fixture
def visit(call: Appointment, provider: Resource, center: Location, lea: User) -> Appointment:
    """From a quarter past ten to eleven, over the call."""
    long = make_kind(provider, duration=45, step=15)
    over: dict[str, Any] = {"provider": provider.pk, "overbook_reason": "Comes from far away"}
    return book(make_patient(center, email="far@example.org"), long, TEN + QUARTER, **over, **as_staff(lea))


def states(made: Appointment) -> list[tuple[int, str]]:
    """(minutes after ten at which it begins, state) of each piece of its time."""
    pieces = made.claims.exclude(state="released").order_by("during")
    return [(int((one.during.lower - TEN) / timedelta(minutes=1)), one.state) for one in pieces]


def test_an_over_booking_covers_the_overlap_alone(
    visit: Appointment, provider: Resource, center: Location, lea: User
) -> None:
    assert states(visit) == [(15, "extra"), (30, "booked")]
    quarters = make_kind(provider, duration=15, step=15)
    assert [at for at in starts(quarters, center) if TEN <= at <= TEN + 2 * HALF_HOUR] == [TEN + 2 * HALF_HOUR]
    for by in ({}, as_staff(lea)):
        with pytest.raises(SlotTaken):
            book(make_patient(center, email="x@example.org"), quarters, TEN + HALF_HOUR, **by)


def test_who_was_booked_over_goes_and_the_time_stays_taken(
    call: Appointment, visit: Appointment, center: Location
) -> None:
    changing.cancel(call, version=1, reason=CancelReason.TIME, by=None, now=NOW)
    assert states(visit) == [(15, "booked"), (30, "booked")]
    assert [at for at in starts(call.kind, center) if TEN <= at < TEN + 2 * HALF_HOUR] == []


def test_who_was_booked_over_moves_away_and_the_time_stays_taken(
    call: Appointment, visit: Appointment, center: Location
) -> None:
    changing.reschedule(call, start=TEN + 4 * HALF_HOUR, version=1, held_by="", by=None, now=NOW)
    assert states(visit) == [(15, "booked"), (30, "booked")]


def test_an_over_booked_visit_in_pieces_is_moved_and_cancelled_as_one(
    call: Appointment, visit: Appointment, center: Location
) -> None:
    changing.cancel(call, version=1, reason=CancelReason.TIME, by=None, now=NOW)
    later = TEN + HALF_HOUR  # over a part of both pieces
    moved = changing.reschedule(visit, start=later, version=1, held_by="", by=None, now=NOW)
    assert states(moved) == [(30, "booked")]
    changing.cancel(moved, version=2, reason=CancelReason.TIME, by=None, now=NOW)
    assert states(moved) == []
    assert TEN in starts(call.kind, center)


def test_time_booked_over_by_two_is_taken_until_the_last_has_gone(
    call: Appointment, visit: Appointment, provider: Resource, center: Location, lea: User
) -> None:
    over: dict[str, Any] = {"provider": provider.pk, "overbook_reason": "Urgent"}
    third = book(make_patient(center, email="third@example.org"), visit.kind, TEN + QUARTER, **over, **as_staff(lea))
    assert states(third) == [(15, "extra"), (30, "extra")]
    changing.cancel(visit, version=1, reason=CancelReason.TIME, by=lea, now=NOW)
    assert states(third) == [(15, "extra"), (30, "booked")]
    changing.cancel(call, version=1, reason=CancelReason.TIME, by=lea, now=NOW)
    assert states(third) == [(15, "booked"), (30, "booked")]


def test_time_booked_over_a_hold_is_taken_when_the_hold_is_let_go(
    patient: Lead, kind: AppointmentType, provider: Resource, center: Location, lea: User, tuesday: datetime
) -> None:
    now = timezone.now()
    booking.hold(wish(patient, kind, tuesday), now=now)
    over: dict[str, Any] = {"provider": provider.pk, "overbook_reason": "Urgent"}
    other = make_patient(center, email="o@example.org")
    made = booking.book(wish(other, kind, tuesday, **over | as_staff(lea)), now=now)
    assert made.claims.get().state == "extra"
    claims.drop_holds_of(f"lead:{patient.pk}")
    assert availability.at_start(wish(patient, kind, tuesday).question(), tuesday, now=now) is None
    assert (claims.settle(now=now), made.claims.get().state) == (1, "booked")


def test_who_was_booked_over_is_given_another_room(
    center: Location, patient: Lead, provider: Resource, lea: User
) -> None:
    rooms = [make_resource(center, kind=ResourceKind.ROOM, name=f"Room {n}", position=n) for n in (1, 2)]
    on_site = make_kind(provider, *rooms, needs_room=True)
    first = book(patient, on_site)
    over: dict[str, Any] = {"provider": provider.pk, "overbook_reason": "Urgent"}
    long = make_kind(provider, duration=45, step=15)
    visit = book(make_patient(center, email="far@example.org"), long, TEN + QUARTER, **over, **as_staff(lea))
    moved = changing.reschedule(first, start=TEN, version=1, held_by="", by=lea, now=NOW, room=rooms[1].pk)
    assert (moved.room, states(visit)) == (rooms[1], [(15, "extra"), (30, "booked")])
    changing.cancel(moved, version=1, reason=CancelReason.TIME, by=lea, now=NOW)
    assert states(visit) == [(15, "booked"), (30, "booked")]


def test_who_was_booked_over_moves_into_no_other_time_of_that_visit(
    call: Appointment, visit: Appointment, lea: User
) -> None:
    AppointmentType.objects.update(step=15)
    for start in (TEN + QUARTER, TEN + HALF_HOUR):
        with pytest.raises(SlotTaken):
            changing.reschedule(call, start=start, version=1, held_by="", by=lea, now=NOW)
    assert states(call) == [(0, "booked")]
