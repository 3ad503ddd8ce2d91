"""/hooks/mail/<provider>/: where a provider of mail calls. Only those that EMAIL_URL names, and only signed.

Anymail knows the providers' formats and checks their signatures. A call that is not signed, or that is no call, is
answered with 400 and nothing is done; a mail that came in is kept, read or not, before it is answered with 200. An
error of ours (500) makes the provider call again. What a call means is in crm/inbound/provider_events.py.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property, partial
from typing import Any, cast

from anymail.signals import AnymailTrackingEvent
from anymail.webhooks import mailgun, postmark, resend
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadhandler import FileUploadHandler
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from crm.environment import Provider
from crm.inbound import arrivals
from crm.inbound.parsing import provider_mail

# Who proves themselves how: by a signature, or by the user:password that only they were told.
_SECRET = {"mailgun": "webhook_signing_key", "postmark": "basic_auth", "resend": "signing_secret"}
MOST_BYTES = 40 * 1024 * 1024  # a mail with its attachments as JSON, at most (Postmark: 35 MB)
LONGEST_WORDS = 100_000  # of one field of an event: returned mail is quoted in some


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


class _NamesOnly(FileUploadHandler):
    """Keeps no byte of a file that came with a form: who sent it is known only when the whole form was read."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.names: list[str] = []

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.names.append(self.file_name or "")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        return None

    def file_complete(self, file_size: int) -> None:
        return None


@contextmanager
def _refusing() -> Iterator[None]:
    """Turn any error inside into a 400: what cannot be understood is the caller's fault, however the code fails."""
    try:
        yield
    except SuspiciousOperation:
        raise
    except Exception as trouble:
        raise SuspiciousOperation(f"Not a call of a mail provider ({type(trouble).__name__})") from None


class _Careful(View):
    """Stands before a view of Anymail's: its errors about what was sent become refusals."""

    warn_if_no_basic_auth = False  # each of ours has a secret of its own

    def run_validators(self, request: HttpRequest) -> None:
        with _refusing():
            super().run_validators(request)  # type: ignore[misc]  # Anymail's, which comes after this one

    def parse_events(self, request: HttpRequest) -> list[AnymailTrackingEvent]:
        with _refusing():
            events: list[AnymailTrackingEvent] = super().parse_events(request)  # type: ignore[misc]
            for event in events:
                _check(event)
            return events


def _check(event: AnymailTrackingEvent) -> None:
    """Raise SuspiciousOperation for fields of the wrong type or too long: signed, but not what we know."""
    words = (event.event_id, event.recipient, event.description, event.mta_response, event.message_id)
    is_known = all(word is None or (isinstance(word, str) and len(word) <= LONGEST_WORDS) for word in words)
    if not is_known or not isinstance(event.metadata, dict | None) or not isinstance(event.esp_event, dict):
        raise SuspiciousOperation("Not an event of a mail provider")


class _MailgunEvents(_Careful, mailgun.MailgunTrackingWebhookView):
    """Its events, as JSON since 2018; the form before that is no longer sent."""

    def run_validators(self, request: HttpRequest) -> None:
        if request.content_type != "application/json":
            raise SuspiciousOperation("Mailgun's events are JSON")
        super().run_validators(request)


class _PostmarkEvents(_Careful, postmark.PostmarkTrackingWebhookView):
    """Its events."""


class _ResendEvents(_Careful, resend.ResendTrackingWebhookView):
    """Its events."""


class _MailgunArrived(_Careful, mailgun.MailgunInboundWebhookView):
    """A mail as a form. Its signature is among the fields: files are not kept while they are read."""

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        files = _NamesOnly(request)
        request.upload_handlers = [files]
        if request.content_type == "application/json":
            raise SuspiciousOperation("Mailgun's mails are forms")
        self.run_validators(request)
        fields = request.POST.dict()
        if not fields.keys() & provider_mail.OF_MAILGUN:
            raise SuspiciousOperation("Not a mail of Mailgun's")
        make = partial(provider_mail.of_mailgun, fields, files.names)
        source = json.dumps(fields).encode()
        arrivals.take_in_call(make, source=source, came_by="mailgun", now=timezone.now())
        return HttpResponse()


class _PostmarkArrived(_Careful, postmark.PostmarkInboundWebhookView):
    """A mail as JSON, proven before its body is read."""

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        self.run_validators(request)
        with _refusing():
            call = json.loads(request.body.decode())
            if call.get("RecordType", "Inbound") != "Inbound" or not call.keys() & provider_mail.OF_POSTMARK:
                raise SuspiciousOperation("Not a mail of Postmark's")
        make = partial(provider_mail.of_postmark, call)
        arrivals.take_in_call(make, source=request.body, came_by="postmark", now=timezone.now())
        return HttpResponse()


_EVENTS: dict[str, type[View]] = {"mailgun": _MailgunEvents, "postmark": _PostmarkEvents, "resend": _ResendEvents}
# Resend keeps a mail and sends a note about it: its replies are read from a mailbox (IMAP_URL).
_INBOUND: dict[str, type[View]] = {"mailgun": _MailgunArrived, "postmark": _PostmarkArrived}


@csrf_exempt
def events(request: HttpRequest, provider: str) -> HttpResponse:
    """Take a provider's events: delivered, returned, reported as unwanted. 404 for a provider that is not ours."""
    return _answer(request, _EVENTS, provider)


@csrf_exempt
def arrived(request: HttpRequest, provider: str) -> HttpResponse:
    """Take a mail that came in at a provider, such as an answer. 404 for one that is not ours, 413 above MOST_BYTES."""
    length = request.headers.get("Content-Length") or "0"
    if not length.isdecimal() or len(length) > 18 or int(length) > MOST_BYTES:
        return HttpResponse(status=413)
    is_large = _SECRET.get(provider) == "basic_auth"  # proven by a header; a signature would be inside of the body
    return _answer(cast(HttpRequest, _Large(request)) if is_large else request, _INBOUND, provider)


def _answer(request: HttpRequest, views: dict[str, type[View]], provider: str) -> HttpResponse:
    secret = _secret_of(provider)
    if provider not in views or not secret:
        raise Http404
    value = [secret] if _SECRET[provider] == "basic_auth" else secret
    return cast(HttpResponse, views[provider].as_view(**{_SECRET[provider]: value})(request))


def _secret_of(provider: str) -> str:
    servers = (settings.MAIL_SERVER, settings.SECOND_MAIL_SERVER)
    return next((one.secret for one in servers if isinstance(one, Provider) and one.name == provider), "")
