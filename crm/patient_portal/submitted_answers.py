"""What was sent from a form, as question and answer."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext

from crm.registry import Reader


def of_fields(fields: Mapping[str, forms.Field]) -> Reader:
    """Return a reader (crm/registry) of these fields, without those that nobody sees."""

    def read(name: str, values: list[str]) -> tuple[str, str] | None:
        field = fields.get(name)
        if field is None or field.widget.is_hidden:
            return None
        return str(field.label), ", ".join(_answer(field, value) for value in values if value)

    return read


def _answer(field: forms.Field, value: str) -> str:
    if isinstance(field, forms.BooleanField):
        return gettext("Yes")
    return _words(getattr(field, "choices", ())).get(value, value)


def _words(choices: Any) -> dict[str, str]:
    """Return {code: words} of choices, in groups or not."""
    found: dict[str, str] = {}
    for code, words in choices:
        found |= _words(words) if isinstance(words, (list, tuple)) else {str(code): str(words)}
    return found
