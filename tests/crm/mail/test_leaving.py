"""What pages say of mails that were asked for: nothing is called sent, or on its way, that does not leave."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from crm.enums.leads import MessageClass, MessageState
from crm.mail import emails, opt_out
from crm.models import Lead, Location, Message, MessageTopic, Scope, Sending, SuppressedBecause, User
from tests.crm.patient_portal.test_second_factor import opened
from tests.factories import make_link, make_message, make_user, step_one

pytestmark = pytest.mark.django_db
HELD = "All mail is held: it leaves when somebody lets mail go out again."


@pytest.fixture
def boss(center: Location) -> User:
    return make_user("administrator", is_superuser=True)


@pytest.fixture
def desk(boss: User) -> Client:
    browser = Client()
    browser.force_login(boss)
    return browser


def press(desk: Client, name: str, *about: object, **data: Any) -> str:
    return desk.post(reverse(f"admin:{name}", args=about), data, follow=True).content.decode()


@pytest.mark.parametrize("held", [True, False])
@pytest.mark.parametrize(
    ("what", "kept", "leaves"),
    [
        ("link", "A link to avery@example.org is kept.", "A link is on its way to avery@example.org."),
        ("message", "A mail about it is kept.", "A mail says that it is there."),
        ("again", "The message is in the queue again.", "The message is in the queue again."),
        ("outbox", "The message is in the queue again.", "The message is in the queue again."),
        ("password", "A link to set a password to", "A link to set a password is on its way"),
    ],
)
def test_the_desk_calls_no_mail_on_its_way_while_all_mail_is_held(
    desk: Client, boss: User, lead: Lead, held: bool, what: str, kept: str, leaves: str
) -> None:
    Sending.objects.create(is_paused=held)
    failed = make_message(lead, state=MessageState.FAILED)
    pages = {
        "link": lambda: press(desk, "crm_lead_send_link", lead.pk),
        "message": lambda: press(desk, "crm_lead_write", lead.pk, text="Good news."),
        "again": lambda: press(desk, "crm_lead_send_again", lead.pk, failed.pk),
        "outbox": lambda: press(desk, "crm_message_settle", failed.pk, what="again"),
        "password": lambda: press(desk, "crm_user_mail_password", boss.pk),
    }
    page = pages[what]()
    assert (HELD in page, kept in page or not held, leaves in page or held) == (held, True, True)


@pytest.mark.parametrize("by", ["desk", "environment"])
def test_no_code_is_called_sent_while_no_mail_goes_out(lead: Lead, settings: Settings, by: str) -> None:
    """It works for ten minutes: it would be dead when it leaves."""
    if by == "desk":
        Sending.objects.create(is_paused=True)
    else:
        settings.SENDING = "paused"
    browser = opened(lead)
    for answer in (browser.get("/my/code/"), browser.post("/my/code/", {"send": "1"})):
        page = answer.content.decode()
        assert "Our mail does not go out at present: we cannot mail you a code." in page
        assert lead.location.phone_display in page
        assert ('name="send"' in page, "We sent a code" in page) == (False, False)
    assert not Message.objects.filter(name="code").exists()


@pytest.mark.parametrize("email", ["", "avery@example.org", "stopped@example.org"])
def test_who_sent_a_request_reads_the_same_whether_mail_reaches_them_or_not(
    client: Client, center: Location, email: str
) -> None:
    because = SuppressedBecause.BOUNCE
    opt_out.record("stopped@example.org", lead_id=None, scope=Scope.EVERYTHING, because=because, now=timezone.now())
    page = client.post("/candidate/", step_one(email=email), follow=True).content.decode()
    assert "We have your request" in page
    assert "is on its way" not in page
    assert "Your request is with us even if none comes." in page


def test_before_the_page_opens_no_code_is_promised(client: Client, lead: Lead) -> None:
    """There may be another way in, and none by mail."""
    page = client.get(f"/my/link/{make_link(lead, now=timezone.now())}/").content.decode()
    assert "so that nobody else sees your answers" in page
    assert "send a code" not in page


def test_whoever_leaves_and_has_no_mail_of_ours_can_call(lead: Lead) -> None:
    page = opened(lead).post("/my/leave/", follow=True).content.decode()
    assert lead.location.phone_display in page.partition("<main")[2].partition("</main")[0]


# --- What is sent again ----------------------------------------------------------------------------------------------
def test_what_is_sent_again_goes_to_the_address_on_record_now(desk: Client, lead: Lead) -> None:
    failed = make_message(lead, state=MessageState.FAILED)
    told = make_message(lead, state=MessageState.FAILED, name=emails.ADDRESS_CHANGED)
    Lead.objects.update(email="newer@example.org")
    for message in (failed, told):
        press(desk, "crm_lead_send_again", lead.pk, message.pk)
    assert Message.objects.get(pk=failed.pk).to_email == "newer@example.org"
    assert Message.objects.get(pk=told.pk).to_email == lead.email  # of the change the former one hears
    assert set(Message.objects.values_list("state", flat=True)) == {MessageState.QUEUED}


@pytest.mark.parametrize("why", ["no address", "stopped", "a hold", "its visit was called off"])
def test_what_would_not_leave_is_not_sent_again(desk: Client, lead: Lead, why: str) -> None:
    failed = make_message(lead, state=MessageState.FAILED, message_class=MessageClass.RELATIONSHIP)
    if why == "stopped":
        because, now = SuppressedBecause.OPT_OUT, timezone.now()
        opt_out.record(lead.email, lead_id=lead.pk, scope=Scope.EVERYTHING, because=because, now=now)
        said = "It would not leave: asked for no more mail (everything)."
    elif why == "a hold":
        Lead.objects.update(safety_hold=True)
        said = "It would not leave: safety hold."
    elif why == "its visit was called off":
        Message.objects.update(topic=MessageTopic.objects.create(live=False), topic_version=1)
        said = "It would not leave: its subject was called off."
    else:
        Lead.objects.update(email="")
        said = "There is no e-mail address that mail can reach: call, or write a letter."
    assert said in press(desk, "crm_lead_send_again", lead.pk, failed.pk)
    failed.refresh_from_db()
    assert failed.state == MessageState.FAILED
