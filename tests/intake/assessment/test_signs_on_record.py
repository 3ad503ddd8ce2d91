"""Warning signs from a page of questions to the record."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from crm.enums.leads import Outcome, TaskKind
from crm.errors import SafetyRefused
from crm.models import HoldClearing, Lead, Location, PatientSession, SafetyAlert, Task, User
from crm.patient_portal import access as patient_access
from intake.assessment import actions as assessments
from intake.models import PendingSubmission, Submission
from intake.requests import actions, pending
from intake.requests.answers_in_words import in_words
from tests.factories import NOON, own_browser
from tests.intake.assessment.test_red_flags import CORD, NO_SIGN, send, told
from tests.intake.assessment.test_signs import decide, lift, open_reviews
from tests.intake.requests.test_submit import request_of


@pytest.fixture
def lead(center: Location) -> Lead:
    """Somebody whose neck and back hurt, without any sign."""
    return actions.submit(request_of(center, pain_region=["neck", "low_back"])).lead


@pytest.fixture
def browser(lead: Lead) -> Client:
    return own_browser(lead)


# --- From the page to the record --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("key", "answers", "sign"),
    [
        ("pain", {"limb_weakness": "worse"}, "A5"),
        ("pain", {"lift_foot": "no_new"}, "A5"),
        ("pain", {"limb_weakness": "yes_unsure"}, "unsure_A5"),
        ("neck", CORD | {"hands_gait_change": "worse"}, "A9"),
    ],
)
def test_a_derived_emergency_does_what_a_ticked_one_does(
    lead: Lead, browser: Client, key: str, answers: dict[str, Any], sign: str
) -> None:
    response = send(browser, key, **answers)
    lead.refresh_from_db()
    made = assessments.latest(lead)

    assert response["Location"] == "/candidate/emergency/"
    assert (lead.safety_hold, lead.outcome) == (True, Outcome.URGENT)
    assert made is not None
    assert (made.rule, made.signs) == ("R1", [sign])
    assert SafetyAlert.objects.open().filter(lead=lead).count() == 1
    assert Task.objects.open().filter(lead=lead, kind=TaskKind.URGENT_CALL).count() == 1
    assert lead.submissions.filter(page=key).count() == 1


def test_clumsy_hands_and_unsteady_walking_below_none_lead_to_a_review(lead: Lead, browser: Client) -> None:
    assert send(browser, "neck", **CORD)["Location"] != "/candidate/emergency/"
    lead.refresh_from_db()
    assert (lead.outcome, told(lead), open_reviews(lead)) == (Outcome.PROMPT_REVIEW, {"B8": "yes"}, 1)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"cancer_other": "yes"}, {"B1": "yes"}),
        ({"conditions": ["immune"], "new_severe_pain": "yes"}, {"B4": "yes"}),
        ({"recent_events": ["infection"]}, {"B5": "yes"}),
    ],
)
def test_an_illness_with_its_condition_leads_to_a_review(
    lead: Lead, browser: Client, answers: dict[str, Any], expected: dict[str, str]
) -> None:
    send(browser, "background", **answers)
    lead.refresh_from_db()
    assert (lead.outcome, told(lead), open_reviews(lead)) == (Outcome.PROMPT_REVIEW, expected, 1)


def test_a_weak_limb_that_stays_weak_leads_to_a_review(lead: Lead, browser: Client) -> None:
    send(browser, "pain", limb_weakness="same")
    lead.refresh_from_db()
    made = assessments.latest(lead)
    assert (lead.outcome, lead.safety_hold) == (Outcome.PROMPT_REVIEW, False)
    assert made is not None
    assert made.snapshot["answers"]["limb_symptoms"] is True


def test_what_a_decision_covered_of_derived_signs_stays_covered(lead: Lead, browser: Client, clinician: User) -> None:
    send(browser, "neck", **CORD)
    decide(lead, clinician)
    send(browser, "background", conditions=["none"])
    send(browser, "neck", **CORD)
    assert open_reviews(lead) == 0
    send(browser, "pain", limb_numbness="same")
    assert open_reviews(lead) == 1


def test_a_lifted_hold_stays_lifted_for_a_derived_sign(lead: Lead, browser: Client, clinician: User) -> None:
    send(browser, "pain", limb_weakness="worse")
    lift(lead, clinician)
    send(browser, "background", conditions=["none"])
    lead.refresh_from_db()
    assert not lead.safety_hold


def test_what_tells_an_emergency_is_asked_anew_each_time(lead: Lead, browser: Client) -> None:
    send(browser, "neck", **CORD)
    page = browser.get("/my/questions/neck/").content.decode()
    assert "checked" not in page.split('name="hand_clumsiness"', 1)[1]


@pytest.mark.parametrize("more", [{}, {"safety_check": None}, {"pain_now_avg": "99"}, {"submission_id": "nonsense"}])
def test_a_derived_emergency_is_answered_whatever_else_is_wrong(lead: Lead, browser: Client, more: Any) -> None:
    answers = {"limb_weakness": "worse"} | more
    given = {name: value for name, value in (NO_SIGN | answers).items() if value is not None}
    response = browser.post("/my/questions/pain/", given)
    lead.refresh_from_db()
    assert (response["Location"], lead.safety_hold, told(lead)["A5"]) == ("/candidate/emergency/", True, "yes")


@pytest.mark.parametrize("ended", [False, True])
def test_a_derived_emergency_is_answered_when_the_session_is_over(lead: Lead, browser: Client, ended: bool) -> None:
    over = {"ended_at": timezone.now()} if ended else {"seen_at": timezone.now() - timedelta(minutes=31)}
    PatientSession.objects.update(**over)
    response = send(browser, "neck", **CORD, hands_gait_change="worse")
    lead.refresh_from_db()
    assert (response["Location"], lead.safety_hold) == ("/candidate/emergency/", False)
    assert SafetyAlert.objects.open().filter(lead=lead).count() == 1


def test_a_derived_emergency_from_a_browser_without_proof_is_a_report(lead: Lead) -> None:
    waiting = actions.submit(request_of(lead.location, now=NOON + timedelta(days=1), submission_id=uuid.uuid4()))
    browser = Client()
    browser.cookies["patient"] = patient_access.begin(lead, now=timezone.now(), origin=waiting.pk).secret
    before = assessments.latest(lead)
    response = send(browser, "pain", limb_weakness="worse")
    pending.apply_due(timezone.now())
    lead.refresh_from_db()
    assert waiting.unproven is not None
    waiting.unproven.refresh_from_db()

    assert response["Location"] == "/candidate/emergency/"
    assert (lead.safety_hold, waiting.unproven.has_sign, assessments.latest(lead)) == (False, True, before)
    assert SafetyAlert.objects.open().filter(lead=lead).count() == 1
    assert list(PendingSubmission.objects.values_list("is_urgent", flat=True)) == [True]  # kept once, by its own page


def test_a_derived_emergency_of_the_sender_s_own_lead_counts(lead: Lead) -> None:
    browser = Client()
    origin = Submission.objects.get(lead=lead).pk
    browser.cookies["patient"] = patient_access.begin(lead, now=timezone.now(), origin=origin).secret
    send(browser, "pain", lift_foot="no_new")
    pending.apply_due(timezone.now())
    lead.refresh_from_db()
    assert (lead.safety_hold, told(lead)) == (True, {"A5": "yes"})


def test_a_hold_is_not_lifted_while_a_sign_that_was_sent_is_not_in_the_record(lead: Lead, clinician: User) -> None:
    browser = Client()
    origin = Submission.objects.get(lead=lead).pk
    browser.cookies["patient"] = patient_access.begin(lead, now=timezone.now(), origin=origin).secret
    send(browser, "pain", lift_foot="no_new")
    with pytest.raises(SafetyRefused, match="Open this page again"):
        lift(lead, clinician)
    lead.refresh_from_db()
    assert lead.safety_hold
    pending.apply_due(timezone.now())
    lift(lead, clinician)
    assert HoldClearing.objects.get().signs == ["A5"]


def test_in_spanish_the_same_answers_tell_the_same(lead: Lead, browser: Client) -> None:
    page = browser.get("/es/my/questions/pain/").content.decode()
    assert "Apart from numbness" not in page
    response = browser.post("/es/my/questions/pain/", NO_SIGN | {"limb_weakness": "worse"})
    assert response["Location"] == "/es/candidate/emergency/"


def test_staff_see_which_answer_tells_a_sign() -> None:
    rows = [row for part in in_words({"limb_weakness": "worse", "course": "worse"}) for row in part["rows"]]
    assert [(row["alarming"], row["values"]) for row in rows] == [
        (False, ["Worse"]),
        (True, ["Yes: it began or got worse in the last two weeks"]),
    ]
