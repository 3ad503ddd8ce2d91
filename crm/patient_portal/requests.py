"""A request on the private page: whose session it is, and answers that nobody keeps."""

import uuid
from typing import Any, Protocol, cast

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers

from crm.accounts import desk_session
from crm.http import cookies
from crm.models import PatientSession, User
from crm.patient_portal import access as patient_access

COOKIE = cookies.leading_back("patient")


class PatientRequest(HttpRequest):
    """A request on the private page; `patient` is its session."""

    patient: PatientSession


class PatientView(Protocol):
    def __call__(self, request: PatientRequest, *args: Any, **kwargs: Any) -> HttpResponseBase: ...


def find_session(request: HttpRequest) -> PatientSession | None:
    """Return the session of this browser, None when it has none. One that staff opened ends with their own: at
    sign-out, when they are idle or too long at it, with a new password, and when somebody takes their account, their
    role or their location away."""
    now = timezone.now()
    session = patient_access.find_session(request.COOKIES.get(COOKIE, ""), now=now)
    if session and session.is_on_behalf and not is_signed_in(request, session):
        patient_access.end(session, now=now)
        return None
    return session


def is_signed_in(request: HttpRequest, session: PatientSession) -> bool:
    """Tell whether the member of staff who opened the session is still at the desk, in this browser and in the
    sign-in that it was opened from, and may still open it: roles and locations change in the middle of a day."""
    key = request.session.session_key or ""
    if request.user.pk != session.by_id or patient_access.digest(key) != session.desk_key:
        return False
    if desk_session.why_over(request):
        logout(request)
        return False
    return patient_access.may_fill_in(cast(User, request.user), session.lead_id)


def session_of(request: HttpRequest) -> PatientSession:
    """Return the session of a request on the private page. For its panels: they are called with its request."""
    return cast(PatientRequest, request).patient


def no_entry(request: HttpRequest, *, is_press: bool = False) -> HttpResponse:
    """Return one and the same page for every link and session that opens nothing; it says what to do instead, and of a
    press on a page that was open once that nothing became of it."""
    return kept_by_nobody(render(request, "crm/patient_portal/no_entry.html", {"is_press": is_press}, status=404))


def enter(entry: patient_access.NewSession, *, to: str, **place: Any) -> HttpResponse:
    """Send the browser on with the cookie of its new session, which ends with the browser."""
    response = redirect(reverse(to, kwargs=place))
    response.set_cookie(COOKIE, entry.secret, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)
    return kept_by_nobody(response)


def id_in(request: HttpRequest, name: str) -> uuid.UUID:
    """Return which rendering of a form was sent, so that two presses of one button are one; a new id when it says
    none."""
    try:
        return uuid.UUID(request.POST.get(name, ""))
    except ValueError:
        return uuid.uuid4()


def kept_by_nobody[Response: HttpResponseBase](response: Response) -> Response:
    """Return an answer that nobody keeps, and that tells nobody its address: it may hold a token.

    Not "no-referrer": browsers then send "Origin: null" with every form, which the CSRF check refuses.
    """
    add_never_cache_headers(response)
    response["Referrer-Policy"] = "strict-origin"
    return response
