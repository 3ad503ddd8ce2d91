"""A patient's browser: holds and books over HTTP as a person would; and a page of the desk that is saved."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from django.test import Client
from django.utils import timezone

from crm.models import Lead, Location, PatientSession
from crm.patient_portal import access as patient_access
from scheduling.models import Appointment, AppointmentType
from scheduling.portal.access import holder

HOME = "/my/appointments/"


def browser_of(lead: Lead, **session: Any) -> Client:
    """Somebody who has shown who they are, in a browser of their own."""
    browser = Client()
    entry = patient_access.begin(lead, now=timezone.now())
    PatientSession.objects.filter(pk=entry.session.pk).update(**{"proven_at": timezone.now()} | session)
    browser.cookies["patient"] = entry.secret
    return browser


def holder_of(browser: Client) -> str:
    """Whose the holds of this browser are."""
    session = patient_access.find_session(browser.cookies["patient"].value, now=timezone.now())
    assert session
    return holder(session)


def address(kind: AppointmentType, start: datetime | None = None) -> str:
    month = f"?month={start:%Y-%m}&day={start:%Y-%m-%d}" if start else ""
    return f"{HOME}book/{kind.key}/{month}"


def hold(browser: Client, kind: AppointmentType, start: datetime) -> str:
    answer = browser.post(address(kind), {"start": start.isoformat()})
    assert answer.status_code == 302, answer.content.decode()[-2000:]
    return str(answer["Location"])


def book(browser: Client, kind: AppointmentType, start: datetime) -> Appointment:
    browser.post(hold(browser, kind, start), {"request_id": str(uuid4())})
    return Appointment.objects.get(kind=kind, starts_at=start)


def save_holidays(admin: Client, center: Location, holidays: str) -> str:
    """Press Save on the page of a location, with other holidays."""
    return save_place(admin, center, holidays=holidays)


def save_place(admin: Client, center: Location, **changes: str) -> str:
    """Press Save on the page of a location, with changes."""
    where = f"/admin/crm/location/{center.pk}/change/"
    form = admin.get(where).context["adminform"].form
    sent = {name: "" if form[name].value() is None else form[name].value() for name in form.fields}
    sent = {name: value for name, value in sent.items() if value is not False and name not in {"logo", "is_active"}}
    hours = form["hours"].field.prepare_value(center.hours) if "hours" in sent else ""
    sent |= {"hours": hours, "is_active": "on", "holidays": "", "served_states": "", "embed_origins": ""}
    return admin.post(where, sent | changes, follow=True).content.decode()
