"""Warning signs in words: `{{ assessment.signs|signs_in_words }}`."""

from collections.abc import Iterable

from django import template

from intake import signs

register = template.Library()


@register.filter
def signs_in_words(named: Iterable[str]) -> str:
    """Return "You lost weight without trying (B2), …" for ["B2", …]."""
    return ", ".join(map(signs.in_words, named))
