"""Other ways to ask: a call, a general question, and how a visitor came."""

import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from crm.enums.leads import TaskKind
from crm.models import AccessEvent, EmergencyCount, Lead, Location, SafetyAlert, Task
from crm.values import us_places
from intake.models import Question, Submission
from tests.factories import PASSWORD, make_user, step_one

CALL = {
    "safety_check": ["none"],
    "first_name": "Nora",
    "last_name": "Specimen",
    "phone": "(212) 555-0177",
    "consent_privacy": "on",
    "consent_contact": "on",
}
ASK = {"topic": "insurance", "message": "Do you take my plan?", "name": "Nora Specimen", "email": "nora@example.org"}


def sent(base: dict[str, Any], **changes: Any) -> dict[str, Any]:
    hidden = {"submission_id": str(uuid.uuid4()), "opened": step_one()["opened"]}
    return hidden | {name: value for name, value in (base | changes).items() if value}


def test_a_call_is_asked_for_with_a_name_and_a_number(client: Client, center: Location) -> None:
    answer = client.post("/candidate/call-me/", sent(CALL))
    assert (answer.status_code, answer["Location"]) == (302, "/candidate/thanks/")
    lead = Lead.objects.get()
    assert (lead.phone, lead.email, lead.outcome) == ("+12125550177", "", "MORE_INFO")
    assert Submission.objects.get().page == "call-me"
    assert Task.objects.get(lead=lead).kind == TaskKind.CALL
    assert client.post("/candidate/go-on/")["Location"] == "/my/"


@pytest.mark.parametrize("missing", ["safety_check", "first_name", "phone", "consent_contact"])
def test_a_call_wants_all_of_it_and_loses_nothing(client: Client, center: Location, missing: str) -> None:
    answer = client.post("/candidate/call-me/", sent(CALL, **{missing: None}))
    assert answer.status_code == 422
    assert ("Specimen" in answer.content.decode(), Lead.objects.exists()) == (True, False)


def test_a_warning_sign_in_the_short_way_is_an_emergency(client: Client, center: Location) -> None:
    answer = client.post("/candidate/call-me/", sent(CALL, safety_check=["unsure_A3"]))
    assert answer["Location"] == "/candidate/emergency/"
    assert (Lead.objects.get().safety_hold, SafetyAlert.objects.count()) == (True, 1)


@pytest.mark.parametrize("path", ["/candidate/", "/candidate/call-me/"])
def test_an_emergency_without_contact_leaves_a_number_only(client: Client, center: Location, path: str) -> None:
    for _ in range(2):
        assert client.post(path, {"safety_check": ["A1"], "first_name": "Nora"})["Location"] == "/candidate/emergency/"
    assert EmergencyCount.objects.get().count == 2
    assert not Lead.objects.exists()
    assert not Submission.objects.exists()


def test_a_question_is_kept_and_makes_no_lead(client: Client, center: Location) -> None:
    form = ASK | {"question_id": str(uuid.uuid4())}
    for _ in range(2):
        assert client.post("/ask/", form)["Location"] == "/ask/thanks/"
    question = Question.objects.get()
    assert (question.topic, question.message, question.email) == ("insurance", ASK["message"], "nora@example.org")
    assert not Lead.objects.exists()
    assert client.get("/ask/thanks/").status_code == 200


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"email": ""}, "Give an e-mail address or a phone number"),
        ({"message": ""}, "Write your question here."),
        ({"message": "x" * 2001}, "at most 2000 characters"),
        ({"topic": "prayer"}, "not one of the available choices"),
        ({"email": "nora@localhost"}, "Enter a full e-mail address"),
    ],
)
def test_a_question_that_is_not_in_order(client: Client, center: Location, changes: Any, words: str) -> None:
    answer = client.post("/ask/", ASK | changes)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert "Nora Specimen" in answer.content.decode()


def test_a_question_is_unreadable_in_the_database(client: Client, center: Location) -> None:

    client.post("/ask/", ASK)
    with connection.cursor() as cursor:
        cursor.execute("SELECT message FROM intake_question")
        assert b"plan" not in bytes(cursor.fetchone()[0])


def test_staff_mark_a_question_as_answered(client: Client, center: Location) -> None:
    client.post("/ask/", ASK)
    question = Question.objects.get()
    casey = make_user("coordinator", email="casey@example.org", password=PASSWORD)
    client.login(username="casey@example.org", password=PASSWORD)
    page = client.get(reverse("admin:intake_question_change", args=[question.pk])).content.decode()
    assert "Do you take my plan?" in page
    client.post(reverse("admin:intake_question_answered", args=[question.pk]))
    question.refresh_from_db()
    assert question.answered_by == casey
    assert AccessEvent.objects.filter(action="edit", object_ids=[question.pk]).count() == 1
    assert "Nora Specimen" not in client.get("/admin/intake/question/").content.decode()


def test_questions_are_not_for_outsiders(client: Client, center: Location) -> None:
    client.post("/ask/", ASK)
    question = Question.objects.get()
    make_user(email="outsider@example.org", password=PASSWORD)
    client.login(username="outsider@example.org", password=PASSWORD)
    assert client.get("/admin/intake/question/").status_code == 403
    assert client.post(reverse("admin:intake_question_answered", args=[question.pk])).status_code == 403


CAMPAIGN = "utm_source=news&utm_medium=email&utm_campaign=fall 2026"


def came_by(client: Client, query: str = "", **headers: str) -> dict[str, str]:
    client.get(f"/learn/sciatica/?{query}", headers=headers)
    client.post("/candidate/", step_one())
    attribution: dict[str, str] = Lead.objects.get().attribution
    return attribution


def test_a_campaign_is_remembered(client: Client, center: Location) -> None:
    assert came_by(client, CAMPAIGN) == {
        "utm_source": "news",
        "utm_medium": "email",
        "utm_campaign": "fall 2026",
        "landing": "/learn/sciatica/",
    }


def test_of_another_site_only_the_host_is_remembered(client: Client, center: Location) -> None:
    headers = {"referer": "https://search.example.com/find?q=my+back+hurts"}
    assert came_by(client, **headers) == {"referrer": "search.example.com", "landing": "/learn/sciatica/"}


def test_a_visit_without_any_leaves_no_cookie(client: Client, center: Location) -> None:
    assert came_by(client, referer="http://testserver/learn/") == {}
    assert "came_by" not in client.cookies


def test_the_cookie_ends_with_the_browser(client: Client, center: Location) -> None:
    client.get(f"/?{CAMPAIGN}")
    cookie = client.cookies["came_by"]
    assert (cookie["max-age"], cookie["expires"], cookie["httponly"], cookie["samesite"]) == ("", "", True, "Lax")


@pytest.mark.parametrize(
    "query",
    [
        "utm_source=avery@example.org",
        "utm_source=212-555-0100",
        "utm_source=%3Cscript%3E",
        "utm_source=" + "x" * 101,
        "utm_source=a%00b",
        "utm_other=x",
    ],
)
def test_what_names_somebody_or_is_odd_is_dropped(client: Client, center: Location, query: str) -> None:
    assert came_by(client, query) == {}


def test_an_altered_cookie_tells_nothing(client: Client, center: Location) -> None:
    client.cookies["came_by"] = '{"utm_source": "forged"}'
    client.post("/candidate/", step_one())
    assert Lead.objects.get().attribution == {}


@pytest.mark.parametrize(
    ("state", "zip_code", "zone"),
    [
        ("NY", "10001", "America/New_York"),
        ("TX", "79901", "America/Denver"),
        ("TX", "75001", "America/Chicago"),
        ("FL", "32501", "America/Chicago"),
        ("TN", "37902", "America/New_York"),
        ("TX", "", "America/Chicago"),
    ],
)
def test_the_zone_follows_from_the_zip_code(
    client: Client, center: Location, state: str, zip_code: str, zone: str
) -> None:
    client.post("/candidate/", step_one(state=state, zip=zip_code))
    assert Lead.objects.get().timezone == zone


def test_a_zone_that_was_chosen_wins(client: Client, center: Location) -> None:
    client.post("/candidate/", step_one(state="TX", zip="79901", timezone="America/Chicago"))
    assert Lead.objects.get().timezone == "America/Chicago"


def test_every_zip_area_lies_in_one_of_the_offered_zones() -> None:
    assert set(us_places.ZIP_ZONES.values()) <= set(us_places.ZONES)
    assert all(area.isdecimal() and len(area) == 3 for area in us_places.ZIP_ZONES)


def test_an_odd_zip_code_is_said(client: Client, center: Location) -> None:
    answer = client.post("/candidate/", step_one(zip="1234"))
    assert (answer.status_code, "Write the five digits" in answer.content.decode()) == (422, True)


def test_a_question_from_a_machine_waits_on_a_list_of_its_own(client: Client, center: Location) -> None:
    client.post("/es/ask/", ASK)
    client.post("/ask/", ASK | {"website": "https://example.org", "name": "Bot Example"})
    assert sorted(Question.objects.values_list("name", "language", "reasons")) == [
        ("Bot Example", "en", ["honeypot"]),
        ("Nora Specimen", "es", []),
    ]
    make_user("coordinator", email="casey@example.org", password=PASSWORD)
    client.login(username="casey@example.org", password=PASSWORD)
    there = reverse("admin:intake_question_changelist")
    assert "Bot Example" not in client.get(there).content.decode()
    assert "Bot Example" in client.get(f"{there}?state=suspicious").content.decode()


def test_a_flood_of_questions_is_turned_away_and_keeps_what_was_typed(
    client: Client, center: Location, settings: Any
) -> None:
    settings.REQUESTS_AN_HOUR = 0
    answer = client.post("/ask/", ASK)
    assert answer.status_code == 429
    assert "Do you take my plan?" in answer.content.decode()
    assert "too many requests from your connection" in answer.content.decode()
    assert not Question.objects.exists()
