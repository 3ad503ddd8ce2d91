"""/hooks/mail/<provider>/: where a provider of mail calls. Only those that EMAIL_URL names, and only signed.

Anymail knows the providers' formats and checks their signatures; a call that is not signed is answered with 400 before
anything in it is read. What a call means is in crm/actions/provider_events.py. An error makes the provider call again.
"""

from functools import cached_property
from typing import Any, cast

from anymail.webhooks import mailgun, postmark, resend
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from crm.environment import Provider

# Who proves themselves how: by a signature, or by the user:password that only they were told.
_SECRET = {"mailgun": "webhook_signing_key", "postmark": "basic_auth", "resend": "signing_secret"}
_EVENTS = {
    "mailgun": mailgun.MailgunTrackingWebhookView,
    "postmark": postmark.PostmarkTrackingWebhookView,
    "resend": resend.ResendTrackingWebhookView,
}
# Resend keeps a mail and sends a note about it: its replies are read from a mailbox (IMAP_URL).
_INBOUND = {"mailgun": mailgun.MailgunInboundWebhookView, "postmark": postmark.PostmarkInboundWebhookView}
MOST_BYTES = 40 * 1024 * 1024  # a mail with its attachments as JSON, at most (Postmark: 35 MB)


class _Large:
    """A request whose body may be larger than a form's: a mail with its attachments. Read when it is asked for, which
    is after the sender has proven themselves: strangers cannot make us hold 40 MB."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @cached_property
    def body(self) -> bytes:
        return self._request.read(MOST_BYTES)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._request, name)


@csrf_exempt
def events(request: HttpRequest, provider: str) -> HttpResponse:
    """Delivered, returned, reported as unwanted. 404 for a provider that is not ours."""
    return _answer(request, _EVENTS, provider)


@csrf_exempt
def arrived(request: HttpRequest, provider: str) -> HttpResponse:
    """A mail that came in at the provider, such as an answer."""
    is_large = _SECRET.get(provider) == "basic_auth"  # proven by a header; a signature would be inside of the body
    return _answer(cast(HttpRequest, _Large(request)) if is_large else request, _INBOUND, provider)


def _answer(request: HttpRequest, views: dict[str, type[View]], provider: str) -> HttpResponse:
    secret = _secret_of(provider)
    if provider not in views or not secret:
        raise Http404
    quiet = _quiet(views[provider])
    value = [secret] if _SECRET[provider] == "basic_auth" else secret
    return cast(HttpResponse, quiet.as_view(**{_SECRET[provider]: value})(request))


def _secret_of(provider: str) -> str:
    servers = (settings.MAIL_SERVER, settings.SECOND_MAIL_SERVER)
    return next((one.secret for one in servers if isinstance(one, Provider) and one.name == provider), "")


def _quiet(view: type[View]) -> type[View]:
    """Without the warning that a global password is missing: each of ours has a secret of its own."""
    return type(view.__name__, (view,), {"warn_if_no_basic_auth": False})
