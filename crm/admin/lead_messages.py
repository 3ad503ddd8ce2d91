"""On the lead's page: the conversation with the patient, the box to answer in, and snippets to start from."""

from uuid import UUID, uuid4

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone

from crm import registry
from crm.actions import conversation
from crm.admin.base import DeskAdmin
from crm.admin.lead_page import back, find_lead, form_page, user_of
from crm.models import Lead, PrivateMessage, Snippet

LONGEST = 4000


class WriteForm(forms.Form):
    message_id = forms.UUIDField(required=False, widget=forms.HiddenInput)
    text = forms.CharField(
        label="Message",
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": "Write the message first."},
    )

    @property
    def parts(self) -> list[tuple[str, list[forms.BoundField]]]:
        return [("The patient reads it on the private page", [self["text"]])]


@admin.register(Snippet)
class SnippetAdmin(DeskAdmin):
    location_path, everywhere_because = None, "What is answered often is answered alike everywhere."
    list_display = ["title", "is_active"]
    fields = ["title", "text_en", "text_es", "is_active"]


def hang_in() -> None:
    """Called once, when the desk is made."""
    permission = "crm.add_privatemessage"
    registry.route("messages/write/", write, permission=permission, name="crm_lead_write")
    registry.route("messages/read/", read, permission=permission, name="crm_lead_messages_read")
    registry.panel("lead", title="Messages", permission="crm.view_privatemessage", render=thread, order=1)


def thread(request: HttpRequest, lead: Lead) -> str:
    """Both sides, oldest first, and a box to answer in."""
    shown = list(PrivateMessage.objects.filter(lead=lead).select_related("by").order_by("at", "pk"))
    context = {
        "lead": lead,
        "shown": shown,
        "waiting": any(message.is_from_patient and message.read_at is None for message in shown),
        "may_write": request.user.has_perm("crm.add_privatemessage"),
        "snippets": [(one.title, one.text_in(lead.language)) for one in Snippet.objects.filter(is_active=True)],
        "longest": LONGEST,
        "message_id": uuid4(),
    }
    return render_to_string("crm/panel_messages.html", context, request=request)


def write(site: AdminSite, request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Sends a message. One that is refused is shown with what was typed."""
    lead = find_lead(lead_id)
    form = WriteForm(request.POST or None)
    if form.is_valid():
        mailed = conversation.write(lead, by=user_of(request), now=timezone.now(), **form.cleaned_data)
        if mailed:
            messages.success(request, "The message is on the private page. A mail says that it is there.")
        else:
            messages.warning(request, "The message is kept. There is no e-mail address: call, or nobody reads it.")
        return back(lead_id)
    return form_page(site, request, lead, form, title="Write a message")


def read(site: AdminSite, request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Read, and no answer is needed: finishes the task to answer."""
    if request.method == "POST":
        conversation.close(find_lead(lead_id), by=user_of(request), now=timezone.now())
    return back(lead_id)
