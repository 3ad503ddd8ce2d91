"""The page on which the desk chooses a time: the free ones of a week, to book or to move an appointment."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone

from crm.models import Lead
from scheduling.actions import availability, month, queries
from scheduling.actions.availability import Free, SlotQuery
from scheduling.models import Appointment, AppointmentType, Resource
from scheduling.portal import query_params
from scheduling.portal.forms import OverForm

DAYS = 7


def page(
    site: AdminSite,
    request: HttpRequest,
    lead: Lead,
    kind: AppointmentType,
    *,
    kinds: list[AppointmentType] | None = None,
    moving: Appointment | None = None,
    instead: list[Free] | None = None,
    over: OverForm | None = None,
    status: int = 200,
) -> TemplateResponse:
    """Render times on the center's clock: that is what the desk looks at."""
    location, now = moving.location if moving else lead.location, timezone.now()
    rooms, room = _rooms(request, kind, moving)
    provider = query_params.uuid(request.GET.get("provider", ""))
    asked = SlotQuery(kind, location, now.astimezone(location.zone).date(), DAYS, provider=provider, for_staff=True)
    ahead = [] if moving else queries.ahead(lead, now=now)
    context: dict[str, Any] = {
        **site.each_context(request),
        "title": f"{'Another time' if moving else 'Book'}: {lead.full_name}",
        "opts": Lead._meta,
        "lead": lead,
        "kind": kind,
        "kinds": kinds if kinds is not None else queries.given_at(location),
        "providers": list(kind.providers.filter(is_active=True, location=location)),
        "provider": provider,
        "rooms": rooms,
        "room": room,
        "moving": moving,
        "ahead": ahead,
        "lacks_number": kind.lacks_number(lead),
        "seen": " ".join(str(one.pk) for one in ahead),
        **_week_shown(request, asked, moving, room, now=now),
        "instead": None if instead is None else named(instead),
        "zone": location.timezone,
        "request_id": uuid4(),
        "over": (over or OverForm(location=location)) if request.user.has_perm("scheduling.overbook") else None,
        "now": now,
    }
    return TemplateResponse(request, "scheduling/admin/book.html", context, status=status)


def _rooms(
    request: HttpRequest, kind: AppointmentType, moving: Appointment | None
) -> tuple[list[Resource], UUID | None]:
    """Return the rooms among which an appointment may be moved, and which of them the address names."""
    if moving is None or not kind.needs_room:
        return [], None
    rooms = list(kind.rooms.filter(is_active=True, location=moving.location))
    return rooms, next((one.pk for one in rooms if str(one.pk) == request.GET.get("room")), None)


def _week_shown(
    request: HttpRequest, asked: SlotQuery, moving: Appointment | None, room: UUID | None, *, now: datetime
) -> dict[str, Any]:
    """Return what the page shows of a week: each day with its times, in one `room` where it is chosen, and the way to
    the weeks around it."""
    first, found = _free_times(request, asked, moving, now=now)
    times = month.by_day([free for free in found if room is None or free.is_in(room)], asked.location.zone)
    days = [first + timedelta(days=n) for n in range(DAYS)]
    return {
        "days": [(day, times.get(day, [])) for day in days],
        "before": max(first - timedelta(days=DAYS), asked.first) if first > asked.first else None,
        "after": first + timedelta(days=DAYS),
    }


def _free_times(
    request: HttpRequest, asked: SlotQuery, moving: Appointment | None, *, now: datetime
) -> tuple[date, list[Free]]:
    """Return the week of the address, no earlier than the first day of `asked`, and its times; else that of the
    appointment which is moved, or the first one in which there is something."""
    wanted = query_params.day(request.GET.get("from", ""))
    around = moving.starts_at.astimezone(asked.location.zone).date() if moving else asked.first
    first = max(wanted or around, asked.first)
    asked = replace(asked, first=first, moving=moving.pk if moving else None)
    if "from" in request.GET:
        return first, availability.find(asked, now=now)
    return _first_week(asked, now=now)


def _first_week(asked: SlotQuery, *, now: datetime) -> tuple[date, list[Free]]:
    """Return the week that is asked for, or where it is empty the first one in which there is something."""
    if found := availability.find(asked, now=now):
        return asked.first, found
    later = availability.find(replace(asked, days=60), now=now)
    first = later[0].start.astimezone(asked.location.zone).date() if later else asked.first
    return first, [free for free in later if free.start < later[0].start + timedelta(days=DAYS)]


def named(found: list[Free]) -> list[dict[str, Any]]:
    """Return the times with the provider whom each would be with: what is pressed is what is booked."""
    names = dict(Resource.objects.filter(pk__in={free.places[0][0] for free in found}).values_list("pk", "name"))
    return [{"start": one.start, "provider": one.places[0][0], "who": names[one.places[0][0]]} for one in found]
