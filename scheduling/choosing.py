"""On the private page, from a month of free times to a booked or moved appointment."""

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as noop
from django.views.decorators.http import require_http_methods

from crm.private import PatientRequest
from scheduling import availability, month, queries, reading
from scheduling.actions import booking, claims
from scheduling.actions.booking import Booking
from scheduling.availability import Question
from scheduling.errors import BookingRefused, SlotTaken
from scheduling.forms import RequestForm, StartForm, VersionForm
from scheduling.models import Appointment, AppointmentType, Claim
from scheduling.patients import holder, only_the_patient, own_appointment, said_of

NOT_KEPT = noop("This time is not kept for you any more. What you have booked is listed here; else please choose anew.")
READ_AND_SEND = require_http_methods(["GET", "HEAD", "POST"])


# --- Choosing --------------------------------------------------------------------------------------------------------


@READ_AND_SEND
@only_the_patient
def choose(request: PatientRequest, key: str) -> HttpResponse:
    """A month of free times and those of one day; sent, the time is held and shown once more."""
    kind = get_object_or_404(AppointmentType, key=key, is_active=True)
    lead = request.patient.lead
    if not booking.may_book_alone(lead, kind):
        messages.warning(request, gettext("We book this kind of appointment together with you. Please call us."))
        return redirect("appointments:mine")
    form = StartForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        return _hold(request, kind, form.cleaned_data["start"], provider=form.cleaned_data["provider"])
    return _calendar(request, kind, status=422 if form.errors else 200)


@READ_AND_SEND
@only_the_patient
def move(request: PatientRequest, appointment_id: uuid.UUID) -> HttpResponse:
    """The same for an appointment that is to be moved."""
    made = own_appointment(request, appointment_id)
    try:
        booking.check_move(made, now=timezone.now())
    except BookingRefused as refused:
        messages.warning(request, refused.message)
        return redirect("appointments:one", made.pk)
    form = StartForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        return _hold(request, made.kind, form.cleaned_data["start"], moving=made)
    return _calendar(request, made.kind, moving=made, status=422 if form.errors else 200)


def _question(request: PatientRequest, kind: AppointmentType, moving: Appointment | None) -> Question:
    lead = request.patient.lead
    return Question(
        kind,
        moving.location if moving else lead.location,
        timezone.now().date(),
        1,
        held_by=holder(request.patient),
        moving=moving.pk if moving else None,
    )


def _calendar(
    request: PatientRequest,
    kind: AppointmentType,
    *,
    moving: Appointment | None = None,
    instead: list[availability.Free] | None = None,
    status: int = 200,
) -> HttpResponse:
    """On the clock that is the patient's or the centre's (AppointmentType.told_in). Where they differ, both are
    named."""
    lead, now = request.patient.lead, timezone.now()
    asked = _question(request, kind, moving)
    told_in = kind.told_in(patient=lead.timezone, centre=asked.location.timezone)
    zone = ZoneInfo(told_in)
    providers = [] if moving else queries.providers_of(kind, asked.location)
    wished = reading.uuid(request.GET.get("with", ""))
    provider = next((one for one in providers if one.pk == wished), None)
    nearest = moving.starts_at if moving else now
    shown = _month(request.GET.get("month", f"{nearest.astimezone(zone):%Y-%m}"), now.astimezone(zone).date())
    begin = month.weeks(shown, {})[0][0].day - timedelta(days=1)
    found = availability.find(replace(asked, first=begin, days=44, provider=provider.pk if provider else None), now=now)
    days = month.by_day(found, zone)
    wanted = reading.day(request.GET.get("day", ""))
    chosen = next((day for day in [wanted, *sorted(days)] if day and _is_in(day, shown)), None)
    context = {
        "patient": request.patient,
        **said_of(kind),
        "moving": moving,
        "month": shown,
        "weeks": month.weeks(shown, days),
        "providers": providers,
        "provider": provider,
        "before": month.later(shown, -1) if shown > now.astimezone(zone).date().replace(day=1) else None,
        "after": month.later(shown),
        "chosen": chosen,
        "times": days.get(chosen, []) if chosen else [],
        "instead": instead,
        "zone": told_in,
        "centre_zone": asked.location.timezone,
        "waits": not moving and any(entry.kind_id == kind.pk for entry in queries.waits(lead)),
    }
    return render(request, "scheduling/choose.html", context, status=status)


def _month(text: str, today: date) -> date:
    """2026-12 as its first day; this month for anything else, and for what is past or further than two years ahead."""
    try:
        asked = date.fromisoformat(f"{text}-01")
        return asked if today.replace(day=1) <= asked <= month.later(today, 24) else today.replace(day=1)
    except ValueError:
        return today.replace(day=1)


def _is_in(day: date, shown: date) -> bool:
    return (day.year, day.month) == (shown.year, shown.month)


def _hold(
    request: PatientRequest,
    kind: AppointmentType,
    start: datetime,
    *,
    provider: uuid.UUID | None = None,
    moving: Appointment | None = None,
) -> HttpResponse:
    wanted = Booking(
        request.patient.lead, kind, start, uuid.uuid4(), holder(request.patient), provider=provider, moving=moving
    )
    if moving and _overlaps(moving, kind, start):
        return move_now(request, moving, start, version=moving.version)
    try:
        name, *_rest = booking.hold(wanted, now=timezone.now())
    except SlotTaken as taken:
        messages.warning(request, taken.message)
        return _calendar(request, kind, moving=moving, instead=taken.instead, status=409)
    except BookingRefused as refused:
        messages.warning(request, refused.message)
        return redirect("appointments:mine")
    at = [moving.pk] if moving else []
    return redirect(reverse("appointments:confirm_move" if moving else "appointments:confirm", args=[*at, name]))


# --- Booking and moving ----------------------------------------------------------------------------------------------


@READ_AND_SEND
@only_the_patient
def confirm(request: PatientRequest, hold: uuid.UUID) -> HttpResponse:
    """The time that is held, once more; the button books it."""
    held = _held(request, hold)
    if held is None:
        return _gone(request, hold)
    kind, start, until = held
    form = RequestForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        wanted = Booking(
            request.patient.lead, kind, start, form.cleaned_data["request_id"], holder(request.patient), hold=hold
        )
        return book_now(request, wanted)
    return _confirm(request, kind, start, until)


def book_now(request: PatientRequest, wanted: Booking) -> HttpResponse:
    """Books, and shows what came of it."""
    try:
        made = booking.book(wanted, now=timezone.now())
    except SlotTaken as taken:
        messages.warning(request, taken.message)
        return _calendar(request, wanted.kind, instead=taken.instead, status=409)
    except BookingRefused as refused:
        messages.warning(request, refused.message)
        return redirect("appointments:mine")
    return _booked(request, made)


def _confirm(
    request: PatientRequest, kind: AppointmentType, start: datetime, until: datetime, moving: Appointment | None = None
) -> HttpResponse:
    context = {
        "patient": request.patient,
        **said_of(kind),
        "start": start,
        "until": until,
        "moving": moving,
        "request_id": uuid.uuid4(),
        "zone": kind.told_in(
            patient=request.patient.lead.timezone,
            centre=(moving.location if moving else request.patient.lead.location).timezone,
        ),
    }
    return render(request, "scheduling/confirm.html", context)


def _booked(request: PatientRequest, made: Appointment) -> HttpResponse:
    by_mail = gettext("Your appointment is booked. You get a mail with all of it.")
    messages.success(request, by_mail if made.lead.email else gettext("Your appointment is booked."))
    return redirect("appointments:one", made.pk)


@READ_AND_SEND
@only_the_patient
def confirm_move(request: PatientRequest, appointment_id: uuid.UUID, hold: uuid.UUID) -> HttpResponse:
    """The old time and the new one; the button moves. Whoever is too late keeps the old one."""
    made, held = own_appointment(request, appointment_id), _held(request, hold)
    form = VersionForm(request.POST if request.method == "POST" else None)
    if held is None and form.is_valid() and form.cleaned_data["version"] < made.version:
        return redirect("appointments:one", made.pk)  # the press before this one moved it
    if held is None:
        messages.warning(request, gettext(NOT_KEPT))
        return redirect("appointments:one", made.pk)
    kind, start, until = held
    if not form.is_valid():
        return _confirm(request, kind, start, until, moving=made)
    return move_now(request, made, start, version=form.cleaned_data["version"], hold=hold)


def _overlaps(made: Appointment, kind: AppointmentType, start: datetime) -> bool:
    """A time that cannot be held beside the present one, because it is partly the same."""
    begin, end = claims.with_buffers(kind, start)
    return begin < made.span[1] and made.span[0] < end


def move_now(
    request: PatientRequest,
    made: Appointment,
    start: datetime,
    *,
    version: int,
    held_by: str = "",
    hold: uuid.UUID | None = None,
) -> HttpResponse:
    """Moves, and shows what came of it. `hold` was kept for `held_by`, or else for this browser."""
    mine = held_by or holder(request.patient)
    try:
        moved = booking.reschedule(
            made, start=start, version=version, held_by=mine, by=None, now=timezone.now(), hold=hold
        )
    except SlotTaken as taken:
        messages.warning(request, taken.message)
        return _calendar(request, made.kind, moving=made, instead=taken.instead, status=409)
    except BookingRefused as refused:
        messages.warning(request, refused.message)
    else:
        has_moved = gettext("Your appointment has moved. The time you had before is no longer yours.")
        stays = gettext("That is the time you have already. Nothing was changed.")
        messages.success(request, has_moved if moved.version != version else stays)
    return redirect("appointments:one", made.pk)


def _held(request: PatientRequest, hold: uuid.UUID) -> tuple[AppointmentType, datetime, datetime] | None:
    """(type, start, until) of a hold of theirs that still stands."""
    claim = Claim.objects.filter(hold=hold, held_by=holder(request.patient), hold_expires_at__gt=timezone.now()).first()
    if claim is None or claim.kind is None or claim.hold_expires_at is None:
        return None
    start = claim.during.lower + timedelta(minutes=claim.kind.buffer_before)
    return claim.kind, start.astimezone(UTC), claim.hold_expires_at


def _gone(request: PatientRequest, hold: uuid.UUID) -> HttpResponse:
    """A hold that is over, or that became an appointment by the press before this one."""
    form = RequestForm(request.POST or None)
    made = (
        form.is_valid()
        and Appointment.objects.filter(lead=request.patient.lead, request_id=form.cleaned_data["request_id"]).first()
    )
    if made:
        return _booked(request, made)
    messages.warning(request, gettext(NOT_KEPT))
    return redirect("appointments:mine")
