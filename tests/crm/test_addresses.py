"""Another e-mail address on record: the old mailbox opens nothing any more, and hears of it once."""

import uuid
from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crm import delivery, emails, follow_up, patient_access, preference_link
from crm.actions import leads
from crm.actions import messages as outbox
from crm.enums import LinkPurpose, MessageState, StepResult
from crm.models import Enrolment, Lead, Message, PatientLink, Task, User
from tests.crm.test_follow_up import begin, results
from tests.crm.test_secrecy import HEALTH_WORDS
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
    elsewhere = make_message(lead, to_email="typed@example.org")
    sent = make_message(lead, state=MessageState.SENT)
    (claimed,) = [one for one in delivery.claim() if one.name == "link"]
    correct(lead, NEW, coordinator)
    found = {one.name: (one.to_email, one.state) for one in Message.objects.filter(name__in=("link", "code"))}
    assert found == {
        "link": (NEW, MessageState.QUEUED),
        "code": ("avery@example.org", MessageState.CANCELLED),
    }
    assert not delivery._begin_handing_over(claimed)  # its worker has lost it
    for other, address in ((elsewhere, "typed@example.org"), (sent, "avery@example.org")):
        other.refresh_from_db()
        assert other.to_email == address


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
    Enrolment.objects.update(due_at=now, hurry=True)
    follow_up.run_due()
    correct(lead, "", coordinator)
    Enrolment.objects.update(hurry=True)  # whatever hour it is
    follow_up.run_due()
    assert results(begun)["one"] == StepResult.INSTEAD
    assert Task.objects.open().filter(lead=lead, title__startswith="Call instead of a mail").count() == 1


def test_a_link_that_is_made_a_moment_later_opens_nothing(lead: Lead, coordinator: User, now: datetime) -> None:
    """A worker had the mail to the old address in hand when the address was changed."""
    message = emails.private_link(lead, asked=uuid.uuid4(), now=now)
    message.save()
    token = patient_access.make_links([message], now=now)[message.pk]
    assert patient_access.find_link(token, purpose=LinkPurpose.PRIVATE_PAGE, now=now)
    Lead.objects.update(email=NEW)
    assert patient_access.find_link(token, purpose=LinkPurpose.PRIVATE_PAGE, now=now) is None


def test_the_way_to_unsubscribe_stays(lead: Lead, coordinator: User, client: Client) -> None:
    token = preference_link.make(lead.pk, lead.email)
    correct(lead, NEW, coordinator)
    assert client.get(f"/u/{token}/").status_code == 200
