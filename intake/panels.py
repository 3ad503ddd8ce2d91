"""What intake shows on the pages of crm."""

from typing import Any

from django.db.models import Prefetch
from django.http import HttpRequest
from django.template.loader import render_to_string

from crm.enums import TreatmentGroup
from crm.models import Lead
from intake import assessments, flags, questionnaire
from intake.models import Assessment, Override, Submission

HISTORY_SHOWN = 10


def answers(request: HttpRequest, lead: Lead) -> str:
    """The patient's own answers, request by request, newest first. "" when there are none."""
    submissions = list(Submission.objects.filter(lead=lead).order_by("-at", "pk"))
    if not submissions:
        return ""
    shown = [{"submission": submission, "rows": in_words(submission.answers)} for submission in submissions]
    return render_to_string("intake/panel_answers.html", {"shown": shown}, request=request)


def in_words(given: dict[str, Any]) -> list[dict[str, Any]]:
    """[{"section", "rows": [{"label", "values": [str], "alarming": bool}]}] in the order of the questionnaire."""
    sections = []
    for section in questionnaire.STEP_ONE:
        rows = [
            {"label": question.label, "values": values_in_words(question, given[question.name])}
            | {"alarming": question.kind is questionnaire.Kind.SAFETY and given[question.name] != [questionnaire.NONE]}
            for question in section.questions
            if given.get(question.name) not in (None, "", [])
        ]
        if rows:
            sections.append({"section": section.title, "rows": rows})
    return sections


def values_in_words(question: questionnaire.Question, value: Any) -> list[str]:
    """A stored value as a person would read it; codes that have since left the questionnaire stay as they are."""
    if isinstance(value, bool):
        return ["Yes" if value else "No"]
    values = value if isinstance(value, list) else [value]
    return [_one_in_words(question, str(code)) for code in values]


def _one_in_words(question: questionnaire.Question, code: str) -> str:
    if question.kind is questionnaire.Kind.SAFETY:
        kind, _, sign = code.rpartition("_")
        if code == questionnaire.NONE:
            return "None of these"
        words = {"": "Yes", "unsure": "Not sure", "declined": "Preferred not to say"}[kind]
        return f"{words}: {questionnaire.SIGNS.get(sign, sign)}"
    if question.kind is questionnaire.Kind.SCALE:
        return f"{code} of 10"
    return dict(question.choices).get(code, code)


def candidacy(request: HttpRequest, lead: Lead) -> str:
    """What the rules say, why, and what they said before. "" before there is an assessment."""
    history = list(
        Assessment.objects.filter(lead=lead)
        .prefetch_related(Prefetch("overrides", Override.objects.select_related("by", "approved_by").order_by("at")))
        .order_by("-at", "-pk")[:HISTORY_SHOWN]
    )
    if not history:
        return ""
    now = history[0]
    context = {
        "lead": lead,
        "assessment": now,
        "in_force": assessments.in_force(lead, now),
        "flags": [flags.IN_WORDS.get(flag, flag) for flag in now.flags],
        "groups": [TreatmentGroup(group).label for group in now.groups],
        "earlier": history[1:],
        "may_override": request.user.has_perm("intake.override_outcome"),
    }
    return render_to_string("intake/panel_candidacy.html", context, request=request)
