"""Insurance on the page of a lead: the list of gaps, the choice of criteria, and what the insurer said."""

from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.loader import render_to_string
from django.utils import timezone

from crm import registry
from crm.admin.correction_form import ReplacingForm
from crm.admin.forms import IN_COPY
from crm.admin.lead.page import back, find_lead, form_page, user_of
from crm.fields.text import LineField, TextField
from crm.models import Lead
from intake.assessment import answer_history, coverage_gaps, insurance
from intake.assessment.insurance import InsuranceRefused
from intake.models import Answer, Coverage, Network, Plan, Verification
from intake.questionnaire import PAGE
from intake.requests.answers_in_words import values_in_words
from intake.rules import insurers
from intake.rules.insurers import Insurer
from intake.rules.payers import PROFILES

SHOWN = ("plan_type", "payer_name", "policy_holder", "referral_required")


class InsurerForm(forms.Form):
    """What staff say about the insurer that the page names. Refused once when the patient has named another one since:
    then whoever saves has read which. `named`: the present one, in words."""

    about = forms.CharField(required=False, widget=forms.HiddenInput)
    plan = forms.ModelChoiceField(Plan.objects.none(), required=False, empty_label="Not on our list")

    def __init__(self, *args: Any, lead: Lead, insurer: Insurer, named: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.insurer, self.named, self.fields["about"].initial = insurer, named, insurer.identity
        field = cast("forms.ModelChoiceField[Plan]", self.fields["plan"])
        field.queryset = Plan.objects.filter(location=lead.location_id).order_by("insurer", "name", "pk")

    def clean(self) -> dict[str, Any]:
        about = self.cleaned_data.pop("about", "")
        if "about" in self.data and about != self.insurer.identity:
            known = cast(QueryDict, self.data).copy()
            known["about"] = self.insurer.identity
            self.data = known
            present = f"{self.named}. Save again only if this is about {self.named}" if self.named else "none"
            raise forms.ValidationError(f"The patient has named another insurer since this page was opened: {present}.")
        return self.cleaned_data


class ChooseForm(InsurerForm, ReplacingForm):
    """Which criteria count, and which plan it is."""

    profile = forms.ChoiceField(label="Criteria of", choices=[(profile.key, str(profile)) for profile in PROFILES])

    @property
    def parts(self) -> list[tuple[str, list[forms.BoundField]]]:
        return [("What the insurer asks for", [self["profile"], self["plan"]])]


class VerificationForm(InsurerForm):
    """One conversation with an insurer."""

    spoke_to = LineField(label="Who said it", max_length=120, help_text="A name and the department.")
    call_reference = LineField(max_length=80, help_text="The insurer's number for this conversation.")
    is_active = forms.ChoiceField(label="Coverage is active", choices=Answer)
    network = forms.ChoiceField(label="We are", choices=Network)
    needs_authorization = forms.ChoiceField(label="Authorization is needed", choices=Answer)
    needs_referral = forms.ChoiceField(label="A referral is needed", choices=Answer)
    note = TextField(
        max_length=400, required=False, widget=forms.Textarea(attrs={"rows": 3}), help_text=f"No diagnosis. {IN_COPY}"
    )

    @property
    def parts(self) -> list[tuple[str, list[forms.BoundField]]]:
        who, what = ["plan", "spoke_to", "call_reference"], ["is_active", "network"]
        needs = ["needs_authorization", "needs_referral", "note"]
        return [("The call", [self[name] for name in who]), ("What they said", [self[name] for name in what + needs])]


def register() -> None:
    """Register this module's pages and panel with crm; called once, when the app is ready."""
    registry.route("insurance/", choose, permission="intake.change_coverage", name="intake_coverage")
    registry.route("insurance/verified/", verify, permission="intake.add_verification", name="intake_verification")
    registry.panel(
        "lead",
        title="Insurance",
        permission="intake.view_coverage",
        render=panel,
        order=8,
        again_after=registry.LEDGER_CHANGED,
    )


def panel(request: HttpRequest, lead: Lead) -> str:
    """Show the list of gaps with its evidence, the insurer as told, and what it said itself."""
    now, told = timezone.now(), answer_history.told_by(lead)
    found = coverage_gaps.of_lead(lead, told, now=now)
    asked = Verification.objects.filter(lead=lead).select_related("by", "plan").order_by("-entry")
    context = {
        "lead": lead,
        "gaps": found,
        "list": found.checklist,
        "findings": [
            finding
            for finding, _pages in coverage_gaps.with_pages(found, lead, coverage_gaps.documents_for(lead, told))
        ],
        "told": _told(told.answers),
        "verifications": [(one, _what_changed_since(one, told, found)) for one in asked[:5]],
    }
    return render_to_string("intake/desk/panel_insurance.html", context, request=request)


def _what_changed_since(asked: Verification, told: answer_history.AnswerHistory, found: coverage_gaps.Gaps) -> str:
    """Return why an answer counts no more, "" while it does."""
    if not coverage_gaps.belongs(asked, told, at=asked.at):
        return f"Said by another insurer ({asked.insurer_in_words})" if asked.insurer_in_words else "Another insurer"
    return (
        "" if coverage_gaps.is_current(asked, told, found) else "Said about another list, or an earlier version of it"
    )


def _chosen_in_words(there: Coverage) -> str:
    plan = f", {there.plan}" if there.plan else ""
    return f"Meanwhile {there.chosen_by} chose “{there}{plan}”."


@transaction.atomic
def choose(site: AdminSite, request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Show and take which criteria count for this lead."""
    lead = find_lead(lead_id, locked=request.method == "POST")
    told = answer_history.told_by(lead)
    found = coverage_gaps.of_lead(lead, told, now=timezone.now())
    there = found.chosen or found.ended
    named = insurance.in_words(told.answers)
    version = there.chosen_at.isoformat() if there else "0"
    initial = {"version": version} | {
        "profile": found.checklist.profile.key,
        "plan": found.chosen.plan if found.chosen else None,
    }
    form = ChooseForm(request.POST or None, lead=lead, insurer=found.insurer, named=named, initial=initial)
    if form.is_valid() and not (there and form.refuse_if_older(version, _chosen_in_words(there))):
        try:
            chosen = {name: value for name, value in form.cleaned_data.items() if name != "version"}
            insurance.choose(lead, by=user_of(request), now=timezone.now(), **chosen)
        except InsuranceRefused as refused:
            form.add_error("plan", refused.message)
        else:
            messages.success(request, "The list of gaps follows these criteria now.")
            return back(lead_id)
    return form_page(site, request, lead, form, title=_titled("What the insurer asks for", named))


def verify(site: AdminSite, request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Ask for what the insurer said, and keep it."""
    lead = find_lead(lead_id)
    answers = answer_history.current_answers(lead)
    insurer, named = insurers.told(answers), insurance.in_words(answers)
    form = VerificationForm(request.POST or None, lead=lead, insurer=insurer, named=named)
    if form.is_valid():
        insurance.record_verification(lead, by=user_of(request), now=timezone.now(), **form.cleaned_data)
        messages.success(request, "The answer of the insurer is kept.")
        return back(lead_id)
    return form_page(site, request, lead, form, title=_titled("What the insurer said", named))


def _titled(title: str, named: str) -> str:
    return f"{title}: {named}" if named else title


def _told(answers: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the insurer in the patient's words. The member number stays out: its last three characters tell which card
    it is."""
    rows = [
        (question.label, ", ".join(values_in_words(question, answers[question.name])))
        for question in PAGE["insurance"].questions
        if question.name in SHOWN and answers.get(question.name)
    ]
    member = str(answers.get("member_id") or "")
    return [*rows, ("Member number", f"ends in {member[-3:]}")] if len(member) > 3 else rows
