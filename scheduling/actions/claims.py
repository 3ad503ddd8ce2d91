"""Taking time and giving it back. The exclusion constraint decides who gets it; here is the order that avoids
deadlocks: claims sorted by resource, inserted before anything is released, and never moved.

Lock order: lead, appointment, place in the waiting line, freed time, claims.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import reduce
from itertools import pairwise
from operator import or_
from typing import Any, cast
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from crm.db import bulk_insert
from crm.models import Lead
from scheduling.actions.availability import Free, Place
from scheduling.enums import STANDING, TAKEN, TAKING, ClaimState, ResourceKind
from scheduling.models import Appointment, AppointmentType, Claim

HOLD_FOR = timedelta(minutes=5)
Span = tuple[datetime, datetime]


def with_buffers(kind: AppointmentType, start: datetime) -> Span:
    """Return the span that an appointment takes of its resources, buffers included."""
    end = start + timedelta(minutes=kind.duration + kind.buffer_after)
    return start - timedelta(minutes=kind.buffer_before), end


def resources_of(place: Place) -> list[UUID]:
    return [one for one in place if one]


def take(resources: Iterable[UUID], span: Span, **values: Any) -> bool:
    """Claim `span` on every one of the resources, or on none: False when somebody has a piece of it.

    One resource after the other, in their order, and each is finished before the next is touched: whoever waits for
    somebody else holds nothing that comes later.
    """
    in_turn = sorted(resources)
    if len(in_turn) == 1:  # the busiest way: no savepoint where there is nothing to take back
        return _take_one(in_turn[0], span, values)
    try:
        with transaction.atomic():
            if not all(_take_one(one, span, values) for one in in_turn):
                raise _Short
    except _Short:
        return False
    return True


@transaction.atomic(savepoint=False)
def _take_one(resource: UUID, span: Span, values: dict[str, Any]) -> bool:
    claim = Claim(resource_id=resource, during=_range(span), **values)
    return bulk_insert.insert_unless_taken(claim) or (
        drop_expired(resource, span) > 0 and bulk_insert.insert_unless_taken(claim)
    )


def take_over(resource: UUID, span: Span, *, appointment_id: UUID) -> None:
    """Claim `span` beside whoever has pieces of it. These pieces alone are over-booked; the rest is taken like any
    other time."""
    for piece in _pieces(resource, span):
        if not take([resource], piece, state=ClaimState.BOOKED, appointment_id=appointment_id):
            take([resource], piece, state=ClaimState.EXTRA, appointment_id=appointment_id)


def _pieces(resource: UUID, span: Span) -> list[Span]:
    """Cut the span where the claims of others begin and end, so that each piece goes as a whole with whoever is
    there."""
    others = Claim.objects.filter(resource=resource, state__in=TAKING, during__overlap=_range(span))
    spans = others.values_list("during", flat=True)
    edges = {edge for one in spans for edge in (one.lower, one.upper) if span[0] < edge < span[1]}
    return list(pairwise([span[0], *sorted(edges), span[1]]))


class _Short(Exception):
    """Not all of them: what was inserted is rolled back."""


def drop_expired(resource: UUID, span: Span) -> int:
    """Delete holds in the way of `span` that are over by PostgreSQL's clock; returns how many there were. A hold that
    somebody is confirming at this moment is left alone."""
    late = Claim.objects.filter(
        resource=resource, state=ClaimState.HELD, hold_expires_at__lte=Now(), during__overlap=_range(span)
    )
    ids = list(late.order_by("pk").select_for_update(skip_locked=True).values_list("pk", flat=True))
    if ids:
        Claim.objects.filter(pk__in=ids).delete()
    return len(ids)


def hold(
    kind: AppointmentType, free: Free, *, held_by: str, lead_id: UUID, now: datetime, lasts: timedelta = HOLD_FOR
) -> tuple[UUID, Place] | None:
    """Keep a time for somebody: the first place that can be had, or their own hold on it for longer. Their other holds
    are given back. Returns (hold, place), or None when all are taken."""
    values = {"held_by": held_by, "lead_id": lead_id, "kind": kind, "hold_expires_at": now + lasts}
    kept = _hold_one(kind, free, values)
    if kept is None and drop_holds_of(held_by, within=with_buffers(kind, free.start)):  # their own was in the way
        kept = _hold_one(kind, free, values)
    return kept


@transaction.atomic
def _hold_one(kind: AppointmentType, free: Free, values: dict[str, Any]) -> tuple[UUID, Place] | None:
    """Hold one place; requests of one patient run one after the other, so that each keeps one time only, however fast
    they press."""
    list(Lead.objects.select_for_update(no_key=True).filter(pk=values["lead_id"]).values_list("pk"))
    span, name = with_buffers(kind, free.start), uuid4()
    if again := _extended(values, span, free):
        return again
    for place in free.places:
        if take(resources_of(place), span, state=ClaimState.HELD, hold=name, **values):
            drop_holds_of(values["held_by"], but=name)
            return name, place
    return None


def _extended(values: dict[str, Any], span: Span, free: Free) -> tuple[UUID, Place] | None:
    """Extend their own hold, of the same kind of appointment only: a hold of another kind would book that one."""
    theirs = Claim.objects.filter(held_by=values["held_by"], lead=values["lead_id"], kind=values["kind"])
    mine = theirs.filter(state=ClaimState.HELD, hold_expires_at__gt=Now(), during=_range(span))
    held = {claim.resource_id: claim.hold for claim in mine}
    for place in free.places:
        names = {held.get(one) for one in resources_of(place)}
        if len(names) == 1 and None not in names:
            mine.filter(resource__in=resources_of(place)).update(hold_expires_at=values["hold_expires_at"])
            return cast(UUID, names.pop()), place
    return None


@transaction.atomic
def drop_holds_of(held_by: str, *, but: UUID | None = None, within: Span | None = None) -> int:
    """Give back somebody's holds, as they decide for another time or for none; returns how many claims were given back.
    `within`: only those that are in the way of that time."""
    mine = Claim.objects.filter(held_by=held_by, state=ClaimState.HELD).exclude(hold=but)
    mine = mine.filter(during__overlap=_range(within)) if within else mine
    ids = list(mine.order_by("pk").select_for_update(skip_locked=True).values_list("pk", flat=True))
    Claim.objects.filter(pk__in=ids).delete()
    return len(ids)


def held_place(name: UUID, *, held_by: str) -> Place | None:
    """Return the provider and the room that a hold keeps, or None when it keeps no provider."""
    held = Claim.objects.filter(hold=name, held_by=held_by, state=ClaimState.HELD)
    kinds = dict(held.values_list("resource__kind", "resource_id"))
    provider = kinds.get(ResourceKind.PROVIDER)
    return (provider, kinds.get(ResourceKind.ROOM)) if provider else None


def keep(name: UUID, place: Place, span: Span, *, held_by: str, lead: UUID, appointment: UUID) -> bool:
    """Turn a hold into the claims of an appointment, if it is theirs, of this place and time, and not over by
    PostgreSQL's clock. Returns whether it became that."""
    held = Claim.objects.filter(hold=name, held_by=held_by, state=ClaimState.HELD, hold_expires_at__gt=Now(), lead=lead)
    wanted = set(resources_of(place))
    locked = held.order_by("resource_id").select_for_update(no_key=True, of=("self",))
    ids = list(locked.values_list("pk", "resource_id", "during"))
    during = _range(span)
    if {resource for _pk, resource, _during in ids} != wanted or any(one != during for *_rest, one in ids):
        return False
    changed = held.filter(pk__in=[pk for pk, *_rest in ids]).update(
        state=ClaimState.BOOKED, appointment=appointment, hold=None, held_by="", hold_expires_at=None
    )
    return changed == len(wanted)


def release(appointment: Appointment) -> None:
    """Free an appointment's time at once, or give it to those who were booked over it."""
    _release(list(Claim.objects.filter(appointment=appointment, state__in=TAKEN)))


def _release(former: Sequence[Claim]) -> None:
    Claim.objects.filter(pk__in=[claim.pk for claim in former]).update(state=ClaimState.RELEASED)
    _pass_on(former)


def _pass_on(former: Sequence[Claim]) -> None:
    """Give the time of these former claims to whoever was booked over them."""
    if former:
        there = reduce(or_, (Q(resource=claim.resource_id, during__contained_by=claim.during) for claim in former))
        _settle(Claim.objects.filter(there))


def settle(*, now: datetime) -> int:
    """Make over-booked time that is nobody else's any more, because a hold on it was let go, taken like any other;
    returns how many pieces. Nobody was offered it meanwhile."""
    ahead = Appointment.objects.filter(is_extra=True, status__in=STANDING, starts_at__gt=now)
    return _settle(Claim.objects.filter(appointment__in=ahead))


def _settle(found: QuerySet[Claim]) -> int:
    """Turn over-booked claims that lie beside nobody now into booked ones; returns how many. Whoever wants that time
    waits for whoever gives it back."""
    return sum(_is_alone(one) for one in found.filter(state=ClaimState.EXTRA).order_by("created_at", "pk"))


def _is_alone(extra: Claim) -> bool:
    others = Claim.objects.filter(resource=extra.resource_id, state__in=TAKING, during__overlap=extra.during)
    if others.exists():
        return False
    try:
        with transaction.atomic():
            return Claim.objects.filter(pk=extra.pk, state=ClaimState.EXTRA).update(state=ClaimState.BOOKED) == 1
    except IntegrityError:  # somebody else has just come
        return False


def move(
    appointment: Appointment, place: Place, *, start: datetime, held_by: str = "", hold: UUID | None = None
) -> bool:
    """Claim another time for an appointment and give the old one back; False when it cannot be had, and then nothing
    has changed. A `hold` of that place and time becomes its claims.

    First only what the old claims do not cover is inserted, so that nothing of ours is given back before all of the new
    time is ours: giving back first would deadlock with whoever waits for it. The pieces are then made one again.
    """
    span = with_buffers(appointment.kind, start)
    former = list(Claim.objects.filter(appointment=appointment, state__in=TAKEN))
    lead = appointment.lead_id
    if hold and keep(hold, place, span, held_by=held_by, lead=lead, appointment=appointment.pk):
        _release(former)
        return True
    old = defaultdict[UUID, list[Span]](list)
    for claim in former:
        if claim.state == ClaimState.BOOKED:
            old[claim.resource_id].append((claim.during.lower, claim.during.upper))
    wanted = sorted(resources_of(place))  # piece by piece in the same order as everybody's claims
    try:
        with transaction.atomic():
            pieces = [(one, piece) for one in wanted for piece in _beyond(span, old[one])]
            for one, piece in pieces:
                if not take([one], piece, state=ClaimState.BOOKED, appointment=appointment):
                    raise _Short
            Claim.objects.filter(appointment=appointment, state__in=TAKEN).update(state=ClaimState.RELEASED)
            if not take(wanted, span, state=ClaimState.BOOKED, appointment=appointment):
                raise _Short
            _forget_pieces(appointment, pieces)
            _pass_on(former)
    except _Short:
        return False
    return True


def _beyond(span: Span, old: Sequence[Span]) -> list[Span]:
    """Return the parts of `span` that the `old` ones do not cover."""
    parts = [span]
    for begin, end in old:
        around = [(max(part[0], end), part[1]) for part in parts] + [(part[0], min(part[1], begin)) for part in parts]
        parts = sorted((start, stop) for start, stop in around if start < stop)
    return parts


def _forget_pieces(appointment: Appointment, pieces: Sequence[tuple[UUID, Span]]) -> None:
    """Delete pieces that were never times of their own: the record keeps the old time and the new one."""
    for one, piece in pieces:
        Claim.objects.filter(
            appointment=appointment, resource=one, during=_range(piece), state=ClaimState.RELEASED
        ).delete()


def _range(span: Span) -> DateTimeTZRange:
    return DateTimeTZRange(*span, bounds="[)")
