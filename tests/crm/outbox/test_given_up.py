"""Addresses that were given up for their returned mail: by what, and until when."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from crm.enums.leads import MessageClass, MessageState, Stage, TaskKind
from crm.inbound import actions
from crm.inbound.parsing import mail_parser
from crm.leads import actions as leads
from crm.mail import opt_out, suppression
from crm.models import (
    Activity,
    InboundMail,
    Lead,
    Location,
    MailThread,
    Message,
    MessageTopic,
    Notice,
    Scope,
    SuppressedBecause,
    Suppression,
    Task,
    User,
)
from tests.crm.inbound.test_inbound import OURS, bounce, mail
from tests.factories import make_lead, make_message, make_user

pytestmark = pytest.mark.django_db
PANEL, AGAIN = "/admin/crm/lead/{}/panels/consents/", "/admin/crm/lead/{}/mail-again/"


@pytest.fixture
def lead(center: Location) -> Lead:
    made = make_lead()
    make_message(made, message_id=OURS)
    return made


def take(raw: bytes) -> InboundMail | None:
    return actions.receive(mail_parser.read(raw), now=datetime.now(UTC))


def is_given_up() -> bool:
    return Suppression.objects.filter(because=SuppressedBecause.BOUNCE, lifted_at=None).exists()


def calls() -> int:
    return Task.objects.open().filter(kind=TaskKind.MAIL_PROBLEM, title__startswith="The e-mail address").count()


@pytest.mark.parametrize("status", ["5.7.1", "4.7.1", "5.3.4", "5.2.3", "5.4.6", "5.6.0"])
def test_what_speaks_of_us_never_gives_an_address_up(lead: Lead, status: str) -> None:
    for _ in range(6):
        take(bounce(status))
    assert not is_given_up()


def test_whoever_runs_the_site_hears_once_that_we_are_blocked(lead: Lead) -> None:
    """Of mails that nobody waits for there is no task each: a block list returns all of them."""
    admin = make_user("administrator", email="root@example.org")
    for number in range(3):
        make_message(lead, message_id=f"<{number}@example.org>", message_class=MessageClass.FOLLOW_UP)
        take(bounce("5.7.1", ours=f"<{number}@example.org>"))
    assert [one.title for one in Notice.objects.filter(user=admin)] == [
        "Mail servers return our mail (5.7.1): see Mail that came in"
    ]
    assert not Task.objects.exists()
    take(bounce("5.7.1"))
    assert Task.objects.get().title == "Mail did not arrive: it was returned"


def test_nobody_asks_for_another_address_when_there_is_one_already(lead: Lead, coordinator: User) -> None:
    """The mail had gone to the former one."""
    make_message(lead, message_id="<sent@example.org>", state=MessageState.SENT)
    leads.correct_details(lead, by=coordinator, changes={"email": "avery.new@example.org"})
    take(bounce(ours="<sent@example.org>"))
    assert (is_given_up(), calls()) == (True, 0)


def test_nobody_asks_for_another_address_once_there_is_one(lead: Lead, coordinator: User) -> None:
    """Whatever came between."""
    take(bounce())
    leads.correct_details(lead, by=coordinator, changes={"email": ""})
    assert calls() == 1
    leads.correct_details(Lead.objects.get(), by=coordinator, changes={"email": "avery.new@example.org"})
    assert calls() == 0


def test_whoever_writes_from_it_gets_mail_again(lead: Lead) -> None:
    take(bounce())
    assert (is_given_up(), calls()) == (True, 1)
    take(mail(From=lead.email))
    assert (is_given_up(), calls()) == (False, 0)
    take(bounce())
    assert (is_given_up(), calls()) == (True, 1)


def test_answers_are_tried_again_after_a_month(lead: Lead) -> None:
    """And not for another month when one of them comes back."""
    answer, follow_up = make_message(lead), make_message(lead, message_class=MessageClass.FOLLOW_UP)
    take(bounce())
    soon, later = datetime.now(UTC) + timedelta(days=29), datetime.now(UTC) + timedelta(days=31)
    assert {*suppression.of_messages([answer, follow_up], now=soon)} == {answer.pk, follow_up.pk}
    assert {*suppression.of_messages([answer, follow_up], now=later)} == {follow_up.pk}
    actions.receive(mail_parser.read(bounce()), now=later)
    assert {*suppression.of_messages([answer], now=later + timedelta(days=29))} == {answer.pk}


def test_a_robot_lifts_nothing(lead: Lead) -> None:
    take(bounce())
    take(mail(From=lead.email, Auto_Submitted="auto-replied"))
    assert is_given_up()


def test_passing_ones_are_counted_anew_after_that(lead: Lead) -> None:
    for _ in range(5):
        take(bounce("4.2.2"))
    assert is_given_up()
    take(mail(From=lead.email))
    take(bounce("4.2.2"))
    assert not is_given_up()


def test_a_reply_lifts_nothing_that_was_wished(lead: Lead) -> None:
    for because in (SuppressedBecause.OPT_OUT, SuppressedBecause.COMPLAINT, SuppressedBecause.STAFF):
        opt_out.record(lead.email, lead_id=None, scope=Scope.EVERYTHING, because=because, now=datetime.now(UTC))
    take(mail(From=lead.email))
    assert Suppression.objects.filter(lifted_at=None).count() == 3


# --- Lifted by people -------------------------------------------------------------------------------------------------
def test_staff_let_mail_go_there_again_with_a_reason(lead: Lead, desk: Client) -> None:
    take(bounce())
    assert desk.get(PANEL.format(lead.pk)).content.decode().count(AGAIN.format(lead.pk)) == 1
    form = desk.get(AGAIN.format(lead.pk)).content.decode()
    assert (lead.email in form, "Mail came back: stopped on " in form) == (True, True)
    assert desk.post(AGAIN.format(lead.pk), {"reason": " "}).status_code == 422
    assert (is_given_up(), calls()) == (True, 1)
    assert desk.post(AGAIN.format(lead.pk), {"reason": "Their mailbox was full."}).status_code == 302
    assert (is_given_up(), calls()) == (False, 0)
    said = Activity.objects.filter(lead=lead).latest("at")
    assert (said.summary, said.note, said.by and said.by.name) == (
        "Mail goes to the address again: staff say that it works",
        "Their mailbox was full.",
        "Casey Coordinator",
    )
    assert AGAIN.format(lead.pk) not in desk.get(PANEL.format(lead.pk)).content.decode()
    take(bounce())
    assert (is_given_up(), calls()) == (True, 1)


def test_staff_lift_nothing_that_was_wished(lead: Lead, desk: Client) -> None:
    opt_out.record(
        lead.email, lead_id=None, scope=Scope.EVERYTHING, because=SuppressedBecause.COMPLAINT, now=datetime.now(UTC)
    )
    assert AGAIN.format(lead.pk) not in desk.get(PANEL.format(lead.pk)).content.decode()
    desk.post(AGAIN.format(lead.pk), {"reason": "They said so."})
    assert Suppression.objects.get().lifted_at is None


def test_an_address_that_is_given_anew_gets_mail_again(lead: Lead, coordinator: User) -> None:
    take(bounce())
    given, other = lead.email, "other@example.org"
    leads.correct_details(lead, by=coordinator, changes={"email": other})
    assert (is_given_up(), calls()) == (True, 0)
    leads.correct_details(lead, by=coordinator, changes={"email": given})
    assert not is_given_up()


def test_without_another_address_the_call_stays(lead: Lead, coordinator: User) -> None:
    take(bounce())
    leads.correct_details(lead, by=coordinator, changes={"email": ""})
    assert (is_given_up(), calls()) == (True, 1)


def test_the_calls_of_all_who_use_the_address_end(lead: Lead) -> None:
    mate = make_lead(first_name="Blake", email=lead.email)
    make_message(mate, message_id="<mate@example.org>")
    take(bounce())
    take(bounce(ours="<mate@example.org>"))
    assert calls() == 2
    MailThread.objects.create(lead=mate, token="abcdefgh234567ab")
    take(mail(From=lead.email, To="r+abcdefgh234567ab@example.org"))
    assert calls() == 0


def task_titles() -> list[str]:
    return list(Task.objects.open().values_list("title", flat=True))


def test_who_is_told_by_a_mail_that_came_back_is_told_otherwise_though_the_request_is_closed(
    lead: Lead, coordinator: User
) -> None:
    """Such as that a visit is cancelled: nobody asks for another address any more."""
    leads.move(lead, to=Stage.LOST, by=coordinator, lost_reason="cost", note="Too dear")
    Message.objects.update(topic=MessageTopic.objects.create(), topic_version=1)
    take(bounce("5.1.1"))
    assert (is_given_up(), task_titles()) == (True, ["Mail did not arrive: it was returned"])


def test_of_advertising_that_came_back_from_a_closed_request_nobody_is_told(lead: Lead, coordinator: User) -> None:
    leads.move(lead, to=Stage.LOST, by=coordinator, lost_reason="cost", note="Too dear")
    Message.objects.update(message_class=MessageClass.COMMERCIAL)
    take(bounce("5.1.1"))
    assert (is_given_up(), task_titles()) == (True, [])


@pytest.mark.parametrize("status", ["5.1.1", "4.4.1"])
def test_an_address_that_was_corrected_before_is_asked_for_by_nobody(
    lead: Lead, coordinator: User, status: str
) -> None:
    leads.correct_details(lead, by=coordinator, changes={"email": "new@example.org"})
    Message.objects.exclude(name="address_changed").delete()
    Message.objects.update(message_id=OURS)
    take(bounce(status))
    assert task_titles() == []
