"""What a patient tells of one treatment, in the patient's words, and the columns that it becomes."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.errors import TreatmentRefused
from crm.models import Treatment
from crm.said import SaidDate, SaidDateField
from crm.treatment_enums import DatePrecision, SideEffect, TreatmentGroup, TreatmentStatus
from crm.vocabulary import kinds_in, name_of
from intake.spoken import choices, said

RADIO, BOXES = forms.RadioSelect, forms.CheckboxSelectMultiple
UNSURE = ("unsure", _("Not sure"))

# How people name what they had, group by group. What only a clinician would know how to name is staff's to enter.
GROUP_TITLES = {
    TreatmentGroup.ACTIVE: _("Physical therapy and exercise"),
    TreatmentGroup.MEDICATION: _("Medicines"),
    TreatmentGroup.INJECTION: _("Injections"),
    TreatmentGroup.MANUAL: _("Hands-on treatments"),
    TreatmentGroup.DEVICE: _("Braces and devices"),
    TreatmentGroup.SELF_CARE: _("What you did yourself"),
    TreatmentGroup.BEHAVIOURAL: _("Courses for coping with pain"),
    TreatmentGroup.OTHER: _("Something else"),
}
ENDS = {
    TreatmentStatus.COMPLETED: _("It was finished as planned"),
    TreatmentStatus.STOPPED_NO_BENEFIT: _("It did not help"),
    TreatmentStatus.STOPPED_SIDE_EFFECTS: _("Side effects"),
    TreatmentStatus.STOPPED_MADE_WORSE: _("It made the pain worse"),
    TreatmentStatus.STOPPED_COST_ACCESS: _("Cost, or no place to get it"),
}
RELIEF = (
    ("0", _("Not at all")),
    ("25", _("A little")),
    ("50", _("About half")),
    ("75", _("A lot")),
    ("100", _("Completely")),
    UNSURE,
)
# Days are the least that the words allow, so that relief is never counted too long.
LASTED = (
    ("still", _("It still helps")),
    ("0", _("It did not help")),
    ("3", _("A few days")),
    ("14", _("Two weeks or so")),
    ("30", _("A month or so")),
    ("84", _("Three months or so")),
    ("180", _("Half a year or longer")),
    UNSURE,
)
CLINICIAN = (("true", _("Yes")), ("false", _("No")), UNSURE)
REGIONS = (
    ("cervical", _("Neck")),
    ("thoracic", _("Mid back")),
    ("lumbar", _("Low back")),
    ("sacral", _("Tailbone or pelvis")),
)


class PickForm(forms.Form):
    """What was tried, to be ticked."""

    kinds = forms.MultipleChoiceField(
        label=_("What have you tried?"),
        widget=BOXES,
        error_messages={"required": _("Tick at least one, or go back to your page.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["kinds"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101 - for the type checker
        field.choices = [
            (title, choices((kind.value, kind.label) for kind in kinds_in(group)))
            for group, title in GROUP_TITLES.items()
        ]


class ToldForm(forms.Form):
    """One treatment. Nothing is required: a rough answer is better than none."""

    submission_id = forms.UUIDField(required=False, widget=forms.HiddenInput)
    kind_other = forms.CharField(label=_("What was it?"), max_length=120, required=False)
    drug_name = forms.CharField(
        label=_("Name of the medicine"), max_length=120, required=False, help_text=_("If you know it.")
    )
    body_region = forms.ChoiceField(label=_("Where was it given?"), choices=REGIONS, widget=RADIO)
    start = SaidDateField(label=_("When did it begin?"), required=False, help_text=_("2026, 03/2026 or 03/15/2026."))
    going_on = forms.ChoiceField(
        label=_("Does it go on?"), choices=(("yes", _("Yes")), ("no", _("No"))), widget=RADIO, required=False
    )
    end = SaidDateField(
        label=_("If not: when did it end?"), required=False, help_text=_("2026, 03/2026 or 03/15/2026.")
    )
    sessions = forms.IntegerField(
        label=_("How many sessions, roughly?"),
        min_value=0,
        max_value=1000,
        required=False,
        help_text=_("A number, such as 12."),
    )
    relief = forms.ChoiceField(label=_("How much did it help?"), choices=RELIEF, widget=RADIO, required=False)
    lasted = forms.ChoiceField(label=_("For how long did it help?"), choices=LASTED, widget=RADIO, required=False)
    side_effects = forms.MultipleChoiceField(
        label=_("Did you have side effects?"), choices=lambda: choices(SideEffect.choices), widget=BOXES, required=False
    )
    ended_because = forms.ChoiceField(
        label=_("Why did it stop?"),
        choices=tuple(ENDS.items()),
        widget=RADIO,
        required=False,
        help_text=_("If it stopped."),
    )
    clinician = forms.ChoiceField(
        label=_("Did a doctor or therapist prescribe or direct it?"), choices=CLINICIAN, widget=RADIO, required=False
    )

    def __init__(self, *args: Any, treatment: Treatment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.treatment = treatment
        for name in self._unfitting():
            del self.fields[name]
        for name, why in WHY.items():
            if name in self.fields:
                self.fields[name].why = why  # type: ignore[attr-defined]  # templates show it

    def _unfitting(self) -> list[str]:
        """Questions that make no sense for this kind."""
        group, names = self.treatment.group, []
        if not self.treatment.kind.endswith("other"):
            names.append("kind_other")
        if group != TreatmentGroup.MEDICATION:
            names.append("drug_name")
        if group == TreatmentGroup.INJECTION:
            names += ["going_on", "end", "sessions"]
        else:
            names.append("body_region")
        if group in {TreatmentGroup.MEDICATION, TreatmentGroup.DEVICE, TreatmentGroup.SELF_CARE}:
            names.append("sessions")
        return names

    def clean_start(self) -> SaidDate | None:
        return _past(self.cleaned_data["start"])

    def clean_end(self) -> SaidDate | None:
        return _past(self.cleaned_data["end"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("going_on") == "yes" and data.get("end"):
            self.add_error("end", _("You said that it goes on: clear this date, or choose “No” above."))
        return data

    def refuse(self, refused: TreatmentRefused) -> None:
        """Puts a contradiction that only the whole shows beside a question of this page."""
        shown = refused.field.removesuffix("_date")
        self.add_error(shown if shown in self.fields else None, said(refused.message))

    def told(self) -> dict[str, Any]:
        """The answers as given, for the record. Call when valid."""
        return {name: str(value) if isinstance(value, SaidDate) else value for name, value in self._given().items()}

    def _given(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "submission_id"}

    def columns(self) -> dict[str, Any]:
        """The columns of the Treatment that these answers become. Call when valid."""
        data = self.cleaned_data
        columns: dict[str, Any] = {
            name: data[name] for name in ("kind_other", "drug_name", "body_region", "sessions") if name in data
        }
        columns |= _dates(data) | _relief(data)
        columns["side_effects"] = data["side_effects"]
        columns["directed_by_clinician"] = {"true": True, "false": False}.get(data["clinician"])
        columns["status"] = self._state(data)
        return columns

    def _state(self, data: dict[str, Any]) -> str:
        """Whether it goes on and how it ended, as far as it was told; an injection with a day took place."""
        if data.get("going_on") == "yes":
            return TreatmentStatus.ONGOING
        took_place = self.treatment.group == TreatmentGroup.INJECTION and data.get("start")
        over = data.get("going_on") == "no" or data.get("end") or took_place
        return data["ended_because"] or (TreatmentStatus.COMPLETED if over else "")


WHY = {
    "start": _("Insurers ask when and for how long. The month is enough."),
    "relief": _("A treatment that helps well is worth going on with."),
    "sessions": _("Insurers count them."),
    "clinician": _("Insurers ask whether it was prescribed."),
}


def _past(said: SaidDate | None) -> SaidDate | None:
    if said and said.date > timezone.localdate():
        raise ValidationError(_("That lies in the future: check the year."))
    return said


def _dates(data: dict[str, Any]) -> dict[str, Any]:
    columns: dict[str, Any] = {"ongoing": data.get("going_on") == "yes"}
    for name in ("start", "end"):
        said = data.get(name)
        columns[f"{name}_date"] = said.date if said else None
        columns[f"{name}_precision"] = said.precision if said else DatePrecision.MONTH
    return columns


def _relief(data: dict[str, Any]) -> dict[str, Any]:
    lasted = data["lasted"]
    return {
        "relief_percent": int(data["relief"]) if data["relief"].isdecimal() else None,
        "relief_still_present": lasted == "still",
        "relief_duration_days": int(lasted) if lasted.isdecimal() else None,
    }


def initial_of(treatment: Treatment) -> dict[str, Any]:
    """A row as the answers that would have made it, for going on later. What has no such answer stays open."""
    relief, days = treatment.relief_percent, treatment.relief_duration_days
    ended = treatment.status if treatment.status in ENDS and (treatment.end_date or days is not None) else ""
    return {
        "kind_other": treatment.kind_other,
        "drug_name": treatment.drug_name,
        "body_region": treatment.body_region,
        "start": _said(treatment.start_date, treatment.start_precision),
        "end": _said(treatment.end_date, treatment.end_precision),
        "going_on": "yes" if treatment.ongoing else ("no" if treatment.end_date else ""),
        "sessions": treatment.sessions,
        "relief": "" if relief is None else _nearest(relief, [0, 25, 50, 75, 100]),
        "lasted": "still" if treatment.relief_still_present else _lasted(days),
        "side_effects": treatment.side_effects,
        "ended_because": ended,
        "clinician": {True: "true", False: "false"}.get(treatment.directed_by_clinician),  # type: ignore[arg-type]
    }


def _said(day: Any, precision: str) -> str:
    return str(SaidDate(day, DatePrecision(precision))) if day else ""


def _lasted(days: int | None) -> str:
    return "" if days is None else _nearest(days, [0, 3, 14, 30, 84, 180])


def _nearest(value: int, steps: list[int]) -> str:
    return str(max(step for step in steps if step <= value))


def title(treatment: Treatment) -> str:
    """What it is called in the language of this request: the patient's own words, or ours."""
    return treatment.kind_other or said(name_of(treatment.kind))


def is_told(treatment: Treatment) -> bool:
    """Whether its details were asked: a date, or how much it helped."""
    return treatment.start_date is not None or treatment.relief_percent is not None
