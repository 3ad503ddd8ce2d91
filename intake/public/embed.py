"""The request form inside a page of another site, such as the center's own: a frame that needs no cookie.

Browsers give a frame no cookies of its site any more, so nothing here sets or reads one. A signed token in the form
takes the place of the CSRF cookie, and every answer is the page itself instead of a way to the next one. Who may show
the frame is in Location.embed_origins; everything else of this site stays unframeable.
"""

import uuid
from urllib.parse import urlencode

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.csp import CSP
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csp import csp_override
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from crm import locations
from intake.public import views
from intake.requests.forms import RequestForm, StepOne
from intake.requests.submission_flow import IntakeChannel, take
from intake.rules import wording

TOKEN_HOURS = 12
_signer = signing.TimestampSigner(salt="intake.embed")


class Frame(IntakeChannel):
    form, template = StepOne, "intake/public/embed.html"

    def show(self, request: HttpRequest, form: RequestForm, status: int = 200, **more: object) -> HttpResponse:
        """Show the form with a token for its own id; one that lost its id, or came with one that is not ours, gets a
        new one: nobody else chooses under which id somebody's request is kept."""
        posted = form.cleaned_data.get("submission_id") if form.is_bound else None
        if form.is_bound and not (posted and _is_ours(request.POST.get("token", ""), posted)):
            form.data = request.POST.copy()
            form.data["submission_id"] = str(uuid.uuid4())
        token = _signer.sign(str(form["submission_id"].value()))
        return super().show(request, form, status, token=token, origins=_origins(), **more)

    def objection(self, request: HttpRequest, form: RequestForm) -> dict[str, object]:
        is_ours = _is_ours(request.POST.get("token", ""), form.cleaned_data.get("submission_id"))
        return {} if is_ours else {"stale": True}

    def came_by(self, request: HttpRequest) -> dict[str, str]:
        return {"via": "embed"}

    def thanks(self, request: HttpRequest, *, reference: str, form_id: uuid.UUID, is_soon: bool) -> HttpResponse:
        """Show the thanks in the frame. Reloading it sends the same request again, which changes nothing."""
        context = {"reference": reference, "origins": _origins(), "soon": wording.REVIEW if is_soon else ""}
        return render(request, "intake/public/embed_thanks.html", context)

    def emergency(self, request: HttpRequest, *, abroad: bool, kept: str) -> HttpResponse:
        """Show what to do, in the frame, and the way out of it: a script takes it at once, a link does without one."""
        told = views.sign_situation(views.situation(abroad=abroad, kept=kept))
        way_out = f"{reverse('intake:emergency')}?{urlencode({'told': told})}"
        context = {"abroad": abroad, "kept": kept, "way_out": way_out, "origins": _origins()}
        return render(request, "intake/public/embed_emergency.html", context)


def _is_ours(token: str, submission_id: uuid.UUID | None) -> bool:
    try:
        return _signer.unsign(token, max_age=TOKEN_HOURS * 3600) == str(submission_id)
    except signing.BadSignature:
        return False


def _origins() -> list[str]:
    center = locations.main()
    return center.embed_origins if center else []


@csrf_exempt
@xframe_options_exempt  # who may frame it is said by frame-ancestors, which X-Frame-Options cannot say
@require_http_methods(["GET", "HEAD", "POST"])
def embed(request: HttpRequest) -> HttpResponse:
    """Show and take step 1 in a frame, for the listed sites only."""
    policy = settings.SECURE_CSP | {"frame-ancestors": _origins() or [CSP.NONE]}
    response: HttpResponse = csp_override(policy)(_take)(request)
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _take(request: HttpRequest) -> HttpResponse:
    return take(request, Frame())
