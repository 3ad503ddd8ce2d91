"""How much of the second step is answered, on the page and for the follow-up: told as well as one remembers is told."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from crm.enums.leads import EnrollmentState
from crm.enums.treatments import Source, TreatmentStatus
from crm.followups import step_runner
from crm.models import Enrollment, Lead, Location, Task, Treatment, User
from intake.assessment import answer_history, progress
from intake.models import Submission
from intake.questionnaire import PAGES
from tests.crm.followups.test_follow_up import step, version_of
from tests.factories import Visitor, in_their_place, step_one
from tests.intake.assessment.test_verified_facts import VERIFIED_AT, verified
from tests.intake.portal.test_my import ABOUT, sent
from tests.intake.requests.test_only_what_was_changed import at, opened, pick, store

FOLLOW_UP: dict[str, Any] = {
    "trigger": "submitted",
    "stops": ["questions_answered"],
    "steps": [step("hour", after="1h"), step("day", after="24h")],
}


def asked_with(**answers: Any) -> Client:
    """A browser that has asked for help and goes on, with a follow-up for who does not finish."""
    version_of(FOLLOW_UP)
    browser = Visitor()
    browser.post("/candidate/", step_one(**answers))
    assert browser.post("/candidate/go-on/").status_code == 302
    return browser


def answer_all(browser: Client, *, neck: bool = False) -> None:
    for page in PAGES:
        if page.needs is None or neck:
            answers: dict[str, Any] = ABOUT if page.key == "about-you" else {}
            signs = {"safety_check": ["none"]} if page.key in {"pain", "neck"} else {}
            store(browser, f"/my/questions/{page.key}/", **answers, **signs)


def is_over() -> bool:
    step_runner.run_due(at=timezone.now() + timedelta(hours=26))
    return Enrollment.objects.get().state == EnrollmentState.STOPPED


def test_low_back_pain_needs_no_neck_topic(center: Location) -> None:
    browser = asked_with(pain_region=["low_back"], tried_treatments=["nothing"])
    answer_all(browser)
    assert "6 of 6 topics answered" in browser.get("/my/").text
    assert is_over()


def test_neck_pain_needs_it(center: Location) -> None:
    browser = asked_with(pain_region=["neck"], tried_treatments=["nothing"])
    answer_all(browser)
    assert "6 of 7 topics answered" in browser.get("/my/").text
    assert not is_over()
    answer_all(browser, neck=True)
    assert "7 of 7 topics answered" in browser.get("/my/").text
    assert progress.all_answered([Lead.objects.get().pk])


@pytest.mark.parametrize("region", ["low_back", "neck"])
def test_a_topic_stands_where_the_list_has_it(center: Location, region: str) -> None:
    """The treatments are a topic too."""
    browser = asked_with(pain_region=[region])
    listed = re.findall(r'href="/my/(?:questions/)?([\w-]+)/">[^<]+</a>\s*<span class="topic', browser.get("/my/").text)
    assert listed.index("treatments") == 2
    for place, key in enumerate(listed, start=1):
        if key != "treatments":
            assert f"topic {place} of {len(listed)}" in browser.get(f"/my/questions/{key}/").text


@pytest.mark.parametrize(("tried", "way_on"), [("pt", "/my/treatments/"), ("nothing", "/my/")])
def test_the_last_topic_leads_to_the_treatments_while_they_are_to_do(center: Location, tried: str, way_on: str) -> None:
    browser = asked_with(tried_treatments=[tried])
    assert store(browser, "/my/questions/insurance/")["Location"] == way_on


def test_whoever_ticks_nothing_is_told_of_the_button_that_says_so(center: Location) -> None:
    browser = asked_with()
    button, other = "press “I tried nothing” below", "or go back to your page"
    asked = browser.post("/my/treatments/", opened(browser, "/my/treatments/")).text
    assert (button in asked, other in asked, 'name="nothing"' in asked) == (True, False, True)
    pick(browser, "heat")
    asked = browser.post("/my/treatments/", opened(browser, "/my/treatments/")).text
    assert (button in asked, other in asked, 'name="nothing"' in asked) == (False, True, False)


def test_nothing_tried_on_the_first_form_is_an_answer(center: Location) -> None:
    browser = asked_with(tried_treatments=["nothing"])
    assert "1 of 6 topics answered" in browser.get("/my/").text
    page = browser.get("/my/treatments/").text
    assert "You told us that you have tried nothing yet." in page
    assert 'name="nothing"' not in page


def test_i_tried_nothing_can_be_said_on_the_page(center: Location) -> None:
    browser = asked_with()
    answer_all(browser)
    assert "5 of 6 topics answered" in browser.get("/my/").text
    page = opened(browser, "/my/treatments/")
    for _ in range(2):
        assert browser.post("/my/treatments/", page | {"nothing": "1"})["Location"] == "/my/"
    assert "6 of 6 topics answered" in browser.get("/my/").text
    assert answer_history.current_answers(Lead.objects.get())["tried_treatments"] == ["nothing"]
    assert Submission.objects.filter(page="tried").count() == 1
    assert is_over()


def test_nothing_beside_something_is_refused(center: Location) -> None:
    browser = asked_with()
    pick(browser, "heat")
    assert browser.post("/my/treatments/", sent(nothing="1")).status_code == 422
    assert 'name="nothing"' not in browser.get("/my/treatments/").text
    assert not Submission.objects.filter(page="tried").exists()


def test_to_go_on_without_a_tick_is_still_refused(center: Location) -> None:
    assert asked_with().post("/my/treatments/", sent()).status_code == 422


@pytest.mark.parametrize("told", [{"drug_name": "Oxycodone"}, {"relief": "unsure"}, {}])
def test_a_treatment_told_as_well_as_one_remembers_leads_to_the_next(center: Location, told: dict[str, str]) -> None:
    browser = asked_with()
    first = pick(browser, "med_opioid_strong", "chiropractic")["Location"]
    assert "2 without details" in browser.get("/my/").text
    second = store(browser, first, **told)["Location"]
    assert second.startswith("/my/treatments/")
    assert second not in {first, "/my/treatments/"}
    assert store(browser, second)["Location"] == "/my/treatments/"
    page = browser.get("/my/treatments/").text
    assert "details missing" not in page
    answer_all(browser)
    assert "6 of 6 topics answered" in browser.get("/my/").text
    assert is_over()


def test_a_treatment_whose_page_was_never_sent_is_still_asked_for(center: Location) -> None:
    browser = asked_with()
    pick(browser, "heat")
    answer_all(browser)
    assert "5 of 6 topics answered" in browser.get("/my/").text
    assert not is_over()


def test_what_was_taken_back_is_not_asked_for(center: Location) -> None:
    browser = asked_with(tried_treatments=["nothing"])
    pick(browser, "heat")
    answer = browser.post(at(Treatment.objects.get()), {"not_tried": "1"}, follow=True)
    assert "is off your list." in answer.text
    assert "1 of 6 topics answered" in browser.get("/my/").text


# --- "I did not have this" --------------------------------------------------------------------------------------------
def test_i_did_not_have_this_about_what_is_verified_is_asked_first(lead: Lead, coordinator: User) -> None:
    row = verified(lead, coordinator, kind="esi_caudal", body_region="lumbar")
    browser = in_their_place(Client(), lead, coordinator)
    page = opened(browser, at(row))

    asked = browser.post(at(row), page | {"not_tried": "1"})

    assert (asked.status_code, "Did you not have this?" in asked.text) == (200, True)
    row.refresh_from_db()
    assert (row.disputed, Task.objects.filter(lead=lead).count()) == ({}, 0)
    sure = {"not_tried": "1", "sure": "1"}
    assert all(f'name="{name}" value="1"' in asked.text for name in sure)
    assert browser.post(at(row), sure).status_code == 302
    row.refresh_from_db()
    assert (row.status, row.verified_by, row.disputed) == ("completed", coordinator, {"status": "declined"})
    assert Task.objects.open().filter(lead=lead).count() == 1
    assert "Somebody from our team will look" in browser.get("/my/").text


def test_what_nobody_has_verified_is_taken_back_at_once(lead: Lead, coordinator: User) -> None:
    row = Treatment.objects.create(lead=lead, kind="heat", source=Source.COORDINATOR, created_at=VERIFIED_AT)
    browser = in_their_place(Client(), lead, coordinator)
    assert browser.post(at(row), {"not_tried": "1"}).status_code == 302
    row.refresh_from_db()
    assert row.status == TreatmentStatus.DECLINED
