"""What a person agreed to, and which mails they want no more: beside the page of their lead."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html

from crm import registry
from crm.admin.forms import IN_COPY
from crm.admin.lead.page import back, find_lead, form_page, user_of
from crm.desk import queries
from crm.fields.text import TextField
from crm.mail import opt_out
from crm.models import Lead, Scope, SuppressedBecause
from crm.outbox import returned_addresses

# What the patient reads on their own pages, in our words.
CHOICE = {
    None: "All mail, educational mail too",
    Scope.EDUCATION: "No educational mail",
    Scope.MOST: "Mail about appointments only",
    Scope.EVERYTHING: "None, not even about appointments",
}


class MailAgainForm(forms.Form):
    reason = TextField(
        label="Why it works again",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=f"Such as: they confirmed the address on the phone, their mailbox was full. {IN_COPY}",
        error_messages={"required": "Say why mail will arrive now: the reason stays in the record."},
    )

    @property
    def parts(self) -> list[tuple[str, list[forms.BoundField]]]:
        return [("Mail to the address", [self["reason"]])]


def register() -> None:
    """Register the panel of consents and the form that lets mail go again; called once, when the desk is made."""
    registry.panel("lead", title="Consents", permission="crm.view_consentrecord", render=panel, order=9)
    registry.route("mail-again/", mail_again, permission="crm.change_lead", name="crm_lead_mail_again")


def panel(request: HttpRequest, lead: Lead) -> str:
    """Render the latest word on each kind of consent, who heard it, and which mail to the address is stopped."""
    context = {
        "lead": lead,
        "consents": queries.consents(lead),
        "stopped": queries.suppressions(lead),
        "choice": CHOICE[opt_out.choice_of(lead)],
    }
    return render_to_string("crm/admin/lead/panel_consents.html", context, request=request)


def mail_again(site: AdminSite, request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Let mail go again to an address that was given up because mail was returned; with a reason."""
    lead = find_lead(lead_id)
    form = MailAgainForm(request.POST or None)
    if form.is_valid():
        by, note = user_of(request), form.cleaned_data["reason"]
        if returned_addresses.works_again(
            lead.email, lead=lead, why="staff say that it works", by=by, note=note, now=timezone.now()
        ):
            messages.success(request, "Mail goes to the address again. If it comes back, it is stopped again.")
        else:
            messages.info(request, "No mail to the address is stopped because it was returned.")
        return back(lead_id)
    return form_page(
        site,
        request,
        lead,
        form,
        title="Send mail to this address again",
        press="Send mail again",
        about=_came_back(lead),
    )


def _came_back(lead: Lead) -> str:
    """Return, as safe HTML, the lead's address and since when mail to it is stopped because it came back."""
    stopped = [row.at for row in queries.suppressions(lead) if row.because == SuppressedBecause.BOUNCE]
    since = date_format(timezone.localtime(min(stopped)), "M j, Y") if stopped else ""
    told = f"Mail came back: stopped on {since}." if since else "No mail to it is stopped because it came back."
    return format_html("<p><strong>{}</strong></p><p>{}</p>", lead.email, told)
