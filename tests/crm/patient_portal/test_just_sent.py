"""The browser that has just sent a request: anybody can type a name and an address, so it writes and learns nothing."""

import re
import uuid
from datetime import date, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.leads import actions as leads
from crm.mail import opt_out
from crm.models import (
    Lead,
    Location,
    Message,
    PatientCode,
    PatientLink,
    PatientSession,
    Scope,
    SuppressedBecause,
)
from crm.patient_portal import access as patient_access
from crm.patient_portal import second_factor
from tests.factories import make_lead, make_link, own_browser, step_one

BORN = date(1970, 3, 15)
TYPED = {"birthday": "03/15/1970"}


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def victim(center: Location, now: datetime) -> Lead:
    """Known by name, e-mail, telephone and date of birth; all of that a stranger knows too."""
    lead = make_lead(location=center, first_name="Maria", last_name="Sample", email="maria.sample@example.org")
    leads.tell_birthday(lead, born=BORN, by=None, now=now)
    lead.refresh_from_db()
    return lead


@pytest.fixture(params=["known", "unknown"])
def stranger(request: pytest.FixtureRequest, victim: Lead) -> Client:
    """Has just sent a request, in the name of somebody known or of nobody."""
    return just_sent(first_name=victim.first_name if request.param == "known" else "Nobody")


def just_sent(**changes: str) -> Client:
    browser = Client()
    assert browser.post("/candidate/", step_one(**changes)).status_code == 302
    assert browser.post("/candidate/go-on/")["Location"] == "/my/"
    return browser


def page_without_tokens(content: bytes) -> str:
    return re.sub(r'value="[^"]*"', "", content.decode())


@pytest.mark.parametrize("posted", [TYPED, {"send": "1"}, {"code": "123456"}])
def test_nothing_proves_who_somebody_is_without_a_link(stranger: Client, posted: dict[str, str]) -> None:
    stranger.post("/my/code/", posted)
    assert not PatientSession.objects.filter(proven_at__isnull=False).exists()
    assert stranger.get("/my/messages/")["Location"] == "/my/code/"
    assert stranger.post("/my/data/download/").status_code == 302
    assert not Message.objects.filter(name="code").exists()
    assert not PatientCode.objects.exists()


def test_the_functions_behind_it_refuse_too(victim: Lead, now: datetime) -> None:
    session = patient_access.begin(victim, now=now, origin=victim.pk).session
    assert second_factor.ways(session, now=now) == second_factor.Ways(mail=False, birthday=False, code=False)
    assert not second_factor.check_birthday(session, BORN, now=now)
    assert not patient_access.send_code(session, now=now)


def test_it_goes_on_writing(stranger: Client) -> None:
    page = stranger.get("/my/code/").content.decode()
    assert "Open the link in our e-mail" in page
    assert 'href="/my/"' in page
    assert stranger.get("/my/questions/pain/").status_code == 200


def test_it_is_led_to_nothing_that_asks_for_the_link_first(stranger: Client, victim: Lead) -> None:
    page = stranger.get("/my/").content.decode()
    assert ("/my/documents/" in page, "To send files here, open this page with the link in our e-mail." in page) == (
        False,
        True,
    )
    led_to = set(re.findall(r'href="(/my/[^"]*)"', page))
    assert [one for one in led_to if stranger.get(one).headers.get("Location") == "/my/code/"] == []
    assert 'href="/my/documents/"' in own_browser(victim).get("/my/").content.decode()


def test_a_stranger_learns_no_wish(stranger: Client, victim: Lead, now: datetime) -> None:
    opt_out.record(victim.email, lead_id=victim.pk, scope=Scope.EVERYTHING, because=SuppressedBecause.OPT_OUT, now=now)
    page = stranger.get("/my/code/").content.decode()
    assert "Open the link in our e-mail" in page
    assert "no e-mail from us" not in page


def test_what_a_stranger_tries_takes_nothing_from_the_patient(victim: Lead, now: datetime) -> None:
    for number in range(3):
        stranger = just_sent(first_name=victim.first_name if number else "Nobody")
        for _ in range(5):
            stranger.post("/my/code/", {"send": "1"})
            stranger.post("/my/code/", {"birthday": "01/01/1990"})
    make_link(victim, now=now)
    session = patient_access.begin(victim, now=now, link=PatientLink.objects.get()).session
    assert second_factor.ways(session, now=now) == second_factor.Ways(mail=True, birthday=True)
    assert patient_access.send_code(session, now=now)


def test_an_emergency_does_not_say_where_somebody_lives(both: list[Client]) -> None:
    Lead.objects.filter(first_name="Maria").update(state="ZZ")
    signs = {"safety_check": ["A1"]}
    pages = set()
    for browser in both:
        answer = browser.post("/my/questions/recheck/", signs | {"submission_id": str(uuid.uuid4())}, follow=True)
        pages.add(page_without_tokens(answer.content))
    assert len(pages) == 1


@pytest.fixture
def both(victim: Lead) -> list[Client]:
    return [just_sent(first_name=name) for name in (victim.first_name, "Nobody")]


@pytest.mark.parametrize("posted", [None, TYPED, {"send": "1"}, {"code": "123456"}])
def test_known_and_unknown_get_one_page_for_the_same_work(both: list[Client], posted: dict[str, str] | None) -> None:
    """Statements are counted, and mails: a clock would see them."""
    pages, work = set(), []
    for browser in both:
        mails = Message.objects.count()
        with CaptureQueriesContext(connection) as statements:
            answer = browser.get("/my/code/") if posted is None else browser.post("/my/code/", posted)
        pages.add((answer.status_code, page_without_tokens(answer.content)))
        work.append((len(statements), Message.objects.count() - mails))
    assert len(pages) == 1
    assert work[0] == work[1]
