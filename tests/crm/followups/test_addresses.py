"""Another e-mail address on record: the old mailbox opens nothing any more, and hears of it once."""

import uuid
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crm.enums.leads import LinkPurpose, MessageState, Stage, StepResult
from crm.followups import step_runner
from crm.leads import actions as leads
from crm.mail import emails, unsubscribe_token
from crm.models import Enrollment, Lead, Message, PatientLink, Task, User
from crm.outbox import actions as outbox
from crm.outbox import delivery, settlement
from crm.patient_portal import access as patient_access
from tests.crm.followups.test_follow_up import begin, results
from tests.crm.outbox.test_secrecy import HEALTH_WORDS
from tests.factories import in_their_place, make_link, make_message, own_browser

NEW = "new.address@example.org"


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def correct(lead: Lead, email: str, by: User) -> None:
    leads.correct_details(lead, by=by, changes={"email": email})
    lead.refresh_from_db()


def told() -> list[str]:
    return sorted(Message.objects.filter(name="address_changed").values_list("to_email", flat=True))


def test_another_address_ends_links_and_sessions(desk: Client, lead: Lead, now: datetime) -> None:
    token, browser = make_link(lead, now=now), own_browser(lead)
    begun = patient_access.begin(lead, now=now, origin=lead.pk)
    page = reverse("admin:crm_lead_details", args=[lead.pk])
    form = desk.get(page).context["form"]
    posted = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    assert desk.post(page, posted | {"email": NEW}).status_code == 302
    lead.refresh_from_db()
    assert lead.email == NEW
    assert browser.get("/my/").status_code == 404
    assert Client().get(f"/my/link/{token}/").status_code == 404
    assert patient_access.find_session(begun.secret, now=now) is None
    assert not PatientLink.objects.filter(revoked_at=None).exists()


def test_the_old_address_hears_of_it_once_and_of_nothing_else(lead: Lead, coordinator: User) -> None:
    Lead.objects.update(last_name="Zebrowski")
    lead.refresh_from_db()
    old = lead.email
    for email in (NEW, old, NEW, old, NEW):
        correct(lead, email, coordinator)
    assert told() == [old, NEW]
    mail = Message.objects.get(name="address_changed", to_email=old)
    whole = f"{mail.subject} {mail.text} {mail.html}".lower()
    assert not any(word.lower() in whole for word in (lead.first_name, lead.last_name, lead.reference, NEW))
    assert "{private_link}" not in whole
    assert not set(HEALTH_WORDS).intersection(mail.text.lower().replace(",", " ").replace(".", " ").split())


def test_it_is_told_in_the_language_of_the_lead(lead: Lead, coordinator: User) -> None:
    Lead.objects.update(language="es")
    lead.refresh_from_db()
    correct(lead, NEW, coordinator)
    assert "correo electrónico" in Message.objects.get(name="address_changed").text


@pytest.mark.parametrize("spelled", ["Avery@Example.org", "avery@EXAMPLE.org"])
def test_the_same_mailbox_spelled_otherwise_ends_nothing(lead: Lead, coordinator: User, spelled: str) -> None:
    browser = own_browser(lead)
    correct(lead, spelled, coordinator)
    assert (told(), browser.get("/my/").status_code) == ([], 200)


def test_the_domain_of_another_owner_is_another_mailbox(lead: Lead, coordinator: User) -> None:
    correct(lead, "avery@straße.example", coordinator)
    assert told() == ["avery@example.org"]
    correct(lead, "avery@xn--strae-oqa.example", coordinator)
    assert told() == ["avery@example.org"]
    correct(lead, "avery@strasse.example", coordinator)
    assert told() == ["avery@example.org", "avery@xn--strae-oqa.example"]


def test_other_corrections_end_nothing(lead: Lead, coordinator: User) -> None:
    browser = own_browser(lead)
    leads.correct_details(lead, by=coordinator, changes={"first_name": "Aveline"})
    assert (told(), browser.get("/my/").status_code) == ([], 200)


def test_filling_in_together_goes_on(client: Client, lead: Lead, coordinator: User) -> None:
    """The address is corrected in the middle of the call."""
    browser = in_their_place(client, lead, coordinator)
    correct(lead, NEW, coordinator)
    assert browser.get("/my/").status_code == 200


def test_what_waits_goes_to_the_new_address(lead: Lead, coordinator: User, now: datetime) -> None:
    make_link(lead, now=now)
    session = patient_access.begin(lead, now=now, link=PatientLink.objects.get()).session
    outbox.send_link(lead, by=coordinator, now=now)
    assert patient_access.send_code(session, now=now)
    sent = make_message(lead, state=MessageState.SENT)
    (claimed,) = [one for one in delivery.claim() if one.name == "link"]
    correct(lead, NEW, coordinator)
    found = {one.name: (one.to_email, one.state) for one in Message.objects.filter(name__in=("link", "code"))}
    assert found == {
        "link": (NEW, MessageState.QUEUED),
        "code": ("avery@example.org", MessageState.CANCELLED),
    }
    assert not delivery._begin_handing_over(claimed)  # its worker has lost it
    sent.refresh_from_db()
    assert sent.to_email == "avery@example.org"


def test_without_a_new_address_nothing_waits(lead: Lead, coordinator: User, now: datetime) -> None:
    outbox.send_link(lead, by=coordinator, now=now)
    correct(lead, "", coordinator)
    assert Message.objects.get(name="link").state == MessageState.CANCELLED
    assert told() == ["avery@example.org"]


@pytest.mark.parametrize("is_last", [True, False])
def test_a_follow_up_that_waits_becomes_a_call_when_the_address_is_taken_out(
    lead: Lead, coordinator: User, now: datetime, is_last: bool
) -> None:
    later = [] if is_last else [{"key": "two", "do": "mail", "after": "9d", "text": "more_info"}]
    begun = begin(lead, {"steps": [{"key": "one", "do": "mail", "text": "more_info"}, *later]}, at=now)
    Enrollment.objects.update(due_at=now, run_now=True)
    step_runner.run_due()
    correct(lead, "", coordinator)
    Enrollment.objects.update(run_now=True)  # whatever hour it is
    step_runner.run_due()
    assert results(begun)["one"] == StepResult.INSTEAD
    assert Task.objects.open().filter(lead=lead, title__startswith="Call instead of a mail").count() == 1


def goes_to(message: Message) -> list[str]:
    """Where it is handed over next."""
    Message.objects.filter(pk=message.pk).update(due_at=timezone.now() - timedelta(minutes=1))
    return [one.to_email for one in delivery.claim() if one.pk == message.pk]


def in_hand(message: Message) -> None:
    """As of a worker that has begun to hand it over."""
    lease = {"lease_token": uuid.uuid4(), "lease_until": timezone.now() + timedelta(minutes=2)}
    for state in (MessageState.SENDING, MessageState.IN_DATA):
        Message.objects.filter(pk=message.pk).update(state=state, **lease)


@pytest.mark.parametrize("becomes", [MessageState.QUEUED, MessageState.FAILED, MessageState.UNKNOWN])
def test_what_was_in_hand_then_goes_to_the_new_address_if_it_goes_again(
    lead: Lead, coordinator: User, now: datetime, becomes: MessageState
) -> None:
    """Put off after its content, or sent again by a person who has corrected the address first."""
    message = make_message(lead)
    in_hand(message)
    correct(lead, NEW, coordinator)
    Message.objects.filter(pk=message.pk).update(state=becomes, lease_token=None, lease_until=None)
    if becomes != MessageState.QUEUED:
        outbox.send_again(message, by=coordinator, now=now)
    assert goes_to(message) == [NEW]


def test_a_code_that_was_in_hand_then_goes_nowhere(lead: Lead, coordinator: User, now: datetime) -> None:
    make_link(lead, now=now)
    session = patient_access.begin(lead, now=now, link=PatientLink.objects.get()).session
    assert patient_access.send_code(session, now=now)
    code = Message.objects.get(name="code")
    in_hand(code)
    correct(lead, NEW, coordinator)
    Message.objects.filter(pk=code.pk).update(state=MessageState.QUEUED, lease_token=None, lease_until=None)
    assert goes_to(code) == []
    code.refresh_from_db()
    assert code.state == MessageState.CANCELLED


def test_the_notice_alone_goes_to_the_address_before(lead: Lead, coordinator: User) -> None:
    correct(lead, NEW, coordinator)
    assert goes_to(Message.objects.get(name="address_changed")) == ["avery@example.org"]


def test_an_address_that_is_on_record_again_is_not_told_that_it_is_not(lead: Lead, coordinator: User) -> None:
    """The change was taken back before the notice of it had left. Made once more, it is told."""
    for email in (NEW, "avery@example.org"):
        correct(lead, email, coordinator)
    notice = Message.objects.get(name="address_changed", to_email="avery@example.org")
    assert goes_to(notice) == []
    notice.refresh_from_db()
    assert (notice.state, notice.reason) == (MessageState.CANCELLED, "The address is on record again")
    correct(lead, NEW, coordinator)
    again = Message.objects.get(name="address_changed", to_email="avery@example.org", state=MessageState.QUEUED)
    assert goes_to(again) == ["avery@example.org"]


def test_whose_the_address_never_was_hears_nothing(desk: Client, lead: Lead) -> None:
    page = reverse("admin:crm_lead_details", args=[lead.pk])
    form = desk.get(page).context["form"]
    posted = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    assert desk.post(page, posted | {"email": NEW, "never_theirs": "on"}).status_code == 302
    lead.refresh_from_db()
    assert (lead.email, told()) == (NEW, [])


def calls(lead: Lead) -> list[str]:
    return list(Task.objects.open().filter(lead=lead, kind="call").values_list("title", flat=True))


@pytest.mark.parametrize("message_class", ["answer", "follow_up", "relation", "commercial"])
def test_a_call_takes_the_place_of_what_waits_for_no_address_any_more(
    lead: Lead, coordinator: User, message_class: str
) -> None:
    """Advertising is dropped."""
    make_message(lead, message_class=message_class)
    correct(lead, "", coordinator)
    words = "Call instead of a mail, there is no address: We received your message"
    assert calls(lead) == ([] if message_class == "commercial" else [words])


def test_a_call_in_the_place_of_a_follow_up_ends_with_the_request(lead: Lead, coordinator: User) -> None:
    make_message(lead, message_class="follow_up")
    correct(lead, "", coordinator)
    leads.move(lead, to=Stage.LOST, by=coordinator, lost_reason="cost", note="Too dear")
    assert calls(lead) == []


def test_a_notice_that_does_not_arrive_is_nobodys_task(lead: Lead, coordinator: User, now: datetime) -> None:
    """It may have been changed because it does not work."""
    correct(lead, NEW, coordinator)
    notice = Message.objects.get(name="address_changed")
    settlement.open_task(notice, reason="Refused by the mail server (550 5.1.1)")
    assert not Task.objects.filter(kind="mail_problem").exists()


def test_a_link_that_is_made_a_moment_later_opens_nothing(lead: Lead, coordinator: User, now: datetime) -> None:
    """A worker had the mail to the old address in hand when the address was changed."""
    message = emails.private_link(lead, asked=uuid.uuid4(), now=now)
    message.save()
    token = patient_access.make_links([message], now=now)[message.pk]
    assert patient_access.find_link(token, purpose=LinkPurpose.PRIVATE_PAGE, now=now)
    Lead.objects.update(email=NEW)
    assert patient_access.find_link(token, purpose=LinkPurpose.PRIVATE_PAGE, now=now) is None


def test_the_way_to_unsubscribe_stays(lead: Lead, coordinator: User, client: Client) -> None:
    token = unsubscribe_token.make(lead.pk, lead.email)
    correct(lead, NEW, coordinator)
    assert client.get(f"/u/{token}/").status_code == 200
