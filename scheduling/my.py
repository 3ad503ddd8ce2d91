"""Appointments on the private page: choose a time, hold it, book it, move it, cancel it, say that one will come."""

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_noop as noop
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm import registry
from crm.models import Lead, PatientSession
from crm.private import PatientRequest, PatientView, patient_page
from scheduling import availability, ics, month, queries
from scheduling.actions import attendance, booking, claims, waitlist
from scheduling.actions.booking import Booking
from scheduling.availability import Question
from scheduling.enums import CancelReason, WaitState
from scheduling.errors import BookingRefused, ChangedMeanwhile, SlotTaken
from scheduling.forms import CancelForm, RequestForm, StartForm, VersionForm
from scheduling.models import Appointment, AppointmentType, Claim, WaitlistEntry

READ_AND_SEND = require_http_methods(["GET", "HEAD", "POST"])


def hang_in() -> None:
    """Called once, when the app is ready."""
    registry.panel("patient", title=noop("Your appointments"), permission="", render=panel, order=2)


def panel(request: HttpRequest, lead: Lead) -> str:
    """What is ahead, and the way to book; "" until it is proven who is reading."""
    session: PatientSession = request.patient  # type: ignore[attr-defined]  # set by patient_page
    if not session.is_the_patient:
        return ""
    context = _mine(lead)
    return render_to_string("scheduling/my_panel.html", context) if context["ahead"] or context["kinds"] else ""


def only_the_patient(view: PatientView) -> Any:
    """For whoever has shown who they are; not for staff who fill in together, nor on the tablet of the waiting room."""

    def inner(request: PatientRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.patient.is_the_patient:
            return redirect("private:page")
        return view(request, *args, **kwargs)  # type: ignore[return-value]  # all of them answer with a page

    return patient_page(reads=True)(inner)


def holder(session: PatientSession) -> str:
    """Whose hold it is: of the link in the mail, however often it is opened, or else of this browser."""
    return f"link:{session.link_id}" if session.link_id else f"session:{session.pk}"


def _mine(lead: Lead) -> dict[str, Any]:
    ahead, language = queries.ahead(lead, now=timezone.now()), get_language()
    taken = {one.kind_id for one in ahead}
    return {
        "ahead": ahead,
        "kinds": [
            {"key": one.key, "label": one.label_in(language), "about": one.about_in(language)}
            for one in queries.bookable(lead)
            if one.pk not in taken
        ],
        "zone": lead.timezone,
    }


@require_safe
@only_the_patient
def mine(request: PatientRequest) -> HttpResponse:
    """What is ahead, what there was, and what can be booked."""
    lead, now = request.patient.lead, timezone.now()
    past = [one for one in queries.of_lead(lead)[:20] if not one.stands or one.ends_at <= now]
    context = _mine(lead) | {"patient": request.patient, "past": past, "waits": queries.waits(lead)}
    return render(request, "scheduling/my.html", context)


# --- Choosing --------------------------------------------------------------------------------------------------------


@READ_AND_SEND
@only_the_patient
def choose(request: PatientRequest, key: str) -> HttpResponse:
    """A month of free times and those of one day; sent, the time is held and shown once more."""
    kind = get_object_or_404(AppointmentType, key=key, is_active=True)
    lead = request.patient.lead
    if not booking.may_book_alone(lead, kind):
        raise Http404("This is booked together with us.")
    form = StartForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        return _hold(request, kind, form.cleaned_data["start"], provider=form.cleaned_data["provider"])
    return _calendar(request, kind, status=422 if form.errors else 200)


@READ_AND_SEND
@only_the_patient
def move(request: PatientRequest, appointment_id: uuid.UUID) -> HttpResponse:
    """The same for an appointment that is to be moved."""
    made = _appointment(request, appointment_id)
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
    """On the patient's clock; where the centre has another one, both are named."""
    lead, now = request.patient.lead, timezone.now()
    zone, asked = ZoneInfo(lead.timezone), _question(request, kind, moving)
    shown = _month(request.GET.get("month", ""), now.astimezone(zone).date())
    begin = month.weeks(shown, {})[0][0].day - timedelta(days=1)
    found = availability.find(replace(asked, first=begin, days=44), now=now)
    days = month.by_day(found, zone)
    chosen = _day(request.GET.get("day", "")) or next((day for day in sorted(days) if _is_in(day, shown)), None)
    context = {
        "patient": request.patient,
        "kind": kind,
        "label": kind.label_in(get_language()),
        "about": kind.about_in(get_language()),
        "moving": moving,
        "month": shown,
        "weeks": month.weeks(shown, days),
        "before": month.later(shown, -1) if shown > now.astimezone(zone).date().replace(day=1) else None,
        "after": month.later(shown),
        "chosen": chosen,
        "times": days.get(chosen, []) if chosen else [],
        "instead": instead,
        "zone": lead.timezone,
        "centre_zone": asked.location.timezone,
    }
    return render(request, "scheduling/choose.html", context, status=status)


def _month(text: str, today: date) -> date:
    """2026-12 as its first day; this month for anything else, and for what is past or further than two years ahead."""
    try:
        asked = date.fromisoformat(f"{text}-01")
        return asked if today.replace(day=1) <= asked <= month.later(today, 24) else today.replace(day=1)
    except ValueError:
        return today.replace(day=1)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


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
        return _move(request, moving, start, version=moving.version)
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
        try:
            made = booking.book(wanted, now=timezone.now())
        except SlotTaken as taken:
            messages.warning(request, taken.message)
            return _calendar(request, kind, instead=taken.instead, status=409)
        except BookingRefused as refused:
            messages.warning(request, refused.message)
            return redirect("appointments:mine")
        return _booked(request, made)
    return _confirm(request, kind, start, until)


def _confirm(
    request: PatientRequest, kind: AppointmentType, start: datetime, until: datetime, moving: Appointment | None = None
) -> HttpResponse:
    context = {
        "patient": request.patient,
        "kind": kind,
        "label": kind.label_in(get_language()),
        "about": kind.about_in(get_language()),
        "start": start,
        "until": until,
        "moving": moving,
        "request_id": uuid.uuid4(),
        "zone": request.patient.lead.timezone,
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
    made, held = _appointment(request, appointment_id), _held(request, hold)
    if held is None:
        messages.warning(request, gettext("The time was kept for five minutes and is free again. Please choose anew."))
        return redirect("appointments:move", made.pk)
    kind, start, until = held
    form = VersionForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _confirm(request, kind, start, until, moving=made)
    claims.drop_holds_of(holder(request.patient))  # or the new time would be taken, by ourselves
    return _move(request, made, start, version=form.cleaned_data["version"])


def _overlaps(made: Appointment, kind: AppointmentType, start: datetime) -> bool:
    """A time that cannot be held beside the present one, because it is partly the same."""
    begin, end = claims.with_buffers(kind, start)
    return begin < made.span[1] and made.span[0] < end


def _move(request: PatientRequest, made: Appointment, start: datetime, *, version: int) -> HttpResponse:
    mine = holder(request.patient)
    try:
        booking.reschedule(made, start=start, version=version, held_by=mine, by=None, now=timezone.now())
    except SlotTaken as taken:
        messages.warning(request, taken.message)
        return _calendar(request, made.kind, moving=made, instead=taken.instead, status=409)
    except BookingRefused as refused:
        messages.warning(request, refused.message)
    else:
        messages.success(request, gettext("Your appointment has moved. The earlier time is no longer yours."))
    return redirect("appointments:one", made.pk)


def _held(request: PatientRequest, hold: uuid.UUID) -> tuple[AppointmentType, datetime, datetime] | None:
    """(type, start, until) of a hold of theirs that still stands."""
    claim = Claim.objects.filter(hold=hold, held_by=holder(request.patient), hold_expires_at__gt=timezone.now()).first()
    if claim is None or claim.kind is None:
        return None
    start = claim.during.lower + timedelta(minutes=claim.kind.buffer_before)
    assert claim.hold_expires_at is not None  # noqa: S101 - a constraint says so
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
    messages.warning(request, gettext("The time was kept for five minutes and is free again. Please choose anew."))
    return redirect("appointments:mine")


# --- One appointment -------------------------------------------------------------------------------------------------


def _appointment(request: PatientRequest, appointment_id: uuid.UUID) -> Appointment:
    return get_object_or_404(queries.of_lead(request.patient.lead), pk=appointment_id)


@require_safe
@only_the_patient
def one(request: PatientRequest, appointment_id: uuid.UUID) -> HttpResponse:
    """One appointment, and what can be done about it."""
    made, now = _appointment(request, appointment_id), timezone.now()
    context = {
        "patient": request.patient,
        "made": made,
        "label": made.kind.label_in(get_language()),
        "about": made.kind.about_in(get_language()),
        "is_ahead": made.stands and made.ends_at > now,
        "may_move": made.stands and now <= made.starts_at - timedelta(minutes=made.kind.reschedule_until),
        "may_cancel": made.stands and now <= made.starts_at - timedelta(minutes=made.kind.cancel_until),
        "zone": request.patient.lead.timezone,
        "waits": queries.waits(request.patient.lead),
    }
    return render(request, "scheduling/one.html", context)


@require_POST
@only_the_patient
def will_come(request: PatientRequest, appointment_id: uuid.UUID) -> HttpResponse:
    """The patient says that they will come."""
    made, form = _appointment(request, appointment_id), VersionForm(request.POST)
    try:
        if form.is_valid():
            attendance.confirm(made, version=form.cleaned_data["version"], now=timezone.now())
            messages.success(request, gettext("Thank you. We expect you."))
    except ChangedMeanwhile as changed:
        messages.warning(request, changed.message)
    return redirect("appointments:one", made.pk)


@READ_AND_SEND
@only_the_patient
def cancel(request: PatientRequest, appointment_id: uuid.UUID) -> HttpResponse:
    """Asks why, once, and cancels."""
    made = _appointment(request, appointment_id)
    form = CancelForm(request.POST if request.method == "POST" else None, initial={"version": made.version})
    if form.is_valid():
        data = form.cleaned_data
        try:
            booking.cancel(
                made, version=data["version"], reason=CancelReason(data["reason"]), by=None, now=timezone.now()
            )
        except BookingRefused as refused:
            messages.warning(request, refused.message)
        else:
            messages.success(request, gettext("Your appointment is cancelled."))
        return redirect("appointments:one", made.pk)
    context = {"patient": request.patient, "made": made, "form": form, "zone": request.patient.lead.timezone}
    return render(request, "scheduling/cancel.html", context, status=422 if form.errors else 200)


@require_safe
@only_the_patient
def calendar_file(request: PatientRequest, appointment_id: uuid.UUID) -> HttpResponse:
    """For any calendar."""
    made = _appointment(request, appointment_id)
    headers = {"Content-Disposition": 'attachment; filename="appointment.ics"', "X-Content-Type-Options": "nosniff"}
    text = ics.as_text(made, now=timezone.now())
    return HttpResponse(text, content_type="text/calendar; charset=utf-8", headers=headers)


@require_POST
@only_the_patient
def wait(request: PatientRequest, appointment_id: uuid.UUID) -> HttpResponse:
    """Joins the list of those who would come earlier, or leaves it."""
    made = _appointment(request, appointment_id)
    if "leave" in request.POST:
        waitlist.leave(made)
        messages.success(request, gettext("You are no longer on the list."))
    else:
        waitlist.join(made, now=timezone.now())
        messages.success(request, gettext("We write to you when an earlier time is free."))
    return redirect("appointments:one", made.pk)


@require_POST
@only_the_patient
def answer_offer(request: PatientRequest, entry_id: uuid.UUID) -> HttpResponse:
    """Takes the earlier time that is on offer, or lets the next one have it."""
    lead, now = request.patient.lead, timezone.now()
    entry = get_object_or_404(WaitlistEntry.objects.select_related("kind"), pk=entry_id, lead=lead)
    made = queries.ahead_of_kind(lead, entry.kind, now=now)
    if made is None:
        return redirect("appointments:mine")
    if "take" not in request.POST:
        waitlist.leave(made)
        messages.success(request, gettext("The next person gets it. Your appointment stays as it is."))
    elif entry.state != WaitState.OFFERED or entry.offered_start is None:
        messages.warning(request, gettext("This time is no longer on offer. Your appointment stays as it is."))
    else:
        start = entry.offered_start
        claims.drop_holds_of(waitlist.holder(entry))
        answer = _move(request, made, start, version=made.version)
        made.refresh_from_db()
        if made.starts_at == start:
            waitlist.settle(entry)
        return answer
    return redirect("appointments:one", made.pk)
