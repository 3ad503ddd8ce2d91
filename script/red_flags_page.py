"""Write docs/red-flags.md, the table of what each answer on the private page tells: python -m script.red_flags_page"""

import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import django
from django import forms

from intake.questionnaire import PAGES, RECHECK, SIGNS, STEP_ONE, Choices, Question, QuestionKind
from intake.questionnaire.red_flags import (
    ASKED_ANEW,
    ASKED_AS_SIGNS,
    LOOK_RULES,
    NOTHING,
    NOTHING_OF_TREATMENTS,
    SIGN_RULES,
    LookRule,
    SignAnswers,
    SignRule,
)
from script import made_up_settings

# Worked out from the kind of a treatment and from when it was.
INJECTED = Question(
    "injected",
    QuestionKind.ONE,
    "When did it begin?",
    (("recent", "an injection in the three months before it was told"), ("unknown", "an injection, date not said")),
)
FILE = Path(__file__).resolve().parents[1] / "docs" / "red-flags.md"
HEAD = """# What an answer tells beside itself

For clinicians: every question on the private page, treatments included, and the warning sign that its answers tell.
Made from `intake/questionnaire/red_flags.py` by `python -m script.red_flags_page`; a test compares them. Why it is so
stands in [decision 30](decisions/0030-heard-in-every-place.md). **A physician has to approve this table before the
product is used with patients.**

A sign of block A brings the emergency page at once. "A look" asks a clinician to look and changes no outcome.
"""
OF_INJECTIONS = """The page about an injection asks "When was it?" in place of "When did it begin?", and not why it
stopped. "It made the pain worse" counts where it was told of one before that.
"""


def page() -> str:
    """Return the whole page."""
    topics = "\n".join("\n".join(_topic(one.title, one.questions)) for one in (*PAGES, RECHECK))
    treatments = "\n".join(_topic("Treatments you tried", treatment_questions()))
    signs = "\n".join(f"- {code}: {text}" for code, text in SIGNS.items())
    return f"{HEAD}\n{topics}\n{treatments}\n{OF_INJECTIONS}\n## The signs\n\n{signs}\n"


def treatment_questions() -> list[Question]:
    """Return what the pages about treatments ask, as questions."""
    from intake.requests.treatment_form import PickForm, ToldForm

    fields = {**PickForm.base_fields, **ToldForm.base_fields}
    return [
        Question(name, QuestionKind.ONE, str(field.label), _choices(field))
        for name, field in fields.items()
        if name not in {"submission_id", "shown"}
    ]


def _choices(field: forms.Field) -> Choices:
    return tuple((str(code), str(label)) for code, label in getattr(field, "choices", ()))


def _topic(title: str, questions: Iterable[Question]) -> Iterator[str]:
    yield f"## {title}\n\n| question | what it tells |\n|---|---|"
    yield from (f"| {one.label} | {' · '.join(_meanings(one))} |" for one in questions)
    yield ""


def _meanings(question: Question) -> list[str]:
    if question.name in ASKED_AS_SIGNS:
        return ["the signs themselves"]
    signs = [_told(rule, question) for rule in SIGN_RULES if question.name in rule.questions]
    looks = [_look(rule, question) for rule in LOOK_RULES if (rule.asked_as or rule.question) == question.name]
    settles = [rule.words for rule in LOOK_RULES if question.name in rule.settled_by]
    what = " what was told on that page or before" if question.name in ASKED_ANEW else ""
    settled = [f"once answered, no look for{what}: {'; '.join(settles)}"] if settles else []
    nothing = NOTHING | NOTHING_OF_TREATMENTS
    return [*signs, *looks, *settled] or [f"nothing ({nothing[question.name].lower()})"]


def _told(rule: SignRule, question: Question) -> str:
    own = next(part for part in rule.parts if part.question == question.name)
    others = [_label(part) for part in rule.parts if part is not own]
    beside = f", with {' and '.join(others)} on the same page" if others else ""
    instead = f", unless {rule.unless} is told" if rule.unless else ""
    return f"**{rule.sign}**: {_answers(question, own)}{beside}{instead}"


def _look(rule: LookRule, question: Question) -> str:
    written = rule.words if rule.asked_as else "whatever is written"
    answers = _quoted(question, rule.answers) if rule.answers else written
    beside = f", with {_label(rule.beside)}" if rule.beside else ""
    open_ = ", while not answered: " + " or ".join(map(_condition, rule.settled_by))
    return f"**a look**: {answers}{beside}{open_ if rule.settled_by else ''}"


def _condition(name: str) -> str:
    """Return the condition in words; a question about the last weeks or months says nothing about what is told
    later."""
    return f"“{_label_of(name)}”{' on that page or after it' if name in ASKED_ANEW else ''}"


def _answers(question: Question, part: SignAnswers) -> str:
    unsure = f"; not sure: {_quoted(question, part.unsure)}" if part.unsure else ""
    return f"{_quoted(question, part.sure)}{unsure}"


def _quoted(question: Question, answers: frozenset[str]) -> str:
    return ", ".join(f"“{label}”" for code, label in question.choices if code in answers)


def _label(part: SignAnswers) -> str:
    question = named(part.question)
    return f"“{question.label}” {_answers(question, part)}"


def _label_of(name: str) -> str:
    return named(name).label


def _all() -> Iterator[Question]:
    yield from (question for section in STEP_ONE for question in section.questions)
    yield from (question for topic in (*PAGES, RECHECK) for question in topic.questions)


@cache
def named(name: str) -> Question:
    """Return a question of any page by its name."""
    return {one.name: one for one in (*_all(), *treatment_questions(), INJECTED)}[name]


if __name__ == "__main__":
    made_up_settings.use()
    django.setup()
    FILE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{FILE} is written.\n")
