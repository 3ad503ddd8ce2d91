"""On the lead's page: who sent the patient, and whether they have been told."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.html import format_html

from crm import registry
from crm.admin.forms import IN_COPY
from crm.admin.lead.page import back, find_lead, form_page, user_of
from crm.enums.leads import ReferralStep
from crm.fields.text import LineField
from crm.leads import referrals
from crm.models import Lead, Referral, ReferringPractice

_NEW_PRACTICE = reverse_lazy("admin:crm_referringpractice_add")


class ReferralForm(forms.Form):
    practice = forms.ModelChoiceField(
        ReferringPractice.objects.filter(is_active=True).order_by("name", "provider"), empty_label="Choose …"
    )
    referred_on = forms.DateField(label="Referred on", widget=forms.DateInput(attrs={"type": "date"}))
    may_tell = forms.BooleanField(label="The patient does not mind that we report back", required=False, initial=True)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        note = 'Not in the list? <a href="{}">Add the practice</a> first.'
        self.fields["practice"].help_text = format_html(note, _NEW_PRACTICE)

    def clean_referred_on(self) -> object:
        day = self.cleaned_data["referred_on"]
        if day > timezone.localdate():
            raise forms.ValidationError("This day is still to come: write the day on which the referral was made.")
        return day

    @property
    def parts(self) -> list[tuple[str, list[forms.BoundField]]]:
        return [("Who sent the patient", list(self))]


class TellForm(forms.Form):
    how = LineField(
        label="How, and to whom",
        max_length=200,
        help_text=f"Such as: fax to Dr. Example, or spoke to the front desk. {IN_COPY}",
    )
    step = forms.ChoiceField(choices=ReferralStep.choices, widget=forms.HiddenInput)

    @property
    def parts(self) -> list[tuple[str, list[forms.BoundField]]]:
        return [("What was done", list(self))]


def register() -> None:
    """Register the panel of who sent the patient and its forms; called once, when the desk is made."""
    registry.route("referrals/add/", add, permission="crm.add_referral", name="crm_lead_referral_add")
    change, one = "crm.change_referral", "referrals/<uuid:referral_id>/told/<str:step>/"
    registry.route(one, told, permission=change, name="crm_lead_referral_told")
    registry.panel("lead", title="Referred by", permission="crm.view_referral", render=panel, order=1)


def panel(request: HttpRequest, lead: Lead) -> str:
    """Render every practice that sent this patient, and what it still has to hear."""
    found = Referral.objects.filter(lead=lead).select_related("practice").order_by("referred_on", "pk")
    context = {"lead": lead, "referrals": found, "says_so": lead.how_heard == "doctor"}
    return render_to_string("crm/admin/lead/panel_referrals.html", context, request=request)


def add(site: AdminSite, request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Record which practice sent the patient."""
    lead = find_lead(lead_id)
    form = ReferralForm(request.POST or None, initial={"referred_on": timezone.localdate()})
    if form.is_valid():
        said = referrals.record(lead, by=user_of(request), now=timezone.now(), **form.cleaned_data)
        messages.success(request, f"Referred by {said}.")
        return back(lead_id)
    return form_page(site, request, lead, form, title="Who sent the patient")


def told(site: AdminSite, request: HttpRequest, lead_id: UUID, referral_id: UUID, step: str) -> HttpResponse:
    """Record that the practice was told, and how."""
    referral = get_object_or_404(Referral.objects.select_related("lead", "practice"), pk=referral_id, lead_id=lead_id)
    form = TellForm(request.POST or None, initial={"step": step})
    if form.is_valid():
        which = ReferralStep(form.cleaned_data["step"])
        if referrals.tell(referral, which, how=form.cleaned_data["how"], by=user_of(request), now=timezone.now()):
            messages.success(request, f"{referral} has been told.")
        else:
            messages.info(request, "Somebody had told them already.")
        return back(lead_id)
    return form_page(site, request, referral.lead, form, title=f"Tell {referral}")
