"""Times for those who wait, earlier ones or any: one at a time, in the order in which they asked, each for two hours.

Lock order: lead, appointment, place in the line, freed time, claims.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from crm.enums.leads import ActivityKind, MessageState, Stage
from crm.leads import tasks
from crm.models import Activity, Lead, Location, Message
from crm.models.activity import BY_ITSELF
from crm.registry import DomainEvent
from scheduling.actions import availability, claims, mails
from scheduling.actions.availability import SlotQuery
from scheduling.enums import ClaimState, WaitState
from scheduling.models import Appointment, AppointmentType, Claim, FreedTime, WaitlistEntry

OFFERED_FOR = timedelta(hours=2)
AWAKE = (8, 20)  # hours of the location's clock
BATCH = 50
OF_THE_LINE = "wait:"  # how the holder of an offered time begins
IN_LINE = [WaitState.WAITING, WaitState.OFFERED]
OVER = {Stage.LOST, Stage.IMPROVED}


def join(lead: Lead, kind: AppointmentType, *, booked: Appointment | None, now: datetime) -> WaitlistEntry:
    """Put a lead in line for a time earlier than what is `booked`; without anything booked, for any time. Asked twice,
    it is one place in the line."""
    location = booked.location if booked else lead.location
    entry, _ = WaitlistEntry.objects.get_or_create(
        lead=lead,
        kind=kind,
        state__in=IN_LINE,
        defaults={
            "location": location,
            "first_day": now.astimezone(location.zone).date(),
            "last_day": booked.starts_at.astimezone(location.zone).date() if booked else None,
            "since": now,
            "state": WaitState.WAITING,
        },
    )
    return entry


@transaction.atomic
def leave(lead: Lead, kind: AppointmentType) -> None:
    """Take the lead out of line for this kind; a time on offer goes to the next one."""
    for entry in lock(lead, kind):
        end(entry, WaitState.LEFT)


def leave_with_request(lead: Lead, happening: DomainEvent) -> None:
    """Listen to a request being lost, or a patient feeling better, and end their waiting. A patient who could not be
    reached waits on: it was their own word. A wish to come earlier ends with its visit."""
    if lead.stage not in OVER:
        return
    mine = WaitlistEntry.objects.filter(lead=lead, state__in=IN_LINE, last_day=None)
    for entry in mine.select_for_update(no_key=True, of=("self",)).select_related("kind").order_by("pk"):
        end(entry, WaitState.LEFT)
        words = f"Waits for no time any more: {entry.kind.label}"
        Activity.objects.create(
            lead=lead, kind=ActivityKind.APPOINTMENT, at=happening.now, summary=words, details={BY_ITSELF: True}
        )


def lock(lead: Lead, kind: AppointmentType) -> list[WaitlistEntry]:
    """Lock somebody's entries in line, before any claim is touched: whoever makes offers takes them in this order
    too."""
    mine = WaitlistEntry.objects.filter(lead=lead, kind=kind, state__in=IN_LINE)
    return list(mine.select_for_update(no_key=True).order_by("pk"))


def end(entry: WaitlistEntry, state: WaitState) -> None:
    """Take somebody out of the line; a time that was on offer to them, and is not theirs now, goes to the next one."""
    if entry.offered_start and Claim.objects.filter(hold=entry.hold).exists():
        _give_back(entry, entry.offered_start)
    _withdraw(entry)
    entry.state = state
    entry.save(update_fields=["state"])


def on_freed(appointment: Appointment, start: datetime) -> None:
    """Remember a time that is given back, if somebody waits for one. In the transaction that gives it back; it is
    offered afterward, because claims are never taken after others were released in one transaction."""
    waiting = WaitlistEntry.objects.filter(kind=appointment.kind, location=appointment.location)
    if waiting.filter(state=WaitState.WAITING).exists():
        remember(appointment.kind_id, appointment.location_id, start, by=appointment.lead_id)


def remember(kind_id: UUID, location_id: UUID, start: datetime, *, by: UUID | None) -> None:
    """Remember a freed time; one that is there already is written anew: the sweep may be about to forget it, and is
    waited for. `by`: the lead that gives it back, if one does, is not offered it."""
    FreedTime.objects.bulk_create(
        [FreedTime(kind_id=kind_id, location_id=location_id, start=start, by_id=by)],
        update_conflicts=True,
        unique_fields=["kind", "location", "start"],
        update_fields=["at", "by"],
    )


def follow_move(entry: WaitlistEntry, appointment: Appointment) -> None:
    """Follow a move: a patient who took what was offered waits no longer; any other waits for a time earlier than their
    new one."""
    if entry.offered_start == appointment.starts_at:
        end(entry, WaitState.BOOKED)
        return
    if entry.offered_start and entry.offered_start > appointment.starts_at:  # what they have now is earlier
        _give_back(entry, entry.offered_start)
        _withdraw(entry)
        _wait_on(entry)
    if entry.last_day is not None:
        entry.last_day = appointment.starts_at.astimezone(appointment.location.zone).date()
        entry.save(update_fields=["last_day"])


def offer(*, now: datetime) -> int:
    """Offer what has become free to whoever is next; returns how many offers were made. Any number may run at once."""
    _end_past_wishes(now=now)
    _end_late_offers(now=now)
    _end_dead_offers(now=now)
    made = 0
    for pk in list(FreedTime.objects.order_by("at").values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            freed = FreedTime.objects.select_for_update(no_key=True, skip_locked=True, of=("self",)).filter(pk=pk)
            row = freed.select_related("kind", "location").first()
            if row and _is_awake(row.location, now):
                count, is_settled = _offer(row, now=now)
                made += count
                if is_settled:
                    row.delete()
    return made


def _is_awake(location: Location, now: datetime) -> bool:
    """Tell whether it is daytime there: an offer stands for two hours and would at night favor whoever sleeps least."""
    return AWAKE[0] <= now.astimezone(location.zone).hour < AWAKE[1]


def _offer(freed: FreedTime, *, now: datetime) -> tuple[int, bool]:
    """Offer a freed time in turn, as long as there is a place; returns (offers made, whether nothing is left to do).
    When somebody is working on a lead at this moment, it and all after it are asked in the next minute."""
    made = 0
    for waiting in _who_could_have_it(freed, now=now):
        lead = (
            Lead.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
            .filter(pk=waiting.lead_id)
            .first()
        )
        if lead is None:
            return made, False
        rows = WaitlistEntry.objects.select_for_update(no_key=True, of=("self",)).filter(
            pk=waiting.pk, state=WaitState.WAITING
        )
        entry = rows.select_related("lead__location", "kind").first()
        if entry and (asked := _question(entry, freed, now=now)):
            made += _offer_to(entry, asked, freed, now=now)
    return made, not _is_being_looked_at(freed)


def _who_could_have_it(freed: FreedTime, *, now: datetime) -> Iterator[WaitlistEntry]:
    """Yield those in line who could have that time, before anything is locked. An entry that cannot take it costs no
    one a turn: some wait for years."""
    asking = ((one, asked) for one in _line(freed, now=now) if (asked := _question(one, freed, now=now)))
    for waiting, asked in islice(asking, BATCH):
        if availability.at_start(asked, freed.start, now=now) is not None:
            yield waiting


def _is_being_looked_at(freed: FreedTime) -> bool:
    """Tell whether somebody holds it while they decide; letting it go gives nothing back, so it is looked at again."""
    end = freed.start + timedelta(minutes=freed.kind.duration)
    held = Claim.objects.filter(state=ClaimState.HELD, hold_expires_at__gt=Now(), resource__types_given=freed.kind)
    return held.filter(during__overlap=(freed.start, end)).exclude(held_by__startswith=OF_THE_LINE).exists()


def _line(freed: FreedTime, *, now: datetime) -> list[WaitlistEntry]:
    """Return those who may be asked, in turn. Nothing is locked, and nothing decided yet."""
    day = freed.start.astimezone(freed.location.zone).date()
    earlier = Appointment.objects.standing().filter(
        lead=OuterRef("lead"), kind=freed.kind, ends_at__gt=now, starts_at__lte=freed.start
    )
    line = WaitlistEntry.objects.filter(
        ~Exists(earlier),
        Q(lapsed_start=None) | ~Q(lapsed_start=freed.start),
        Q(last_day=None) | Q(last_day__gte=day),
        kind=freed.kind,
        location=freed.location,
        state=WaitState.WAITING,
        first_day__lte=day,
        lead__safety_hold=False,
    )
    return list(line.exclude(lead=freed.by_id).select_related("lead", "kind").order_by("since", "pk"))


def _question(entry: WaitlistEntry, freed: FreedTime, *, now: datetime) -> SlotQuery | None:
    """Return how to look for their place in that time; None when it is of no use to them: what they have is earlier, or
    is over, or was called off, or they could not take it by themselves."""
    booked = Appointment.objects.standing().filter(lead=entry.lead, kind=freed.kind, ends_at__gt=now)
    first = booked.order_by("starts_at").first()
    is_earlier = freed.start < first.starts_at if first else entry.last_day is None
    if not is_earlier or not _may_take(entry, freed.start, moving=first, now=now):
        return None
    return SlotQuery(freed.kind, freed.location, now.date(), 1, moving=first.pk if first else None)


def _may_take(entry: WaitlistEntry, start: datetime, *, moving: Appointment | None, now: datetime) -> bool:
    """Tell whether the booking itself (booking.py, changing.py) would allow it: nobody is offered what they cannot
    take."""
    if moving is None and not entry.kind.may_be_booked_by(entry.lead):
        return False
    if moving is None and entry.kind.lacks_number(entry.lead):
        return False
    last = moving.starts_at - timedelta(minutes=entry.kind.reschedule_until) if moving else None
    if moving and last and moving.rebook_since is None and now > last:
        return False
    end = start + timedelta(minutes=entry.kind.duration)
    theirs = Appointment.objects.standing().filter(lead=entry.lead, starts_at__lt=end, ends_at__gt=start)
    others = theirs.exclude(pk=moving.pk) if moving else theirs
    return not entry.lead.safety_hold and not others.exists()


def _offer_to(entry: WaitlistEntry, asked: SlotQuery, freed: FreedTime, *, now: datetime) -> int:
    free = availability.at_start(asked, freed.start, now=now)
    lasts = min(OFFERED_FOR, freed.start - timedelta(minutes=freed.kind.min_notice) - now)
    lasts = max(lasts, claims.HOLD_FOR)
    held = free and claims.hold(freed.kind, free, held_by=holder(entry), lead_id=entry.lead_id, now=now, lasts=lasts)
    if not held:
        return 0
    entry.state, entry.hold, entry.offered_start = WaitState.OFFERED, held[0], freed.start
    entry.offered_until = now + lasts
    entry.save()
    mails.plan_offer(entry, now=now)
    return 1


def holder(entry: WaitlistEntry) -> str:
    """Return the name under which an offered time is held for this entry."""
    return f"{OF_THE_LINE}{entry.pk}"


def _end_late_offers(*, now: datetime) -> None:
    """End offers that nobody answered in time: they wait on, at the end of the line, and the next one is asked."""
    with transaction.atomic():
        late = WaitlistEntry.objects.filter(state=WaitState.OFFERED, offered_until__lte=Now())
        for entry in late.select_for_update(no_key=True, skip_locked=True)[:BATCH]:
            if entry.offered_start:
                _give_back(entry, entry.offered_start)
            _withdraw(entry)
            entry.since, entry.lapsed_start = now, entry.offered_start
            _wait_on(entry)


def _end_past_wishes(*, now: datetime) -> None:
    """End the wishes to come earlier than a visit that is over."""
    ahead = Appointment.objects.standing().filter(lead=OuterRef("lead"), kind=OuterRef("kind"), ends_at__gt=now)
    past = WaitlistEntry.objects.filter(~Exists(ahead), state__in=IN_LINE, last_day__isnull=False)
    for pk, lead_id in list(past.order_by("pk").values_list("pk", "lead_id")[:BATCH]):
        with transaction.atomic():
            if entry := _locked(past.filter(pk=pk), lead_id):
                end(entry, WaitState.LEFT)


def _end_dead_offers(*, now: datetime) -> None:
    """End offers that a leave now covers or that can no longer be taken; those patients keep their place in line."""
    for pk, lead_id in list(WaitlistEntry.objects.filter(state=WaitState.OFFERED).values_list("pk", "lead_id")):
        with transaction.atomic():
            entry = _locked(WaitlistEntry.objects.filter(pk=pk, state=WaitState.OFFERED), lead_id)
            if entry and entry.offered_start and not _is_still_free(entry, entry.offered_start, now=now):
                claims.drop_holds_of(holder(entry))
                _withdraw(entry)
                _wait_on(entry)


def _locked(entries: QuerySet[WaitlistEntry], lead_id: UUID) -> WaitlistEntry | None:
    """Lock one of the entries, its lead first; None when somebody is working on that lead at this moment."""
    leads = Lead.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
    if not leads.filter(pk=lead_id).exists():
        return None
    rows = entries.select_for_update(no_key=True, of=("self",))
    return rows.select_related("kind", "location", "lead__location").first()


def _is_still_free(entry: WaitlistEntry, start: datetime, *, now: datetime) -> bool:
    ahead = Appointment.objects.standing().filter(lead=entry.lead_id, kind=entry.kind, ends_at__gt=now)
    booked = ahead.order_by("starts_at").first()
    if not _may_take(entry, start, moving=booked, now=now):
        return False
    asked = SlotQuery(entry.kind, entry.location, now.date(), 1, held_by=holder(entry), for_staff=True)
    asked = replace(asked, moving=booked.pk if booked else None)
    return availability.at_start(asked, start, now=now) is not None


def _wait_on(entry: WaitlistEntry) -> None:
    entry.state = WaitState.WAITING
    entry.hold = entry.offered_start = entry.offered_until = None
    entry.save()


def _withdraw(entry: WaitlistEntry) -> None:
    """Withdraw an offer that no longer stands, so that nobody is told of it in writing or by telephone."""
    tasks.close(mails.key_of_offer(entry), now=timezone.now())
    waiting = Message.objects.filter(key=mails.key_of_offer(entry), state=MessageState.QUEUED)
    waiting.update(state=MessageState.CANCELLED, reason="No longer on offer", finished_at=Now())


def _give_back(entry: WaitlistEntry, start: datetime) -> None:
    remember(entry.kind_id, entry.location_id, start, by=entry.lead_id)
    claims.drop_holds_of(holder(entry))
