"""Whatever becomes of a form with a warning sign, the answer is the emergency page.

A view may never see the form: its session is over, the CSRF check refuses it, a limit holds it back, something breaks.
So the answer is looked at on its way out, and what can be kept is kept.
"""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.urls import ResolverMatch, resolve
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import get_language, get_language_from_request, override
from django.views.decorators.csp import csp_override

from crm.http import raw_body
from crm.http.error_pages import bad_request
from crm.models import PatientSession
from crm.patient_portal import access as patient_access
from crm.patient_portal import page_owner
from crm.patient_portal import requests as patient_requests
from intake.assessment import answer_history
from intake.assessment.answer_history import TREATMENTS
from intake.portal import questions
from intake.public import embed, views
from intake.questionnaire import SAFETY_SCRIPT
from intake.requests import (
    bot_protection,
    known_people,
    raw_signs,
    sign_reports,
    submission_flow,
    told_treatments,
)
from intake.requests.forms import QuestionnairePageForm
from intake.requests.sign_reports import SignReport
from intake.requests.submission_flow import IntakeChannel
from intake.requests.treatment_form import ToldForm

log = structlog.get_logger("nucleus.intake")

DOORS: dict[str | None, Callable[[], IntakeChannel]] = {
    "candidate": views.Candidate,
    "call_me": views.ShortWay,
    "embed": embed.Frame,
}
QUESTIONS, TREATMENT, PAGE = "my_questions", "my_treatment", "emergency"
PRIVATE = {QUESTIONS, TREATMENT}
SHOWN_AGAIN = {HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.TOO_MANY_REQUESTS}
# For the case that not even the page can be shown. The Spanish stands beside the English: nobody has checked it.
LAST_WORDS = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Get emergency care now</title></head><body><main role="alert">
<h1>Please get emergency care now</h1>
<p>One of your answers can be a sign of something that has to be seen today. Do not wait for a call from us.</p>
<p><a href="tel:911">Call 911</a>, or have somebody take you to the nearest emergency department.</p>
<p>Outside the United States call <a href="tel:112">112</a> or your local emergency number.</p>
<p lang="es">Busque atención de emergencia ahora. <a href="tel:911">Llame al 911</a>. No espere nuestra llamada.</p>
</main></body></html>
"""


class SafetyNet:
    """Middleware: replaces whatever else would answer a form with a warning sign."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if raw_signs.is_marked(response) or (match := _match(request)) is None:
            return response
        if match.url_name == PAGE:
            return _last_words() if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR else response
        if request.method != "POST":
            return response
        if raw_signs.is_too_much(request):
            return bad_request(request, SuspiciousOperation("Over a limit."))
        raw_body.read_whole(request)
        if not raw_signs.ticked_in(request):
            if not _is_answered(request, response, match):
                _keep_signs_for_review(request, match)
            return response
        log.warning("emergency_caught", route=match.url_name, status=response.status_code)
        with override(get_language_from_request(request, check_path=True)):
            return _framed(match, request, _answer(match, request))

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        """Remember that the database failed: nobody with a warning sign waits for it twice."""
        request.META[_NO_DATABASE] = isinstance(exception, DatabaseError)


def _is_answered(request: HttpRequest, response: HttpResponse, match: ResolverMatch) -> bool:
    """Return whether the page was let in, and either kept or shown again with what was typed."""
    is_kept = response.status_code < HTTPStatus.BAD_REQUEST or response.status_code in SHOWN_AGAIN
    return is_kept and (match.url_name in DOORS or hasattr(request, "patient"))


_NO_DATABASE = "nucleus.no_database"


def _match(request: HttpRequest) -> ResolverMatch | None:
    """Return the route, when it is one with questions about warning signs, or the emergency page. A request may be
    refused before it has one."""
    try:
        with override(get_language_from_request(request, check_path=True)):
            match = request.resolver_match or resolve(request.path_info)
    except Exception:  # an address of no page
        return None
    return match if match.app_name == "intake" and match.url_name in {*DOORS, *PRIVATE, PAGE} else None


def _answer(match: ResolverMatch, request: HttpRequest) -> HttpResponse:
    try:
        if match.url_name in PRIVATE:
            return views.to_emergency(abroad=False, kept=_keep_private(request, match), is_private=True)
        return _keep_public(request, DOORS[match.url_name]())
    except Exception as error:  # this person must see that page
        log.error("emergency_not_shown", exc_info=error)
        return _last_words()


def _last_words() -> HttpResponse:
    response = HttpResponse(LAST_WORDS)
    add_never_cache_headers(response)
    return response


def _framed(match: ResolverMatch, request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Let an answer in a frame be seen there, even when nobody can look up whose site that is. It holds nothing
    private."""
    if match.url_name != "embed":
        return response
    policy: dict[str, Any] = settings.SECURE_CSP | {"frame-ancestors": ["*"]}
    framed: HttpResponse = csp_override(policy)(lambda _request: response)(request)
    return framed


def _keep_public(request: HttpRequest, door: IntakeChannel) -> HttpResponse:
    try:
        if not request.META.get(_NO_DATABASE):
            return submission_flow.take_emergency(request, door)
    except Exception as error:
        log.error("emergency_not_stored", exc_info=error)
    return door.emergency(request, abroad=submission_flow.is_abroad(request.POST.get("state", "")), kept="failed")


def _keep_private(request: HttpRequest, match: ResolverMatch) -> str:
    """Return what became of a page of the private area, in the words of IntakeChannel.emergency. It is a report about
    whoever the page was opened for, whatever became of its session since, and whoever the browser is open for by now
    (intake/requests/sign_reports.py)."""
    now = timezone.now()
    try:
        if request.META.get(_NO_DATABASE):
            return "failed"
        opened = _opened_for(request)
        if opened is None:
            return "failed"
        is_many = bot_protection.pages_are_many(request, _counted_with(opened[0]), now=now, urgent=True)
        if _keep_report(request, *opened, match, now=now, is_loud=not is_many):
            return "kept"
        known_people.call_at_once(
            opened[0].lead, key=patient_requests.id_in(request, "submission_id"), now=now, is_loud=not is_many
        )
    except Exception as error:
        log.error("emergency_not_stored", exc_info=error)
    return "failed"


def _opened_for(request: HttpRequest) -> tuple[PatientSession, bool] | None:
    """Return the session of whoever the page was opened for, and whether it came from their own browser and from this
    site; None when nobody can tell."""
    session = patient_access.find_former(request.COOKIES.get(patient_requests.COOKIE, ""))
    named = page_owner.named_in(request, session)
    if session and page_owner.is_of(session, named):
        return session, getattr(request, "csrf_processing_done", False)
    about = named or session
    return (about, False) if about else None


def _keep_signs_for_review(request: HttpRequest, match: ResolverMatch) -> None:
    """Keep signs for which nobody has to be called at once, but at which a clinician has to look."""
    try:
        if request.META.get(_NO_DATABASE):
            return
        if match.url_name in PRIVATE:
            _keep_report_for_review(request, match, now=timezone.now())
        else:
            submission_flow.hold_refused(request, DOORS[match.url_name]())
    except Exception as error:
        log.error("report_not_stored", exc_info=error)


def _keep_report_for_review(request: HttpRequest, match: ResolverMatch, *, now: datetime) -> None:
    opened = _opened_for(request)
    report = _report(request, *opened, match, now=now) if opened else None
    if report and report.signs and not bot_protection.pages_are_many(request, _counted_with(report.session), now=now):
        sign_reports.keep(report)


def _counted_with(session: PatientSession) -> object:
    """Return what a session's reports are counted with: the pages of the request in this browser, else themselves."""
    return session.origin or session.pk


def _keep_report(
    request: HttpRequest,
    session: PatientSession,
    is_ours: bool,
    match: ResolverMatch,
    *,
    now: datetime,
    is_loud: bool,
) -> bool:
    """Keep the signs in a page, whatever else is wrong with it; return False when that fails. Raises DatabaseError."""
    try:
        sign_reports.keep(_report(request, session, is_ours, match, now=now), is_loud=is_loud)
    except DatabaseError:
        raise
    except Exception as error:
        log.error("report_not_stored", exc_info=error)
        return False
    return True


def _report(
    request: HttpRequest, session: PatientSession, is_ours: bool, match: ResolverMatch, *, now: datetime
) -> SignReport:
    ticked = raw_signs.ticked_in(request)
    page, answers = _answers(request, session, match, ticked)
    return SignReport(
        session=session,
        page=page,
        answers=answers,
        form_id=patient_requests.id_in(request, "submission_id"),
        now=now,
        language=get_language() or settings.LANGUAGE_CODE,
        is_ours=is_ours,
        is_urgent=bool(ticked),
    )


def _answers(
    request: HttpRequest, session: PatientSession, match: ResolverMatch, ticked: list[str]
) -> tuple[str, dict[str, Any]]:
    """Return the page as its form reads it, which loses no sign (raw_signs.unread); of one that no form can read, the
    emergency signs that were `ticked`."""
    try:
        return _as_read(request, session, match)
    except DatabaseError:
        raise
    except Exception as error:
        log.error("report_not_readable", exc_info=error)
    return SAFETY_SCRIPT.key, {raw_signs.FIELD: ticked}


def _as_read(request: HttpRequest, session: PatientSession, match: ResolverMatch) -> tuple[str, dict[str, Any]]:
    if match.url_name == TREATMENT:
        return TREATMENTS, _told_of_a_treatment(request, session, match)
    key = match.kwargs["key"]
    form = QuestionnairePageForm(request.POST, page=questions.PAGE_OF[key])
    form.is_valid()
    sent = questions.sent_with(session, key, "", form)
    said = sent.answers | sent.telling
    return key, {name: value for name, value in said.items() if value not in answer_history.NO_ANSWERS}


def _told_of_a_treatment(request: HttpRequest, session: PatientSession, match: ResolverMatch) -> dict[str, Any]:
    """Return what is told of a treatment, in the patient's words: a report changes no row, even when taken over."""
    row = told_treatments.treatment_of(session, match.kwargs["treatment_id"])
    if row is None:
        raise LookupError("No treatment of this person")
    form = ToldForm(request.POST, treatment=row)
    columns = form.columns() if form.is_valid() else {}
    told = form.told()
    return {"treatment": str(row.pk), "told": told} | told_treatments.about(row, told, columns)
