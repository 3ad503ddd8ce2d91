"""Naming a person around the patient: the same form for staff and for the patient."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.fields.text import AddressField, LineField, TelephoneField

_CONTROL = {"class": "form-control"}


class ContactPersonForm(forms.Form):
    use_required_attribute = False

    name = LineField(label=_("Name of the person"), max_length=120, widget=forms.TextInput(attrs=_CONTROL))
    relation = LineField(
        label=_("Who is it?"),
        max_length=60,
        help_text=_("Such as daughter, neighbor or attorney."),
        widget=forms.TextInput(attrs=_CONTROL),
    )
    phone = TelephoneField(label=_("Phone"), required=False)
    email = AddressField(label=_("E-mail"), max_length=254, required=False, widget=forms.EmailInput(attrs=_CONTROL))
    may_discuss = forms.BooleanField(label=_("We may discuss health matters with this person"), required=False)
    may_book = forms.BooleanField(label=_("This person may make and change appointments"), required=False)

    @property
    def parts(self) -> list[tuple[str, list[Any]]]:
        return [("Somebody the patient names", list(self))]
