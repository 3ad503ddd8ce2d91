"""From tables to slots: three queries, whatever the size, then scheduling/rules/slots.py."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import product
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import DateTimeField, F, Func, Q, QuerySet

from crm.models import Location
from scheduling.actions import hours
from scheduling.enums import TAKEN, ResourceKind
from scheduling.models import AppointmentType, BusySpan, Claim, Resource
from scheduling.rules import slots
from scheduling.rules.slots import SlotSpec, SlotWindow

AROUND = timedelta(days=2)
Place = tuple[UUID, UUID | None]  # a provider, and a room where the type needs one
Busy = dict[UUID, tuple[tuple[int, int], ...]]
LONGEST_CLAIM = timedelta(days=1)  # the constraint type_within_a_day

# The read of which there are most, in SQL: every page of times and every booking asks it, and Django needs longer to
# write this statement than PostgreSQL to answer it. Two arrays a resource instead of a row a claim, because these are
# read several times faster. The states are written out: only so is the partial index claim_by_start used. Holds end by
# PostgreSQL's clock, as the claims themselves judge them. Whoever was booked over keeps their time, with all who are
# over-booked there.
_TAKEN = """
SELECT resource_id,
    array_agg(floor(date_part('epoch', lower(during)))::bigint),
    array_agg(ceil(date_part('epoch', upper(during)))::bigint)
FROM (
    SELECT resource_id, during
    FROM scheduling_claim
    WHERE resource_id = ANY (%(resources)s) AND state IN ('held', 'booked', 'extra')
        AND lower(during) >= %(first)s AND lower(during) < %(end)s
        AND (state <> 'held' OR hold_expires_at > statement_timestamp() AND held_by <> %(held_by)s)
        AND (%(moving)s::uuid IS NULL OR appointment_id IS DISTINCT FROM %(moving)s)
        AND (%(moving)s::uuid IS NULL OR state <> 'extra' OR NOT EXISTS (
            SELECT FROM scheduling_claim own
            WHERE own.appointment_id = %(moving)s AND own.resource_id = scheduling_claim.resource_id
                AND own.state = 'booked' AND own.during @> scheduling_claim.during
        ))
    UNION ALL
    SELECT span.resource_id, tstzrange(span.starts_at, span.ends_at)
    FROM scheduling_busyspan span JOIN scheduling_busycalendar calendar ON calendar.id = span.calendar_id
    WHERE span.resource_id = ANY (%(resources)s) AND calendar.is_active
        AND span.starts_at < %(end)s AND span.ends_at > %(begin)s
) taken
GROUP BY resource_id
"""


@dataclass(frozen=True)
class Free:
    """A time that can be booked. `places`: in the order in which they are offered."""

    start: datetime
    end: datetime
    places: tuple[Place, ...]

    def preferring(self, provider: UUID) -> "Free":
        """Return the same time with this provider's places first: a patient keeps whom they have, where that is
        possible."""
        return replace(self, places=tuple(sorted(self.places, key=lambda place: place[0] != provider)))

    def is_in(self, room: UUID) -> bool:
        return any(place[1] == room for place in self.places)


@dataclass(frozen=True)
class SlotQuery:
    """What is looked for. `held_by`: holds of theirs do not count as taken; `moving`: nor does this appointment.
    `for_staff`: neither notice nor booking window bind the desk."""

    kind: AppointmentType
    location: Location
    first: date
    days: int
    provider: UUID | None = None
    held_by: str = ""
    moving: UUID | None = None
    for_staff: bool = False


def find(asked: SlotQuery, *, now: datetime) -> list[Free]:
    """Return all times that can be booked, on the days of the location's clock. Three queries."""
    found = hours.load(_resources(asked), asked.first)
    busy = _busy(asked, [one.pk for one in found])
    pure = {one.pk: one.as_pure(busy.get(one.pk, ())) for one in found}
    names = {one.key: pk for pk, one in pure.items()}
    providers = [pure[one.pk] for one in found if one.kind == ResourceKind.PROVIDER]
    rooms = [pure[one.pk] for one in found if one.kind == ResourceKind.ROOM]
    search = partial(slots.find, now=now.timestamp(), window=_window(asked), kind=_as_kind(asked))
    if not asked.kind.needs_room:
        alone = search(resources=providers, together=False)
        return [_free(slot.start, asked, [(names[key], None) for key in slot.resources]) for slot in alone]
    places: dict[int, list[Place]] = defaultdict(list)
    for provider, room in product(providers, rooms):
        for slot in search(resources=[provider, room], together=True):
            places[slot.start].append((names[provider.key], names[room.key]))
    return [_free(start, asked, places[start]) for start in sorted(places)]


def at_start(asked: SlotQuery, start: datetime, *, now: datetime) -> Free | None:
    """Return the free time that begins at exactly this moment, or None. Every booking looks it up again."""
    day = start.astimezone(asked.location.zone).date()
    that_day = replace(asked, first=day, days=1)
    return next((free for free in find(that_day, now=now) if free.start == start), None)


def nearest(asked: SlotQuery, start: datetime, *, now: datetime, count: int = 3) -> list[Free]:
    """Return what is free near a time that is taken: the nearest times from a week before to two weeks after."""
    day = start.astimezone(asked.location.zone).date()
    around = replace(asked, first=day - timedelta(days=7), days=22)
    found = sorted(find(around, now=now), key=lambda free: abs(free.start - start))
    return sorted(found[:count], key=lambda free: free.start)


def _free(start: int, asked: SlotQuery, places: Sequence[Place]) -> Free:
    begin = datetime.fromtimestamp(start, UTC)
    return Free(begin, begin + timedelta(minutes=asked.kind.duration), tuple(places))


def _window(asked: SlotQuery) -> SlotWindow:
    return SlotWindow(asked.first, asked.days, asked.location.zone)


def _as_kind(asked: SlotQuery) -> SlotSpec:
    kind = asked.kind
    return SlotSpec(
        duration=kind.duration,
        step=kind.step,
        buffer_before=kind.buffer_before,
        buffer_after=kind.buffer_after,
        min_notice=0 if asked.for_staff else kind.min_notice,
        window_days=None if asked.for_staff else kind.window_days,
    )


def _resources(asked: SlotQuery) -> QuerySet[Resource]:
    """Select the resources that the type needs at that location."""
    fit = Q(types_given=asked.kind)
    if asked.provider:
        fit &= Q(pk=asked.provider)
    if asked.kind.needs_room:
        fit |= Q(types_held=asked.kind)
    return Resource.objects.filter(fit, is_active=True, location=asked.location)


def _busy(asked: SlotQuery, ids: list[UUID]) -> Busy:
    """Return what is taken of each resource, by claims and by its own calendar: whole seconds, rounded outward."""
    begin = datetime.combine(asked.first, time(), tzinfo=asked.location.zone) - AROUND
    values: dict[str, Any] = {
        "resources": ids,
        "begin": begin,
        "first": begin - LONGEST_CLAIM,
        "end": begin + timedelta(days=asked.days) + 2 * AROUND,
        "held_by": asked.held_by,
        "moving": asked.moving,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TAKEN, values)
        return {resource: tuple(zip(starts, ends, strict=True)) for resource, starts, ends in cursor}


def claims_between(ids: list[UUID], begin: datetime, end: datetime) -> QuerySet[Claim]:
    """Return claims that keep time of these resources from others between two moments."""
    return Claim.objects.alias(begins=_bound("lower")).filter(
        resource__in=ids, state__in=TAKEN, begins__gte=begin - LONGEST_CLAIM, begins__lt=end
    )


def busy_between(ids: list[UUID], begin: datetime, end: datetime) -> QuerySet[BusySpan]:
    """Select when providers are busy by their own calendars."""
    return BusySpan.objects.filter(
        resource__in=ids, calendar__is_active=True, starts_at__lt=end, ends_at__gt=begin
    ).order_by()


def _bound(which: str) -> Func:
    return Func(F("during"), function=which, output_field=DateTimeField())
