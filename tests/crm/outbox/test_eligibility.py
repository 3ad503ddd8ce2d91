"""Which mail may go now: one row a rule and class, caps and hours, and two workers that judge the same person."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from pytest_django import Settings

from crm.enums.leads import AUTOMATED, ConsentKind, MessageClass, MessageState, OnUnknown, Outcome, StepResult
from crm.followups import enrollment as followups
from crm.followups import plan
from crm.mail import opt_out
from crm.models import (
    ConsentRecord,
    Enrollment,
    Lead,
    Message,
    MessageTopic,
    Scope,
    SequenceVersion,
    StepOutcome,
    SuppressedBecause,
    Task,
    User,
)
from crm.outbox import actions as outbox
from crm.outbox import delivery, send_rules, settlement
from crm.outbox.send_rules import Background, Obstacle
from tests.factories import NOON, make_lead, make_message
from tests.faults.far_end import FarEnd, far_end

pytestmark = pytest.mark.django_db
C = MessageClass
EVERY = list(C)


@pytest.fixture
def far(settings: Settings) -> Iterator[FarEnd]:
    with far_end() as end:
        settings.MAIL_SERVER = end.server
        yield end


def agree(lead: Lead, *kinds: ConsentKind, given: bool = True, at: datetime = NOON) -> None:
    for kind in kinds or (ConsentKind.CONTACT, ConsentKind.EDUCATION):
        ConsentRecord.objects.create(lead=lead, kind=kind, given=given, text="x", text_version="1", at=at)


@pytest.fixture
def agreed(lead: Lead) -> Lead:
    agree(lead)
    return lead


def obstacle(message: Message, *, now: datetime = NOON) -> Obstacle | None:
    with transaction.atomic():
        message.refresh_from_db()
        known = send_rules.background([message], now=now)
        return send_rules.obstacle(message, now=now, background=known)


def held_back(lead: Lead, **fields: Any) -> set[str]:
    """The classes of mail that may not go to this lead now, or have to wait."""
    lead.refresh_from_db()
    stopped: set[str] = set()
    for message_class in EVERY:
        message = make_message(lead, now=NOON, message_class=message_class, **fields)
        if obstacle(message):
            stopped.add(message_class)
        message.delete()
    return stopped


def test_to_somebody_who_agreed_to_everything_everything_may_go(agreed: Lead) -> None:
    assert held_back(agreed) == set()


def set_hold(lead: Lead) -> None:
    Lead.objects.filter(pk=lead.pk).update(safety_hold=True)


def wait_for_review(lead: Lead) -> None:
    Lead.objects.filter(pk=lead.pk).update(outcome=Outcome.PROMPT_REVIEW)


def stay_urgent(lead: Lead) -> None:
    """The hold is lifted, the sign is on record; or a person has said so."""
    Lead.objects.filter(pk=lead.pk).update(outcome=Outcome.URGENT)


def be_seventeen(lead: Lead) -> None:
    lead.date_of_birth = "2008-11-24"
    lead.save()


def be_eighteen(lead: Lead) -> None:
    lead.date_of_birth = "2008-11-23"
    lead.save()


def take_back_education(lead: Lead) -> None:
    agree(lead, ConsentKind.EDUCATION, given=False, at=NOON + timedelta(seconds=1))


def take_back_contact(lead: Lead) -> None:
    agree(lead, ConsentKind.CONTACT, given=False, at=NOON + timedelta(seconds=1))


def stop(scope: Scope, because: SuppressedBecause = SuppressedBecause.OPT_OUT) -> Any:
    at = NOON - timedelta(days=1)  # on the day itself no capped mail goes anyhow (test_own_acts.py)
    return lambda lead: opt_out.opt_out(lead.email, lead_id=lead.pk, scope=scope, because=because, now=at)


@pytest.mark.parametrize(
    ("happens", "stopped"),
    [
        (set_hold, {*EVERY} - {C.ANSWER}),
        (wait_for_review, {*AUTOMATED}),
        (stay_urgent, {*AUTOMATED}),
        (be_seventeen, {*AUTOMATED}),
        (be_eighteen, set()),
        (take_back_education, {C.COMMERCIAL}),
        (lambda _lead: outbox.pause_commercial(reason="x", now=NOON), {C.COMMERCIAL}),
        (take_back_contact, {C.FOLLOW_UP, C.RELATIONSHIP}),
        (stop(Scope.EDUCATION), {C.COMMERCIAL}),
        (stop(Scope.MOST), {*AUTOMATED}),
        (stop(Scope.EVERYTHING), {*EVERY}),
        (stop(Scope.EVERYTHING, SuppressedBecause.BOUNCE), {*EVERY}),
        (stop(Scope.EDUCATION, SuppressedBecause.COMPLAINT), {C.COMMERCIAL}),
    ],
)
def test_what_holds_which_mail_back(agreed: Lead, happens: Any, stopped: set[str]) -> None:
    happens(agreed)
    assert held_back(agreed) == stopped


def be_a_child(lead: Lead) -> None:
    lead.date_of_birth = f"{datetime.now(UTC).year - 10}-01-01"
    lead.save()


@pytest.mark.parametrize("happens", [wait_for_review, be_a_child])
def test_a_needed_mail_to_whom_only_people_write_leaves_one_task(agreed: Lead, far: FarEnd, happens: Any) -> None:
    happens(agreed)
    needed = make_message(agreed, message_class=C.FOLLOW_UP)
    make_message(agreed, message_class=C.COMMERCIAL)
    assert [delivery.send_due() for _ in range(2)] == [0, 0]
    assert {one.state for one in Message.objects.all()} == {MessageState.SUPPRESSED}
    [task] = Task.objects.all()
    assert task.key == f"mail:{needed.pk}:0"
    assert "people only" in task.title


def test_two_people_share_an_address(agreed: Lead) -> None:
    """One's opt-out stops follow-ups to the address, and never the other's appointment mails."""
    other = make_lead(first_name="Blake", email=agreed.email, phone="+12125550143")
    agree(other)
    stop(Scope.EVERYTHING)(agreed)
    assert held_back(other) == {*AUTOMATED}
    assert held_back(agreed) == {*EVERY}


def test_an_opt_out_of_another_address_or_in_other_letters(agreed: Lead) -> None:
    opt_out.opt_out("Someone@example.org", lead_id=None, scope=Scope.MOST, because=SuppressedBecause.OPT_OUT, now=NOON)
    assert held_back(agreed) == set()
    opt_out.opt_out(agreed.email.upper(), lead_id=None, scope=Scope.MOST, because=SuppressedBecause.OPT_OUT, now=NOON)
    assert held_back(agreed) == {*AUTOMATED}


def test_opt_outs_outlive_the_secret_key(agreed: Lead, settings: Settings) -> None:
    stop(Scope.MOST)(agreed)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another " * 6
    assert held_back(agreed) == {*AUTOMATED}


@pytest.mark.parametrize(
    ("hour", "minute", "zone", "waits_until"),
    [
        (7, 59, "America/New_York", "2026-11-23 08:00"),
        (8, 0, "America/New_York", None),
        (19, 59, "America/New_York", None),
        (20, 0, "America/New_York", "2026-11-24 08:00"),
        (12, 0, "Pacific/Kiritimati", "2026-11-24 08:00"),  # 07:00 of the next day there
        (12, 0, "Pacific/Pago_Pago", "2026-11-23 08:00"),  # 06:00 there
    ],
)
def test_follow_ups_keep_to_the_hours_where_the_patient_lives(
    agreed: Lead, hour: int, minute: int, zone: str, waits_until: str | None
) -> None:
    Lead.objects.update(timezone=zone)
    now = datetime(2026, 11, 23, hour, minute, tzinfo=ZoneInfo("America/New_York"))
    message = make_message(agreed, now=now, message_class=C.FOLLOW_UP)
    found = obstacle(message, now=now)
    until = found.until.astimezone(ZoneInfo(zone)) if found and found.until else None
    assert (f"{until:%Y-%m-%d %H:%M}" if until else None) == waits_until
    answer = make_message(agreed, now=now, message_class=C.ANSWER)
    assert obstacle(answer, now=now) is None


@pytest.mark.parametrize(
    ("at", "zone", "waits_until"),
    [
        ("2026-11-23 06:59", "America/New_York", "2026-11-23 07:00"),
        ("2026-11-23 07:00", "America/New_York", None),
        ("2026-11-23 23:30", "America/New_York", None),
        ("2026-11-23 11:00", "Pacific/Honolulu", "2026-11-23 07:00"),  # 6:00 there
        ("2026-11-01 01:30", "America/New_York", "2026-11-01 07:00"),  # clocks went back that night
    ],
)
def test_a_late_reminder_of_a_visit_wakes_nobody(lead: Lead, at: str, zone: str, waits_until: str | None) -> None:
    """Its moment was by day; a server that was away, or a corrected clock, has made it night. Offers go at any hour."""
    Lead.objects.update(timezone=zone)
    now = datetime.strptime(at, "%Y-%m-%d %H:%M").replace(tzinfo=ZoneInfo("America/New_York"))
    reminder = make_message(
        lead, now=now, message_class=C.REMINDER, topic=MessageTopic.objects.create(), topic_version=1
    )
    found = obstacle(reminder, now=now)
    until = found.until.astimezone(ZoneInfo(zone)) if found and found.until else None
    assert (f"{until:%Y-%m-%d %H:%M}" if until else None) == waits_until
    assert obstacle(make_message(lead, now=now, message_class=C.REMINDER), now=now) is None


def test_nothing_commercial_on_sundays_and_holidays(agreed: Lead) -> None:
    sunday, christmas = datetime(2026, 11, 22, 17, tzinfo=UTC), datetime(2026, 12, 25, 17, tzinfo=UTC)
    for day in (sunday, christmas):
        for message_class, waits in ((C.COMMERCIAL, True), (C.FOLLOW_UP, False)):
            found = obstacle(make_message(agreed, now=day, message_class=message_class), now=day)
            assert (found is not None and found.until is not None) == waits


def sent_before(lead: Lead, *ago: timedelta, message_class: MessageClass = C.FOLLOW_UP) -> None:
    for each in ago:
        at = NOON - each
        make_message(lead, message_class=message_class, created_at=at, state=MessageState.SENT, finished_at=at)


DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("ago", "waits"),
    [
        ([], timedelta(0)),
        ([DAY], timedelta(0)),
        ([timedelta(hours=23)], timedelta(hours=1)),
        ([2 * DAY, 3 * DAY, 5 * DAY], 2 * DAY),
        ([2 * DAY, 3 * DAY, 7 * DAY], timedelta(0)),
        ([timedelta(hours=1), 3 * DAY, 6 * DAY], DAY),  # the week holds it an hour longer than the day
        ([8 * DAY + n * timedelta(hours=30) for n in range(14)], 90 * DAY - (8 * DAY + 13 * timedelta(hours=30))),
    ],
)
def test_one_a_day_three_a_week_fourteen_in_ninety_days(agreed: Lead, ago: list[timedelta], waits: timedelta) -> None:
    sent_before(agreed, *ago)
    message = make_message(agreed, now=NOON, message_class=C.FOLLOW_UP, not_after=NOON + 100 * DAY)
    found = obstacle(message)
    assert (found.until - NOON if found and found.until else timedelta(0)) == waits
    assert obstacle(make_message(agreed, now=NOON, message_class=C.ANSWER)) is None


@pytest.mark.parametrize(("state", "waits"), [(MessageState.UNKNOWN, timedelta(hours=23)), (MessageState.FAILED, None)])
def test_one_that_somebody_gave_up_counts_where_it_may_have_arrived(
    agreed: Lead, coordinator: User, state: MessageState, waits: timedelta | None
) -> None:
    """The server's answer was lost. One that it refused was never handed over."""
    an_hour_ago = NOON - timedelta(hours=1)
    handed = an_hour_ago if state == MessageState.UNKNOWN else None
    about: dict[str, Any] = {
        "state": state,
        "created_at": an_hour_ago,
        "finished_at": an_hour_ago,
        "handed_over_at": handed,
    }
    outbox.settle(make_message(agreed, message_class=C.FOLLOW_UP, **about), "drop", by=coordinator, now=NOON)
    found = obstacle(make_message(agreed, now=NOON, message_class=C.FOLLOW_UP, not_after=NOON + 3 * DAY))
    assert (found.until - NOON if found and found.until else None) == waits


def test_what_would_have_to_wait_beyond_its_time_is_left_out(agreed: Lead) -> None:
    sent_before(agreed, timedelta(hours=1))
    found = obstacle(make_message(agreed, now=NOON, message_class=C.FOLLOW_UP, not_after=NOON + timedelta(hours=22)))
    left_out = f"Left out: {send_rules.CAPS_IN_WORDS}"
    assert found == Obstacle(MessageState.SUPPRESSED, left_out, wants_a_person=True)
    late: dict[str, Any] = {"now": NOON, "message_class": C.COMMERCIAL}
    assert obstacle(make_message(agreed, not_after=NOON + timedelta(hours=22), **late)) == Obstacle(
        MessageState.SUPPRESSED, left_out
    )


def test_late_advertising_is_dropped_and_all_else_asks_for_a_person(agreed: Lead) -> None:
    past = {"now": NOON, "not_after": NOON - timedelta(hours=1)}
    for message_class in C:
        found = obstacle(make_message(agreed, message_class=message_class, **past))
        assert found is not None
        assert found.wants_a_person == (message_class != C.COMMERCIAL), message_class


def test_answers_and_reminders_do_not_count(agreed: Lead) -> None:
    for message_class in (C.ANSWER, C.REMINDER):
        sent_before(agreed, timedelta(hours=1), message_class=message_class)
    assert obstacle(make_message(agreed, now=NOON, message_class=C.FOLLOW_UP)) is None


@pytest.fixture
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Follow-ups may go whatever the hour at which the tests run."""
    monkeypatch.setattr(send_rules, "mail_window", lambda now, _purpose, _clock: now)


def test_of_three_in_one_batch_one_goes_and_the_others_wait(agreed: Lead, far: FarEnd, at_noon: None) -> None:
    for _ in range(3):
        make_message(agreed, message_class=C.FOLLOW_UP, not_after=datetime.now(UTC) + 3 * DAY)
    assert delivery.send_due() == 1
    waiting = Message.objects.filter(state=MessageState.QUEUED)
    assert waiting.count() == 2
    assert all(one.due_at > datetime.now(UTC) + timedelta(hours=23) for one in waiting)
    assert "no more than one a day" in waiting[0].reason


def test_one_that_nobody_can_judge_holds_up_no_other(agreed: Lead, far: FarEnd) -> None:
    """As of a lead whose zone the machine does not know: its mail waits, and one task tells of it."""
    other = make_lead(email="other@example.org")
    agree(other)
    early = datetime.now(UTC) - timedelta(minutes=1)
    bad = make_message(other, message_class=C.FOLLOW_UP, due_at=early)
    good = make_message(agreed, message_class=C.ANSWER)
    Lead.objects.filter(pk=other.pk).update(timezone="America/Nowhere")

    for _ in range(2):
        delivery.send_due()
        Message.objects.filter(pk=bad.pk).update(due_at=early)

    assert far.message_ids == [good.message_id]
    bad.refresh_from_db()
    assert (bad.state, "ZoneInfoNotFoundError" in bad.reason) == (MessageState.QUEUED, True)
    assert Task.objects.get().lead_id == other.pk


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_judge_one_person_at_once(center: object) -> None:
    """While one holds the lead, the other's mail waits a moment instead of passing the cap beside it."""
    lead = make_lead()
    agree(lead)
    message = make_message(lead, now=NOON, message_class=C.FOLLOW_UP)
    holds, go = threading.Event(), threading.Event()

    def first() -> None:
        with transaction.atomic():
            send_rules.background([message], now=NOON)
            holds.set()
            go.wait(10)
        connection.close()

    other = threading.Thread(target=first)
    other.start()
    holds.wait(10)
    found = obstacle(message)
    go.set()
    other.join()
    assert found is not None
    assert found.until == NOON + send_rules.ANOTHER_WORKER
    assert obstacle(message) is None


def enrol(lead: Lead) -> Enrollment:
    version = SequenceVersion.objects.filter(key="incomplete_form").get()
    return Enrollment.objects.create(lead=lead, version=version, key="incomplete_form", anchor=NOON, due_at=NOON)


@pytest.mark.parametrize("act", [followups.stop, followups.pause])
def test_a_mail_whose_sequence_ended_meanwhile_is_called_off(agreed: Lead, act: Any) -> None:
    enrollment = enrol(agreed)
    message = make_message(agreed, now=NOON, message_class=C.FOLLOW_UP, enrollment=enrollment)
    Message.objects.filter(pk=message.pk).update(state="sending", lease_token=message.pk, lease_until=NOON)
    act(enrollment, reason="Enough", now=NOON)
    assert (found := obstacle(message)) is not None
    assert found.state == MessageState.CANCELLED


def test_a_mail_whose_step_the_new_version_leaves_out_is_called_off(agreed: Lead) -> None:
    enrollment = enrol(agreed)
    step = enrollment.version.definition.steps[0]
    kept, gone = (
        make_message(
            agreed, now=NOON, message_class=C.FOLLOW_UP, enrollment=enrollment, key=f"step:{enrollment.pk}:{key}"
        )
        for key in (step.key, "left_out")
    )
    assert obstacle(kept) is None
    assert obstacle(gone) == Obstacle(MessageState.CANCELLED, "Its step is no longer in the sequence")


def test_a_mail_that_a_worker_had_when_its_sequence_was_paused_is_written_again(
    agreed: Lead, far: FarEnd, at_noon: None
) -> None:
    """The server answers 451 after somebody pressed Pause: the step is open again, so Go on sends it after all."""
    enrollment, now = enrol(agreed), datetime.now(UTC)
    step = enrollment.version.definition.steps[0].key
    key = f"step:{enrollment.pk}:{step}"
    message = make_message(agreed, message_class=C.FOLLOW_UP, enrollment=enrollment, key=key)
    StepOutcome.objects.create(enrollment=enrollment, step=step, result=StepResult.MAIL, message=message, at=now)
    Message.objects.filter(pk=message.pk).update(state="sending", lease_token=message.pk, lease_until=now)
    assert followups.pause(enrollment, reason="Wait", now=now)
    Message.objects.filter(pk=message.pk).update(state="queued", lease_token=None, lease_until=None)

    assert delivery.send_due() == 0

    message.refresh_from_db()
    assert message.state == MessageState.CANCELLED
    assert not StepOutcome.objects.exists()
    assert not Message.objects.filter(key=key).exists()
    assert step in [one.key for _at, one in plan.left_of(Enrollment.objects.get())]


def test_facts_of_a_batch_take_no_more_queries_for_more_mails(agreed: Lead, django_assert_num_queries: Any) -> None:
    def batch(count: int) -> list[Message]:
        people = [make_lead(email=f"n{n}@example.org") for n in range(count)]
        return [make_message(one, now=NOON, message_class=C.FOLLOW_UP) for one in people]

    for messages in (batch(1), batch(20)):
        with transaction.atomic(), django_assert_num_queries(6):
            assert isinstance(send_rules.background(messages, now=NOON), Background)


def test_a_mail_nobody_knows_of_counts_from_when_it_went_and_not_anew_at_each_look(agreed: Lead) -> None:
    gone = make_message(agreed, now=NOON, message_class=C.FOLLOW_UP, on_unknown=OnUnknown.PARK)
    for state in (MessageState.SENDING, MessageState.IN_DATA):
        Message.objects.filter(pk=gone.pk).update(state=state, lease_token=gone.pk, lease_until=NOON)
    gone.refresh_from_db()
    settlement.unknown(gone, reason="Broke off")
    gone.refresh_from_db()
    assert (gone.state, gone.finished_at is None) == (MessageState.UNKNOWN, False)
    Message.objects.filter(pk=gone.pk).update(finished_at=NOON)

    next_one = make_message(agreed, now=NOON, message_class=C.FOLLOW_UP, not_after=NOON + timedelta(days=5))
    for hours in (1, 5, 20):
        found = obstacle(next_one, now=NOON + timedelta(hours=hours))
        assert found is not None
        assert found.until == NOON + timedelta(days=1)
    assert obstacle(next_one, now=NOON + timedelta(days=1)) is None
