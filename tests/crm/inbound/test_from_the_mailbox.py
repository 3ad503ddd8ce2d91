"""From the mailbox to the record, and there and back."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email import message_from_bytes

import pytest
from django.db import connection, transaction
from pytest_django import Settings

from crm.enums.leads import Event
from crm.inbound import actions, imap, imap_client
from crm.inbound.parsing import mail_parser
from crm.inbound.parsing.mail_parser import InboundMessage, MailKind
from crm.leads import events
from crm.mail import reply_addresses
from crm.models import InboundMail, Lead, Location, MailThread, Message, Suppression, Task
from crm.outbox import delivery
from crm.values import mailbox_url
from tests.crm.imap_server import ImapServer, imap_server
from tests.crm.inbound.test_inbound import bounce, mail, take
from tests.factories import NOON, make_lead, make_message
from tests.faults.far_end import FarEnd, far_end
from tests.scheduling.actions.test_at_once import somebody_waits, until

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(center: Location) -> Lead:
    """In two sequences since just now."""
    made = make_lead()
    events.announce(made, Event.SUBMITTED, now=NOON, key="x")
    return made


# --- From the mailbox -------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def server() -> Iterator[ImapServer]:
    with imap_server() as running:
        yield running


@pytest.fixture
def box(server: ImapServer, settings: Settings) -> ImapServer:
    settings.IMAP_URL = server.url
    return server


def test_the_mailbox_is_read_once(lead: Lead, box: ImapServer) -> None:
    box.deliver(mail())
    box.deliver(bounce("4.2.2"))
    box.deliver(b"\xff\xfe nonsense")
    assert [imap.read_new() for _ in range(2)] == [3, 0]
    assert InboundMail.objects.count() == 3


def test_what_another_mail_program_has_opened_first_is_read(lead: Lead, box: ImapServer) -> None:
    """By a real server: somebody at the desk reads the mailbox, too."""
    imap.read_new()
    before = InboundMail.objects.count()
    box.deliver(mail())
    program = imap_client.enter(mailbox_url.parse(box.url))
    [uid] = imap_client.unseen(program)
    program.uid("FETCH", str(uid), "(BODY[])")
    assert not imap_client.unseen(program)
    imap_client.leave(program)
    assert [imap.read_new() for _ in range(2)] == [1, 0]
    assert InboundMail.objects.count() == before + 1


def test_what_was_not_kept_is_read_again(lead: Lead, box: ImapServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker dies between the mail and the database: the mail is still unseen."""
    box.deliver(mail())

    def die(*_args: object, **_kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(actions, "receive", die)
    with pytest.raises(KeyboardInterrupt):
        imap.read_new()
    monkeypatch.undo()
    assert imap.read_new() == 1


@pytest.mark.django_db(transaction=True)
def test_two_readers_at_once_keep_one(box: ImapServer, center: Location) -> None:
    lead = make_lead()
    for _ in range(10):
        box.deliver(mail())

    def read() -> None:
        imap.read_new()
        connection.close()

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert InboundMail.objects.filter(lead=lead).count() == 10
    assert Task.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_no_mail_is_put_before_one_that_is_just_being_kept(center: Location) -> None:
    lead, begun = make_lead(), NOON - timedelta(minutes=2)

    def keep() -> None:
        actions.receive(
            InboundMessage(kind=MailKind.REPLY, message_id="<two@example.org>", sender=lead.email), now=begun
        )
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Lead.objects.select_for_update(no_key=True).get(pk=lead.pk)
            second = pool.submit(keep)
            until(lambda: second.done() or somebody_waits())
            InboundMail.objects.create(
                external_id="<one@example.org>", kind=MailKind.REPLY, lead=lead, text="Hello", at=NOON
            )
        second.result()
    assert InboundMail.objects.latest("at").external_id == "<two@example.org>"


@pytest.mark.parametrize("url", ["imap://reader:wrong@127.0.0.1:{port}/INBOX", "imap://reader:word@127.0.0.1:1/INBOX"])
def test_a_mailbox_that_does_not_open_costs_a_line_of_the_log(
    lead: Lead, box: ImapServer, settings: Settings, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    settings.IMAP_URL = url.format(port=box.port)
    assert imap.read_new() == 0
    assert "mailbox_unreachable" in caplog.text


@pytest.mark.parametrize(
    "url", ["imap://u:p@mail.example.org/INBOX", "pop3://u:p@x", "imaps://x/INBOX", "imaps://u:p@x/Réponses"]
)
def test_addresses_of_mailboxes_that_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="IMAP_URL"):
        mailbox_url.parse(url)


# --- There and back ---------------------------------------------------------------------------------------------------
@pytest.fixture
def far(settings: Settings) -> Iterator[FarEnd]:
    with far_end() as end:
        settings.MAIL_SERVER = end.server
        yield end


def test_a_reply_to_a_mail_of_ours_finds_its_way_back(lead: Lead, box: ImapServer, far: FarEnd) -> None:
    Location.objects.update(reply_email="replies@riverbend.example.org")
    make_lead(first_name="Blake", email=lead.email, phone="")  # shares the address
    make_message(lead)
    make_message(lead)
    delivery.send_due()
    addresses = {str(one["Reply-To"]) for one in far.accepted}
    assert len(addresses) == 1  # the same thread
    [address] = addresses
    assert lead.reference not in address
    box.deliver(mail(To=address, In_Reply_To=str(far.accepted[0]["Message-ID"])))
    assert imap.read_new() == 1
    assert InboundMail.objects.get().lead == lead


def test_what_is_returned_comes_to_the_mailbox_that_is_read(lead: Lead, far: FarEnd) -> None:
    """And is proven to be about a mail of ours by its address alone."""
    Location.objects.update(reply_email="replies@riverbend.example.org")
    make_message(lead)
    delivery.send_due()
    assert far.senders == [str(far.accepted[0]["Reply-To"])]
    take(bounce(ours="").replace(b"To: r@example.org", f"To: {far.senders[0]}".encode(), 1))
    assert Suppression.objects.get().because == "bounce"


def test_without_a_mailbox_there_is_no_reply_to(lead: Lead, far: FarEnd) -> None:
    make_message(lead)
    delivery.send_due()
    assert far.senders == ["hello@riverbend.example.org"]
    assert "Reply-To" not in far.accepted[0]
    assert not MailThread.objects.exists()


def test_threads_of_a_batch_take_the_same_queries(lead: Lead, django_assert_num_queries: object) -> None:
    Location.objects.update(reply_email="replies@riverbend.example.org")
    messages = [make_message(make_lead(email=f"n{n}@example.org")) for n in range(20)]
    found = reply_addresses.reply_addresses(list(Message.objects.select_related("lead__location")))
    assert len({*found.values()}) == len(messages) == 20
    assert found == reply_addresses.reply_addresses(list(Message.objects.select_related("lead__location")))


def test_a_mail_says_it_came_from_a_robot(lead: Lead, far: FarEnd) -> None:
    """Two of our kind must not write to each other for ever."""
    make_message(lead)
    delivery.send_due()
    assert mail_parser.read(far.accepted[0].as_bytes()).kind == MailKind.ROBOT
    assert message_from_bytes(far.accepted[0].as_bytes())["Auto-Submitted"] == "auto-generated"
