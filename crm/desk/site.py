"""The desk as a site of its own: what a browser may run there, the clock it shows, and the way around."""

import re
import time
from collections.abc import Callable
from functools import update_wrapper, wraps
from typing import Any, NamedTuple, cast
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth import logout
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse, reverse_lazy
from django.utils import timezone
from django.utils.csp import CSP
from django.utils.html import format_html
from django.views.decorators.csp import csp_override
from unfold.dataclasses import SearchResult
from unfold.sites import UnfoldAdminSite

from crm import locations
from crm.accounts import desk_session, password_views, sign_in_form
from crm.accounts.sign_in_form import SignInForm
from crm.audit import access
from crm.enums.leads import AccessAction
from crm.leads import stages
from crm.models import Lead, User

# Unfold evaluates expressions in its markup and writes the palette into a style element. Nothing else is let in, and
# nowhere but here.
DESK_CSP: dict[str, list[str]] = settings.SECURE_CSP | {
    "script-src": [CSP.SELF, CSP.UNSAFE_EVAL],
    "style-src": [CSP.SELF, CSP.UNSAFE_INLINE],
}

MOST_ROWS = 200  # of one kind in one form, such as the weekly hours of a provider
LEAST_OF_A_NAME = 2  # letters; fewer mean nobody
MOST_PEOPLE = 20  # of those whom Ctrl+K finds
MOST_FOUND = 100  # and of all that it shows
_ROWS = ("-TOTAL_FORMS", "-INITIAL_FORMS")
_SHORT_NUMBER = re.compile(r"[0-9]{1,4}")

View = Callable[..., HttpResponse]
Urls = Callable[["DeskSite"], list[URLPattern]]

_pages: list[Urls] = []
_home: list[View] = []


def add_pages(*urls: Urls) -> None:
    """Hang pages below /admin/, when the desk is made (crm/admin/__init__.py)."""
    _pages.extend(urls)


def set_home(view: View) -> None:
    """Set the page that the desk begins with: called with the site and the request."""
    _home[:] = [view]


class DeskSite(UnfoldAdminSite):
    site_title = site_header = "Nucleus"
    index_title = "Leads"
    login_form = SignInForm

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Sign somebody in as Django does, at the pace that crm/accounts/sign_in_limits.py allows."""
        return sign_in_form.finish(request, super().login(request, extra_context))

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Wrap a view as Django does (signed in, never cached), plus the desk's content policy and the center's clock;
        and take only forms that somebody can have filled in."""
        inside = super().admin_view(_with_plain_forms(view), cacheable)
        guarded: View = csp_override(DESK_CSP)(_while_awake(_at_the_center(inside)))
        return guarded

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Answer Ctrl+K with people, found as in the list of leads, and with pages of the desk by their names.

        Not Unfold's view: it looks for no people, keeps for minutes what somebody was once allowed to see, and takes
        any page for a number. Side effects: an AccessEvent for whoever is found.
        """
        if not _SHORT_NUMBER.fullmatch(number := request.GET.get("page", "1")):
            raise Http404("There is no such page.")
        term, begun = request.GET.get("s", "").strip(), time.monotonic()
        if not term:
            return HttpResponse()
        pages = self._search_apps(super().get_app_list(request), term.lower())
        paginator = Paginator([*self._people(request, term), *pages], MOST_FOUND)
        context = {
            "search_term": term,
            "page_obj": paginator,
            "results": paginator.get_page(number),
            "page_counter": 0,
            "execution_time": time.monotonic() - begun,
        }
        found = "unfold/helpers/command_results.html"
        return TemplateResponse(request, found, context, headers={"HX-Trigger": "search"})

    def _people(self, request: HttpRequest, term: str) -> list[SearchResult]:
        """Return the leads found that this person may see, newest first, and a link to all if they are many."""
        people = self._registry[Lead]
        if len(term) < LEAST_OF_A_NAME or not people.has_view_permission(request):
            return []
        found, _ = people.get_search_results(request, people.get_queryset(request), term)
        leads = list(found.order_by("-created_at", "-pk")[: MOST_PEOPLE + 1])
        ids = [lead.pk for lead in leads[:MOST_PEOPLE]]
        access.record(AccessAction.SEARCH, by=cast(User, request.user), object_type="lead", ids=ids, term=term)
        shown = [_person_found(lead) for lead in leads[:MOST_PEOPLE]]
        if len(leads) > MOST_PEOPLE:
            link = f"{reverse('admin:crm_lead_changelist')}?{urlencode({'q': term})}"
            shown.append(SearchResult(title="All of them", description="Leads", link=link, icon="person_search"))
        return shown

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        """Complete fields as Django does, but only those that a form of the desk completes: it would search whatever
        any field of any model leads to, unrecorded, and fail over those that are the far end of a relation."""
        asked = tuple(request.GET.get(part, "") for part in ("app_label", "model_name", "field_name"))
        if asked not in self._completed():
            raise PermissionDenied
        return super().autocomplete_view(request)

    def _completed(self) -> set[tuple[str, str, str]]:
        """Return (app, model, field) of what forms and their rows complete."""
        forms: list[Any] = [one for page in self._registry.values() for one in (page, *page.inlines)]
        return {
            (one.model._meta.app_label, one.model._meta.model_name, name)
            for one in forms
            for name in one.autocomplete_fields
        }

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Begin the desk with what waits, for whoever works on leads; with figures for whoever sees only those."""
        if request.user.has_perm("crm.view_task") and _home:
            return _home[0](self, request)
        if request.user.has_perm("crm.view_figures"):
            return HttpResponseRedirect(reverse("admin:crm_figures"))
        return super().index(request, extra_context)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Return Django's and our own pages."""
        own = path(
            "set-password/<str:uidb64>/<str:token>/", password_views.SetPassword.as_view(), name="crm_set_password"
        )
        return [own, *(url for urls in _pages for url in urls(self)), *super().get_urls()]


def _person_found(lead: Lead) -> SearchResult:
    link = reverse("admin:crm_lead_change", args=[lead.pk])
    told = f"{lead.reference}, {stages.label(lead.stage)}"
    return SearchResult(title=lead.full_name, description=told, link=link, icon="person")


def _with_plain_forms(view: View) -> View:
    """Refuse (400) forms that nobody fills in: a null character, which PostgreSQL takes nowhere, or rows without end,
    each of which is drawn. Inside Django's wrapper: the form has been read for its CSRF token by then. Not those that
    take files: they are read later (crm/documents/upload_views.py), have no such rows, and their fields refuse the
    null."""
    if getattr(view, "csrf_exempt", False):
        return view

    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        for name, values in request.POST.lists():
            if "\0" in name or any("\0" in value for value in values):
                raise SuspiciousOperation("A null character in a form.")
            if name.endswith(_ROWS) and not all(map(_is_few, values)):
                raise SuspiciousOperation("Too many rows in a form.")
        return view(request, *args, **kwargs)

    return update_wrapper(inner, view)


def _is_few(count: str) -> bool:
    return bool(_SHORT_NUMBER.fullmatch(count)) and int(count) <= MOST_ROWS


def _while_awake(view: View) -> View:
    """Sign out whoever has done nothing for a while, or has been signed in for too long
    (crm/accounts/desk_session.py)."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated and (over := desk_session.why_over(request)):
            logout(request)
            return _to_sign_in(request, over)
        return view(request, *args, **kwargs)

    return inner


def _to_sign_in(request: HttpRequest, over: desk_session.Over) -> HttpResponse:
    """Redirect to the sign-in page, and back to this page afterwards. A part of a page takes the whole page there."""
    home = reverse("admin:index")
    came_from = home if request.method == "POST" or "HX-Request" in request.headers else request.get_full_path()
    sign_in = f"{reverse('admin:login')}?{urlencode({'next': came_from, over.value: 1})}"
    if "HX-Request" in request.headers:
        return HttpResponse(headers={"HX-Redirect": sign_in})
    return HttpResponseRedirect(sign_in)


def _at_the_center(view: View) -> View:
    """Show every time as the clock on the center's wall shows it. Renders inside: templates do the converting."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        center = locations.main()
        with timezone.override(center.zone if center else ZoneInfo("UTC")):
            response = view(request, *args, **kwargs)
            if isinstance(response, TemplateResponse):
                response.render()
        return response

    return inner


class _Link(NamedTuple):
    """A link to the list of a model, or to another `page` for those who may `do` that to it. `waits`: the name of what
    waits behind it (registry.waiting); the count is filled in by what the bell fetches."""

    title: str
    icon: str
    model: str
    page: str = ""
    do: str = "view"
    waits: str = ""


_SIDEBAR = {
    "Work": [
        _Link("My day", "today", "crm_task", page="admin:index", waits="day"),
        _Link("New request", "add_call", "crm_lead", page="admin:intake_new_request", do="add"),
        _Link("Board", "view_kanban", "crm_lead", page="admin:crm_board"),
        _Link("Clinical reviews", "stethoscope", "crm_review", page="admin:crm_reviews", do="decide"),
        _Link("Calendar", "calendar_month", "scheduling_appointment", page="admin:scheduling_calendar"),
        _Link("Front desk", "how_to_reg", "scheduling_appointment", page="admin:scheduling_front_desk"),
        _Link("Waiting list", "hourglass_top", "scheduling_waitlistentry"),
        _Link("Leads", "person_search", "crm_lead"),
        _Link("Tasks", "task_alt", "crm_task"),
        _Link("Messages", "mail", "crm_message"),
        _Link("Mail that came in", "mark_email_unread", "crm_inboundmail"),
        _Link("Mail set aside", "report", "crm_setasidemail"),
        _Link("Sending", "outgoing_mail", "crm_message", page="admin:crm_sending_changelist"),
        _Link("Questions", "help", "intake_question", waits="questions"),
        _Link("Held requests", "front_hand", "intake_quarantinedrequest", waits="held"),
        _Link("What arrived", "balance", "intake_quarantinedrequest", page="admin:intake_balance"),
    ],
    "Follow-ups": [
        _Link("Sequences", "conversion_path", "crm_sequenceversion"),
        _Link("Texts", "edit_note", "crm_mailtext"),
    ],
    "Center": [
        _Link("Locations", "location_on", "crm_location"),
        _Link("Resources", "medical_services", "scheduling_resource"),
        _Link("Leave and closing", "event_busy", "scheduling_scheduleexception"),
        _Link("Appointment types", "schedule", "scheduling_appointmenttype"),
        _Link("Stages", "view_kanban", "crm_stagerule"),
        _Link("Who refers", "forward_to_inbox", "crm_referringpractice"),
        _Link("Insurance plans", "health_and_safety", "intake_plan"),
        _Link("Snippets", "short_text", "crm_snippet"),
        _Link("On call", "phone_in_talk", "crm_oncallshift"),
        _Link("Sent to emergency care", "emergency", "crm_emergencycount"),
        _Link("People", "group", "crm_user"),
        _Link("Figures", "monitoring", "crm_figures", page="admin:crm_figures"),
        _Link("Access log", "policy", "crm_accessevent"),
    ],
}


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the sidebar, for Unfold, made anew each time: groups of links with the permission that each needs."""
    return [
        {"title": title, "separator": title != "Work", "items": [_item(link) for link in links]}
        for title, links in _SIDEBAR.items()
    ]


def _item(link: _Link) -> dict[str, Any]:
    app, name = link.model.split("_")
    permission = f"{app}.{link.do}_{name}"
    return {
        "title": link.title,
        "icon": link.icon,
        "link": reverse_lazy(link.page or f"admin:{link.model}_changelist"),
        "permission": lambda request: request.user.has_perm(permission),
        "badge": format_html('<span id="waits-{}"></span>', link.waits) if link.waits else "",
        "badge_class": "desk-waits",
    }
