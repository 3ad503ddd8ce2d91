"""Showing who one is: the date of birth, the mailed code, and what a shared mailbox changes."""

import re
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from crm.enums.leads import CameBy, LinkPurpose, ProofWay, Stage
from crm.leads import actions as leads
from crm.mail import opt_out
from crm.models import (
    Activity,
    Lead,
    Location,
    Message,
    PatientLink,
    PatientSession,
    ProofTry,
    Scope,
    SuppressedBecause,
)
from crm.patient_portal import access as patient_access
from crm.patient_portal import attempts, second_factor
from intake.requests import pending
from tests.factories import make_lead, make_link, make_user, prove, step_one
from tests.recording import recorded_logs

BORN = date(1970, 3, 15)


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def lead(center: Location, now: datetime) -> Lead:
    lead = make_lead()
    leads.tell_birthday(lead, born=BORN, by=None, now=now)
    lead.refresh_from_db()
    return lead


def opened(lead: Lead, browser: Client | None = None) -> Client:
    """A browser that has followed a link and has shown nothing yet."""
    browser = browser or Client()
    token = make_link(lead, now=timezone.now(), purpose=LinkPurpose.PRIVATE_PAGE)
    browser.post(f"/my/link/{token}/")
    return browser


def link_session(lead: Lead, now: datetime) -> PatientSession:
    """A session that a link began, without a browser."""
    make_link(lead, now=now)
    link = PatientLink.objects.filter(lead=lead).latest("created_at")
    return patient_access.begin(lead, now=now, link=link).session


def test_the_date_of_birth_proves_it(lead: Lead) -> None:
    browser = opened(lead)
    assert "Your date of birth" in browser.get("/my/code/").content.decode()
    assert browser.post("/my/code/", {"birthday": "03/15/1970"})["Location"] == "/my/"
    assert lead.reference in browser.get("/my/").content.decode()


def test_another_date_proves_nothing_and_stays_typed(lead: Lead) -> None:
    browser = opened(lead)
    answer = browser.post("/my/code/", {"birthday": "03/16/1970"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "not the date of birth that we have" in page
    assert "03/16/1970" in page
    assert browser.get("/my/").status_code == 302


@pytest.mark.parametrize("typed", ["", "yesterday", "1970", "03/1970", "1970-03", "March 1970", "13/45/1970"])
def test_what_is_no_day_costs_no_try_and_is_asked_for(lead: Lead, typed: str) -> None:
    answer = opened(lead).post("/my/code/", {"birthday": typed})
    page = answer.content.decode()
    assert (answer.status_code, ProofTry.objects.count()) == (422, 0)
    assert ("There is no such date" if "45" in typed else "Write month, day and year, such as 03/15/1970.") in page
    assert f'value="{typed}"' in page or not typed


@pytest.mark.parametrize(
    "typed", ["3/15/70", "3-15-1970", "03.15.1970", "03151970", "March 15, 1970", "15 de marzo de 1970"]
)
def test_the_date_of_birth_proves_it_however_it_is_written(lead: Lead, typed: str) -> None:
    assert opened(lead).post("/my/code/", {"birthday": typed})["Location"] == "/my/"


@pytest.mark.parametrize("typed", ["1970", "01/1970"])
def test_a_year_is_not_its_first_day(lead: Lead, now: datetime, typed: str) -> None:
    leads.tell_birthday(lead, born=date(1970, 1, 1), by=None, now=now)
    assert opened(lead).post("/my/code/", {"birthday": typed}).status_code == 422


def test_five_tries_a_day_whatever_is_opened_anew(lead: Lead, now: datetime) -> None:
    for day in range(1, 6):
        assert opened(lead).post("/my/code/", {"birthday": f"04/0{day}/1970"}).status_code == 422
    late = opened(lead)
    assert "Your date of birth" not in late.get("/my/code/").content.decode()
    assert late.post("/my/code/", {"birthday": "03/15/1970"}).status_code == 422
    session = PatientSession.objects.latest("created_at")
    assert not second_factor.check_birthday(session, BORN, now=now)
    ProofTry.objects.update(at=now - timedelta(days=1, seconds=1))
    assert second_factor.check_birthday(session, BORN, now=now)


def test_twenty_wrong_codes_a_day_whatever_is_opened_anew(lead: Lead, now: datetime) -> None:
    for _ in range(5):
        link_session(lead, now)
        session = PatientSession.objects.latest("created_at")
        code = patient_access.tell_code(session, now=now)
        for _ in range(4):
            assert not patient_access.check_code(session, "000000" if code != "000000" else "111111", now=now)
    assert not patient_access.check_code(session, code, now=now)
    late = opened(lead)
    page = late.get("/my/code/").content.decode()
    assert "tried too often today" in page
    assert 'name="code"' not in page
    assert late.post("/my/code/", {"code": "123456"}).status_code == 422
    ProofTry.objects.update(at=now - timedelta(days=1, seconds=1))
    assert patient_access.check_code(session, code, now=now)


def test_fifty_tries_a_day_from_one_connection_about_whomever(lead: Lead, now: datetime) -> None:
    """Whoever holds many links, or reads many mailboxes, comes from somewhere."""
    other = link_session(make_lead(email="other@example.org"), now)
    ProofTry.objects.bulk_create(
        ProofTry(lead_id=other.lead_id, way=way, address_hash=attempts.key_of("192.0.2.7"), at=now)
        for way in ("birthday", "code")
        for _ in range(25)
    )
    session = link_session(lead, now)
    assert not second_factor.check_birthday(session, BORN, now=now, address="192.0.2.7")
    assert not patient_access.check_code(
        session, patient_access.tell_code(session, now=now), now=now, address="192.0.2.7"
    )
    assert not second_factor.ways(session, now=now, address="192.0.2.7").code
    assert second_factor.check_birthday(session, BORN, now=now, address="192.0.2.8")


def test_no_address_is_kept_as_it_is(lead: Lead) -> None:
    opened(lead).post("/my/code/", {"birthday": "03/16/1970"})
    assert ProofTry.objects.get().address_hash == attempts.key_of("127.0.0.1")
    assert "127.0.0.1" not in attempts.key_of("127.0.0.1")


@pytest.mark.django_db(transaction=True)
def test_many_tries_at_once_count_as_five(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six at a time, and whoever may count the tries so far waits a moment for the others to count them too."""
    lead = make_lead(date_of_birth=BORN.isoformat())
    sessions = [link_session(lead, now) for _ in range(30)]
    counted, may_try = threading.Barrier(6), attempts.may_try

    def counts_with_the_others(*told: Any, **more: Any) -> bool:
        may = may_try(*told, **more)
        with suppress(threading.BrokenBarrierError):  # the others wait for the lock
            counted.wait(timeout=3)
        return may

    monkeypatch.setattr(attempts, "may_try", counts_with_the_others)

    def guess(session: PatientSession) -> None:
        try:
            second_factor.check_birthday(session, date(1990, 1, 1), now=now, address=str(session.pk))
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as together:
        list(together.map(guess, sessions))
    assert ProofTry.objects.count() == 5


def test_old_tries_are_forgotten(lead: Lead, now: datetime) -> None:
    session = link_session(lead, now)
    for days in (89, 91):
        attempts.note_wrong(session, ProofWay.CODE, address="", now=now - timedelta(days=days))
    assert attempts.forget_old(now=now) == 1


def test_without_one_on_record_none_is_asked_for(center: Location) -> None:
    browser = opened(make_lead())
    assert "Your date of birth" not in browser.get("/my/code/").content.decode()
    assert browser.post("/my/code/", {"birthday": "03/15/1970"}).status_code == 422


def test_in_a_household_no_code_is_mailed(lead: Lead, now: datetime) -> None:
    prove(make_lead(first_name="Robin", email="Avery@Example.org"))
    browser = opened(lead)
    page = browser.get("/my/code/").content.decode()
    assert "Send a code" not in page
    assert "Your date of birth" in page
    assert "We cannot mail you a code." in browser.post("/my/code/", {"send": "1"}).content.decode()
    assert not Message.objects.filter(name="code").exists()


@pytest.mark.parametrize(
    ("made", "shares"),
    [
        ({}, False),
        ({"stage": Stage.BOOKED}, False),
        ({"stage": Stage.CONSULTED}, True),
        ({"stage": Stage.PATIENT}, True),
        ({"came_by": CameBy.PHONE}, True),
        ({"came_by": CameBy.PHONE, "email": ""}, False),
        ({"came_by": CameBy.PHONE, "email": "a.very@example.org"}, False),
    ],
)
def test_only_who_is_proven_counts_as_sharing_an_address(lead: Lead, made: dict[str, Any], shares: bool) -> None:
    make_lead(first_name="Robin", **made)
    assert patient_access.shares_address(lead) is shares


def test_a_session_that_proved_nothing_makes_nobody_proven(lead: Lead, now: datetime) -> None:
    other = make_lead(first_name="Robin")
    patient_access.begin(other, now=now, origin=other.pk)
    make_link(other, now=now)
    patient_access.begin(other, now=now, link=PatientLink.objects.get())
    assert not patient_access.shares_address(lead)
    patient_access.begin(other, now=now, by=make_user(), desk="key")
    assert patient_access.shares_address(lead)


@pytest.mark.parametrize(
    ("because", "said"),
    [
        (SuppressedBecause.OPT_OUT, "You get no e-mail from us, as you asked: we cannot mail you a code."),
        (
            SuppressedBecause.BOUNCE,
            "Mail to your address is stopped: it came back, was reported, or our staff stopped it. Call us.",
        ),
    ],
)
def test_no_code_is_promised_where_no_mail_goes(
    lead: Lead, now: datetime, because: SuppressedBecause, said: str
) -> None:
    opt_out.record(lead.email, lead_id=lead.pk, scope=Scope.EVERYTHING, because=because, now=now)
    browser = opened(lead)
    for answer in (browser.get("/my/code/"), browser.post("/my/code/", {"send": "1"})):
        page = answer.content.decode()
        assert (said in page, 'name="send"' in page, "We sent a code" in page) == (True, False, False)
        assert lead.location.phone_display in page
        assert ('href="/u/' in page) == (because == SuppressedBecause.OPT_OUT)
    assert not Message.objects.filter(name="code").exists()


def test_one_persons_stop_keeps_no_code_from_others(lead: Lead, now: datetime) -> None:
    other = make_lead(email=lead.email, first_name="Other")
    stop: dict[str, Any] = {"scope": Scope.EVERYTHING, "because": SuppressedBecause.OPT_OUT, "now": now}
    opt_out.record(other.email, lead_id=other.pk, **stop)
    assert second_factor.ways(link_session(lead, now), now=now).mail


# --- Who may set it --------------------------------------------------------------------------------------------------


def about_you(browser: Client, born: str) -> None:
    answers = {"date_of_birth": born, "submission_id": str(uuid.uuid4())}
    assert browser.post("/my/questions/about-you/", answers).status_code == 302


def test_whoever_made_the_request_says_when_they_were_born(client: Client, center: Location) -> None:
    client.post("/candidate/", step_one())
    client.post("/candidate/go-on/")
    about_you(client, "03/15/1970")
    pending.apply_due(timezone.now())
    assert Lead.objects.get().date_of_birth == "1970-03-15"


def test_a_stranger_with_a_known_name_and_address_sets_nothing(center: Location) -> None:
    Client().post("/candidate/", step_one())
    stranger = Client()
    stranger.post("/candidate/", step_one())
    stranger.post("/candidate/go-on/")
    about_you(stranger, "01/01/1990")
    pending.apply_due(timezone.now())
    assert Lead.objects.get().date_of_birth is None


def test_the_timeline_never_says_it(lead: Lead, now: datetime) -> None:
    leads.tell_birthday(lead, born=date(1971, 4, 16), by=make_user(), now=now)
    leads.tell_birthday(lead, born=date(1971, 4, 16), by=make_user(), now=now)
    told = [f"{one.summary}{one.note}{one.details}" for one in Activity.objects.order_by("at", "pk")]
    assert sorted(told) == ["Corrected the date of birth{}", "Told the date of birth{}"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT date_of_birth::text FROM crm_lead")
        assert b"1971".hex() not in cursor.fetchone()[0]


# --- Links -----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_fifty_presses_of_one_button_begin_one_session() -> None:
    lead = make_lead()
    token = make_link(lead, now=timezone.now(), purpose=LinkPurpose.PRIVATE_PAGE)
    page = Client().get(f"/my/link/{token}/").content.decode()
    form = re.search(r'name="opened" value="([^"]+)"', page)
    assert form

    def press(_: int) -> Any:
        try:
            answer = Client().post(f"/my/link/{token}/", {"opened": form[1]})
            return answer.status_code, answer.cookies["patient"].value
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as together:
        answers = set(together.map(press, range(50)))
    assert len(answers) == 1
    assert PatientSession.objects.count() == 1


def test_two_openings_are_two_sessions(lead: Lead) -> None:
    token = make_link(lead, now=timezone.now(), purpose=LinkPurpose.PRIVATE_PAGE)
    for _ in range(2):
        Client().post(f"/my/link/{token}/", {"opened": str(uuid.uuid4())})
    assert PatientSession.objects.count() == 2


def test_looking_first_uses_nothing_up(lead: Lead, client: Client) -> None:
    token = make_link(lead, now=timezone.now(), purpose=LinkPurpose.PRIVATE_PAGE)
    client.head(f"/my/link/{token}/")
    for _ in range(5):
        client.get(f"/my/link/{token}/")
    assert not PatientSession.objects.exists()
    assert client.post(f"/my/link/{token}/")["Location"] == "/my/"


def test_no_log_line_holds_a_token(lead: Lead, client: Client) -> None:
    token = make_link(lead, now=timezone.now(), purpose=LinkPurpose.PRIVATE_PAGE)
    with recorded_logs() as log:
        client.get(f"/my/link/{token}/")
        client.post(f"/my/link/{token}/")
        client.get(f"/my/link/{token}x/")
    assert "my/link/<str:token>/" in log.getvalue()
    assert token not in log.getvalue()
