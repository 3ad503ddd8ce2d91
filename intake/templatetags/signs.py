"""Codes of the rules in words: `{{ assessment.signs|signs_in_words }}`, `{{ reason.text|codes_in_words }}`."""

import re
from collections.abc import Iterable

from django import template

from crm.enums.treatment_kinds import TreatmentKind
from intake.assessment import signs
from intake.questionnaire import SIGNS

register = template.Library()

_WORDS = SIGNS | {kind.value: str(kind.label) for kind in TreatmentKind}
_CODE = rf"(?:{'|'.join(sorted(_WORDS, key=len, reverse=True))})"
_LISTED = re.compile(rf"\b{_CODE}(?:, {_CODE})*\b")


@register.filter
def signs_in_words(named: Iterable[str]) -> str:
    """Return "You lost weight without trying (B2), …" for ["B2", …]."""
    return ", ".join(map(signs.in_words, named))


@register.filter
def codes_in_words(text: str) -> str:
    """Return a reason of the rules with the codes of signs and treatments in it in words; those of a list are told
    apart by semicolons, because their words have commas."""
    return _LISTED.sub(lambda listed: "; ".join(_WORDS[code] for code in listed[0].split(", ")), text)
