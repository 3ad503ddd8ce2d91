"""What intake shows on the pages of crm."""

from typing import Any

from django.db.models import F
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone

from crm.enums import Outcome
from crm.models import Lead
from crm.treatment_enums import TreatmentGroup
from crm.vocabulary import TreatmentKind
from intake import flags, questionnaire, today
from intake.models import Assessment, Override, Submission
from intake.questionnaire import PAGE, PAGES, RECHECK, SAFETY_SCRIPT

HISTORY_SHOWN = 10
ALL_SECTIONS = [*questionnaire.STEP_ONE, *(section for page in (*PAGES, RECHECK) for section in page.sections)]


def answers(request: HttpRequest, lead: Lead) -> str:
    """The patient's own answers, request by request, newest first. "" when there are none."""
    submissions = list(Submission.objects.counting().filter(lead=lead).order_by("-at", "pk"))
    if not submissions:
        return ""
    shown = [
        {"submission": submission, "title": page_title(submission.page), "rows": in_words(submission.answers)}
        for submission in submissions
    ]
    return render_to_string("intake/panel_answers.html", {"shown": shown}, request=request)


def page_title(page: str) -> str:
    """What a page of answers is called at the desk."""
    known = PAGE | {page.key: page for page in (RECHECK, SAFETY_SCRIPT)}
    return known[page].title if page in known else page.capitalize()


def in_words(given: dict[str, Any]) -> list[dict[str, Any]]:
    """[{"section", "rows": [{"label", "values": [str], "alarming": bool}]}] in the order of the questionnaire."""
    if "told" in given:
        return [{"section": _kind_in_words(given), "rows": _told_in_words(given["told"])}]
    sections = []
    for section in ALL_SECTIONS:
        rows = [
            {"label": question.label, "values": values_in_words(question, given[question.name])}
            | {"alarming": question.kind is questionnaire.Kind.SAFETY and given[question.name] != [questionnaire.NONE]}
            for question in section.questions
            if given.get(question.name) not in (None, "", [])
        ]
        if rows:
            sections.append({"section": section.title, "rows": rows})
        given = {name: value for name, value in given.items() if name not in {one.name for one in section.questions}}
    return sections


def _kind_in_words(given: dict[str, Any]) -> str:
    kind = given["told"].get("kind")
    return f"Ticked: {TreatmentKind(kind).label}" if kind in TreatmentKind.values else "Details of a treatment"


def _told_in_words(told: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"label": name.replace("_", " ").capitalize(), "values": value if isinstance(value, list) else [str(value)]}
        for name, value in told.items()
        if value not in (None, "", []) and name != "kind"
    ]


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
    """Return what the rules say and why, what people have decided against them, and what was said before. "" before
    there is an assessment. Two queries."""
    rows = Assessment.objects.filter(lead=lead).defer("snapshot")
    history = list(rows.order_by("-number")[:HISTORY_SHOWN])
    if not history:
        return ""
    now = history[0]
    decided = Override.objects.filter(assessment__lead=lead).defer("assessment__snapshot")
    decided = decided.select_related("assessment", "by", "approved_by", "ended_by")
    made = list(decided.order_by(F("ended_at").desc(nulls_first=True), "-at", "-pk")[:HISTORY_SHOWN])
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
