"""The page of one lead and the forms on it. Every form calls one action; what an action refuses stands at its field."""

from collections.abc import Callable
from functools import partial, update_wrapper
from typing import cast
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from crm import registry
from crm.admin import leaving
from crm.admin.forms import CallForm, MoveForm, NoteForm
from crm.admin.lead import panels as lead_panels
from crm.admin.once import once
from crm.audit import access
from crm.desk import queries
from crm.enums.leads import AccessAction, ActivityKind, CallOutcome, Stage, TaskKind
from crm.errors import MessageRefused, MoveRefused, TaskRefused
from crm.leads import actions as leads
from crm.leads import call_window, stages, tasks
from crm.models import Activity, Lead, Message, Task, User
from crm.outbox import actions as outbox

View = Callable[..., HttpResponseBase]
# What the timeline can be narrowed to: (words, kinds of entries).
TIMELINE: dict[str, tuple[str, set[str]]] = {
    "": ("Everything", set()),
    "calls": ("Calls", {ActivityKind.CALL}),
    "mail": ("Mail", {"message", ActivityKind.MESSAGE}),
    "notes": ("Notes", {ActivityKind.NOTE}),
    "stages": ("Stages", {ActivityKind.STAGE, ActivityKind.SAFETY_HOLD}),
    "answers": (
        "Answers",
        {ActivityKind.REQUEST, ActivityKind.REQUEST_CHANGED, ActivityKind.ANSWERS, ActivityKind.OUTCOME},
    ),
    "documents": ("Documents", {ActivityKind.DOCUMENT, ActivityKind.IMAGING}),
    "changes": ("Changes", {ActivityKind.DETAILS, ActivityKind.TREATMENT_ADDED, ActivityKind.TREATMENT_CORRECTED}),
}
CONFIDES = "crm.add_activity crm.view_activity"
SENDS_AGAIN = "crm.change_lead crm.view_message"
BOARD = "board"  # where a move was asked for, and where to go back to


def urls(site: AdminSite) -> list[URLPattern]:
    """Return the addresses of a lead's page and its forms, each guarded by its permission. Below /admin/crm/lead/."""

    def route(pattern: str, view: View, permission: str, name: str) -> URLPattern:
        guarded = site.admin_view(update_wrapper(partial(_allowed, view, permission, site), view))
        return path(f"<uuid:lead_id>/{pattern}", guarded, name=name)

    ours = [
        route("change/", page, "crm.view_lead", "crm_lead_change"),
        route("move/", move, "crm.change_lead", "crm_lead_move"),
        route("call/", call, "crm.add_activity", "crm_lead_call"),
        route("panels/<slug:key>/", panel, "crm.view_lead", "crm_lead_panel"),
        route("note/", note, "crm.add_activity", "crm_lead_note"),
        route("entries/<uuid:activity_id>/confidence/", confidence, CONFIDES, "crm_lead_confidence"),
        route("tasks/<uuid:task_id>/done/", finish_task, "crm.change_task", "crm_lead_task_done"),
        route("messages/<uuid:message_id>/send-again/", send_again, SENDS_AGAIN, "crm_lead_send_again"),
    ]
    return ours + [route(entry.pattern, entry.view, entry.permission, entry.name) for entry in registry.routes()]


def page(
    site: AdminSite, request: HttpRequest, lead_id: UUID, *, status: int = 200, **forms: BaseForm
) -> TemplateResponse:
    """Show the whole story of one lead. `forms` are those that were refused, with what was typed."""
    found, now = _find(lead_id, user_of(request)), timezone.now()
    lead, shown = found.lead, request.GET.get("show", "")
    shown = shown if shown in TIMELINE else ""
    if found.others:
        ids = [other.pk for other in found.others]
        access.record(AccessAction.LIST, by=user_of(request), object_type="lead", ids=ids)
    context = {
        **site.each_context(request),
        "title": lead.full_name,
        "opts": Lead._meta,
        "page": found,
        "lead": lead,
        "boxes": lead_panels.beside(request, lead),
        "opened": lead_panels.token(request, lead.pk),
        "call_form": CallForm(prefix="call"),
        "note_form": NoteForm(prefix="note"),
        "move_form": MoveForm(prefix="move", stage=Stage(lead.stage)),
        "now": now,
        "asked": uuid4(),
        "calls": call_window.advice(lead, is_wrong=found.number_is_wrong, now=now),
        "entries": [entry for entry in found.entries if not shown or entry.kind in TIMELINE[shown][1]],
        "timeline_kinds": [(code, words) for code, (words, _kinds) in TIMELINE.items()],
        "shown_kind": shown,
    }
    return TemplateResponse(request, "crm/admin/lead/page.html", context | forms, status=status)


def panel(site: AdminSite, request: HttpRequest, lead_id: UUID, key: str) -> HttpResponse:
    """Show one of the boxes beside the page, for the page that fetches it; empty when there is nothing to show."""
    found, lead = lead_panels.named(request, key), find_lead(lead_id)
    if found is None:
        raise Http404("There is no such panel, or it is not yours to see.")
    context = {
        "box": lead_panels.Box(found, lead_panels.rendered(found, request, lead)),
        "lead": lead,
        "opened": lead_panels.token(request, lead_id),
    }
    return TemplateResponse(request, "crm/admin/lead/panels.html#panel", context)


def call(site: AdminSite, request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Log a call; warn when it reached somebody and an urgent call still waits."""
    if request.method != "POST":
        return back(lead_id)
    form = CallForm(request.POST, prefix="call")
    if not form.is_valid():
        return page(site, request, lead_id, status=422, call_form=form)
    leads.log_call(
        find_lead(lead_id),
        by=user_of(request),
        outcome=CallOutcome(form.cleaned_data["outcome"]),
        note=form.cleaned_data["note"],
        in_confidence=form.cleaned_data["in_confidence"],
        seen=request.POST.getlist("seen"),
    )
    messages.success(request, "The call is on the timeline.")
    if form.cleaned_data["outcome"] == CallOutcome.REACHED and tasks.waits(lead_id, TaskKind.URGENT_CALL):
        messages.warning(request, tasks.GROWING[TaskKind.URGENT_CALL])
    return back(lead_id)


def note(site: AdminSite, request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Add a note to the timeline."""
    if request.method != "POST":
        return back(lead_id)
    form = NoteForm(request.POST, prefix="note")
    if not form.is_valid():
        return page(site, request, lead_id, status=422, note_form=form)
    leads.add_note(find_lead(lead_id), by=user_of(request), **form.cleaned_data)
    messages.success(request, "The note is on the timeline.")
    return back(lead_id)


def confidence(site: AdminSite, request: HttpRequest, lead_id: UUID, activity_id: UUID) -> HttpResponse:
    """Set whether somebody else told a note or a call in confidence: then it is not in the patient's copy."""
    entry, told = get_object_or_404(Activity, pk=activity_id, lead_id=lead_id), request.POST.get("told")
    if not entry.may_be_in_confidence:
        raise Http404("Only a note or a call of ours may be told in confidence.")
    if request.method == "POST" and told in {"in_confidence", "openly"}:
        leads.keep_in_confidence(entry, is_told=told == "in_confidence")
        messages.success(request, f"It is {'not ' if told == 'in_confidence' else ''}in the patient’s copy.")
    return back(lead_id)


def move(site: AdminSite, request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Move the lead to another stage."""
    if request.method != "POST":
        return back(lead_id)
    lead, from_board = find_lead(lead_id), request.POST.get("move-back") == BOARD
    form = MoveForm(request.POST, prefix="move", stage=Stage(lead.stage))
    if form.is_valid():
        try:
            _move(lead, form, by=user_of(request))
        except MoveRefused as refused:
            form.add_error("to", refused.message)
    if form.errors and from_board:
        return form_page(site, request, lead, form, title="Move")
    if form.errors:
        return page(site, request, lead_id, status=422, move_form=form)
    messages.success(request, f"{lead.full_name}: moved to {stages.label(form.cleaned_data['to'])}.")
    return redirect("admin:crm_board") if from_board else back(lead_id)


def _move(lead: Lead, form: MoveForm, *, by: User) -> None:
    data = form.cleaned_data
    leads.move(
        lead,
        to=Stage(data["to"]),
        by=by,
        expected_stage=Stage(data["expected_stage"]),
        lost_reason=data["lost_reason"],
        note=data["note"],
        next_step=form.next_step(lead.location.zone),
    )


def finish_task(site: AdminSite, request: HttpRequest, lead_id: UUID, task_id: UUID) -> HttpResponse:
    """Mark one of the lead's tasks done."""
    if request.method == "POST":
        task = get_object_or_404(Task, pk=task_id, lead_id=lead_id)
        seen = request.POST.get("seen", "")
        try:
            if tasks.finish_task(task, by=user_of(request), now=timezone.now(), seen=seen):
                messages.success(request, f"Done: {task.title}")
            else:
                messages.info(request, "Somebody had done this already.")
        except TaskRefused as refused:
            messages.warning(request, refused.message)
    return back(lead_id)


def send_again(site: AdminSite, request: HttpRequest, lead_id: UUID, message_id: UUID) -> HttpResponse:
    """Queue once more one of the lead's messages that could not be delivered."""
    if request.method == "POST":
        message = get_object_or_404(Message, pk=message_id, lead_id=lead_id)
        try:
            outbox.send_again(message, by=user_of(request), now=timezone.now())
        except MessageRefused as refused:
            messages.warning(request, refused.message)
        else:
            leaving.say(request, leaving.AGAIN, waits=leaving.AGAIN)
    return back(lead_id)


def form_page(
    site: AdminSite,
    request: HttpRequest,
    lead: Lead,
    form: BaseForm,
    *,
    title: str,
    another: bool = False,
    press: str = "Save",
    leave: str = "Cancel",
    about: str = "",
    status: int | None = None,
) -> TemplateResponse:
    """Show one form about a lead with the panels beside it; 422 when something has to be mended. `press` and `leave`:
    what its buttons say; `about`: safe HTML above its fields."""
    context = {
        **site.each_context(request),
        "title": f"{title}: {lead.full_name}",
        "heading": title,
        "opts": Lead._meta,
        "lead": lead,
        "form": form,
        "another": another,
        "press": press,
        "leave": leave,
        "about": about,
        "boxes": lead_panels.beside(request, lead),
        "opened": lead_panels.token(request, lead.pk),
    }
    status = status or (422 if form.errors else 200)
    return TemplateResponse(request, "crm/admin/lead/form.html", context, status=status)


def _allowed(view: View, permission: str, site: AdminSite, request: HttpRequest, **ids: UUID) -> HttpResponseBase:
    """Run one of a lead's pages or forms for whoever has the permission and works for its location, and record who saw
    or changed something. Each of them comes through here; a form that was done already is not done again."""
    if not user_of(request).has_perms(permission.split()):
        raise PermissionDenied
    if not Lead.objects.visible_to(user_of(request)).filter(pk=ids["lead_id"]).exists():
        raise Http404("There is no such lead, or it belongs to another location.")
    user, lead_id = user_of(request), ids["lead_id"]  # the view may sign them out
    answer = once(request, lambda: view(site, request, **ids)) or _done_already(request, lead_id)
    is_known = view is panel and lead_panels.was_opened(request, lead_id)
    if (action := _what_happened(request, answer)) and not is_known:
        access.record(action, by=user, object_type="lead", ids=[lead_id])
    return answer


def _done_already(request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Answer a second press of the same form with the page as it is now."""
    messages.info(request, "That was saved already.")
    return HttpResponse(headers={"HX-Refresh": "true"}) if "HX-Request" in request.headers else back(lead_id)


def _what_happened(request: HttpRequest, answer: HttpResponseBase) -> AccessAction | None:
    """Return what to record of an answer; None for what shows nobody: the pieces of an upload, and the way back from an
    address that only takes forms. Files record themselves (crm/documents/actions.py)."""
    kind = answer.headers.get("Content-Type", "").partition(";")[0]
    if kind == "application/pdf":
        return AccessAction.DOWNLOAD
    if kind != "text/html" or (request.method != "POST" and 300 <= answer.status_code < 400):
        return None
    return AccessAction.EDIT if request.method == "POST" else AccessAction.VIEW


def _find(lead_id: UUID, user: User) -> queries.LeadPage:
    try:
        return queries.lead_page(lead_id, user)
    except Lead.DoesNotExist:
        raise Http404("There is no such lead.") from None


def find_lead(lead_id: UUID, *, locked: bool = False) -> Lead:
    """Return the lead with its location; 404 when there is none. `locked` inside a transaction that will change it."""
    leads_found = Lead.objects.select_related("location")
    return get_object_or_404(
        leads_found.select_for_update(no_key=True, of=("self",)) if locked else leads_found, pk=lead_id
    )


def user_of(request: HttpRequest) -> User:
    """Return whoever is signed in: the desk lets nobody else in."""
    return cast(User, request.user)


def back(lead_id: UUID) -> HttpResponse:
    """Redirect to the page of the lead."""
    return redirect(reverse("admin:crm_lead_change", args=[lead_id]))
