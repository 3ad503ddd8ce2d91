"""Decisions against the rules: what they were made against, how long they count, and who may end one."""

import uuid
from datetime import timedelta
from typing import Any

import pytest

from crm.enums.leads import Outcome
from crm.errors import OverrideRefused
from crm.models import Lead, Location, Task, User
from intake.assessment import actions as assessments
from intake.assessment import overrides
from intake.models import Assessment, Override, Submission
from intake.requests import actions
from tests.factories import NOON, make_user, own_browser
from tests.intake.requests.test_submit import request_of


@pytest.fixture
def lead(center: Location) -> Lead:
    """R9: care is not complete."""
    return actions.submit(request_of(center, tried_treatments=["nothing"])).lead


@pytest.fixture
def first(db: None) -> User:
    return make_user("clinician", name="Flo First", email="flo@example.org")


@pytest.fixture
def second(db: None) -> User:
    return make_user("clinician", name="Sam Second", email="sam@example.org")


def answer(lead: Lead, *, minutes: int = 1, **answers: Any) -> Assessment:
    at = NOON + timedelta(minutes=minutes)
    Submission.objects.create(
        lead=lead, page="pain", answers=answers, answers_digest=str(uuid.uuid4()), questionnaire_version="t", at=at
    )
    return assessments.assess(lead, cause="Answered: Your pain", now=at)


def decide(lead: Lead, outcome: Outcome, by: User, reason: str = "Letter read.") -> Override:
    latest = assessments.latest(lead)
    assert latest is not None
    return assessments.override(latest, outcome=outcome, reason=reason, by=by, now=NOON + timedelta(hours=1))


def approve(made: Override, by: User) -> None:
    assessments.approve(made, by=by, now=NOON + timedelta(hours=2))


def counts(lead: Lead) -> str:
    return Lead.objects.get(pk=lead.pk).outcome


def asked(lead: Lead) -> int:
    return Task.objects.open().filter(lead=lead, title=overrides.LOOK_AGAIN).count()


# --- One that lowers, or changes --------------------------------------------------------------------------------------


def test_it_holds_while_its_rule_decides(lead: Lead, first: User) -> None:
    decide(lead, Outcome.CONSULT_LIKELY, first)
    answer(lead, pain_now_avg="8")
    assert (counts(lead), asked(lead)) == (Outcome.CONSULT_LIKELY, 0)


def test_it_ends_when_another_rule_decides_and_never_comes_back(lead: Lead, first: User) -> None:
    made = decide(lead, Outcome.CONSULT_LIKELY, first)
    answer(lead, pain_now_avg="0")  # R6, with the same outcome as R9
    made.refresh_from_db()
    assert (counts(lead), made.ended_because) == (Outcome.CONTINUE_CONSERVATIVE, "Rule R6 decides now, not R9.")
    assert asked(lead) == 1
    answer(lead, minutes=2, pain_now_avg="8")
    assert counts(lead) == Outcome.CONTINUE_CONSERVATIVE


def test_it_ends_when_a_sign_comes_that_it_did_not_know(center: Location, first: User) -> None:
    lead = actions.submit(request_of(center, safety_check_b=["B1"])).lead
    made = decide(lead, Outcome.CONTINUE_CONSERVATIVE, first)
    answer(lead, safety_check_b=["B1"], pain_now_avg="5")
    assert counts(lead) == Outcome.CONTINUE_CONSERVATIVE
    answer(lead, minutes=2, safety_check_b=["B1", "B2", "B5"])
    made.refresh_from_db()
    assert (counts(lead), asked(lead)) == (Outcome.PROMPT_REVIEW, 1)
    assert "lost weight" in made.ended_because


def test_nobody_is_asked_where_the_rules_arrive_at_what_was_decided(lead: Lead, first: User) -> None:
    made = decide(lead, Outcome.OUT_OF_SCOPE, first)
    answer(lead, date_of_birth="2010-01-01")
    made.refresh_from_db()
    assert (counts(lead), asked(lead), made.ended_at is not None) == (Outcome.OUT_OF_SCOPE, 0, True)


def test_it_can_be_taken_back_with_a_reason(lead: Lead, first: User) -> None:
    made = decide(lead, Outcome.CONSULT_LIKELY, first)
    with pytest.raises(OverrideRefused, match="Say why"):
        decide(lead, Outcome.CONTINUE_CONSERVATIVE, first, reason=" ")
    decide(lead, Outcome.CONTINUE_CONSERVATIVE, first, reason="The letter was somebody else's.")
    made.refresh_from_db()
    assert (counts(lead), made.ended_by) == (Outcome.CONTINUE_CONSERVATIVE, first)
    assert made.ended_because == "Taken back: The letter was somebody else's."
    assert not Override.objects.standing().exists()


def test_without_a_decision_there_is_nothing_to_take_back(lead: Lead, first: User) -> None:
    with pytest.raises(OverrideRefused, match="rules say already"):
        decide(lead, Outcome.CONTINUE_CONSERVATIVE, first)


# --- One that raised the urgency --------------------------------------------------------------------------------------


def test_what_was_raised_holds_through_new_data_and_a_person_is_asked(lead: Lead, first: User) -> None:
    decide(lead, Outcome.URGENT, first)
    answer(lead, pain_now_avg="0")
    assert (counts(lead), asked(lead)) == (Outcome.URGENT, 1)
    answer(lead, minutes=2, pain_now_avg="9")
    assert (counts(lead), asked(lead)) == (Outcome.URGENT, 1)


def test_nobody_is_asked_about_what_was_raised_where_the_rules_say_it_too(lead: Lead, first: User) -> None:
    decide(lead, Outcome.PROMPT_REVIEW, first)
    answer(lead, safety_check_b=["B2"])
    assert (counts(lead), asked(lead)) == (Outcome.PROMPT_REVIEW, 0)


def test_what_was_raised_never_hides_rules_that_say_more(lead: Lead, first: User) -> None:
    decide(lead, Outcome.PROMPT_REVIEW, first)
    answer(lead, safety_check=["A2"])
    assert counts(lead) == Outcome.URGENT


@pytest.mark.parametrize("raised", [Outcome.URGENT, Outcome.PROMPT_REVIEW])
@pytest.mark.parametrize("lower", [Outcome.CONTINUE_CONSERVATIVE, Outcome.CONSULT_LIKELY])
def test_what_was_raised_is_lowered_by_two(
    lead: Lead, first: User, second: User, raised: Outcome, lower: Outcome
) -> None:
    """Taken back (the rules say CONTINUE) or set to something else: alike."""
    decide(lead, raised, first)
    answer(lead, pain_now_avg="8")
    made = decide(lead, lower, first)
    assert (counts(lead), made.needs_second) == (raised, True)
    with pytest.raises(OverrideRefused, match="second person"):
        approve(made, first)
    approve(made, second)
    assert (counts(lead), asked(lead)) == (lower, 0)


def test_the_patient_is_told_nothing_mild_while_a_person_sees_more_haste(lead: Lead, first: User) -> None:
    answer(lead, pain_now_avg="1")
    assert "mild" in own_browser(lead).get("/my/").content.decode()
    decide(lead, Outcome.URGENT, first)
    assert "mild" not in own_browser(lead).get("/my/").content.decode()


def test_the_warning_stays_on_the_patients_page_while_a_person_sees_more_haste(lead: Lead, first: User) -> None:
    answer(lead, safety_check_b=["B5"], pain_now_avg="1")
    warns = "A doctor should look at one of your answers soon."
    assert warns in own_browser(lead).get("/my/").text
    decide(lead, Outcome.URGENT, first)
    page = own_browser(lead).get("/my/").text
    assert warns in page
    assert "gets in touch" not in page
    assert "mild" not in page


def first_look(lead: Lead, language: str = "") -> str:
    return own_browser(lead).get(f"{language}/my/").text.partition("</header>")[2]


@pytest.mark.parametrize("language", ["", "/es"])
def test_what_was_lifted_and_lowered_tells_nobody_to_call_now(
    urgent: Lead, first: User, second: User, language: str
) -> None:
    now_words = "Your answers include a warning sign that needs emergency care."
    assert now_words in first_look(urgent, language)
    approve(decide(urgent, Outcome.CONSULT_LIKELY, first), second)
    page = first_look(urgent, language)
    assert now_words not in page
    assert "If what you told us comes back or gets worse" in page
    assert 'href="tel:911"' in page
    tick_again(urgent)
    assert now_words in first_look(urgent, language)


def test_what_was_lowered_to_a_prompt_review_still_says_to_be_seen_soon(
    urgent: Lead, first: User, second: User
) -> None:
    approve(decide(urgent, Outcome.PROMPT_REVIEW, first), second)
    page = first_look(urgent)
    assert "A doctor should look at one of your answers soon." in page
    assert "If what you told us comes back or gets worse" in page


def test_one_person_alone_changes_nothing_of_what_an_urgent_patient_reads(urgent: Lead, first: User) -> None:
    decide(urgent, Outcome.CONSULT_LIKELY, first)
    page = first_look(urgent)
    assert "needs emergency care" in page
    assert "comes back or gets worse" not in page


def test_a_decision_that_only_changes_hides_no_warning(lead: Lead, first: User) -> None:
    """The rules say as much haste as the decision."""
    answer(lead, safety_check_b=["B5"])
    assert "A doctor should look" in first_look(lead)
    decide(lead, Outcome.CONSULT_LIKELY, first)
    page = first_look(lead)
    assert "A doctor should look" not in page
    assert "If what you told us comes back or gets worse" in page


# --- A second person --------------------------------------------------------------------------------------------------


@pytest.fixture
def urgent(center: Location) -> Lead:
    lead = actions.submit(request_of(center, safety_check=["A2"], urgent=True)).lead
    Lead.objects.filter(pk=lead.pk).update(safety_hold=False)
    return lead


def tick_again(lead: Lead) -> None:
    """The emergency for which the lead was urgent, at the re-check."""
    told = {"safety_check": "A2", "pain_now_avg": "5", "pain_enjoyment": "5", "pain_activity": "5"}
    sent = own_browser(lead).post(
        "/my/questions/recheck/", told | {"submission_id": str(uuid.uuid4()), "new_treatments": "no"}
    )
    assert (sent.status_code, Lead.objects.get(pk=lead.pk).safety_hold) == (302, True)
