"""Answers as people read them, in the language in force: at the desk, on papers, and in a person's own copy."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext

from crm.enums.treatment_kinds import name_of
from crm.values import reviewed_text, telephone
from intake import questionnaire
from intake.assessment import answer_history
from intake.questionnaire import NONE, PAGE, PAGES, RECHECK, SAFETY_SCRIPT, SIGNS, Question, QuestionKind, localize
from intake.questionnaire.localize import said
from intake.requests import treatment_form
from intake.rules import derived_signs

ALL_SECTIONS = [*questionnaire.STEP_ONE, *(section for page in (*PAGES, RECHECK) for section in page.sections)]
_MARKS = {"treatment", "columns", "kind", "start"}  # which row it became, and how


def page_title(page: str) -> str:
    """Return what a page of answers is called."""
    known = PAGE | {page.key: page for page in (RECHECK, SAFETY_SCRIPT)}
    if page == answer_history.TRIED:
        return gettext("Treatments you tried")
    return said(known[page].title) if page in known else page.capitalize()


def in_words(given: dict[str, Any]) -> list[dict[str, Any]]:
    """Return [{"section", "rows": [{"name", "label", "values": [str], "alarming": bool}]}] in the questionnaire's
    order; without "name" and "alarming" for a page about a treatment."""
    if "told" in given:
        return [{"section": _kind_in_words(given), "rows": _told_in_words(given["told"])}]
    sections, telling = [], derived_signs.telling(given)
    for section in map(localize.section, ALL_SECTIONS):
        rows = [
            {
                "name": question.name,
                "label": _asked(question),
                "values": values_in_words(question, given[question.name]),
            }
            | {"alarming": _is_sign(question, given[question.name]) or question.name in telling}
            for question in section.questions
            if given.get(question.name) not in (None, "", [])
        ]
        if rows:
            sections.append({"section": section.title, "rows": rows})
        given = {name: value for name, value in given.items() if name not in {one.name for one in section.questions}}
    return sections


def questions_in_words(given: dict[str, Any]) -> list[dict[str, Any]]:
    """Return [{"question", "answer": [str]}]; what has left the questionnaire ends the list, as stored."""
    rows = [row for section in in_words(given) for row in section["rows"]]
    known = {question.name for section in ALL_SECTIONS for question in section.questions}
    left = {} if "told" in given else {name: given[name] for name in given if name not in known | _MARKS}
    gone = [{"label": name, "values": _listed(value)} for name, value in left.items() if value not in (None, "", [])]
    return [{"question": row["label"], "answer": row["values"]} for row in (*rows, *gone)]


def values_in_words(question: Question, value: Any) -> list[str]:
    """Return a stored value as a person would read it; codes that have since left the questionnaire stay as they
    are."""
    if isinstance(value, bool):
        return [_yes_or_no(value)]
    return [_one_in_words(question, code) for code in _listed(value)]


def sign_in_words(sign: str) -> str:
    """Return a warning sign as the patient read it: "B5", or "unsure_B5" when they were not sure."""
    answer, _, code = sign.rpartition("_")
    words = {"": gettext("Yes"), "unsure": gettext("Not sure"), "declined": gettext("Preferred not to say")}
    return f"{words[answer]}: {reviewed_text.plain(SIGNS[code])}" if code in SIGNS and answer in words else sign


def _is_sign(question: Question, value: Any) -> bool:
    return question.kind is QuestionKind.SAFETY and value != [NONE]


def _asked(question: Question) -> str:
    return reviewed_text.plain(question.label) if question.kind is QuestionKind.SAFETY else question.label


def _one_in_words(question: Question, code: str) -> str:
    if question.kind is QuestionKind.SAFETY:
        return gettext("None of these") if code == NONE else sign_in_words(code)
    if question.kind is QuestionKind.SCALE:
        return gettext("%(rating)s of 10") % {"rating": code}
    if question.kind is QuestionKind.PHONE:
        return telephone.in_words(code)
    return dict(question.choices).get(code, code)


def _kind_in_words(given: dict[str, Any]) -> str:
    kind = given["told"].get("kind")
    return gettext("Ticked: %(kind)s") % {"kind": said(name_of(kind))} if kind else gettext("Details of a treatment")


def _told_in_words(told_then: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"label": label, "values": values}
        for name, value in told_then.items()
        if value not in (None, "", []) and name != "kind"
        for label, values in [_one_told(name, value)]
    ]


def _one_told(name: str, value: Any) -> tuple[str, list[str]]:
    """Return the question of the treatment's page and its answer. A question that has left the page stays as it was
    stored."""
    if name == "not_tried":
        return gettext("I did not have this"), [_yes_or_no(value)]
    field = treatment_form.ToldForm.base_fields.get(name)
    if field is None:
        return name.replace("_", " ").capitalize(), _listed(value)
    words = {str(code): str(label) for code, label in _choices(field)}
    return str(field.label), [words.get(code, code) for code in _listed(value)]


def _choices(field: forms.Field) -> Iterable[tuple[Any, Any]]:
    return getattr(field, "choices", ())


def _listed(value: Any) -> list[str]:
    return [str(one) for one in (value if isinstance(value, list) else [value])]


def _yes_or_no(value: Any) -> str:
    return gettext("Yes") if value else gettext("No")
