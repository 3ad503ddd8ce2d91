"""What intake shows on the pages of crm."""

from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone

from crm import registry
from crm.enums.leads import Outcome
from crm.enums.treatments import TreatmentGroup
from crm.models import Lead
from intake.assessment import flags, today
from intake.models import Assessment, Override, Submission
from intake.requests.answers_in_words import in_words, page_title

HISTORY_SHOWN = 10


def answers(request: HttpRequest, lead: Lead) -> str:
    """Show the patient's own answers, request by request, newest first. "" when there are none."""
    submissions = list(Submission.objects.counting().filter(lead=lead).order_by("-entry"))
    if not submissions:
        return ""
    shown = [
        {"submission": submission, "title": page_title(submission.page), "rows": in_words(submission.answers)}
        for submission in submissions
    ]
    return render_to_string("intake/desk/panel_answers.html", {"shown": shown}, request=request)


def candidacy(request: HttpRequest, lead: Lead) -> str:
    """Return what the rules say and why, what people have decided against them, and what was said before. "" before
    there is an assessment. Two queries, three while a decision waits."""
    history = list(Assessment.objects.filter(lead=lead).order_by("-number")[:HISTORY_SHOWN])
    if not history:
        return ""
    now = history[0]
    decided = Override.objects.filter(assessment__lead=lead).defer("assessment__snapshot")
    decided = decided.select_related("assessment", "by", "approved_by", "ended_by")
    made = list(decided.order_by(F("ended_at").desc(nulls_first=True), "-entry")[:HISTORY_SHOWN])
    waits = next((one for one in made if one.ended_at is None and not one.is_in_force), None)
    passed = today.of_lead(lead, now=timezone.now(), stored=now)
    context = {
        "lead": lead,
        "assessment": now,
        "news": registry.news_since({lead.pk: waits.assessment.number} if waits else {}).get(lead.pk),
        "today": passed if passed and passed.differs else None,
        "shown": _shown(lead, now, None if passed and passed.differs else passed),
        "standing": [one for one in made if one.ended_at is None],
        "ended": [one for one in made if one.ended_at],
        "in_force": Outcome(lead.outcome or now.outcome),
        "flags": [flags.in_words(flag) for flag in now.flags],
        "earlier": history[1:],
        "may_override": request.user.has_perm("intake.override_outcome"),
    }
    return render_to_string("intake/desk/panel_candidacy.html", context, request=request)


def _shown(lead: Lead, stored: Assessment, passed: today.Today | None) -> dict[str, Any]:
    """Return the reasons and numbers of the box, with their day: of today, or as they are stored."""
    says = passed.result if passed else stored
    return {
        "on": passed.on if passed else stored.at.astimezone(ZoneInfo(lead.timezone)).date(),
        "reasons": says.reasons,
        "span_days": says.span_days,
        "groups": [TreatmentGroup(group).label for group in says.groups],
        "recheck_on": passed.recheck_on if passed else stored.recheck_on,
    }
