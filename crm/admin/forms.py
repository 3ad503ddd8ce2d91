"""The forms of the lead page. They check what was typed; the actions check what it means."""

from datetime import date, datetime, time
from typing import Any, cast
from zoneinfo import ZoneInfo

from django import forms
from django.contrib.postgres.forms import SimpleArrayField
from django.db.models import Q
from django.http import QueryDict

from crm.admin.correction_form import CorrectionForm, columns_of
from crm.enums.leads import CallOutcome, ContactChannel, LostReason, Stage
from crm.enums.treatments import MeasurementKind, Source
from crm.errors import MeasurementRefused
from crm.fields.text import AddressField, LineField, TelephoneField, TextField
from crm.leads import assignment, stages
from crm.leads.next_steps import NextStep
from crm.models import Lead, Measurement, User
from crm.values import us_places
from crm.values.normalize import last_name, one_line
from crm.values.partial_dates import FAR_AHEAD, LONG_AGO

_THREE_ROWS = forms.Textarea(attrs={"rows": 3})

# The fields of the long form under their headings.
DETAILS_PARTS = {
    "Person": ["first_name", "last_name", "state", "timezone"],
    "How to reach them": [
        "email",
        "never_theirs",
        "phone",
        "phone_type",
        "preferred_contact",
        "ok_voicemail",
        "do_not_call",
    ],
    "Who looks after them": ["owner", "tags"],
}


IN_COPY = "The patient can read it: it is in the copy of their data."


def _in_confidence() -> forms.BooleanField:
    return forms.BooleanField(
        required=False,
        label="Told by somebody else in confidence",
        help_text="Tick it when it was not the patient who said this: it is then left out of the patient’s copy.",
    )


class CallForm(forms.Form):
    outcome = forms.ChoiceField(choices=[("", "Choose …"), *CallOutcome.choices], label="How did it go?")
    note = TextField(required=False, max_length=4000, widget=_THREE_ROWS, help_text=IN_COPY)
    in_confidence = _in_confidence()


class NoteForm(forms.Form):
    text = TextField(
        max_length=4000,
        widget=_THREE_ROWS,
        label="Note",
        help_text=f"{IN_COPY} You can use **bold**, lines that begin with “-” and [links](https://…).",
    )
    in_confidence = _in_confidence()


class MoveForm(forms.Form):
    """The form that moves a lead. It is refused when somebody was faster than the `expected_stage` that it showed."""

    expected_stage = forms.ChoiceField(choices=Stage, widget=forms.HiddenInput)
    to = forms.ChoiceField(label="Move to")
    lost_reason = forms.ChoiceField(
        choices=[("", "Only when lost …"), *LostReason.choices], required=False, label="Why lost"
    )
    note = TextField(required=False, max_length=4000, widget=_THREE_ROWS, help_text=IN_COPY)
    next_title = LineField(
        required=False,
        max_length=120,
        label="What comes next",
        help_text="The front desk reads it too: nothing of a person's health.",
    )
    next_on = forms.DateField(required=False, label="On which day", widget=forms.DateInput(attrs={"type": "date"}))
    back = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, stage: Stage, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["expected_stage"] = stage
        field = self.fields["to"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
        field.choices = [("", "Choose …"), *stages.goals_of(stage)]
        field.error_messages["invalid_choice"] = "A lead in this stage cannot go there: choose from the list."

    def clean_next_on(self) -> date | None:
        """Return a day of this age: one of the year 0001 has no moment in every time zone."""
        day: date | None = self.cleaned_data["next_on"]
        if day and not LONG_AGO <= day.year < FAR_AHEAD:
            raise forms.ValidationError("Check the year.")
        return day

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for one, other in (("next_title", "next_on"), ("next_on", "next_title")):
            if data.get(one) and not data.get(other) and other not in self.errors:
                self.add_error(other, "Say both: what comes next, and on which day.")
        return data

    def next_step(self, zone: ZoneInfo) -> NextStep | None:
        """Return what comes next, due at nine in the morning of its day; None without a day. Call when valid."""
        day: date | None = self.cleaned_data["next_on"]
        if day is None:
            return None
        return NextStep(self.cleaned_data["next_title"], datetime.combine(day, time(9), tzinfo=zone))

    @property
    def parts(self) -> list[tuple[str, list[forms.BoundField]]]:
        return [
            ("Where to", [self[name] for name in ("to", "lost_reason", "note")]),
            ("Then", [self["next_title"], self["next_on"]]),
        ]


class MeasuredForm(forms.Form):
    """What was measured, and when."""

    kind = forms.ChoiceField(choices=[("", "Choose …"), *MeasurementKind.choices], label="Score")
    value = forms.DecimalField(max_digits=4, decimal_places=1, help_text="The total, as written on the sheet.")
    at = forms.DateField(label="On which day", widget=forms.DateInput(attrs={"type": "date"}))

    def values(self, zone: ZoneInfo) -> dict[str, Any]:
        """Return kind, value and moment; the day begins at midnight of `zone`, where the lead lives: read there it
        stays this day. Call when valid."""
        data = self.cleaned_data
        midnight = datetime.combine(data["at"], time(), tzinfo=zone)
        return {"kind": MeasurementKind(data["kind"]), "value": data["value"], "at": midnight}

    @property
    def parts(self) -> list[tuple[str, list[forms.BoundField]]]:
        return [("Score", [field for field in self if not field.is_hidden])]


class ScoreForm(MeasuredForm):
    """A total from a questionnaire that was filled in elsewhere, or a rating told on the phone."""

    source = forms.ChoiceField(choices=Source.choices, initial=Source.COORDINATOR, label="Who says so")

    def values(self, zone: ZoneInfo) -> dict[str, Any]:
        """Return what crm.leads.measurements.record takes. Call when valid."""
        return super().values(zone) | {"source": Source(self.cleaned_data["source"])}


class CorrectScoreForm(MeasuredForm):
    """The right kind, value and day of a score. `seen` is the version that the page showed."""

    seen = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, score: Measurement, zone: ZoneInfo, **kwargs: Any) -> None:
        day = score.at.astimezone(zone).date()
        stands = {"kind": score.kind, "value": f"{score.value.normalize():f}", "at": day, "seen": score.version}
        super().__init__(*args, **{"initial": stands} | kwargs)
        self.score, self.day = score, day
        self.fields["value"].help_text = "What stood there before stays on record."

    def refuse(self, refused: MeasurementRefused) -> None:
        """Say why, and keep what was typed. What a colleague has corrected meanwhile is refused once: then whoever
        comes second has seen it."""
        self.add_error(refused.field, refused.message)
        if refused.version:
            known = cast(QueryDict, self.data).copy()
            known["seen"] = refused.version
            self.data = known

    def values(self, zone: ZoneInfo) -> dict[str, Any]:
        """Return what crm.leads.measurements.correct takes. A day that was not changed stays to the second. Call when
        valid."""
        values = super().values(zone) | {"seen": self.cleaned_data["seen"]}
        return values | ({"at": self.score.at} if self.cleaned_data["at"] == self.day else {})


_NEEDED_FOR = [  # the way to contact somebody, and what it takes
    ("phone", "phone", "the phone number"),
    ("text", "phone", "the phone number"),
    ("email", "email", "the e-mail address"),
]


class DetailsForm(CorrectionForm):
    """Contact details as the coordinator learns them."""

    first_name = LineField(max_length=80)
    last_name = LineField(max_length=80)
    email = AddressField(required=False, max_length=254, label="E-mail")
    never_theirs = forms.BooleanField(
        required=False,
        label="The address before was never theirs",
        help_text="Tick it when you correct a wrong address: whoever reads there is not told of the change.",
    )
    phone = TelephoneField(required=False, help_text="Such as (212) 555-0100.")
    state = forms.ChoiceField(required=False, choices=[("", "Not known"), *us_places.STATE_CHOICES])
    timezone = forms.ChoiceField(choices=us_places.zone_choices, label="Time zone")
    owner = forms.ModelChoiceField(queryset=User.objects.none(), required=False, empty_label="Nobody yet")
    tags = SimpleArrayField(
        forms.CharField(max_length=30, required=False),
        required=False,
        max_length=10,
        help_text=f"Between commas. The board filters by them. {IN_COPY}",
    )

    class Meta:
        model = Lead
        fields = columns_of(DETAILS_PARTS, besides=["never_theirs"])

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        """Show a choice of owners only to whoever shares leads out (`by`): of those whom the lead can have."""
        super().__init__(*args, **kwargs)
        field, lead = cast(forms.ModelChoiceField, self.fields["owner"]), self.instance
        possible = assignment.owners_at(lead.location_id).values("pk")
        field.queryset = User.objects.filter(Q(pk__in=possible) | Q(pk=lead.owner_id)).order_by("name", "pk")
        if not by.has_perm("crm.assign_lead"):
            del self.fields["owner"]
        if not lead.email:
            del self.fields["never_theirs"]
        if lead.preferred_contact != ContactChannel.TEXT:  # nothing here can send one
            ways = cast(forms.ChoiceField, self.fields["preferred_contact"])
            offered = cast("list[tuple[str, str]]", ways.choices)
            ways.choices = [one for one in offered if one[0] != ContactChannel.TEXT]

    def changes(self) -> dict[str, Any]:
        """Return what was changed of the record."""
        return {name: value for name, value in super().changes().items() if name != "never_theirs"}

    def clean_tags(self) -> list[str]:
        """Return each tag once, without blanks around it."""
        return list(dict.fromkeys(filter(None, map(one_line, self.cleaned_data["tags"]))))

    def clean_last_name(self) -> str:
        return last_name(self.cleaned_data["last_name"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors and not data.get("email") and not data.get("phone"):
            self.add_error("email", "Keep an e-mail address or a phone number, so that the person can be reached.")
        for way, name, what in _NEEDED_FOR:
            if data.get("preferred_contact") == way and not data.get(name) and name not in self.errors:
                touched = name if name in self.changed_data else "preferred_contact"
                self.add_error(touched, f"Add {what}, or choose another way to contact them.")
        return data

    def validate_constraints(self) -> None:
        """Check nothing here: clean says in words what a constraint would refuse."""

    @property
    def parts(self) -> list[tuple[str, list[forms.BoundField]]]:
        """Return the fields under their headings, for the template."""
        return [
            (title, [self[name] for name in names if name in self.fields]) for title, names in DETAILS_PARTS.items()
        ]
