"""Mails that came in at a provider, and are told by its calls."""

import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest
from django.test import Client
from pytest_django import Settings

from crm.enums.leads import Event, TaskKind
from crm.environment import Provider
from crm.models import InboundMail, Lead, SetAsideMail, Task
from tests.crm.inbound.test_hooks import SECRETS, post_reply, reply

pytestmark = pytest.mark.django_db


@pytest.fixture
def postmark(settings: Settings) -> str:
    settings.MAIL_SERVER = Provider("postmark", "https://x/", "", "key", SECRETS["postmark"], "x")
    return "postmark"


# --- Mails that came in at the provider ------------------------------------------------------------------------------
@pytest.mark.parametrize("size", [0, 3_000_000])
def test_an_answer_stands_on_the_timeline_and_asks_for_one(
    client: Client, lead: Lead, postmark: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    announced: list[Event] = []
    monkeypatch.setattr("crm.inbound.actions.events.announce", lambda _lead, event, **_: announced.append(event))
    body = reply(lead, size=size)

    assert post_reply(client, body).status_code == 200
    assert post_reply(client, body).status_code == 200

    kept = InboundMail.objects.get()
    assert (kept.lead, kept.kind, "after five" in kept.text) == (lead, "reply", True)
    assert [task.kind for task in Task.objects.all()] == [TaskKind.ANSWER]
    assert announced == [Event.REPLIED]


def test_a_strangers_answer_is_refused(client: Client, lead: Lead, postmark: str) -> None:
    assert post_reply(client, reply(lead), secret="hook:guess").status_code == 400
    assert InboundMail.objects.count() == 0


def test_a_stranger_cannot_make_us_hold_a_large_body(
    client: Client, postmark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []

    def noted(_request: HttpRequest, *_args: int) -> bytes:
        read.append(1)
        return b"{}"

    monkeypatch.setattr(HttpRequest, "read", noted)
    for path in ("/hooks/mail/postmark/inbound/", "/hooks/mail/mailgun/inbound/", "/hooks/mail/nobody/inbound/"):
        assert client.post(path, "x" * 1_000_000, content_type="application/json").status_code in {400, 404}
    assert read == []


# --- Mailgun's mails: a form, signed by one of its fields -------------------------------------------------------------
@pytest.fixture
def mailgun(settings: Settings) -> str:
    settings.MAIL_SERVER = Provider("mailgun", "https://x/", "", "key", SECRETS["mailgun"], "x")
    return "mailgun"


def form(**fields: Any) -> dict[str, Any]:
    stamp = str(int(time.time()))
    sign = hmac.new(SECRETS["mailgun"].encode(), f"{stamp}t".encode(), hashlib.sha256).hexdigest()
    headers = json.dumps([["Message-Id", "<one@x>"], ["From", "Avery <avery@example.org>"], ["Subject", "Re: x"]])
    told = {"from": "avery@example.org", "body-plain": "Call me.", "message-headers": headers, "recipient": "r@x"}
    return {"timestamp": stamp, "token": "t", "signature": sign, **told, **fields}


@pytest.mark.parametrize("page", ["", "<p>Call me.</p>"])
def test_a_form_is_a_mail(client: Client, lead: Lead, mailgun: str, page: str) -> None:
    for _ in range(2):
        assert client.post("/hooks/mail/mailgun/inbound/", form(**{"body-html": page})).status_code == 200
    kept = InboundMail.objects.get()
    assert (kept.lead, kept.kind, kept.text) == (lead, "reply", "Re: x\n\nCall me.")


def test_files_are_passed_over_and_no_byte_of_them_kept(
    client: Client, lead: Lead, mailgun: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever they stand in the form: the signature may come after them."""
    kept: list[object] = []
    monkeypatch.setattr("django.core.files.uploadhandler.InMemoryUploadedFile", kept.append)
    monkeypatch.setattr("django.core.files.uploadhandler.TemporaryUploadedFile", kept.append)
    scan = SimpleUploadedFile("scan.pdf", b"x" * 3_000_000)
    answer = client.post("/hooks/mail/mailgun/inbound/", {"attachment-1": scan, **form()})
    assert (answer.status_code, InboundMail.objects.get().lead, kept) == (200, lead, [])


@pytest.mark.parametrize("headers", ["[", '"x"', "{}", "[1]", "[[1, 2]]", '[["a", []]]', "[" * 100_000])
def test_a_form_with_odd_headers_is_set_aside(client: Client, lead: Lead, mailgun: str, headers: str) -> None:
    answer = client.post("/hooks/mail/mailgun/inbound/", form(**{"message-headers": headers}))
    assert (answer.status_code, SetAsideMail.objects.get().form) == (200, "call")


def test_a_form_of_a_stranger_is_refused(client: Client, lead: Lead, mailgun: str) -> None:
    for odd in ({"signature": "0"}, {"signature": "\x00é"}, {"timestamp": "é"}, {"token": ""}):
        assert client.post("/hooks/mail/mailgun/inbound/", form(**odd)).status_code == 400
    assert client.post("/hooks/mail/mailgun/inbound/", {}).status_code == 400
    assert client.post("/hooks/mail/mailgun/", form(event="delivered")).status_code == 400
    assert InboundMail.objects.count() + SetAsideMail.objects.count() == 0
