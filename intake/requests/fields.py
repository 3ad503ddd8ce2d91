"""The fields of the patients' forms: what each kind of question becomes, and how what was typed is cleaned."""

import copy
import re
import unicodedata
from collections.abc import Callable
from datetime import date
from functools import cache
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from crm.fields.partial_dates import BirthdayField, SaidDateField
from crm.fields.text import AddressField, LineField, TelephoneField, TextField
from crm.values import reviewed_text
from crm.values.partial_dates import impossible
from intake.questionnaire import LONGEST_TEXT, Question, QuestionKind, SafetyOption, safety_options

MAX_LINE = 80
HIGHEST_NUMBER = 30
_ZIP = re.compile(r"(\d{5})(?:[ \u2010-\u2015\u2212-]*(\d{4}))?", re.ASCII)


class PastField(SaidDateField):
    """A year, a month or a day that has begun; kept as the person would write it, such as 03/2026. `born`: of whom it
    speaks, where whoever writes may learn that from a refusal."""

    born: date | None = None

    def clean(self, value: Any) -> str:
        said = super().clean(value)
        if said and (why := impossible(*said, today=timezone.localdate(), born=self.born)):
            raise ValidationError(gettext(why))
        return str(said) if said else ""


class ZipField(LineField):
    """Five digits, or nine with or without their hyphen; gives 10001 or 10001-1234."""

    def clean(self, value: Any) -> str:
        typed = unicodedata.normalize("NFKC", super().clean(value))
        parts = _ZIP.fullmatch(typed)
        if typed and not parts:
            raise ValidationError(_("Write the five digits, such as 10001, or leave it empty."), code="invalid")
        return "-".join(filter(None, parts.groups())) if parts else ""


class TickField(forms.MultipleChoiceField):
    """Several boxes, in the order of the questionnaire; `exclusive` cannot stand beside others."""

    def __init__(self, *, exclusive: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.exclusive = exclusive

    def clean(self, value: Any) -> list[str]:
        ticked = set(super().clean(value))
        if self.exclusive in ticked and len(ticked) > 1:
            raise ValidationError(
                gettext("You ticked “%(answer)s” and something else. Choose one.")
                % {"answer": self._label(self.exclusive)}
            )
        return [code for code, _ in self._flat() if code in ticked]

    def _flat(self) -> list[tuple[str, str]]:
        return [(str(code), str(label)) for code, label in self.widget.choices]

    def _label(self, code: str) -> str:
        return dict(self._flat())[code]


class SafetyField(TickField):
    """A block of warning signs: each "yes" or "not sure", or none of them. `items` is what the page shows, below what
    was `asked`."""

    def __init__(self, *, asked: str, items: tuple[SafetyOption, ...], **kwargs: Any) -> None:
        self.asked, self.items = asked, items
        values = [(value, f"{label}: {item.text}") for item in items for value, label in item.options]
        choices = [*values, (kwargs["exclusive"], gettext("None of these"))]
        super().__init__(choices=choices, widget=forms.CheckboxSelectMultiple, **kwargs)


def _choices(question: Question, *, blank: str = "") -> list[tuple[str, str]]:
    return [*([("", blank)] if blank else []), *question.choices]


def _safety(question: Question, common: dict[str, Any]) -> forms.Field:
    missing = {"required": _("Please tick what applies, or “None of these”.")}
    items = safety_options(question.choices)
    label = reviewed_text.plain(question.label)
    return SafetyField(
        asked=question.label,
        items=items,
        exclusive=question.exclusive,
        error_messages=missing,
        **common | {"label": label},
    )


def _one(question: Question, common: dict[str, Any]) -> forms.Field:
    messages = {"required": _("Choose one."), "invalid_choice": _("Choose one of the answers.")}
    field = forms.ChoiceField(choices=_choices(question), widget=forms.RadioSelect, error_messages=messages, **common)
    field.widget.choices = [one for one in _choices(question) if one[0] not in question.former]
    return field


def _many(question: Question, common: dict[str, Any]) -> forms.Field:
    messages = {"required": _("Tick at least one."), "invalid_choice": _("Choose from the answers shown.")}
    return TickField(
        choices=_choices(question),
        exclusive=question.exclusive,
        widget=forms.CheckboxSelectMultiple,
        error_messages=messages,
        **common,
    )


def _select(question: Question, common: dict[str, Any]) -> forms.Field:
    blank = gettext("Choose") if question.required else gettext("Not chosen")
    messages = dict.fromkeys(("required", "invalid_choice"), _("Choose one from the list."))
    return forms.ChoiceField(choices=_choices(question, blank=blank), error_messages=messages, **common)


def _text(question: Question, common: dict[str, Any]) -> forms.Field:
    return LineField(max_length=MAX_LINE, error_messages={"required": _("Please fill this in.")}, **common)


def _email(question: Question, common: dict[str, Any]) -> forms.Field:
    return AddressField(max_length=254, **common)


def _phone(question: Question, common: dict[str, Any]) -> forms.Field:
    return TelephoneField(**common)


def _yes(question: Question, common: dict[str, Any]) -> forms.Field:
    return forms.BooleanField(error_messages={"required": _("Please tick this box to go on.")}, **common)


def _long_text(question: Question, common: dict[str, Any]) -> forms.Field:
    rows = forms.Textarea(attrs={"rows": 4, "maxlength": LONGEST_TEXT})
    return TextField(max_length=LONGEST_TEXT, widget=rows, **common)


def _date(question: Question, common: dict[str, Any]) -> forms.Field:
    return BirthdayField(error_messages={"required": _("Please fill this in.")}, **common)


def _rough_date(question: Question, common: dict[str, Any]) -> forms.Field:
    return PastField(max_length=20, **common)


def _number(question: Question, common: dict[str, Any]) -> forms.Field:
    odd = gettext("Write a number between 0 and %(most)d, such as 7.2.") % {"most": HIGHEST_NUMBER}
    messages = {"invalid": odd, "min_value": odd, "max_value": odd}
    return forms.FloatField(min_value=0, max_value=HIGHEST_NUMBER, error_messages=messages, **common)


def _zip(question: Question, common: dict[str, Any]) -> forms.Field:
    return ZipField(**common)


FIELD_OF: dict[QuestionKind, Callable[[Question, dict[str, Any]], forms.Field]] = {
    QuestionKind.SAFETY: _safety,
    QuestionKind.ONE: _one,
    QuestionKind.SCALE: _one,
    QuestionKind.MANY: _many,
    QuestionKind.SELECT: _select,
    QuestionKind.TEXT: _text,
    QuestionKind.EMAIL: _email,
    QuestionKind.PHONE: _phone,
    QuestionKind.YES: _yes,
    QuestionKind.LONG_TEXT: _long_text,
    QuestionKind.DATE: _date,
    QuestionKind.ROUGH_DATE: _rough_date,
    QuestionKind.NUMBER: _number,
    QuestionKind.ZIP: _zip,
}


def field_for(question: Question) -> forms.Field:
    """Return a form's own field for a question in the visitor's language. Templates find `why` and `ends` on it.

    Made once and copied only as deep as pages write into it: Django's own copies take the list of states along, and
    making anew or copying thirty fields would take a third of the time in which a request is answered.
    """
    field = copy.copy(_field(question, get_language() or ""))
    field.widget = copy.copy(field.widget)
    field.widget.attrs = dict(field.widget.attrs)
    return field


@cache
def _field(question: Question, language: str) -> forms.Field:
    """Return a new field. `question` is in `language` already; its messages are made in it too."""
    common = {"label": question.label, "required": question.required, "help_text": question.help}
    field = FIELD_OF[question.kind](question, common)
    field.why, field.ends = question.why, question.ends  # type: ignore[attr-defined]
    if question.autocomplete:
        field.widget.attrs["autocomplete"] = question.autocomplete
    return field
