"""What a patient tells of one treatment, in the patient's words, and the columns that it becomes."""

import json
from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from crm.enums.treatment_kinds import kinds_in, name_of
from crm.enums.treatments import DatePrecision, SideEffect, TreatmentGroup, TreatmentStatus, Unsure
from crm.errors import TreatmentRefused
from crm.fields.partial_dates import SaidDate, SaidDateField
from crm.fields.text import LineField
from crm.models import Treatment
from intake.questionnaire.localize import choices, said
from intake.requests import raw_signs
from intake.requests.fields import TickField
from intake.requests.opened_values import ShownForm, plainly
from intake.requests.treatment_answers import answers_of

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
    UNSURE,
)
# Tells a warning sign (intake/questionnaire/red_flags.py); asked anew each time.
SINCE_THEN = (
    ("fever", _("Fever, chills or feeling very ill")),
    ("infection", _("An infection, or redness where the needle went in")),
    ("worse_pain", _("New or worse pain in your spine")),
    ("none", _("None of these")),
)


class PickForm(forms.Form):
    """What was tried, to be ticked. Its own id makes sending twice once. `may_be_nothing`: beside it stands a button
    that says so."""

    submission_id = forms.UUIDField(required=False, widget=forms.HiddenInput)
    kinds = forms.MultipleChoiceField(
        label=_("What have you tried?"),
        widget=BOXES,
        error_messages={"required": _("Tick at least one, or go back to your page.")},
    )

    def __init__(self, *args: Any, may_be_nothing: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["kinds"]
        if may_be_nothing:
            field.error_messages["required"] = _("Tick at least one, or press “I tried nothing” below.")
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101 - for the type checker
        field.choices = [
            (title, choices((kind.value, kind.label) for kind in kinds_in(group)))
            for group, title in GROUP_TITLES.items()
        ]


class ToldForm(ShownForm):
    """One treatment. Nothing is required: a rough answer is better than none. `pressed`: what this very page has told
    already, when it was sent for the first time."""

    submission_id = forms.UUIDField(required=False, widget=forms.HiddenInput)
    kind_other = LineField(label=_("What was it?"), max_length=120, required=False)
    drug_name = LineField(
        label=_("Name of the medicine"), max_length=120, required=False, help_text=_("If you know it.")
    )
    body_region = forms.ChoiceField(label=_("Where was it given?"), choices=REGIONS, widget=RADIO, required=False)
    start = SaidDateField(label=_("When did it begin?"), required=False, help_text=_("2026, 03/2026 or 03/15/2026."))
    going_on = forms.ChoiceField(
        label=_("Does it go on?"), choices=(("yes", _("Yes")), ("no", _("No"))), widget=RADIO, required=False
    )
    end = SaidDateField(
        label=_("If not: when did it end?"), required=False, help_text=_("2026, 03/2026 or 03/15/2026.")
    )
    forgotten = forms.MultipleChoiceField(
        label=_("If you do not know when:"),
        choices=((Unsure.DATES.value, _("I do not remember")),),
        widget=BOXES,
        required=False,
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
    since_then = TickField(
        label=_("In the last two weeks, since this injection: have you had any of these?"),
        choices=SINCE_THEN,
        exclusive="none",
        widget=BOXES,
        required=False,
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

    def __init__(
        self, *args: Any, treatment: Treatment, pressed: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.treatment, self.pressed = treatment.as_told, pressed or {}
        for name in self._unfitting():
            del self.fields[name]
        once = self.treatment.group == TreatmentGroup.INJECTION
        if once:
            self.fields["start"].label = _("When was it?")
        for name, why in (WHY | (WHY_ONCE if once else {})).items():
            if name in self.fields:
                self.fields[name].why = why  # type: ignore[attr-defined]  # templates show it
        self.stands = {name: value for name, value in answers_of(self.treatment).items() if name in self.fields}
        for row in (treatment, self.treatment):  # what was verified can be chosen too, when it was contradicted
            for name, value in answers_of(row).items():
                if name in self.fields:
                    self._offer(name, value)
        self.initial = {**self.stands, "shown": json.dumps(self.stands), **self.initial}

    def _offer(self, name: str, stands: Any) -> None:
        """Let an answer that no choice stands for be chosen as it is: 40 % stays 40 %."""
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            for value in stands if isinstance(stands, list) else [stands]:
                if value and not field.valid_value(value):
                    field.choices = [*field.choices, (value, _exactly(name, value))]  # type: ignore[misc]

    def _unfitting(self) -> list[str]:
        """Return the questions that make no sense for this kind."""
        group, names = self.treatment.group, []
        if not self.treatment.kind.endswith("other"):
            names.append("kind_other")
        if group != TreatmentGroup.MEDICATION:
            names.append("drug_name")
        if group == TreatmentGroup.INJECTION:
            names += ["going_on", "end", "ended_because", "sessions"]
        else:
            names += ["body_region", "since_then"]
        if group in {TreatmentGroup.MEDICATION, TreatmentGroup.DEVICE, TreatmentGroup.SELF_CARE}:
            names.append("sessions")
        return names

    @property
    def is_emergency(self) -> bool:
        """Return True when what was ticked tells a sign of block A, whether or not the rest is in order."""
        sent = cast(QueryDict, self.data)
        return bool(raw_signs.among({name: sent.getlist(name) for name in raw_signs.ANYWHERE}))

    def clean_start(self) -> SaidDate | None:
        return _past(self.cleaned_data["start"])

    def clean_end(self) -> SaidDate | None:
        return _past(self.cleaned_data["end"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("going_on") == "yes" and data.get("end"):
            self.add_error("end", _("You said that it goes on: clear this date, or choose “No” above."))
        if data.get("going_on") == "yes" and data.get("ended_because") and self.is_touched("ended_because"):
            self.add_error("ended_because", _("You said that it goes on: choose “No” above if it stopped."))
        if newer := {name: answer for name, answer in self.stands.items() if self._is_newer(name, answer)}:
            self.show_newer(newer, self.stands)
        return data

    @property
    def first(self) -> dict[str, Any]:
        """What the page showed at first; a page that carries nothing along showed what stands there now."""
        return self.stands | (super().first or {})

    def _is_newer(self, name: str, stands: Any) -> bool:
        """Return whether what stands there came after the page was opened, from somewhere else, and is not what was
        typed."""
        typed = self.fields[name].widget.value_from_datadict(self.data, self.files, self.add_prefix(name))
        known = [self.first[name], typed, *([self.pressed[name]] if name in self.pressed else [])]
        return self.is_touched(name) and plainly(stands) not in [plainly(one) for one in known]

    def refuse(self, refused: TreatmentRefused) -> None:
        """Put a contradiction that only the whole shows beside a question of this page."""
        shown = refused.field.removesuffix("_date")
        self.add_error(shown if shown in self.fields else None, said(refused.message))

    def told(self) -> dict[str, Any]:
        """Return the answers that were changed, as given, for the record; of what is not in order the warning signs
        alone."""
        given = {name: value for name, value in self.cleaned_data.items() if name not in {"submission_id", "shown"}}
        changed = {name: value for name, value in given.items() if self.is_touched(name)}
        plain = {name: str(value) if isinstance(value, SaidDate) else value for name, value in changed.items()}
        return plain | raw_signs.unread(self)

    def columns(self) -> dict[str, Any]:
        """Return the columns of the Treatment that the changed answers become. Call when valid."""
        data, changed = self.cleaned_data, {name for name in self.stands if self.is_touched(name)}
        alike = ("kind_other", "drug_name", "sessions", "side_effects")
        columns = {name: data[name] for name in alike if name in changed}
        if "body_region" in changed:
            columns["body_region"] = "" if data["body_region"] == UNSURE[0] else data["body_region"]
        for name in changed & {"start", "end"}:
            columns |= _dates(name, data[name])
        if changed & {"going_on", "end", "ended_because"} or ("start" in changed and not self.treatment.status):
            columns["status"] = self._state(data)
            columns["ongoing"] = columns["status"] == TreatmentStatus.ONGOING
        if "relief" in changed:
            columns["relief_percent"] = _number(data["relief"])
        if "lasted" in changed:
            columns |= {
                "relief_still_present": data["lasted"] == "still",
                "relief_duration_days": _number(data["lasted"]),
            }
        if "clinician" in changed:
            columns["directed_by_clinician"] = {"true": True, "false": False}.get(data["clinician"])
        unsure = self._unsure(changed)
        return columns | ({"unsure_of": unsure} if set(unsure) != set(self.treatment.unsure_of) else {})

    def _unsure(self, changed: set[str]) -> list[str]:
        """Return what somebody was asked and does not know: an answer, not to be asked for again."""
        unsure = set(self.treatment.unsure_of)
        for name, column in UNSURE_OF.items():
            if name in changed:
                said_so = self.cleaned_data[name] in ("unsure", [column.value])
                unsure = unsure | {column.value} if said_so else unsure - {column.value}
        return sorted(unsure)

    def _state(self, data: dict[str, Any]) -> str:
        """Return whether it goes on and how it ended, as far as it was told; an injection with a day took place."""
        if data.get("going_on") == "yes":
            return TreatmentStatus.ONGOING
        took_place = self.treatment.group == TreatmentGroup.INJECTION and data.get("start")
        over = data.get("going_on") == "no" or data.get("end") or took_place
        because = data.get("ended_because") or ""
        return TreatmentStatus.COMPLETED if over and because not in ENDS else because


UNSURE_OF = {
    "relief": Unsure.RELIEF,
    "lasted": Unsure.LASTED,
    "clinician": Unsure.DIRECTED,
    "forgotten": Unsure.DATES,
    "body_region": Unsure.REGION,
}
WHY = {
    "start": _("Insurers ask when and for how long. The month is enough."),
    "relief": _("A treatment that helps well is worth going on with."),
    "sessions": _("Insurers count them."),
    "since_then": _("Fever with new pain after an injection cannot wait."),
    "clinician": _("Insurers ask whether it was prescribed."),
}
WHY_ONCE = {"start": _("Insurers ask when. The month is enough.")}


def _past(said: SaidDate | None) -> SaidDate | None:
    if said and said.date > timezone.localdate():
        raise ValidationError(_("That lies in the future: check the year."))
    return said


def _dates(name: str, said: SaidDate | None) -> dict[str, Any]:
    return {
        f"{name}_date": said.date if said else None,
        f"{name}_precision": said.precision if said else DatePrecision.MONTH,
    }


def _number(answer: str) -> int | None:
    return int(answer) if answer.isdecimal() else None


def _exactly(name: str, value: str) -> str:
    """Return in words an answer that none of the offered choices gives."""
    if name == "relief":
        return f"{value} %"
    if name == "lasted":
        return gettext("%(days)s days") % {"days": value}
    labels = dict(TreatmentStatus.choices if name == "ended_because" else [])
    return said(str(labels.get(value, value)))


def title(treatment: Treatment) -> str:
    """Return what a treatment is called in the language of this request: the patient's own words, or ours."""
    return treatment.kind_other or said(name_of(treatment.kind))
