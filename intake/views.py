"""The request for help: the form, the thank-you page and the emergency page."""

import uuid
from dataclasses import replace
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers, patch_cache_control
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm import queries
from crm.actions import safety
from crm.models import Location
from crm.places import ABROAD
from intake import actions, attribution, guard, proof, quarantine
from intake.forms import CallMe, RequestForm, StepOne

log = structlog.get_logger("nucleus.intake")

# Signed cookies of an hour carry the reference to the next page: it belongs in no URL, and a visitor gets no session.
COOKIE_SECONDS = 3600
REFERENCE_COOKIE = "request_reference"
EMERGENCY_COOKIE = "request_emergency"


@require_http_methods(["GET", "HEAD", "POST"])
def candidate(request: HttpRequest) -> HttpResponse:
    """Step 1."""
    return _take(request, StepOne, "intake/candidate.html")


@require_http_methods(["GET", "HEAD", "POST"])
def call_me(request: HttpRequest) -> HttpResponse:
    """The short way: a name and a telephone number."""
    return _take(request, CallMe, "intake/call_me.html")


def _take(request: HttpRequest, form_class: type[RequestForm], template: str) -> HttpResponse:
    """A request in any length. POST: 302 to the thanks or the emergency page; 422 with the form and everything typed
    when it is not in order; 503 before a centre is set up."""
    centre = queries.main_location()
    if centre is None:
        return render(request, "intake/not_open.html", status=503)
    if request.method != "POST":
        fresh = {"submission_id": uuid.uuid4(), "opened": guard.stamp(timezone.now())}
        return _blank(request, form_class(initial=fresh, centre_name=centre.name), template)
    form = form_class(request.POST, centre_name=centre.name)
    valid = form.is_valid()
    if form.is_emergency:
        return _emergency(request, form, centre)
    if not valid:
        response = render(request, template, {"form": form}, status=422)
        add_never_cache_headers(response)
        return response
    return _keep(request, form, centre, template)


def _keep(request: HttpRequest, form: RequestForm, centre: Location, template: str) -> HttpResponse:
    """Stores a request that is in order; holds it back when a machine may have made it. 429 only in a flood."""
    asked = _request(request, form, centre)
    verdict = _arrive(request, asked)
    if verdict.is_flood:
        response = render(request, template, {"form": form, "flood": True}, status=429)
        add_never_cache_headers(response)
        return response
    if verdict.reasons:
        reference = quarantine.hold(asked, verdict.reasons)
    else:
        reference = actions.submit(replace(asked, is_new=verdict.is_new)).reference
    return _remember(redirect("intake:thanks"), REFERENCE_COOKIE, f"{reference} {asked.submission_id}")


def _arrive(request: HttpRequest, asked: actions.Request) -> guard.Verdict:
    day = asked.now.astimezone(asked.location.zone).date()
    return guard.arrive(request, asked.data, submission_id=asked.submission_id, day=day, now=asked.now)


def _blank(request: HttpRequest, form: RequestForm, template: str) -> HttpResponse:
    """The empty form. The browser may keep what is typed into it, so that going back to it loses nothing."""
    response = render(request, template, {"form": form})
    patch_cache_control(response, private=True, no_cache=True)
    return response


def _request(request: HttpRequest, form: RequestForm, centre: Location, *, urgent: bool = False) -> actions.Request:
    return actions.Request(
        submission_id=form.cleaned_data.get("submission_id") or uuid.uuid4(),
        data=form.cleaned_data,
        location=centre,
        now=timezone.now(),
        urgent=urgent,
        page=form.page,
        attribution=attribution.of(request),
        language=get_language() or settings.LANGUAGE_CODE,
    )


def _emergency(request: HttpRequest, form: RequestForm, centre: Location) -> HttpResponse:
    """To the emergency page at once. What the person left is kept when it suffices to reach them, else counted."""
    asked = _request(request, form, centre, urgent=True)
    try:
        _keep_emergency(request, form, asked)
    except DatabaseError as trouble:  # whatever is wrong with our side, this person must see that page
        log.error("emergency_not_stored", error=type(trouble).__name__)
        return to_emergency(abroad=is_abroad(form.data.get("state", "")), kept="failed")
    kept = "kept" if form.has_contact else "not-kept"
    return to_emergency(abroad=is_abroad(form.data.get("state", "")), kept=kept)


def _keep_emergency(request: HttpRequest, form: RequestForm, asked: actions.Request) -> None:
    _arrive(request, asked)  # counted like everybody; what it finds suspicious holds back no emergency
    if form.has_contact:
        actions.submit(asked)
    else:
        safety.count_without_contact(asked.location, now=asked.now)


def is_abroad(state: str) -> bool:
    """Whether another number than 911 helps there."""
    return state == ABROAD


def to_emergency(*, abroad: bool, kept: str) -> HttpResponse:
    """The way to the emergency page from any form.

    `kept`: what was sent is on record ("kept"), is not for want of a name and contact ("not-kept"), or could not be
    stored because something is wrong on our side ("failed").
    """
    where = "abroad" if abroad else "home"
    return _remember(redirect("intake:emergency"), EMERGENCY_COOKIE, f"{where} {kept}")


def just_sent(request: HttpRequest) -> uuid.UUID | None:
    """The id of the request that this browser sent within the hour; None when there is none."""
    kept = request.get_signed_cookie(REFERENCE_COOKIE, default="", max_age=COOKIE_SECONDS) or ""
    _reference, _, submission_id = kept.partition(" ")
    return uuid.UUID(submission_id) if submission_id else None


def _remember(response: HttpResponse, cookie: str, value: str) -> HttpResponse:
    response.set_signed_cookie(
        cookie, value, max_age=COOKIE_SECONDS, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )
    return response


@never_cache
@require_GET
def thanks(request: HttpRequest) -> HttpResponse:
    """Shows the reference number of the request just sent; sends anyone else to the form."""
    kept = request.get_signed_cookie(REFERENCE_COOKIE, default="", max_age=COOKIE_SECONDS) or ""
    reference = kept.partition(" ")[0]
    if not reference:
        return redirect("intake:candidate")
    context: dict[str, Any] = {"reference": reference}
    sent = just_sent(request)
    if sent and quarantine.can_prove_itself(sent):
        context["challenge"] = proof.challenge(sent, now=timezone.now())
    return render(request, "intake/thanks.html", context)


@require_POST
def prove(request: HttpRequest) -> HttpResponse:
    """Takes the solution of the sum that a held request asks for, and releases it. Anything else changes nothing."""
    sent, now = just_sent(request), timezone.now()
    held = quarantine.can_prove_itself(sent) if sent else None
    told = {name: request.POST.get(name, "") for name in ("salt", "number", "signature")}
    if held and proof.is_solved(held.pk, now=now, **told):
        quarantine.release(held, by=None, now=now)
    return redirect("intake:thanks")


@never_cache
@require_GET
def emergency(request: HttpRequest) -> HttpResponse:
    """What to do now. Open to anyone: it needs no request before it."""
    remembered = request.get_signed_cookie(EMERGENCY_COOKIE, default="", max_age=COOKIE_SECONDS) or ""
    where, _, kept = remembered.partition(" ")
    return render(request, "intake/emergency.html", {"abroad": where == "abroad", "kept": kept})
