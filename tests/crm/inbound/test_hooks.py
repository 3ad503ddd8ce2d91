"""/hooks/mail/<provider>/: calls signed as the providers sign them, once, twice, out of order and by strangers."""

import base64
import hashlib
import hmac
import json
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from crm.enums.leads import MessageState, TaskKind
from crm.environment import Provider
from crm.inbound.parsing import mail_parser, sandboxed_parser
from crm.mail import suppression
from crm.models import InboundMail, Lead, Message, Scope, SetAsideMail, Suppression, Task
from tests.crm.hostile_mail import MAILS
from tests.factories import make_message

pytestmark = pytest.mark.django_db

RESEND_SECRET = "whsec_" + base64.b64encode(b"a secret of twenty-four").decode()
SECRETS = {"mailgun": "signing-key", "postmark": "hook:sesame", "resend": RESEND_SECRET}


@pytest.fixture(params=["mailgun", "postmark", "resend"])
def provider(request: pytest.FixtureRequest, settings: Settings) -> str:
    name = str(request.param)
    settings.SECOND_MAIL_SERVER = Provider(name, "https://x.example.org/", "", "key", SECRETS[name], "x.example.org")
    return name


@pytest.fixture
def postmark(settings: Settings) -> str:
    settings.MAIL_SERVER = Provider("postmark", "https://x/", "", "key", SECRETS["postmark"], "x")
    return "postmark"


def told(provider: str, what: str, message: Message | None, *, to: str = "avery@example.org") -> dict[str, Any]:
    """An event in the provider's own words. `what`: delivered, hard, soft, complaint, opened."""
    kinds: dict[str, dict[str, Any]]
    metadata = {"mail": message.pk.hex} if message else {}
    if provider == "postmark":
        kinds = {"delivered": {"RecordType": "Delivery"}, "opened": {"RecordType": "Open"}}
        kinds |= {"hard": {"RecordType": "Bounce", "Type": "HardBounce", "ID": 7}}
        kinds |= {"soft": {"RecordType": "Bounce", "Type": "SoftBounce", "ID": 8}}
        kinds |= {"complaint": {"RecordType": "SpamComplaint", "Type": "SpamComplaint", "ID": 9}}
        return {**kinds[what], "Recipient": to, "Email": to, "Metadata": metadata, "MessageID": "p-1"}
    if provider == "resend":
        name = {"hard": "bounced", "soft": "bounced", "complaint": "complained"}.get(what, what)
        data = {"to": [to], "email_id": "p-1", "headers": [{"name": "X-Metadata", "value": json.dumps(metadata)}]}
        words = {"hard": "The provider sent a hard bounce message.", "soft": "Something else happened."}
        bounce = {"bounce": {"message": words[what]}} if what in words else {}
        return {"type": f"email.{name}", "created_at": "2026-11-26T09:00:00Z", "data": {**data, **bounce}}
    kinds = {"hard": {"event": "failed", "severity": "permanent", "reason": "bounce"}}
    kinds |= {"soft": {"event": "failed", "severity": "permanent", "reason": "generic"}}
    kinds |= {"complaint": {"event": "complained"}}
    about = {"recipient": to, "user-variables": metadata, "timestamp": time.time()}
    return {"event-data": {**kinds.get(what, {"event": what}), **about}}


def call(client: Client, provider: str, body: dict[str, Any], *, number: str = "1", secret: str = "") -> Any:
    """A call as the provider would sign it. The same `number` again is the same event, delivered once more."""
    key = secret or SECRETS[provider]
    headers = {}
    if provider == "postmark":
        headers["Authorization"] = "Basic " + base64.b64encode(key.encode()).decode()
    if provider == "mailgun":
        stamp, token = str(int(time.time())), number
        sign = hmac.new(key.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
        body = {**body, "signature": {"timestamp": stamp, "token": token, "signature": sign}}
    raw = json.dumps(body)
    if provider == "resend":
        stamp = str(int(time.time()))
        signed = f"msg_{number}.{stamp}.{raw}".encode()
        digest = hmac.new(base64.b64decode(key.removeprefix("whsec_")), signed, hashlib.sha256).digest()
        headers |= {"svix-id": f"msg_{number}", "svix-timestamp": stamp}
        headers["svix-signature"] = "v1," + base64.b64encode(digest).decode()
    return client.post(f"/hooks/mail/{provider}/", raw, content_type="application/json", headers=headers)


def is_stopped(address: str, scope: Scope) -> bool:
    rows = Suppression.objects.filter(address_hash=suppression.hash_of(address), scope=scope, lifted_at=None)
    return rows.exists()


def unknown(lead: Lead) -> Message:
    message = make_message(lead)
    Message.objects.filter(pk=message.pk).update(
        state=MessageState.SENDING, lease_token=uuid.uuid4(), lease_until=datetime.now(UTC)
    )
    Message.objects.filter(pk=message.pk).update(state=MessageState.IN_DATA)
    Message.objects.filter(pk=message.pk).update(state=MessageState.UNKNOWN, lease_token=None, lease_until=None)
    return message


def sent(lead: Lead) -> Message:
    message = unknown(lead)
    Message.objects.filter(pk=message.pk).update(state=MessageState.SENT)
    return message


@pytest.mark.parametrize("what", ["delivered", "hard", "complaint"])
def test_an_event_settles_a_mail_of_which_nobody_knew(client: Client, lead: Lead, provider: str, what: str) -> None:
    message = unknown(lead)
    task = Task.objects.create(
        lead=lead,
        kind=TaskKind.MAIL_PROBLEM,
        title="Did it arrive?",
        due_at=datetime.now(UTC),
        key=f"mail:{message.pk}:1",
    )

    assert call(client, provider, told(provider, what, message)).status_code == 200

    message.refresh_from_db()
    task.refresh_from_db()
    assert (message.state, task.done_at is not None, task.done_by) == (MessageState.SENT, True, None)


def test_a_mail_that_is_settled_late_went_when_it_was_handed_over(client: Client, lead: Lead, provider: str) -> None:
    message, went = unknown(lead), datetime.now(UTC) - timedelta(days=60)
    Message.objects.filter(pk=message.pk).update(handed_over_at=went)

    call(client, provider, told(provider, "delivered", message))

    message.refresh_from_db()
    assert (message.state, message.finished_at) == (MessageState.SENT, went)


def test_a_dead_address_gets_no_more_mail_and_a_call(client: Client, lead: Lead, provider: str) -> None:
    message = sent(lead)
    waiting = make_message(lead)

    call(client, provider, told(provider, "hard", message))

    waiting.refresh_from_db()
    assert waiting.state == MessageState.SUPPRESSED
    assert is_stopped("avery@example.org", Scope.EVERYTHING)
    assert [task.title for task in Task.objects.all()] == ["The e-mail address does not work: ask for another"]


def test_the_fifth_passing_bounce_stops_and_each_is_told(client: Client, lead: Lead, provider: str) -> None:
    for number in range(5):
        assert is_stopped("avery@example.org", Scope.EVERYTHING) is False
        body = told(provider, "soft", sent(lead))
        call(client, provider, {**body, "ID": 100 + number}, number=str(number))
    assert is_stopped("avery@example.org", Scope.EVERYTHING)
    assert Task.objects.filter(title="Mail did not arrive: it was returned").count() == 5


def test_what_is_said_of_us_gives_no_address_up(client: Client, lead: Lead, postmark: str) -> None:
    for number in range(6):
        kind = {"Type": "Blocked" if number % 2 else "SoftBounce", "Details": "smtp; 550 5.7.1 on a block list"}
        call(client, postmark, {**told(postmark, "soft", sent(lead)), **kind, "ID": 100 + number}, number=str(number))
    assert {*InboundMail.objects.values_list("status", flat=True)} == {"5.7.1"}
    assert not is_stopped("avery@example.org", Scope.EVERYTHING)


def test_a_complaint_ends_what_is_not_asked_for(client: Client, lead: Lead, provider: str) -> None:
    call(client, provider, told(provider, "complaint", sent(lead)))
    assert is_stopped("avery@example.org", Scope.EDUCATION)


def test_the_same_event_twice_is_one(client: Client, lead: Lead, provider: str) -> None:
    body = told(provider, "soft", sent(lead))
    for _ in range(6):
        assert call(client, provider, body).status_code == 200
    assert InboundMail.objects.count() == 1
    assert not is_stopped("avery@example.org", Scope.EVERYTHING)


def test_delivered_after_returned_changes_nothing(client: Client, lead: Lead, provider: str) -> None:
    message = sent(lead)
    call(client, provider, told(provider, "hard", message), number="1")
    call(client, provider, told(provider, "delivered", message), number="2")
    assert is_stopped("avery@example.org", Scope.EVERYTHING)
    assert InboundMail.objects.count() == 1


def test_opened_is_not_kept(client: Client, lead: Lead, provider: str) -> None:
    assert call(client, provider, told(provider, "opened", sent(lead))).status_code == 200
    assert (InboundMail.objects.count(), lead.activities.filter(summary__startswith="E-mail").count()) == (0, 0)


@pytest.mark.parametrize("metadata", [None, "of somebody else"])
def test_an_event_of_no_mail_of_ours_stops_the_address_all_the_same(
    client: Client, lead: Lead, provider: str, metadata: str | None
) -> None:
    body = told(provider, "hard", None)
    if metadata and provider == "postmark":
        body["Metadata"] = {"mail": metadata}
    assert call(client, provider, body).status_code == 200
    assert is_stopped("avery@example.org", Scope.EVERYTHING)


def test_who_does_not_sign_is_refused(client: Client, lead: Lead, provider: str) -> None:
    message, body = unknown(lead), told(provider, "hard", None)
    wrong = "whsec_" + base64.b64encode(b"another secret than that").decode() if provider == "resend" else "wrong:one"
    plain = client.post(f"/hooks/mail/{provider}/", json.dumps(body), content_type="application/json")
    assert (call(client, provider, body, secret=wrong).status_code, plain.status_code) == (400, 400)
    message.refresh_from_db()
    assert (message.state, InboundMail.objects.count()) == (MessageState.UNKNOWN, 0)


@pytest.mark.parametrize("path", ["/hooks/mail/resend/", "/hooks/mail/sparkpost/", "/hooks/mail/resend/inbound/"])
def test_a_provider_that_is_not_ours_is_nowhere(client: Client, postmark: str, path: str) -> None:
    assert client.post(path, "{}", content_type="application/json").status_code == 404


def test_looking_at_a_hook_does_nothing(client: Client, postmark: str) -> None:
    assert client.get("/hooks/mail/postmark/").status_code == 405


# --- Mails that came in at the provider ------------------------------------------------------------------------------


def reply(lead: Lead, *, size: int = 0) -> dict[str, Any]:
    message = sent(lead)
    attachment = {"Name": "x.pdf", "ContentType": "application/pdf", "Content": "A" * size}
    return {
        "FromFull": {"Email": "avery@example.org", "Name": "Avery", "MailboxHash": ""},
        "ToFull": [{"Email": "hello@example.org", "Name": "", "MailboxHash": ""}],
        "CcFull": [],
        "BccFull": [],
        "Subject": "Re: your request",
        "TextBody": "Please call me after five.",
        "HtmlBody": "",
        "Headers": [
            {"Name": "Message-ID", "Value": "<reply-1@example.org>"},
            {"Name": "In-Reply-To", "Value": message.message_id},
        ],
        "Attachments": [attachment] if size else [],
    }


def post_reply(client: Client, body: dict[str, Any], secret: str = SECRETS["postmark"]) -> HttpResponse:
    headers = {"Authorization": "Basic " + base64.b64encode(secret.encode()).decode()}
    path = "/hooks/mail/postmark/inbound/"
    return client.post(path, json.dumps(body), content_type="application/json", headers=headers)  # type: ignore[return-value]


# --- Signed, and still not what we know ------------------------------------------------------------------------------
DEEP = b"[" * 100_000 + b"]" * 100_000
HUGE = b"9" * 10_000
BODIES: dict[str, bytes] = {
    "a word": b'"x"',
    "a list": b"[]",
    "nothing": b"null",
    "a number": b"7",
    "no JSON": b"{",
    "empty": b"",
    "deep": DEEP,
    "deep inside": b'{"event-data": ' + DEEP + b', "type": ' + DEEP + b', "RecordType": ' + DEEP + b"}",
    "no UTF-8": b'{"x": "\xff\xfe"}',
    "UTF-16": '{"x": 1}'.encode("utf-16"),
    "a huge number": b'{"timestamp": ' + HUGE + b"}",
}
WRONG: list[Any] = [None, 7, 1e999, -1, True, "x\x00y", "\ud800", [], [[]], {}, {"a": []}, "x" * 200_000]
FIELDS = {
    "postmark": ["RecordType", "Type", "Email", "Recipient", "Metadata", "ID", "MessageID", "Description", "Details",
                 "BouncedAt", "SuppressSending", "SuppressionReason", "Tag"],
    "resend": ["type", "created_at", "data", "data.to", "data.email_id", "data.headers", "data.bounce",
               "data.bounce.message", "data.click"],
    "mailgun": ["event-data", "event-data.event", "event-data.recipient", "event-data.timestamp", "event-data.message",
                "event-data.user-variables", "event-data.reason", "event-data.severity", "event-data.tags",
                "event-data.delivery-status", "event-data.client-info", "event-data.url"],
}  # fmt: skip


def post_raw(client: Client, provider: str, raw: bytes, *, path: str = "") -> HttpResponse:
    """Signed by Postmark's password or Resend's signature; Mailgun's stands inside of what it signs."""
    headers = {}
    if provider == "postmark":
        headers["Authorization"] = "Basic " + base64.b64encode(SECRETS[provider].encode()).decode()
    if provider == "resend":
        stamp = str(int(time.time()))
        key = base64.b64decode(RESEND_SECRET.removeprefix("whsec_"))
        digest = hmac.new(key, f"msg_1.{stamp}.".encode() + raw, hashlib.sha256).digest()
        headers |= {"svix-id": "msg_1", "svix-timestamp": stamp}
        headers["svix-signature"] = "v1," + base64.b64encode(digest).decode()
    path = path or f"/hooks/mail/{provider}/"
    return client.post(path, raw, content_type="application/json", headers=headers)  # type: ignore[return-value]


@pytest.mark.parametrize("body", BODIES.values(), ids=list(BODIES))
def test_what_is_no_call_is_refused(client: Client, lead: Lead, provider: str, body: bytes) -> None:
    assert post_raw(client, provider, body).status_code == 400
    if provider != "resend":
        assert post_raw(client, provider, body, path=f"/hooks/mail/{provider}/inbound/").status_code == 400
    assert InboundMail.objects.count() + SetAsideMail.objects.count() == 0


@pytest.mark.parametrize("value", WRONG, ids=[repr(value)[:12] for value in WRONG])
@pytest.mark.parametrize("what", ["hard", "soft", "complaint", "delivered"])
def test_no_field_of_another_type_makes_an_error_of_ours(
    client: Client, lead: Lead, provider: str, what: str, value: Any
) -> None:
    message = sent(lead)
    for place in FIELDS[provider]:
        body = told(provider, what, message)
        *way, last = place.split(".")
        inner = body
        for step in way:
            inner = inner.setdefault(step, {}) if isinstance(inner, dict) else {}
        inner[last] = value
        assert call(client, provider, body, number=f"{what}{place}").status_code in {200, 400}, place


@pytest.mark.parametrize("value", WRONG, ids=[repr(value)[:12] for value in WRONG])
def test_nor_does_a_signature_of_another_type(client: Client, lead: Lead, settings: Settings, value: Any) -> None:
    settings.MAIL_SERVER = Provider("mailgun", "https://x/", "", "key", SECRETS["mailgun"], "x")
    for name in ("timestamp", "token", "signature"):
        signature = {"timestamp": "1", "token": "1", "signature": "1", name: value}
        for body in ({"signature": signature}, {"signature": value}):
            assert post_raw(client, "mailgun", json.dumps(body).encode()).status_code == 400


def test_a_password_that_is_no_text_is_refused(client: Client, postmark: str) -> None:
    for word in (
        "Basic \xff",
        "Basic " + base64.b64encode(b"\xff\xfe:\x00").decode(),
        "Basic",
        "Basic a b",
        "x" * 5_000,
    ):
        answer = client.post(
            "/hooks/mail/postmark/", "{}", content_type="application/json", headers={"Authorization": word}
        )
        assert answer.status_code == 400


INBOUND_FIELDS = [
    "Headers",
    "FromFull",
    "ToFull",
    "Subject",
    "TextBody",
    "HtmlBody",
    "Attachments",
    "RawEmail",
    "OriginalRecipient",
]


@pytest.mark.parametrize("value", WRONG, ids=[repr(value)[:12] for value in WRONG])
def test_a_mail_of_another_form_is_kept_all_the_same(
    client: Client, lead: Lead, postmark: str, value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taken in or set aside: what a provider has told once it does not tell again. Read in this process: it is many."""
    monkeypatch.setattr(sandboxed_parser, "read", lambda raw, **_: mail_parser.read(raw))
    for place in INBOUND_FIELDS:
        before = InboundMail.objects.count() + SetAsideMail.objects.count()
        body = {**reply(lead), place: value, "unique": place}
        body["Headers"] = value if place == "Headers" else [{"Name": "Message-ID", "Value": f"<{place}@x>"}]
        assert post_reply(client, body).status_code == 200, place
        assert InboundMail.objects.count() + SetAsideMail.objects.count() == before + 1, place


def test_what_cannot_be_put_together_is_set_aside_as_it_came(client: Client, lead: Lead, postmark: str) -> None:
    assert post_reply(client, {**reply(lead), "FromFull": ["x"]}).status_code == 200
    kept = SetAsideMail.objects.get()
    assert (kept.form, kept.came_by, json.loads(kept.source)["FromFull"]) == ("call", "postmark", ["x"])


@pytest.mark.parametrize("place", ["To", "Cc", "From", "Subject", "References", "X\r\nBcc"])
def test_headers_of_any_length_are_a_mail(client: Client, lead: Lead, postmark: str, place: str) -> None:
    """Anymail would take them apart in quadratic time, in a web process."""
    body = reply(lead)
    body["Headers"].append({"Name": place, "Value": "," * 100_000 + "\r\nAuto-Submitted: yes\x00\ud800"})
    assert post_reply(client, body).status_code == 200
    assert [(one.lead, one.kind) for one in InboundMail.objects.all()] == [(lead, "reply")]


def test_nothing_of_the_stranger_is_a_header_of_its_own(client: Client, lead: Lead, postmark: str) -> None:
    full = {"Email": "avery@example.org>\r\nAuto-Submitted: yes", "Name": 'A"\r\nPrecedence: bulk'}
    assert post_reply(client, {**reply(lead), "FromFull": full, "Subject": "a\r\n\r\nb"}).status_code == 200
    assert InboundMail.objects.get().kind == "reply"


def test_a_whole_mail_is_taken_as_it_is(client: Client, lead: Lead, postmark: str) -> None:
    raw = "From: avery@example.org\r\nMessage-ID: <raw@x>\r\n\r\nCall me."
    assert post_reply(client, {**reply(lead), "RawEmail": raw}).status_code == 200
    assert (InboundMail.objects.get().lead, InboundMail.objects.get().text) == (lead, "Call me.")


def test_a_mail_that_cannot_be_read_is_kept_once(client: Client, lead: Lead, postmark: str) -> None:
    for _ in range(2):
        assert post_reply(client, {**reply(lead), "RawEmail": MAILS["parts"]().decode()}).status_code == 200
    assert [(one.reason, one.came_by) for one in SetAsideMail.objects.all()] == [("too_complex", "postmark")]


@pytest.mark.parametrize("large", [str(41 * 1024 * 1024), "9" * 5_000, "x", "-1", "²"])
def test_a_body_beyond_all_mails_is_not_read(client: Client, postmark: str, large: str) -> None:
    path = "/hooks/mail/postmark/inbound/"
    assert (
        client.post(path, "{}", content_type="application/json", headers={"Content-Length": large}).status_code == 413
    )
