"""A mailbox of which one mail or another cannot be had: none is in the way of the next, and a person is told."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError
from pytest_django import Settings

from crm.inbound import arrivals, fetches, imap, imap_client
from crm.models import InboundMail, Lead, Location, MailThread, SetAsideMail, UnfetchedMail
from crm.models.inbound import SetAsideReason, SourceForm
from tests.crm.fake_imap import FakeImap, fake_imap

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)
TOKEN = "abcdefgh234567ab"


@pytest.fixture
def box(settings: Settings) -> Iterator[FakeImap]:
    with fake_imap() as server:
        settings.IMAP_URL = server.url
        yield server


def put(box: FakeImap, *uids: int) -> None:
    for uid in uids:
        lines = [
            "From: a@example.org",
            f"To: r+{TOKEN}@example.org",
            f"Message-ID: <{uid}@example.org>",
            "",
            f"No. {uid}",
        ]
        box.mails[uid] = "\r\n".join(lines).encode()


def texts() -> list[str]:
    return sorted(one.text for one in InboundMail.objects.all())


# --- The line drops ---------------------------------------------------------------------------------------------------
def test_one_that_drops_the_line_is_passed_over_and_tried_once_more(lead: Lead, box: FakeImap) -> None:
    MailThread.objects.create(lead=lead, token=TOKEN)
    put(box, 1, 2, 3, 4)
    box.drops = {2}

    assert (imap.read_new(), texts(), box.asked) == (3, ["No. 1", "No. 3", "No. 4"], [1, 2, 3, 4])
    assert not SetAsideMail.objects.exists()  # it may have been the line

    put(box, 5)
    assert (imap.read_new(), box.asked[4:]) == (2, [5, 2])  # what is new goes first
    told = SetAsideMail.objects.get()
    assert (told.reason, told.form, told.size) == (SetAsideReason.UNREADABLE, SourceForm.HEADERS, len(box.mails[2]))
    assert told.source.startswith(b"From: a@example.org")
    assert (told.lead, box.seen) == (lead, {1, 3, 4, 5})

    assert (imap.read_new(), len(box.asked)) == (0, 6)  # a person has been told, and it is left alone


def test_of_one_whose_headers_do_not_come_either_the_number_is_told(lead: Lead, box: FakeImap) -> None:
    put(box, 7)
    box.mute = {7}

    assert [imap.read_new() for _ in range(3)] == [0, 1, 0]

    told = SetAsideMail.objects.get()
    assert b"mail 7" in told.source
    assert b"%d bytes" % len(box.mails[7]) in told.source


def test_one_that_comes_the_second_time_is_taken_in_and_forgotten(lead: Lead, box: FakeImap) -> None:
    put(box, 1, 2)
    box.drops = {1}
    assert imap.read_new() == 1
    box.drops = set()

    assert imap.read_new() == 1

    assert (texts(), box.seen, UnfetchedMail.objects.count()) == (["No. 1", "No. 2"], {1, 2}, 0)


def test_a_server_that_goes_away_is_no_fault_of_the_mail(lead: Lead, box: FakeImap) -> None:
    put(box, 1, 2)
    box.drops, box.dies_after_a_drop = {1}, True
    for found in (0, 1, 0):
        box.is_down = False
        assert imap.read_new() == found

    assert not SetAsideMail.objects.exists()
    assert box.asked == [1, 2, 1, 1]


def test_a_server_that_drops_every_mail_is_left_alone_for_this_run(lead: Lead, box: FakeImap) -> None:
    put(box, *range(1, 30))
    box.drops = set(box.mails)

    assert imap.read_new() == 0

    assert len(box.asked) == imap.MOST_FAILURES


def test_a_worker_that_is_ended_in_the_middle_of_a_mail_begins_with_the_next(
    lead: Lead, box: FakeImap, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a server that says a letter a second no time limit of the socket knows."""
    put(box, 1, 2)
    real = imap_client.body

    def hang(opened: object, uid: int, **how: object) -> object:
        if uid == 1:
            raise SoftTimeLimitExceeded
        return real(opened, uid, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(imap_client, "body", hang)
    with pytest.raises(SoftTimeLimitExceeded):
        imap.read_new()

    with pytest.raises(SoftTimeLimitExceeded):
        imap.read_new()
    assert texts() == ["No. 2"]
    assert imap.read_new() == 1
    assert SetAsideMail.objects.count() == 1


@pytest.mark.parametrize("is_opened", [True, False])
def test_what_a_person_was_told_of_and_has_opened_or_removed_is_no_longer_remembered(
    lead: Lead, box: FakeImap, is_opened: bool
) -> None:
    put(box, 1)
    box.drops = {1}
    for _ in range(3):
        imap.read_new()
    assert (UnfetchedMail.objects.count(), SetAsideMail.objects.count()) == (1, 1)
    box.seen, box.mails = {1}, box.mails if is_opened else {}

    imap.read_new()

    assert not UnfetchedMail.objects.exists()


def test_another_mailbox_has_other_numbers(lead: Lead, box: FakeImap, settings: Settings) -> None:
    put(box, 1)
    UnfetchedMail.objects.create(mailbox="reader@elsewhere.example.org/INBOX;UIDVALIDITY=1", uid=1, drops=2, at=NOW)

    assert imap.read_new() == 1


@pytest.mark.parametrize(("state", "told"), [("refused", [1, 0]), ("gone", [0, 0])])
def test_one_that_the_server_keeps_for_itself_is_told_once(
    lead: Lead, box: FakeImap, state: str, told: list[int]
) -> None:
    """And asked for again: it is not marked as seen."""
    put(box, 7)
    setattr(box, state, {7})
    assert [imap.read_new() for _ in range(2)] == told
    assert (SetAsideMail.objects.count(), box.asked, box.seen) == (sum(told), [7, 7], set())
    assert not UnfetchedMail.objects.exists()


# --- Read by somebody else first --------------------------------------------------------------------------------------
def test_what_a_person_has_opened_in_a_mail_program_is_read_all_the_same(lead: Lead, box: FakeImap) -> None:
    put(box, 1, 2)
    imap.read_new()
    put(box, 3, 4)
    box.seen |= {3}

    assert [imap.read_new() for _ in range(2)] == [2, 0]

    assert (texts(), box.asked) == (["No. 1", "No. 2", "No. 3", "No. 4"], [1, 2, 3, 4])


def test_what_was_opened_before_the_first_reading_is_history(lead: Lead, box: FakeImap) -> None:
    put(box, 1, 2, 3)
    box.seen = {1, 3}
    assert [imap.read_new() for _ in range(2)] == [1, 0]
    assert box.asked == [2]


def test_one_that_did_not_come_is_asked_for_again_whoever_has_opened_it(lead: Lead, box: FakeImap) -> None:
    imap.read_new()
    put(box, 1, 2)
    box.drops = {1}
    imap.read_new()
    box.drops, box.seen = set(), {1, 2}
    assert imap.read_new() == 1
    assert texts() == ["No. 1", "No. 2"]


def test_what_a_run_did_not_get_to_is_read_in_the_next(
    lead: Lead, box: FakeImap, monkeypatch: pytest.MonkeyPatch
) -> None:
    imap.read_new()
    put(box, 1, 2, 3)
    box.seen = {1, 2, 3}
    monkeypatch.setattr(imap, "MOST_AT_ONCE", 1)
    assert [imap.read_new() for _ in range(4)] == [1, 1, 1, 0]
    assert box.asked == [1, 2, 3]


@pytest.mark.django_db(transaction=True)
def test_what_could_be_neither_kept_nor_remembered_is_asked_for_again(
    lead: Lead, box: FakeImap, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_args: object, **_how: object) -> None:
        raise OperationalError("lock")

    imap.read_new()
    put(box, 1, 2)
    box.seen = {1, 2}
    with monkeypatch.context() as patched:
        patched.setattr(arrivals, "take_in", locked)
        patched.setattr(fetches, "put_off", locked)
        assert imap.read_new() == 0
    assert imap.read_new() == 2


# --- What passes ------------------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_many_that_cannot_be_kept_now_do_not_block_those_behind_them(
    center: Location, box: FakeImap, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = range(1, imap.MOST_FAILURES + 3)
    put(box, *bad, 50, 51)
    real = arrivals.take_in

    def locked(raw: bytes, **how: object) -> object:
        if b"No. 5" not in raw or raw[-5:] == b"No. 5":
            raise OperationalError("lock")
        return real(raw, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(arrivals, "take_in", locked)
    assert [imap.read_new() for _ in range(2)] == [0, 2]
    assert texts() == ["No. 50", "No. 51"]
    monkeypatch.undo()

    assert [imap.read_new() for _ in range(2)] == [len(bad), 0]
    assert (SetAsideMail.objects.count(), UnfetchedMail.objects.count()) == (0, 0)


# --- Other ways to say it ---------------------------------------------------------------------------------------------
def test_a_mail_that_comes_as_a_quoted_string_is_read(lead: Lead, box: FakeImap) -> None:
    box.mails[3] = b'A "quoted" one with a back\\slash'
    box.quoted = {3}
    taken: list[bytes] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(arrivals, "take_in", lambda raw, **_how: taken.append(raw))
        imap.read_new()
    assert (taken, box.seen) == ([box.mails[3]], {3})


@pytest.mark.parametrize(
    ("answered", "content"),
    [
        ([(b"1 (UID 7 BODY[] {5}", b"Hello"), b")"], b"Hello"),
        ([b'1 (UID 7 BODY[] "a \\"b\\" \\\\c" FLAGS ())'], b'a "b" \\c'),
        ([b'1 (BODY[HEADER]<0> "From: x" UID 7)'], b"From: x"),
        ([b'1 (UID 7 BODY[] "")'], b""),
        ([b"1 (UID 7 BODY[] NIL)"], None),
        ([None], None),
    ],
)
def test_every_form_of_a_string_is_understood(answered: list[object], content: bytes | None) -> None:
    assert imap_client.content_of(answered) == content
