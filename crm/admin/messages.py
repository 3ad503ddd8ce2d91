"""Messages to all leads, in one list, and what a person knows of one that waits for it."""

from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
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
from crm.enums.leads import AccessAction, MessageState
from crm.errors import MessageRefused
from crm.models import Message
from crm.outbox import actions as outbox

_STATE_COLOURS = colours(
    MessageState, sent="success", queued="info", sending="info", in_data="info", failed="danger", unknown="warning"
)


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    """The outbox: what was written to whom, and what became of it. Messages are sent again from the page of the lead.
    Those without a lead went to staff and belong to no location."""

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
        """Settle a message that waits for a decision as a person says: `arrived`, `again` or `drop`."""
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
