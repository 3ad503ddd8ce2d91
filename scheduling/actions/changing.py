"""Moving and canceling what is booked: short transactions without any network, like booking itself."""

from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from crm.enums.leads import Event
from crm.leads import events
from crm.models import Lead, User
from scheduling.actions import availability, claims, effects, mails, rebooking, waitlist
from scheduling.actions.availability import Place, SlotQuery
from scheduling.actions.booking import check_elsewhere, check_hold
from scheduling.actions.errors import BookingRefused, ChangedMeanwhile, SlotTaken
from scheduling.enums import MOVES, OF_THE_CENTER, CancelReason, EndedBy, Status, WaitState
from scheduling.models import Appointment, Resource


def check_cancel(appointment: Appointment, *, now: datetime) -> None:
    """Raise BookingRefused when the patient can no longer cancel here; checked before a page offers it."""
    if not appointment.stands or appointment.ends_at <= now:
        raise ChangedMeanwhile
    _check_deadline(appointment, appointment.kind.cancel_until, by=None, now=now)


def check_move(appointment: Appointment, *, now: datetime) -> None:
    """Raise BookingRefused when the patient can no longer move it here; a safety hold forbids that too."""
    if not appointment.stands or appointment.ends_at <= now:
        raise ChangedMeanwhile
    check_hold(appointment.lead, by=None)
    _check_deadline(appointment, appointment.kind.reschedule_until, by=None, now=now)


@transaction.atomic
def reschedule(
    appointment: Appointment,
    *,
    start: datetime,
    version: int,
    held_by: str,
    by: User | None,
    now: datetime,
    provider: UUID | None = None,
    room: UUID | None = None,
    hold: UUID | None = None,
) -> Appointment:
    """Move an appointment to another time, or to another place at the same time. `version` is what the page showed:
    whoever comes second changes nothing, and whoever does not get the new time keeps the old one. `hold`: of the new
    time, kept for `held_by`. The version stays where the patient sees no change: the same time with the same provider.

    Raises ChangedMeanwhile, SlotTaken, BookingRefused (past the deadline, over, under a safety hold).
    """
    start = start.astimezone(UTC)  # as Booking has it
    locked = lock(appointment, version=version)
    check_hold(locked.lead, by=by)
    _check_deadline(locked, locked.kind.reschedule_until, by=by, now=now)
    is_where_it_is = provider in {None, locked.provider_id} and room in {None, locked.room_id}
    if locked.starts_at == start and is_where_it_is and locked.rebook_since is None:
        return locked
    check_elsewhere(_others(locked, start), start, locked.kind)
    asked = _question_for(locked, start, held_by=held_by, by=by, provider=provider)
    return _move(locked, asked, start, by=by, now=now, room=room, hold=hold)


def _others(appointment: Appointment, start: datetime) -> list[Appointment]:
    """Return the patient's other standing appointments that end after `start`."""
    theirs = Appointment.objects.standing().filter(lead=appointment.lead, ends_at__gt=start).exclude(pk=appointment.pk)
    return list(theirs.select_related("kind"))


def _question_for(
    appointment: Appointment, start: datetime, *, held_by: str, by: User | None, provider: UUID | None
) -> SlotQuery:
    return SlotQuery(
        appointment.kind,
        appointment.location,
        start.astimezone(appointment.location.zone).date(),
        1,
        provider=provider,
        held_by=held_by,
        moving=appointment.pk,
        for_staff=by is not None,
    )


def _move(
    appointment: Appointment,
    asked: SlotQuery,
    start: datetime,
    *,
    by: User | None,
    now: datetime,
    room: UUID | None,
    hold: UUID | None,
) -> Appointment:
    in_line = waitlist.lock(appointment.lead, appointment.kind)
    waitlist.on_freed(appointment, appointment.starts_at)  # before the claims: whoever makes offers locks it first, too
    place = _claim(appointment, asked, start, now=now, room=room, hold=hold)
    if (place[0], start, None) == (appointment.provider_id, appointment.starts_at, appointment.rebook_since):
        return _change_room(appointment, place[1], by=by, now=now)
    was = f"{appointment.starts_at.astimezone(appointment.location.zone):%b %-d, %-I:%M %p}"
    over = f"Was booked over what was taken: {appointment.extra_reason}" if appointment.is_extra else ""
    effects.close_all(appointment, now=now)
    effects.close_estimate(appointment, now=now)
    _write(appointment, place, start, now=now)
    effects.on_timeline(appointment, f"Moved from {was}", by=by, now=now, note=over)
    mails.plan_again(appointment, now=now)
    effects.ask_for_estimate(appointment, now=now)
    effects.ask_for_number(appointment, now=now)
    for entry in in_line:
        waitlist.follow_move(entry, appointment)
    claims.drop_holds_of(asked.held_by)
    events.announce(appointment.lead, Event.RESCHEDULED, now=now, key=f"{appointment.pk}:{appointment.version}")
    return appointment


def _write(appointment: Appointment, place: Place, start: datetime, *, now: datetime) -> None:
    """Write the new time and place. Whatever was said about the old one counts no longer."""
    appointment.provider, appointment.room_id = Resource.objects.get(pk=place[0]), place[1]
    appointment.starts_at = start
    appointment.ends_at = start + timedelta(minutes=appointment.kind.duration)
    appointment.confirmed_at, appointment.agreed_at, appointment.rebook_since = None, now, None
    appointment.is_extra, appointment.extra_reason = False, ""
    appointment.version += 1
    appointment.save()


def _change_room(appointment: Appointment, room: UUID | None, *, by: User | None, now: datetime) -> Appointment:
    """Change the room without telling the patient: no mail is sent, and their confirmation stays. So does the version,
    or a page that they have open would become an old one."""
    appointment.room = Resource.objects.get(pk=room) if room else None
    appointment.save(update_fields=["room"])
    effects.on_timeline(appointment, f"Now in {appointment.room or 'no room'}", by=by, now=now)
    return appointment


def _claim(
    appointment: Appointment, asked: SlotQuery, start: datetime, *, now: datetime, room: UUID | None, hold: UUID | None
) -> Place:
    """Claim a place for the new time and return it: the one that is held, else one with the same provider, else the
    first one that can be had. Raises SlotTaken."""
    found = availability.at_start(asked, start, now=now)
    kept = claims.held_place(hold, held_by=asked.held_by) if hold else None
    places = [place for place in found.places if room in {None, place[1]}] if found else []
    places.sort(key=lambda place: (place != kept, place[0] != appointment.provider_id))
    take = partial(claims.move, appointment, start=start, held_by=asked.held_by)
    place = next((place for place in places if take(place, hold=hold if place == kept else None)), None)
    if place is None:
        raise SlotTaken(asked, start, now=now)
    return place


@transaction.atomic
def cancel(
    appointment: Appointment, *, version: int, reason: CancelReason, by: User | None, now: datetime, note: str = ""
) -> Appointment:
    """Cancel an appointment: its time is free at once, or closed when it was we who could not keep it; its reminders
    are dead, the lead goes back to booking.

    Raises ChangedMeanwhile, BookingRefused (past the patient's deadline, or over already).
    """
    locked = lock(appointment, version=version)
    if Status.CANCELLED not in MOVES[Status(locked.status)]:
        raise BookingRefused("Somebody has arrived for it: take that back first.")
    _check_deadline(locked, locked.kind.cancel_until, by=by, now=now)
    effects.close_all(locked, now=now)
    effects.close_estimate(locked, now=now)
    locked.status, locked.version = Status.CANCELLED, locked.version + 1
    locked.ended_by = EndedBy.CENTER if reason in OF_THE_CENTER else EndedBy.PATIENT
    locked.ended_reason, locked.rebook_since = reason, None
    locked.save()
    for entry in waitlist.lock(locked.lead, locked.kind):
        waitlist.end(entry, WaitState.LEFT)
    if reason in OF_THE_CENTER:
        rebooking.keep_closed(locked, by=by)
    else:
        waitlist.on_freed(locked, locked.starts_at)
    claims.release(locked)
    effects.on_timeline(locked, f"Cancelled: {CancelReason(reason).label.lower()}", by=by, now=now, note=note)
    mails.plan_cancellation(locked, now=now)
    effects.move_back(locked, now=now)
    events.announce(locked.lead, Event.CANCELLED, now=now, key=str(locked.pk))
    return locked


def lock(appointment: Appointment, *, version: int) -> Appointment:
    """Lock the lead and the appointment; raises ChangedMeanwhile unless it stands as the page showed it."""
    locked = lock_row(appointment)
    if locked.version != version or not locked.stands:
        raise ChangedMeanwhile
    return locked


def lock_row(appointment: Appointment) -> Appointment:
    """Lock the lead first, then the appointment, and return the appointment as it is now."""
    lead = (
        Lead.objects.select_for_update(no_key=True, of=("self",)).select_related("location").get(pk=appointment.lead_id)
    )
    rows = Appointment.objects.select_for_update(no_key=True, of=("self",)).select_related(
        "kind", "location", "provider", "topic"
    )
    locked = rows.get(pk=appointment.pk)
    locked.lead = lead
    return locked


def _check_deadline(appointment: Appointment, minutes: int, *, by: User | None, now: datetime) -> None:
    """Refuse a change after the deadline, which binds neither staff nor a patient whose time we closed."""
    if by is None and appointment.rebook_since is None and now > appointment.starts_at - timedelta(minutes=minutes):
        words = gettext("It is too late to change this here. Please call us: %(phone)s")
        raise BookingRefused(words % {"phone": appointment.location.phone_display})
