"""The board: cards by stage, moved by dragging or by the menu of each card."""

from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.vary import vary_on_headers

from crm import locations, registry
from crm.admin.lead.page import user_of
from crm.audit import access
from crm.desk import board
from crm.enums.leads import AccessAction, Outcome, Stage
from crm.values import us_places


def urls(site: AdminSite) -> list[URLPattern]:
    """Return the address of the board, below /admin/."""
    return [path("board/", site.admin_view(view(site)), name="crm_board")]


def view(site: AdminSite) -> Any:
    @vary_on_headers("HX-Request")
    def page(request: HttpRequest) -> HttpResponse:
        """Show the whole board; with ?stage= the next cards of one column, alone for a page that fetches them."""
        if not request.user.has_perm("crm.view_lead"):
            raise PermissionDenied
        now, user = timezone.now(), user_of(request)
        reads_answers = user.has_perm("intake.view_assessment")
        filters = board.Filters.read(request.GET, besides=set() if reads_answers else {"outcome"})
        chosen = request.GET.get("stage", "")
        if chosen in Stage.values:
            columns = [board.column(user, filters, Stage(chosen), request.GET.get("after", ""), now=now)]
        else:
            columns = board.columns(user, filters, now=now)
        shown = [card.lead.pk for column in columns for card in column.cards]
        if shown:
            action = AccessAction.SEARCH if filters.q else AccessAction.LIST
            access.record(action, by=user, object_type="lead", ids=shown, term=filters.q)
        context = {"columns": columns, "query": _query(filters), "now": now}
        if chosen and "HX-Request" in request.headers:
            return TemplateResponse(request, "crm/admin/board.html#cards", context | {"column": columns[0]})
        context |= {
            **site.each_context(request),
            "title": "Board",
            "filters": filters,
            "choices": _choices(reads_answers=reads_answers),
        }
        return TemplateResponse(request, "crm/admin/board.html", context)

    return page


def _query(filters: board.Filters) -> str:
    """Return the filters that are set as "&name=value", for the end of an address; "" when there are none."""
    chosen = {name: getattr(filters, name) for name in filters.__dataclass_fields__ if getattr(filters, name)}
    return f"&{urlencode(chosen)}" if chosen else ""


def _choices(*, reads_answers: bool) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Return (name, label, choices) of each filter; places and languages without a query. An assessment is an answer:
    whoever may not read it may not look for it."""
    centers = [(str(place.pk), place.short_name) for place in locations.active()]
    return [
        ("owner", "Owner", [("mine", "Mine"), ("none", "Nobody's")]),
        *([("location", "Location", centers)] if len(centers) > 1 else []),
        ("language", "Language", [("en", "English"), ("es", "Spanish")]),
        *([("outcome", "Assessment", [(one.value, str(one.label)) for one in Outcome])] if reads_answers else []),
        ("source", "Heard of us by", registry.choices_of("how_heard")),
        ("region", "State", us_places.STATE_CHOICES),
    ]
