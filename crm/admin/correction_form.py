"""Forms of the desk about rows that a colleague may be correcting too: what is older than its row is refused once."""

from collections.abc import Callable, Collection
from typing import Any, cast

from django import forms
from django.http import QueryDict

from crm.values import normalize


def keep_stored_choice(field: forms.Field, stored: Any) -> None:
    """Let a choice that has left the list stand as it was stored: a page that is saved unchanged changes nothing."""
    if not isinstance(field, forms.ChoiceField) or isinstance(field, forms.ModelChoiceField):
        return
    for value in stored if isinstance(stored, list) else [stored]:
        if value not in (None, "") and not field.valid_value(value):
            field.choices = [*field.choices, (value, value)]  # type: ignore[misc]  # choices may be groups


def columns_of(parts: dict[str, list[str]], *, besides: Collection[str] = ()) -> list[str]:
    """Return the names of a form's fields, given under their headings, without those that are no column."""
    return [name for names in parts.values() for name in names if name not in besides]


class CorrectionForm(forms.ModelForm):
    """A form about a row that a colleague may be correcting too. It carries along what it showed at first.

    So it knows which fields this person changed, and the rest stays as the colleague has left it meanwhile.
    """

    def __init__(self, *args: Any, colleague: Callable[[], str] = lambda: "somebody else", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._ask_who, self.colleague, self.also_changed = colleague, "", list[str]()
        for name, field in self.fields.items():
            field.show_hidden_initial = not self.instance._state.adding
            keep_stored_choice(field, self.get_initial_for_field(field, name))

    def full_clean(self) -> None:
        """Judge nothing anew that was not touched: it stays as it stands, whatever the page can show of it."""
        super().full_clean()
        for name in [name for name in self.errors if name in self.fields and self._is_untouched(name)]:
            del self.errors[name]

    def _is_untouched(self, name: str) -> bool:
        hidden = self[name].html_initial_name
        return hidden in self.data and self._said(self[name].html_name) == self._said(hidden)

    def clean(self) -> dict[str, Any]:
        """Refuse what two have changed: whoever comes second sees what the first one wrote, and decides."""
        data = super().clean() or {}
        self._clean_words(data)
        changed = self._changed_meanwhile()
        self.colleague = self._ask_who() if changed else ""
        for name in changed:
            if name in self.changed_data and self._said(self[name].html_name) != self._stands(name):
                self._refuse_once(name)
            else:
                self.also_changed.append(str(self[name].label).lower())
        return data

    def _clean_words(self, data: dict[str, Any]) -> None:
        """Clean what was typed as crm/fields/text.py does on the other forms."""
        for name, field in self.fields.items():
            typed = data.get(name)
            if type(field) is not forms.CharField or not typed:
                continue
            is_long = isinstance(field.widget, forms.Textarea)
            data[name] = normalize.several_lines(typed) if is_long else normalize.one_line(typed)
            if field.required and not data[name]:
                self.add_error(name, field.error_messages["required"])

    def _get_validation_exclusions(self) -> set[str]:
        """Exclude from the model's checks what was not changed: a word that has left its list may stay."""
        untouched: set[str] = set() if self.instance._state.adding else set(self.fields) - set(self.changed_data)
        return super()._get_validation_exclusions() | untouched  # type: ignore[misc]  # Django's own

    def _changed_meanwhile(self) -> list[str]:
        """Return which fields no longer hold what the page showed; none when the form does not say what it showed."""
        names = {name: self[name].html_initial_name for name in self.fields}
        if not any(hidden in self.data for hidden in names.values()):
            return []
        return [name for name, hidden in names.items() if self._said(hidden) != self._stands(name)]

    def _said(self, key: str) -> list[str]:
        return [str(one) for one in self._sent.getlist(key) if one]

    @property
    def _sent(self) -> QueryDict:
        """Return what was sent; forms of the desk are never filled from anything but a QueryDict."""
        return cast(QueryDict, self.data)

    def _stands(self, name: str) -> list[str]:
        """Return what the row holds now in this field, as the page would show it."""
        field = self.fields[name]
        shown = field.prepare_value(self.get_initial_for_field(field, name))
        return [str(one) for one in (shown if isinstance(shown, list | tuple) else [shown]) if one not in (None, "")]

    def _refuse_once(self, name: str) -> None:
        """Refuse, beside the field, what a colleague changed; the next attempt knows their value and replaces it."""
        labels = {str(code): str(words) for code, words in getattr(self.fields[name], "choices", ())}
        words = ", ".join(labels.get(one, one) for one in self._stands(name)) or "nothing"
        self.add_error(
            name, f"Meanwhile {self.colleague} changed this to “{words}”. Save again to put yours in its place."
        )
        known = self._sent.copy()
        known.setlist(self[name].html_initial_name, self._stands(name))
        self.data = known

    def saved(self, words: str) -> str:
        """Return what was saved, and what somebody else had changed meanwhile."""
        if not self.also_changed:
            return words
        return f"{words} Meanwhile {self.colleague} changed: {', '.join(self.also_changed)}. That stands too."

    def changes(self) -> dict[str, Any]:
        """Return the cleaned fields that were changed on the page. Call when valid."""
        return {name: self.cleaned_data[name] for name in self.changed_data if not self._is_untouched(name)}


class ReplacingForm(forms.Form):
    """A form that becomes a row which may be there already. It carries along which version of that row it showed."""

    version = forms.CharField(required=False, widget=forms.HiddenInput)

    def refuse_if_older(self, version: str, words: str) -> bool:
        """Refuse once what would go over a version that the page had not shown, and say what stands there.

        `version` "": there is no such row yet. A form that carries nothing along claims nothing.
        """
        if "version" not in self.data or not version or self.cleaned_data["version"] >= version:
            return False
        self.add_error(None, f"{words} Save again to put yours in its place.")
        known = cast(QueryDict, self.data).copy()
        known["version"] = version
        self.data = known
        return True
