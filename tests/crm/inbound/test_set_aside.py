"""A mail that cannot be taken in: kept with its bytes, seen by a person, and in nobody's way."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import DataError, IntegrityError, OperationalError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from crm.enums.leads import AccessAction, TaskKind
from crm.inbound import actions, arrivals, imap
from crm.inbound.parsing import mail_parser, sandboxed_parser
from crm.mail import opt_out
from crm.models import AccessEvent, InboundMail, Lead, Location, MailThread, SetAsideMail, Suppression, Task, User
from crm.models.inbound import SetAsideReason, Settled, SourceForm
from tests.crm.hostile_mail import MAILS
from tests.crm.imap_server import ImapServer, imap_server
from tests.crm.inbound.test_inbound import OURS, bounce, mail
from tests.factories import make_lead, make_location, make_message, make_user

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)
TOKEN = "abcdefgh234567ab"


def poison() -> bytes:
    """More parts than are read; addressed to a thread."""
    return MAILS["parts"]()


def aside(
    source: bytes = b"From: a@example.org\r\nSubject: <b>Hi</b>\r\n\r\n\x00\xff<script>x</script>", **values: Any
) -> SetAsideMail:
    kept = arrivals.set_aside(
        source, **{"came_by": "mailbox", "reason": SetAsideReason.UNREADABLE, "now": NOW, **values}
    )
    assert kept is not None
    return kept


# --- Kept -------------------------------------------------------------------------------------------------------------
def test_it_is_kept_whole_and_encrypted() -> None:
    source = bytes(range(256)) * 4
    kept = aside(source)
    assert SetAsideMail.objects.get().source == source
    with connection.cursor() as cursor:
        cursor.execute("SELECT source FROM crm_setasidemail WHERE id = %s", [kept.pk])
        assert source[:16] not in bytes(cursor.fetchone()[0])


def test_told_twice_it_is_one(lead: Lead) -> None:
    raw = poison()
    assert [arrivals.take_in(raw, came_by="mailbox", now=NOW) is not None for _ in range(3)] == [True, False, False]
    assert SetAsideMail.objects.count() == 1


def test_its_thread_tells_whose_it_is(lead: Lead) -> None:
    MailThread.objects.create(lead=lead, token=TOKEN)
    kept = arrivals.take_in(poison(), came_by="mailbox", now=NOW)
    assert isinstance(kept, SetAsideMail)
    assert (kept.lead, kept.reason, kept.form) == (lead, SetAsideReason.TOO_COMPLEX, SourceForm.MAIL)


def test_what_is_settled_says_by_whom_as_what_and_when() -> None:
    kept = aside()
    for half in ({"settled_at": NOW}, {"settled_as": Settled.NOTHING}):
        with pytest.raises(IntegrityError), transaction.atomic():
            SetAsideMail.objects.filter(pk=kept.pk).update(**half)


@pytest.mark.parametrize("trouble", [DataError, IntegrityError, ValueError, UnicodeError, RecursionError])
def test_a_mail_that_cannot_be_stored_is_set_aside(
    lead: Lead, monkeypatch: pytest.MonkeyPatch, trouble: type[Exception]
) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise trouble("of this mail")

    monkeypatch.setattr(actions, "receive", fail)
    kept = arrivals.take_in(mail(), came_by="mailbox", now=NOW)
    assert isinstance(kept, SetAsideMail)
    assert (kept.reason, kept.source[:5]) == (SetAsideReason.NOT_STORED, b"From:")


def test_a_database_that_is_down_is_no_fault_of_the_mail(lead: Lead, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise OperationalError("connection lost")

    monkeypatch.setattr(actions, "receive", fail)
    with pytest.raises(OperationalError):
        arrivals.take_in(mail(), came_by="mailbox", now=NOW)
    assert not SetAsideMail.objects.exists()


@pytest.mark.parametrize(
    "name", ["References", "Message-ID", "In-Reply-To", "From", "Subject", "Final-Recipient", "Delivered-To"]
)
@pytest.mark.parametrize("value", ["=?utf-8?q?=3Ca=00b=40example=2Eorg=3E?=", "<a\x00b@c>", "<a\udcffb@c>"])
def test_nul_and_half_characters_in_a_header_stop_nothing(lead: Lead, name: str, value: str) -> None:
    """The patient's reply is taken in, whichever header is broken."""
    MailThread.objects.create(lead=lead, token=TOKEN)
    raw = f"{name}: {value}\r\nTo: r+{TOKEN}@example.org\r\n\r\nCall me.".encode("utf-8", "surrogateescape")
    kept = arrivals.take_in(raw, came_by="mailbox", now=NOW)
    assert isinstance(kept, InboundMail)
    assert (kept.lead, kept.kind, "Call me." in kept.text) == (lead, "reply", True)


def test_nul_in_the_address_of_a_returned_mail_stops_nothing(lead: Lead) -> None:
    raw = bounce(about="=?utf-8?q?avery=00=40example=2Eorg?=")
    kept = arrivals.take_in(raw, came_by="mailbox", now=NOW)
    assert isinstance(kept, InboundMail)
    assert kept.kind == "hard_bounce"


# --- All or nothing ---------------------------------------------------------------------------------------------------
def test_a_returned_mail_is_known_only_with_what_it_asks_for(lead: Lead, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that dies in between: the mail is new the next time, and the address is stopped then."""

    def die(*_args: object, **_kwargs: object) -> None:
        raise KeyboardInterrupt

    make_message(lead, message_id=OURS)
    raw = bounce()
    with monkeypatch.context() as patched:
        patched.setattr(opt_out, "record", die)
        with pytest.raises(KeyboardInterrupt):
            arrivals.take_in(raw, came_by="mailbox", now=NOW)
    assert not InboundMail.objects.exists()
    assert arrivals.take_in(raw, came_by="mailbox", now=NOW) is not None
    assert Suppression.objects.get().because == "bounce"
    assert Task.objects.filter(kind=TaskKind.MAIL_PROBLEM).count() == 1


# --- From a real mailbox ----------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def server() -> Iterator[ImapServer]:
    with imap_server() as running:
        yield running


@pytest.fixture
def box(server: ImapServer, settings: Settings) -> ImapServer:
    settings.IMAP_URL = server.url
    return server


def test_poison_first_and_two_good_behind_it(lead: Lead, box: ImapServer, desk: Client) -> None:
    bad = poison()
    for raw in (bad, mail("The first."), mail("The second.")):
        box.deliver(raw)

    assert [imap.read_new() for _ in range(2)] == [3, 0]

    assert sorted(one.text for one in InboundMail.objects.all()) == ["The first.", "The second."]
    kept = SetAsideMail.objects.get()
    assert kept.source.replace(b"\r\n", b"\n") == bad.replace(b"\r\n", b"\n")
    assert "1 mail waits for a person" in " ".join(desk.get("/admin/").content.decode().split())
    assert str(kept.pk) in desk.get("/admin/crm/setasidemail/").content.decode()


def test_one_that_is_too_large_is_told_by_its_headers(lead: Lead, box: ImapServer, settings: Settings) -> None:
    settings.MAIL_MAX_BYTES = 100_000
    box.deliver(mail("x" * 200_000, Subject="My scan"))
    box.deliver(mail("The next."))
    assert [imap.read_new() for _ in range(2)] == [2, 0]
    kept = SetAsideMail.objects.get()
    assert (kept.reason, kept.form, kept.size > 200_000) == (SetAsideReason.TOO_LARGE, SourceForm.HEADERS, True)
    assert b"My scan" in kept.source
    assert len(kept.source) < 2_000
    assert InboundMail.objects.get().text == "The next."


def test_one_that_takes_too_long_is_set_aside(lead: Lead, box: ImapServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(raw: bytes, **_: object) -> mail_parser.InboundMessage:
        if b"The slow one." in raw:
            raise sandboxed_parser.NotRead(sandboxed_parser.Because.TOO_SLOW)
        return mail_parser.read(raw)

    monkeypatch.setattr(sandboxed_parser, "read", slow)
    box.deliver(mail("The slow one."))
    box.deliver(mail("The next."))
    assert [imap.read_new() for _ in range(2)] == [2, 0]
    assert SetAsideMail.objects.get().reason == SetAsideReason.TOO_SLOW


@pytest.mark.django_db(transaction=True)
def test_one_that_cannot_be_kept_now_waits_and_the_next_does_not(
    box: ImapServer, center: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deadlock, say: neither taken in nor set aside, and read again in the next run."""
    make_lead()
    real = actions.receive

    def locked(arrived: mail_parser.InboundMessage, **how: Any) -> InboundMail | None:
        if arrived.text == "The locked one.":
            raise OperationalError("deadlock detected")
        return real(arrived, **how)

    box.deliver(mail("The locked one."))
    box.deliver(mail("The next."))
    with monkeypatch.context() as patched:
        patched.setattr(actions, "receive", locked)
        assert imap.read_new() == 1
    assert [one.text for one in InboundMail.objects.all()] == ["The next."]
    assert [imap.read_new() for _ in range(2)] == [1, 0]
    assert not SetAsideMail.objects.exists()


# --- At the desk ------------------------------------------------------------------------------------------------------
def change(kept: SetAsideMail, what: str = "change") -> str:
    return f"/admin/crm/setasidemail/{kept.pk}/{what}/"


def test_a_person_looks_into_it_safely(desk: Client, coordinator: User) -> None:
    kept = aside()
    page = desk.get(change(kept)).content.decode()
    assert "&lt;script&gt;x&lt;/script&gt;" in page
    assert "&lt;b&gt;Hi&lt;/b&gt;" in page
    assert "<script>x" not in page

    answer = desk.get(change(kept, "source"))
    assert answer.content == kept.source
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("application/octet-stream", "nosniff")
    assert answer["Content-Disposition"].startswith("attachment;")
    seen = AccessEvent.objects.filter(user_id=coordinator.pk, object_type="setasidemail", object_ids=[kept.pk])
    assert {event.action for event in seen} == {AccessAction.VIEW, AccessAction.DOWNLOAD}


def test_a_list_fetches_no_sources(desk: Client) -> None:
    aside()
    with CaptureQueriesContext(connection) as asked:
        assert desk.get("/admin/crm/setasidemail/").status_code == 200
    assert not [one["sql"] for one in asked if '"crm_setasidemail"."source"' in one["sql"]]


@pytest.mark.parametrize("name", ["To: commas", "From: brackets", "headers", "nothing", "Subject: encoded, base64"])
def test_even_hostile_headers_show(desk: Client, name: str) -> None:
    assert desk.get(change(aside(MAILS[name]()))).status_code == 200


@pytest.mark.parametrize("what", [Settled.BY_HAND, Settled.NOTHING])
def test_a_person_settles_it_once(desk: Client, coordinator: User, what: Settled) -> None:
    kept = aside()
    said = [desk.post(change(kept, "settle"), {"what": what}, follow=True).content.decode() for _ in range(2)]
    kept.refresh_from_db()
    assert (kept.settled_as, kept.settled_by) == (what, coordinator)
    assert ["Settled." in said[0], "Somebody has settled this mail already." in said[1]] == [True, True]
    assert "It could be a patient" not in desk.get("/admin/").content.decode()


def test_after_a_larger_limit_it_is_taken_in(lead: Lead, desk: Client, settings: Settings) -> None:
    settings.MAIL_MAX_BYTES = 100
    kept = arrivals.take_in(mail("Please call me."), came_by="postmark", now=NOW)
    assert isinstance(kept, SetAsideMail)
    again = change(kept, "settle")
    assert "It stays here." in desk.post(again, {"what": "again"}, follow=True).content.decode()
    settings.MAIL_MAX_BYTES = 100_000
    assert "Taken in" in desk.post(again, {"what": "again"}, follow=True).content.decode()
    kept.refresh_from_db()
    assert (kept.settled_as, InboundMail.objects.get().lead) == (Settled.TAKEN_IN, lead)


def test_of_headers_alone_no_mail_is_made(lead: Lead, desk: Client) -> None:
    kept = aside(form=SourceForm.HEADERS, size=9_999)
    page = desk.post(change(kept, "settle"), {"what": "again"}, follow=True).content.decode()
    assert "The mail itself is not here" in page
    assert not InboundMail.objects.exists()


@pytest.mark.parametrize("what", ["", "taken_in", "x"])
def test_nothing_else_settles_it(desk: Client, what: str) -> None:
    kept = aside()
    desk.post(change(kept, "settle"), {"what": what})
    desk.get(change(kept, "settle"))
    assert SetAsideMail.objects.open().count() == 1


@pytest.mark.parametrize("role", ["front_desk", "marketing"])
def test_others_see_nothing_of_it(client: Client, center: Location, role: str) -> None:
    kept = aside()
    client.force_login(make_user(role))
    for path in (change(kept), change(kept, "source"), "/admin/crm/setasidemail/"):
        assert client.get(path).status_code == 403
    assert client.post(change(kept, "settle"), {"what": "nothing"}).status_code == 403
    assert "It could be a patient" not in client.get("/admin/", follow=True).content.decode()


def test_nor_does_whoever_works_elsewhere(client: Client, lead: Lead) -> None:
    MailThread.objects.create(lead=lead, token=TOKEN)
    kept = arrivals.take_in(poison(), came_by="mailbox", now=NOW)
    nobodys = aside()
    assert isinstance(kept, SetAsideMail)
    elsewhere = make_user("coordinator", name="Bea Bound")
    elsewhere.locations.add(make_location(short_name="Lakeside", name="Lakeside Center", position=1))
    client.force_login(elsewhere)
    for one in (kept, nobodys):
        for path in (change(one, "source"), change(one, "settle")):
            assert client.get(path).status_code == 404
        assert str(one.pk) not in client.get("/admin/crm/setasidemail/").content.decode()
    assert "It could be a patient" not in client.get("/admin/").content.decode()
