"""Whatever people type on a form of ours is cleaned in one and the same way."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import pytest
from django import forms
from django.test import Client

import crm
import intake
import scheduling
from crm.fields.text import LineField, TextField
from crm.models import Activity, Lead, Treatment
from intake.requests.treatment_form import ToldForm
from tests.crm.desk.test_lead import treatment_form

# Into these nobody types words that others read: codes, keys and what a script says; and the texts of mails have checks
# of their own (crm/mail/template_lint.py).
NO_WORDS = {"code", "password", "url", "after", "subject", "body", "reference", "name"}


def forms_of_ours() -> Iterator[type[forms.Form]]:
    for app in (crm, intake, scheduling):
        for found in pkgutil.walk_packages(app.__path__, f"{app.__name__}."):
            if ".migrations" in found.name or ".management" in found.name or found.name.endswith("limited_child"):
                continue
            for _name, thing in inspect.getmembers(importlib.import_module(found.name), inspect.isclass):
                if issubclass(thing, forms.Form) and thing.__module__ == found.name:
                    yield thing


def test_no_form_takes_words_as_they_come() -> None:
    plain = {
        f"{form.__name__}.{name}"
        for form in forms_of_ours()
        for name, field in form.base_fields.items()
        if type(field) is forms.CharField and not field.widget.is_hidden and name not in NO_WORDS
    }
    assert plain == set()


@pytest.mark.parametrize("field", [LineField, TextField])
@pytest.mark.parametrize("typed", ["", "  ", "\u200b", "\u2800\u2800", "\u202e", "\u3164\u200d", "\x1b\x00"])
def test_what_shows_nothing_is_missing(field: type[forms.CharField], typed: str) -> None:
    with pytest.raises(forms.ValidationError) as refused:
        field().clean(typed)
    assert refused.value.code == "required"
    assert field(required=False).clean(typed) == ""


def test_the_end_of_a_line_counts_once() -> None:
    assert TextField(max_length=3).clean("a\r\nb") == TextField(max_length=3).clean("a\rb") == "a\nb"
    with pytest.raises(forms.ValidationError):
        TextField(max_length=3).clean("a\r\nbc")


def test_the_name_of_a_medicine_is_cleaned_at_the_desk_and_on_the_private_page(desk: Client, lead: Lead) -> None:
    typed = "Ibu\u202eprofen\x1b\u200b"
    form = treatment_form(kind="med_nsaid_rx", drug_name=typed)
    assert desk.post(f"/admin/crm/lead/{lead.pk}/treatments/add/", form).status_code == 302
    assert Treatment.objects.get().drug_name == "Ibuprofen"
    assert ToldForm.base_fields["drug_name"].clean(typed) == "Ibuprofen"


def test_a_note_in_which_nothing_can_be_seen_is_none(desk: Client, lead: Lead) -> None:
    answer = desk.post(f"/admin/crm/lead/{lead.pk}/note/", {"note-text": "\u2800\u200b"})
    assert answer.status_code == 422
    desk.post(f"/admin/crm/lead/{lead.pk}/note/", {"note-text": "She\u202e called.\r\nTwice."})
    assert Activity.objects.get().note == "She called.\nTwice."
