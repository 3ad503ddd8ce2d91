"""What patients and staff send about appointments."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from scheduling.enums import OF_THE_CENTRE, CancelReason

# As patients read them. Staff see the labels of CancelReason, which say the same.
REASONS = [
    (CancelReason.TIME.value, _("The time does not fit")),
    (CancelReason.BETTER.value, _("I feel better")),
    (CancelReason.UNWELL.value, _("I am unwell that day")),
    (CancelReason.TRAVEL.value, _("I cannot get there")),
    (CancelReason.COST.value, _("Cost or insurance")),
    (CancelReason.ELSEWHERE.value, _("I am being treated elsewhere")),
    (CancelReason.OTHER.value, _("Something else")),
]


class StartForm(forms.Form):
    """A time that was offered, as an instant: 2026-12-01T15:00:00+00:00. `version` when an appointment is moved."""

    start = forms.DateTimeField(input_formats=["%Y-%m-%dT%H:%M:%S%z"])
    provider = forms.UUIDField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["start"].error_messages["required"] = _("Choose a time.")


class RequestForm(forms.Form):
    """Sent with the button that books: the same twice is once."""

    request_id = forms.UUIDField()


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
    reason = forms.ChoiceField(choices=CancelReason.choices, label="Why")

    @property
    def is_ours(self) -> bool:
        return self.cleaned_data["reason"] in OF_THE_CENTRE
