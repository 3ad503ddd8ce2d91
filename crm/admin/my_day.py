"""The first page of the desk: what waits, and one press to what has to be done about it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.vary import vary_on_headers

from crm.admin import view_audit
from crm.admin.drawn import BROKEN, drawn
from crm.admin.lead.page import user_of
from crm.audit import access
from crm.desk import my_day
from crm.enums.leads import AccessAction
from crm.errors import TaskRefused
from crm.leads import tasks
from crm.models import Lead, Task
from crm.registry import Worklist


def urls(site: AdminSite) -> list[URLPattern]:
    """Return the address of the buttons on My day, below /admin/."""
    return [path("tasks/<uuid:task_id>/<slug:what>/", site.admin_view(settle_here(site)), name="crm_task_settle")]


@vary_on_headers("HX-Request")
def page(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Show My day; only its changing part to the page that refreshes itself."""
    everybody = request.GET.get("whose") == "all"
    user, now = user_of(request), timezone.now()
    day = my_day.of(user, everybody=everybody, now=now)
    asks_again = "HX-Request" in request.headers
    lists = [] if asks_again else [(entry.title, *_list(entry, request)) for entry in day.others]
    leads = {task.lead_id for section in day.sections for task in section.rows}
    leads |= {alert.lead_id for alert in day.alerts}
    view_audit.record(request, "my_day", leads.union(*(named for _title, _html, named in lists)))
    context: dict[str, Any] = {"day": day, "now": now, "everybody": everybody}
    if asks_again:
        return TemplateResponse(request, "crm/admin/my_day.html#day", context)
    context |= {
        **site.each_context(request),
        "title": "My day",
        "lists": [(title, html) for title, html, _named in lists if html],
    }
    return TemplateResponse(request, "crm/admin/my_day.html", context)


def _list(entry: Worklist, request: HttpRequest) -> tuple[str, set[UUID]]:
    nobody: tuple[str, set[UUID]] = BROKEN, set()
    return drawn(entry.title, lambda: entry.render(request), otherwise=nobody)


def settle_here(site: AdminSite) -> Any:
    """Return the view that settles a task from My day, as `done` or `later` (with `until`), and goes back there."""

    def view(request: HttpRequest, task_id: UUID, what: str) -> HttpResponse:
        if not request.user.has_perm("crm.change_task"):
            raise PermissionDenied
        mine = Lead.objects.visible_to(user_of(request))
        task = get_object_or_404(Task.objects.select_related("lead__location"), pk=task_id, lead__in=mine)
        if request.method == "POST":
            _settle(request, task, what)
        return redirect("admin:index")

    return view


def _settle(request: HttpRequest, task: Task, what: str) -> None:
    try:
        done, words = _done(request, task) if what == "done" else _later(request, task)
    except TaskRefused as refused:
        messages.warning(request, refused.message)
        return
    if done is None:
        messages.warning(request, words)
    elif done:
        access.record(AccessAction.EDIT, by=user_of(request), object_type="lead", ids=[task.lead_id])
        messages.success(request, words)
    else:
        messages.info(request, "Somebody had done this already.")


def _done(request: HttpRequest, task: Task) -> tuple[bool, str]:
    seen = request.POST.get("seen", "")
    return tasks.finish_task(task, by=user_of(request), now=timezone.now(), seen=seen), f"Done: {task.title}"


def _later(request: HttpRequest, task: Task) -> tuple[bool | None, str]:
    """Put a task off, and return whether that was done, with words; None when it is not said until when."""
    now = timezone.now()
    until = my_day.snoozed_until(request.POST.get("until", ""), now=now)
    if until is None:
        return None, "Say until when: an hour, tomorrow or next week."
    words = f"Until {timezone.localtime(until):%b %-d, %-I:%M %p}: {task.title}"
    return tasks.put_off(task, until=until, by=user_of(request), now=now, seen=request.POST.get("seen", "")), words
