"""On the private page: how to be contacted, in which language, and whether educational mails are welcome."""

import json
from dataclasses import replace
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language, gettext, override
from django.utils.translation import gettext_noop as noop
from django.views.decorators.http import require_http_methods

from crm.enums.leads import ConsentKind
from crm.leads import actions as leads
from crm.mail import opt_out, unsubscribe_token
from crm.models import Lead, PatientSession
from crm.patient_portal.entry import patient_page
from crm.patient_portal.requests import PatientRequest
from intake.questionnaire import Section, consents, question
from intake.requests.forms import QuestionnaireForm
from intake.requests.opened_values import ShownForm, plainly

WISHES = ("preferred_contact", "best_time", "ok_voicemail")
REACH = Section(
    "reach", noop("How to reach you"), noop("Change this whenever you like."), tuple(question(name) for name in WISHES)
)
REACH_WITH_PHONE = replace(  # while we have no number
    REACH, questions=(REACH.questions[0], question("phone"), *REACH.questions[1:])
)
EDUCATION = next(wording for wording in consents.WORDINGS if wording.kind == ConsentKind.EDUCATION)


class WishesForm(ShownForm, QuestionnaireForm):
    """The questions of the request that are wishes, the language, and the box about educational mails."""

    sections, plain = (REACH,), True
    language = forms.ChoiceField(choices=settings.LANGUAGES, widget=forms.RadioSelect)
    education = forms.BooleanField(required=False, show_hidden_initial=True)

    def __init__(self, *args: Any, lead: Lead, **kwargs: Any) -> None:
        self.lead = lead
        if not lead.phone:
            self.sections = (REACH_WITH_PHONE,)
        super().__init__(*args, **kwargs)
        self.stands = {name: getattr(lead, name) for name in (*WISHES, "language")}
        self.initial = {**self.stands, "shown": json.dumps(self.stands), "education": _wants_education(lead)}
        if lead.preferred_contact in question("preferred_contact").former:  # what somebody wished for is shown to them
            field = self.fields["preferred_contact"]
            field.widget.choices = field.choices  # type: ignore[attr-defined]  # a RadioSelect has them
        self.fields["language"].label = gettext("In which language should we write to you?")
        self.fields["education"].label = EDUCATION.for_center(lead.location.name)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        wants = data.get("preferred_contact") if self.is_touched("preferred_contact") else None  # what lacks stays so
        is_missing = "phone" in self.fields and not data.get("phone") and not self.has_error("phone")
        if wants in {"phone", "text"} and is_missing:
            self.add_error("phone", gettext("Add your phone number, or choose e-mail as the way to contact you."))
        if wants == "email" and not self.lead.email:
            self.add_error("preferred_contact", gettext("We have no e-mail address of yours. Call us to give us one."))
        if data.get("education") and self.says_education and opt_out.is_stopped_by_others(self.lead):
            stopped = gettext(
                "Mail to your address is stopped: it came back, was reported, or our staff stopped it. Call us."
            )
            self.add_error("education", stopped)
        if newer := {name: stands for name, stands in self.stands.items() if self._is_newer(name, stands)}:
            self.show_newer(newer, self.stands)
        return data

    @property
    def first(self) -> dict[str, Any]:
        """Return what the page showed; one that does not say has shown what stands there now."""
        return self.stands | (super().first or {})

    def _stays(self, name: str) -> bool:
        """Judge all of it: a number is asked for because of another answer."""
        return False

    def _is_newer(self, name: str, stands: Any) -> bool:
        """Return whether what stands there came from somewhere else since the page was opened, and is not what was
        chosen."""
        known = [plainly(self.first[name]), plainly(self.cleaned_data.get(name))]
        return self.is_touched(name) and plainly(stands) not in known

    def changed(self) -> dict[str, Any]:
        """Return what was changed on the page, and a number that was added. Call when valid."""
        data = self.cleaned_data
        number = {"phone": data["phone"]} if data.get("phone") else {}
        return {name: data[name] for name in self.stands if self.is_touched(name)} | number

    @property
    def says_education(self) -> bool:
        """Return whether the box was changed: what an older page still shows is no new choice."""
        return "initial-education" not in self.data or "education" in self.changed_data


@require_http_methods(["GET", "HEAD", "POST"])
@patient_page(reads=True)
def wishes(request: PatientRequest) -> HttpResponse:
    """Show what is on record and take changes. Sends on to the page in the language that was chosen."""
    lead = request.patient.lead
    if request.method != "POST":
        return _show(request, WishesForm(lead=lead))
    form = WishesForm(request.POST, lead=lead)
    if not form.is_valid():
        return _show(request, form, status=422)
    keep(request.patient, form.changed(), education=form.cleaned_data["education"] if form.says_education else None)
    with override(form.cleaned_data["language"]):
        messages.success(request, gettext("Your wishes are stored."))
        return redirect("private:page")


def panel(request: HttpRequest, lead: Lead) -> str:
    """Show the way to the wishes and to one's own data; "" until it is proven who is reading."""
    session: PatientSession = request.patient  # type: ignore[attr-defined]  # set by patient_page
    return render_to_string("intake/portal/wishes_panel.html", request=request) if session.is_the_patient else ""


@transaction.atomic
def keep(session: PatientSession, wishes: dict[str, Any], *, education: bool | None) -> None:
    """Write these wishes on the lead, and a new proof when the yes or no to educational mails has changed: a yes also
    takes back what was stopped by the link in a mail."""
    lead = session.lead
    leads.correct_details(lead, by=session.by, changes=wishes)
    if education is not None and education != _wants_education(lead):
        opt_out.note_education(
            lead,
            given=education,
            words=EDUCATION.for_center(lead.location.name),
            now=timezone.now(),
            version=EDUCATION.version,
            language=get_language() or settings.LANGUAGE_CODE,
        )


def _wants_education(lead: Lead) -> bool:
    """Return whether educational mails go out: they agreed, and nothing is stopped."""
    return opt_out.choice_of(lead) is None


def _show(request: PatientRequest, form: WishesForm, *, status: int = 200) -> HttpResponse:
    lead = request.patient.lead
    context = {
        "form": form,
        "patient": request.patient,
        "number": lead.phone_in_words,
        "scope": opt_out.choice_of(lead),
        "is_stopped": opt_out.is_stopped_by_others(lead),
        "choices": unsubscribe_token.make(lead.pk, lead.email) if lead.email else "",
    }
    return render(request, "intake/portal/wishes.html", context, status=status)
