"""Write docs/red-flags.md, the table of what each answer on the private page tells: python -m script.red_flags_page"""

import sys
from collections.abc import Iterator
from pathlib import Path

from intake.questionnaire import PAGES, RECHECK, SIGNS, STEP_ONE, Page, Question
from intake.questionnaire.red_flags import ASKED_AS_SIGNS, LOOK_RULES, NOTHING, SIGN_RULES, LookRule, Part, SignRule

FILE = Path(__file__).resolve().parents[1] / "docs" / "red-flags.md"
HEAD = """# What an answer tells beside itself

For clinicians: every question of every topic on the private page, and the warning sign that its answers tell. Made from
`intake/questionnaire/red_flags.py` by `python -m script.red_flags_page`; a test compares them. Why it is so stands in
[decision 30](decisions/0030-heard-in-every-place.md). **A physician has to approve this table before the product is
used with patients.**

A sign of block A brings the emergency page at once. "A look" asks a clinician to look and changes no outcome.
"""


def page() -> str:
    """Return the whole page."""
    topics = "\n".join("\n".join(_topic(one)) for one in (*PAGES, RECHECK))
    signs = "\n".join(f"- {code}: {text}" for code, text in SIGNS.items())
    return f"{HEAD}\n{topics}\n## The signs\n\n{signs}\n"


def _topic(topic: Page) -> Iterator[str]:
    yield f"## {topic.title}\n\n| question | what it tells |\n|---|---|"
    yield from (f"| {one.label} | {' · '.join(_meanings(one))} |" for one in topic.questions)
    yield ""


def _meanings(question: Question) -> list[str]:
    if question.name in ASKED_AS_SIGNS:
        return ["the signs themselves"]
    told = [_told(rule, question) for rule in SIGN_RULES if question.name in rule.questions]
    looks = [_look(rule, question) for rule in LOOK_RULES if rule.question == question.name]
    settles = [rule.words for rule in LOOK_RULES if question.name in rule.settled_by]
    settled = [f"once answered, no look for: {'; '.join(settles)}"] if settles else []
    return [*told, *looks, *settled] or [f"nothing ({NOTHING[question.name].lower()})"]


def _told(rule: SignRule, question: Question) -> str:
    own = next(part for part in rule.parts if part.question == question.name)
    others = [_label(part) for part in rule.parts if part is not own]
    beside = f", with {' and '.join(others)} on the same page" if others else ""
    instead = f", unless {rule.unless} is told" if rule.unless else ""
    return f"**{rule.sign}**: {_answers(question, own)}{beside}{instead}"


def _look(rule: LookRule, question: Question) -> str:
    answers = _quoted(question, rule.answers) if rule.answers else "whatever is written"
    beside = f", with {_label(rule.beside)}" if rule.beside else ""
    open_ = ", while not answered: " + " or ".join(f"“{_label_of(name)}”" for name in rule.settled_by)
    return f"**a look**: {answers}{beside}{open_ if rule.settled_by else ''}"


def _answers(question: Question, part: Part) -> str:
    unsure = f"; not sure: {_quoted(question, part.unsure)}" if part.unsure else ""
    return f"{_quoted(question, part.sure)}{unsure}"


def _quoted(question: Question, answers: frozenset[str]) -> str:
    return ", ".join(f"“{label}”" for code, label in question.choices if code in answers)


def _label(part: Part) -> str:
    question = _QUESTIONS[part.question]
    return f"“{question.label}” {_answers(question, part)}"


def _label_of(name: str) -> str:
    return _QUESTIONS[name].label


def _all() -> Iterator[Question]:
    yield from (question for section in STEP_ONE for question in section.questions)
    yield from (question for topic in (*PAGES, RECHECK) for question in topic.questions)


_QUESTIONS = {question.name: question for question in _all()}


if __name__ == "__main__":
    FILE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{FILE} is written.\n")
