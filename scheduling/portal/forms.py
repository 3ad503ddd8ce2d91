"""What patients and staff send about appointments."""

from datetime import datetime
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.admin.forms import IN_COPY
from crm.fields.text import LineField, TelephoneField, TextField
from crm.models import Location
from scheduling.enums import CancelReason, ResourceKind
from scheduling.models import AppointmentType, Resource

# As patients read them. Staff see the labels of CancelReason, which say the same, and whose it is where that is open.
REASONS = [
    (CancelReason.TIME.value, _("The time does not fit")),
    (CancelReason.BETTER.value, _("I feel better")),
    (CancelReason.UNWELL.value, _("I am unwell that day")),
    (CancelReason.TRAVEL.value, _("I cannot get there")),
    (CancelReason.COST.value, _("Cost or insurance")),
    (CancelReason.ELSEWHERE.value, _("I am being treated elsewhere")),
    (CancelReason.OTHER.value, _("Something else")),
]
REASONS_AT_THE_DESK = [
    (one.value, "Something else on the patient's side" if one == CancelReason.OTHER else one.label)
    for one in CancelReason
]


def in_our_time(moment: datetime) -> None:
    """Refuse years in which a clock cannot be set forward or back."""
    if not 2000 <= moment.year <= 2099:
        raise forms.ValidationError(_("Choose a time."))


class SlotChoiceForm(forms.Form):
    """A time that was offered, as an instant: 2026-12-01T15:00:00+00:00. `version` when an appointment is moved."""

    start = forms.DateTimeField(input_formats=["%Y-%m-%dT%H:%M:%S%z"], validators=[in_our_time])
    provider = forms.UUIDField(required=False)
    room = forms.UUIDField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["start"].error_messages["required"] = _("Choose a time.")


class AgainForm(SlotChoiceForm):
    """What a page has shown once more, sent with its button: a hold may be over, what was chosen is not lost."""

    kind = forms.ModelChoiceField(AppointmentType.objects.filter(is_active=True), to_field_name="key")


class RequestIdForm(forms.Form):
    """Sent with the button that books: the same twice is once."""

    request_id = forms.UUIDField()


class NumberForm(forms.Form):
    """At which number we call."""

    use_required_attribute = False

    phone = TelephoneField(label=_("Phone"))


class VersionForm(forms.Form):
    """What the page showed."""

    version = forms.IntegerField(min_value=1)


class CancelForm(VersionForm):
    reason = forms.ChoiceField(
        label=_("Why?"),
        choices=REASONS,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what fits best.")},
    )
    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)


class StaffCancelForm(CancelForm):
    """Every reason, those of the center too, and a word about it for colleagues."""

    reason = forms.ChoiceField(choices=[("", "Choose …"), *REASONS_AT_THE_DESK], label="Why")
    note = TextField(required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3}), help_text=IN_COPY)

    def __init__(
        self, *args: Any, by_mail: bool = True, by_phone: bool = True, is_over: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        task = "a call to make" if by_phone else "no calls are wanted, and a task to write"
        self.told = (
            "The patient gets a mail that says so" if by_mail else f"No mail reaches the patient: {task} is added"
        )
        if is_over:
            self.told = "It is over: the patient hears nothing of it"

    @property
    def parts(self) -> list[tuple[str, list[forms.BoundField]]]:
        return [(self.told, [self["reason"], self["note"]])]


class OverForm(forms.Form):
    """A booking over what is taken: with whom, when, and why."""

    over_provider = forms.ModelChoiceField(Resource.objects.none(), label="With whom")
    over_start = forms.DateTimeField(
        label="When", widget=forms.DateTimeInput(attrs={"type": "datetime-local"}), validators=[in_our_time]
    )
    over_reason = LineField(max_length=200, label="Why", help_text="Stays with the appointment.")

    def __init__(self, *args: Any, location: Location, **kwargs: Any) -> None:
        """Offer the providers of one location, and take no others."""
        super().__init__(*args, **kwargs)
        theirs = Resource.objects.filter(kind=ResourceKind.PROVIDER, is_active=True, location=location)
        cast("forms.ModelChoiceField[Any]", self.fields["over_provider"]).queryset = theirs
