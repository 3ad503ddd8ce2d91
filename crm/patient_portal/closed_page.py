"""What a press on a private page gets that is not open, or not for this person: nothing is stored, and none is lost."""

from functools import wraps
from typing import Any, cast

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as noop

from crm.audit import access
from crm.enums.leads import AccessAction
from crm.models import PatientSession
from crm.patient_portal import access as patient_access
from crm.patient_portal import page_owner
from crm.patient_portal.requests import COOKIE, PatientRequest, PatientView, is_signed_in, kept_by_nobody

OF_ANOTHER = noop("This page belonged to another person. Nothing was stored.")


def of_its_person(view: PatientView) -> PatientView:
    """Guard views that take forms: only what was sent from a page of the person for whom this browser is open."""

    @wraps(cast(Any, view))
    def checked(request: PatientRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method in {"GET", "HEAD"}:
            return view(request, *args, **kwargs)
        named = page_owner.named_in(request, request.patient)
        if page_owner.is_of(request.patient, named):
            return view(request, *args, **kwargs)
        return page_of_another(request, named)

    return checked


def page_of_another(request: PatientRequest, named: PatientSession | None) -> HttpResponse:
    """Say that nothing is stored, and how to open the page that was sent (409; 403 for scripts). Nothing that was
    typed is shown, and nobody named, but to staff who may open both: they see the text again, and whose page it was."""
    if page_owner.is_from_script(request):
        return kept_by_nobody(JsonResponse({"reason": gettext(OF_ANOTHER)}, status=403))
    session = request.patient
    context: dict[str, Any] = {"patient": session}
    del request.patient  # or the form below would be one of this person's pages
    if named and page_owner.may_open_both(session, named):
        access.record(AccessAction.VIEW, by=session.by, object_type="lead", ids=[named.lead_id])
        context |= {"owner": named.lead, "sent": page_owner.fields_of(request), "said": page_owner.said_in(request)}
    return kept_by_nobody(render(request, "crm/patient_portal/another_person.html", context, status=409))


def shut_out(request: HttpRequest, session: PatientSession, *, to: str, takes_files: bool) -> HttpResponse:
    """Send a browser on that is open for somebody who may not see this view. What it has sent is not dropped without a
    word: the page of another person is named as such, and what this person sent waits for them to be proven."""
    if request.method in {"GET", "HEAD"}:
        return kept_by_nobody(redirect(to))
    named = page_owner.named_in(request, session)  # with crm/documents/upload_handler.py: read up to the first file
    if not page_owner.is_of(session, named):
        asked = cast(PatientRequest, request)
        asked.patient = session
        return page_of_another(asked, named)
    waits = session.may_be_proven and not takes_files and _sent_again(request, session, is_open=True)
    return waits or kept_by_nobody(redirect(to))


def left_alone(request: HttpRequest) -> HttpResponse | None:
    """Return what was sent from a page that had closed by itself, to be sent once more. Not what was ended on purpose,
    nor from a tablet, nor when staff have signed out: somebody else may sit there."""
    session = patient_access.find_former(request.COOKIES.get(COOKIE, "")) if request.method == "POST" else None
    if session is None or session.ended_at or session.handed_over:
        return None
    if session.is_on_behalf and not is_signed_in(request, session):
        return None
    return _sent_again(request, session)


def _sent_again(request: HttpRequest, session: PatientSession, *, is_open: bool = False) -> HttpResponse | None:
    """Show what was sent from a page of this person that is not open to them, to be sent once more when it is; it goes
    along in the form and is kept nowhere. A press without a word in it is for its own page to ask again. None when
    nothing was sent, or from a page of somebody else (409). `is_open`: all that is missing is the second factor."""
    if request.method != "POST" or page_owner.is_from_script(request):
        return None
    if not page_owner.is_of(session, page_owner.named_in(request, session)):
        return None
    context = {
        "former": session,
        "is_open": is_open,
        "was_long": patient_access.ends_at_last(session) <= session.seen_at + patient_access.IDLE,
        "sent": page_owner.fields_of(request),
        "said": page_owner.said_in(request),
    }
    return kept_by_nobody(render(request, "crm/patient_portal/closed.html", context, status=409))
