"""The clinicians' queue, and the forms in which they decide."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from crm import registry
from crm.admin.correction_form import ReplacingForm
from crm.admin.forms import IN_COPY
from crm.admin.lead.basis import FollowingForm, SeenVersionForm, above, id_of
from crm.admin.lead.page import back, find_lead, form_page, user_of
from crm.audit import access
from crm.desk import queries
from crm.enums.leads import OPEN_STAGES, AccessAction, ConsultResult, Decision, SurgeryDecision
from crm.errors import OutOfDate, ReviewRefused
from crm.fields.text import TextField
from crm.leads import imaging, reviews, stages
from crm.models import Consultation, HoldClearing, ImagingStudy, Lead, ReviewDecision

_FOUR_ROWS = forms.Textarea(attrs={"rows": 4})


class ReviewDecisionForm(FollowingForm):
    study = forms.ModelChoiceField(
        ImagingStudy.objects.none(),
        required=False,
        label="Imaging that you looked at",
        empty_label="None",
        help_text="Its own review ends with this decision. Others stay open.",
    )
    versions = forms.CharField(required=False, widget=forms.HiddenInput)  # of the studies that the page showed
    decision = forms.ChoiceField(
        choices=[("", "Choose …"), *Decision.choices],
        label="Decision",
        error_messages={"required": "Choose what you decide."},
    )
    reason = TextField(
        max_length=4000,
        widget=_FOUR_ROWS,
        help_text=f"For whoever looks next. {IN_COPY}",
        error_messages={"required": "Say why."},
    )

    def __init__(self, *args: Any, studies: QuerySet[ImagingStudy], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["study"].queryset = studies  # type: ignore[attr-defined]
        self.has_studies = studies.exists()

    @property
    def study_seen(self) -> str:
        """Return the version of the chosen study that the page showed; "" when it says none. Call when valid."""
        shown = dict(one.partition("=")[::2] for one in self.cleaned_data["versions"].split("|"))
        study: ImagingStudy | None = self.cleaned_data["study"]
        return shown.get(str(study.pk), "") if study else ""

    @property
    def parts(self) -> list[tuple[str, list[forms.BoundField]]]:
        names = ["study", "decision", "reason"] if self.has_studies else ["decision", "reason"]
        return [("Your decision", [self[name] for name in names])]


class ConsultationForm(ReplacingForm):
    held_on = forms.DateField(label="Day of the visit", widget=forms.DateInput(attrs={"type": "date"}))
    result = forms.ChoiceField(choices=[("", "Choose …"), *ConsultResult.choices], label="What came of it")
    surgery = forms.ChoiceField(
        choices=[("", "No procedure recommended"), *SurgeryDecision.choices],
        required=False,
        label="The patient's own decision",
        help_text="Can be added later: record the same day again.",
    )
    note = TextField(required=False, max_length=4000, widget=_FOUR_ROWS, help_text=IN_COPY)

    @property
    def parts(self) -> list[tuple[str, list[forms.BoundField]]]:
        return [("The consultation", [self[name] for name in ("held_on", "result", "surgery", "note")])]


def _versions(studies: Iterable[ImagingStudy]) -> str:
    return "|".join(f"{study.pk}={study.version}" for study in studies)


def register() -> None:
    """Register the panel of clinical reviews and its forms; called once, when the desk is made."""
    decide_it = "crm.decide_review"
    registry.route("decide/", decide, permission=decide_it, name="crm_lead_decide")
    registry.route("decide/<uuid:decision_id>/", agree, permission=decide_it, name="crm_lead_agree")
    registry.route("consultation/", record, permission=decide_it, name="crm_lead_consultation")
    registry.panel("lead", title="Clinical review", permission="crm.view_reviewdecision", render=panel, order=8)


def urls(site: AdminSite) -> list[URLPattern]:
    """Return the address of the review queue, below /admin/."""
    return [path("reviews/", site.admin_view(lambda request: queue(site, request)), name="crm_reviews")]


def queue(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Show what waits for a clinician, by when it is due."""
    if not request.user.has_perm("crm.decide_review"):
        raise PermissionDenied
    user, now = user_of(request), timezone.now()
    found = queries.review_queue(user)
    shown = {task.lead_id for task in found.tasks} | {made.lead_id for made, _news in found.seconds}
    shown |= {lead.pk for lead in found.holds}
    mine = [entry for entry in registry.worklists(registry.REVIEWS) if user.has_perm(entry.permission)]
    lists = [(entry.title, *entry.render(request)) for entry in mine]
    shown = shown.union(*(named for _title, _html, named in lists))
    if shown:
        access.record(AccessAction.LIST, by=user, object_type="lead", ids=sorted(shown))
    context = {
        **site.each_context(request),
        "title": "Clinical reviews",
        "queue": found,
        "now": now,
        "lists": [(title, html) for title, html, _named in lists if html],
    }
    return TemplateResponse(request, "crm/admin/reviews.html", context)


def panel(request: HttpRequest, lead: Lead) -> str:
    """Render what was decided about a lead so far, lifted holds too, and the way to decide."""
    decided = list(ReviewDecision.objects.filter(lead=lead).select_related("by", "second_by"))
    lifted, words = HoldClearing.objects.filter(lead=lead).select_related("by"), registry.words_for("signs") or str
    visits = list(Consultation.objects.filter(lead=lead).select_related("by").order_by("-held_on", "-pk"))
    made: list[tuple[ReviewDecision | HoldClearing, list[str]]]
    made = [*((one, []) for one in decided), *((one, list(map(words, one.signs))) for one in lifted)]
    decisions = sorted(made, key=lambda pair: pair[0].entry, reverse=True)
    if not decisions and not visits and not request.user.has_perm("crm.decide_review"):
        return ""
    waits = next((made for made in decided if made.waits), None)
    news = registry.news_since({lead.pk: waits.seen} if waits else {}).get(lead.pk)
    context = {"lead": lead, "decisions": decisions, "visits": visits, "news": news}
    return render_to_string("crm/admin/lead/panel_reviews.html", context, request=request)


def decide(site: AdminSite, request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Record a decision about a request. The form says what it stands on; an older one comes back with the news."""
    lead = find_lead(lead_id)
    basis, before, news = registry.basis_of(lead), reviews.latest(lead), tuple[str, ...]()
    studies = imaging.to_review(lead)
    asked_about = {"seen": basis.number, "earlier": id_of(before), "study": request.GET.get("study")}
    asked_about["versions"] = _versions(studies)
    form = ReviewDecisionForm(request.POST or None, studies=studies, initial=asked_about)
    if form.is_valid():
        data = form.cleaned_data
        try:
            made = reviews.decide(
                lead,
                decision=Decision(data["decision"]),
                reason=data["reason"],
                by=user_of(request),
                now=timezone.now(),
                seen=data["seen"],
                earlier=form.knew,
                study=data["study"],
                study_seen=form.study_seen,
            )
        except ReviewRefused as refused:
            form.add_error(refused.field or None, refused.message)
        except OutOfDate as late:
            news, basis, before = late.news, registry.basis_of(lead), reviews.latest(lead)
            form.has_looked(basis.number, earlier=id_of(before), versions=_versions(imaging.to_review(lead)))
        else:
            _say(request, lead, made)
            return back(lead_id)
    elif form.is_bound:
        news = form.came_since(lead, number=basis.number, latest=before, words=reviews.in_words(before))
        if news:
            form.has_looked(basis.number, earlier=id_of(before))
    about = above(request, lead, basis, news, earlier=[before] if before else [])
    return form_page(site, request, lead, form, title="Decide the review", about=about, status=409 if news else None)


def _say(request: HttpRequest, lead: Lead, made: ReviewDecision) -> None:
    messages.success(request, "Recorded." if made.is_in_force else "Recorded. A second person has to agree.")
    if lead.stage not in OPEN_STAGES:
        closed = f"This request is closed ({stages.label(lead.stage)}): somebody has to open it again."
        messages.warning(request, closed)


def agree(site: AdminSite, request: HttpRequest, lead_id: UUID, decision_id: UUID) -> HttpResponse:
    """Agree to a decision as the second person."""
    made = get_object_or_404(ReviewDecision, pk=decision_id, lead_id=lead_id)
    form = SeenVersionForm(request.POST)
    if request.method == "POST" and form.is_valid():
        try:
            reviews.agree(made, by=user_of(request), now=timezone.now(), seen=form.cleaned_data["seen"])
        except ReviewRefused as refused:
            messages.warning(request, refused.message)
        except OutOfDate as late:
            messages.warning(request, f"{late.message} {'; '.join(late.news)}")
        else:
            messages.success(request, "Agreed.")
    return back(lead_id)


def _is_recorded_meanwhile(lead: Lead, form: ConsultationForm) -> bool:
    """Tell whether the same day was recorded after the page was opened; then the form shows what was recorded."""
    there = Consultation.objects.filter(lead=lead, held_on=form.cleaned_data["held_on"]).select_related("by").first()
    if there is None:
        return False
    said = [there.get_result_display(), there.get_surgery_display() if there.surgery else "", there.note]
    words = f"Meanwhile {there.by} recorded for this day: “{'. '.join(filter(None, said))}”."
    return form.refuse_if_older(there.at.isoformat(), words)


@transaction.atomic
def record(site: AdminSite, request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Record what came of a visit; a colleague's entry for the same day is replaced only knowingly."""
    lead = find_lead(lead_id, locked=request.method == "POST")
    latest = Consultation.objects.filter(lead=lead).aggregate(at=Max("at"))["at"]
    form = ConsultationForm(request.POST or None, initial={"version": latest.isoformat() if latest else "0"})
    if form.is_valid() and not _is_recorded_meanwhile(lead, form):
        data = form.cleaned_data
        try:
            reviews.record_consultation(
                lead,
                held_on=data["held_on"],
                result=ConsultResult(data["result"]),
                surgery=SurgeryDecision(data["surgery"]) if data["surgery"] else None,
                note=data["note"],
                by=user_of(request),
                now=timezone.now(),
            )
        except ReviewRefused as refused:
            form.add_error(refused.field or None, refused.message)
        else:
            messages.success(request, "The consultation is recorded.")
            return back(lead_id)
    return form_page(site, request, lead, form, title="Record a consultation")
