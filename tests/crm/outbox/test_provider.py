"""Mail through a provider's interface: what each answer means for the row, against a server on a real socket."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from django.test import Client
from pytest_django import Settings

from crm.enums.leads import MessageClass, MessageState, OnUnknown, TaskKind
from crm.environment import PROVIDERS, Provider, parse_email_url
from crm.inbound import webhooks
from crm.models import Lead, Location, Message, Notice, Sending, Task
from crm.outbox import delivery
from script import embedded
from tests.crm.provider_server import TAKE_AND_HANG_UP, ProviderServer, provider_server
from tests.factories import make_message, make_user
from tests.faults.far_end import far_end

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[3]
# {provider: where it takes a mail}
PATHS = {"resend": "/emails", "postmark": "/email", "mailgun": "/v3/mg.example.org/messages"}
HOW = "(CONTRIBUTING.md, “A provider of mail”)"
DAY = timedelta(days=1)


@pytest.fixture
def far() -> Iterator[ProviderServer]:
    with provider_server() as server:
        yield server


@pytest.fixture
def resend(far: ProviderServer, settings: Settings) -> ProviderServer:
    settings.MAIL_SERVER = far.server("resend")
    return far


def sent(message: Message) -> tuple[str, str]:
    delivery.send_due()
    message.refresh_from_db()
    return message.state, message.reason


def every_word(told: Any) -> Iterator[str]:
    """Names and values, however deep."""
    if isinstance(told, dict):
        for name, value in told.items():
            yield from (str(name), *every_word(value))
    elif isinstance(told, list):
        for value in told:
            yield from every_word(value)
    else:
        yield str(told)


def due_again(message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(due_at=datetime.now(UTC) - timedelta(seconds=1))


def test_every_provider_is_known_all_the_way() -> None:
    assert set(PROVIDERS) == set(PATHS), f"Say in PATHS here where each of PROVIDERS takes a mail {HOW}"
    heard = set(webhooks._SECRET) & set(webhooks._EVENTS)
    assert set(PROVIDERS) == heard, f"crm/inbound/webhooks.py: _SECRET and _EVENTS have each provider {HOW}"
    told = re.findall(r"(?m)^\| (\w+) \| api\.", (ROOT / "docs/operations.md").read_text())
    assert set(PROVIDERS) == set(told), f"docs/operations.md has a line for each provider {HOW}"


@pytest.mark.parametrize("name", PATHS)
def test_a_mail_goes_out_whole(lead: Lead, far: ProviderServer, settings: Settings, name: str) -> None:
    settings.MAIL_SERVER = far.server(name, account="mg.example.org")
    lead.location.reply_email = "answers@example.org"
    lead.location.save()
    message = make_message(lead, subject="Your request · ümläut", text="Only text.\n", html="<p>Only <b>this</b></p>")

    assert sent(message) == (MessageState.SENT, ""), f"Does tests/crm/provider_server.py answer as {name} does? {HOW}"
    [body] = far.accepted
    words = " ".join(every_word(dict(parse_qsl(body.decode())) if name == "mailgun" else json.loads(body)))
    for word in ("Your request · ümläut", "Only text.", "<p>Only <b>this</b></p>", "answers+", message.message_id):
        assert word in words
    assert far.paths == [PATHS[name]]
    for header in ("Auto-Submitted", "References", "Message-ID"):
        assert header.lower() in words.lower()


def test_nobody_is_watched(lead: Lead, far: ProviderServer, settings: Settings) -> None:
    settings.MAIL_SERVER = far.server("postmark")
    sent(make_message(lead))
    told = json.loads(far.accepted[0])
    assert (told["TrackOpens"], told["TrackLinks"]) == (False, "None")


def test_many_mails_take_one_connection_and_keep_their_own_keys(lead: Lead, resend: ProviderServer) -> None:
    messages = [make_message(lead) for _ in range(3)]
    assert delivery.send_due() == 3
    assert {one["Idempotency-Key"] for one in resend.headers} == {one.message_id for one in messages}


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (422, MessageState.FAILED),
        (400, MessageState.FAILED),
        (429, MessageState.QUEUED),
        (401, MessageState.QUEUED),
        (403, MessageState.QUEUED),
        (409, MessageState.QUEUED),
        (500, MessageState.QUEUED),
        (503, MessageState.QUEUED),
    ],
)
def test_what_an_answer_means(lead: Lead, resend: ProviderServer, status: int, state: str) -> None:
    resend.script.append(status)
    message = make_message(lead, on_unknown=OnUnknown.PARK)

    found, reason = sent(message)

    assert (found, str(status) in reason, resend.accepted) == (state, True, [])
    assert Task.objects.filter(kind=TaskKind.MAIL_PROBLEM).exists() == (state == MessageState.FAILED)


@pytest.mark.parametrize(
    ("said", "waits"),
    [
        ("3600", 3600),
        ("Tue, 01 Dec 2026 12:30:00 GMT", 1800),
        ("99999999999", 86_400),
        ("30", 60),  # our own patience is longer
        ("-5", 60),
        ("soon", 60),
        ("²", 60),
        ("Tue, 01 Dec 2026 11:59:00 GMT", 60),
        ("", 60),
    ],
)
def test_a_provider_that_wants_us_to_wait_is_left_alone_for_so_long(
    lead: Lead, resend: ProviderServer, said: str, waits: int
) -> None:
    resend.script.extend([429] * 8)
    resend.headers_too = {"Date": "Tue, 01 Dec 2026 12:00:00 GMT"} | ({"Retry-After": said} if said else {})
    messages = [make_message(lead, on_unknown=OnUnknown.PARK, not_after=datetime.now(UTC) + 3 * DAY) for _ in range(8)]

    assert delivery.send_due() == 0

    assert len(resend.paths) == 1
    for message in messages:
        message.refresh_from_db()
        assert (message.state, message.reason) == (MessageState.QUEUED, "The mail server refuses us (429)")
    until = Sending.objects.get().waits_until
    assert until is not None
    assert (until - datetime.now(UTC)).total_seconds() == pytest.approx(waits, abs=15)
    Message.objects.update(due_at=datetime.now(UTC) - timedelta(seconds=1))
    assert (delivery.send_due(), len(resend.paths)) == (0, 1)


def test_a_provider_that_serves_nobody_for_now_is_left_alone_and_no_mail_is_in_doubt(
    lead: Lead, far: ProviderServer, settings: Settings
) -> None:
    settings.MAIL_SERVER = far.server("postmark")
    make_user("administrator")
    far.script.extend([503] * 3)
    far.headers_too = {"Retry-After": "600"}
    for _ in range(3):
        make_message(lead, on_unknown=OnUnknown.PARK)

    assert (delivery.send_due(), len(far.paths)) == (0, 1)

    assert Message.objects.filter(state=MessageState.QUEUED, reason="Put off by the mail server (503)").count() == 3
    assert not Task.objects.exists()
    assert Notice.objects.get().title == "The mail server takes no mail for now (503): mail waits"


def test_whoever_turns_to_the_other_server_need_not_wait(
    lead: Lead, resend: ProviderServer, admin_client: Client, settings: Settings
) -> None:
    resend.script.append(429)
    resend.headers_too = {"Retry-After": "3600"}
    make_message(lead)
    delivery.send_due()
    assert "nothing is tried before" in admin_client.get("/admin/crm/sending/").content.decode()

    with far_end() as second:
        settings.SECOND_MAIL_SERVER = second.server
        admin_client.post("/admin/crm/sending/switch/", {"what": "second"})
        Message.objects.update(due_at=datetime.now(UTC) - timedelta(seconds=1))
        assert (delivery.send_due(), len(second.accepted)) == (1, 1)


@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("postmark", 422, {"ErrorCode": 405, "Message": "Not allowed to send: out of credits"}),
        ("postmark", 422, {"ErrorCode": 400, "Message": "Sender signature not found"}),
        ("postmark", 422, {"ErrorCode": 412, "Message": "Account is pending"}),
        ("resend", 422, {"name": "invalid_from_address", "message": "no"}),
        ("mailgun", 402, {"message": "Payment required"}),
        ("resend", 429, {"name": "daily_quota_exceeded", "message": "no"}),
    ],
)
def test_what_is_about_our_account_fails_no_mail(
    lead: Lead, far: ProviderServer, settings: Settings, name: str, status: int, words: dict[str, Any]
) -> None:
    settings.MAIL_SERVER = far.server(name, account="mg.example.org")
    far.script.extend([status] * 3)
    far.words = words
    for _ in range(3):
        make_message(lead)

    assert delivery.send_due() == 0

    assert len(far.paths) == 1
    assert Message.objects.filter(state=MessageState.QUEUED).count() == 3
    assert not Task.objects.exists()


def test_an_address_that_the_provider_refuses_fails_for_good(
    lead: Lead, far: ProviderServer, settings: Settings
) -> None:
    settings.MAIL_SERVER = far.server("postmark")
    far.script.append(422)
    message = make_message(lead)
    assert sent(message)[0] == MessageState.FAILED


def test_no_connection_puts_off_and_hands_nothing_over(lead: Lead, settings: Settings, far: ProviderServer) -> None:
    settings.MAIL_SERVER = Provider(
        name="postmark", url=f"http://127.0.0.1:{embedded.free_port()}/", account="", key="k", secret="s", host="x"
    )
    messages = [make_message(lead, on_unknown=OnUnknown.PARK) for _ in range(3)]
    for message in messages:
        state, reason = sent(message)
        assert (state, "no connection" in reason) == (MessageState.QUEUED, True)
        assert message.lease_token is None


@pytest.mark.parametrize("words", ["the same", "other words"])
def test_where_there_are_keys_a_lost_answer_is_asked_for_again_and_accepted_once(
    lead: Lead, resend: ProviderServer, words: str
) -> None:
    resend.script.append(TAKE_AND_HANG_UP)
    message = make_message(lead, on_unknown=OnUnknown.PARK, text="the same")
    assert sent(message)[0] == MessageState.QUEUED

    Message.objects.filter(pk=message.pk).update(text=words)
    due_again(message)

    assert sent(message) == (MessageState.SENT, "")
    assert len(resend.accepted) == 1


@pytest.mark.parametrize("trouble", [TAKE_AND_HANG_UP, 500])
def test_without_keys_what_nobody_knows_waits_for_a_person(
    lead: Lead, far: ProviderServer, settings: Settings, trouble: int
) -> None:
    settings.MAIL_SERVER = far.server("postmark")
    far.script.append(trouble)
    message = make_message(lead, on_unknown=OnUnknown.PARK)
    assert sent(message)[0] == MessageState.UNKNOWN
    assert Task.objects.filter(kind=TaskKind.MAIL_PROBLEM).count() == 1


def test_the_second_server_may_be_a_provider(lead: Lead, far: ProviderServer, settings: Settings) -> None:
    from crm.models import Sending

    settings.SECOND_MAIL_SERVER = far.server("resend")
    Sending.objects.create(through_second=True)
    assert sent(make_message(lead))[0] == MessageState.SENT
    assert len(far.accepted) == 1


def test_commercial_mail_says_how_to_stop_it(lead: Lead, resend: ProviderServer, center: Location) -> None:
    from crm.mail import mime
    from crm.mail.provider import _taken_apart

    message = make_message(lead, message_class=MessageClass.COMMERCIAL)
    mail = _taken_apart(mime.as_bytes(message), provider="resend")
    assert mail.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail.extra_headers["List-Unsubscribe"].startswith("<http")


# --- EMAIL_URL -------------------------------------------------------------------------------------------------------


def test_an_address_of_a_provider_is_read() -> None:
    found = parse_email_url("mailgun://mg.example.org:k%2Fey@api.eu.mailgun.net?webhook=us%3Aer")
    assert found == Provider(
        "mailgun", "https://api.eu.mailgun.net/v3/", "mg.example.org", "k/ey", "us:er", "api.eu.mailgun.net"
    )


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("resend://api.resend.com?webhook=sesame", "no key"),
        ("resend://:sesame@api.resend.com", "no secret"),
        ("resend://:sesame@api.resend.com?webhook=sesame&tls=off", "plain text"),
    ],
)
def test_what_is_missing_is_said_without_the_secrets(url: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as refused:
        parse_email_url(url)
    assert "sesame" not in str(refused.value)
