"""The form for general questions. It stays outside the pipeline: no lead, no sequence, a person who answers."""

import uuid
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Field, Layout
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe
from phonenumber_field.formfields import PhoneNumberField

from crm import queries
from intake.fields import AddressField, LineField, TextField
from intake.models import Question, Topic
from intake.spoken import choices

LONGEST_MESSAGE = 2000


class AskForm(forms.Form):
    """A topic, a message, and how to answer."""

    use_required_attribute = False

    question_id = forms.UUIDField(required=False, widget=forms.HiddenInput)
    topic = forms.ChoiceField(
        label=_("What is it about?"),
        choices=lambda: [("", gettext("Choose")), *choices(Topic.choices)],
        error_messages={"required": _("Choose one.")},
    )
    message = TextField(
        label=_("Your question"),
        max_length=LONGEST_MESSAGE,
        help_text=_("Up to 2,000 characters. Please write nothing about your health here."),
        error_messages={"required": _("Write your question here.")},
        widget=forms.Textarea(attrs={"rows": 6, "maxlength": LONGEST_MESSAGE}),
    )
    name = LineField(label=_("Your name"), max_length=160, error_messages={"required": _("Please fill this in.")})
    email = AddressField(label=_("E-mail"), required=False, max_length=254)
    phone = PhoneNumberField(
        label=_("Phone"),
        required=False,
        error_messages={
            "invalid": _("Enter a phone number with its area code, such as (212) 555-0100. Abroad: begin with +.")
        },
    )

    def clean_phone(self) -> str:
        """The number in E.164."""
        phone = self.cleaned_data["phone"]
        return phone.as_e164 if phone else ""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not any(data.get(name) or name in self.errors for name in ("email", "phone")):
            self.add_error("email", _("Give an e-mail address or a phone number, so that we can answer."))
        return data

    @property
    def helper(self) -> FormHelper:
        """How crispy renders it."""
        helper = FormHelper()
        helper.form_tag = False
        helper.disable_csrf = True
        helper.layout = Layout(*(Field(name, template="components/field.html") for name in self.fields))
        return helper


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """Takes a question. POST: 302 to the thanks; 422 with everything typed; sent twice it is kept once."""
    centre = queries.main_location()
    if centre is None:
        return render(request, "intake/not_open.html", status=503)
    form = AskForm(request.POST if request.method == "POST" else None, initial={"question_id": uuid.uuid4()})
    if form.is_valid():
        data = dict(form.cleaned_data)
        question_id = data.pop("question_id") or uuid.uuid4()
        if not Question.objects.filter(pk=question_id).exists():
            Question.objects.bulk_create(
                [Question(id=question_id, location=centre, at=timezone.now(), **data)], ignore_conflicts=True
            )
        return redirect("intake:ask_thanks")
    response = render(request, "intake/ask.html", {"form": form}, status=422 if form.errors else 200)
    add_never_cache_headers(response)
    return response


@require_safe
def thanks(request: HttpRequest) -> HttpResponse:
    """Says that the question has arrived, and when somebody answers."""
    return render(request, "intake/ask_thanks.html")
