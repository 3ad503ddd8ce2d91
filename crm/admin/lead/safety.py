"""On the page of a lead under a safety hold: answering the alert, and lifting the hold."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from crm import registry
from crm.admin.forms import IN_COPY
from crm.admin.lead.basis import SeenVersionForm, above
from crm.admin.lead.page import back, find_lead, form_page, page, user_of
from crm.errors import OutOfDate, SafetyRefused
from crm.fields.text import TextField
from crm.models import AlertCause
from crm.safety import alerts


class SeenReports(forms.Form):
    """Which reports behind an alert the page showed."""

    reports = forms.ModelMultipleChoiceField(AlertCause.objects.all(), required=False)

    def keys(self) -> set[UUID]:
        """Return the keys of the reports shown; none when the form says nothing that can be read."""
        return {one.pk for one in self.cleaned_data["reports"]} if self.is_valid() else set()


class ClearForm(SeenVersionForm):
    note = TextField(
        label="What you found",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=f"Whom you spoke to, what was ruled out, what happens next. {IN_COPY}",
        error_messages={"required": "Say what you found: the note stays in the record."},
    )

    @property
    def parts(self) -> list[tuple[str, list[forms.BoundField]]]:
        return [("Lifting the hold", [self["note"]])]


def register() -> None:
    """Register the forms that answer an alert and lift a hold; called once, when the desk is made."""
    registry.route("alert/", acknowledge, permission="crm.add_activity", name="crm_lead_acknowledge")
    registry.route("clear-hold/", clear, permission="crm.clear_urgent", name="crm_lead_clear_hold")


def acknowledge(site: AdminSite, request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Take the alert on: nobody else is called. A page that does not know all that was reported comes back with it."""
    if request.method != "POST":
        return back(lead_id)
    shown = SeenReports(request.POST)
    try:
        count = alerts.acknowledge(find_lead(lead_id), by=user_of(request), now=timezone.now(), seen=shown.keys())
    except SafetyRefused as refused:
        messages.warning(request, refused.message)
        return page(site, request, lead_id, status=409)
    if count:
        messages.success(request, "You have taken it on. Call the person now.")
    else:
        messages.info(request, "Somebody had taken it on already.")
    return back(lead_id)


def clear(site: AdminSite, request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Lift the safety hold, with a note. A form older than the record comes back with the news (409)."""
    lead = find_lead(lead_id)
    basis, news = registry.basis_of(lead), tuple[str, ...]()
    form = ClearForm(request.POST or None, initial={"seen": basis.number})
    if form.is_valid():
        note, seen = form.cleaned_data["note"], form.cleaned_data["seen"]
        try:
            alerts.clear_hold(lead, by=user_of(request), note=note, now=timezone.now(), seen=seen)
        except SafetyRefused as refused:
            form.add_error(None, refused.message)
        except OutOfDate as late:
            news, basis = late.news, registry.basis_of(lead)
            form.has_looked(basis.number)
        else:
            messages.success(request, "The hold is lifted.")
            return back(lead_id)
    about = above(request, lead, basis, news, otherwise=registry.decided_otherwise(lead), calls=alerts.is_calling(lead))
    title, press, status = "Lift the safety hold", "Lift the hold", 409 if news else None
    return form_page(site, request, lead, form, title=title, press=press, about=about, status=status)
