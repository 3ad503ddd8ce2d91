"""The front desk reaches people and learns nothing of what they told: every door that opens answers or documents."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crm.enums.leads import Decision, LinkPurpose
from crm.enums.treatments import Source
from crm.leads import imaging, reviews
from crm.models import Lead, Location, Measurement, Message, PatientSession, Task, User
from intake.requests import page_effects
from tests.factories import NOON, make_lead, make_link, make_message, make_user

pytestmark = pytest.mark.django_db
DOORS = (
    "crm_lead_fill_in",
    "crm_lead_hand_over",
    "crm_lead_send_link",
    "crm_lead_tell_code",
    "intake_safety_script",
)


@pytest.fixture
def fran(db: None) -> User:
    return make_user("front_desk", name="Fran Front", email="fran@example.org")


@pytest.fixture
def counter(client: Client, fran: User) -> Client:
    """A browser in which the front desk is signed in."""
    client.force_login(fran)
    return client


@pytest.mark.parametrize("door", DOORS)
def test_no_door_opens_what_a_person_told(counter: Client, lead: Lead, door: str) -> None:
    patient = Client()
    patient.post(f"/my/link/{make_link(lead, now=timezone.now(), purpose=LinkPurpose.PRIVATE_PAGE)}/")
    before = PatientSession.objects.count()
    assert counter.post(reverse(f"admin:{door}", args=[lead.pk])).status_code == 403
    assert PatientSession.objects.count() == before
    assert not PatientSession.objects.exclude(proven_at=None).exists()
    assert not Message.objects.exists()
    assert "patient" not in counter.cookies


@pytest.mark.parametrize("door", DOORS)
def test_no_button_leads_to_a_closed_door(counter: Client, lead: Lead, door: str) -> None:
    page = counter.get(f"/admin/crm/lead/{lead.pk}/change/").content.decode()
    assert reverse(f"admin:{door}", args=[lead.pk]) not in page


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("role", ["coordinator", "clinician", "lead_coordinator", "administrator"])
def test_whoever_reads_answers_may_open_them(client: Client, lead: Lead, door: str, role: str) -> None:
    client.force_login(make_user(role, email="reader@example.org"))
    assert client.post(reverse(f"admin:{door}", args=[lead.pk])).status_code == 302


def test_a_mail_is_sent_again_only_by_whoever_may_see_it(counter: Client, lead: Lead) -> None:
    message = make_message(lead, state="failed", reason="Gone")
    address = reverse("admin:crm_lead_send_again", args=[lead.pk, message.pk])
    assert counter.post(address).status_code == 403
    message.refresh_from_db()
    assert message.state == "failed"


def test_a_hold_says_what_to_do_and_not_what_was_answered(counter: Client, center: Location) -> None:
    lead = make_lead(location=center, safety_hold=True)
    page = counter.get(f"/admin/crm/lead/{lead.pk}/change/").content.decode()
    assert "Safety hold." in page
    assert "emergency sign" not in page


def test_no_task_says_what_was_found_decided_or_measured(counter: Client, lead: Lead, clinician: User) -> None:
    study = imaging.add(lead, by=clinician, now=NOON, modality="mri", region="lumbar")
    for part in ("report", "images"):
        imaging.receive(study, part=part, by=clinician, now=NOON)
    for decision in Decision:
        reviews.decide(lead, decision=decision, reason="Because.", by=clinician, now=NOON)
    for value, days in ((8, 0), (3, 1)):
        Measurement.objects.create(
            lead=lead, at=NOON + timedelta(days=days), kind="nrs_avg", value=value, source=Source.PATIENT
        )
    page_effects._offer_improved(lead, now=NOON)
    Task.objects.update(done_at=None, done_by=None, due_at=NOON)
    assert Task.objects.count() == 2 + len(Decision)
    for page in ("/admin/?whose=all", f"/admin/crm/lead/{lead.pk}/change/", "/admin/crm/task/"):
        html = counter.get(page).content.decode()
        assert "Review imaging" in html
        for told in ("MRI", "Pain", "Improved", "continue care", "which tests", "Offer a consultation", "help"):
            assert f" {told}" not in re.sub(r"(?s)<(script|style|aside|form|option|p|label)\b.*?</\1>", "", html), told
