"""Answers in the copy of one's data: the questions in the words in which they were asked, in the person's language."""

import json
import uuid
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import override

from crm.models import Lead, Location
from crm.patient_portal import own_copy
from intake.requests.answers_in_words import questions_in_words, sign_in_words
from tests.factories import step_one

pytestmark = pytest.mark.django_db


def copy_of(lead: Lead, language: str = "en") -> dict[str, Any]:
    with override(language):
        found: dict[str, Any] = json.loads(json.dumps(own_copy.export(lead), default=str))
    return found


@pytest.fixture
def lead(center: Location, client: Client) -> Lead:
    """A request with a sign of block B, a page, and a treatment with its details."""
    client.post("/candidate/", step_one(safety_check_b=["B5"], pain_region=["low_back"], onset="3to6m"))
    client.post("/candidate/go-on/")
    pain = {"safety_check": ["none"], "pain_now_avg": "6", "quality": ["aching"]}
    client.post("/my/questions/pain/", pain | {"submission_id": str(uuid.uuid4())})
    there = client.post("/my/treatments/", {"kinds": ["heat"], "submission_id": str(uuid.uuid4())})["Location"]
    client.post(there, {"submission_id": str(uuid.uuid4()), "start": "03/2026", "relief": "25"})
    return Lead.objects.get()


def test_answers_carry_the_words_of_their_questions(lead: Lead) -> None:
    request, pain, ticked, told = copy_of(lead)["Your answers"]

    assert request["answers"]["onset"] == "3to6m"
    assert {"question": "How long have you had it?", "answer": ["3 to 6 months"]} in request["questions"]
    assert (pain["title"], pain["by"]) == ("Your pain", "You")
    assert {"question": "How much did it help?", "answer": ["A little"]} in told["questions"]
    assert ticked["answers"]["told"] == {"kind": "heat"}


def test_answers_are_in_the_language_of_the_page(lead: Lead) -> None:
    request, pain, _ticked, told = copy_of(lead, "es")["Sus respuestas"]

    assert pain["title"] == "Su dolor"
    assert {"question": "¿Desde hace cuánto lo tiene?", "answer": ["De 3 a 6 meses"]} in request["questions"]
    assert {"question": "¿Cuánto le ayudó?", "answer": ["Un poco"]} in told["questions"]


def test_a_warning_sign_is_told_in_its_words(lead: Lead) -> None:
    sign = "A serious infection, spine injection, spine surgery or injected drugs in the last 3 months"
    copy = copy_of(lead)

    asked = {one["question"]: one["answer"] for one in copy["Your answers"][0]["questions"]}
    assert asked["Please also tell us: is any of this true for you?"] == [f"Yes: {sign}"]
    assert copy["Assessments"][0]["signs"] == ["B5"]
    assert copy["Assessments"][0]["in_words"]["signs"] == [f"Yes: {sign}"]


def test_every_answer_that_was_given_is_told(lead: Lead) -> None:
    for page in copy_of(lead)["Your answers"][:2]:
        given = {name for name, value in page["answers"].items() if value not in (None, "", [])}
        assert len(page["questions"]) == len(given)


def test_what_has_left_the_questionnaire_stands_as_it_was_stored() -> None:
    told = questions_in_words({"onset": "3to6m", "an_old_question": "an_old_code", "empty": ""})

    assert {"question": "an_old_question", "answer": ["an_old_code"]} in told
    assert len(told) == 2
    assert sign_in_words("Z9") == "Z9"
    assert sign_in_words("unsure_Z9") == "unsure_Z9"
