"""Pages of the desk about what only intake knows: deciding otherwise than the rules."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import mark_safe

from crm import registry
from crm.admin.forms import IN_COPY
from crm.admin.lead.basis import FollowingForm, SeenVersionForm, above, id_of
from crm.admin.lead.page import back, find_lead, form_page, user_of
from crm.admin.lead.private import begin_for
from crm.audit import access
from crm.desk.queries import MOST_QUEUED
from crm.enums.leads import AccessAction, Outcome
from crm.errors import OutOfDate, OverrideRefused
from crm.fields.text import TextField
from crm.leads import decisions
from crm.models import Lead
from crm.patient_portal.access import FILLS_IN
from crm.patient_portal.requests import enter
from intake.assessment import actions as assessments
from intake.assessment import overrides
from intake.models import Assessment, Override
from intake.questionnaire import SAFETY_SCRIPT


class OverrideForm(FollowingForm):
    outcome = forms.ChoiceField(
        label="What counts instead", error_messages={"required": "Choose what counts instead of the rules."}
    )
    reason = TextField(
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=f"Stays beside what the rules say. {IN_COPY}",
        error_messages={"required": "Say why."},
    )

    def __init__(self, *args: Any, assessment: Assessment, standing: overrides.Standing, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rules, counts = Outcome(assessment.outcome), standing.outcome(assessment)
        back = f"{rules.label}: as the rules say, the decision is taken back"
        can_take_back = standing.counting or standing.waiting
        offered = [
            (code, back if code == rules else label)
            for code, label in Outcome.choices
            if (code != counts or standing.waiting) and (code != rules or can_take_back)
        ]
        self.fields["outcome"].choices = [("", "Choose …"), *offered]  # type: ignore[attr-defined]

    @property
    def parts(self) -> list[tuple[str, list[forms.BoundField]]]:
        return [("Your decision", [self["outcome"], self["reason"]])]


def register() -> None:
    """Register this module's pages and worklist with crm; called once, when the app is ready."""
    permission = "intake.override_outcome"
    registry.route("outcome/", override, permission=permission, name="intake_override")
    registry.route("safety-script/", safety_script, permission=FILLS_IN, name="intake_safety_script")
    registry.route("outcome/<uuid:override_id>/", approve, permission=permission, name="intake_override_approve")
    registry.worklist(
        title="Decisions against the rules that wait for a second person",
        permission=permission,
        render=waiting,
        area=registry.REVIEWS,
    )


def waiting(request: HttpRequest) -> tuple[str, set[UUID]]:
    """Return decisions against the rules that wait for a second person, with the reason and what is new since. Two
    queries."""
    seen = Lead.objects.visible_to(user_of(request))
    rows = Override.objects.waiting().filter(assessment__lead__in=seen).select_related("assessment__lead", "by")
    found = list(rows.defer("assessment__snapshot").order_by("at", "pk")[:MOST_QUEUED])
    if not found:
        return "", set()
    news = registry.news_since({one.assessment.lead_id: one.assessment.number for one in found})
    context = {"waiting": [(one, one.assessment.lead, news[one.assessment.lead_id]) for one in found]}
    return render_to_string("intake/desk/worklist_overrides.html", context, request=request), set(news)


def override(site: AdminSite, request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Decide otherwise than the rules, or take such a decision back, with a reason. An older form is shown again
    with the news."""
    lead = find_lead(lead_id)
    assessment = assessments.latest(lead)
    if assessment is None:
        raise Http404("Nothing was assessed yet.")
    form, news = _override_form(request, lead, assessment), tuple[str, ...]()
    if form.is_valid() and form.cleaned_data["seen"] != assessment.number:
        news = decisions.news_since(lead, seen=form.cleaned_data["seen"])
        form.has_looked(assessment.number, earlier=id_of(overrides.latest(lead)))
    elif form.is_valid():
        outcome, reason = Outcome(form.cleaned_data["outcome"]), form.cleaned_data["reason"]
        try:
            made = assessments.override(
                assessment,
                outcome=outcome,
                reason=reason,
                by=user_of(request),
                now=timezone.now(),
                earlier=form.knew,
            )
        except OverrideRefused as refused:
            form.add_error("reason", refused.message)
        except OutOfDate as late:
            news = late.news
            form.has_looked(assessment.number, earlier=id_of(overrides.latest(lead)))
        else:
            waits = "" if made.is_in_force else " It counts as soon as a second person approves it."
            messages.success(request, f"Your decision is kept.{waits}")
            return back(lead_id)
    elif form.is_bound:
        latest = overrides.latest(lead)
        news = form.came_since(lead, number=assessment.number, latest=latest, words=overrides.in_words(latest))
        if news:
            form.has_looked(assessment.number, earlier=id_of(latest))
    about = above(request, lead, registry.basis_of(lead), news) + _rules_say(request, lead, assessment)
    title, status = "Decide otherwise than the rules", 409 if news else None
    return form_page(site, request, lead, form, title=title, about=mark_safe(about), status=status)


def _override_form(request: HttpRequest, lead: Lead, assessment: Assessment) -> OverrideForm:
    carried = {"seen": str(assessment.number), "earlier": id_of(overrides.latest(lead))}
    standing = overrides.of(lead)
    return OverrideForm(request.POST or None, assessment=assessment, standing=standing, initial=carried)


def _rules_say(request: HttpRequest, lead: Lead, assessment: Assessment) -> str:
    """Show against what the decision is made, and what people have decided before."""
    standing = overrides.of(lead)
    context = {"assessment": assessment, "standing": [one for one in (standing.counting, standing.waiting) if one]}
    return render_to_string("intake/desk/against.html", context, request=request)


def approve(site: AdminSite, request: HttpRequest, lead_id: UUID, override_id: UUID) -> HttpResponse:
    """Take the second person's yes to a decision that lowers urgency."""
    form = SeenVersionForm(request.POST)
    if request.method == "POST" and form.is_valid():
        found = Override.objects.select_related("assessment")
        made = get_object_or_404(found, pk=override_id, assessment__lead_id=lead_id)
        try:
            assessments.approve(made, by=user_of(request), now=timezone.now(), seen=form.cleaned_data["seen"])
        except OverrideRefused as refused:
            messages.warning(request, refused.message)
        except OutOfDate as late:
            messages.warning(request, f"{late.message} {'; '.join(late.news)}")
        else:
            messages.success(request, "Approved.")
    return back(lead_id)


def safety_script(site: AdminSite, request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Open the warning signs to be asked in a call. An alarming answer ends on the emergency page, as online."""
    if request.method != "POST":
        return back(lead_id)
    lead, user = find_lead(lead_id), user_of(request)
    access.record(AccessAction.VIEW, by=user, object_type="lead", ids=[lead.pk])
    return enter(begin_for(request, lead, user), to="intake:my_questions", key=SAFETY_SCRIPT.key)
