"""The fields into which people type, cleaned alike on every form: what cannot be seen is taken out first, and what is
then empty counts as nothing typed."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from crm import normalise

MOST_TYPED = 1_000  # characters of one line, blanks and all, before it is cleaned


def refuse_endless(value: Any, *, most: int = MOST_TYPED) -> None:
    """Before anything else: cleaning takes the longer the longer a text is, quadratically so with combining marks."""
    if value and len(str(value)) > most:
        raise ValidationError(_("This is too long. Please write less."), code="max_length")


class LineField(forms.CharField):
    """One line: control and reordering characters are taken out before the length is judged."""

    def to_python(self, value: Any) -> str:
        refuse_endless(value)
        return normalise.one_line(super().to_python(value) or "")


class TextField(forms.CharField):
    """Several lines: control and reordering characters are taken out, the end of a line stays and counts once."""

    def to_python(self, value: Any) -> str:
        refuse_endless(value, most=4 * (self.max_length or MOST_TYPED))
        return normalise.several_lines(super().to_python(value) or "")
