"""The form of a draft: the head of a sequence, and one row a step."""

from operator import itemgetter
from typing import Any

from django import forms
from django.forms import formset_factory

from crm.enums.leads import TRIGGERS, Stage
from crm.fields.text import LineField
from crm.followups import conditions
from crm.mail import templates as mail_templates
from crm.models import SequenceVersion
from crm.sequences import words
from crm.sequences.definition import DATES, MOST_STEPS, Definition, Do, Purpose, write_delay

_EMPTY = ("", "—")
_ON = {"recheck_on": "the day of the re-check", "wake_up_on": "the day on which the insurer's time is reached"}
SPARE_ROWS = 3


def _named(names: Any) -> list[tuple[str, str]]:
    return [(name, str(name).replace("_", " ")) for name in names]


class HeadForm(forms.Form):
    title = LineField(max_length=80)
    purpose = forms.ChoiceField(choices=_named(Purpose))
    trigger = forms.ChoiceField(label="Begins on", choices=[(event, words.TRIGGERS[event]) for event in TRIGGERS])
    when = forms.MultipleChoiceField(label="If all of these hold", required=False, widget=forms.CheckboxSelectMultiple)
    stops = forms.MultipleChoiceField(label="Ends when one holds", required=False, widget=forms.CheckboxSelectMultiple)
    on_resume = forms.ChoiceField(label="After a pause", choices=list(words.ON_RESUME.items()))
    note = LineField(label="What was changed, and why", max_length=200, required=False)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)  # what the draft held when the page was made

    def __init__(self, data: Any, *, definition: Definition, seen: str) -> None:
        told = definition.model_dump(mode="json") | {"seen": seen}
        super().__init__(data, initial={name: told.get(name) for name in self.base_fields})
        for name in ("when", "stops"):
            known = [(one, words.condition(one)) for one in conditions.known() | set(told[name])]
            self.fields[name].choices = sorted(known, key=itemgetter(1))  # type: ignore[attr-defined]


class StepForm(forms.Form):
    key = forms.SlugField(label="Name", max_length=40, help_text="Stays the same in every version.")
    do = forms.ChoiceField(label="What", choices=_named(Do), initial=Do.MAIL.value)
    after = forms.CharField(label="After", max_length=6, initial="1d", help_text="2h, 3d, 2w")
    on = forms.ChoiceField(label="Or on", required=False, choices=[_EMPTY, *((name, _ON[name]) for name in DATES)])
    other_daypart = forms.BooleanField(label="Other half of the day", required=False)
    text = forms.ChoiceField(label="Text of the mail", required=False)
    title = LineField(label="Title of the task", max_length=100, required=False)
    to = forms.ChoiceField(label="To stage", required=False, choices=[_EMPTY, *Stage.choices])
    purpose = forms.ChoiceField(label="Purpose", required=False, choices=[("", "as the sequence"), *_named(Purpose)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].choices = [_EMPTY, *_named(mail_templates.names())]  # type: ignore[attr-defined]

    def clean_key(self) -> str:
        return str(self.cleaned_data["key"]).lower().replace("-", "_")


_Rows = formset_factory(StepForm, extra=SPARE_ROWS, max_num=MOST_STEPS, can_delete=True)


class StepForms(_Rows):  # type: ignore[misc, valid-type]  # made by a factory
    def __init__(self, data: Any, *, definition: Definition) -> None:
        rows = [
            step.model_dump(mode="json") | {"after": write_delay(step.after), "purpose": step.purpose or ""}
            for step in definition.steps
        ]
        super().__init__(data, initial=rows, prefix="steps")

    @property
    def told(self) -> list[dict[str, Any]]:
        """Return the steps that are filled in and not taken out, as a definition takes them. Call when valid."""
        return [
            {name: value for name, value in form.cleaned_data.items() if name != "DELETE" and value not in ("", False)}
            for form in self.forms
            if form.has_changed() or form.initial
            if form.cleaned_data.get("key") and not form.cleaned_data.get("DELETE")
        ]


def body_from(version: SequenceVersion, head: HeadForm, steps: StepForms) -> dict[str, Any]:
    """Return the body of a definition from two valid forms."""
    told = {name: value for name, value in head.cleaned_data.items() if name not in {"note", "seen"}}
    return {"key": version.key, **told, "steps": steps.told}
