"""Closed under a booking: a provider falls ill, snow falls. Nothing is lost and nothing is cancelled by itself: each
appointment waits in a list until it has another time, or is called off, or the exception is gone."""

from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from crm.models import MessageTopic
from scheduling.hours import as_exemption
from scheduling.models import Appointment, ScheduleException
from scheduling.wall import instant


def flag(one: ScheduleException) -> int:
    """Marks what lies under a closed exception; returns how many were found new."""
    if one.is_open:
        return 0
    found = [made for made in _near(one) if _is_under(made, one)]
    fresh = [made.pk for made in found if made.rebook_since is None]
    Appointment.objects.filter(pk__in=fresh).update(rebook_since=timezone.now())
    _remind(fresh, again=False)
    return len(fresh)


def _remind(appointments: list[UUID], *, again: bool) -> None:
    """Nobody is reminded of a time that is closed. Once it is open again, or moved, reminders go out as before."""
    MessageTopic.objects.filter(appointment__in=appointments).update(live=again)


def unflag_all() -> int:
    """Takes the mark from those that lie under nothing any more; returns how many."""
    waiting = Appointment.objects.filter(rebook_since__isnull=False).select_related("provider", "room")
    free = [made.pk for made in waiting if not _lies_under_any(made)]
    _remind(free, again=True)
    return Appointment.objects.filter(pk__in=free).update(rebook_since=None)


def _near(one: ScheduleException) -> list[Appointment]:
    """Standing appointments of the days around, at that place or with that resource."""
    begin = datetime.combine(one.from_day, datetime.min.time(), tzinfo=timezone.get_default_timezone())
    end = datetime.combine(one.to_day, datetime.min.time(), tzinfo=timezone.get_default_timezone())
    rows = Appointment.objects.standing().filter(
        starts_at__gte=max(begin - timedelta(days=2), timezone.now()), starts_at__lt=end + timedelta(days=3)
    )
    if one.resource_id:
        rows = rows.filter(claims__resource=one.resource_id, claims__state="booked")
    else:
        rows = rows.filter(location=one.location_id)
    return list(rows.select_related("provider", "room").distinct())


def _is_under(made: Appointment, one: ScheduleException) -> bool:
    """On the clock of the resource that is closed; of the provider's for a whole location."""
    resource = made.room if made.room and one.resource_id == made.room_id else made.provider
    closed = as_exemption(one)
    begin = instant(closed.start, resource.zone, is_end=False)
    end = instant(closed.end, resource.zone, is_end=True)
    return made.starts_at.timestamp() < end and begin < made.ends_at.timestamp()


def _lies_under_any(made: Appointment) -> bool:
    day = made.starts_at.astimezone(made.provider.zone).date()
    rows = ScheduleException.objects.filter(
        is_open=False, from_day__lte=day + timedelta(days=1), to_day__gte=day - timedelta(days=1)
    )
    whose = {made.provider_id, made.room_id} - {None}
    return any(_is_under(made, one) for one in rows if one.resource_id in whose or one.location_id == made.location_id)
