"""Mails that say that there is a message, and long conversations."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from crm.enums.leads import MessageClass, MessageState, TaskKind
from crm.models import (
    Lead,
    Location,
    Message,
    PrivateMessage,
    Task,
    User,
)
from crm.outbox import send_rules
from crm.patient_portal import access as patient_access
from crm.patient_portal import conversation
from tests.crm.patient_portal.test_conversation import written
from tests.factories import NOON, PASSWORD, make_lead, make_message, make_user


@pytest.fixture
def lead(center: Location) -> Lead:
    return make_lead()


@pytest.fixture
def patient(lead: Lead, client: Client) -> Client:
    """Avery, who has shown who they are."""
    entry = patient_access.begin(lead, now=timezone.now())
    type(entry.session).objects.filter(pk=entry.session.pk).update(proven_at=timezone.now())
    client.cookies["patient"] = entry.secret
    return client


@pytest.fixture
def desk(db: None) -> Client:
    make_user("coordinator", email="casey@example.org", password=PASSWORD, name="Casey Sample")
    browser = Client()
    browser.login(username="casey@example.org", password=PASSWORD)
    return browser


# --- One notice ------------------------------------------------------------------------------------------------------
def minutes(count: float) -> datetime:
    return NOON + timedelta(minutes=count)


def noticed(lead: Lead, *, at: float) -> int:
    """Writes a message, sends what is due, and returns how many notices have gone out in all."""
    conversation.write(lead, text=f"Written at {at}", by=User.objects.get(), now=minutes(at))
    _send(at)
    return Message.objects.filter(name="message", state=MessageState.SENT).count()


def _send(at: float) -> None:
    due = Message.objects.filter(state=MessageState.QUEUED, due_at__lte=minutes(at))
    for message in due:
        lease = {"lease_token": message.pk, "lease_until": minutes(at + 1)}
        for state in ("sending", "in_data"):
            Message.objects.filter(pk=message.pk).update(state=state, **lease)
        gone = {"lease_token": None, "lease_until": None, "finished_at": minutes(at)}
        Message.objects.filter(pk=message.pk).update(state="sent", **gone)


def been_there(lead: Lead, *, at: float) -> None:
    conversation.show_patient(lead, until=PrivateMessage.objects.latest("at"), now=minutes(at))


def test_five_messages_are_one_notice_until_the_patient_has_been_there(lead: Lead) -> None:
    make_user()
    assert [noticed(lead, at=at) for at in (0, 0.1, 0.2, 0.3, 0.4, 60, 600)] == [1] * 7
    been_there(lead, at=601)
    assert noticed(lead, at=602) == 2


def test_a_second_notice_within_a_quarter_of_an_hour_waits(lead: Lead) -> None:
    make_user()
    assert noticed(lead, at=0) == 1
    been_there(lead, at=5)
    assert noticed(lead, at=6) == 1
    _send(14.9)
    assert Message.objects.filter(name="message", state=MessageState.SENT).count() == 1
    _send(15)
    assert Message.objects.filter(name="message", state=MessageState.SENT).count() == 2


def test_a_notice_that_waits_is_called_off_by_reading(lead: Lead) -> None:
    make_user()
    noticed(lead, at=0)
    been_there(lead, at=5)
    noticed(lead, at=6)
    been_there(lead, at=7)
    assert list(Message.objects.order_by("created_at").values_list("state", flat=True)) == ["sent", "cancelled"]


def test_what_is_written_while_the_page_opens_is_not_read_and_has_its_notice(lead: Lead) -> None:
    make_user()
    noticed(lead, at=0)
    shown = PrivateMessage.objects.get()
    noticed(lead, at=1)
    conversation.show_patient(lead, until=shown, now=minutes(1))
    assert PrivateMessage.objects.filter(read_at=None).count() == 1
    assert Message.objects.get(state=MessageState.QUEUED).due_at == minutes(15)


def test_without_an_address_nothing_is_mailed_about_what_came_while_the_page_opened(lead: Lead) -> None:
    Lead.objects.update(email="")
    lead.refresh_from_db()
    by = make_user()
    for minute in (0, 1):
        conversation.write(lead, text=f"Message {minute}", by=by, now=minutes(minute))
    shown = PrivateMessage.objects.order_by("at").first()
    assert shown
    conversation.show_patient(lead, until=shown, now=minutes(2))
    assert PrivateMessage.objects.filter(read_at=None).count() == 1
    assert not Message.objects.exists()


def test_a_notice_whose_link_is_too_old_is_followed_by_another(lead: Lead) -> None:
    make_user()
    assert noticed(lead, at=0) == 1
    assert noticed(lead, at=7 * 24 * 60 - 1) == 1
    assert noticed(lead, at=7 * 24 * 60) == 2


def test_a_notice_to_another_address_says_nothing_to_this_one(lead: Lead) -> None:
    make_user()
    noticed(lead, at=0)
    lead.email = "avery.new@example.org"
    lead.save()
    assert noticed(lead, at=1) == 2


def test_a_notice_goes_at_once_whatever_went_out_before_and_under_a_hold(lead: Lead) -> None:
    for number in range(3):
        sent = make_message(lead, message_class=MessageClass.FOLLOW_UP, now=NOON)
        Message.objects.filter(pk=sent.pk).update(created_at=NOON - timedelta(hours=number))
    Message.objects.update(state=MessageState.SUPPRESSED)
    Lead.objects.update(safety_hold=True)
    lead.refresh_from_db()
    conversation.write(lead, text="Please call us.", by=make_user(), now=NOON)
    notice = Message.objects.get(name="message")
    assert (notice.message_class, notice.due_at) == (MessageClass.ANSWER, NOON)
    assert send_rules.obstacle(notice, now=NOON, background=send_rules.background([notice], now=NOON)) is None


# --- Long ones and many of them --------------------------------------------------------------------------------------
def _three_hundred(lead: Lead, *, new: int = 0) -> None:
    user = make_user()
    for number in range(300):
        PrivateMessage.objects.create(
            lead=lead,
            by=user if number % 2 else None,
            text=f"Message number {number}.",
            at=NOON + timedelta(minutes=number),
            read_at=None if number >= 300 - new else NOON,
        )


def test_of_three_hundred_messages_the_latest_are_in_sight_and_the_box_before_them(patient: Client, lead: Lead) -> None:
    _three_hundred(lead)
    page = patient.get("/my/messages/").content.decode()
    assert page.index("<textarea") < page.index("number 299.") < page.index("number 280.")
    assert "number 279." not in page
    assert "Show older messages" in page
    assert "number 0." in patient.get("/my/messages/?all").content.decode()


def test_of_three_hundred_messages_the_desk_shows_the_latest(desk: Client, lead: Lead) -> None:
    _three_hundred(lead)
    page = desk.get(f"/admin/crm/lead/{lead.pk}/panels/messages/").content.decode()
    assert page.index("number 280.") < page.index("number 299.") < page.index("<textarea")
    assert "number 279." not in page
    assert "number 0." in desk.get(f"/admin/crm/lead/{lead.pk}/change/?panels=all&messages=all").content.decode()


def test_what_is_new_is_shown_however_much_there_is(desk: Client, patient: Client, lead: Lead) -> None:
    _three_hundred(lead, new=60)
    for page in (patient.get("/my/messages/"), desk.get(f"/admin/crm/lead/{lead.pk}/panels/messages/")):
        assert "number 241." in page.content.decode()
        assert "number 239." not in page.content.decode()


@pytest.mark.parametrize("side", ["patient", "desk"])
def test_the_end_of_a_line_counts_once(patient: Client, desk: Client, lead: Lead, side: str) -> None:
    lines = ["x" * 98] * 40
    text = "\r\n".join([*lines[:-1], "x" * (3999 - 39 * 99)])
    assert len(text.replace("\r\n", "\n")) == 3999
    sent = patient.post("/my/messages/", {"text": text}) if side == "patient" else written(desk, lead, text)
    assert sent.status_code == 302
    assert len(PrivateMessage.objects.get().text) == 3999


@pytest.mark.parametrize("side", ["patient", "desk"])
@pytest.mark.parametrize("text", ["\u200b\u200b", "\u2800 \u2800", "\u200d\r\n\u00ad", "\u3164", "\u202e\x1b"])
def test_a_message_in_which_nothing_can_be_seen_is_none(
    patient: Client, desk: Client, lead: Lead, side: str, text: str
) -> None:
    sent = patient.post("/my/messages/", {"text": text}) if side == "patient" else written(desk, lead, text)
    assert sent.status_code == 422
    assert not PrivateMessage.objects.exists()
    assert not Task.objects.filter(kind=TaskKind.ANSWER).exists()


def test_what_reorders_or_controls_a_screen_is_not_kept(patient: Client) -> None:
    patient.post("/my/messages/", {"text": "It \u202egninrub\u202c hurts\x1b[31m.\r\nJosé 👩\u200d⚕️"})
    assert PrivateMessage.objects.get().text == "It gninrub hurts[31m.\nJosé 👩\u200d⚕️"
