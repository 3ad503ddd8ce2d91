"""On the private page: a month of free times, and a time that is held. How it is booked then: confirm_views.py."""

import uuid
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, cast
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as noop
from django.views.decorators.http import require_http_methods

from crm.leads import actions as leads
from crm.patient_portal.requests import PatientRequest
from scheduling.actions import availability, booking, changing, claims, month, queries
from scheduling.actions.availability import SlotQuery
from scheduling.actions.booking import Booking
from scheduling.actions.errors import BookingRefused, SlotTaken
from scheduling.models import Appointment, AppointmentType
from scheduling.portal import query_params
from scheduling.portal.access import holder, only_the_patient, own_appointment, said_of
from scheduling.portal.forms import NumberForm, SlotChoiceForm

READ_AND_SEND = require_http_methods(["GET", "HEAD", "POST"])
STAYS = noop("That is the time you have already. Nothing was changed.")
Days = dict[date, list[availability.Free]]
LOOK_AHEAD = 120  # days, for the first free time


@READ_AND_SEND
@only_the_patient
def choose(request: PatientRequest, key: str) -> HttpResponse:
    """Show a month of free times and those of one day; sent, the time is held and shown once more. Whom we are to call
    is asked for a number first."""
    kind = get_object_or_404(AppointmentType, key=key, is_active=True)
    lead = request.patient.lead
    if not kind.may_be_booked_by(lead):
        messages.warning(request, gettext("We book this kind of appointment together with you. Please call us."))
        return redirect("appointments:mine")
    if made := queries.ahead_of_kind(lead, kind, now=timezone.now()):
        messages.warning(request, gettext(booking.HAS_ONE))
        return redirect("appointments:one", made.pk)
    if kind.lacks_number(lead):
        return _ask_number(request, kind)
    if "phone" in request.POST:  # the press before this one gave it
        return redirect("appointments:choose", kind.key)
    form = SlotChoiceForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        return _hold(request, kind, form.cleaned_data["start"], provider=form.cleaned_data["provider"])
    return calendar(request, kind, status=422 if form.errors else 200)


def _ask_number(request: PatientRequest, kind: AppointmentType) -> HttpResponse:
    form = NumberForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        leads.correct_details(request.patient.lead, by=request.patient.by, changes=form.cleaned_data)
        return redirect("appointments:choose", kind.key)
    context = {"patient": request.patient, **said_of(kind), "form": form}
    return render(request, "scheduling/portal/number.html", context, status=422 if form.errors else 200)


@READ_AND_SEND
@only_the_patient
def move(request: PatientRequest, appointment_id: uuid.UUID) -> HttpResponse:
    """Show the free times to which an appointment can be moved, and hold the one that is chosen."""
    made = own_appointment(request, appointment_id)
    try:
        changing.check_move(made, now=timezone.now())
    except BookingRefused as refused:
        messages.warning(request, refused.message)
        return redirect("appointments:one", made.pk)
    form = SlotChoiceForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        data = form.cleaned_data
        return _hold(request, made.kind, data["start"], provider=data["provider"], moving=made)
    return calendar(request, made.kind, moving=made, status=422 if form.errors else 200)


def question(request: PatientRequest, kind: AppointmentType, moving: Appointment | None) -> SlotQuery:
    lead = request.patient.lead
    return SlotQuery(
        kind,
        moving.location if moving else lead.location,
        timezone.now().date(),
        1,
        held_by=holder(request.patient),
        moving=moving.pk if moving else None,
    )


def calendar(
    request: PatientRequest,
    kind: AppointmentType,
    *,
    moving: Appointment | None = None,
    lost: SlotTaken | None = None,
    status: int = 200,
) -> HttpResponse:
    """Render the month on the clock that is the patient's or the center's (AppointmentType.display_timezone). Where
    they differ, both are named. With a time that was `lost`, the nearest ones; also as the answer of other addresses,
    so its links name their own."""
    lead, now = request.patient.lead, timezone.now()
    asked = question(request, kind, moving)
    zone = ZoneInfo(kind.display_timezone(patient=lead.timezone, center=asked.location.timezone))
    providers = [] if moving else queries.providers_of(kind, asked.location)
    wished = query_params.uuid(request.GET.get("with", ""))
    provider = next((one for one in providers if one.pk == wished), None)
    asked = replace(asked, provider=provider.pk if provider else None)
    nearest = lost.start if lost else moving.starts_at if moving else now
    context = {
        "patient": request.patient,
        **said_of(kind),
        **_month_shown(request, asked, nearest.astimezone(zone), now=now),
        "moving": moving,
        "here": _here(kind, moving),
        "providers": providers,
        "provider": provider,
        "instead": lost.instead if lost else None,
        "zone": zone.key,
        "center_zone": asked.location.timezone,
        "waits": not moving and any(entry.kind_id == kind.pk for entry in queries.waits(lead)),
    }
    return render(request, "scheduling/portal/choose.html", context, status=status)


def _month_shown(request: PatientRequest, asked: SlotQuery, nearest: datetime, *, now: datetime) -> dict[str, Any]:
    """Return what the page shows of the month of its address, or of the `nearest` one: its weeks, the way to the
    months around it, and the times of the day that is chosen."""
    today = now.astimezone(nearest.tzinfo).date()
    shown, days = _shown(asked, request.GET.get("month", ""), nearest, now=now)
    wanted = query_params.day(request.GET.get("day", ""))
    chosen = next((day for day in [wanted, *sorted(days)] if day and _is_in(day, shown)), None)
    return {
        "month": shown,
        "weeks": month.weeks(shown, days),
        "before": month.later(shown, -1) if shown > today.replace(day=1) else None,
        "after": month.later(shown) if _is_offered(asked.kind, month.later(shown), today) else None,
        "chosen": chosen,
        "times": days.get(chosen, []) if chosen else [],
    }


def _here(kind: AppointmentType, moving: Appointment | None) -> str:
    return reverse("appointments:move", args=[moving.pk]) if moving else reverse("appointments:choose", args=[kind.key])


def _shown(asked: SlotQuery, wanted: str, nearest: datetime, *, now: datetime) -> tuple[date, Days]:
    """Return the month that is asked for, with its times; else that of `nearest`, or the first in which something is
    free."""
    zone = cast(ZoneInfo, nearest.tzinfo)
    shown = _month(wanted or f"{nearest:%Y-%m}", now.astimezone(zone).date())
    days = _days(asked, shown, zone, now=now)
    if wanted or any(_is_in(day, shown) for day in days):
        return shown, days
    shown = _first_month(asked, zone, now=now) or shown
    return shown, _days(asked, shown, zone, now=now)


def _days(asked: SlotQuery, shown: date, zone: ZoneInfo, *, now: datetime) -> Days:
    begin = month.weeks(shown, {})[0][0].day - timedelta(days=1)
    return month.by_day(availability.find(replace(asked, first=begin, days=44), now=now), zone)


def _first_month(asked: SlotQuery, zone: ZoneInfo, *, now: datetime) -> date | None:
    """Return the month of the first free time; None when there is none for months."""
    found = availability.find(replace(asked, days=LOOK_AHEAD), now=now)
    return found[0].start.astimezone(zone).date().replace(day=1) if found else None


def _is_offered(kind: AppointmentType, day: date, today: date) -> bool:
    """Tell whether patients book that far ahead."""
    return kind.window_days is None or day <= today + timedelta(days=kind.window_days)


def _month(text: str, today: date) -> date:
    """Read 2026-12 as its first day; this month for anything else, for what is past and for over two years ahead."""
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
    provider: uuid.UUID | None,
    moving: Appointment | None = None,
) -> HttpResponse:
    """Keep the time, and go on to the page that shows it once more."""
    if moving and moving.starts_at == start and moving.rebook_since is None:
        messages.success(request, gettext(STAYS))
        return redirect("appointments:one", moving.pk)
    if moving and _overlaps(moving, kind, start):
        where = reverse("appointments:confirm_overlap", args=[moving.pk])
        return redirect(f"{where}?{urlencode({'start': start.isoformat()})}")
    wanted = Booking(
        request.patient.lead, kind, start, uuid.uuid4(), holder(request.patient), provider=provider, moving=moving
    )
    try:
        name, *_rest = booking.hold(wanted, now=timezone.now())
    except SlotTaken as taken:
        messages.warning(request, taken.message)
        return calendar(request, kind, moving=moving, lost=taken, status=409)
    except BookingRefused as refused:
        messages.warning(request, refused.message)
        return redirect("appointments:mine")
    at = [moving.pk] if moving else []
    return redirect(reverse("appointments:confirm_move" if moving else "appointments:confirm", args=[*at, name]))


def _overlaps(made: Appointment, kind: AppointmentType, start: datetime) -> bool:
    """Tell whether a time cannot be held beside the present one, because it is partly the same."""
    begin, end = claims.with_buffers(kind, start)
    return begin < made.span[1] and made.span[0] < end
