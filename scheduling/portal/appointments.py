"""Appointments on the private page: what is ahead, and what can be done about each. Choosing one: slot_views.py."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_noop as noop
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm import registry
from crm.models import Lead
from crm.patient_portal.requests import PatientRequest, session_of
from crm.safety import alerts
from scheduling.actions import attendance, changing, ics, mails, queries, waitlist
from scheduling.actions.booking import Booking
from scheduling.actions.errors import BookingRefused
from scheduling.enums import CancelReason, Status, WaitState
from scheduling.models import Appointment, AppointmentType, WaitlistEntry
from scheduling.portal import confirm_views
from scheduling.portal.access import only_the_patient, own_appointment, said_of
from scheduling.portal.forms import CancelForm, SlotChoiceForm, VersionForm

READ_AND_SEND = require_http_methods(["GET", "HEAD", "POST"])


def register() -> None:
    """Register the patient's panel of appointments; called once, when the app is ready."""
    registry.panel("patient", title=noop("Your appointments"), permission="", render=panel, order=2)


def panel(request: HttpRequest, lead: Lead) -> str:
    """Return what is ahead and the way to book; "" until it is proven who is reading."""
    if not session_of(request).is_the_patient:
        return ""
    context = _mine(lead)
    return render_to_string("scheduling/portal/panel.html", context, request=request) if any(context.values()) else ""


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
        "offers": _offers(lead),
        "waiting": [entry for entry in queries.waits(lead) if entry.state == WaitState.WAITING],
    }


def _offers(lead: Lead) -> list[dict[str, Any]]:
    """Return the times that are kept for them. Under a hold none can be taken, so none is shown."""
    return [
        {
            "entry": entry,
            "label": entry.kind.label_in(get_language()),
            "zone": entry.kind.display_timezone(patient=lead.timezone, center=entry.location.timezone),
        }
        for entry in queries.waits(lead)
        if entry.state == WaitState.OFFERED and not lead.safety_hold
    ]


@require_safe
@only_the_patient
def mine(request: PatientRequest) -> HttpResponse:
    """Show what is ahead, what there was, and what can be booked."""
    lead, now = request.patient.lead, timezone.now()
    past = [one for one in queries.of_lead(lead)[:20] if not one.stands or one.ends_at <= now]
    context = _mine(lead) | {"patient": request.patient, "past": past}
    if not context["ahead"] and not context["kinds"]:
        context |= {"may_wait": queries.may_wait(lead), "care_comes_first": alerts.care_comes_first(lead)}
    return render(request, "scheduling/portal/appointments.html", context)


@require_safe
@only_the_patient
def one(request: PatientRequest, appointment_id: uuid.UUID) -> HttpResponse:
    """Show one appointment, and what can be done about it."""
    made, now = own_appointment(request, appointment_id), timezone.now()
    context = {
        "patient": request.patient,
        "made": made,
        **said_of(made.kind),
        "is_ahead": made.stands and made.ends_at > now,
        "lacks_number": made.kind.lacks_number(request.patient.lead),
        "may_move": _is_allowed(changing.check_move, made, now),
        "may_cancel": _is_allowed(changing.check_cancel, made, now),
        "offers": [one for one in _offers(made.lead) if one["entry"].kind_id == made.kind_id],
        "chooses_alone": made.kind.may_be_booked_by(made.lead),
        "waits": any(entry.kind_id == made.kind_id for entry in queries.waits(request.patient.lead)),
    }
    return render(request, "scheduling/portal/appointment.html", context)


def _is_allowed(check: Callable[..., None], made: Appointment, now: datetime) -> bool:
    try:
        check(made, now=now)
    except BookingRefused:
        return False
    return True


@require_POST
@only_the_patient
def will_come(request: PatientRequest, appointment_id: uuid.UUID) -> HttpResponse:
    """Record that the patient says that they will come."""
    made, form = own_appointment(request, appointment_id), VersionForm(request.POST)
    try:
        if form.is_valid():
            attendance.confirm(made, version=form.cleaned_data["version"], now=timezone.now())
            messages.success(request, gettext("Thank you. We expect you."))
    except BookingRefused as refused:
        messages.warning(request, refused.message)
    return redirect("appointments:one", made.pk)


@READ_AND_SEND
@only_the_patient
def cancel(request: PatientRequest, appointment_id: uuid.UUID) -> HttpResponse:
    """Ask why, once, and cancel."""
    made = own_appointment(request, appointment_id)
    if _was_this_press(request, made):
        return redirect("appointments:one", made.pk)
    try:
        changing.check_cancel(made, now=timezone.now())
    except BookingRefused as refused:
        messages.warning(request, refused.message)
        return redirect("appointments:one", made.pk)
    form = CancelForm(request.POST if request.method == "POST" else None, initial={"version": made.version})
    if form.is_valid():
        data = form.cleaned_data
        try:
            changing.cancel(
                made, version=data["version"], reason=CancelReason(data["reason"]), by=None, now=timezone.now()
            )
        except BookingRefused as refused:
            if not _was_this_press(request, own_appointment(request, appointment_id)):
                messages.warning(request, refused.message)
        else:
            messages.success(request, gettext("Your appointment is cancelled."))
        return redirect("appointments:one", made.pk)
    context = {"patient": request.patient, "made": made, "form": form}
    return render(request, "scheduling/portal/cancel.html", context, status=422 if form.errors else 200)


def _was_this_press(request: PatientRequest, made: Appointment) -> bool:
    """Tell whether a press came twice on a slow line: the second press is the first one."""
    return made.status == Status.CANCELLED and request.POST.get("version") == str(made.version - 1)


@require_safe
@only_the_patient
def calendar_file(request: PatientRequest, appointment_id: uuid.UUID) -> HttpResponse:
    """Serve the appointment as a file for any calendar."""
    made = own_appointment(request, appointment_id)
    headers = {"Content-Disposition": 'attachment; filename="appointment.ics"', "X-Content-Type-Options": "nosniff"}
    text = ics.as_text(made, now=timezone.now())
    return HttpResponse(text, content_type="text/calendar; charset=utf-8", headers=headers)


@require_POST
@only_the_patient
def wait(request: PatientRequest, appointment_id: uuid.UUID) -> HttpResponse:
    """Join the list of those who would come earlier, or leave it."""
    made = own_appointment(request, appointment_id)
    if made.stands and made.ends_at > timezone.now():
        _join_or_leave(request, made.kind, made)
    return redirect("appointments:one", made.pk)


@require_POST
@only_the_patient
def wait_for_any(request: PatientRequest, key: str) -> HttpResponse:
    """Join the waiting list, or leave it, for a patient who found no time that suits."""
    kind, lead = get_object_or_404(AppointmentType, key=key, is_active=True), request.patient.lead
    if not kind.may_be_booked_by(lead):
        raise Http404("This is booked together with us.")
    if kind.lacks_number(lead) and "leave" not in request.POST:
        return redirect("appointments:choose", kind.key)  # asks for it
    _join_or_leave(request, kind, queries.ahead_of_kind(lead, kind, now=timezone.now()))
    return redirect("appointments:choose", kind.key)


def _join_or_leave(request: PatientRequest, kind: AppointmentType, made: Appointment | None) -> None:
    if "leave" in request.POST:
        waitlist.leave(request.patient.lead, kind)
        messages.success(request, gettext("You are no longer on the list."))
        return
    waitlist.join(request.patient.lead, kind, booked=made, now=timezone.now())
    messages.success(request, _how_told(request.patient.lead, made))


def _how_told(lead: Lead, made: Appointment | None) -> str:
    """Return how they hear of a time that becomes free, or is earlier than what is `made`."""
    if not mails.reaches_with_offers(lead):
        by_us = gettext("You are on the list: we tell you when a time becomes free.")
        return by_us if lead.do_not_call else gettext("We call you when a time becomes free.")
    earlier = gettext("We write to you when an earlier time is free.")
    return earlier if made else gettext("We write to you when a time becomes free.")


@require_POST
@only_the_patient
def answer_offer(request: PatientRequest, entry_id: uuid.UUID) -> HttpResponse:
    """Take the time that is on offer, or let the next patient have it."""
    lead, now = request.patient.lead, timezone.now()
    entry = get_object_or_404(WaitlistEntry.objects.select_related("kind"), pk=entry_id, lead=lead)
    made = queries.ahead_of_kind(lead, entry.kind, now=now)
    if _shows_another(request, entry):
        messages.warning(request, gettext("This time is no longer on offer. Another one is: look at it first."))
    elif "take" not in request.POST:
        _leave_offer(request, entry, made)
    elif entry.state == WaitState.BOOKED:
        pass  # the press before this one took it
    elif entry.state != WaitState.OFFERED or entry.offered_start is None:
        stays = gettext("This time is no longer on offer. Your appointment stays as it is.")
        messages.warning(request, stays if made else gettext("This time is no longer on offer."))
    elif made:
        mine = waitlist.holder(entry)
        return confirm_views.move_now(
            request, made, entry.offered_start, version=made.version, held_by=mine, hold=entry.hold
        )
    else:
        wanted = Booking(
            lead, entry.kind, entry.offered_start, entry.hold or entry.pk, waitlist.holder(entry), hold=entry.hold
        )
        return confirm_views.book_now(request, wanted)
    return redirect("appointments:one", made.pk) if made else redirect("appointments:mine")


def _leave_offer(request: PatientRequest, entry: WaitlistEntry, made: Appointment | None) -> None:
    """Let the next patient have what is on offer. From an older page: what was taken since stays theirs, and what has
    lapsed is nobody's to pass on."""
    if entry.state == WaitState.BOOKED:
        messages.warning(
            request, gettext("You have taken this time already. If it does not suit you, move or cancel it.")
        )
        return
    waitlist.leave(request.patient.lead, entry.kind)
    if entry.state != WaitState.OFFERED:
        messages.success(request, gettext("You are no longer on the list."))
        return
    stays = gettext("The next person gets it, and you are no longer on the list. Your appointment stays as it is.")
    gone = gettext("The next person gets it, and you are no longer on the list.")
    messages.success(request, stays if made else gone)


def _shows_another(request: HttpRequest, entry: WaitlistEntry) -> bool:
    """Tell whether the page showed a time other than what is on offer now. A press that names none claims nothing."""
    shown = SlotChoiceForm(request.POST)
    return entry.state == WaitState.OFFERED and shown.is_valid() and shown.cleaned_data["start"] != entry.offered_start
