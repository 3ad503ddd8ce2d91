"""On the private page, what is about the person and not about the questions: where the request stands, messages,
wishes, and a copy of what we keep."""

import json
import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop as noop
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm import registry
from crm.enums.leads import SIDE_STAGES, Outcome, Stage, TaskKind
from crm.fields.text import TextField
from crm.leads import contacts, reviews
from crm.models import ContactPerson, Lead, PrivateMessage, Task
from crm.patient_portal import conversation, conversation_queries, own_copy, privacy, submitted_answers
from crm.patient_portal.contact_form import ContactPersonForm
from crm.patient_portal.entry import patient_page
from crm.patient_portal.requests import PatientRequest, session_of
from crm.safety import alerts

READ_AND_SEND = require_http_methods(["GET", "HEAD", "POST"])

# What each stage means to the person. No verdict, no promise, no date that we do not know.
STANDING: dict[str, str] = {
    Stage.NEW: noop("We have your request. A coordinator reads it and gets in touch."),
    Stage.CONTACTING: noop("We are trying to reach you. You can also call us."),
    Stage.QUALIFYING: noop("We are going through your answers with you."),
    Stage.RECORDS: noop("We are gathering your records and pictures."),
    Stage.REVIEW: noop("One of our clinicians is looking at your request."),
    Stage.BOOKING: noop("The next step is a consultation. We will find a time with you."),
    Stage.BOOKED: noop("Your consultation has a date."),
    Stage.CONSULTED: noop("You have been to your consultation."),
    Stage.PATIENT: noop("You are in the care of our team."),
    Stage.NURTURE: noop("Your request rests for now. You can write to us at any time."),
    Stage.DORMANT: noop("Your request rests, because we could not reach you. Write or call, and we go on."),
    Stage.IMPROVED: noop("You told us that you feel better. If that changes, write or call."),
    Stage.LOST: noop("Your request is closed. You can write to us at any time."),
}
# That a request rests, is better or may be booked is no answer to a warning sign.
SOUNDS_MILD = {*SIDE_STAGES, Stage.BOOKING}
# Nor that somebody gets in touch, where the page says not to wait for that.
SOUNDS_LIKE_WAITING = {*SOUNDS_MILD, Stage.NEW}
# Instead of all of that while the page says to get care now: that a clinician looks sounds as if one could wait.
CARE_FIRST = noop("Your request waits. Emergency care comes first.")


def register() -> None:
    """Register the panels and form readers of this module. Called once, when the app is ready."""
    registry.panel("patient", title=noop("Where your request stands"), permission="", render=standing, order=1)
    registry.panel("patient", title=noop("Messages"), permission="", render=messages_panel, order=20)
    registry.reader(submitted_answers.of_fields(MessageForm.base_fields))
    registry.reader(submitted_answers.of_fields(ContactPersonForm.base_fields))


class MessageForm(forms.Form):
    message_id = forms.UUIDField(required=False, widget=forms.HiddenInput)
    text = TextField(
        label=_("Your message"),
        max_length=conversation.LONGEST_MESSAGE,
        widget=forms.Textarea(attrs={"rows": 4, "maxlength": conversation.LONGEST_MESSAGE, "class": "form-control"}),
        error_messages={"required": _("Write your message here.")},
    )


def standing(request: HttpRequest, lead: Lead) -> str:
    """Show in plain words where the request stands; "" until it is proven who is reading."""
    if not session_of(request).is_the_patient:
        return ""
    stage = lead.stage
    is_urgent = lead.outcome == Outcome.URGENT and stage in SOUNDS_LIKE_WAITING
    if is_urgent or (stage in SOUNDS_MILD and not lead.safety_hold and reviews.is_looked_at(lead)):
        stage = Stage.REVIEW
    words = CARE_FIRST if alerts.care_comes_first(lead) else STANDING[stage]
    return render_to_string("crm/patient_portal/standing.html", {"words": gettext(words), "lead": lead})


def messages_panel(request: HttpRequest, lead: Lead) -> str:
    """Show how many messages there are, and the way to them; "" until it is proven who is reading."""
    if not session_of(request).is_the_patient:
        return ""
    both = PrivateMessage.objects.filter(lead=lead)
    context = {"count": both.count(), "unread": both.filter(by__isnull=False, read_at__isnull=True).count()}
    return render_to_string("crm/patient_portal/messages_panel.html", context)


@READ_AND_SEND
@patient_page(reads=True)
def messages_page(request: PatientRequest) -> HttpResponse:
    """Show a box to write in, and the conversation, newest first: the latest of it, or with `all` the whole. 422 keeps
    what was typed."""
    if not request.patient.is_the_patient:
        return redirect("private:page")
    lead, now = request.patient.lead, timezone.now()
    form = MessageForm(request.POST if request.method == "POST" else None, initial={"message_id": uuid.uuid4()})
    if form.is_valid():
        conversation.answer(request.patient, now=now, **form.cleaned_data)
        with_us = gettext("Your message is with us. We answer within one business day.")
        # Whoever is to get care now is not to wait for that.
        is_first = alerts.care_comes_first(lead)
        messages.success(request, gettext("Your message is with us.") if is_first else with_us)
        return redirect("my:messages")
    shown, has_older = conversation_queries.latest(lead, to_patient=True, everything="all" in request.GET)
    if shown:
        conversation.show_patient(lead, until=shown[0], now=now)
    context: dict[str, Any] = {"form": form, "shown": shown, "has_older": has_older, "zone": lead.timezone}
    context |= {"patient": request.patient, "care_comes_first": alerts.care_comes_first(lead)}
    return render(request, "crm/patient_portal/messages.html", context, status=422 if form.errors else 200)


@require_safe
@patient_page(reads=True)
def data(request: PatientRequest) -> HttpResponse:
    """Show what a person may ask for: a copy, and deletion."""
    if not request.patient.is_the_patient:
        return redirect("private:page")
    asked = Task.objects.open().filter(lead=request.patient.lead, kind=TaskKind.PRIVACY).exists()
    return render(request, "crm/patient_portal/data.html", {"asked": asked, "patient": request.patient})


@require_POST
@patient_page(reads=True)
def download(request: PatientRequest) -> HttpResponse:
    """Send the person's own copy as a JSON file. Leaves an entry on the timeline."""
    if not request.patient.is_the_patient:
        return redirect("private:page")
    lead = request.patient.lead
    text = json.dumps(own_copy.export(lead), cls=DjangoJSONEncoder, ensure_ascii=False, indent=1)
    privacy.note_download(lead, now=timezone.now())
    headers = {"Content-Disposition": 'attachment; filename="my-data.json"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(text, content_type="application/json", headers=headers)


@require_POST
@patient_page(reads=True)
def delete(request: PatientRequest) -> HttpResponse:
    """Ask staff to delete everything, once the person has said that they are sure; until then, ask them that."""
    if not request.patient.is_the_patient:
        return redirect("my:data")
    if "sure" not in request.POST:
        return render(request, "crm/patient_portal/data.html", {"asks": True, "patient": request.patient})
    privacy.ask_to_delete(request.patient.lead, now=timezone.now())
    messages.success(request, gettext("We have your wish, and answer within 30 days."))
    return redirect("my:data")


@require_POST
@patient_page(reads=True)
def keep(request: PatientRequest) -> HttpResponse:
    """Take back the wish to delete."""
    if request.patient.is_the_patient and privacy.withdraw_deletion(request.patient.lead, now=timezone.now()):
        messages.success(request, gettext("You have taken your wish back. We delete nothing."))
    return redirect("my:data")


@READ_AND_SEND
@patient_page(reads=True)
def people(request: PatientRequest) -> HttpResponse:
    """Show whom we may talk to, and a form to name somebody. 422 keeps what was typed."""
    if not request.patient.is_the_patient:
        return redirect("private:page")
    lead = request.patient.lead
    form = ContactPersonForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        contacts.add(lead, by=None, now=timezone.now(), **form.cleaned_data)
        messages.success(request, gettext("%(name)s is on the list.") % {"name": form.cleaned_data["name"]})
        return redirect("my:people")
    listed = ContactPerson.objects.filter(lead=lead, ended_at__isnull=True).order_by("created_at", "pk")
    context = {"form": form, "people": listed, "patient": request.patient}
    return render(request, "crm/patient_portal/people.html", context, status=422 if form.errors else 200)


@require_POST
@patient_page(reads=True)
def end_person(request: PatientRequest, person_id: uuid.UUID) -> HttpResponse:
    """Take somebody off the list of people we may talk to."""
    if request.patient.is_the_patient:
        person = get_object_or_404(ContactPerson, pk=person_id, lead=request.patient.lead)
        contacts.end(person, by=None, now=timezone.now())
        messages.success(request, gettext("%(name)s is no longer on the list.") % {"name": person.name})
    return redirect("my:people")


app_name = "my"
urlpatterns = [
    path("messages/", messages_page, name="messages"),
    path("people/", people, name="people"),
    path("people/<uuid:person_id>/end/", end_person, name="person_end"),
    path("data/", data, name="data"),
    path("data/download/", download, name="download"),
    path("data/delete/", delete, name="delete"),
    path("data/keep/", keep, name="keep"),
]
