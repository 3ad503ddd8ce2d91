"""Calendars of providers and rooms by day and week, the front desk's day, agendas on paper, other times to find."""

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from crm.admin import view_audit
from crm.admin.lead.page import user_of
from crm.audit import access
from crm.enums.leads import AccessAction
from crm.models import Location, User
from crm.models.lead import visible_q
from scheduling.actions import availability, hours, queries
from scheduling.actions.availability import SlotQuery
from scheduling.admin.calendar_grid import MINUTE_PX, Grid, GridColumn
from scheduling.admin.free_week import named
from scheduling.admin.lead_appointments import actions_of
from scheduling.enums import ResourceKind
from scheduling.models import Appointment, Resource
from scheduling.portal import query_params
from scheduling.rules.slots import SlotWindow

VIEW = "scheduling.view_appointment"
REBOOK_SHOWN = 15


def urls(site: AdminSite) -> list[URLPattern]:
    """Return the addresses of the calendar's pages, below /admin/."""

    def page(view: Any) -> Any:
        return site.admin_view(lambda request, **ids: _for_whom(view, site, request, **ids))

    return [
        path("calendar/", page(calendar), name="scheduling_calendar"),
        path("calendar/agenda/<uuid:resource_id>/", page(agenda), name="scheduling_agenda"),
        path("front-desk/", page(front_desk), name="scheduling_front_desk"),
        path("rebooking/", page(rebooking), name="scheduling_rebooking"),
        path("rebooking/<uuid:appointment_id>/", page(other_times), name="scheduling_other_times"),
    ]


def _for_whom(view: Any, site: AdminSite, request: HttpRequest, **ids: UUID) -> HttpResponse:
    if not request.user.has_perm(VIEW):
        raise PermissionDenied
    answer: HttpResponse = view(site, request, **ids)
    return answer


def _resources(request: HttpRequest, kind: ResourceKind) -> list[Resource]:
    """Return the resources of the locations that this person works for, with their rules. One query."""
    theirs = Resource.objects.filter(visible_q(user_of(request)), kind=kind, is_active=True, location__is_active=True)
    return list(hours.with_rules(theirs.order_by("position", "name", "pk")))


def _location(request: HttpRequest) -> Location:
    """Return the location that is asked for, among those that this person works for; the first one otherwise."""
    return _chosen(request, _locations(user_of(request)))


def _chosen(request: HttpRequest, theirs: list[Location]) -> Location:
    asked = request.GET.get("location", "")
    found = next((one for one in theirs if str(one.pk) == asked), theirs[0] if theirs else None)
    if found is None:
        raise Http404("There is no location yet.")
    return found


def _locations(user: User) -> list[Location]:
    return list(Location.objects.filter(visible_q(user, location="pk"), is_active=True).order_by("position", "pk"))


def _seen(request: HttpRequest, shown: list[Appointment]) -> None:
    if shown:
        ids = sorted({made.lead_id for made in shown})
        access.record(AccessAction.LIST, by=user_of(request), object_type="lead", ids=ids)


def calendar(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Show columns by provider or room for one day, or the days of a week for one of them."""
    by = ResourceKind.ROOM if request.GET.get("by") == "room" else ResourceKind.PROVIDER
    theirs = _resources(request, by)
    locations = sorted({one.location for one in theirs}, key=lambda one: (one.position, str(one.pk)))
    location = _chosen(request, locations or _locations(user_of(request)))
    today = timezone.localdate()
    view = "week" if request.GET.get("view") == "week" else "day"
    day = query_params.day(request.GET.get("day", "")) or today
    resources = [one for one in theirs if one.location_id == location.pk]
    chosen = next((one for one in resources if str(one.pk) == request.GET.get("resource")), None)
    first = day - timedelta(days=day.weekday()) if view == "week" else day
    days = [first + timedelta(days=n) for n in range(7 if view == "week" else 1)]
    shown = [chosen or resources[0]] if view == "week" and resources else resources
    found = [made for made in queries.between(location, days[0], days[-1]) if any(_is_of(made, one) for one in shown)]
    _seen(request, found)
    grid = Grid.for_all(found, location.zone)
    context = {
        **site.each_context(request),
        "title": "Calendar",
        "location": location,
        "locations": locations,
        "columns": _columns(shown, days, found, grid),
        "resources": resources,
        "chosen": shown[0] if view == "week" and shown else None,
        "day": day,
        "today": today,
        "view": view,
        "by": by.value,
        "last": days[-1],
        "before": days[0] - timedelta(days=len(days)),
        "after": days[-1] + timedelta(days=1),
        "grid": grid,
        "minute_px": MINUTE_PX,
        "closings": queries.closings(location, shown, days[0], days[-1]),
        "silent": queries.silent_calendars(location) if any(one.is_silent for one in resources) else [],  # type: ignore[attr-defined]
        "now": timezone.now(),
    }
    return TemplateResponse(request, "scheduling/admin/calendar.html", context)


def _columns(resources: list[Resource], days: list[date], found: list[Appointment], grid: Grid) -> list[GridColumn]:
    ids = [one.pk for one in resources]
    spans = hours.open_spans(resources, SlotWindow(days[0], len(days), grid.zone))
    begin = datetime.combine(days[0], time(), tzinfo=grid.zone)
    elsewhere = list(availability.busy_between(ids, begin, begin + timedelta(days=len(days) + 1)))
    return [
        GridColumn(
            one,
            day,
            grid.blocks([made for made in found if _is_of(made, one) and _day(made, grid) == day], day),
            grid.closed(spans.get(one.pk, []), day),
            grid.busy([span for span in elsewhere if span.resource_id == one.pk], day),
        )
        for one in resources
        for day in days
    ]


def _is_of(made: Appointment, resource: Resource) -> bool:
    return resource.pk in {made.provider_id, made.room_id}


def _day(made: Appointment, grid: Grid) -> date:
    return made.starts_at.astimezone(grid.zone).date()


def agenda(site: AdminSite, request: HttpRequest, resource_id: UUID) -> HttpResponse:
    """Show one provider's day for printing."""
    day = query_params.day(request.GET.get("day", "")) or timezone.localdate()
    resource = Resource.objects.filter(pk=resource_id, location__in=_locations(user_of(request))).first()
    if resource is None:
        raise Http404("There is no such calendar, or it belongs to another location.")
    found = [made for made in queries.between(resource.location, day, day) if _is_of(made, resource)]
    _seen(request, found)
    place = resource.location
    context = {"resource": resource, "day": day, "found": found, "zone": place.timezone, "place": place}
    context["now"] = timezone.now()
    return render(request, "scheduling/admin/print_agenda.html", context)


def front_desk(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Show who comes today, in the order of time, with the buttons that the front desk uses."""
    location, now = _location(request), timezone.now()
    today = now.astimezone(location.zone).date()
    found = queries.between(location, today, today)
    context = {"rows": [(made, actions_of(made, now=now)) for made in found], "now": now, "location": location}
    view_audit.record(request, "front_desk", [made.lead_id for made in found])
    if "HX-Request" in request.headers:
        return TemplateResponse(request, "scheduling/admin/front_desk.html#rows", context)
    whole = {**site.each_context(request), "title": "Front desk", **context}
    return TemplateResponse(request, "scheduling/admin/front_desk.html", whole)


def rebooking(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Show the appointments whose time was closed under them. The nearest other times of each come when it is in
    view."""
    now = timezone.now()
    waiting = queries.to_rebook(user_of(request))[: REBOOK_SHOWN + 1]
    rows = waiting[:REBOOK_SHOWN]
    _seen(request, rows)
    context = {
        **site.each_context(request),
        "title": "Other times to find",
        "rows": rows,
        "more": len(waiting) > REBOOK_SHOWN,
        "now": now,
    }
    return TemplateResponse(request, "scheduling/admin/rebooking.html", context)


def other_times(site: AdminSite, request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Show the nearest other times for one appointment that waits for a new time, as buttons."""
    waiting = (made for made in queries.to_rebook(user_of(request)) if made.pk == appointment_id)
    made = next(waiting, None)
    if made is None:
        raise Http404("It waits for no other time any more.")
    _seen(request, [made])
    now = timezone.now()
    nearest = availability.nearest(_other_time(made), max(made.starts_at, now), now=now)
    others = named([free.preferring(made.provider_id) for free in nearest])
    context = {"made": made, "others": others, "zone": made.location.timezone}
    return TemplateResponse(request, "scheduling/admin/rebooking.html#times", context)


def _other_time(made: Appointment) -> SlotQuery:
    return SlotQuery(made.kind, made.location, made.starts_at.date(), 1, moving=made.pk, for_staff=True)
