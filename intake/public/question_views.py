"""The form for general questions. It stays outside the pipeline: no lead, no sequence, a person who answers."""

import uuid
from datetime import datetime
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Field, Layout
from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from crm import locations
from crm.fields.text import AddressField, LineField, TelephoneField, TextField
from crm.models import Location
from intake.models import Question, Topic
from intake.questionnaire.localize import choices
from intake.requests import bot_protection
from intake.requests.forms import trap
from intake.requests.rows import digest_of

LONGEST_MESSAGE = 2000


class AskForm(forms.Form):
    """A topic, a message, and how to answer."""

    use_required_attribute = False

    question_id = forms.UUIDField(required=False, widget=forms.HiddenInput)
    opened = forms.CharField(required=False, widget=forms.HiddenInput, max_length=200)
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
    phone = TelephoneField(label=_("Phone"), required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not any(data.get(name) or name in self.errors for name in ("email", "phone")):
            self.add_error("email", _("Give an e-mail address or a phone number, so that we can answer."))
        return data

    @property
    def helper(self) -> FormHelper:
        """Return how crispy renders the form."""
        helper = FormHelper()
        helper.form_tag = False
        helper.disable_csrf = True
        helper.layout = Layout(*(Field(name, template="components/field.html") for name in self.fields), trap())
        return helper


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """Show the form for a question and take it. POST: 302 to the thanks; 422 with everything typed; 429, likewise, in a
    flood. 503 before a center is set up."""
    center = locations.main()
    if center is None:
        return render(request, "intake/public/not_open.html", status=503)
    now = timezone.now()
    fresh = {"question_id": uuid.uuid4(), "opened": bot_protection.stamp(now)}
    form = AskForm(request.POST if request.method == "POST" else None, initial=fresh)
    status = 200
    if form.is_valid():
        verdict = bot_protection.look(request, form.cleaned_data, now=now)
        if not verdict.is_flood:
            _keep(form.cleaned_data, center, verdict, now=now)
            return redirect("intake:ask_thanks")
        status = 429
    elif form.errors:
        status = 422
    response = render(request, "intake/public/ask.html", {"form": form, "flood": status == 429}, status=status)
    add_never_cache_headers(response)
    return response


def _keep(data: dict[str, Any], center: Location, verdict: bot_protection.Verdict, *, now: datetime) -> None:
    """Keep a question as one row; a suspicious one waits on a list of its own."""
    given = {name: value for name, value in data.items() if name not in {"question_id", "opened"}}
    question = Question(
        id=uuid.uuid5(data["question_id"] or uuid.uuid4(), digest_of(given)),  # each text of a form once
        location=center,
        language=get_language() or settings.LANGUAGE_CODE,
        reasons=list(verdict.reasons),
        at=now,
        **given,
    )
    Question.objects.bulk_create([question], ignore_conflicts=True)  # sent twice it is kept once


@require_safe
def thanks(request: HttpRequest) -> HttpResponse:
    """Say that the question has arrived, and when somebody answers."""
    return render(request, "intake/public/ask_thanks.html")
