"""The questionnaire in the visitor's language.

The data stay English, so that what is stored and what staff read never depends on who asked. Warning signs stay English
here too: crm/values/reviewed_text.py shows them, because an unchecked translation must not stand alone.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import cache

from django.utils.translation import get_language, gettext

from intake.questionnaire import Choices, Page, Question, QuestionKind, Section


def section(english: Section) -> Section:
    """Return a section with every text in the language of this request."""
    return _section(english, get_language() or "")


def page(english: Page) -> Page:
    """Return a page of the second step with every text in the language of this request."""
    sections = tuple(section(one) for one in english.sections)
    return replace(english, title=said(english.title), intro=said(english.intro), sections=sections)


def choices(pairs: Iterable[tuple[str, object]]) -> Choices:
    """Return answers with their words in the language of this request; their codes stay."""
    return tuple((code, said(str(label))) for code, label in pairs)


def said(text: str) -> str:
    """Return gettext's words, but nothing for nothing: the empty text's translation is the catalog's head."""
    return gettext(text) if text else ""


@cache
def _section(english: Section, language: str) -> Section:
    """Return a section in the active language. `language` is but the key under which this is kept; gettext knows it."""
    questions = tuple(_question(one) for one in english.questions)
    texts = {name: said(getattr(english, name)) for name in ("title", "intro", "why")}
    return replace(english, questions=questions, **texts)


def _question(english: Question) -> Question:
    told = replace(english, help=said(english.help), why=said(english.why))
    if english.kind is QuestionKind.SAFETY:
        return told
    ends = (said(english.ends[0]), said(english.ends[1]))
    return replace(told, label=said(english.label), choices=choices(english.choices), ends=ends)
