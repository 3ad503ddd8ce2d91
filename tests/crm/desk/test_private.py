"""From the desk to the private page."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crm.enums.leads import AccessAction, LinkPurpose, MessageState
from crm.enums.treatments import Documentation, Source
from crm.errors import TreatmentRefused
from crm.leads import treatments
from crm.mail import opt_out
from crm.models import AccessEvent, Lead, Location, Message, PatientSession, Scope, SuppressedBecause
from tests.factories import NOON, PASSWORD, make_lead, make_link, make_user

ROUTES = ("crm_lead_fill_in", "crm_lead_hand_over", "crm_lead_send_link", "crm_lead_tell_code")


@pytest.fixture
def lead(center: Location) -> Lead:
    return make_lead(location=center)


@pytest.fixture
def desk(lead: Lead) -> Client:
    make_user("coordinator", email="casey@example.org", password=PASSWORD)
    browser = Client()
    browser.login(username="casey@example.org", password=PASSWORD)
    return browser


def go(desk: Client, lead: Lead, name: str) -> str:
    answer = desk.post(reverse(f"admin:{name}", args=[lead.pk]))
    assert answer.status_code == 302
    return answer["Location"]


def said(desk: Client, lead: Lead) -> str:
    return desk.get(reverse("admin:crm_lead_change", args=[lead.pk])).content.decode()


def test_filling_in_together_keeps_the_desk_open(desk: Client, lead: Lead) -> None:
    assert go(desk, lead, "crm_lead_fill_in") == "/my/"
    assert "Together with Avery Example" in desk.get("/my/").content.decode()
    assert desk.get("/admin/crm/lead/").status_code == 200
    assert AccessEvent.objects.filter(action=AccessAction.VIEW, object_ids=[lead.pk]).count() == 2  # and the page


def test_a_tablet_that_is_handed_over_is_locked_to_the_form(desk: Client, lead: Lead) -> None:
    assert go(desk, lead, "crm_lead_hand_over") == "/my/"
    page = desk.get("/my/").content.decode()
    assert "I am done" in page
    assert set(re.findall(r'href="(/[^"]*)"', page.partition("<body>")[2])) == {
        *(f"/my/questions/{key}/" for key in ("about-you", "pain", "imaging", "background", "insurance", "recheck")),
        "/my/treatments/",
        "/es/my/",  # the same page in the other language
        "/my/documents/",
    }
    assert desk.get("/admin/crm/lead/").status_code == 302  # to the sign-in


def test_a_link_by_mail(desk: Client, lead: Lead) -> None:
    for _ in range(2):  # one that waits is enough
        go(desk, lead, "crm_lead_send_link")
    assert [message.to_email for message in Message.objects.filter(name="link")] == [lead.email]
    Message.objects.update(state=MessageState.CANCELLED)
    go(desk, lead, "crm_lead_send_link")
    assert [message.to_email for message in Message.objects.filter(name="link")] == [lead.email] * 2
    assert "A link is on its way to avery@example.org." in said(desk, lead)


def test_no_link_without_an_address(desk: Client, lead: Lead) -> None:
    Lead.objects.update(email="")
    go(desk, lead, "crm_lead_send_link")
    assert not Message.objects.exists()
    assert "There is no e-mail address" in said(desk, lead)


def test_no_link_where_no_mail_goes(desk: Client, lead: Lead) -> None:
    because = SuppressedBecause.BOUNCE
    opt_out.record(lead.email, lead_id=None, scope=Scope.EVERYTHING, because=because, now=timezone.now())
    go(desk, lead, "crm_lead_send_link")
    assert not Message.objects.exists()
    assert "No mail goes to this address" in said(desk, lead)


def test_a_code_on_the_telephone(desk: Client, lead: Lead) -> None:
    go(desk, lead, "crm_lead_tell_code")
    assert "Nobody waits for a code" in said(desk, lead)
    patient = Client()
    token = make_link(lead, now=timezone.now(), purpose=LinkPurpose.PRIVATE_PAGE)
    patient.post(f"/my/link/{token}/")
    go(desk, lead, "crm_lead_tell_code")
    found = re.search(r"Read out: (\d{3} \d{3})", said(desk, lead))
    assert found
    assert patient.post("/my/code/", {"code": found.group(1)})["Location"] == "/my/"
    assert PatientSession.objects.get().is_proven


@pytest.mark.parametrize("name", ROUTES)
def test_the_ways_to_the_private_page_want_a_permission_and_a_post(lead: Lead, name: str) -> None:
    make_user(email="outsider@example.org", password=PASSWORD)
    outsider = Client()
    outsider.login(username="outsider@example.org", password=PASSWORD)
    address = reverse(f"admin:{name}", args=[lead.pk])
    assert outsider.post(address).status_code == 403
    make_user("coordinator", email="casey@example.org", password=PASSWORD)
    outsider.login(username="casey@example.org", password=PASSWORD)
    outsider.get(address)
    assert not PatientSession.objects.exists()
    assert not Message.objects.exists()


def test_records_are_requested_received_and_verified_by_somebody(lead: Lead) -> None:
    user = make_user()
    row = treatments.add(lead, by=user, source=Source.COORDINATOR, kind="heat", now=NOON)
    for state in (Documentation.REQUESTED, Documentation.RECEIVED, Documentation.VERIFIED):
        row = treatments.correct(row, by=user, now=NOON, documentation=state)
    assert (row.requested_at, row.received_at, row.verified_at, row.verified_by) == (NOON, NOON, NOON, user)
    row = treatments.correct(row, by=user, now=NOON, documentation=Documentation.WAIVED)
    assert (row.verified_at, row.verified_by) == (None, None)
    with pytest.raises(TreatmentRefused, match="Only a member of staff"):
        treatments.correct(row, by=None, now=NOON, documentation=Documentation.VERIFIED)
