"""Appointments beside the page of a lead, and the pages on which the desk books, moves and cancels them."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from crm import registry
from crm.admin.lead.page import back, find_lead, form_page, user_of
from crm.models import Lead, User
from scheduling.actions import attendance, availability, booking, changing, mails, queries
from scheduling.actions.booking import Booking
from scheduling.actions.errors import BookingRefused, SlotTaken
from scheduling.admin import free_week
from scheduling.enums import MOVES, OF_THE_CENTER, STANDING, CancelReason, Status
from scheduling.models import Appointment, AppointmentType, Resource
from scheduling.portal import query_params
from scheduling.portal.forms import OverForm, SlotChoiceForm, StaffCancelForm, VersionForm

CHANGE = "scheduling.change_appointment"
CONFIRMED = "confirmed"  # said by telephone; no status of its own
STAYS = "It is there already: nothing was moved."


def register() -> None:
    """Register the panel and the pages of appointments; called once, when the desk is made."""
    add = "scheduling.add_appointment"
    registry.panel("lead", title="Appointments", permission="scheduling.view_appointment", render=panel, order=2)
    registry.route("appointments/book/", book, permission=add, name="scheduling_book")
    registry.route("appointments/<uuid:appointment_id>/move/", move, permission=CHANGE, name="scheduling_move")
    registry.route("appointments/<uuid:appointment_id>/cancel/", cancel, permission=CHANGE, name="scheduling_cancel")
    registry.route("appointments/<uuid:appointment_id>/status/", status, permission=CHANGE, name="scheduling_status")


def panel(request: HttpRequest, lead: Lead) -> str:
    """Return the panel of what is ahead and what there was, with what can be done about it."""
    now = timezone.now()
    shown = [(made, actions_of(made, now=now)) for made in queries.of_lead(lead)[:6]]
    context = {"lead": lead, "shown": shown, "now": now, "waits": queries.waits(lead)}
    return render_to_string("scheduling/admin/panel_appointments.html", context, request=request)


def actions_of(made: Appointment, *, now: datetime) -> list[tuple[str, str]]:
    """Return (status, words) of the buttons that are possible now."""
    words = {
        Status.ARRIVED: "Arrived",
        Status.FULFILLED: "Took place",
        Status.NOSHOW: "Did not come",
        Status.BOOKED: "Take it back",
    }
    today = made.starts_at.astimezone(made.location.zone).date() == now.astimezone(made.location.zone).date()
    possible = {
        Status.ARRIVED: today,
        Status.FULFILLED: made.starts_at <= now,
        Status.NOSHOW: made.starts_at <= now and made.rebook_since is None,
        Status.BOOKED: True,
    }
    later = MOVES[Status(made.status)] if made.status != Status.PENDING else set()
    is_expected = made.status == Status.BOOKED and made.starts_at > now and made.rebook_since is None
    says_so = [(CONFIRMED, "Will come")] if is_expected else []
    presses = [(one.value, words[one]) for one in words if one in later and possible[one]]
    return [*(says_so if made.confirmed_at is None else []), *presses]


def _holder(user: User) -> str:
    return f"user:{user.pk}"


# --- Booking ---------------------------------------------------------------------------------------------------------


def book(site: AdminSite, request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Show a week of free times; a press on one of them books it."""
    lead = find_lead(lead_id)
    kinds = queries.given_at(lead.location)
    kind = next((one for one in kinds if one.key == request.GET.get("type")), kinds[0] if kinds else None)
    form, over = SlotChoiceForm(request.POST or None), OverForm(request.POST or None, location=lead.location)
    if kind is None:
        messages.warning(request, "Nothing can be booked here yet: an administrator adds providers and their types.")
        return back(lead_id)
    if request.method == "POST" and "over_start" in request.POST:
        with timezone.override(lead.location.zone):
            is_complete = over.is_valid()
        if is_complete:
            data = over.cleaned_data
            taken = (data["over_start"], data["over_provider"].pk, data["over_reason"])
            return _book(site, request, lead, kind, *taken, form=over)
    elif form.is_valid():
        return _book(site, request, lead, kind, form.cleaned_data["start"], form.cleaned_data["provider"])
    return free_week.page(
        site, request, lead, kind, kinds=kinds, over=over, status=422 if request.method == "POST" else 200
    )


def _book(
    site: AdminSite,
    request: HttpRequest,
    lead: Lead,
    kind: AppointmentType,
    start: datetime,
    provider: UUID | None,
    over: str = "",
    form: OverForm | None = None,
) -> HttpResponse:
    """Book the time and answer the desk. `form`: of an over-booking, shown again as it was sent when it is refused."""
    user = user_of(request)
    asked = query_params.uuid(request.POST.get("request_id", "")) or uuid4()
    wanted = Booking(lead, kind, start, asked, _holder(user), by=user, provider=provider, overbook_reason=over)
    if "seen" in request.POST:
        wanted = replace(wanted, seen=frozenset(filter(None, map(query_params.uuid, request.POST["seen"].split()))))
    try:
        made = booking.book(wanted, now=timezone.now())
    except SlotTaken as taken:
        messages.warning(request, taken.message)
        return free_week.page(site, request, lead, kind, instead=taken.instead, status=409)
    except BookingRefused as refused:
        messages.warning(request, refused.message)
        return free_week.page(site, request, lead, kind, over=form, status=409)
    if made.stands:
        messages.success(request, f"Booked: {made}, {made.provider}.")
    else:
        messages.warning(request, f"The press before this one booked it, and it was cancelled since: {made}.")
    return back(lead.pk)


# --- Moving, canceling, what came of it ------------------------------------------------------------------------------


def find_appointment(lead_id: UUID, appointment_id: UUID) -> Appointment:
    """Return an appointment of this lead, with everything that a page shows; 404 otherwise."""
    rows = Appointment.objects.select_related("kind", "provider", "room", "location", "lead__location")
    return get_object_or_404(rows, pk=appointment_id, lead_id=lead_id)


def move(site: AdminSite, request: HttpRequest, lead_id: UUID, appointment_id: UUID) -> HttpResponse:
    """Move an appointment to another time. Sent from a calendar it goes back there."""
    made, user = find_appointment(lead_id, appointment_id), user_of(request)
    form, shown = SlotChoiceForm(request.POST or None), VersionForm(request.POST or None)
    with timezone.override(made.location.zone):  # a calendar sends the time on the wall
        is_complete = form.is_valid() and shown.is_valid()
    if not is_complete:
        return free_week.page(
            site, request, made.lead, made.kind, moving=made, status=422 if request.method == "POST" else 200
        )
    try:
        moved = changing.reschedule(
            made,
            start=form.cleaned_data["start"],
            version=shown.cleaned_data["version"],
            held_by=_holder(user),
            by=user,
            now=timezone.now(),
            provider=form.cleaned_data["provider"],
            room=form.cleaned_data["room"],
        )
    except SlotTaken as taken:
        messages.warning(request, why_not(made, **form.cleaned_data, now=timezone.now()))
        if _came_from(request):
            return redirect(_came_from(request))
        instead = [free.preferring(made.provider_id) for free in taken.instead]
        return free_week.page(site, request, made.lead, made.kind, moving=made, instead=instead, status=409)
    except BookingRefused as refused:
        is_done = _is_second_press(made, shown, starts_at=form.cleaned_data["start"], status__in=STANDING)
        messages.warning(request, STAYS if is_done else refused.message)
    else:
        is_changed = (moved.version, moved.room_id) != (made.version, made.room_id)
        messages.success(request, f"Moved: {moved}, {moved.provider}." if is_changed else STAYS)
    return _after(request, lead_id)


def _is_second_press(made: Appointment, shown: VersionForm, **wanted: Any) -> bool:
    """Tell whether a press came twice on a slow line: the second finds what it wants, and nothing is wrong."""
    return Appointment.objects.filter(pk=made.pk, version=shown.cleaned_data["version"] + 1, **wanted).exists()


def why_not(made: Appointment, *, start: datetime, provider: UUID | None, room: UUID | None, now: datetime) -> str:
    """Say why a move failed: it is past, who is there already, whose own calendar holds it, or it is outside the
    hours."""
    if start <= now:
        return "That time is past. Nothing was moved."
    begin = start - timedelta(minutes=made.kind.buffer_before)
    end = start + timedelta(minutes=made.kind.duration + made.kind.buffer_after)
    ids = [one for one in (provider or made.provider_id, room or made.room_id) if one]
    names = dict(Resource.objects.filter(pk__in=ids).values_list("pk", "name"))
    taken = availability.claims_between(ids, begin, end).select_related("appointment__lead", "appointment__kind")
    for claim in taken.exclude(appointment=made):
        if claim.during.lower < end and begin < claim.during.upper:
            what = str(claim.appointment.kind) if claim.appointment else "a patient who is choosing"
            until = claim.during.upper.astimezone(made.location.zone)
            return f"{names[claim.resource_id]} is taken until {until:%-I:%M %p}: {what.lower()}. Nothing was moved."
    for span in availability.busy_between(ids, begin, end):
        until = span.ends_at.astimezone(made.location.zone)
        return f"{names[span.resource_id]} is busy until {until:%-I:%M %p} by their own calendar. Nothing was moved."
    at = start.astimezone(made.location.zone)
    who = f"{' and '.join(names.values())} {'is' if len(names) == 1 else 'are'}"
    return (
        f"{at:%A, %B %-d, %-I:%M %p} is not offered: {who} not open for {made.kind.duration} minutes then, or this "
        f"kind does not begin at that minute (it begins every {made.kind.step} minutes). Nothing was moved."
    )


def _after(request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Return a redirect to where the desk came from."""
    if request.GET.get("back") == "rebooking":
        return redirect("admin:scheduling_rebooking")
    return redirect(_came_from(request)) if _came_from(request) else back(lead_id)


def _came_from(request: HttpRequest) -> str:
    """Return the page to go back to: the same view of the calendar, or the list of other times to find; "" for the
    lead's."""
    if request.POST.get("back") == "rebooking":
        return reverse("admin:scheduling_rebooking")
    day = query_params.day(request.POST.get("calendar", ""))
    if day is None:
        return ""
    view = "week" if request.POST.get("view") == "week" else "day"
    by = "room" if request.POST.get("by") == "room" else "provider"
    resource = query_params.uuid(request.POST.get("resource", ""))
    location = query_params.uuid(request.POST.get("location", ""))
    asked = {"day": f"{day:%Y-%m-%d}", "view": view, "by": by, "resource": resource, "location": location}
    return f"{reverse('admin:scheduling_calendar')}?{urlencode({key: value for key, value in asked.items() if value})}"


def cancel(site: AdminSite, request: HttpRequest, lead_id: UUID, appointment_id: UUID) -> HttpResponse:
    """Cancel an appointment, with a reason."""
    made = find_appointment(lead_id, appointment_id)
    by_mail, by_phone = mails.reaches(made.lead), not made.lead.do_not_call
    told = {"by_mail": by_mail, "by_phone": by_phone, "is_over": made.ends_at <= timezone.now()}
    form = StaffCancelForm(request.POST or None, initial={"version": made.version}, **told)
    if form.is_valid():
        data = form.cleaned_data
        try:
            changing.cancel(
                made,
                version=data["version"],
                reason=CancelReason(data["reason"]),
                by=user_of(request),
                now=timezone.now(),
                note=data["note"],
            )
        except BookingRefused as refused:
            is_done = _is_second_press(made, form, status=Status.CANCELLED, ended_reason=data["reason"])
            messages.warning(request, "It is cancelled already." if is_done else refused.message)
        else:
            closed = "Its time is offered to nobody until it is taken out of leave and closing."
            its_time = closed if data["reason"] in OF_THE_CENTER else "Its time is free."
            messages.success(request, f"Cancelled: {made}. {'' if told['is_over'] else its_time}".rstrip())
        return _after(request, lead_id)
    what = f"Cancel: {made}, {made.provider}"
    return form_page(site, request, made.lead, form, title=what, press="Cancel the appointment", leave="Keep it")


def status(site: AdminSite, request: HttpRequest, lead_id: UUID, appointment_id: UUID) -> HttpResponse:
    """Record that a patient will come, arrived, came or did not come, or take one of these back."""
    made, by, now = find_appointment(lead_id, appointment_id), user_of(request), timezone.now()
    wanted, shown = request.POST.get("to", ""), VersionForm(request.POST)
    version = shown.cleaned_data["version"] if shown.is_valid() else made.version  # a press that names none claims none
    seen = request.POST.get("seen", made.status), version
    try:
        if request.method == "POST" and wanted == CONFIRMED:
            attendance.confirm(made, version=version, by=by, now=now)
            messages.success(request, f"{made.lead.full_name} will come.")
        elif request.method == "POST" and wanted in Status.values:
            attendance.set_status(made, to=Status(wanted), by=by, now=now, seen=seen)
            messages.success(request, f"{made.lead.full_name}: {Status(wanted).label.lower()}.")
    except BookingRefused as refused:
        messages.warning(request, refused.message)
    if request.POST.get("back") == "front-desk":
        return redirect("admin:scheduling_front_desk")
    return back(lead_id)
