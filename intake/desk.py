"""Pages of the desk about what only intake knows: deciding otherwise than the rules."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone

from crm import registry
from crm.actions import access
from crm.admin.lead_page import back, find_lead, form_page, user_of
from crm.admin.lead_private import FILLS_IN, begin_for
from crm.enums import AccessAction, Outcome
from crm.errors import OverrideRefused
from crm.private import enter
from intake import assessments
from intake.models import Override
from intake.questionnaire import SAFETY_SCRIPT


class OverrideForm(forms.Form):
    outcome = forms.ChoiceField(label="What counts instead")
    reason = forms.CharField(
        max_length=2000, widget=forms.Textarea(attrs={"rows": 4}), help_text="Stays in the record, beside the rules'."
    )

    def __init__(self, *args: Any, instead_of: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["outcome"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
        field.choices = [("", "Choose …"), *(choice for choice in Outcome.choices if choice[0] != instead_of)]

    @property
    def parts(self) -> list[tuple[str, list[forms.BoundField]]]:
        return [("Your decision", [self[name] for name in self.fields])]


def hang_in() -> None:
    """Called once, when the app is ready."""
    permission = "intake.override_outcome"
    registry.route("outcome/", override, permission=permission, name="intake_override")
    registry.route("safety-script/", safety_script, permission=FILLS_IN, name="intake_safety_script")
    registry.route("outcome/<uuid:override_id>/", approve, permission=permission, name="intake_override_approve")


def override(site: AdminSite, request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Decides otherwise than the rules, with a reason."""
    lead = find_lead(lead_id)
    assessment = assessments.latest(lead)
    if assessment is None:
        raise Http404("Nothing was assessed yet.")
    form = OverrideForm(request.POST or None, instead_of=assessment.outcome)
    if form.is_valid():
        outcome, reason = Outcome(form.cleaned_data["outcome"]), form.cleaned_data["reason"]
        try:
            made = assessments.override(
                assessment, outcome=outcome, reason=reason, by=user_of(request), now=timezone.now()
            )
        except OverrideRefused as refused:
            form.add_error("reason", refused.message)
        else:
            waits = "" if made.is_in_force else " It counts as soon as a second person approves it."
            messages.success(request, f"Your decision is kept.{waits}")
            return back(lead_id)
    return form_page(site, request, lead, form, title="Decide otherwise than the rules")


def approve(site: AdminSite, request: HttpRequest, lead_id: UUID, override_id: UUID) -> HttpResponse:
    """The second person's yes to a decision that lowers urgency."""
    if request.method == "POST":
        made = get_object_or_404(Override, pk=override_id, assessment__lead_id=lead_id)
        try:
            assessments.approve(made, by=user_of(request), now=timezone.now())
        except OverrideRefused as refused:
            messages.warning(request, refused.message)
        else:
            messages.success(request, "Approved.")
    return back(lead_id)


def safety_script(site: AdminSite, request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """The warning signs to be asked in a call. An alarming answer ends on the emergency page, as it would online."""
    if request.method != "POST":
        return back(lead_id)
    lead, user = find_lead(lead_id), user_of(request)
    access.record(AccessAction.VIEW, by=user, object_type="lead", ids=[lead.pk])
    return enter(begin_for(request, lead, user), to="intake:my_questions", key=SAFETY_SCRIPT.key)
