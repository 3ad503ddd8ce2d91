"""The door of the private page /my/: from the link in a mail to a session, and the second factor.

What is on the page comes from the apps above, as panels of the area "patient" (crm/registry.py).
"""

import uuid
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, Protocol, cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop as noop
from django.views.decorators.http import require_http_methods, require_POST

from crm import (
    cookies,
    desk_session,
    patient_access,
    preference_link,
    registry,
    second_factor,
    suppression,
    whose_page,
)
from crm.actions import access, opt_out
from crm.client_address import client_address
from crm.enums import AccessAction, LinkPurpose
from crm.models import PatientSession, User
from crm.said import SaidDateField

COOKIE = cookies.leading_back("patient")
OF_ANOTHER = noop("This page belonged to another person. Nothing was stored.")


class PatientRequest(HttpRequest):
    """A request on the private page; `patient` is its session."""

    patient: PatientSession


class PatientView(Protocol):
    def __call__(self, request: PatientRequest, *args: Any, **kwargs: Any) -> HttpResponseBase: ...


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
    birthday = SaidDateField(
        label=_("Your date of birth"),
        max_length=20,
        help_text=_("Month, day and year, such as 03/15/1970."),
        error_messages={"required": _("Write month, day and year, such as 03/15/1970.")},
        widget=forms.TextInput(attrs={"autocomplete": "bday", "class": "form-control"}),
    )

    def proves(self, session: PatientSession, *, now: datetime, address: str) -> bool:
        typed = self.cleaned_data["birthday"].date
        return second_factor.check_birthday(session, typed, now=now, address=address)


def patient_page(
    *, reads: bool, on_tablet: bool = False, takes_files: bool = False
) -> Callable[[PatientView], Callable[..., HttpResponseBase]]:
    """Guard views of the private page. Without a session: the page that says how to get in. Never kept by any cache.
    What is sent from a page of somebody else is refused (crm/whose_page.py); one that `takes_files` asks for that
    itself, with `of_its_person`, as soon as its body may be read.

    With `reads` the page shows what is on record and wants the second factor; without, having just sent the request
    in the same browser is enough. A tablet that was handed over gets none that reads, unless `on_tablet` says that it
    shows there only what was sent from it. What staff see in a patient's place leaves an AccessEvent.
    """

    def decorate(view: PatientView) -> Callable[..., HttpResponseBase]:
        checked = view if takes_files else of_its_person(view)

        @wraps(cast(Any, view))
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            session = _find(request)
            if session is None:
                lost = request.method == "POST" and not whose_page.is_from_script(request)
                return (None if takes_files else _left_alone(request)) or no_entry(request, is_press=lost)
            if session.handed_over and reads and not on_tablet:
                return _shut_out(request, session, to="private:page", takes_files=takes_files)
            if not session.is_proven and (reads or not session.may_write):
                return _shut_out(request, session, to="private:code", takes_files=takes_files)
            asked = cast(PatientRequest, request)
            asked.patient = session
            if session.is_on_behalf:
                access.record(AccessAction.VIEW, by=session.by, object_type="lead", ids=[session.lead_id])
            return _private(checked(asked, *args, **kwargs))

        return guarded

    return decorate


def of_its_person(view: PatientView) -> PatientView:
    """Guard views that take forms: only what was sent from a page of the person for whom this browser is open."""

    @wraps(cast(Any, view))
    def checked(request: PatientRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method in {"GET", "HEAD"}:
            return view(request, *args, **kwargs)
        named = whose_page.named_in(request, request.patient)
        if whose_page.is_of(request.patient, named):
            return view(request, *args, **kwargs)
        return page_of_another(request, named)

    return checked


def page_of_another(request: PatientRequest, named: PatientSession | None) -> HttpResponse:
    """Says that nothing is stored, and how to open the page that was sent (409; 403 for scripts). Nothing that was
    typed is shown, and nobody named, but to staff who may open both: they see the text again, and whose page it was."""
    if whose_page.is_from_script(request):
        return _private(JsonResponse({"reason": gettext(OF_ANOTHER)}, status=403))
    session = request.patient
    context: dict[str, Any] = {"patient": session}
    del request.patient  # or the form below would be one of this person's pages
    if named and whose_page.may_open_both(session, named):
        access.record(AccessAction.VIEW, by=session.by, object_type="lead", ids=[named.lead_id])
        context |= {"owner": named.lead, "sent": whose_page.fields_of(request), "said": whose_page.said_in(request)}
    return _private(render(request, "private/another_person.html", context, status=409))


def _shut_out(request: HttpRequest, session: PatientSession, *, to: str, takes_files: bool) -> HttpResponse:
    """Send a browser on that is open for somebody who may not see this view. What it has sent is not dropped without a
    word: the page of another person is named as such, and what this person sent waits for them to be proven."""
    if request.method in {"GET", "HEAD"}:
        return _private(redirect(to))
    named = whose_page.named_in(request, session)  # with crm/capped_upload.py: read up to the first file
    if not whose_page.is_of(session, named):
        asked = cast(PatientRequest, request)
        asked.patient = session
        return page_of_another(asked, named)
    waits = session.may_be_proven and not takes_files and _sent_again(request, session, is_open=True)
    return waits or _private(redirect(to))


def _left_alone(request: HttpRequest) -> HttpResponse | None:
    """What was sent from a page that had closed by itself, to be sent once more. Not what was ended on purpose, nor
    from a tablet, nor when staff have signed out: somebody else may sit there."""
    session = patient_access.find_former(request.COOKIES.get(COOKIE, "")) if request.method == "POST" else None
    if session is None or session.ended_at or session.handed_over:
        return None
    if session.is_on_behalf and not _is_signed_in(request, session):
        return None
    return _sent_again(request, session)


def _sent_again(request: HttpRequest, session: PatientSession, *, is_open: bool = False) -> HttpResponse | None:
    """What was sent from a page of this person while it is not open to them, to be sent once more when it is; it goes
    along in the form and is kept nowhere. A press without a word in it is for its own page to ask again. None when
    nothing was sent, or from a page of somebody else (409). `is_open`: all that is missing is the second factor."""
    if request.method != "POST" or whose_page.is_from_script(request):
        return None
    if not whose_page.is_of(session, whose_page.named_in(request, session)):
        return None
    context = {
        "former": session,
        "is_open": is_open,
        "was_long": patient_access.ends_at_last(session) <= session.seen_at + patient_access.IDLE,
        "sent": whose_page.fields_of(request),
        "said": whose_page.said_in(request),
    }
    return _private(render(request, "private/closed.html", context, status=409))


def _find(request: HttpRequest) -> PatientSession | None:
    """The session of this browser. One that staff opened ends with their own: at sign-out, when they are idle or too
    long at it, with a new password, and when somebody takes their account, their role or their location away."""
    now = timezone.now()
    session = patient_access.find_session(request.COOKIES.get(COOKIE, ""), now=now)
    if session and session.is_on_behalf and not _is_signed_in(request, session):
        patient_access.end(session, now=now)
        return None
    return session


def _is_signed_in(request: HttpRequest, session: PatientSession) -> bool:
    """Return whether the member of staff who opened the session is still at the desk, in this browser and in the
    sign-in that it was opened from, and may still open it: roles and locations change in the middle of a day."""
    key = request.session.session_key or ""
    if request.user.pk != session.by_id or patient_access.digest(key) != session.desk_key:
        return False
    if desk_session.why_over(request):
        logout(request)
        return False
    return patient_access.may_fill_in(cast(User, request.user), session.lead_id)


def session_of(request: HttpRequest) -> PatientSession:
    """For panels of the private page: they are called with its request."""
    return cast(PatientRequest, request).patient


def no_entry(request: HttpRequest, *, is_press: bool = False) -> HttpResponse:
    """One and the same page for every link and session that opens nothing; it says what to do instead, and of a press
    on a page that was open once that nothing became of it."""
    return _private(render(request, "private/no_entry.html", {"is_press": is_press}, status=404))


def enter(entry: patient_access.Entry, *, to: str, **place: Any) -> HttpResponse:
    """Sends the browser on with the cookie of its new session, which ends with the browser."""
    response = redirect(reverse(to, kwargs=place))
    response.set_cookie(COOKIE, entry.secret, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)
    return _private(response)


@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, token: str) -> HttpResponse:
    """The address in a mail. Opening it changes nothing, because mail scanners do; the button begins a session."""
    now = timezone.now()
    found = patient_access.find_link(token, purpose=LinkPurpose.PRIVATE_PAGE, now=now)
    if found is None:
        return no_entry(request)
    if request.method != "POST":
        return _private(render(request, "private/link.html", {"opened": uuid.uuid4()}))
    secret = patient_access.secret_of(token, id_in(request, "opened"))
    after = patient_access.find_former(request.COOKIES.get(COOKIE, ""))
    return enter(patient_access.begin(found.lead, now=now, link=found, after=after, secret=secret), to="private:page")


def id_in(request: HttpRequest, name: str) -> uuid.UUID:
    """Which rendering of a form was sent, so that two presses of one button are one; a new id when it does not say."""
    try:
        return uuid.UUID(request.POST.get(name, ""))
    except ValueError:
        return uuid.uuid4()


@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponseBase:
    """The second factor: asks for a code or the date of birth, and takes it. 422 for a wrong one. One and the same page
    for whoever has opened no link: nobody learns there whether a name or an address is known."""
    session = _find(request)
    if session is None:
        return no_entry(request)
    if session.is_proven:
        return _private(redirect("private:page"))
    if not session.may_be_proven:
        return _private(render(request, "private/open_link.html", {"patient": session}))
    asked = cast(PatientRequest, request)
    asked.patient = session
    return _private(_take_proof(asked))


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
            return _private(redirect("private:page"))
        form.refuse()
    return _ask(request, session, **{form.name: form})


def _factor(request: HttpRequest) -> "FactorForm":
    kind = BirthdayForm if "birthday" in request.POST else CodeForm
    return kind(request.POST if request.method == "POST" else None)


def _ask(request: HttpRequest, session: PatientSession, **given: Any) -> HttpResponse:
    """The page with every way that is open. `given`: a form that was refused, and what became of asking for a code."""
    context: dict[str, Any] = {
        "ways": second_factor.ways(session, now=timezone.now(), address=client_address(request)),
        "address": _masked(session.lead.email),
        "stopped": _stopped(session),
        "asked": uuid.uuid4(),
        "code": CodeForm(),
        "birthday": BirthdayForm(),
    } | given
    wrong = context["code"].errors or context["birthday"].errors
    return _private(render(request, "private/code.html", context, status=422 if wrong else 200))


def _stopped(session: PatientSession) -> dict[str, Any] | None:
    """Why no code can be mailed to an address, for a browser that has opened a link: the person's own wish, which they
    can take back, or an address that takes none. None when mail goes there."""
    lead = session.lead
    if not lead.email or not suppression.answers_are_stopped(lead):
        return None
    choices = reverse("preferences", args=[preference_link.make(lead.pk, lead.email)])
    return {"by_wish": not opt_out.is_stopped_by_others(lead), "choices": choices}


def _masked(address: str) -> str:
    """ "m…@example.org": enough to recognise one's own address, too little to learn somebody else's."""
    local, at, domain = address.partition("@")
    return f"{local[:1]}…@{domain}" if at else ""


@require_http_methods(["GET", "HEAD"])
@patient_page(reads=False)
def page(request: PatientRequest) -> HttpResponse:
    """What there is to do, from every app that has something for the patient."""
    lead = request.patient.lead
    panels = [
        {"title": gettext(panel.title), "html": html}
        for panel in registry.panels("patient")
        if (html := panel.render(request, lead))
    ]
    return render(request, "private/page.html", {"panels": panels, "patient": request.patient})


@require_POST
def stay(request: HttpRequest) -> HttpResponseBase:
    """Keeps a page open on which somebody reads or types, that of the code too (static/js/stay.js): 204, 404 when it
    has closed, 409 when this browser is open for somebody else."""
    session = _find(request)
    if session is None:
        return no_entry(request)
    asked = cast(PatientRequest, request)
    asked.patient = session
    return _private(_stayed(asked))


@of_its_person
def _stayed(request: PatientRequest) -> HttpResponse:
    return HttpResponse(status=204)


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Ends this browser's session and forgets every cookie that leads back. Whatever page it is pressed on, and whether
    it is still open: whoever presses it wants nobody to find anything here."""
    now, session = timezone.now(), _find(request)
    closed = [one for one in (session, whose_page.named_in(request, session)) if one]
    for one in closed:
        patient_access.end(one, now=now)
    list(messages.get_messages(request))  # nor what was still to be said
    channels = " ".join(name for one in closed for name in whose_page.channels_of(one))
    context = {"handed_over": session is not None and session.handed_over, "channels": channels}
    response = render(request, "private/left.html", context)
    cookies.forget_who_was_here(response)
    return _private(response)


def _private[Response: HttpResponseBase](response: Response) -> Response:
    """Kept by nobody, and its address told to nobody: it may hold a token.

    Not "no-referrer": browsers then send "Origin: null" with every form, which the CSRF check refuses.
    """
    add_never_cache_headers(response)
    response["Referrer-Policy"] = "strict-origin"
    return response


app_name = "private"
urlpatterns = [
    path("", page, name="page"),
    path("link/<str:token>/", link, name="link"),
    path("code/", code, name="code"),
    path("stay/", stay, name="stay"),
    path("leave/", leave, name="leave"),
]
