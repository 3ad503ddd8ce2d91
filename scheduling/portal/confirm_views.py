"""On the private page: a time that was chosen, once more, and the button that books it or moves something there."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as noop

from crm.patient_portal.requests import PatientRequest
from scheduling.actions import availability, booking, changing, claims, mails
from scheduling.actions.booking import Booking
from scheduling.actions.errors import BookingRefused, SlotTaken
from scheduling.enums import ResourceKind
from scheduling.models import Appointment, AppointmentType, Claim, Resource
from scheduling.portal import slot_views
from scheduling.portal.access import holder, only_the_patient, own_appointment, said_of
from scheduling.portal.forms import AgainForm, RequestIdForm, SlotChoiceForm, VersionForm
from scheduling.portal.slot_views import READ_AND_SEND

NOT_KEPT = noop("This time is not kept for you any more. What you have booked is listed here; else please choose anew.")


@dataclass(frozen=True)
class Chosen:
    """A time with somebody; `until`: kept for them so long."""

    kind: AppointmentType
    start: datetime
    provider: Resource
    until: datetime | None = None


@READ_AND_SEND
@only_the_patient
def confirm(request: PatientRequest, hold: uuid.UUID) -> HttpResponse:
    """Show the time that is held once more; the button books it."""
    held, form = _held(request, hold), RequestIdForm(request.POST if request.method == "POST" else None)
    if held is None:
        return _late(request, hold, form)
    if not form.is_valid():
        return _show(request, held)
    wanted = Booking(
        request.patient.lead,
        held.kind,
        held.start,
        form.cleaned_data["request_id"],
        holder(request.patient),
        provider=held.provider.pk,
        hold=hold,
    )
    return book_now(request, wanted)


def _late(request: PatientRequest, hold: uuid.UUID, form: RequestIdForm) -> HttpResponse:
    """Answer for a hold that is over: the press before this one booked it, or the time is booked if it can still be
    had."""
    again, lead = AgainForm(request.POST or None), request.patient.lead
    if form.is_valid():
        made = Appointment.objects.filter(lead=lead, request_id=form.cleaned_data["request_id"]).first()
        if made:
            return _booked(request, made)
        if again.is_valid():
            data = again.cleaned_data
            asked = form.cleaned_data["request_id"]
            mine = holder(request.patient)
            return book_now(request, Booking(lead, data["kind"], data["start"], asked, mine, provider=data["provider"]))
    messages.warning(request, gettext(NOT_KEPT))
    was = Claim.objects.filter(hold=hold, held_by=holder(request.patient), kind__isnull=False).first()
    return redirect("appointments:choose", was.kind.key) if was and was.kind else redirect("appointments:mine")


def book_now(request: PatientRequest, wanted: Booking) -> HttpResponse:
    """Book, and show what came of it. Without a hold of this time, a hold of another time is dropped first."""
    if wanted.hold is None:
        claims.drop_holds_of(wanted.held_by)
    try:
        made = booking.book(wanted, now=timezone.now())
    except SlotTaken as taken:
        messages.warning(request, taken.message)
        return slot_views.calendar(request, wanted.kind, lost=taken, status=409)
    except BookingRefused as refused:
        messages.warning(request, refused.message)
        return redirect("appointments:mine")
    return _booked(request, made)


def _booked(request: PatientRequest, made: Appointment) -> HttpResponse:
    """Go to the appointment's page; one that the press before booked, and that was canceled since, its page
    explains."""
    if made.stands:
        by_mail = gettext("Your appointment is booked. You will get an e-mail with the details.")
        messages.success(request, by_mail if mails.reaches(made.lead) else gettext("Your appointment is booked."))
    return redirect("appointments:one", made.pk)


def _show(request: PatientRequest, chosen: Chosen, moving: Appointment | None = None) -> HttpResponse:
    location = moving.location if moving else request.patient.lead.location
    context = {
        "patient": request.patient,
        **said_of(chosen.kind),
        "chosen": chosen,
        "moving": moving,
        "location": location,
        "request_id": uuid.uuid4(),
        "zone": chosen.kind.display_timezone(patient=request.patient.lead.timezone, center=location.timezone),
    }
    return render(request, "scheduling/portal/confirm.html", context)


@READ_AND_SEND
@only_the_patient
def confirm_move(request: PatientRequest, appointment_id: uuid.UUID, hold: uuid.UUID) -> HttpResponse:
    """Show the old time and the new one; the button moves. A patient who is too late keeps the old one."""
    made, held = own_appointment(request, appointment_id), _held(request, hold)
    form = VersionForm(request.POST if request.method == "POST" else None)
    again = SlotChoiceForm(request.POST or None)
    if held is None and form.is_valid() and form.cleaned_data["version"] < made.version:
        return redirect("appointments:one", made.pk)  # the press before this one moved it
    if held is None and form.is_valid() and again.is_valid():
        data = again.cleaned_data
        return move_now(request, made, data["start"], version=form.cleaned_data["version"], provider=data["provider"])
    if held is None:
        messages.warning(request, gettext(NOT_KEPT))
        return redirect("appointments:one", made.pk)
    if not form.is_valid():
        return _show(request, held, moving=made)
    version = form.cleaned_data["version"]
    return move_now(request, made, held.start, version=version, provider=held.provider.pk, hold=hold)


@READ_AND_SEND
@only_the_patient
def confirm_overlap(request: PatientRequest, appointment_id: uuid.UUID) -> HttpResponse:
    """Show the old time and a new one that is partly the same, and so cannot be held beside it; the button moves."""
    made = own_appointment(request, appointment_id)
    asked, form = SlotChoiceForm(request.POST or request.GET), VersionForm(request.POST or None)
    if not asked.is_valid() or not made.stands:
        return redirect("appointments:one", made.pk)
    data = asked.cleaned_data
    if form.is_valid():
        version = form.cleaned_data["version"]
        return move_now(request, made, data["start"], version=version, provider=data["provider"])
    question, now = slot_views.question(request, made.kind, made), timezone.now()
    found = availability.at_start(question, data["start"], now=now)
    if found is None:
        lost = SlotTaken(question, data["start"], now=now)
        messages.warning(request, lost.message)
        return slot_views.calendar(request, made.kind, moving=made, lost=lost, status=409)
    provider, _room = found.preferring(made.provider_id).places[0]
    return _show(request, Chosen(made.kind, data["start"], Resource.objects.get(pk=provider)), moving=made)


def move_now(
    request: PatientRequest,
    made: Appointment,
    start: datetime,
    *,
    version: int,
    held_by: str = "",
    hold: uuid.UUID | None = None,
    provider: uuid.UUID | None = None,
) -> HttpResponse:
    """Move an appointment, and show what came of it. `hold` was kept for `held_by`, or else for this browser."""
    mine, now = held_by or holder(request.patient), timezone.now()
    if hold is None:
        claims.drop_holds_of(mine)
    try:
        moved = changing.reschedule(
            made, start=start, version=version, held_by=mine, by=None, now=now, hold=hold, provider=provider
        )
    except SlotTaken as taken:
        messages.warning(request, taken.message)
        return slot_views.calendar(request, made.kind, moving=made, lost=taken, status=409)
    except BookingRefused as refused:
        made.refresh_from_db()
        if not (made.stands and made.starts_at == start):  # or else the press before this one moved it
            messages.warning(request, refused.message)
    else:
        has_moved = gettext("Your appointment has moved. The time you had before is no longer yours.")
        messages.success(request, has_moved if moved.version != version else gettext(slot_views.STAYS))
    return redirect("appointments:one", made.pk)


def _held(request: PatientRequest, hold: uuid.UUID) -> Chosen | None:
    """Return what a hold of theirs keeps, if it still stands."""
    theirs = Claim.objects.filter(hold=hold, held_by=holder(request.patient), hold_expires_at__gt=timezone.now())
    claim = theirs.filter(resource__kind=ResourceKind.PROVIDER).select_related("kind", "resource").first()
    if claim is None or claim.kind is None:
        return None
    start = claim.during.lower + timedelta(minutes=claim.kind.buffer_before)
    return Chosen(claim.kind, start.astimezone(UTC), claim.resource, claim.hold_expires_at)
