"""Opting out without signing in: looking changes nothing, one click counts at once, and nothing leaves afterwards."""

import re
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes, policy
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from crm.enums.leads import ConsentKind, MessageClass, MessageState
from crm.inbound import actions as inbound
from crm.inbound.parsing.mail_parser import InboundMessage, MailKind
from crm.leads import actions as leads
from crm.mail import mime, opt_out, suppression, unsubscribe_token
from crm.models import (
    Activity,
    ConsentRecord,
    Lead,
    MailThread,
    Message,
    PatientLink,
    PatientSession,
    Scope,
    SuppressedBecause,
    Suppression,
    User,
)
from crm.outbox import delivery, send_rules
from crm.patient_portal import access as patient_access
from crm.values.normalize import mailbox_key
from tests.crm.outbox.test_eligibility import agree
from tests.factories import NOON, make_lead, make_message
from tests.faults.far_end import far_end

pytestmark = pytest.mark.django_db
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def path(lead: Lead) -> str:
    return f"/u/{unsubscribe_token.make(lead.pk, lead.email)}/"


def scope_now(lead: Lead) -> str | None:
    return opt_out.scope_of(suppression.hashes_of(lead.email), lead.pk)


def test_looking_changes_nothing(lead: Lead, path: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    for _ in range(5):
        assert browser.get(path).status_code == 200
    assert browser.head(path).status_code == 200
    assert not Suppression.objects.exists()
    assert not browser.cookies


def test_a_providers_one_click_counts_at_once_without_cookies(lead: Lead, path: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    for _ in range(3):
        answer = browser.post(path, ONE_CLICK)
        assert (answer.status_code, "Location" in answer) == (200, False)
    assert scope_now(lead) == Scope.MOST
    assert Suppression.objects.count() == 2  # for the address, and as their own word
    assert Activity.objects.filter(lead=lead).count() == 1


@pytest.mark.parametrize("scope", list(Scope))
def test_each_choice_is_stored_and_shown(lead: Lead, path: str, scope: Scope) -> None:
    browser = Client(enforce_csrf_checks=True)
    assert "It counts from this moment" in browser.post(path, {"scope": scope}).content.decode()
    assert scope_now(lead) == scope
    assert re.search(rf'value="{scope}" checked', browser.get(path).content.decode())


def test_back_in_again_but_not_after_a_bounce(lead: Lead, path: str, client: Client) -> None:
    client.post(path, {"scope": "everything"})
    client.post(path, {"scope": "none"})
    assert scope_now(lead) is None
    opt_out.opt_out(
        lead.email, lead_id=None, scope=Scope.EVERYTHING, because=SuppressedBecause.BOUNCE, now=timezone.now()
    )
    client.post(path, {"scope": "none"})
    assert scope_now(lead) == Scope.EVERYTHING


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("List-Unsubscribe=One-Click\r\n", "application/x-www-form-urlencoded"),
        ("List-Unsubscribe=One-Click", "application/x-www-form-urlencoded; charset=iso-8859-1"),
        ("List-Unsubscribe=One-Click", ""),
        ("List-Unsubscribe=One-Click", "text/plain"),
        ("List-Unsubscribe=One-Click", "multipart/form-data"),
        ("list-unsubscribe=one-click", "application/x-www-form-urlencoded"),
        ("", "application/x-www-form-urlencoded"),
    ],
)
def test_a_one_click_counts_however_a_provider_writes_it(lead: Lead, path: str, body: str, content_type: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    assert browser.generic("POST", path, body, content_type=content_type).status_code == 200
    assert scope_now(lead) == Scope.MOST


@pytest.mark.parametrize("scope", [Scope.MOST, Scope.EDUCATION])
def test_the_newest_choice_replaces_the_one_before(lead: Lead, path: str, client: Client, scope: Scope) -> None:
    client.post(path, {"scope": "everything"})
    page = client.post(path, {"scope": scope}).content.decode()
    assert scope_now(lead) == scope
    assert "not even about appointments" not in page


@pytest.mark.parametrize("scope", [Scope.MOST, Scope.EDUCATION])
def test_what_a_narrower_choice_allows_and_waits_goes_out(lead: Lead, path: str, client: Client, scope: Scope) -> None:
    """It was planned while they got nothing at all: a visit that was booked on the phone, and its reminder."""
    client.post(path, {"scope": "everything"})
    reminder = make_message(lead, message_class=MessageClass.REMINDER)
    client.post(path, {"scope": scope})
    reminder.refresh_from_db()
    assert reminder.state == MessageState.QUEUED


def test_one_click_never_takes_a_stop_back(lead: Lead, path: str, client: Client) -> None:
    client.post(path, {"scope": "everything"})
    client.post(path, ONE_CLICK)
    assert scope_now(lead) == Scope.EVERYTHING


def test_a_newer_choice_takes_back_no_stop_of_somebody_else(lead: Lead, path: str, client: Client) -> None:
    other = make_lead(location=lead.location, email=lead.email, first_name="Other")
    client.post(f"/u/{unsubscribe_token.make(other.pk, other.email)}/", {"scope": "everything"})
    client.post(path, {"scope": "everything"})
    client.post(path, {"scope": "education"})
    assert scope_now(other) == Scope.EVERYTHING
    assert scope_now(lead) == Scope.EDUCATION


@pytest.mark.parametrize("because", [SuppressedBecause.BOUNCE, SuppressedBecause.COMPLAINT, SuppressedBecause.STAFF])
def test_what_cannot_be_lifted_here_is_not_offered_and_never_called_done(
    lead: Lead, path: str, client: Client, because: SuppressedBecause
) -> None:
    opt_out.record(lead.email, lead_id=None, scope=Scope.EVERYTHING, because=because, now=timezone.now())
    page = client.get(path).content.decode()
    assert ('value="none"' in page, "Call us." in page) == (False, True)
    answer = client.post(path, {"scope": "none"})
    assert (answer.status_code, "Done." in answer.content.decode()) == (422, False)
    assert "Nothing was changed." in answer.content.decode()
    narrower = client.post(path, {"scope": "education"}).content.decode()
    assert ("It counts from this moment" in narrower, "Your choice is kept." in narrower) == (False, True)


def test_no_wish_to_get_mail_again_counts_for_an_address_that_takes_none(lead: Lead, path: str, client: Client) -> None:
    client.post(path, {"scope": "most"})
    because = SuppressedBecause.BOUNCE
    opt_out.record(lead.email, lead_id=None, scope=Scope.EVERYTHING, because=because, now=timezone.now())
    assert 'value="none"' not in client.get(path).content.decode()
    assert client.post(path, {"scope": "none"}).status_code == 422
    assert Suppression.objects.filter(because=SuppressedBecause.OPT_OUT, lifted_at=None).exists()


@pytest.mark.parametrize("proven", [True, False])
def test_a_link_in_an_older_mail_counts_for_the_address_in_use_where_it_was_theirs(
    lead: Lead, path: str, client: Client, proven: bool
) -> None:
    now = timezone.now()
    message = make_message(lead, now=now)
    link = PatientLink.objects.create(lead=lead, token_hash="x", message=message, expires_at=now)
    proven_at = now if proven else None
    PatientSession.objects.create(lead=lead, secret_hash="y", link=link, created_at=now, proven_at=proven_at)
    before = lead.email
    Lead.objects.update(email="newer@example.org")
    page = client.post(path, {"scope": "most"}).content.decode()
    newer = opt_out.scope_of(suppression.hashes_of("newer@example.org"), lead.pk)
    assert opt_out.scope_of(suppression.hashes_of(before), lead.pk) == Scope.MOST
    assert newer == (Scope.MOST if proven else None)
    assert ("counts only for the address to which we mailed this link" in page) == (not proven)


@pytest.mark.parametrize(
    ("sender", "proof", "kind", "proven"),
    [
        ("avery@example.org", "message_ids", MailKind.REPLY, True),
        ("Avery@Example.org", "tokens", MailKind.REPLY, True),
        ("avery@example.org", "", MailKind.REPLY, False),  # found by its sender alone, and anybody can write that
        ("newer@example.org", "message_ids", MailKind.REPLY, False),  # it proves another one
        ("avery@example.org", "message_ids", MailKind.ROBOT, False),
    ],
)
def test_an_older_mail_counts_for_the_address_in_use_where_they_had_written_from_the_old_one(
    lead: Lead, path: str, client: Client, sender: str, proof: str, kind: MailKind, proven: bool
) -> None:
    message, thread = make_message(lead), MailThread.objects.create(lead=lead, token="abcdefgh23456723")
    proofs = {"message_ids": (message.message_id,), "tokens": (thread.token,)}
    shown: dict[str, Any] = {proof: proofs[proof]} if proof else {}
    arrived = InboundMessage(kind=kind, message_id="<1@example.org>", sender=mailbox_key(sender), text="Hello", **shown)
    kept = inbound.receive(arrived, now=timezone.now())
    assert kept is not None
    assert kept.lead == lead
    Lead.objects.update(email="newer@example.org")

    client.post(path, {"scope": "most"})

    newer = opt_out.scope_of(suppression.hashes_of("newer@example.org"), lead.pk)
    assert newer == (Scope.MOST if proven else None)


def test_what_they_wrote_before_the_key_was_changed_proves_the_address_too(
    lead: Lead, client: Client, settings: Settings
) -> None:
    message = make_message(lead)
    arrived = InboundMessage(
        MailKind.REPLY, message_id="<1@example.org>", sender=lead.email, message_ids=(message.message_id,)
    )
    inbound.receive(arrived, now=timezone.now())
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another " * 6
    path = f"/u/{unsubscribe_token.make(lead.pk, lead.email)}/"
    Lead.objects.update(email="newer@example.org")
    client.post(path, {"scope": "most"})
    assert opt_out.scope_of(suppression.hashes_of("newer@example.org"), lead.pk) == Scope.MOST


@pytest.mark.parametrize("proven", [True, False])
@pytest.mark.parametrize("scope", [Scope.MOST, Scope.EVERYTHING])
def test_what_a_person_stopped_holds_at_their_next_address_where_it_was_theirs(
    lead: Lead, path: str, client: Client, coordinator: User, scope: Scope, proven: bool
) -> None:
    now = timezone.now()
    message = make_message(lead, now=now, state=MessageState.SENT)
    link = PatientLink.objects.create(lead=lead, token_hash="x", message=message, expires_at=now)
    proven_at = now if proven else None
    PatientSession.objects.create(lead=lead, secret_hash="y", link=link, created_at=now, proven_at=proven_at)
    client.post(path, {"scope": scope})
    leads.correct_details(lead, by=coordinator, changes={"email": "newer@example.org"})
    newer = suppression.hashes_of("newer@example.org")
    assert opt_out.scope_of(newer, lead.pk) == (scope if proven else None)
    assert opt_out.scope_of(newer, None) is None  # who else reads there has not asked for it


def prove_the_address(lead: Lead) -> None:
    """A link that was mailed there has led to their page."""
    now = timezone.now()
    message = make_message(lead, now=now, state=MessageState.SENT)
    link = PatientLink.objects.create(lead=lead, token_hash="x", message=message, expires_at=now)
    PatientSession.objects.create(lead=lead, secret_hash="y", link=link, created_at=now, proven_at=now)


def is_reached_at(lead: Lead, address: str, by: User) -> Scope | None:
    """Put another address on record; return what is stopped there then."""
    leads.correct_details(lead, by=by, changes={"email": address})
    lead.refresh_from_db()
    return opt_out.choice_of(lead)


def test_what_a_person_stopped_holds_over_a_time_without_an_address(
    lead: Lead, path: str, client: Client, coordinator: User
) -> None:
    prove_the_address(lead)
    client.post(path, {"scope": "everything"})
    reached = [
        is_reached_at(lead, address, coordinator) for address in ("", "newer@example.org", "", "third@example.org")
    ]
    assert reached == [Scope.EVERYTHING] * 4
    assert opt_out.scope_of(suppression.hashes_of("third@example.org"), None) is None


def test_whoever_wants_mail_again_is_not_stopped_by_a_time_without_an_address(
    lead: Lead, path: str, client: Client, coordinator: User
) -> None:
    """The newest wish counts, wherever an older one was kept."""
    agree(lead)
    prove_the_address(lead)
    client.post(path, {"scope": "everything"})
    for address in ("", "newer@example.org"):
        is_reached_at(lead, address, coordinator)
    client.post(path, {"scope": "none"})
    reached = [is_reached_at(lead, address, coordinator) for address in ("", "third@example.org")]
    assert reached == [None, None]


@pytest.mark.parametrize("proven", [True, False])
def test_what_a_person_stops_while_they_have_no_address_holds_at_the_next_one(
    lead: Lead, path: str, client: Client, coordinator: User, proven: bool
) -> None:
    agree(lead)
    if proven:
        prove_the_address(lead)
    is_reached_at(lead, "", coordinator)
    client.post(path, {"scope": "everything"})
    assert is_reached_at(lead, "newer@example.org", coordinator) == (Scope.EVERYTHING if proven else Scope.EDUCATION)


def test_whoever_reads_a_former_address_that_was_never_theirs_changes_nothing_of_the_person(
    lead: Lead, path: str, client: Client
) -> None:
    now = timezone.now()
    ConsentRecord.objects.create(lead=lead, kind=ConsentKind.EDUCATION, given=True, text="x", text_version="1")
    Lead.objects.update(email="newer@example.org")
    lead.refresh_from_db()
    page = client.post(path, {"scope": "most"}).content.decode()
    assert ("You get " in page, "Only e-mail about appointments may go to the address of this link." in page) == (
        False,
        True,
    )
    assert opt_out.choice_of(lead) is None
    opt_out.record(lead.email, lead_id=lead.pk, scope=Scope.EVERYTHING, because=SuppressedBecause.OPT_OUT, now=now)
    client.post(path, {"scope": "none"})
    assert opt_out.scope_of(suppression.hashes_of(lead.email), lead.pk) == Scope.EVERYTHING


def test_a_former_address_that_gave_out_keeps_nobody_from_mail_again(lead: Lead, path: str, client: Client) -> None:
    now = timezone.now()
    link = PatientLink.objects.create(lead=lead, token_hash="x", message=make_message(lead, now=now), expires_at=now)
    PatientSession.objects.create(lead=lead, secret_hash="y", link=link, created_at=now, proven_at=now)
    opt_out.record(lead.email, lead_id=None, scope=Scope.EVERYTHING, because=SuppressedBecause.BOUNCE, now=now)
    Lead.objects.update(email="newer@example.org")
    client.post(path, {"scope": "most"})
    page = client.post(path, {"scope": "none"}).content.decode()
    assert ("Done." in page, "Call us." in page) == (True, False)
    assert opt_out.scope_of(suppression.hashes_of("newer@example.org"), lead.pk) is None


@pytest.mark.parametrize("given", [{"scope": ""}, {"scope": "some"}])
def test_a_choice_that_there_is_not_changes_nothing(
    lead: Lead, path: str, client: Client, given: dict[str, str]
) -> None:
    answer = client.post(path, given)
    assert (answer.status_code, "Nothing was changed." in answer.content.decode()) == (422, True)
    assert not Suppression.objects.exists()


@pytest.mark.parametrize("token", ["x", "", "x" * 500, "abc.def"])
def test_a_token_that_is_not_ours(client: Client, center: object, token: str) -> None:
    if token:
        page = client.post(f"/u/{token}/", ONE_CLICK)
        assert (page.status_code, "not complete" in page.content.decode()) == (404, True)
    assert unsubscribe_token.read(token) is None
    assert not Suppression.objects.exists()


def test_every_altered_letter_of_a_token_is_noticed(lead: Lead) -> None:
    token = unsubscribe_token.make(lead.pk, lead.email)
    altered = {token[:i] + ("A" if token[i] != "A" else "B") + token[i + 1 :] for i in range(len(token))}
    accepted = [one for one in altered if unsubscribe_token.read(one) not in (None, unsubscribe_token.read(token))]
    assert accepted == []


def test_a_link_from_before_a_new_key_works_and_shows_what_it_did(
    lead: Lead, path: str, client: Client, settings: Settings
) -> None:
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another " * 6
    page = client.post(path, {"scope": "most"}).content.decode()
    assert "You get e-mail about your appointments only." in page
    client.post(path, {"scope": "none"})
    assert scope_now(lead) is None


def test_it_still_works_when_the_record_is_gone(lead: Lead, path: str, client: Client) -> None:
    address, pk = lead.email, lead.pk
    lead.delete()
    assert "You get " not in client.get(path).content.decode()
    assert client.post(path, ONE_CLICK).status_code == 200
    later = make_lead(email=address)
    assert scope_now(later) == Scope.MOST
    assert pk != later.pk


def test_whoever_has_no_address_now_is_not_told_that_mail_comes(lead: Lead, path: str, client: Client) -> None:
    Lead.objects.update(email="")
    page = client.get(path).content.decode()
    assert ("still come" in page, "We have no e-mail address for this request now." in page) == (False, True)


def test_it_says_nothing_about_anybody(lead: Lead, path: str, client: Client) -> None:
    page = client.get(path).content.decode()
    assert not [word for word in (lead.first_name, lead.email, lead.reference, str(lead.pk)) if word in page]


def test_the_language_is_the_leads(lead: Lead, path: str, client: Client) -> None:
    Lead.objects.update(language="es")
    assert "<h1>Qué mensajes recibe</h1>" in client.get(path).content.decode()


@pytest.mark.parametrize("message_class", list(MessageClass))
def test_follow_ups_carry_the_headers_of_rfc_8058_and_others_do_not(lead: Lead, message_class: MessageClass) -> None:
    message = make_message(lead, message_class=message_class, text="{unsubscribe_link}")
    mail = message_from_bytes(mime.as_bytes(patient_access.with_secrets(message, now=NOON)), policy=policy.default)
    wanted = message_class not in {MessageClass.ANSWER, MessageClass.REMINDER}
    assert ("List-Unsubscribe" in mail) == wanted
    if wanted:
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        address = str(mail["List-Unsubscribe"]).strip("<>").replace(" ", "")
        assert address in mail.get_content() if not mail.is_multipart() else mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]


# --- During a batch ---------------------------------------------------------------------------------------------------
def agreed_lead(number: int) -> Lead:
    lead = make_lead(email=f"n{number}@example.org")
    for kind in (ConsentKind.CONTACT, ConsentKind.EDUCATION):
        ConsentRecord.objects.create(lead=lead, kind=kind, given=True, text="x", text_version="1")
    return lead


@pytest.mark.django_db(transaction=True)
def test_nothing_leaves_after_the_answer_though_a_batch_is_running(
    center: object, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fifty mails are claimed; the last person opts out while the first are sent, and gets none."""
    monkeypatch.setattr(send_rules, "mail_window", lambda now, _purpose, _clock: now)
    people = [agreed_lead(n) for n in range(30)]
    for place, one in enumerate(people):
        make_message(one, message_class=MessageClass.FOLLOW_UP, due_at=timezone.now() - timedelta(minutes=30 - place))
    last = people[-1]
    with far_end() as end:
        settings.MAIL_SERVER, end.delay_seconds = end.server, 0.02

        def work() -> None:
            delivery.send_due()
            connection.close()

        worker = threading.Thread(target=work)
        worker.start()
        while len(end.accepted) < 3:
            time.sleep(0.01)
        Client().post(f"/u/{unsubscribe_token.make(last.pk, last.email)}/", ONE_CLICK)
        worker.join()
    assert Message.objects.get(lead=last).state == MessageState.SUPPRESSED
    assert len(end.accepted) == 29


@pytest.mark.django_db(transaction=True)
def test_a_mail_on_its_way_is_waited_for(center: object) -> None:
    lead = agreed_lead(1)
    message = make_message(lead, message_class=MessageClass.FOLLOW_UP)
    fields = {"lease_token": message.pk, "lease_until": timezone.now() + timedelta(minutes=2)}
    Message.objects.filter(pk=message.pk).update(state="sending", **fields)
    Message.objects.filter(pk=message.pk).update(state="in_data")

    def finish() -> None:
        time.sleep(0.5)
        Message.objects.filter(pk=message.pk).update(state="sent", lease_token=None, lease_until=None)
        connection.close()

    begun = time.monotonic()
    other = threading.Thread(target=finish)
    other.start()
    opt_out.opt_out(
        lead.email, lead_id=lead.pk, scope=Scope.MOST, because=SuppressedBecause.OPT_OUT, now=timezone.now()
    )
    assert time.monotonic() - begun >= 0.45
    assert Message.objects.get().state == MessageState.SENT
    other.join()


@pytest.mark.parametrize(
    ("found", "index"), [(opt_out._waiting, "message_waits_for_address"), (opt_out._going, "message_leased")]
)
def test_an_address_is_found_by_its_index_whatever_its_case(
    center: object, found: Callable[[str], QuerySet[Message]], index: str
) -> None:
    """Not by reading all that waits; of what is going at this moment there is never much."""
    lead, until = agreed_lead(1), timezone.now() + timedelta(days=1)
    Message.objects.bulk_create(
        Message(lead=lead, key=f"k{n}", message_id=f"<{n}>", to_email=f"N{n}@Example.org", not_after=until, name="ack")
        for n in range(3000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE crm_message")

    assert index in found("n77@example.org").explain()
    assert opt_out._waiting("n77@example.org").count() == 1


def test_a_server_that_never_answers_does_not_hold_the_answer(center: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock of this test: it looks, and gives up."""
    lead = agreed_lead(1)
    message = make_message(lead, message_class=MessageClass.FOLLOW_UP)
    fields = {"lease_token": message.pk, "lease_until": timezone.now() + timedelta(minutes=2)}
    Message.objects.filter(pk=message.pk).update(state="sending", **fields)
    Message.objects.filter(pk=message.pk).update(state="in_data")
    clock = FakeClock()
    monkeypatch.setattr(opt_out, "time", clock)

    opt_out.opt_out(
        lead.email, lead_id=lead.pk, scope=Scope.MOST, because=SuppressedBecause.OPT_OUT, now=timezone.now()
    )

    assert opt_out.WAIT_SECONDS <= clock.now <= 5


class FakeClock:
    """Passes only while somebody sleeps."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
