"""Papers about one lead: the summary for the surgeon, and the packet with which an authorization is asked for."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from crm import registry
from crm.admin.forms import IN_COPY
from crm.admin.lead.basis import SeenVersionForm, above
from crm.admin.lead.page import find_lead, user_of
from crm.desk import printing
from crm.enums.leads import Outcome
from crm.enums.treatments import MeasurementKind
from crm.errors import OutOfDate
from crm.fields.text import TextField
from crm.leads import decisions
from crm.models import Document, ImagingStudy, Lead, Treatment
from intake.assessment import answer_history, coverage_gaps, flags, insurance, packet_word, progress
from intake.assessment import today as now_of
from intake.assessment.care_record import SCALE_OF
from intake.assessment.insurance import InsuranceRefused
from intake.desk import summary_head
from intake.models import PageOfProof, Verification
from intake.portal import ledger_views
from intake.questionnaire import question
from intake.requests.answers_in_words import ALL_SECTIONS, in_words, values_in_words
from intake.rules.care_history import Rating

# So many treatments can be told apart in the drawing on a page of paper, and in the one beside the answers.
MOST_DRAWN, MOST_DRAWN_BESIDE = 12, 6

SUMMARY_QUESTIONS = (
    "pain_region",
    "radiation",
    "onset",
    "onset_date",
    "back_leg_ratio",
    "course",
    "limb_symptoms",
    "limb_weakness",
    "limb_numbness",
    "lift_foot",
    "hand_clumsiness",
    "gait_balance",
    "hands_gait_change",
    "walk_distance",
    "diagnoses_told",
    "imaging",
    "imaging_date",
    "imaging_place",
    "images_available",
    "prior_spine_surgery",
    "prior_surgery_what",
    "conditions",
    "cancer_other",
    "recent_events",
    "steroids_months",
    "new_severe_pain",
    "nicotine",
    "opioids",
    "allergies",
    "medications",
)
# Silence about these reads like a "no".
MUST_KNOW = ("prior_spine_surgery", "conditions", "nicotine", "opioids", "allergies", "medications")


class EvidencePageForm(forms.Form):
    """Where a criterion is shown."""

    criterion = forms.CharField(max_length=40, widget=forms.HiddenInput)
    document = forms.ModelChoiceField(Document.objects.none(), empty_label=None)
    page = forms.IntegerField(min_value=1, max_value=9999)

    def __init__(self, *args: Any, documents: list[Document], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["document"].queryset = Document.objects.filter(  # type: ignore[attr-defined]
            pk__in=[document.pk for document in documents]
        )


class WordForm(SeenVersionForm):
    """Why the packet may go out, and what the page showed beside the record."""

    reason = TextField(max_length=4000)
    waited = forms.IntegerField(min_value=0, required=False)

    @property
    def given(self) -> dict[str, Any]:
        """Return what packet_word.give takes, of what is in order; whatever is not has shown nothing."""
        data = getattr(self, "cleaned_data", {})
        seen, waited = data.get("seen"), data.get("waited")
        nothing = decisions.NOTHING
        return {
            "reason": data.get("reason", ""),
            "seen": nothing if seen is None else seen,
            "waited": nothing if waited is None else waited,
        }


def register() -> None:
    """Register this module's pages with crm; called once, when the app is ready."""
    see, change = "intake.view_coverage crm.view_document", "intake.change_coverage crm.view_document"
    summary = "intake.view_assessment intake.view_submission crm.view_treatment crm.view_imagingstudy"
    registry.route("packet/", packet, permission=see, name="intake_packet")
    registry.route("packet/pages/", note_page, permission=change, name="intake_packet_page")
    registry.route("packet/pages/<uuid:page_id>/", forget_page, permission=change, name="intake_packet_forget")
    registry.route("packet/print/", print_packet, permission=see, name="intake_packet_print")
    registry.route("summary/", print_summary, permission=summary, name="intake_summary")


def packet(
    site: AdminSite, request: HttpRequest, lead_id: UUID, *, status: int = 200, refused: str = ""
) -> HttpResponse:
    """Show each criterion with its state and the pages that show it, and a form to note one more."""
    lead = find_lead(lead_id)
    context = {
        **site.each_context(request),
        "title": f"Authorization packet: {lead.full_name}",
        "opts": Lead._meta,
        "lead": lead,
        "refused": refused,
        **_about_insurance(lead),
    }
    return TemplateResponse(request, "intake/desk/packet.html", context, status=status)


def note_page(site: AdminSite, request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Note on which page of a document a criterion is shown."""
    lead, here = find_lead(lead_id), redirect(reverse("admin:intake_packet", args=[lead_id]))
    if request.method != "POST":
        return here
    told = answer_history.told_by(lead)
    form = EvidencePageForm(request.POST, documents=coverage_gaps.documents_for(lead, told))
    if not form.is_valid():
        return packet(site, request, lead_id, status=422, refused="Choose a document, and a page from 1 on.")
    now = timezone.now()
    profile = coverage_gaps.of_lead(lead, told, now=now).checklist.profile
    try:
        insurance.note_page(lead, profile=profile.key, by=user_of(request), now=now, **form.cleaned_data)
    except InsuranceRefused as refused:
        return packet(site, request, lead_id, status=422, refused=refused.message)
    return here


def forget_page(site: AdminSite, request: HttpRequest, lead_id: UUID, page_id: UUID) -> HttpResponse:
    """Take back the note of a page that shows a criterion."""
    lead = find_lead(lead_id)
    if PageOfProof.objects.filter(pk=page_id).exclude(lead=lead).exists():
        raise Http404("That page is in the packet of somebody else.")
    if request.method == "POST" and insurance.forget_page(lead, page_id):
        messages.success(request, "That page is no longer in the packet.")
    return redirect(reverse("admin:intake_packet", args=[lead_id]))


def print_packet(site: AdminSite, request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Show the packet for paper or as a PDF. While a hold or a review is open a clinician says first that it may go
    out."""
    lead = find_lead(lead_id)
    if packet_word.is_needed(lead):
        return _ask_for_a_word(site, request, lead)
    context = _on_paper(request, lead) | _about_insurance(lead)
    context["chart"] = context["chart"] if len(context["rows"]) <= MOST_DRAWN else None
    return printing.on_paper(request, "intake/desk/print_packet.html", context, name=f"packet-{lead.reference}")


def _ask_for_a_word(site: AdminSite, request: HttpRequest, lead: Lead) -> HttpResponse:
    """Show why the packet waits, and to clinicians the form that lets it go, with what it stands on. 409 until then."""
    may, refused, news = request.user.has_perm("crm.decide_review"), "", tuple[str, ...]()
    form = WordForm(request.POST)
    form.is_valid()
    if request.method == "POST" and may:
        try:
            packet_word.give(lead, by=user_of(request), now=timezone.now(), **form.given)
        except InsuranceRefused as problem:
            refused = problem.message
        except OutOfDate as late:
            news = late.news
        else:
            return redirect(reverse("admin:intake_packet_print", args=[lead.pk]))
    basis = registry.basis_of(lead)
    context = {**site.each_context(request), "title": f"Authorization packet: {lead.full_name}", "lead": lead}
    context |= {"opts": Lead._meta, "may": may, "refused": refused, "reason": form.given["reason"]}
    context |= {"seen": basis.number, "waited": packet_word.newest_waiting(lead)}
    context |= {"about": above(request, lead, basis, news) if may else "", "in_copy": IN_COPY}
    return TemplateResponse(request, "intake/desk/packet_waits.html", context, status=422 if refused else 409)


def print_summary(site: AdminSite, request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Show one page for the surgeon: sign, hold and decisions, the complaint, what was tried, the images, and what to
    look after."""
    lead = find_lead(lead_id)
    told = answer_history.told_by(lead)
    today = now_of.of_lead(lead, now=timezone.now())
    answers = {name: value for name, value in told.answers.items() if name in SUMMARY_QUESTIONS}
    context = _on_paper(request, lead) | summary_head.of_lead(lead, today.stored if today else None)
    context |= {
        "told": [(row, _day_told(told, row["name"], lead)) for one in in_words(answers) for row in one["rows"]],
        "unanswered": _labels(name for name in MUST_KNOW if name in answers and answers[name] in (None, "", [])),
        "unasked": _labels(name for name in MUST_KNOW if name not in answers),
        "today": today,
        "set_aside": _why_set_aside(context, today),
        "series": _series(context["record"].ratings),
        "flags": [flags.in_words(flag) for flag in today.stored.flags] if today else [],
        "ticked": values_in_words(question("tried_treatments"), told.answers.get("tried_treatments") or []),
        "studies": list(ImagingStudy.objects.filter(lead=lead).order_by("-made_on", "-pk")),
    }
    context["chart"] = context["chart"] if len(context["rows"]) <= MOST_DRAWN_BESIDE else None
    return printing.on_paper(request, "intake/desk/print_summary.html", context, name=f"summary-{lead.reference}")


def _day_told(told: answer_history.AnswerHistory, name: str, lead: Lead) -> date | None:
    """Return the day of an answer, where the lead lives; None for one of today: "less than 6 weeks" grows old."""
    zone = ZoneInfo(lead.timezone)
    day, today = told.at[name].astimezone(zone).date(), timezone.now().astimezone(zone).date()
    return day if day != today else None


def _why_set_aside(head: dict[str, Any], today: now_of.Today | None) -> str:
    """Return what stands in place of the rules' word, "" when it may be read: it could sound milder than things are."""
    if head["on_hold"]:
        return "Under a hold the fixed rules are set aside."
    if head["is_looked_at"] and not (today and today.outcome in {Outcome.URGENT, Outcome.PROMPT_REVIEW}):
        return "Until a clinician has decided the fixed rules are set aside."
    return ""


def _on_paper(request: HttpRequest, lead: Lead) -> dict[str, Any]:
    """Return what both papers, the packet and the summary, show."""
    shown = ledger_views.of_lead(lead)
    relief = _relief_told(lead)
    progress.mark_unasked(lead, [row for _line, row, _name in shown["rows"]])
    rows = [(line, row, name, _relief_in_words(row, relief.get(str(row.pk)))) for line, row, name in shown["rows"]]
    return shown | {"rows": rows, "place": lead.location, "now": timezone.now()}


def _relief_told(lead: Lead) -> dict[str, str]:
    """Return, by treatment whose page the patient sent, how much it helped; "" where they left it out."""
    found: dict[str, str] = {}
    for page in answer_history.pages_of_details(lead):
        row = page.answers["treatment"]
        found[row] = str(page.answers["told"].get("relief", found.get(row)) or "")
    return found


def _relief_in_words(row: Treatment, told: str | None) -> str:
    is_unsure = row.relief_percent is None and told == "unsure"
    return "not sure" if is_unsure else row.relief


def _series(ratings: Iterable[Rating]) -> list[tuple[str, list[Rating]]]:
    """Return ratings by scale, in words, each in the order of its days; of a day, the rating entered last."""
    kinds = {SCALE_OF.get(kind, kind.value): kind.label for kind in MeasurementKind}
    found: dict[str, dict[date, Rating]] = {}
    for rating in ratings:
        found.setdefault(kinds.get(rating.kind, rating.kind), {})[rating.on] = rating
    return [(kind, list(by_day.values())) for kind, by_day in found.items()]


def _labels(names: Iterable[str]) -> list[str]:
    label = {one.name: one.label for section in ALL_SECTIONS for one in section.questions}
    return [label[name] for name in names]


def _about_insurance(lead: Lead) -> dict[str, Any]:
    told = answer_history.told_by(lead)
    found = coverage_gaps.of_lead(lead, told, now=timezone.now())
    documents = coverage_gaps.documents_for(lead, told)
    asked = Verification.objects.filter(lead=lead).order_by("-entry")
    return {
        "gaps": found,
        "list": found.checklist,
        "documents": documents,
        "criteria": coverage_gaps.with_pages(found, lead, documents),
        "verification": next((one for one in asked if coverage_gaps.is_current(one, told, found)), None),
    }
