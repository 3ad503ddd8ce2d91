"""What a page showed when it was opened goes along with its form, so that only what was changed on it is written."""

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from intake.assessment.answer_history import NO_ANSWERS
from intake.questionnaire import is_asked_anew

_MEANWHILE = _("Meanwhile this was changed to “%(answer)s”. Store again to put yours in its place.")


class ShownForm(forms.Form):
    """A form that carries along what it showed. What was not touched is neither judged nor written."""

    page: str = ""
    shown = forms.CharField(required=False, widget=forms.HiddenInput)

    @cached_property
    def first(self) -> dict[str, Any] | None:
        """Return what the page showed at first, by question; None when it carries nothing along. What is asked anew was
        never shown, whatever a browser says."""
        try:
            shown = json.loads(self.data.get("shown") or "null")
        except (ValueError, RecursionError):
            return None
        if not isinstance(shown, dict):
            return None
        return {name: value for name, value in shown.items() if not is_asked_anew(self.page, name)}

    def full_clean(self) -> None:
        """Judge nothing that was not touched: it stays as it is, whatever this page can show of it."""
        super().full_clean()
        for name in [name for name in self.errors if name in self.fields and self._stays(name)]:
            del self.errors[name]

    def _stays(self, name: str) -> bool:
        shows = bool(plainly((self.first or {}).get(name)))
        return not self.is_touched(name) and (shows or not self.fields[name].required)

    def is_touched(self, name: str) -> bool:
        """Return whether somebody has changed this answer since the page was opened."""
        typed = self.fields[name].widget.value_from_datadict(self.data, self.files, self.add_prefix(name))
        return plainly(typed) != plainly(self._as_displayed(name, (self.first or {}).get(name)))

    def _as_displayed(self, name: str, value: Any) -> Any:
        """Return an answer as the page gives it back untouched: a choice that has left its list is not on it."""
        field = self.fields[name]
        if not isinstance(field, forms.ChoiceField):
            return field.prepare_value(value)
        several = value if isinstance(value, list) else [value]
        return [one for one in several if one not in NO_ANSWERS and field.valid_value(one)]

    def show_newer(self, newer: Mapping[str, Any], stands: Mapping[str, Any]) -> None:
        """Put what is newer on record beside what was typed, for the person to choose; the next press knows both.
        Whatever was not touched shows what stands there now."""
        data = cast(QueryDict, self.data).copy()
        for name in self.fields.keys() & ((self.first or {}).keys() | stands.keys()):
            if not self.is_touched(name):
                data.setlist(name, self._back(name, stands.get(name)))
        for name, answer in newer.items():
            self.add_error(name, _MEANWHILE % {"answer": self._in_words(name, answer)})
        data["shown"] = json.dumps(dict(stands))
        self.data = data
        self.__dict__.pop("first", None)

    def _back(self, name: str, value: Any) -> list[str]:
        displayed = self._as_displayed(name, value)
        several = displayed if isinstance(displayed, list) else [displayed]
        return [str(one) for one in several if one not in NO_ANSWERS]

    def _in_words(self, name: str, answer: Any) -> str:
        labels = {str(code): str(words) for code, words in getattr(self.fields[name], "choices", ())}
        return ", ".join(labels.get(one, one) for one in self._back(name, answer)) or gettext("no answer")


def plainly(answer: Any) -> list[str]:
    """Return an answer for comparing: as text, in any order, without blanks around it or kinds of line ends."""
    several = answer if isinstance(answer, list | tuple) else [answer]
    return sorted(str(one).replace("\r\n", "\n").strip() for one in several if one not in NO_ANSWERS)
