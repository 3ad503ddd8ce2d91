"""The form in which staff add or correct a treatment. crm/leads/treatments.py judges what its columns say."""

from typing import Any

from django import forms

from crm.admin.correction_form import CorrectionForm, columns_of
from crm.enums.treatment_kinds import grouped_choices
from crm.enums.treatments import DatePrecision, SideEffect, Source, TreatmentGroup, TreatmentStatus, Unsure
from crm.errors import TreatmentRefused
from crm.fields.partial_dates import SaidDate, SaidDateField, SpanField
from crm.leads.versions_in_words import disputes_in_words
from crm.models import Treatment

_ONE_QUESTION = {"status", "ongoing", "end_date", "end_precision"}  # what is told of one answers the others

# The fields under their headings.
PARTS = {
    "What": ["kind", "kind_other", "drug_name"],
    "When": ["start", "status", "end", "stop_reason", "sessions", "per_week"],
    "What it did": [
        "relief_percent",
        "relief_duration_days",
        "relief_still_present",
        "function_change",
        "side_effects",
        "side_effects_text",
        "unsure_of",
    ],
    "Injections": ["body_region", "side", "level", "guidance"],
    "Who gave it": [
        "directed_by_clinician",
        "setting",
        "provider_type",
        "provider_name",
        "facility",
        "provider_phone",
    ],
    "Records": ["source", "documentation"],
}


class TreatmentForm(CorrectionForm):
    """Everything domain knowledge asks of a treatment; only the kind is required."""

    kind = forms.ChoiceField(choices=[("", "Choose …"), *grouped_choices()], label="Treatment")
    start = SaidDateField(required=False, label="Began", help_text="2026, 03/2026 or 03/15/2026")
    status = forms.ChoiceField(
        choices=[("", "Not said"), *TreatmentStatus.choices], required=False, label="Does it go on, or how did it end?"
    )
    end = SaidDateField(required=False, label="Ended", help_text="Leave empty if it goes on.")
    relief_duration_days = SpanField(required=False, label="Relief lasted", help_text="Such as 3 weeks; 0: none.")
    directed_by_clinician = forms.NullBooleanField(
        required=False,
        label="Directed by a clinician",
        widget=forms.NullBooleanSelect(),
        help_text="Insurers ask for this.",
    )
    side_effects = forms.MultipleChoiceField(
        choices=SideEffect.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    unsure_of = forms.MultipleChoiceField(
        choices=Unsure.choices, required=False, widget=forms.CheckboxSelectMultiple, label="Asked, and not sure"
    )
    source = forms.ChoiceField(choices=Source.choices, initial=Source.COORDINATOR, label="Who says so")

    class Meta:
        model = Treatment
        fields = columns_of(PARTS, besides={"start", "end"})
        labels = {
            "kind_other": "In other words",
            "drug_name": "Name of the drug",
            "per_week": "Times a week",
            "relief_percent": "Relief, percent",
            "relief_still_present": "The relief is still there",
            "function_change": "Everyday life got",
            "side_effects_text": "Side effects, in words",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.group == TreatmentGroup.INJECTION:
            self.fields["start"].label, self.fields["status"].label = "When was it?", "Did it take place?"
        for end in ("start", "end"):
            day = getattr(self.instance, f"{end}_date")
            if day:
                self.initial[end] = str(SaidDate(day, DatePrecision(getattr(self.instance, f"{end}_precision"))))

    @property
    def dispute_shown(self) -> str:
        """Return which dispute by the patient (its moment) the page shows, to go along with the form; "" for none."""
        return self.instance.disputed_at.isoformat() if self.instance.disputed_at else ""

    def clean(self) -> dict[str, Any]:
        """Refuse an end without a word on how it ended: it is no answer yet."""
        data = super().clean() or {}
        self._refuse_unseen_dispute()
        if data.get("end") and not data.get("status") and {"end", "status"} & set(self.changed_data):
            self.add_error("status", "It has ended: say how.")
        return data

    def _refuse_unseen_dispute(self) -> None:
        """Refuse once to settle unseen what the patient has said since the page was opened. A form that does not say
        what it showed is not refused."""
        if self.data.get("dispute", self.dispute_shown) == self.dispute_shown:
            return
        touched = set(_as_columns(dict.fromkeys(self.changed_data)))
        if touched & _ONE_QUESTION:
            touched |= _ONE_QUESTION
        both = disputes_in_words(self.instance) if touched & self.instance.disputed.keys() else []
        if both:
            said = "; ".join(f"{label}: {told} (on record: {stands})" for label, stands, told in both)
            words = f"Since you opened this page the patient has said otherwise. {said}."
            self.add_error(None, f"{words} Save again to settle it with what you wrote.")

    def validate_constraints(self) -> None:
        """Check nothing here: crm.leads.treatments says what is wrong in words and names the field."""

    def values(self) -> dict[str, Any]:
        """Return the columns of a Treatment. Call when valid."""
        return _as_columns(self.cleaned_data)

    def changes(self) -> dict[str, Any]:
        """Return the columns that were changed on the page. Call when valid."""
        return _as_columns(super().changes())

    def refuse(self, refused: TreatmentRefused) -> None:
        """Put the refusal beside the field that the coordinator sees."""
        shown = refused.field.removesuffix("_date") if refused.field.endswith("_date") else refused.field
        self.add_error(shown, refused.message)

    @property
    def parts(self) -> list[tuple[str, list[forms.BoundField]]]:
        """Return the fields under their headings, for the template."""
        return [(title, [self[name] for name in names]) for title, names in PARTS.items()]


def _as_columns(cleaned: dict[str, Any]) -> dict[str, Any]:
    """Return the cleaned fields with each said date replaced by the two columns that keep it."""
    columns = dict(cleaned)
    for end in {"start", "end"} & set(cleaned):
        said = columns.pop(end)
        columns[f"{end}_date"] = said.date if said else None
        columns[f"{end}_precision"] = said.precision if said else DatePrecision.MONTH
    return columns
