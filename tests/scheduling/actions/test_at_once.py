"""Many at once, in transactions of their own: the constraint decides, nobody deadlocks, nothing is half done."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, cast
from uuid import UUID

import pytest
from django.db import close_old_connections, connection, connections, transaction

from crm.models import Lead, Location, Message
from crm.outbox import delivery
from scheduling.actions import booking, changing, mails
from scheduling.actions.errors import BookingRefused, ChangedMeanwhile, SlotTaken
from scheduling.enums import TAKING, CancelReason, ClaimState, ResourceKind
from scheduling.models import Appointment, AppointmentType, Claim
from tests.factories import make_location
from tests.scheduling.factories import AHEAD, HALF_HOUR, NOW, TEN, make_kind, make_patient, make_resource, wish

pytestmark = pytest.mark.django_db(transaction=True)
CLIENTS = 50


@pytest.fixture
def center(transactional_db: None) -> Iterator[Location]:
    yield make_location()
    connections.close_all()


def at_once(*jobs: Callable[[], object]) -> list[object]:
    """Each in a thread with a connection of its own; a refusal is its result, anything else is raised."""

    def one(job: Callable[[], object]) -> object:
        try:
            return job()
        except BookingRefused as refused:
            return type(refused)
        finally:
            connection.close()

    close_old_connections()
    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(one, jobs))


def move(made: Appointment, to: datetime, *, version: int = 1) -> Appointment:
    return changing.reschedule(made, start=to, version=version, held_by="", by=None, now=NOW)


def overlapping() -> int:
    """Pairs of claims that take the same time of the same resource, counted without the constraint's help."""
    taken = [
        (claim.resource_id, claim.during.lower, claim.during.upper) for claim in Claim.objects.filter(state__in=TAKING)
    ]
    return sum(
        one[0] == other[0] and one[1] < other[2] and other[1] < one[2]
        for n, one in enumerate(taken)
        for other in taken[n + 1 :]
    )


def deadlocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def test_many_want_one_time_and_one_gets_it(center: Location) -> None:
    kind = make_kind(make_resource(center), step=15)
    before = deadlocks()
    for round_ in range(4):
        leads = [make_patient(center, email=f"p{round_}-{n}@example.org") for n in range(CLIENTS)]
        start = TEN + timedelta(days=round_)
        # Half of them overlap without being the same.
        wanted = [start if n % 2 else start + timedelta(minutes=15) for n in range(CLIENTS)]
        results = at_once(
            *(partial(booking.book, wish(lead, kind, at), now=NOW) for lead, at in zip(leads, wanted, strict=True))
        )
        told = Counter(type(result) if isinstance(result, Appointment) else result for result in results)
        assert told == {Appointment: 1, SlotTaken: CLIENTS - 1}
    assert (overlapping(), deadlocks() - before) == (0, 0)


def test_provider_and_room_asked_for_in_both_orders(center: Location) -> None:
    """Types whose provider comes before the room, and after it, in the order of ids."""
    providers = [make_resource(center, name=f"Dr. {n}") for n in range(3)]
    rooms = [make_resource(center, kind=ResourceKind.ROOM, name=f"Room {n}") for n in range(3)]
    kinds = [make_kind(one, *rooms, needs_room=True) for one in providers]
    before = deadlocks()
    for round_ in range(4):
        leads = [make_patient(center, email=f"p{round_}-{n}@example.org") for n in range(CLIENTS)]
        start = TEN + timedelta(days=round_)
        results = at_once(
            *(partial(booking.book, wish(lead, kinds[n % 3], start), now=NOW) for n, lead in enumerate(leads))
        )
        assert Counter(isinstance(result, Appointment) for result in results)[True] == 3
    assert (overlapping(), deadlocks() - before) == (0, 0)


def test_two_who_change_places_keep_their_own(center: Location) -> None:
    kind = make_kind(make_resource(center), duration=60, step=15)
    before = deadlocks()
    for round_ in range(4):
        day = TEN + timedelta(days=round_)
        one, other = (
            booking.book(wish(make_patient(center, email=f"{n}{round_}@example.org"), kind, at), now=NOW)
            for n, at in enumerate((day, day + timedelta(hours=1)))
        )
        results = at_once(
            partial(move, one, day + timedelta(minutes=30)), partial(move, other, day + timedelta(minutes=15))
        )
        assert results == [SlotTaken, SlotTaken]
    assert (overlapping(), deadlocks() - before) == (0, 0)


def test_two_who_move_onto_each_others_new_time(center: Location) -> None:
    """Both times are free when they look; they overlap, and one gets theirs."""
    kind = make_kind(make_resource(center), duration=60, step=15)
    before = deadlocks()
    for round_ in range(6):
        day = TEN + timedelta(days=round_ if round_ < 4 else round_ + 2)  # not on a Saturday
        one, other = (
            booking.book(wish(make_patient(center, email=f"{n}{round_}@example.org"), kind, at), now=NOW)
            for n, at in enumerate((day, day + timedelta(hours=1)))
        )
        results = at_once(
            partial(move, one, day + timedelta(hours=3)), partial(move, other, day + timedelta(hours=3, minutes=15))
        )
        assert Counter(isinstance(result, Appointment) for result in results) == {True: 1, False: 1}
    assert (overlapping(), deadlocks() - before) == (0, 0)


def test_one_old_page_moves_once(center: Location) -> None:
    kind = make_kind(make_resource(center))
    made = booking.book(wish(make_patient(center), kind), now=NOW)
    starts = [TEN + n * HALF_HOUR for n in range(1, 7)]
    results = at_once(
        *(lambda to=to: changing.reschedule(made, start=to, version=1, held_by="", by=None, now=NOW) for to in starts)
    )
    assert Counter(isinstance(result, Appointment) for result in results)[True] == 1
    assert set(results) - {made} == {ChangedMeanwhile}
    made.refresh_from_db()
    assert (made.version, Claim.objects.filter(state=ClaimState.BOOKED).count()) == (2, 1)


def test_a_hold_is_confirmed_or_lost_and_never_both(center: Location) -> None:
    """It ends at the very moment in which its owner confirms and somebody else books."""
    kind = make_kind(make_resource(center))
    for round_ in range(6):
        start = AHEAD + round_ * HALF_HOUR
        mine, other = (make_patient(center, email=f"{n}{round_}@example.org") for n in range(2))
        at = datetime.now(UTC) - timedelta(minutes=5) + timedelta(milliseconds=40)
        name, *_rest = booking.hold(wish(mine, kind, start), now=at)
        results = at_once(
            partial(booking.book, wish(mine, kind, start, hold=name), now=NOW),
            *(partial(booking.book, wish(other, kind, start), now=NOW) for _ in range(2)),
        )
        assert Counter(isinstance(result, Appointment) for result in results)[True] == 1
    assert overlapping() == 0


def test_pressing_on_many_times_keeps_one(center: Location) -> None:
    """However fast somebody presses: one time is theirs, and one of the answers names it."""
    mine, kind = make_patient(center), make_kind(make_resource(center), step=15)
    starts = [AHEAD + n * timedelta(minutes=minutes) for minutes in (15, 60) for n in range(6)]
    now = datetime.now(UTC)
    results = at_once(*(partial(booking.hold, wish(mine, kind, start), now=now) for start in starts))
    [claim] = Claim.objects.all()
    assert claim.hold in {result[0] for result in results if isinstance(result, tuple)}


def test_a_second_press_waits_for_the_first(center: Location) -> None:
    """The first one has its time and has not said so yet: whoever did not wait would not see it, and keep both."""
    mine, kind = make_patient(center), make_kind(make_resource(center))
    later = wish(mine, kind, AHEAD + timedelta(hours=2))
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            booking.hold(wish(mine, kind, AHEAD), now=datetime.now(UTC))
            second = pool.submit(at_once, partial(booking.hold, later, now=datetime.now(UTC)))
            until(lambda: second.done() or somebody_waits())
        [(name, *_rest)] = cast(list[tuple[UUID, Any]], second.result())
    assert [claim.hold for claim in Claim.objects.all()] == [name]


def somebody_waits() -> bool:
    """Whether anybody in this database stands before a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # or a transaction sees what it saw before
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])


def until(true: Callable[[], bool], *, seconds: float = 20) -> None:
    ends_at = time.monotonic() + seconds
    while not true() and time.monotonic() < ends_at:
        time.sleep(0.01)


def test_a_crowd_that_books_moves_and_cancels_leaves_no_overlap(center: Location) -> None:
    """Random acts on two days of two providers and rooms; the claims of each appointment are its own, in the end."""
    providers = [make_resource(center, name=f"Dr. {n}") for n in range(2)]
    rooms = [make_resource(center, kind=ResourceKind.ROOM, name=f"Room {n}") for n in range(2)]
    kinds = [
        make_kind(*providers, *rooms, needs_room=True, duration=45, step=15, buffer_after=15),
        make_kind(*providers, duration=30, step=30),
    ]
    leads = [make_patient(center, email=f"p{n}@example.org") for n in range(8)]
    before = deadlocks()
    at_once(*(partial(_act, lead.pk, kinds, seed) for seed, lead in enumerate(leads)))
    assert (overlapping(), deadlocks() - before) == (0, 0)
    for made in Appointment.objects.select_related("kind"):
        held = {claim.resource_id: claim.during for claim in made.claims.filter(state=ClaimState.BOOKED)}
        wanted = {made.provider_id, made.room_id} - {None} if made.stands else set()
        assert set(held) == wanted
        assert all((during.lower, during.upper) == made.span for during in held.values())


def _act(lead_id: UUID, kinds: list[AppointmentType], seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same story every time
    lead, mine = Lead.objects.get(pk=lead_id), dict[UUID, Appointment]()
    for _ in range(12):
        start = TEN + timedelta(days=chance.randrange(2), minutes=15 * chance.randrange(12))
        try:
            if mine and chance.random() < 0.6:
                made = mine.pop(chance.choice(list(mine)))
                _change(made, start, chance)
                mine[made.pk] = Appointment.objects.select_related("kind").get(pk=made.pk)
                mine = {key: one for key, one in mine.items() if one.stands}
            else:
                made = booking.book(wish(lead, chance.choice(kinds), start), now=NOW)
                mine[made.pk] = made
        except BookingRefused:
            continue


def _change(made: Appointment, start: datetime, chance: random.Random) -> Any:
    if chance.random() < 0.5:
        return changing.cancel(made, version=made.version, reason=CancelReason.TIME, by=None, now=NOW)
    return move(made, start, version=made.version)


def test_a_worker_and_a_move_of_the_same_appointment_do_not_wait_for_each_other(
    center: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker holds a reminder that comes too late, and its task points to the lead; who moves the appointment holds
    the lead, and calls the reminder off. With a lock that guards the lead's key as well, each would wait for the
    other."""
    made = booking.book(wish(make_patient(center), make_kind(make_resource(center)), TEN), now=NOW)
    Message.objects.filter(topic=made.topic_id).update(
        due_at=NOW - timedelta(days=900), not_after=NOW - timedelta(days=800), message_class="reminder"
    )
    before, lead_is_held, reminder_is_held = deadlocks(), threading.Event(), threading.Event()
    judge = delivery._judged

    def slowly(locked: list[Message]) -> list[Message]:
        reminder_is_held.set()
        assert lead_is_held.wait(20)
        return judge(locked)

    def call_off() -> object:
        with transaction.atomic():
            changing.lock_row(made)
            lead_is_held.set()
            assert reminder_is_held.wait(20)
            return mails._withdraw(made, "It was moved")

    monkeypatch.setattr(delivery, "_judged", slowly)
    at_once(delivery.claim, call_off)

    assert deadlocks() == before
    assert set(Message.objects.values_list("state", flat=True)) == {"cancelled"}
