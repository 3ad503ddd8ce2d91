"""Booking, moving and cancelling: short transactions without any network. docs/scheduling.md tells the whole story."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_noop as noop

from crm import rows
from crm.actions import events
from crm.enums import Event
from crm.models import Lead, MessageTopic, User
from scheduling import availability, mails
from scheduling.actions import claims, effects, waitlist
from scheduling.availability import Free, Place, Question
from scheduling.enums import (
    MOVES,
    OF_THE_CENTRE,
    STANDING,
    CancelReason,
    ClaimState,
    EndedBy,
    ResourceKind,
    Status,
    WaitState,
)
from scheduling.errors import BookingRefused, ChangedMeanwhile, SlotTaken
from scheduling.models import Appointment, AppointmentType, Resource

JUST_NOW = timedelta(hours=1)  # somebody who walked in is written down a little later
HAS_ONE = noop("You have an appointment of this kind already. You can move it to another time.")
ON_HOLD = "A safety hold stands: nothing is booked until a clinician has lifted it."


@dataclass(frozen=True)
class Booking:
    """What somebody asks for. `held_by` tells whose holds are theirs, such as link:<id> or user:<id>; `provider` None:
    any suitable one. `over`: a reason to book over what is taken. `is_known`: the patient needs no confirmation."""

    lead: Lead
    kind: AppointmentType
    start: datetime
    request_id: UUID
    held_by: str
    by: User | None = None
    provider: UUID | None = None
    hold: UUID | None = None
    over: str = ""
    moving: Appointment | None = None
    is_known: bool = False

    def over_others(self, reason: str) -> "Booking":
        return replace(self, over=reason)

    def question(self) -> Question:
        where = self.moving.location if self.moving else self.lead.location
        return Question(
            self.kind,
            where,
            self.start.astimezone(where.zone).date(),
            1,
            provider=self.provider,
            held_by=self.held_by,
            moving=self.moving.pk if self.moving else None,
            for_staff=self.by is not None,
        )


def may_book_alone(lead: Lead, kind: AppointmentType) -> bool:
    """Whether the patient may book this without us."""
    return kind.is_active and not lead.safety_hold and bool(lead.outcome) and lead.outcome in kind.self_book


def hold(wanted: Booking, *, now: datetime) -> tuple[UUID, Free, Place]:
    """Keeps a time for five minutes while somebody decides. Raises BookingRefused, SlotTaken."""
    _check(wanted.lead, wanted, _known(wanted.lead, wanted, now=now), now=now)
    found = availability.at_start(wanted.question(), wanted.start, now=now)
    if found and wanted.moving:
        found = found.preferring(wanted.moving.provider_id)
    kept = found and claims.hold(wanted.kind, found, held_by=wanted.held_by, lead_id=wanted.lead.pk, now=now)
    if not found or not kept:
        raise SlotTaken(wanted.question(), wanted.start, now=now)
    name, place = kept
    return name, found, place


def book(wanted: Booking, *, now: datetime) -> Appointment:
    """Makes an appointment. The same request again gives the same one.

    Raises BookingRefused when the rules do not allow it, SlotTaken when somebody was faster. Side effects: claims,
    confirmation and reminders, Activity, stage, events.
    """
    if wanted.over:
        return _book(wanted, None, now=now)
    # Looked up before anything is locked: of many who want one time, all but a few learn here that they are too late.
    found = availability.at_start(wanted.question(), wanted.start, now=now)
    if found:
        return _book(wanted, found, now=now)
    if made := Appointment.objects.filter(request_id=wanted.request_id, lead=wanted.lead).first():
        return made
    raise SlotTaken(wanted.question(), wanted.start, now=now)


@transaction.atomic
def _book(wanted: Booking, found: Free | None, *, now: datetime) -> Appointment:
    lead = Lead.objects.select_for_update(of=("self",)).select_related("location").get(pk=wanted.lead.pk)
    known = _known(lead, wanted, now=now)
    if made := next((one for one in known if one.request_id == wanted.request_id), None):
        if made.lead_id != lead.pk:
            raise BookingRefused("This request belongs to somebody else.")
        return made
    if lead.location_id != wanted.lead.location_id:
        raise ChangedMeanwhile
    wanted = replace(wanted, lead=lead)
    _check(lead, wanted, known, now=now)
    in_line = waitlist.lock(lead, wanted.kind)
    pk = uuid4()  # the claims are taken in its name before it is written: whoever is too late has written nothing
    place = _claim_free(wanted, pk, found, now=now) if found else _claim_over(wanted, pk, now=now)
    appointment = _new(wanted, pk, place, now=now)
    mail = mails.plan(appointment, now=now, is_known=wanted.is_known or appointment.starts_at <= now)
    rows.insert([appointment.topic, appointment, effects.line(appointment, "Booked", by=wanted.by, now=now), *mail])
    for entry in in_line:
        waitlist.end(entry, WaitState.BOOKED)
    effects.ask_for_estimate(appointment, now=now)
    effects.move_on(lead, appointment.kind, now=now)
    events.announce(lead, Event.BOOKED, now=now, key=str(appointment.pk))
    return appointment


def _known(lead: Lead, wanted: Booking, *, now: datetime) -> list[Appointment]:
    """What this request made before, and what the patient has ahead: both are asked of every booking, at once."""
    ahead = Q(lead=lead, status__in=STANDING, ends_at__gt=min(now, wanted.start))
    rows = Appointment.objects.filter(Q(request_id=wanted.request_id) | ahead)
    return list(rows.select_related("kind", "lead", "provider").order_by("starts_at"))


def _check(lead: Lead, wanted: Booking, known: list[Appointment], *, now: datetime) -> None:
    _check_hold(lead, by=wanted.by)
    if not wanted.kind.is_active:
        raise BookingRefused(gettext("This kind of appointment is not offered any more."))
    if wanted.moving:
        return
    if wanted.by is None and not may_book_alone(lead, wanted.kind):
        raise BookingRefused(gettext("We book this kind of appointment together with you. Please call us."))
    _check_others(wanted, known, now=now)
    if wanted.over and not (wanted.by and wanted.by.has_perm("scheduling.overbook")):
        raise BookingRefused("You may not book over what is taken.")


def _check_others(wanted: Booking, known: list[Appointment], *, now: datetime) -> None:
    """Of each kind patients book one. Nobody is in two places at once; over-booking, with its reason, says that they
    know."""
    end = wanted.start + timedelta(minutes=wanted.kind.duration)
    for other in known:
        if wanted.by is None and other.kind_id == wanted.kind.pk and other.ends_at > now:
            raise BookingRefused(gettext(HAS_ONE))
        if other.starts_at < end and other.ends_at > wanted.start and not wanted.over:
            words = gettext("There is another appointment at that time: %(what)s. Please choose another time.")
            raise BookingRefused(words % {"what": other.kind.label_in(get_language())})


def _claim_free(wanted: Booking, pk: UUID, found: Free, *, now: datetime) -> Place:
    """The place that is held, else the first one that can be had."""
    span = claims.with_buffers(wanted.kind, wanted.start)
    if wanted.hold and (held := _claim_held(wanted, wanted.hold, pk, found)):
        return held
    for place in found.places:
        if claims.take(claims.resources_of(place), span, state=ClaimState.BOOKED, appointment_id=pk):
            return place
    raise SlotTaken(wanted.question(), wanted.start, now=now)


def _claim_held(wanted: Booking, hold: UUID, pk: UUID, found: Free) -> Place | None:
    place = claims.held_place(hold, held_by=wanted.held_by)
    if place is None or place not in found.places:
        return None
    span = claims.with_buffers(wanted.kind, wanted.start)
    is_kept = claims.keep(hold, place, span, held_by=wanted.held_by, lead=wanted.lead.pk, appointment=pk)
    return place if is_kept else None


def _claim_over(wanted: Booking, pk: UUID, *, now: datetime) -> Place:
    """Outside of what is offered, with a reason. Where nobody is, the time is theirs like any other; beside somebody
    the claim takes part in no exclusion. With a room where one is free."""
    if wanted.provider is None:
        raise BookingRefused("Say with whom: over-booking is a decision about one person's time.")
    theirs = Resource.objects.filter(pk=wanted.provider, kind=ResourceKind.PROVIDER, is_active=True)
    if not theirs.filter(location=wanted.lead.location).exists():
        raise BookingRefused("Nobody of that name can be booked at the patient's location.")
    if wanted.start < now - JUST_NOW:
        raise BookingRefused("That time is past. What has taken place already is a note on the timeline.")
    span = claims.with_buffers(wanted.kind, wanted.start)
    take = partial(claims.take, span=span, appointment_id=pk)
    fit = wanted.kind.rooms.filter(is_active=True, location=wanted.lead.location)
    rooms = list(fit.values_list("pk", flat=True)) if wanted.kind.needs_room else []
    for room in rooms:
        if take([wanted.provider, room], state=ClaimState.BOOKED):
            return wanted.provider, room
    if take([wanted.provider], state=ClaimState.BOOKED):
        return wanted.provider, None
    take([wanted.provider], state=ClaimState.EXTRA)
    return wanted.provider, next((room for room in rooms if take([room], state=ClaimState.BOOKED)), None)


def _new(wanted: Booking, pk: UUID, place: Place, *, now: datetime) -> Appointment:
    provider, room = place
    return Appointment(
        pk=pk,
        lead=wanted.lead,
        kind=wanted.kind,
        location=wanted.lead.location,
        provider=Resource.objects.get(pk=provider),
        room_id=room,
        starts_at=wanted.start,
        ends_at=wanted.start + timedelta(minutes=wanted.kind.duration),
        timezone=wanted.lead.timezone,
        topic=MessageTopic(),
        request_id=wanted.request_id,
        is_extra=bool(wanted.over),
        extra_reason=wanted.over,
        booked_by=wanted.by,
        booked_at=now,
        agreed_at=now,
    )


def check_cancel(appointment: Appointment, *, now: datetime) -> None:
    """Raises BookingRefused when the patient cannot do it here any more: asked before a page offers it."""
    if not appointment.stands or appointment.ends_at <= now:
        raise ChangedMeanwhile
    _check_deadline(appointment, appointment.kind.cancel_until, by=None, now=now)


def check_move(appointment: Appointment, *, now: datetime) -> None:
    """The same for moving, which a safety hold forbids too."""
    if not appointment.stands or appointment.ends_at <= now:
        raise ChangedMeanwhile
    _check_hold(appointment.lead, by=None)
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
    """Another time for the same appointment, or another place at the same time. `version` is what the page showed:
    whoever comes second changes nothing, and whoever does not get the new time keeps the old one. `hold`: of the new
    time, kept for `held_by`. The version stays where nothing was to be changed.

    Raises ChangedMeanwhile, SlotTaken, BookingRefused (past the deadline, over, under a safety hold).
    """
    locked = lock(appointment, version=version)
    _check_hold(locked.lead, by=by)
    _check_deadline(locked, locked.kind.reschedule_until, by=by, now=now)
    is_where_it_is = provider in {None, locked.provider_id} and room in {None, locked.room_id}
    if locked.starts_at == start and is_where_it_is and locked.rebook_since is None:
        return locked
    asked = _question_for(locked, start, held_by=held_by, by=by, provider=provider)
    return _move(locked, asked, start, by=by, now=now, room=room, hold=hold)


def _question_for(
    appointment: Appointment, start: datetime, *, held_by: str, by: User | None, provider: UUID | None
) -> Question:
    return Question(
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
    asked: Question,
    start: datetime,
    *,
    by: User | None,
    now: datetime,
    room: UUID | None,
    hold: UUID | None,
) -> Appointment:
    in_line = waitlist.lock(appointment.lead, appointment.kind)
    found = availability.at_start(asked, start, now=now)
    kept = claims.held_place(hold, held_by=asked.held_by) if hold else None
    places = [place for place in found.places if room in {None, place[1]}] if found else []
    places.sort(key=lambda place: (place != kept, place[0] != appointment.provider_id))
    take = partial(claims.move, appointment, start=start, held_by=asked.held_by)
    place = next((place for place in places if take(place, hold=hold if place == kept else None)), None)
    if place is None:
        raise SlotTaken(asked, start, now=now)
    before = appointment.starts_at
    effects.close_calls(appointment, now=now)
    appointment.provider, appointment.room_id = Resource.objects.get(pk=place[0]), place[1]
    appointment.starts_at = start
    appointment.ends_at = start + timedelta(minutes=appointment.kind.duration)
    appointment.confirmed_at, appointment.agreed_at, appointment.rebook_since = None, now, None
    appointment.is_extra, appointment.extra_reason = False, ""
    appointment.version += 1
    appointment.save()
    was = f"{before.astimezone(appointment.provider.zone):%b %-d, %-I:%M %p}"
    effects.on_timeline(appointment, f"Moved from {was}", by=by, now=now)
    mails.plan_again(appointment, now=now)
    effects.ask_for_estimate(appointment, now=now)
    for entry in in_line:
        if entry.offered_start == start:
            waitlist.end(entry, WaitState.BOOKED)
        else:
            waitlist.follow_move(entry, appointment)
    claims.drop_holds_of(asked.held_by)
    waitlist.on_freed(appointment, before)
    events.announce(appointment.lead, Event.RESCHEDULED, now=now, key=f"{appointment.pk}:{appointment.version}")
    return appointment


@transaction.atomic
def cancel(
    appointment: Appointment, *, version: int, reason: CancelReason, by: User | None, now: datetime, note: str = ""
) -> Appointment:
    """Calls an appointment off: its time is free at once, its reminders are dead, the lead goes back to booking.

    Raises ChangedMeanwhile, BookingRefused (past the patient's deadline, or over already).
    """
    locked = lock(appointment, version=version)
    if Status.CANCELLED not in MOVES[Status(locked.status)]:
        raise BookingRefused("Somebody has arrived for it: take that back first.")
    _check_deadline(locked, locked.kind.cancel_until, by=by, now=now)
    effects.close_calls(locked, now=now)
    effects.close_estimate(locked, now=now)
    locked.status, locked.version = Status.CANCELLED, locked.version + 1
    locked.ended_by = EndedBy.CENTRE if by or reason in OF_THE_CENTRE else EndedBy.PATIENT
    locked.ended_reason, locked.rebook_since = reason, None
    locked.save()
    for entry in waitlist.lock(locked.lead, locked.kind):
        waitlist.end(entry, WaitState.LEFT)
    claims.release(locked)
    effects.on_timeline(locked, f"Cancelled: {CancelReason(reason).label.lower()}", by=by, now=now, note=note)
    mails.plan_cancellation(locked, now=now)
    waitlist.on_freed(locked, locked.starts_at)
    effects.move_back(locked, now=now)
    events.announce(locked.lead, Event.CANCELLED, now=now, key=str(locked.pk))
    return locked


def lock(appointment: Appointment, *, version: int) -> Appointment:
    """Raises ChangedMeanwhile unless the appointment stands as the page showed it."""
    locked = lock_row(appointment)
    if locked.version != version or not locked.stands:
        raise ChangedMeanwhile
    return locked


def lock_row(appointment: Appointment) -> Appointment:
    """The lead first, then the appointment."""
    lead = Lead.objects.select_for_update(of=("self",)).select_related("location").get(pk=appointment.lead_id)
    rows = Appointment.objects.select_for_update(of=("self",)).select_related("kind", "location", "provider", "topic")
    locked = rows.get(pk=appointment.pk)
    locked.lead = lead
    return locked


def _check_deadline(appointment: Appointment, minutes: int, *, by: User | None, now: datetime) -> None:
    if by is None and now > appointment.starts_at - timedelta(minutes=minutes):
        words = gettext("It is too late to change this here. Please call us: %(phone)s")
        raise BookingRefused(words % {"phone": appointment.location.phone_display})


def _check_hold(lead: Lead, *, by: User | None) -> None:
    """Under a safety hold nobody books: a clinician lifts it first. The patient is asked to call."""
    if lead.safety_hold:
        words = gettext("Please call us first, we would like to speak with you: %(phone)s")
        raise BookingRefused(ON_HOLD if by else words % {"phone": lead.location.phone_display})
