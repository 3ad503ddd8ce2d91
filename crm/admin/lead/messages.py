"""On the lead's page: the conversation with the patient, the box to answer in, and snippets to start from."""

from uuid import UUID, uuid4

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone

from crm import registry
from crm.admin import leaving
from crm.admin.base import DeskAdmin
from crm.admin.lead.page import back, find_lead, form_page, user_of
from crm.fields.text import TextField
from crm.models import Lead, Snippet
from crm.patient_portal import conversation, conversation_queries

MEANWHILE = "They wrote again since your page was made. It is not answered yet: read it."


class SeenConversationForm(forms.Form):
    """What the page had shown of the conversation and of the patient's e-mail."""

    seen_message = forms.UUIDField(required=False, widget=forms.HiddenInput)
    seen_mail = forms.UUIDField(required=False, widget=forms.HiddenInput)

    @property
    def seen(self) -> conversation.Seen:
        data = self.cleaned_data
        return conversation.Seen(message=data.get("seen_message"), mail=data.get("seen_mail"))


class WriteForm(SeenConversationForm):
    message_id = forms.UUIDField(required=False, widget=forms.HiddenInput)
    text = TextField(
        label="Message",
        max_length=conversation.LONGEST_MESSAGE,
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


def register() -> None:
    """Register the conversation with the patient and its forms; called once, when the desk is made."""
    permission = "crm.add_privatemessage"
    registry.route("messages/write/", write, permission=permission, name="crm_lead_write")
    registry.route("messages/read/", read, permission=permission, name="crm_lead_messages_read")
    registry.panel("lead", title="Messages", permission="crm.view_privatemessage", render=thread, order=1)


def thread(request: HttpRequest, lead: Lead) -> str:
    """Render both sides of the conversation, oldest first, and a box to answer in; with `messages` in the address from
    the very first one. Its forms say what it showed."""
    shown, has_older = conversation_queries.latest(lead, to_patient=False, everything="messages" in request.GET)
    mail = conversation_queries.newest_mail(lead)
    context = {
        "lead": lead,
        "shown": shown[::-1],
        "has_older": has_older,
        "seen_message": shown[0].pk if shown else "",
        "seen_mail": mail.pk if mail else "",
        "waiting": any(message.is_from_patient and message.read_at is None for message in shown),
        "may_write": request.user.has_perm("crm.add_privatemessage"),
        "snippets": [(one.title, one.text_in(lead.language)) for one in Snippet.objects.filter(is_active=True)],
        "longest": conversation.LONGEST_MESSAGE,
        "message_id": uuid4(),
    }
    return render_to_string("crm/admin/lead/panel_messages.html", context, request=request)


def write(site: AdminSite, request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Send the patient a message on the private page. One that is refused is shown with what was typed."""
    lead = find_lead(lead_id)
    form = WriteForm(request.POST or None)
    if form.is_valid():
        text, message_id = form.cleaned_data["text"], form.cleaned_data["message_id"]
        mailed = conversation.write(
            lead, text=text, by=user_of(request), now=timezone.now(), message_id=message_id, seen=form.seen
        )
        if mailed:
            there = "The message is on the private page."
            leaving.say(request, f"{there} A mail says that it is there.", waits=f"{there} A mail about it is kept.")
        else:
            why = "No mail goes to this address" if lead.email else "There is no e-mail address"
            how = "write by post" if lead.do_not_call else "call"
            messages.warning(request, f"The message is kept. {why}: {how}, or nobody reads it.")
        if conversation_queries.awaits_answer(lead):
            messages.warning(request, MEANWHILE)
        return back(lead_id)
    return form_page(site, request, lead, form, title="Write a message")


def read(site: AdminSite, request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Mark the conversation read and end the task to answer without one, unless more came than the page showed."""
    form = SeenConversationForm(request.POST)
    if request.method == "POST" and form.is_valid():
        lead = find_lead(lead_id)
        if not conversation.close(lead, by=user_of(request), seen=form.seen, now=timezone.now()):
            messages.warning(request, MEANWHILE)
    return back(lead_id)
