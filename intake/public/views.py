"""The request for help on pages of its own: the form, the thank-you page and the emergency page."""

import uuid
from contextlib import suppress
from typing import Any

import structlog
from django.conf import settings
from django.core import signing
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm import locations
from crm.http import cookies
from crm.models import Location
from intake.requests import attribution, proof_of_work, quarantine, raw_signs
from intake.requests.forms import CallMe, StepOne
from intake.requests.submission_flow import IntakeChannel, take
from intake.rules import wording

log = structlog.get_logger("nucleus.intake")

# Signed cookies of an hour carry the reference to the next page: it belongs in no URL, and a visitor gets no session.
COOKIE_SECONDS = 3600
REFERENCE_COOKIE = cookies.leading_back("request_reference")
EMERGENCY_COOKIE = cookies.leading_back("request_emergency")
SOON = "soon"  # the request tells a sign that a doctor should look at soon
PRIVATE = "private"  # where somebody was asked about warning signs, for the way back


class OwnPage(IntakeChannel):
    """A page of this site: it answers by sending the browser on to the next page."""

    def came_by(self, request: HttpRequest) -> dict[str, str]:
        return attribution.of(request)

    def sent_before(self, request: HttpRequest, form_id: uuid.UUID) -> str:
        reference, sent_with, _ = _remembered(request)
        return reference if sent_with == str(form_id) else ""

    def thanks(self, request: HttpRequest, *, reference: str, form_id: uuid.UUID, is_soon: bool) -> HttpResponse:
        told = f"{reference} {form_id}" + (f" {SOON}" if is_soon else "")
        return _remember(redirect("intake:thanks"), REFERENCE_COOKIE, told)

    def emergency(self, request: HttpRequest, *, abroad: bool, kept: str) -> HttpResponse:
        return to_emergency(abroad=abroad, kept=kept)


class Candidate(OwnPage):
    form, template = StepOne, "intake/public/candidate.html"


class ShortWay(OwnPage):
    form, template = CallMe, "intake/public/call_me.html"


@require_http_methods(["GET", "HEAD", "POST"])
def candidate(request: HttpRequest) -> HttpResponse:
    """Show and take step 1."""
    return take(request, Candidate())


@require_http_methods(["GET", "HEAD", "POST"])
def call_me(request: HttpRequest) -> HttpResponse:
    """Show and take the short form: a name and a telephone number."""
    return take(request, ShortWay())


def to_emergency(*, abroad: bool, kept: str, is_private: bool = False) -> HttpResponse:
    """Send on to the emergency page from any form of this site. `kept`: as IntakeChannel.emergency has it;
    `is_private`: the form stands on a private page, and the way back leads there."""
    told = situation(abroad=abroad, kept=kept) + (f" {PRIVATE}" if is_private else "")
    return raw_signs.mark(_remember(redirect("intake:emergency"), EMERGENCY_COOKIE, told))


def situation(*, abroad: bool, kept: str) -> str:
    """Return what the emergency page has to know, as one word each."""
    return f"{'abroad' if abroad else 'home'} {kept}"


def just_sent(request: HttpRequest) -> str:
    """Return the reference of the request that this browser sent within the hour; "" when there is none."""
    return _remembered(request)[0]


def shown_on(request: HttpRequest) -> str:
    """Return the reference on the thank-you page whose button was pressed; only a comparison makes it good."""
    return request.POST.get("reference", "")


def _remembered(request: HttpRequest) -> tuple[str, str, str]:
    """Return the reference, the id of the form, and SOON or "", of the request this browser sent within the hour."""
    kept = request.get_signed_cookie(REFERENCE_COOKIE, default="", max_age=COOKIE_SECONDS) or ""
    reference, form_id, is_soon = (*kept.split(" "), "", "")[:3]
    return reference, form_id, is_soon


def _remember(response: HttpResponse, cookie: str, value: str) -> HttpResponse:
    response.set_signed_cookie(
        cookie, value, max_age=COOKIE_SECONDS, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )
    return response


@never_cache
@require_GET
def thanks(request: HttpRequest) -> HttpResponse:
    """Show the reference number of the request just sent; send anyone else to the form."""
    reference, _, is_soon = _remembered(request)
    if not reference:
        return redirect("intake:candidate")
    context: dict[str, Any] = {"reference": reference, "soon": wording.REVIEW if is_soon else ""}
    if held := quarantine.can_prove_itself(reference):
        context["challenge"] = proof_of_work.challenge(held.pk, now=timezone.now())
    return render(request, "intake/public/thanks.html", context)


@require_POST
def prove(request: HttpRequest) -> HttpResponse:
    """Take the solution of the sum that a held request asks for, and release it. Anything else changes nothing."""
    held, now = quarantine.can_prove_itself(just_sent(request)), timezone.now()
    told = {name: request.POST.get(name, "") for name in ("salt", "number", "signature")}
    if held and proof_of_work.is_solved(held.pk, now=now, **told):
        with suppress(quarantine.QuarantineRefused):  # pressed twice, or decided by staff meanwhile
            quarantine.release(held, by=None, now=now)
    return redirect("intake:thanks")


@never_cache
@require_GET
def emergency(request: HttpRequest) -> HttpResponse:
    """Show what to do now. Open to anyone: it needs no request before it."""
    remembered = request.get_signed_cookie(EMERGENCY_COOKIE, default="", max_age=COOKIE_SECONDS) or _told(request)
    where, kept, came_from = (*remembered.split(" "), "", "")[:3]
    context = {"abroad": where == "abroad", "kept": kept, "center": _center_if_known()}
    context["is_private"] = came_from == PRIVATE
    return render(request, "intake/public/emergency.html", context)


def _center_if_known() -> Location | None:
    """Return the main center, or None when the database fails: the emergency page comes without it too."""
    try:
        return locations.main()
    except DatabaseError as trouble:
        log.error("emergency_without_database", error=type(trouble).__name__)
        return None


def sign_situation(told: str) -> str:
    """Return a situation for an address, where no cookie can go along. Signed: nobody else can say that we kept
    something."""
    return signing.dumps(told, salt="intake.emergency")


def _told(request: HttpRequest) -> str:
    try:
        return str(signing.loads(request.GET.get("told", ""), salt="intake.emergency", max_age=COOKIE_SECONDS))
    except signing.BadSignature:
        return ""
