"""What becomes of a mail, by what the server on the other side says."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from crm import shutdown
from crm.enums.leads import MessageState, OnUnknown, TaskKind
from crm.mail import mime, smtp
from crm.models import Lead, Message, Notice, Sending, Task
from crm.outbox import delivery
from tests.crm.outbox.test_delivery import make_due
from tests.factories import make_message, make_user
from tests.faults.far_end import HANG_UP, SILENCE, TAKE_AND_HANG_UP, FarEnd, far_end

pytestmark = pytest.mark.django_db


@pytest.fixture
def far(settings: Settings) -> Iterator[FarEnd]:
    with far_end() as end:
        settings.MAIL_SERVER = end.server
        yield end


@pytest.fixture(autouse=True)
def _nobody_asks_to_stop() -> Iterator[None]:
    shutdown._asked_at.value = 0.0
    yield
    shutdown._asked_at.value = 0.0


def seconds_until_due(message: Message) -> int:
    return round((message.due_at - datetime.now(UTC)).total_seconds())


# --- What the server says --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("saying", "wait", "numbers"),
    [
        ("RCPT 451 4.7.1 Greylisted, avery@example.org", 10, "451 4.7.1"),
        ("RCPT 450 Try later", 10, "450"),
        ("RCPT 452 4.2.2 Full", 60, "452 4.2.2"),
        ("DATA 451 4.3.0 Busy", 10, "451 4.3.0"),
        ("MAIL 452 4.3.1 No room", 60, "452 4.3.1"),
    ],
)
def test_temporary_refusal_queues_again(lead: Lead, far: FarEnd, saying: str, wait: int, numbers: str) -> None:
    message = make_message(lead)
    far.will_say(*saying.split(" ", 1))

    assert delivery.send_due() == 0

    message.refresh_from_db()
    assert (message.state, message.reason, message.attempts) == (
        "queued",
        f"Put off by the mail server ({numbers})",
        1,
    )
    assert seconds_until_due(message) == pytest.approx(wait, abs=2)
    assert Task.objects.count() == 0


@pytest.mark.parametrize(
    ("attempts", "greylisted", "other"), [(1, 30, 120), (2, 60, 300), (5, 600, 1800), (30, 900, 1800)]
)
def test_temporary_refusals_wait_longer_each_time(
    lead: Lead, far: FarEnd, attempts: int, greylisted: int, other: int
) -> None:
    soon, patient = make_message(lead, attempts=attempts), make_message(lead, attempts=attempts)
    far.will_say("RCPT", "451 Grey", "452 Full")

    delivery.send_due(first=[str(soon.pk)])

    for message, wait in ((soon, greylisted), (patient, other)):
        message.refresh_from_db()
        assert seconds_until_due(message) == pytest.approx(wait, abs=2)


@pytest.mark.parametrize("stage", ["RCPT", "DATA"])
def test_permanent_refusal_fails_and_tells_a_person(lead: Lead, far: FarEnd, stage: str) -> None:
    message, next_one = make_message(lead), make_message(lead)
    far.will_say(stage, "550 5.1.1 No such user avery@example.org here")

    assert delivery.send_due(first=[str(message.pk)]) == 1

    message.refresh_from_db()
    assert (message.state, message.reason) == ("failed", "Refused by the mail server (550 5.1.1)")
    assert message.finished_at is not None
    assert Task.objects.get(lead=lead).title == "Mail did not arrive: Refused by the mail server (550 5.1.1)"
    next_one.refresh_from_db()
    assert next_one.state == MessageState.SENT
    assert far.sessions == 1


@pytest.mark.parametrize(
    ("saying", "numbers"),
    [
        ("MAIL 530 5.7.0 Authentication required", "530 5.7.0"),
        ("MAIL 553 5.7.1 Sender address rejected: not owned by user", "553 5.7.1"),
        ("MAIL 550 5.4.5 Daily user sending limit exceeded", "550 5.4.5"),
        ("MAIL 550 No", "550"),
        ("RCPT 554 5.7.1 <avery@example.org>: Relay access denied", "554 5.7.1"),
        ("RCPT 550 Relaying denied", "550"),
        ("RCPT 550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain", "550 5.7.54"),
        ("DATA 550 5.4.5 Daily user sending limit exceeded", "550 5.4.5"),
        ("DATA 550 5.7.60 Client does not have permissions to send as this sender", "550 5.7.60"),
    ],
)
def test_a_refusal_of_us_fails_no_mail_and_the_desk_hears_once(
    lead: Lead, far: FarEnd, saying: str, numbers: str
) -> None:
    administrator, coordinator = make_user("administrator"), make_user("coordinator")
    messages = [make_message(lead) for _ in range(3)]
    for _ in range(2):
        Message.objects.update(due_at=datetime.now(UTC) - timedelta(seconds=1))
        Sending.objects.update(waits_until=None)
        far.will_say(*saying.split(" ", 1))
        assert delivery.send_due() == 0

    for message in messages:
        message.refresh_from_db()
        assert message.reason == f"The mail server refuses us ({numbers})"
        assert message.state == MessageState.QUEUED
        assert seconds_until_due(message) >= 118
    assert Task.objects.count() == 0
    [notice] = Notice.objects.filter(user__in=[administrator, coordinator])
    assert (notice.user, numbers in notice.title) == (administrator, True)


@pytest.mark.parametrize("saying", ["RCPT 550 5.1.1 No such user", "RCPT 550 5.7.1 Rejected by policy"])
def test_a_refusal_of_a_recipient_is_no_refusal_of_us(lead: Lead, far: FarEnd, saying: str) -> None:
    messages = [make_message(lead) for _ in range(3)]
    far.will_say(*saying.split(" ", 1))
    assert delivery.send_due() == 2
    assert Message.objects.filter(pk__in=[one.pk for one in messages], state=MessageState.FAILED).count() == 1
    assert not Notice.objects.exists()


def test_one_refused_sender_holds_up_no_other(lead: Lead, far: FarEnd) -> None:
    """Locations write in their own names: one that may not send yet is nobody else's matter."""
    early = datetime.now(UTC) - timedelta(minutes=1)
    refused = [make_message(lead, sender_email="new@riverbend.example.org", due_at=early) for _ in range(2)]
    other = make_message(lead)
    make_user("administrator")
    far.will_say("MAIL", "553 5.7.1 Sender address rejected: not owned by user")

    assert delivery.send_due() == 1

    assert "mail from new@riverbend.example.org waits" in Notice.objects.get().title

    assert far.message_ids == [other.message_id]
    for message in refused:
        message.refresh_from_db()
        assert (message.state, message.attempts) == (MessageState.QUEUED, 1)


def test_a_mail_that_was_refused_is_not_the_first_again(lead: Lead, far: FarEnd) -> None:
    """The refusal may be about its recipient after all: then it would stop the others each time."""
    odd = make_message(lead, due_at=datetime.now(UTC) - timedelta(minutes=1))
    other = make_message(lead)
    far.will_say("RCPT", "554 5.7.1 Relay access denied")

    assert delivery.send_due() == 0

    for message, wait in ((odd, 120), (other, 60)):
        message.refresh_from_db()
        assert seconds_until_due(message) == pytest.approx(wait, abs=2)


def test_a_sender_that_is_put_off_is_asked_once_and_nobody_is_told(lead: Lead, far: FarEnd) -> None:
    make_user("administrator")
    early = datetime.now(UTC) - timedelta(minutes=1)
    waiting = [make_message(lead, sender_email="new@riverbend.example.org", due_at=early) for _ in range(3)]
    other = make_message(lead)
    far.will_say("MAIL", "451 4.7.1 Too many messages from this sender")

    assert delivery.send_due() == 1

    assert far.message_ids == [other.message_id]
    for message in waiting:
        message.refresh_from_db()
        assert (message.state, message.attempts) == (MessageState.QUEUED, 1)
        assert message.reason == "Put off by the mail server (451 4.7.1)"
    assert not Notice.objects.exists()


def test_a_server_that_refused_us_is_left_alone_for_a_minute_by_everybody(lead: Lead, far: FarEnd) -> None:
    make_message(lead)
    far.will_say("MAIL", "535 5.7.8 Bad credentials")
    delivery.send_due()
    late = make_message(lead)

    assert (delivery.send_due(), far.sessions) == (0, 1)

    Sending.objects.update(waits_until=datetime.now(UTC) - timedelta(seconds=1))
    assert delivery.send_due() == 1
    assert far.message_ids == [late.message_id]


GOES_AWAY = "421 4.3.2 Service not available"


@pytest.mark.parametrize("stage", ["CONNECT", "EHLO", "MAIL", "RCPT", "GO", "DATA"])
def test_a_server_that_goes_away_is_asked_once_and_the_batch_waits(lead: Lead, far: FarEnd, stage: str) -> None:
    make_user("administrator")
    messages = [make_message(lead) for _ in range(3)]
    far.will_say(stage, GOES_AWAY)

    assert (delivery.send_due(), delivery.send_due()) == (0, 0)

    assert (far.connections, far.accepted) == (1, [])
    _all_wait_for_the_server(messages)
    Sending.objects.update(waits_until=None)
    Message.objects.update(due_at=datetime.now(UTC) - timedelta(seconds=1))
    assert delivery.send_due() == 3
    assert sorted(far.message_ids) == sorted(one.message_id for one in messages)


@pytest.mark.parametrize(("stage", "connections"), {"MAIL": 2, "RCPT": 2, "GO": 2, "DATA": 1}.items())
def test_a_server_that_goes_away_in_a_batch_is_called_once_more(
    lead: Lead, far: FarEnd, stage: str, connections: int
) -> None:
    """Enough for one session may be all it means; on a new connection, or to a whole mail, it means all mail."""
    make_user("administrator")
    messages = [make_message(lead) for _ in range(4)]
    far.will_say(stage, "", GOES_AWAY, GOES_AWAY)

    assert (delivery.send_due(), delivery.send_due()) == (1, 0)

    assert far.connections == connections
    _all_wait_for_the_server([one for one in messages if one.message_id not in far.message_ids])


@pytest.mark.parametrize("stage", ["CONNECT", "EHLO", "sign-in"])
def test_a_server_that_does_not_let_us_in_is_told_of_once(
    lead: Lead, far: FarEnd, settings: Settings, stage: str
) -> None:
    make_user("administrator")
    messages = [make_message(lead) for _ in range(3)]
    if stage == "sign-in":
        settings.MAIL_SERVER = replace(far.server, user="center", password="wrong")
    else:
        far.will_say(stage, "554 5.7.1 Your address is blocked")
        far.will_say("HELO", "554 5.7.1 Your address is blocked")

    assert (delivery.send_due(), delivery.send_due()) == (0, 0)

    assert far.connections == 1
    for message in messages:
        message.refresh_from_db()
        assert (message.state, message.attempts) == (MessageState.QUEUED, 1)
        assert message.reason.startswith("The mail server refuses us (5")
    assert Task.objects.count() == 0
    assert Notice.objects.get().title.startswith("The mail server refuses us (5")


def _all_wait_for_the_server(messages: list[Message]) -> None:
    for message in messages:
        message.refresh_from_db()
        assert message.state == MessageState.QUEUED
        assert message.reason == "Put off by the mail server (421 4.3.2)"
        assert seconds_until_due(message) >= 58
    assert Task.objects.count() == 0
    assert Notice.objects.get().title == "The mail server takes no mail for now (421 4.3.2): mail waits"


def test_server_that_refuses_connections_postpones_the_batch(lead: Lead, far: FarEnd, settings: Settings) -> None:
    with far_end() as gone:
        settings.MAIL_SERVER = gone.server
    make_user("administrator")
    messages = [make_message(lead) for _ in range(3)]

    assert delivery.send_due() == 0

    _all_wait_for_who_cannot_be_reached(messages, "ConnectionRefusedError")


def _all_wait_for_who_cannot_be_reached(messages: list[Message], error: str) -> None:
    for message in messages:
        message.refresh_from_db()
        assert message.reason == f"The mail server cannot be reached ({error})"
        assert (message.state, message.attempts) == (MessageState.QUEUED, 1)
        assert seconds_until_due(message) == pytest.approx(60, abs=2)
    assert Task.objects.count() == 0
    assert Notice.objects.get().title == f"The mail server cannot be reached ({error}): mail waits"
    assert Sending.objects.filter(waits_until__gt=datetime.now(UTC) + timedelta(seconds=55)).exists()


@pytest.mark.parametrize("stage", ["CONNECT", "EHLO", "MAIL"])
def test_a_server_that_hangs_up_on_a_new_connection_is_called_once_and_the_batch_waits(
    lead: Lead, far: FarEnd, stage: str
) -> None:
    make_user("administrator")
    messages = [make_message(lead) for _ in range(3)]
    far.will_say(stage, *[HANG_UP] * 3)

    assert (delivery.send_due(), delivery.send_due()) == (0, 0)

    assert far.connections == 1
    _all_wait_for_who_cannot_be_reached(messages, "SMTPServerDisconnected")


def test_a_server_that_never_greets_is_called_once_and_the_batch_waits(
    lead: Lead, far: FarEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "STEP_SECONDS", 0.2)
    make_user("administrator")
    messages = [make_message(lead) for _ in range(3)]
    far.will_say("CONNECT", SILENCE)

    assert (delivery.send_due(), delivery.send_due()) == (0, 0)

    _all_wait_for_who_cannot_be_reached(messages, "SMTPServerDisconnected")


@pytest.mark.parametrize(("tls", "error"), [("starttls", "SMTPNotSupportedError"), ("tls", "SSLError")])
def test_a_server_without_tls_is_called_once_and_the_batch_waits(
    lead: Lead, far: FarEnd, settings: Settings, tls: str, error: str
) -> None:
    make_user("administrator")
    settings.MAIL_SERVER = replace(far.server, tls=tls)
    messages = [make_message(lead) for _ in range(3)]

    assert (delivery.send_due(), delivery.send_due()) == (0, 0)

    assert far.connections == 1
    _all_wait_for_who_cannot_be_reached(messages, error)


@pytest.mark.parametrize("stage", ["RCPT", "GO", "DATA"])
def test_a_server_that_hangs_up_over_three_mails_is_left_alone(lead: Lead, far: FarEnd, stage: str) -> None:
    make_user("administrator")
    early = datetime.now(UTC) - timedelta(minutes=1)
    first, others = [make_message(lead, due_at=early) for _ in range(3)], [make_message(lead) for _ in range(3)]
    far.will_say(stage, *[HANG_UP] * 6)

    assert (delivery.send_due(), delivery.send_due()) == (0, 0)

    assert far.connections == 3
    _all_wait_for_who_cannot_be_reached(others, "SMTPServerDisconnected")
    for message in first:
        message.refresh_from_db()
        assert (message.state, message.attempts) == (MessageState.QUEUED, 1)


@pytest.mark.parametrize("stage", ["RCPT", "GO", "DATA"])
def test_a_server_that_hangs_up_over_three_mails_that_come_singly_is_left_alone(
    lead: Lead, far: FarEnd, stage: str
) -> None:
    make_user("administrator")
    far.will_say(stage, *[HANG_UP] * 4)
    for _ in range(3):
        make_message(lead)
        assert delivery.send_due() == 0
    assert Notice.objects.get().title.startswith("The mail server cannot be reached")
    waiting = make_message(lead)
    assert (delivery.send_due(), far.connections) == (0, 3)

    Sending.objects.update(waits_until=None)  # a minute later
    assert (delivery.send_due(), far.connections, Notice.objects.count()) == (0, 4, 1)
    Sending.objects.update(waits_until=None)
    make_due(waiting)
    assert delivery.send_due() == 1
    assert Sending.objects.get().broken_off == []


def test_one_mail_over_which_the_server_hangs_up_again_and_again_says_nothing_of_the_server(
    lead: Lead, far: FarEnd
) -> None:
    make_user("administrator")
    odd = make_message(lead)
    far.will_say("RCPT", *[HANG_UP] * 5)
    for _ in range(5):
        make_due(odd)
        assert delivery.send_due() == 0
    assert (far.connections, Notice.objects.exists()) == (5, False)


@pytest.mark.parametrize("stage", ["RCPT", "DATA"])
def test_a_mail_over_which_the_server_hangs_up_stops_no_other_for_good(lead: Lead, far: FarEnd, stage: str) -> None:
    """A filter may not like one mail, whenever it comes: the others go, and nobody is told of the server."""
    make_user("administrator")
    early = datetime.now(UTC) - timedelta(minutes=1)
    odd = make_message(lead, due_at=early)
    for _ in range(8):
        make_due(odd)
        other = make_message(lead)
        far.will_say(stage, HANG_UP, "")
        assert delivery.send_due() == 1
        assert far.message_ids[-1] == other.message_id
    assert not Notice.objects.exists()


def test_a_mail_that_stopped_all_waits_longer_than_they_however_often(lead: Lead, far: FarEnd) -> None:
    odd = make_message(lead, due_at=datetime.now(UTC) - timedelta(minutes=1), attempts=20)
    other = make_message(lead, attempts=20)
    far.will_say("RCPT", "554 5.7.1 Relay access denied")

    assert delivery.send_due() == 0

    odd.refresh_from_db()
    other.refresh_from_db()
    assert odd.due_at > other.due_at + timedelta(minutes=20)


def test_kept_connection_that_died_is_replaced(lead: Lead, far: FarEnd) -> None:
    first, second = make_message(lead), make_message(lead)
    far.will_say("MAIL", "250 OK", HANG_UP)

    assert delivery.send_due() == 2

    assert sorted(far.message_ids) == sorted([first.message_id, second.message_id])
    assert far.sessions == 2


def test_server_that_says_goodbye_between_mails_is_called_again(lead: Lead, far: FarEnd) -> None:
    make_message(lead), make_message(lead)
    far.will_say("MAIL", "250 OK", "421 4.7.0 Enough for one session")

    assert delivery.send_due() == 2
    assert far.sessions == 2


def test_fresh_connection_that_dies_before_data_postpones_only_this_mail(lead: Lead, far: FarEnd) -> None:
    unlucky, lucky = make_message(lead), make_message(lead)
    far.will_say("RCPT", HANG_UP)

    assert delivery.send_due(first=[str(unlucky.pk)]) == 1

    unlucky.refresh_from_db()
    assert unlucky.reason == "The mail server hung up (SMTPServerDisconnected)"
    assert unlucky.state == MessageState.QUEUED
    assert seconds_until_due(unlucky) == pytest.approx(120, abs=2)
    assert far.message_ids == [lucky.message_id]


@pytest.mark.parametrize("loss", [HANG_UP, TAKE_AND_HANG_UP])
def test_connection_lost_after_data_resends_under_the_same_message_id(lead: Lead, far: FarEnd, loss: str) -> None:
    message = make_message(lead, on_unknown=OnUnknown.RESEND)
    far.will_say("DATA", loss)

    assert delivery.send_due() == 0

    message.refresh_from_db()
    assert message.reason == ("The connection broke off while handing the mail over (SMTPServerDisconnected)")
    assert message.state == MessageState.QUEUED
    assert seconds_until_due(message) == pytest.approx(10, abs=2)
    Message.objects.update(due_at=datetime.now(UTC))
    assert delivery.send_due() == 1
    assert far.message_ids == [message.message_id] * (2 if loss == TAKE_AND_HANG_UP else 1)


@pytest.mark.parametrize("loss", [HANG_UP, TAKE_AND_HANG_UP])
def test_connection_lost_after_data_parks_a_follow_up(lead: Lead, far: FarEnd, loss: str) -> None:
    message = make_message(lead, on_unknown=OnUnknown.PARK)
    far.will_say("DATA", loss)

    assert delivery.send_due() == 0
    assert delivery.send_due() == 0

    message.refresh_from_db()
    assert message.state == MessageState.UNKNOWN
    assert Task.objects.filter(lead=lead, kind=TaskKind.MAIL_PROBLEM).count() == 1


def test_silent_server_is_given_up(lead: Lead, far: FarEnd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "STEP_SECONDS", 0.2)
    far.will_say("RCPT", "silence")
    message = make_message(lead)

    assert delivery.send_due() == 0

    message.refresh_from_db()
    assert (message.state, message.reason) == ("queued", "The mail server hung up (SMTPServerDisconnected)")


def test_mail_that_cannot_be_built_fails_alone(lead: Lead, far: FarEnd, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = make_message(lead), make_message(lead)
    build = mime.as_bytes

    def explode(message: Message, *, reply_to: str) -> bytes:
        if message.pk == bad.pk:
            raise ValueError("avery@example.org")
        return build(message, reply_to=reply_to)

    monkeypatch.setattr(mime, "as_bytes", explode)

    assert delivery.send_due(first=[str(bad.pk)]) == 1

    bad.refresh_from_db()
    assert (bad.state, bad.reason) == ("failed", "The mail could not be built (ValueError)")
    assert far.message_ids == [good.message_id]
