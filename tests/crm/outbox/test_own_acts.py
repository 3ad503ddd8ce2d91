"""No mail that counts in the caps on the day on which the person did something: which acts are theirs, and until when
it waits (docs/delivery.md)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crm.enums.leads import ActivityKind, CallOutcome, MessageClass, MessageState, Stage
from crm.inbound import actions as inbound
from crm.inbound.parsing.mail_parser import InboundMessage, MailKind
from crm.leads import actions as leads
from crm.leads import assignment, contacts
from crm.mail import opt_out
from crm.models import Activity, Lead, Message, Scope, SuppressedBecause, User
from crm.models.activity import SENT_IN
from crm.outbox import delivery, returned_addresses, send_rules
from crm.outbox.send_rules import FRESH_AT_MOST, FRESH_FOR, WAITS_FOR_NEXT_DAY
from crm.patient_portal import conversation, privacy
from tests.crm.outbox.test_eligibility import agree, held_back, obstacle
from tests.factories import NOON, make_lead, make_message, make_user, prove
from tests.faults.far_end import far_end

pytestmark = pytest.mark.django_db
C = MessageClass
CAPPED = {C.FOLLOW_UP, C.RELATIONSHIP, C.COMMERCIAL}
TOMORROW = datetime(2026, 11, 24, 13, tzinfo=UTC)  # a Tuesday, 8:00 in New York
NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture
def agreed(lead: Lead) -> Lead:
    agree(lead, at=NOON - timedelta(days=7))
    return lead


def write_on_the_page(lead: Lead) -> None:
    conversation.answer(prove(lead, now=NOON).session, text="Thank you.", now=NOON)


def write_a_mail(lead: Lead, kind: MailKind = MailKind.REPLY) -> None:
    inbound.receive(
        InboundMessage(kind=kind, message_id=f"<{kind}@example.org>", sender=lead.email, text="Hi"), now=NOON
    )


def send_answers(lead: Lead, by: User | None = None) -> None:
    """Told by telephone they are the person's words as well."""
    Activity.objects.create(lead=lead, kind=ActivityKind.ANSWERS, at=NOON, by=by, details={SENT_IN: "x"})


def choose_mails(lead: Lead) -> None:
    because = SuppressedBecause.OPT_OUT
    opt_out.record("other@example.org", lead_id=lead.pk, scope=Scope.EDUCATION, because=because, now=NOON)


@pytest.mark.parametrize(
    "act",
    [
        write_on_the_page,
        write_a_mail,
        lambda lead: write_a_mail(lead, MailKind.CALENDAR),
        send_answers,
        lambda lead: send_answers(lead, by=make_user()),
        choose_mails,
        lambda lead: contacts.add(lead, by=None, now=NOON, name="Kim", relation="Spouse", may_discuss=True),
        lambda lead: privacy.ask_to_delete(lead, now=NOON),
    ],
)
def test_no_capped_mail_goes_on_the_day_of_an_act_of_their_own(agreed: Lead, act: Callable[[Lead], None]) -> None:
    act(agreed)
    assert held_back(agreed) == CAPPED
    found = obstacle(make_message(agreed, now=NOON, message_class=C.FOLLOW_UP))
    assert found is not None
    assert (found.state, found.reason, found.until) == (MessageState.QUEUED, WAITS_FOR_NEXT_DAY, TOMORROW)


def come_back_and_work_again(lead: Lead) -> None:
    because = SuppressedBecause.BOUNCE
    opt_out.record(lead.email, lead_id=lead.pk, scope=Scope.EVERYTHING, because=because, now=NOON)
    returned_addresses.works_again(lead.email, lead=lead, why="staff say so", now=NOON)


@pytest.mark.parametrize(
    "happens",
    [
        lambda lead: leads.move(lead, to=Stage.QUALIFYING, by=None, now=NOON),
        lambda lead: leads.add_note(lead, by=make_user(), text="Note", now=NOON),
        lambda lead: leads.log_call(lead, by=make_user(), outcome=CallOutcome.NO_ANSWER, now=NOON),
        lambda lead: assignment.give(lead, to=make_user("coordinator"), by=None, now=NOON),
        lambda lead: write_a_mail(lead, MailKind.ROBOT),
        lambda lead: write_a_mail(lead, MailKind.RECEIPT),
        come_back_and_work_again,
    ],
)
def test_what_staff_or_machines_do_holds_nothing(agreed: Lead, happens: Callable[[Lead], None]) -> None:
    happens(agreed)
    assert Activity.objects.filter(lead=agreed, at=NOON).exists()
    assert held_back(agreed) == set()


@pytest.mark.parametrize(
    ("acted", "now", "zone", "waits_until"),
    [
        ("2026-11-23 00:10", "2026-11-23 19:50", "America/New_York", "2026-11-24 08:00"),
        ("2026-11-22 23:50", "2026-11-23 08:00", "America/New_York", None),
        ("2026-11-23 21:00", "2026-11-23 21:05", "America/New_York", "2026-11-24 08:00"),
        ("2026-11-22 22:00", "2026-11-23 12:00", "Pacific/Pago_Pago", None),
        ("2026-11-23 09:00", "2026-11-23 23:00", "Pacific/Auckland", "2026-11-24 08:00"),
        ("2026-11-01 00:30", "2026-11-01 19:59", "America/New_York", "2026-11-02 08:00"),  # a day of 25 hours
        ("2026-11-23 13:00", "2026-11-23 12:00", "America/New_York", "2026-11-24 08:00"),  # by a clock that goes ahead
    ],
)
def test_it_waits_until_the_next_day_where_the_person_lives(
    agreed: Lead, acted: str, now: str, zone: str, waits_until: str | None
) -> None:
    there = ZoneInfo(zone)
    Lead.objects.update(timezone=zone)
    at, looked_at = (datetime.fromisoformat(one).replace(tzinfo=there) for one in (acted, now))
    Activity.objects.create(lead=agreed, kind=ActivityKind.MESSAGE, at=at)
    found = obstacle(make_message(agreed, now=looked_at, message_class=C.FOLLOW_UP), now=looked_at)
    until = found.until.astimezone(there) if found and found.until else None
    assert (f"{until:%Y-%m-%d %H:%M}" if until else None) == waits_until


def test_somebody_elses_act_holds_nothing(agreed: Lead) -> None:
    send_answers(make_lead(email="other@example.org"))
    assert held_back(agreed) == set()


def test_the_mail_waits_in_the_outbox_with_its_reason_and_goes_the_next_day(
    agreed: Lead, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send_rules, "mail_window", lambda moment, _purpose, _clock: moment)  # at any hour of the day
    now = datetime.now(UTC)
    told = Activity.objects.create(lead=agreed, kind=ActivityKind.MESSAGE, at=now)
    capped = make_message(agreed, message_class=C.FOLLOW_UP, not_after=now + FRESH_FOR)
    answer = make_message(agreed, message_class=C.ANSWER)

    with far_end() as end:
        monkeypatch.setattr("django.conf.settings.MAIL_SERVER", end.server)
        delivery.send_due()
        assert end.message_ids == [answer.message_id]
        capped.refresh_from_db()
        tomorrow = now.astimezone(NEW_YORK).date() + timedelta(days=1)
        assert (capped.state, capped.reason) == (MessageState.QUEUED, WAITS_FOR_NEXT_DAY)
        assert capped.due_at.astimezone(NEW_YORK).replace(tzinfo=None) == datetime.combine(
            tomorrow, datetime.min.time()
        )
        assert capped.not_after == capped.due_at + FRESH_FOR

        Activity.objects.filter(pk=told.pk).update(at=now - timedelta(days=1))  # the day is over
        Message.objects.filter(pk=capped.pk).update(due_at=now)
        delivery.send_due()
        assert end.message_ids == [answer.message_id, capped.message_id]


def act_each_day(lead: Lead, message: Message, *, days: int) -> send_rules.Obstacle | None:
    """What is in its way on the day after them. A worker looks each day, as soon as it may leave."""
    for day in range(days):
        at = TOMORROW + timedelta(days=day)
        Activity.objects.create(lead=lead, kind=ActivityKind.MESSAGE, at=at - timedelta(hours=1))
        found = obstacle(message, now=at)
        if not (found and found.until):
            return found
        assert found.until == at + timedelta(days=1)
        Message.objects.filter(pk=message.pk).update(not_after=found.not_after or message.not_after)
    return obstacle(message, now=TOMORROW + timedelta(days=days))


@pytest.mark.parametrize("message_class", [C.FOLLOW_UP, C.RELATIONSHIP])
def test_a_needed_mail_outlives_days_on_which_the_person_does_something(agreed: Lead, message_class: str) -> None:
    made: dict[str, Any] = {"created_at": TOMORROW, "not_after": TOMORROW + FRESH_FOR}
    message = make_message(agreed, now=TOMORROW, message_class=message_class, **made)
    assert act_each_day(agreed, message, days=3) is None


def test_whoever_does_something_each_day_for_a_week_is_written_to_by_a_person(agreed: Lead) -> None:
    made: dict[str, Any] = {"created_at": TOMORROW, "not_after": TOMORROW + FRESH_FOR}
    message = make_message(agreed, now=TOMORROW, message_class=C.FOLLOW_UP, **made)
    found = act_each_day(agreed, message, days=7)
    assert found == send_rules.Obstacle(MessageState.CANCELLED, "Too late to be sent", wants_a_person=True)
    message.refresh_from_db()
    assert message.not_after == TOMORROW + FRESH_AT_MOST


def test_advertising_grows_as_old_as_ever(agreed: Lead) -> None:
    made: dict[str, Any] = {"created_at": TOMORROW, "not_after": TOMORROW + FRESH_FOR}
    message = make_message(agreed, now=TOMORROW, message_class=C.COMMERCIAL, **made)
    found = act_each_day(agreed, message, days=3)
    assert found == send_rules.Obstacle(MessageState.CANCELLED, "Too late to be sent")
