"""Holding and booking: short transactions without any network. docs/scheduling.md tells the whole story; moving and
canceling: changing.py."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_noop as noop

from crm.db import bulk_insert
from crm.enums.leads import Event
from crm.leads import events
from crm.models import Lead, MessageTopic, User
from scheduling.actions import availability, claims, effects, mails, waitlist
from scheduling.actions.availability import Free, Place, SlotQuery
from scheduling.actions.errors import BookingRefused, ChangedMeanwhile, SlotTaken
from scheduling.enums import (
    STANDING,
    ClaimState,
    ResourceKind,
    WaitState,
)
from scheduling.models import Appointment, AppointmentType, Resource

JUST_NOW = timedelta(hours=1)  # somebody who walked in is written down a little later
HAS_ONE = noop("You have an appointment of this kind already. You can move it to another time.")
ON_HOLD = "A safety hold stands: nothing is booked until a clinician has lifted it."


@dataclass(frozen=True)
class Booking:
    """What somebody asks for. `held_by` tells whose holds are theirs, such as link:<id> or user:<id>; `provider` None:
    any suitable one. `overbook_reason`: why to book over what is taken. `is_known`: the patient needs no confirmation.
    `seen`: the visits ahead that the page of the desk showed; None without a page."""

    lead: Lead
    kind: AppointmentType
    start: datetime
    request_id: UUID
    held_by: str
    by: User | None = None
    provider: UUID | None = None
    hold: UUID | None = None
    overbook_reason: str = ""
    moving: Appointment | None = None
    is_known: bool = False
    seen: frozenset[UUID] | None = None

    def __post_init__(self) -> None:
        """Count in instants: on the clock of a zone, 48 hours before are 47 or 49 when clocks change in between."""
        object.__setattr__(self, "start", self.start.astimezone(UTC))

    def over_others(self, reason: str) -> "Booking":
        return replace(self, overbook_reason=reason)

    def question(self) -> SlotQuery:
        where = self.moving.location if self.moving else self.lead.location
        return SlotQuery(
            self.kind,
            where,
            self.start.astimezone(where.zone).date(),
            1,
            provider=self.provider,
            held_by=self.held_by,
            moving=self.moving.pk if self.moving else None,
            for_staff=self.by is not None,
        )


def hold(wanted: Booking, *, now: datetime) -> tuple[UUID, Free, Place]:
    """Keep a time for five minutes while somebody decides. Raises BookingRefused, SlotTaken."""
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
    """Make an appointment; the same request sent again returns the same appointment.

    Raises BookingRefused when the rules do not allow it, SlotTaken when somebody was faster. Side effects: claims,
    confirmation and reminders, Activity, stage, events.
    """
    if wanted.overbook_reason:
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
    lead = Lead.objects.select_for_update(no_key=True, of=("self",)).select_related("location").get(pk=wanted.lead.pk)
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
    line = effects.line(appointment, "Booked", by=wanted.by, now=now, note=wanted.overbook_reason)
    bulk_insert.insert([appointment.topic, appointment, line, *mail])
    for entry in in_line:
        waitlist.end(entry, WaitState.BOOKED)
    effects.ask_for_estimate(appointment, now=now)
    effects.ask_for_number(appointment, now=now)
    effects.move_on(lead, appointment.kind, now=now)
    events.announce(lead, Event.BOOKED, now=now, key=str(appointment.pk))
    return appointment


def _known(lead: Lead, wanted: Booking, *, now: datetime) -> list[Appointment]:
    """Return what this request made before and what the patient has ahead; every booking needs both, in one query."""
    ahead = Q(lead=lead, status__in=STANDING, ends_at__gt=min(now, wanted.start))
    rows = Appointment.objects.filter(Q(request_id=wanted.request_id) | ahead)
    return list(rows.select_related("kind", "lead", "provider").order_by("starts_at"))


def _check(lead: Lead, wanted: Booking, known: list[Appointment], *, now: datetime) -> None:
    check_hold(lead, by=wanted.by)
    if not wanted.kind.is_active:
        raise BookingRefused(gettext("This kind of appointment is not offered any more."))
    if wanted.by is None and wanted.moving is None and not wanted.kind.may_be_booked_by(lead):
        raise BookingRefused(gettext("We book this kind of appointment together with you. Please call us."))
    if wanted.by is None and wanted.moving is None and wanted.kind.lacks_number(lead):
        words = gettext("We call you for this appointment, and have no number of yours. Please tell us: %(phone)s")
        raise BookingRefused(words % {"phone": lead.location.phone_display})
    _check_others(wanted, known, now=now)
    if wanted.overbook_reason and not (wanted.by and wanted.by.has_perm("scheduling.overbook")):
        raise BookingRefused("You may not book over what is taken.")


def _check_others(wanted: Booking, known: list[Appointment], *, now: datetime) -> None:
    """Refuse a second appointment of a kind that a patient books alone, an overlap, and a press at the desk that has
    not seen what a colleague booked meanwhile."""
    others = [one for one in known if wanted.moving is None or one.pk != wanted.moving.pk]
    if unseen := [one for one in others if wanted.seen is not None and one.ends_at > now and one.pk not in wanted.seen]:
        what = ", ".join(f"{one}, {one.provider}" for one in unseen)
        raise BookingRefused(f"Somebody else has booked for them meanwhile: {what}. Press again if both are meant.")
    of_that_kind = any(one.kind_id == wanted.kind.pk and one.ends_at > now for one in others)
    if of_that_kind and wanted.by is None and wanted.moving is None:
        raise BookingRefused(gettext(HAS_ONE))
    if not wanted.overbook_reason:
        check_elsewhere(others, wanted.start, wanted.kind)


def check_elsewhere(others: list[Appointment], start: datetime, kind: AppointmentType) -> None:
    """Refuse a time at which the patient is elsewhere. Over-booking, with its reason, says that they know."""
    end = start + timedelta(minutes=kind.duration)
    for other in others:
        if other.starts_at < end and other.ends_at > start:
            words = gettext("There is another appointment at that time: %(what)s. Please choose another time.")
            raise BookingRefused(words % {"what": other.kind.label_in(get_language())})


def _claim_free(wanted: Booking, pk: UUID, found: Free, *, now: datetime) -> Place:
    """Claim the place that is held, else the first one that can be had, and return it. Raises SlotTaken."""
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
    """Claim a time outside of what is offered, with a reason. Where nobody is, the time is theirs like any other; what
    lies beside somebody takes part in no exclusion. With a room where one is free."""
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
    claims.take_over(wanted.provider, span, appointment_id=pk)
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
        topic=MessageTopic(),
        calendar_uid=str(pk),
        request_id=wanted.request_id,
        is_extra=bool(wanted.overbook_reason),
        extra_reason=wanted.overbook_reason,
        booked_by=wanted.by,
        booked_at=now,
        agreed_at=now,
    )


def check_hold(lead: Lead, *, by: User | None) -> None:
    """Refuse every booking under a safety hold: a clinician lifts it first. The patient is asked to call."""
    if lead.safety_hold:
        words = gettext("Please call us first, we would like to speak with you: %(phone)s")
        raise BookingRefused(ON_HOLD if by else words % {"phone": lead.location.phone_display})
