"""What intake shows on the pages of crm."""

from django.db.models import F
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone

from crm.enums import Outcome
from crm.models import Lead
from crm.treatment_enums import TreatmentGroup
from intake import flags, today
from intake.in_words import in_words, page_title
from intake.models import Assessment, Override, Submission

HISTORY_SHOWN = 10


def answers(request: HttpRequest, lead: Lead) -> str:
    """The patient's own answers, request by request, newest first. "" when there are none."""
    submissions = list(Submission.objects.counting().filter(lead=lead).order_by("-entry"))
    if not submissions:
        return ""
    shown = [
        {"submission": submission, "title": page_title(submission.page), "rows": in_words(submission.answers)}
        for submission in submissions
    ]
    return render_to_string("intake/panel_answers.html", {"shown": shown}, request=request)


def candidacy(request: HttpRequest, lead: Lead) -> str:
    """Return what the rules say and why, what people have decided against them, and what was said before. "" before
    there is an assessment. Two queries."""
    history = list(Assessment.objects.filter(lead=lead).order_by("-number")[:HISTORY_SHOWN])
    if not history:
        return ""
    now = history[0]
    decided = Override.objects.filter(assessment__lead=lead).defer("assessment__snapshot")
    decided = decided.select_related("assessment", "by", "approved_by", "ended_by")
    made = list(decided.order_by(F("ended_at").desc(nulls_first=True), "-entry")[:HISTORY_SHOWN])
    context = {
        "lead": lead,
        "assessment": now,
        "standing": [one for one in made if one.ended_at is None],
        "ended": [one for one in made if one.ended_at],
        "today": passed if (passed := today.of_lead(lead, now=timezone.now(), stored=now)) and passed.differs else None,
        "in_force": Outcome(lead.outcome or now.outcome),
        "flags": [flags.in_words(flag) for flag in now.flags],
        "groups": [TreatmentGroup(group).label for group in now.groups],
        "earlier": history[1:],
        "may_override": request.user.has_perm("intake.override_outcome"),
    }
    return render_to_string("intake/panel_candidacy.html", context, request=request)
