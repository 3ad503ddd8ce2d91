"""What was measured of a lead, beside its page: ratings and questionnaire totals, kind by kind."""

from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.utils import timezone

from crm import registry
from crm.admin.forms import CorrectScoreForm, ScoreForm
from crm.admin.lead.page import back, find_lead, form_page, user_of
from crm.desk import queries
from crm.errors import MeasurementRefused
from crm.leads import measurements
from crm.models import Lead, Measurement


def register() -> None:
    """Register the panel of ratings and scores and its forms; called once, when the desk is made."""
    write = "crm.add_measurement"
    registry.panel("lead", title="Ratings and scores", permission="crm.view_measurement", render=panel, order=6)
    registry.route("scores/add/", add, permission=write, name="crm_lead_score_add")
    registry.route("scores/<uuid:score_id>/", correct, permission=write, name="crm_lead_score")


def panel(request: HttpRequest, lead: Lead) -> str:
    """Render a lead's scores kind by kind, oldest first, and the way to record another."""
    return render_to_string(
        "crm/admin/lead/panel_scores.html", {"lead": lead, "scores": queries.scores(lead)}, request=request
    )


def add(site: AdminSite, request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Write down a score obtained elsewhere."""
    lead = find_lead(lead_id)
    form = ScoreForm(request.POST or None)
    if form.is_valid():
        try:
            measurements.record(lead, by=user_of(request), now=timezone.now(), **form.values(ZoneInfo(lead.timezone)))
        except MeasurementRefused as refused:
            form.add_error(refused.field, refused.message)
        else:
            messages.success(request, "The score is saved.")
            return back(lead_id)
    return form_page(site, request, lead, form, title="Record a score")


def correct(site: AdminSite, request: HttpRequest, lead_id: UUID, score_id: UUID) -> HttpResponse:
    """Correct the kind, value or day of a score; what stood there stays."""
    score = get_object_or_404(Measurement.objects.select_related("lead__location"), pk=score_id, lead_id=lead_id)
    zone = ZoneInfo(score.lead.timezone)
    form = CorrectScoreForm(request.POST or None, score=score, zone=zone)
    if form.is_valid():
        try:
            measurements.correct(score, by=user_of(request), now=timezone.now(), **form.values(zone))
        except MeasurementRefused as refused:
            form.refuse(refused)
        else:
            messages.success(request, "The score is saved.")
            return back(lead_id)
    return form_page(site, request, score.lead, form, title=f"Correct: {score.get_kind_display()}")
