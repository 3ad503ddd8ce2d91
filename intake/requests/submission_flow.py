"""Taking a request, whichever way it comes in: the order of things, and what holds for every way."""

import uuid
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import ClassVar

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers, patch_cache_control
from django.utils.translation import get_language

from crm import locations
from crm.models import Lead, Location
from crm.safety import alerts
from crm.values.us_places import ABROAD
from intake.assessment import signs
from intake.questionnaire import NONE
from intake.requests import actions, bot_protection, quarantine, raw_signs
from intake.requests.forms import RequestForm
from intake.requests.rows import Request
from intake.rules import derived_signs

log = structlog.get_logger("nucleus.intake")


class IntakeChannel(ABC):
    """One way in: which form, on which page, and what is answered."""

    form: ClassVar[type[RequestForm]]
    template: ClassVar[str]

    def show(self, request: HttpRequest, form: RequestForm, status: int = 200, **more: object) -> HttpResponse:
        """Show the page with the form, and with everything that was typed into it."""
        return render(request, self.template, {"form": form, **more}, status=status)

    def objection(self, request: HttpRequest, form: RequestForm) -> dict[str, object]:
        """Return what the page has to say when the form, though in order, must be sent once more; {} if not."""
        return {}

    @abstractmethod
    def came_by(self, request: HttpRequest) -> dict[str, str]:
        """Return how the visitor found us."""

    def sent_before(self, request: HttpRequest, form_id: uuid.UUID) -> str:
        """Return the reference of what this very browser has sent with this form; "" for none. A door without cookies
        cannot know."""
        return ""

    @abstractmethod
    def thanks(self, request: HttpRequest, *, reference: str, form_id: uuid.UUID, is_soon: bool) -> HttpResponse:
        """Answer a request that is stored. `is_soon`: it tells a sign that a doctor should look at soon."""

    @abstractmethod
    def emergency(self, request: HttpRequest, *, abroad: bool, kept: str) -> HttpResponse:
        """Show what to do now. `kept`: what was sent is on record ("kept"), is not for want of a name and contact
        ("not-kept"), or could not be stored because something is wrong on our side ("failed")."""


def take(request: HttpRequest, door: IntakeChannel) -> HttpResponse:
    """Show and take a request of any length. GET: the empty form. POST: the thanks, or what to do in an emergency; 422
    with the form and everything typed when it is not in order; 429 in a flood; 503 before a center is set up."""
    center = locations.main()
    if center is None:
        return render(request, "intake/public/not_open.html", status=503)
    if request.method != "POST":
        return _blank(request, door, center)
    form = door.form(request.POST, center_name=center.name)
    valid = form.is_valid()
    if form.is_emergency:
        return _emergency(request, door, form, center)
    objection = door.objection(request, form) if valid else {}
    if not valid or objection:
        return _again(request, door, form, status=422, **objection)
    return _keep(request, door, form, center)


def take_emergency(request: HttpRequest, door: IntakeChannel) -> HttpResponse:
    """Take a request with a warning sign that something else has refused: what to do, and what can be kept is kept."""
    center = locations.main()
    if center is None:
        return door.emergency(request, abroad=is_abroad(request.POST.get("state", "")), kept="failed")
    form = door.form(request.POST, center_name=center.name)
    form.is_valid()
    return _emergency(request, door, form, center)


def hold_refused(request: HttpRequest, door: IntakeChannel) -> None:
    """Keep a request that something else has refused for a person to look at, when an answer in it tells a warning sign
    and whoever sent it can be reached. In a flood nothing is kept. What is answered stays as it is."""
    center = locations.main()
    if center is None:
        return
    form = door.form(request.POST, center_name=center.name)
    form.is_valid()
    asked = _request(request, door, form, center)
    asked = replace(asked, data=asked.data | form.signs_as_ticked)
    if not form.has_contact or not derived_signs.are_told(asked.answers, on=asked.now.date()):
        return
    verdict = _arrive(request, asked)
    if not verdict.same and not verdict.is_flood:
        quarantine.hold(asked, (bot_protection.REFUSED, *verdict.reasons))


def _blank(request: HttpRequest, door: IntakeChannel, center: Location) -> HttpResponse:
    """Show the empty form. The browser may keep what is typed into it, so that going back to it loses nothing."""
    fresh = {"submission_id": uuid.uuid4(), "opened": bot_protection.stamp(timezone.now())}
    response = door.show(request, door.form(initial=fresh, center_name=center.name))
    patch_cache_control(response, private=True, no_cache=True)
    return response


def _again(
    request: HttpRequest, door: IntakeChannel, form: RequestForm, *, status: int, **more: object
) -> HttpResponse:
    response = door.show(request, form, status, **more)
    add_never_cache_headers(response)
    return response


def _keep(request: HttpRequest, door: IntakeChannel, form: RequestForm, center: Location) -> HttpResponse:
    """Store a request that is in order; hold it back when a machine may have made it. 429 only in a flood."""
    asked = _request(request, door, form, center)
    verdict = _arrive(request, asked)
    is_soon = _tells_a_sign_for_review(asked)
    if verdict.same:
        return door.thanks(request, reference=verdict.same, form_id=asked.form_id, is_soon=is_soon)
    if verdict.is_flood:
        return _again(request, door, form, status=429, flood=True)
    kept = quarantine.hold(asked, verdict.reasons) if verdict.reasons else _submit(asked)
    return door.thanks(request, reference=kept, form_id=asked.form_id, is_soon=is_soon)


def _tells_a_sign_for_review(asked: Request) -> bool:
    """Tell whether this form alone tells a sign: what else is on record is not for whoever only typed a name."""
    if set(asked.data.get("safety_check_b") or []) <= {NONE}:
        return False
    lead = Lead(location=asked.location, timezone=asked.location.timezone)
    return bool(signs.of_answers(asked.answers, lead=lead, now=asked.now))


def _submit(asked: Request) -> str:
    """Store a request and return the reference to show: its lead's for one older than references of their own."""
    sent = actions.submit(asked)
    return sent.reference or sent.lead.reference


def _arrive(request: HttpRequest, asked: Request) -> bot_protection.Verdict:
    day = asked.now.astimezone(asked.location.zone).date()
    return bot_protection.arrive(
        request,
        asked.data,
        form_id=asked.form_id,
        digest=asked.digest,
        day=day,
        now=asked.now,
        urgent=asked.urgent,
    )


def _request(
    request: HttpRequest, door: IntakeChannel, form: RequestForm, center: Location, *, urgent: bool = False
) -> Request:
    form_id = form.cleaned_data.get("submission_id") or uuid.uuid4()
    return Request(
        form_id=form_id,
        repeats=door.sent_before(request, form_id),
        data=form.cleaned_data | (form.signs_as_ticked if urgent else {}),
        location=center,
        now=timezone.now(),
        urgent=urgent,
        page=form.page,
        attribution=door.came_by(request),
        language=get_language() or settings.LANGUAGE_CODE,
    )


def _emergency(request: HttpRequest, door: IntakeChannel, form: RequestForm, center: Location) -> HttpResponse:
    """Show what to do, at once. What the person left is kept when it suffices to reach them, else counted."""
    asked = _request(request, door, form, center, urgent=True)
    try:
        kept = _keep_emergency(request, form, asked)
    except Exception as trouble:  # whatever is wrong with our side, this person must see that page
        log.error("emergency_not_stored", exc_info=trouble)
        kept = "failed"
    return raw_signs.mark(door.emergency(request, abroad=is_abroad(form.data.get("state", "")), kept=kept))


def _keep_emergency(request: HttpRequest, form: RequestForm, asked: Request) -> str:
    """Keep an emergency and return what became of it, in the words of IntakeChannel.emergency. Counted like everything:
    what looks suspicious holds back no emergency, and what comes in crowds is kept without one more mail to whoever is
    on call; a flood is not kept."""
    verdict = _arrive(request, asked)
    if verdict.is_flood:
        return "failed"
    if form.has_contact:
        actions.submit(replace(asked, many=verdict.is_many))
        return "kept"
    alerts.count_without_contact(asked.location, now=asked.now)
    return "not-kept"


def is_abroad(state: str) -> bool:
    """Tell whether a number other than 911 helps there."""
    return state == ABROAD
