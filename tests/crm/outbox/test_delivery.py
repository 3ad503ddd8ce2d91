"""Claim, send, finish: one test a rule, against a real mail server at the far end."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import psycopg
import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from pytest_django import Settings

from crm import shutdown
from crm.enums.leads import Channel, MessageClass, MessageState, OnUnknown, TaskKind
from crm.mail import smtp
from crm.mail import status as mail_status
from crm.models import Lead, Message, MessageTopic, Task
from crm.outbox import delivery, settlement
from tests.factories import make_lead, make_message
from tests.faults.far_end import TAKE_AND_HANG_UP, FarEnd, far_end
from tests.faults.rehearsal import database_url

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


def make_due(message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(due_at=datetime.now(UTC) - timedelta(seconds=1))


def date_of(far: FarEnd) -> datetime:
    return parsedate_to_datetime(str(far.accepted[-1]["Date"]))


# --- What goes out ---------------------------------------------------------------------------------------------------


def test_send_due_sends_what_is_due(lead: Lead, far: FarEnd) -> None:
    message = make_message(lead)
    later = make_message(lead, due_at=datetime.now(UTC) + timedelta(hours=1))

    assert delivery.send_due() == 1

    message.refresh_from_db()
    assert (message.state, message.reason, message.attempts) == ("sent", "", 1)
    assert message.finished_at is not None
    assert message.lease_token is None
    assert far.message_ids == [message.message_id]
    later.refresh_from_db()
    assert (later.state, later.attempts) == ("queued", 0)


def test_send_due_uses_one_connection_for_many(lead: Lead, far: FarEnd) -> None:
    for _ in range(delivery.BATCH + 5):
        make_message(lead)

    assert delivery.send_due() == delivery.BATCH + 5
    assert far.sessions == 1


def test_send_due_sends_the_named_message_first(lead: Lead, far: FarEnd) -> None:
    make_message(lead, due_at=datetime.now(UTC) - timedelta(hours=1))
    named = make_message(lead)

    delivery.send_due(first=[str(named.pk)])

    assert far.message_ids[0] == named.message_id
    assert len(far.accepted) == 2


def test_send_due_ignores_ids_that_are_not_due(lead: Lead, far: FarEnd) -> None:
    later = make_message(lead, due_at=datetime.now(UTC) + timedelta(hours=1))

    assert delivery.send_due(first=[str(later.pk), str(uuid.uuid4())]) == 0


def test_send_due_claims_nothing_while_sending_is_paused(lead: Lead, far: FarEnd, settings: Settings) -> None:
    settings.SENDING = "paused"
    message = make_message(lead)

    assert delivery.send_due() == 0

    message.refresh_from_db()
    assert (message.state, message.attempts) == ("queued", 0)


def test_claim_takes_a_batch_under_one_lease(lead: Lead) -> None:
    for _ in range(delivery.BATCH + 1):
        make_message(lead)

    batch = delivery.claim()

    assert len(batch) == delivery.BATCH
    rows = Message.objects.filter(state=MessageState.SENDING)
    assert rows.count() == delivery.BATCH
    assert {row.lease_token for row in rows} == {batch[0].lease_token}
    lease = rows[0].lease_until
    assert lease is not None
    assert lease - datetime.now(UTC) > delivery.LEASE - timedelta(seconds=5)


@pytest.mark.django_db(transaction=True)
def test_claim_passes_over_what_another_run_has_locked(lead: Lead) -> None:
    held, free = make_message(lead, due_at=datetime.now(UTC) - timedelta(hours=1)), make_message(lead)
    with psycopg.connect(database_url()) as other, connection.cursor() as cursor:
        other.execute("SELECT 1 FROM crm_message WHERE id = %s FOR UPDATE", [held.pk])
        cursor.execute("SET lock_timeout = '2s'")
        try:
            claimed = delivery.claim()
        finally:
            cursor.execute("RESET lock_timeout")

    assert [message.pk for message in claimed] == [free.pk]


# --- What must not go out --------------------------------------------------------------------------------------------


def test_claim_cancels_a_message_past_its_not_after(lead: Lead, far: FarEnd) -> None:
    message = make_message(lead, not_after=datetime.now(UTC) - timedelta(seconds=1))

    assert delivery.send_due() == 0

    message.refresh_from_db()
    assert (message.state, message.reason) == ("cancelled", "Too late to be sent")
    task = Task.objects.get(lead=lead)
    assert (task.kind, task.title) == (TaskKind.MAIL_PROBLEM, "Mail did not arrive: Too late to be sent")


@pytest.mark.parametrize(
    "address",
    ["", "avery", "avery@localhost", "avery@[127.0.0.1]", "a b@example.org", "avery@example.org\r\nBcc: x@y.z"],
)
def test_claim_suppresses_an_address_that_mail_cannot_reach(lead: Lead, far: FarEnd, address: str) -> None:
    message = make_message(lead, to_email=address)

    assert delivery.send_due() == 0

    message.refresh_from_db()
    assert (message.state, message.reason) == ("suppressed", "No address that mail can reach")
    assert Task.objects.filter(lead=lead, kind=TaskKind.MAIL_PROBLEM).count() == 1


def test_claim_cancels_when_the_topic_is_called_off(lead: Lead, far: FarEnd) -> None:
    topic = MessageTopic.objects.create(live=False)
    message = make_message(lead, topic=topic, topic_version=1)

    assert delivery.send_due() == 0

    message.refresh_from_db()
    assert (message.state, message.reason) == ("cancelled", "Its subject was called off")
    assert Task.objects.count() == 0


def test_claim_cancels_when_the_topic_moved_on(lead: Lead, far: FarEnd) -> None:
    topic = MessageTopic.objects.create(version=2)
    old = make_message(lead, topic=topic, topic_version=1)
    current = make_message(lead, topic=topic, topic_version=2)

    assert delivery.send_due() == 1

    old.refresh_from_db()
    assert (old.state, old.reason) == ("cancelled", "Its subject changed after it was written")
    assert far.message_ids == [current.message_id]


@pytest.mark.parametrize(
    ("message_class", "state"),
    [
        (MessageClass.ANSWER, MessageState.SENT),
        (MessageClass.REMINDER, MessageState.SUPPRESSED),
        (MessageClass.FOLLOW_UP, MessageState.SUPPRESSED),
    ],
)
def test_claim_lets_only_answers_through_a_safety_hold(
    center: object, far: FarEnd, message_class: MessageClass, state: MessageState
) -> None:
    message = make_message(make_lead(safety_hold=True), message_class=message_class)

    delivery.send_due()

    message.refresh_from_db()
    assert message.state == state


def test_claim_passes_over_a_batch_of_hopeless_messages(lead: Lead, far: FarEnd) -> None:
    for _ in range(delivery.BATCH):
        make_message(lead, to_email="", due_at=datetime.now(UTC) - timedelta(hours=1))
    make_message(lead)

    assert delivery.send_due() == 1


def test_a_mail_that_waited_bears_the_date_on_which_it_is_first_handed_over(lead: Lead, far: FarEnd) -> None:
    long_ago = datetime.now(UTC) - timedelta(hours=34)
    message = make_message(lead, created_at=long_ago, due_at=long_ago)
    far.will_say("RCPT", "451 4.7.1 Greylisted")

    assert delivery.send_due() == 0
    message.refresh_from_db()
    assert message.handed_over_at is None  # no content was sent

    make_due(message)
    assert delivery.send_due() == 1
    assert abs(date_of(far) - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_mail_that_is_handed_over_again_keeps_its_date_and_name(lead: Lead, far: FarEnd) -> None:
    message = make_message(lead)
    far.will_say("DATA", TAKE_AND_HANG_UP)
    delivery.send_due()
    yesterday = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    assert Message.objects.filter(handed_over_at__gt=yesterday).update(handed_over_at=yesterday) == 1

    make_due(message)
    assert delivery.send_due() == 1

    assert date_of(far) == yesterday
    assert far.message_ids == [message.message_id] * 2


# --- Leases and the fence --------------------------------------------------------------------------------------------


def expire_leases() -> None:
    Message.objects.filter(lease_until__isnull=False).update(lease_until=datetime.now(UTC) - timedelta(seconds=1))


def test_take_back_queues_what_was_only_claimed(lead: Lead) -> None:
    message = make_message(lead)
    delivery.claim()
    assert delivery.take_back() == 0
    expire_leases()

    assert delivery.take_back() == 1

    message.refresh_from_db()
    assert (message.state, message.reason) == ("queued", "A worker stopped before sending")
    assert message.lease_token is None


@pytest.mark.parametrize(("policy", "state"), [(OnUnknown.RESEND, "queued"), (OnUnknown.PARK, "unknown")])
def test_take_back_follows_the_policy_once_the_content_began(lead: Lead, policy: OnUnknown, state: str) -> None:
    message = make_message(lead, on_unknown=policy)
    [claimed] = delivery.claim()
    assert delivery._begin_handing_over(claimed)
    expire_leases()

    assert delivery.take_back() == 1

    message.refresh_from_db()
    assert (message.state, message.reason) == (state, "A worker stopped while handing the mail over")
    assert Task.objects.count() == (1 if policy == OnUnknown.PARK else 0)


def test_what_is_taken_back_after_an_outage_went_when_it_was_handed_over(lead: Lead) -> None:
    """All workers were down for two months: if it arrived, it arrived then, and the caps count from there."""
    message = make_message(lead, on_unknown=OnUnknown.PARK)
    [claimed] = delivery.claim()
    assert delivery._begin_handing_over(claimed)
    went = datetime.now(UTC) - timedelta(days=60)
    Message.objects.update(lease_until=went + delivery.LEASE)

    delivery.take_back()

    message.refresh_from_db()
    assert (message.state, message.finished_at) == (MessageState.UNKNOWN, went)


def test_worker_that_lost_its_lease_finishes_nothing(lead: Lead) -> None:
    message = make_message(lead)
    [slow] = delivery.claim()
    expire_leases()
    delivery.take_back()
    [quick] = delivery.claim()

    assert not delivery._begin_handing_over(slow)
    assert not settlement.finish(slow, MessageState.FAILED, reason="late", wants_a_person=True)
    Message.objects.filter(pk=message.pk).update(state="in_data")
    assert not delivery._sent(slow)
    slow.state = MessageState.IN_DATA
    assert not settlement.finish(slow, MessageState.UNKNOWN, reason="late", wants_a_person=True)

    message.refresh_from_db()
    assert (message.state, message.lease_token, message.reason) == (
        "in_data",
        quick.lease_token,
        "A worker stopped before sending",
    )
    assert Task.objects.count() == 0


def test_worker_that_lost_its_lease_hands_nothing_over(
    lead: Lead, far: FarEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_message(lead)
    offer = smtp.SmtpRelay.offer

    def lose_lease(relay: smtp.SmtpRelay, *, sender: str, recipient: str) -> None:
        offer(relay, sender=sender, recipient=recipient)
        Message.objects.update(lease_token=uuid.uuid4())

    monkeypatch.setattr(smtp.SmtpRelay, "offer", lose_lease)

    assert delivery.send_due() == 0
    assert far.accepted == []


def test_handing_over_renews_the_lease(lead: Lead) -> None:
    make_message(lead)
    [claimed] = delivery.claim()
    expire_leases()

    assert delivery._begin_handing_over(claimed)

    assert delivery.take_back() == 0


def test_in_data_is_on_disk_before_the_content_is_sent(
    lead: Lead, far: FarEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = make_message(lead)
    seen: list[str] = []
    hand_over = smtp.SmtpRelay.hand_over

    def look(relay: smtp.SmtpRelay, content: bytes) -> None:
        seen.append(Message.objects.get(pk=message.pk).state)
        hand_over(relay, content)

    monkeypatch.setattr(smtp.SmtpRelay, "hand_over", look)

    delivery.send_due()

    assert seen == ["in_data"]


@pytest.mark.parametrize(
    ("old", "new"),
    [("queued", "sent"), ("sent", "queued"), ("sent", "sending"), ("cancelled", "queued"), ("suppressed", "sending")],
)
def test_database_refuses_moves_that_skip_the_protocol(lead: Lead, old: str, new: str) -> None:
    message = make_message(lead, state=old)

    with pytest.raises(ProgrammingError, match="Invalid transition"), transaction.atomic():
        Message.objects.filter(pk=message.pk).update(state=new)


# --- Stopping --------------------------------------------------------------------------------------------------------


def test_stop_between_two_mails_gives_the_rest_back(lead: Lead, far: FarEnd, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        make_message(lead)
    hand_over = smtp.SmtpRelay.hand_over

    def ask_meanwhile(relay: smtp.SmtpRelay, content: bytes) -> None:
        shutdown.ask()
        hand_over(relay, content)

    monkeypatch.setattr(smtp.SmtpRelay, "hand_over", ask_meanwhile)

    assert delivery.send_due() == 1

    assert sorted(Message.objects.values_list("state", "attempts")) == [("queued", 0)] * 4 + [("sent", 1)]


def test_run_ends_after_its_time(lead: Lead, far: FarEnd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "RUN_SECONDS", -1.0)
    make_message(lead)

    assert delivery.send_due() == 0
    assert Message.objects.get().state == MessageState.QUEUED


def test_time_limits_nest() -> None:
    from django.conf import settings

    slowest_mail = smtp.STEP_SECONDS * 3 + smtp.REPLY_SECONDS
    lease = delivery.LEASE.total_seconds()
    assert delivery.RUN_SECONDS + slowest_mail <= settings.CELERY_TASK_TIME_LIMIT < lease
    assert lease < settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"]


# --- What /readyz reports --------------------------------------------------------------------------------------------


def test_oldest_due_seconds_of_an_idle_outbox(lead: Lead) -> None:
    make_message(lead, due_at=datetime.now(UTC) + timedelta(hours=1))

    assert mail_status.oldest_due_seconds() is None


def test_oldest_due_seconds_counts_from_the_longest_wait(lead: Lead) -> None:
    make_message(lead, due_at=datetime.now(UTC) - timedelta(seconds=90))
    make_message(lead, due_at=datetime.now(UTC) - timedelta(seconds=10))

    assert mail_status.oldest_due_seconds() == pytest.approx(90, abs=2)


def test_no_message_waits_for_a_sender_that_does_not_exist(lead: Lead) -> None:
    with pytest.raises(IntegrityError, match="message_channel_has_a_sender"), transaction.atomic():
        make_message(lead, channel=Channel.TEXT)
