"""The second factor of the private page: a code from a mail or the telephone, or the date of birth."""

import uuid
from datetime import date, datetime
from typing import Any, cast

from django import forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from crm.fields.partial_dates import BirthdayField
from crm.http.client_address import client_address
from crm.mail import opt_out, suppression, unsubscribe_token
from crm.mail import status as mail_status
from crm.models import PatientSession
from crm.patient_portal import access as patient_access
from crm.patient_portal import second_factor
from crm.patient_portal.closed_page import of_its_person
from crm.patient_portal.requests import PatientRequest, find_session, id_in, kept_by_nobody, no_entry


class FactorForm(forms.Form):
    """One way to show who one is. `name` is its field; a form that proves nothing says `wrong`."""

    name = ""
    wrong: Any = ""

    def proves(self, session: PatientSession, *, now: datetime, address: str) -> bool:
        raise NotImplementedError

    def refuse(self) -> None:
        self.add_error(self.name, self.wrong)


class CodeForm(FactorForm):
    name = "code"
    wrong = _("This is not the code, or it is older than ten minutes. Check it, or ask for a new one.")
    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        error_messages={"required": _("Type the six digits.")},
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "class": "form-control"}
        ),
    )

    def proves(self, session: PatientSession, *, now: datetime, address: str) -> bool:
        return patient_access.check_code(session, self.cleaned_data["code"], now=now, address=address)


class BirthdayForm(FactorForm):
    name = "birthday"
    wrong = _("This is not the date of birth that we have, or it was tried too often today. You can also call us.")
    birthday = BirthdayField(
        label=_("Your date of birth"),
        help_text=_("Month, day and year, such as 03/15/1970."),
        error_messages={"required": _("Write month, day and year, such as 03/15/1970.")},
        widget=forms.TextInput(attrs={"autocomplete": "bday", "class": "form-control"}),
    )

    def proves(self, session: PatientSession, *, now: datetime, address: str) -> bool:
        typed = date.fromisoformat(self.cleaned_data["birthday"])
        return second_factor.check_birthday(session, typed, now=now, address=address)


@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponseBase:
    """Ask for a code or the date of birth, and take it. 422 for a wrong one. Whoever has opened no link
    gets one and the same page: nobody learns there whether a name or an address is known."""
    session = find_session(request)
    if session is None:
        return no_entry(request)
    if session.is_proven:
        return kept_by_nobody(redirect("private:page"))
    if not session.may_be_proven:
        return kept_by_nobody(render(request, "crm/patient_portal/open_link.html", {"patient": session}))
    asked = cast(PatientRequest, request)
    asked.patient = session
    return kept_by_nobody(_take_proof(asked))


@of_its_person
def _take_proof(request: PatientRequest) -> HttpResponse:
    """Show what a browser gets that has opened a link: the ways to show who one is, and what became of the one
    chosen."""
    session, now = request.patient, timezone.now()
    if "send" in request.POST:
        sent = patient_access.send_code(session, now=now, asked=id_in(request, "asked"))
        return _ask(request, session, sent=sent, refused=not sent)
    form = _factor(request)
    if form.is_valid():
        if form.proves(session, now=now, address=client_address(request)):
            return kept_by_nobody(redirect("private:page"))
        form.refuse()
    return _ask(request, session, **{form.name: form})


def _factor(request: HttpRequest) -> FactorForm:
    kind = BirthdayForm if "birthday" in request.POST else CodeForm
    return kind(request.POST if request.method == "POST" else None)


def _ask(request: HttpRequest, session: PatientSession, **given: Any) -> HttpResponse:
    """Show the page with every way that is open. `given`: a refused form, and what became of asking for a code."""
    context: dict[str, Any] = {
        "ways": second_factor.ways(session, now=timezone.now(), address=client_address(request)),
        "address": _masked(session.lead.email),
        "stopped": _stopped(session),
        "asked": uuid.uuid4(),
        "code": CodeForm(),
        "birthday": BirthdayForm(),
    } | given
    wrong = context["code"].errors or context["birthday"].errors
    return kept_by_nobody(render(request, "crm/patient_portal/code.html", context, status=422 if wrong else 200))


def _stopped(session: PatientSession) -> dict[str, Any] | None:
    """Return why no code can be mailed to an address, for a browser that has opened a link: the person's own wish,
    which they can take back, an address that takes none, or that we send nothing now. None when mail goes there."""
    lead = session.lead
    if not lead.email or not suppression.answers_are_stopped(lead):
        return {"is_held": True} if lead.email and mail_status.is_paused() else None
    choices = reverse("preferences", args=[unsubscribe_token.make(lead.pk, lead.email)])
    return {"by_wish": not opt_out.is_stopped_by_others(lead), "choices": choices}


def _masked(address: str) -> str:
    """Return "m…@example.org": enough to recognize one's own address, too little to learn somebody else's."""
    local, at, domain = address.partition("@")
    return f"{local[:1]}…@{domain}" if at else ""
