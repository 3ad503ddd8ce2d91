"""Tasks and messages of all leads, in one list each."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from crm.admin import leaving
from crm.admin.base import ReadOnlyAdmin, colours, link_to
from crm.admin.lead.page import user_of
from crm.enums.leads import AccessAction, MessageState, TaskKind
from crm.errors import MessageRefused
from crm.models import Message, Task
from crm.outbox import actions as outbox

_STATE_COLOURS = colours(
    MessageState, sent="success", queued="info", sending="info", in_data="info", failed="danger", unknown="warning"
)


class OpenFilter(admin.SimpleListFilter):
    """Open tasks unless asked otherwise."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("done", "Done"), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        return [first | {"display": "Open"}, *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Task]) -> QuerySet[Task]:
        if self.value() == "all":
            return queryset
        return queryset.filter(done_at__isnull=self.value() != "done")


@admin.register(Task)
class TaskAdmin(ReadOnlyAdmin):
    """What has to be done, most urgent first. Tasks are finished on the page of their lead."""

    location_path = "lead__location"
    list_display = ["title", "kind_label", "of", "due_at", "first_due_at", "done_by"]
    list_display_links = None
    list_filter = [OpenFilter, ("kind", ChoicesDropdownFilter)]
    list_select_related = ["lead", "done_by"]
    ordering = ["due_at", "pk"]

    @display(description="Kind", label=colours(TaskKind, urgent_call="danger", mail_problem="warning"))
    def kind_label(self, task: Task) -> tuple[str, str]:
        return task.kind, str(TaskKind(task.kind).label)

    @display(description="Lead", ordering="lead__last_name")
    def of(self, task: Task) -> str:
        return link_to(task.lead)


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    """The outbox: what was written to whom, and what became of it. Sent again from the page of the lead. Without a
    lead they went to staff and are of no location."""

    location_path = "lead__location"
    list_display = ["subject", "state_label", "of", "to_email", "created_at", "attempts"]
    list_filter = [("state", ChoicesDropdownFilter)]
    list_select_related = ["lead"]
    search_fields = ["to_email"]
    search_help_text = "Address"
    ordering = ["-created_at", "-pk"]
    fields = readonly_fields = [
        "subject",
        "of",
        "to_email",
        "state_in_words",
        "reason",
        "attempts",
        "created_at",
        "due_at",
        "not_after",
        "handed_over_at",
        "finished_at",
        "message_id",
        "body",
    ]

    def get_urls(self) -> list[URLPattern]:
        settled = self.admin_site.admin_view(self.settle)
        return [path("<uuid:pk>/settle/", settled, name="crm_message_settle"), *super().get_urls()]

    def settle(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """arrived, again, drop: what a person knows of a message that waits for one."""
        if not user_of(request).has_perms(["crm.change_lead", "crm.view_message"]):
            raise PermissionDenied
        message = get_object_or_404(self.get_queryset(request), pk=pk)
        user, now = user_of(request), timezone.now()
        what = request.POST.get("what", "") if request.method == "POST" else ""
        try:
            if what == "again":
                outbox.send_again(message, by=user, now=now)
                self._record(request, AccessAction.EDIT, [message])
                leaving.say(request, leaving.AGAIN, waits=leaving.AGAIN)
            elif what:
                outbox.settle(message, what, by=user, now=now)
                self._record(request, AccessAction.EDIT, [message])
                messages.success(request, "Settled.")
        except MessageRefused as refused:
            messages.warning(request, refused.message)
        return redirect("admin:crm_sending_changelist")

    @display(description="State", label=_STATE_COLOURS, ordering="state")
    def state_label(self, message: Message) -> tuple[str, str]:
        return message.state, str(MessageState(message.state).label)

    @display(description="State")
    def state_in_words(self, message: Message) -> str:
        return str(MessageState(message.state).label)

    @display(description="Lead", ordering="lead__last_name")
    def of(self, message: Message) -> str:
        return link_to(message.lead)

    @display(description="Text")
    def body(self, message: Message) -> str:
        return format_html('<pre class="mail-text">{}</pre>', message.text)
