"""The door of the private page /my/: from the link in a mail to a session.

What is on the page comes from the apps above, as panels of the area "patient" (crm/registry).
"""

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from crm import registry
from crm.audit import access
from crm.enums.leads import AccessAction, LinkPurpose
from crm.http import cookies
from crm.patient_portal import access as patient_access
from crm.patient_portal import closed_page, page_owner, proof_views
from crm.patient_portal.closed_page import of_its_person
from crm.patient_portal.requests import (
    COOKIE,
    PatientRequest,
    PatientView,
    enter,
    find_session,
    id_in,
    kept_by_nobody,
    no_entry,
)


def patient_page(
    *, reads: bool, on_tablet: bool = False, takes_files: bool = False
) -> Callable[[PatientView], Callable[..., HttpResponseBase]]:
    """Guard views of the private page. Without a session: the page that says how to get in. Never kept by any cache.
    What is sent from a page of somebody else is refused (crm/patient_portal/page_owner.py); one that `takes_files` asks
    for that itself, with `of_its_person`, as soon as its body may be read.

    With `reads` the page shows what is on record and wants the second factor; without, having just sent the request
    in the same browser is enough. A tablet that was handed over gets none that reads, unless `on_tablet` says that it
    shows there only what was sent from it. What staff see in a patient's place leaves an AccessEvent.
    """

    def decorate(view: PatientView) -> Callable[..., HttpResponseBase]:
        checked = view if takes_files else of_its_person(view)

        @wraps(cast(Any, view))
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            session = find_session(request)
            if session is None:
                lost = request.method == "POST" and not page_owner.is_from_script(request)
                return (None if takes_files else closed_page.left_alone(request)) or no_entry(request, is_press=lost)
            if session.handed_over and reads and not on_tablet:
                return closed_page.shut_out(request, session, to="private:page", takes_files=takes_files)
            if not session.is_proven and (reads or not session.may_write):
                return closed_page.shut_out(request, session, to="private:code", takes_files=takes_files)
            asked = cast(PatientRequest, request)
            asked.patient = session
            if session.is_on_behalf:
                access.record(AccessAction.VIEW, by=session.by, object_type="lead", ids=[session.lead_id])
            return kept_by_nobody(checked(asked, *args, **kwargs))

        return guarded

    return decorate


@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, token: str) -> HttpResponse:
    """Answer the link in a mail. Opening it changes nothing: mail scanners do so too; its button begins a session."""
    now = timezone.now()
    found = patient_access.find_link(token, purpose=LinkPurpose.PRIVATE_PAGE, now=now)
    if found is None:
        return no_entry(request)
    if request.method != "POST":
        return kept_by_nobody(render(request, "crm/patient_portal/link.html", {"opened": uuid.uuid4()}))
    secret = patient_access.secret_of(token, id_in(request, "opened"))
    after = patient_access.find_former(request.COOKIES.get(COOKIE, ""))
    return enter(patient_access.begin(found.lead, now=now, link=found, after=after, secret=secret), to="private:page")


@require_http_methods(["GET", "HEAD"])
@patient_page(reads=False)
def page(request: PatientRequest) -> HttpResponse:
    """Show what there is to do, from every app that has something for the patient."""
    panels = registry.filled_panels("patient", request, request.patient.lead)
    return render(request, "crm/patient_portal/page.html", {"panels": panels, "patient": request.patient})


@require_POST
def stay(request: HttpRequest) -> HttpResponseBase:
    """Keep a page open on which somebody reads or types, that of the code too (static/js/stay.js): 204, 404 when it
    has closed, 409 when this browser is open for somebody else."""
    session = find_session(request)
    if session is None:
        return no_entry(request)
    asked = cast(PatientRequest, request)
    asked.patient = session
    return kept_by_nobody(_stayed(asked))


@of_its_person
def _stayed(request: PatientRequest) -> HttpResponse:
    return HttpResponse(status=204)


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """End this browser's session and forget every cookie that leads back, whatever page it is pressed on, open or not:
    whoever presses it wants nobody to find anything here."""
    now, session = timezone.now(), find_session(request)
    closed = [one for one in (session, page_owner.named_in(request, session)) if one]
    for one in closed:
        patient_access.end(one, now=now)
    list(messages.get_messages(request))  # nor what was still to be said
    channels = " ".join(name for one in closed for name in page_owner.channels_of(one))
    context = {"handed_over": session is not None and session.handed_over, "channels": channels}
    response = render(request, "crm/patient_portal/left.html", context)
    cookies.forget_who_was_here(response)
    return kept_by_nobody(response)


app_name = "private"
urlpatterns = [
    path("", page, name="page"),
    path("link/<str:token>/", link, name="link"),
    path("code/", proof_views.code, name="code"),
    path("stay/", stay, name="stay"),
    path("leave/", leave, name="leave"),
]
