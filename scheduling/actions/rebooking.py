"""Closed under a booking: a provider falls ill, snow falls. Nothing is lost and nothing is canceled by itself: each
appointment waits in a list, also past its time, until it has another one, is called off, or the exception is gone."""

from datetime import date, datetime, time, timedelta
from functools import reduce
from operator import or_
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from crm.leads import tasks
from crm.models import Location, MessageTopic, User
from scheduling.actions import effects, hours
from scheduling.actions.hours import as_exemption
from scheduling.enums import CancelReason
from scheduling.models import Appointment, Resource, ScheduleException
from scheduling.rules.slots import SlotWindow
from scheduling.rules.wall_clock import instant

ONE_DAY = timedelta(days=1)
UTC_ZONE = ZoneInfo("UTC")

type DayOff = tuple[UUID, date]  # a location, and a holiday of it


def look_again(*, now: datetime) -> int:
    """Find and mark what lies under something closed but was missed: a leave entered while somebody booked, a new
    holiday, a provider who can no longer be booked. Whoever over-booked there since knew of it. Returns how many."""
    closed = list(_closed_from(now.date() - ONE_DAY))
    found = sum(flag(one, over_booked=False) for one in [*closed, *_holidays(now.date())])
    return found + flag_of_nobody(now=now)


def flag_of_nobody(*, now: datetime) -> int:
    """Mark what is with somebody, or somewhere, where nothing can be booked any longer; return how many were new."""
    return _mark(list(Appointment.objects.standing().filter(_of_nobody(), rebook_since=None, starts_at__gt=now)))


def in_words(count: int) -> str:
    """Return the count as the start of a sentence, such as "2 appointments lie"."""
    return "1 appointment lies" if count == 1 else f"{count} appointments lie"


def flag(one: ScheduleException, *, over_booked: bool = True) -> int:
    """Mark what lies under a closed exception, also what is `over_booked`; returns how many were newly found."""
    if one.is_open:
        return 0
    found = [made for made in _near(one) if _is_under(made, one) and (over_booked or not made.is_extra)]
    return _mark([made for made in found if made.rebook_since is None])


def flag_new_days_off(before: set[DayOff], *, now: datetime) -> int:
    """Mark what lies under holidays that are not in `before`, over-bookings too, as under a leave that somebody enters;
    return how many were newly found. Whoever over-books there later knows of them."""
    fresh = sorted(days_off(now.date()) - before)
    return sum(flag(ScheduleException(location_id=place, from_day=day, to_day=day)) for place, day in fresh)


def days_off(first: date) -> set[DayOff]:
    """Return the holidays of every location from that day on. One query."""
    return {(place.pk, day) for place in Location.objects.all() for day in place.days_off if day >= first}


def flag_outside(resource: Resource) -> int:
    """Mark what lies outside of a resource's hours after they were changed; over-bookings lie there on purpose. Returns
    how many were newly found."""
    return _flag_outside(Q(provider=resource) | Q(room=resource))


def flag_no_longer_open(one: ScheduleException) -> int:
    """Mark what an exception had opened, as it was before it was changed or removed; returns how many are new."""
    if not one.is_open:
        return 0
    whose = Q(provider=one.resource_id) | Q(room=one.resource_id) if one.resource_id else Q(location=one.location_id)
    return _flag_outside(whose)


def _flag_outside(which: Q) -> int:
    return _mark([made for made in _outside(which) if made.rebook_since is None])


def _outside(which: Q) -> list[Appointment]:
    """Return standing appointments to come that do not lie in open time of their provider and room."""
    rows = Appointment.objects.standing().filter(which, starts_at__gt=timezone.now(), is_extra=False)
    found = list(rows.select_related("provider", "room", "location"))
    if not found:
        return []
    days = [made.starts_at.date() for made in found]
    ids = {one for made in found for one in (made.provider_id, made.room_id) if one}
    window = SlotWindow(min(days) - ONE_DAY, (max(days) - min(days)).days + 3, UTC_ZONE)
    spans = hours.open_spans(list(hours.with_rules(Resource.objects.filter(pk__in=ids))), window)
    return [made for made in found if not all(_is_open(made, spans[one]) for one in _whose(made))]


def keep_closed(made: Appointment, *, by: User | None) -> None:
    """Close a time that we called off, for its provider, so that it is offered to nobody until somebody takes the
    closing out. What is closed anyhow stays as it is."""
    provider = hours.with_rules(Resource.objects.filter(pk=made.provider_id))
    [spans] = hours.open_spans(list(provider), SlotWindow(made.starts_at.date() - ONE_DAY, 3, UTC_ZONE)).values()
    if any(start < made.ends_at.timestamp() and made.starts_at.timestamp() < end for start, end in spans):
        begin, end = (at.astimezone(made.provider.zone) for at in (made.starts_at, made.ends_at))
        ScheduleException.objects.create(
            resource=made.provider,
            from_day=begin.date(),
            from_time=begin.time(),
            to_day=end.date(),
            to_time=end.time(),
            reason=f"Called off: {CancelReason(made.ended_reason).label.lower()}",
            created_by=by,
        )


def _whose(made: Appointment) -> list[UUID]:
    return [one for one in (made.provider_id, made.room_id) if one]


def _is_open(made: Appointment, spans: list[tuple[int, int]]) -> bool:
    return any(start <= made.starts_at.timestamp() and made.ends_at.timestamp() <= end for start, end in spans)


def _mark(fresh: list[Appointment]) -> int:
    """Mark appointments as they were read, and return how many: one that has moved meanwhile lies elsewhere and is
    left."""
    if not fresh:
        return 0
    as_read = reduce(or_, (Q(pk=made.pk, version=made.version) for made in fresh))
    marked = Appointment.objects.standing().filter(as_read).update(rebook_since=timezone.now())
    _remind([made.pk for made in fresh], again=False)
    return marked


def _remind(appointments: list[UUID], *, again: bool) -> None:
    """Stop the reminders of a closed time, or let them go out again once it is open or moved (`again`)."""
    theirs = MessageTopic.objects.filter(appointment__in=appointments, appointment__rebook_since__isnull=False)
    theirs.update(live=again)


def unflag_all() -> int:
    """Remove the mark from what no longer lies under anything closed; returns how many. A fixed number of queries."""
    rows = Appointment.objects.filter(rebook_since__isnull=False, starts_at__gt=timezone.now()).exclude(_of_nobody())
    waiting = list(rows.select_related("provider", "room", "location"))
    if not waiting:
        return 0
    first = min(made.starts_at for made in waiting).date() - ONE_DAY
    closed = [*_closed_from(first), *_holidays(first)]
    outside = {made.pk for made in _outside(Q(rebook_since__isnull=False))}
    free = [
        made.pk
        for made in waiting
        if made.pk not in outside and not any(_is_under(made, one) for one in closed if _touches(one, made))
    ]
    if not free:
        return 0
    _remind(free, again=True)
    tasks.close(*(effects.key_of_closing(made) for made in waiting if made.pk in free), now=timezone.now())
    return Appointment.objects.filter(pk__in=free).update(rebook_since=None)


def _closed_from(day: date) -> QuerySet[ScheduleException]:
    return ScheduleException.objects.filter(is_open=False, to_day__gte=day)


def _holidays(first: date) -> list[ScheduleException]:
    """Return the holidays of every location as if somebody had entered them; not saved."""
    return [
        ScheduleException(location=location, from_day=day, to_day=day)
        for location in Location.objects.filter(is_active=True)
        for day in sorted(location.days_off)
        if day >= first
    ]


def _of_nobody() -> Q:
    """Match what is with somebody, in a room or at a location that can no longer be booked, or that is not there."""
    gone = Q(provider__is_active=False) | Q(room__is_active=False) | Q(location__is_active=False)
    return gone | ~Q(provider__location=F("location")) | Q(room__isnull=False) & ~Q(room__location=F("location"))


def _touches(one: ScheduleException, made: Appointment) -> bool:
    whose = {made.provider_id, made.room_id} - {None}
    return one.resource_id in whose or one.location_id == made.location_id


def _near(one: ScheduleException) -> list[Appointment]:
    """Return standing appointments of the days around, at that place or with that resource."""
    begin = datetime.combine(one.from_day, time(), tzinfo=timezone.get_default_timezone())
    end = datetime.combine(one.to_day, time(), tzinfo=timezone.get_default_timezone())
    rows = Appointment.objects.standing().filter(
        starts_at__gte=max(begin - 2 * ONE_DAY, timezone.now()), starts_at__lt=end + 3 * ONE_DAY
    )
    if one.resource_id:
        rows = rows.filter(Q(provider=one.resource_id) | Q(room=one.resource_id))
    else:
        rows = rows.filter(location=one.location_id)
    return list(rows.select_related("provider", "room"))


def _is_under(made: Appointment, one: ScheduleException) -> bool:
    """Tell whether it lies under the exception, on the clock of the closed resource; of the provider for a whole
    location."""
    resource = made.room if made.room and one.resource_id == made.room_id else made.provider
    closed = as_exemption(one)
    begin = instant(closed.start, resource.zone, is_end=False)
    end = instant(closed.end, resource.zone, is_end=True)
    return made.starts_at.timestamp() < end and begin < made.ends_at.timestamp()
