"""On the private page: how to be contacted, in which language, and whether educational mails are welcome."""

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

from crm.actions import leads
from crm.enums import ConsentKind
from crm.models import ConsentRecord, Lead, PatientSession
from crm.private import PatientRequest, patient_page
from intake import consents
from intake.forms import QuestionnaireForm
from intake.questionnaire import Section, question

WISHES = ("preferred_contact", "best_time", "ok_voicemail")
REACH = Section(
    "reach", noop("How to reach you"), noop("Change this whenever you like."), tuple(question(name) for name in WISHES)
)
EDUCATION = next(wording for wording in consents.WORDINGS if wording.kind == ConsentKind.EDUCATION)


class WishesForm(QuestionnaireForm):
    """The questions of the request that are wishes, the language, and the box about educational mails."""

    sections = (REACH,)
    language = forms.ChoiceField(choices=settings.LANGUAGES, widget=forms.RadioSelect)
    education = forms.BooleanField(required=False)

    def __init__(self, *args: Any, centre_name: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].label = gettext("In which language should we write to you?")
        self.fields["education"].label = EDUCATION.for_centre(centre_name)


@require_http_methods(["GET", "HEAD", "POST"])
@patient_page(reads=True)
def wishes(request: PatientRequest) -> HttpResponse:
    """Shows what is on record and takes changes. Sends on to the page in the language that was chosen."""
    lead = request.patient.lead
    if request.method != "POST":
        return _show(request, WishesForm(initial=_on_record(lead), centre_name=lead.location.name))
    form = WishesForm(request.POST, centre_name=lead.location.name)
    if not form.is_valid():
        return _show(request, form, status=422)
    keep(request.patient, form.cleaned_data)
    with override(form.cleaned_data["language"]):
        messages.success(request, gettext("Your wishes are stored."))
        return redirect("private:page")


def panel(request: HttpRequest, lead: Lead) -> str:
    """The way to the wishes and to one's own data; "" until it is proven who is reading."""
    session: PatientSession = request.patient  # type: ignore[attr-defined]  # set by patient_page
    return render_to_string("intake/my_wishes_panel.html", request=request) if session.is_the_patient else ""


@transaction.atomic
def keep(session: PatientSession, data: dict[str, Any]) -> None:
    """Writes the wishes on the lead, and a new proof when the yes or no to educational mails has changed."""
    lead = session.lead
    leads.correct_details(lead, by=session.by, changes={name: data[name] for name in (*WISHES, "language")})
    if data["education"] != _wants_education(lead):
        ConsentRecord.objects.create(
            lead=lead,
            kind=EDUCATION.kind,
            given=data["education"],
            text=EDUCATION.for_centre(lead.location.name),
            text_version=EDUCATION.version,
            language=get_language() or settings.LANGUAGE_CODE,
            at=timezone.now(),
        )


def _on_record(lead: Lead) -> dict[str, Any]:
    return {name: getattr(lead, name) for name in (*WISHES, "language")} | {"education": _wants_education(lead)}


def _wants_education(lead: Lead) -> bool:
    """The latest yes or no counts."""
    latest = ConsentRecord.objects.filter(lead=lead, kind=ConsentKind.EDUCATION).order_by("-at", "-pk").first()
    return latest is not None and latest.given


def _show(request: PatientRequest, form: WishesForm, *, status: int = 200) -> HttpResponse:
    return render(request, "intake/my_wishes.html", {"form": form, "patient": request.patient}, status=status)
