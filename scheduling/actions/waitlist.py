"""Earlier times for those who wait: one at a time, in the order in which they asked, each held for two hours."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from scheduling import availability, mails
from scheduling.actions import claims
from scheduling.availability import Question
from scheduling.enums import WaitState
from scheduling.models import Appointment, FreedTime, WaitlistEntry

OFFERED_FOR = timedelta(hours=2)
BATCH = 50


def join(appointment: Appointment, *, now: datetime) -> WaitlistEntry:
    """Would come earlier than this appointment. Asked twice, it is one place in the line."""
    zone = appointment.location.zone
    entry, _ = WaitlistEntry.objects.get_or_create(
        lead=appointment.lead,
        kind=appointment.kind,
        state__in=[WaitState.WAITING, WaitState.OFFERED],
        defaults={
            "location": appointment.location,
            "first_day": now.astimezone(zone).date(),
            "last_day": appointment.starts_at.astimezone(zone).date(),
            "since": now,
            "state": WaitState.WAITING,
        },
    )
    return entry


@transaction.atomic
def leave(appointment: Appointment) -> None:
    """Waits no longer; a time on offer goes to the next one."""
    for entry in _waiting(appointment).select_for_update().select_related("kind", "location"):
        _give_back(entry)
        entry.state = WaitState.LEFT
        entry.save(update_fields=["state"])


def _waiting(appointment: Appointment) -> QuerySet[WaitlistEntry]:
    return WaitlistEntry.objects.filter(
        lead=appointment.lead, kind=appointment.kind, state__in=[WaitState.WAITING, WaitState.OFFERED]
    )


def on_freed(appointment: Appointment, start: datetime) -> None:
    """Remembers a time that is given back, if somebody waits for one. In the transaction that gives it back; it is
    offered afterwards, because claims are never taken after others were released in one transaction."""
    waiting = WaitlistEntry.objects.filter(kind=appointment.kind, location=appointment.location)
    if waiting.filter(state=WaitState.WAITING).exists():
        _remember(appointment.kind_id, appointment.location_id, start)


def _remember(kind_id: UUID, location_id: UUID, start: datetime) -> None:
    FreedTime.objects.bulk_create(
        [FreedTime(kind_id=kind_id, location_id=location_id, start=start)], ignore_conflicts=True
    )


def offer(*, now: datetime) -> int:
    """What has become free, to whoever is next; returns how many offers were made. Any number may run at once."""
    _end_late_offers(now=now)
    made = 0
    for pk in list(FreedTime.objects.order_by("at").values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            freed = FreedTime.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=pk)
            row = freed.select_related("kind", "location").first()
            if row:
                made += _offer(row, now=now)
                row.delete()
    return made


def _offer(freed: FreedTime, *, now: datetime) -> int:
    """To the first in line for whom it is earlier and who may come. 0 when nobody is left, or the time is gone."""
    day = freed.start.astimezone(freed.location.zone).date()
    line = WaitlistEntry.objects.select_for_update(skip_locked=True, of=("self",)).filter(
        Q(last_day=None) | Q(last_day__gte=day),
        kind=freed.kind,
        location=freed.location,
        state=WaitState.WAITING,
        first_day__lte=day,
        lead__safety_hold=False,
    )
    for entry in line.select_related("lead__location").order_by("since", "pk"):
        booked = Appointment.objects.standing().filter(lead=entry.lead, kind=freed.kind).order_by("starts_at").first()
        if booked and booked.starts_at > freed.start:  # who has cancelled waits for nothing any more
            return _offer_to(entry, booked, freed, now=now)
    return 0


def _offer_to(entry: WaitlistEntry, booked: Appointment, freed: FreedTime, *, now: datetime) -> int:
    asked = Question(freed.kind, freed.location, now.date(), 1, moving=booked.pk)
    free = availability.at_start(asked, freed.start, now=now)
    lasts = min(OFFERED_FOR, freed.start - timedelta(minutes=freed.kind.min_notice) - now)
    held = free and claims.hold(
        freed.kind, free, held_by=holder(entry), lead_id=entry.lead_id, now=now, lasts=max(lasts, claims.HOLD_FOR)
    )
    if not held:
        return 0
    entry.state, entry.hold, entry.offered_start = WaitState.OFFERED, held[0], freed.start
    entry.offered_until = now + max(lasts, claims.HOLD_FOR)
    entry.save()
    mails.plan_offer(entry, now=now)
    return 1


def holder(entry: WaitlistEntry) -> str:
    """Whose hold an offered time is."""
    return f"wait:{entry.pk}"


def _end_late_offers(*, now: datetime) -> None:
    """Nobody answered in time: they wait on, at the end of the line, and the next one is asked."""
    with transaction.atomic():
        late = WaitlistEntry.objects.filter(state=WaitState.OFFERED, offered_until__lte=Now())
        for entry in late.select_for_update(skip_locked=True)[:BATCH]:
            _give_back(entry)
            entry.state, entry.since = WaitState.WAITING, now
            entry.hold = entry.offered_start = entry.offered_until = None
            entry.save()


def _give_back(entry: WaitlistEntry) -> None:
    if entry.state == WaitState.OFFERED and entry.offered_start:
        claims.drop_holds_of(holder(entry))
        _remember(entry.kind_id, entry.location_id, entry.offered_start)


@transaction.atomic
def settle(entry: WaitlistEntry) -> None:
    """Somebody took what was offered, or has their wish by other means."""
    WaitlistEntry.objects.filter(pk=entry.pk).update(state=WaitState.BOOKED)
