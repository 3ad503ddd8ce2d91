"""What a clinician has to look at though no sign is told."""

from typing import Any

import pytest
from django.test import Client

from crm.enums.leads import Decision
from crm.models import Lead, Location, User
from intake.assessment import actions as assessments
from intake.assessment import answer_history, flags, review_facts, signs
from intake.models import Submission
from intake.requests import actions
from tests.factories import make_user, own_browser
from tests.intake.assessment.test_red_flags import NO_SIGN, months_ago, send, tell, told
from tests.intake.assessment.test_signs import decide, open_reviews
from tests.intake.requests.test_submit import request_of
from tests.page_forms import as_sent


@pytest.fixture
def lead(center: Location) -> Lead:
    """Somebody whose neck and back hurt, without any sign."""
    return actions.submit(request_of(center, pain_region=["neck", "low_back"])).lead


@pytest.fixture
def browser(lead: Lead) -> Client:
    return own_browser(lead)


# --- A look -----------------------------------------------------------------------------------------------------------
def looked_at(lead: Lead) -> list[str]:
    made = assessments.latest(lead)
    return [flag.split(":")[1] for flag in made.flags if flag.startswith(review_facts.FLAG)] if made else []


@pytest.mark.parametrize(
    ("key", "answers", "code"),
    [
        ("background", {"conditions": ["cancer"]}, "cancer"),
        ("background", {"conditions": ["cancer"], "cancer_other": "unsure"}, "cancer"),
        ("background", {"conditions": ["infection"]}, "infection"),
        ("background", {"conditions": ["osteoporosis"]}, "osteoporosis"),
        ("background", {"conditions": ["immune"]}, "immune"),
        ("background", {"steroids_months": "yes"}, "steroids"),
        ("background", {"prior_spine_surgery": "yes"}, "spine_surgery"),
        ("background", {"medications": "Prednisone"}, "medicines_text"),
        ("pain", {"limb_symptoms": "yes"}, "limb"),
        ("neck", {"hands_gait_change": "worse"}, "cord_worse"),
        ("pain", {"numb_where": "left foot drop since Friday"}, "limb_text"),
        ("imaging", {"diagnoses_told": ["fracture"]}, "fracture"),
    ],
)
def test_a_fact_without_its_condition_opens_a_look_and_changes_no_outcome(
    lead: Lead, browser: Client, key: str, answers: dict[str, Any], code: str
) -> None:
    before = Lead.objects.get().outcome
    send(browser, key, **answers)
    lead.refresh_from_db()
    assert (lead.outcome, lead.safety_hold, looked_at(lead), open_reviews(lead)) == (before, False, [code], 1)


@pytest.mark.parametrize(
    "answers",
    [
        {"conditions": ["cancer"], "cancer_other": "no"},
        {"conditions": ["osteoporosis", "immune"], "steroids_months": "yes", "new_severe_pain": "no"},
        {"conditions": ["infection"], "prior_spine_surgery": "yes", "recent_events": ["none"]},
        {"conditions": ["diabetes", "heart"], "nicotine": "current", "medications": "Aspirin", "steroids_months": "no"},
    ],
)
def test_where_the_condition_is_answered_nobody_has_to_look(
    lead: Lead, browser: Client, answers: dict[str, Any]
) -> None:
    send(browser, "background", **answers)
    assert (looked_at(lead), open_reviews(lead)) == ([], 0)


@pytest.mark.parametrize(
    ("asked", "fact", "code"),
    [
        ({"new_severe_pain": "yes"}, {"steroids_months": "yes"}, "steroids"),
        ({"new_severe_pain": "no"}, {"conditions": ["osteoporosis"]}, "osteoporosis"),
        ({"new_severe_pain": "yes"}, {"conditions": ["immune"]}, "immune"),
        ({"recent_events": ["none"]}, {"conditions": ["infection"]}, "infection"),
        ({"recent_events": ["none"]}, {"prior_spine_surgery": "yes"}, "spine_surgery"),
    ],
)
def test_what_was_answered_before_a_fact_was_told_settles_no_look(
    lead: Lead, browser: Client, asked: dict[str, Any], fact: dict[str, Any], code: str
) -> None:
    send(browser, "background", **asked)
    send(browser, "background", **fact)
    assert (told(lead), looked_at(lead), open_reviews(lead)) == ({}, [code], 1)
    send(browser, "background", **{name: "no" if name == "new_severe_pain" else ["none"] for name in asked})
    assert looked_at(lead) == []


def test_an_infection_after_an_injection_of_long_ago_is_looked_at_whatever_was_said_before(
    lead: Lead, browser: Client
) -> None:
    send(browser, "background", recent_events=["none"])
    tell(browser, lead, start=months_ago(9), side_effects=["infection"])
    assert looked_at(lead) == ["side_infection"]


def test_a_fact_that_stays_beside_another_one_stays_settled(lead: Lead, browser: Client) -> None:
    send(browser, "background", conditions=["immune"], new_severe_pain="no")
    send(browser, "background", conditions=["immune", "heart"])
    assert (looked_at(lead), open_reviews(lead)) == ([], 0)


def test_a_look_that_was_decided_opens_again_only_for_other_words(lead: Lead, browser: Client, clinician: User) -> None:
    send(browser, "pain", numb_where="left foot")
    decide(lead, clinician)
    send(browser, "pain", numb_where="left foot", goals="To garden")
    assert open_reviews(lead) == 0
    send(browser, "pain", numb_where="left foot drop since Friday")
    assert open_reviews(lead) == 1


def test_getting_worse_without_what_is_looked_at_each_time_until_it_is_told(
    lead: Lead, browser: Client, clinician: User
) -> None:
    send(browser, "neck", hand_clumsiness="no", gait_balance="no")
    for _times in range(2):
        send(browser, "neck", hands_gait_change="worse")
        assert (looked_at(lead), open_reviews(lead)) == (["cord_worse"], 1)
        decide(lead, clinician)
    send(browser, "neck", hands_gait_change="worse", hand_clumsiness="no", gait_balance="no")
    assert (told(lead), looked_at(lead), open_reviews(lead)) == ({}, [], 0)


def test_a_new_look_is_named_among_the_news(lead: Lead, browser: Client) -> None:
    seen = signs.basis(lead).number
    send(browser, "background", conditions=["cancer"])
    [line] = signs.news({lead.pk: seen})[lead.pk].lines
    assert line.endswith(". A clinician should look: Cancer, kind not said")


def test_a_look_says_in_words_what_to_look_at(lead: Lead, browser: Client) -> None:
    send(browser, "background", conditions=["cancer"])
    made = assessments.latest(lead)
    assert made is not None
    assert "A clinician should look: Cancer, kind not said" in [flags.in_words(flag) for flag in made.flags]
    assert signs.basis(lead).words == ("A clinician should look: Cancer, kind not said",)


def test_a_look_of_a_rule_that_is_gone_still_reads(lead: Lead) -> None:
    assert flags.in_words("look:something:00000000") == "A clinician should look: something"


def test_an_accident_is_looked_at_while_the_pain_is_new() -> None:
    assert review_facts.of_answers({"auto_accident": "yes", "onset": "1to5y"}) == []
    assert [flag.split(":")[1] for flag in review_facts.of_answers({"auto_accident": "yes", "onset": "lt6w"})] == [
        "accident"
    ]


def test_nobody_reads_the_words_of_a_look_out_of_its_flag(lead: Lead, browser: Client) -> None:
    send(browser, "pain", numb_where="left foot drop")
    made = assessments.latest(lead)
    assert made is not None
    assert "foot" not in " ".join(made.flags)


def test_the_decision_ends_a_look(lead: Lead, browser: Client) -> None:
    send(browser, "background", conditions=["cancer"])
    decide(lead, make_user("clinician"), Decision.CONTINUE_CARE)
    assert open_reviews(lead) == 0


@pytest.mark.parametrize("answers", [{"recent_events": ["surgery"]}, {"new_severe_pain": "yes"}])
def test_what_is_recent_is_asked_anew_each_time(lead: Lead, browser: Client, answers: dict[str, Any]) -> None:
    for times in (1, 2):  # a second event is told with the same answer
        shown = as_sent(browser.get("/my/questions/background/").content.decode(), having="shown")
        assert not shown.keys() & answers.keys()
        browser.post("/my/questions/background/", shown | NO_SIGN | answers)
        kept = [page.answers for page in Submission.objects.filter(page="background")]
        assert [one.items() >= answers.items() for one in kept] == [True] * times, kept
    shown = as_sent(browser.get("/my/questions/background/").content.decode(), having="shown")
    browser.post("/my/questions/background/", shown | NO_SIGN)
    assert answer_history.current_answers(lead).items() >= answers.items()
