"""Who may see the pages about appointments, and whose a hold is."""

import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import get_language

from crm.models import PatientSession
from crm.patient_portal.entry import patient_page
from crm.patient_portal.requests import PatientRequest, PatientView
from scheduling.actions import queries
from scheduling.models import Appointment, AppointmentType


def only_the_patient(view: PatientView) -> Any:
    """Admit only those who have shown who they are; not staff who fill in together, nor the tablet of the waiting
    room."""

    def inner(request: PatientRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.patient.is_the_patient:
            return redirect("private:page")
        return view(request, *args, **kwargs)  # type: ignore[return-value]  # all of them answer with a page

    return patient_page(reads=True)(inner)


def holder(session: PatientSession) -> str:
    """Return whose hold it is: of the link in the mail, however often it is opened, or else of this browser."""
    return f"link:{session.link_id}" if session.link_id else f"session:{session.pk}"


def said_of(kind: AppointmentType) -> dict[str, Any]:
    """Return what every page about an appointment says of its kind, in the language in force."""
    language = get_language()
    return {"kind": kind, "label": kind.label_in(language), "about": kind.about_in(language)}


def own_appointment(request: PatientRequest, appointment_id: uuid.UUID) -> Appointment:
    """Return one of the patient's own appointments; 404 for anybody else's."""
    return get_object_or_404(queries.of_lead(request.patient.lead), pk=appointment_id)
