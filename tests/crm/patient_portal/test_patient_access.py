"""The door of the private page: links, sessions, codes."""

import re
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client

from crm.enums.leads import LinkPurpose
from crm.models import Lead, Message, PatientCode, PatientLink, PatientSession
from crm.patient_portal import access as patient_access
from tests.factories import make_lead, make_link, make_message, make_user

LINK = LinkPurpose.PRIVATE_PAGE


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def token(lead: Lead, now: datetime) -> str:
    return make_link(lead, now=now, purpose=LINK)


@pytest.fixture
def lead(db: None) -> Lead:
    return make_lead()


def entered(client: Client, token: str) -> Client:
    assert client.post(f"/my/link/{token}/").status_code == 302
    return client


def mailed_code(now: datetime) -> str:
    """What the mail says at the moment of sending."""
    message = Message.objects.filter(name="code").latest("created_at")
    found = re.search(r"^\d{6}$", patient_access.with_secrets(message, now=now).text, re.MULTILINE)
    assert found
    return found.group()


def test_only_hashes_are_kept(lead: Lead, token: str, client: Client) -> None:
    entered(client, token)
    kept = [*PatientLink.objects.values_list("token_hash"), *PatientSession.objects.values_list("secret_hash")]
    assert len(kept) == 2
    assert token not in str(kept)
    assert client.cookies["patient"].value not in str(kept)


def test_opening_a_link_changes_nothing(token: str, client: Client) -> None:
    for _ in range(5):
        assert client.get(f"/my/link/{token}/").status_code == 200
    assert client.head(f"/my/link/{token}/").status_code == 200
    assert not PatientSession.objects.exists()
    assert entered(client, token).get("/my/").status_code == 302


def test_every_link_that_opens_nothing_shows_the_same_page(
    lead: Lead, token: str, client: Client, now: datetime
) -> None:
    expired = make_link(lead, now=now - timedelta(days=8), purpose=LINK)
    revoked = make_link(lead, now=now, purpose=LINK)
    PatientLink.objects.filter(token_hash=patient_access.digest(revoked)).update(revoked_at=now)
    pages = {client.get(f"/my/link/{bad}/").content for bad in (token[:-1], token + "A", "x", expired, revoked)}
    assert len(pages) == 1
    assert b"This link does not open anything" in pages.pop()
    assert client.post(f"/my/link/{expired}/").status_code == 404
    assert not PatientSession.objects.exists()


def test_a_link_lives_for_seven_days(lead: Lead, token: str, now: datetime) -> None:
    almost, after = now + timedelta(days=7, seconds=-1), now + timedelta(days=7)
    assert patient_access.find_link(token, purpose=LINK, now=almost)
    assert patient_access.find_link(token, purpose=LINK, now=after) is None


def test_nothing_is_shown_before_the_second_factor(token: str, client: Client) -> None:
    answer = entered(client, token).get("/my/")
    assert (answer.status_code, answer["Location"]) == (302, "/my/code/")
    assert "a…@example.org" in client.get("/my/code/").content.decode()
    assert client.get("/my/questions/pain/").status_code == 302


def test_the_mailed_code_proves_it(token: str, client: Client, now: datetime) -> None:
    entered(client, token).post("/my/code/", {"send": "1"})
    assert "{private_code}" in Message.objects.get(name="code").text
    assert client.post("/my/code/", {"code": mailed_code(now)}).status_code == 302
    assert client.get("/my/").status_code == 200


def test_a_code_is_good_for_its_own_session_and_ten_minutes(lead: Lead, now: datetime) -> None:
    mine, other = (patient_access.begin(lead, now=now).session for _ in range(2))
    code = patient_access.tell_code(mine, now=now)
    assert not patient_access.check_code(other, code, now=now)
    assert not patient_access.check_code(mine, code, now=now + timedelta(minutes=10))
    assert patient_access.check_code(mine, code, now=now + timedelta(minutes=9, seconds=59))


def test_five_wrong_codes_end_the_session(lead: Lead, now: datetime) -> None:
    entry = patient_access.begin(lead, now=now)
    code = patient_access.tell_code(entry.session, now=now)
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(5):
        assert not patient_access.check_code(entry.session, wrong, now=now)
    assert not patient_access.check_code(entry.session, code, now=now)
    assert patient_access.find_session(entry.secret, now=now) is None


def test_wrong_codes_are_kept_on_the_page(token: str, client: Client) -> None:
    answer = entered(client, token).post("/my/code/", {"code": "12345"})
    assert (answer.status_code, "This is not the code" in answer.content.decode()) == (422, True)


def test_four_codes_an_hour(lead: Lead, token: str, now: datetime) -> None:
    session = patient_access.begin(lead, now=now, link=PatientLink.objects.get()).session
    assert [patient_access.send_code(session, now=now) for _ in range(5)] == [True] * 4 + [False]


def test_no_code_without_an_address(lead: Lead, token: str, now: datetime) -> None:
    Lead.objects.update(email="")
    lead.refresh_from_db()
    session = patient_access.begin(lead, now=now, link=PatientLink.objects.get()).session
    assert patient_access.send_code(session, now=now) is False


def test_a_session_ends_when_left_alone_and_after_eight_hours(lead: Lead, now: datetime) -> None:
    secret = patient_access.begin(lead, now=now).secret
    for minutes in range(25, 8 * 60, 25):
        assert patient_access.find_session(secret, now=now + timedelta(minutes=minutes))
    assert patient_access.find_session(secret, now=now + timedelta(hours=8)) is None
    idle = patient_access.begin(lead, now=now).secret
    assert patient_access.find_session(idle, now=now + timedelta(minutes=30)) is None


def test_leaving_ends_it(token: str, client: Client) -> None:
    assert entered(client, token).post("/my/leave/").status_code == 200  # proven or not
    session = PatientSession.objects.get()
    session.refresh_from_db()
    assert session.ended_at is not None


def test_taking_links_back_closes_every_door(lead: Lead, token: str, client: Client, now: datetime) -> None:
    entered(client, token)
    assert patient_access.revoke_links(lead, now=now) == 1
    assert client.get("/my/code/").status_code == 404
    assert client.get(f"/my/link/{token}/").status_code == 404


def test_a_session_of_staff_is_proven(lead: Lead, now: datetime) -> None:
    assert patient_access.begin(lead, now=now, by=make_user(), desk="key").session.is_proven


def test_private_pages_are_kept_by_nobody_and_name_themselves_to_nobody(token: str, client: Client) -> None:
    for answer in (client.get(f"/my/link/{token}/"), entered(client, token).get("/my/code/"), client.get("/my/")):
        assert "no-store" in answer["Cache-Control"]
        assert answer["Referrer-Policy"] == "strict-origin"
    cookie = client.cookies["patient"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")


def test_each_attempt_to_send_has_a_link_of_its_own(lead: Lead, now: datetime) -> None:
    message = make_message(lead, text="Open {private_link} now", html="<a href='{private_link}'>x</a>")
    first, second = (patient_access.with_secrets(message, now=now) for _ in range(2))
    tokens = [re.findall(r"/my/link/([\w-]+)/", sent.text + sent.html) for sent in (first, second)]
    assert [len(set(found)) for found in tokens] == [1, 1]
    assert tokens[0] != tokens[1]
    assert all(patient_access.find_link(found[0], purpose=LINK, now=now) for found in tokens)
    message.refresh_from_db()
    assert message.text == "Open {private_link} now"


def test_tries_count_in_their_own_session_only(lead: Lead, now: datetime) -> None:
    mine, other = (patient_access.begin(lead, now=now).session for _ in range(2))
    patient_access.tell_code(mine, now=now)
    for _ in range(6):
        patient_access.check_code(other, "000000", now=now)
    assert PatientCode.objects.get().tries == 0


def test_filling_in_leaves_the_message_as_it_was(lead: Lead, now: datetime) -> None:
    message = make_message(lead, text="{private_link}", html="")
    assert patient_access.with_secrets(message, now=now).text != "{private_link}"
    assert message.text == "{private_link}"


@pytest.mark.django_db(transaction=True)
def test_many_tries_at_once_count_as_many(now: datetime) -> None:
    session = patient_access.begin(make_lead(), now=now).session
    code = patient_access.tell_code(session, now=now)
    wrong = "000000" if code != "000000" else "111111"

    def guess() -> None:
        patient_access.check_code(session, wrong, now=now)
        connection.close()

    threads = [threading.Thread(target=guess) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert PatientCode.objects.get().tries == 6
    assert PatientSession.objects.get().ended_at is not None
