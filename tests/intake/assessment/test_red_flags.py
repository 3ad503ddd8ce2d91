"""What is told in one place is heard in every place: signs that other questions tell, and facts to look at."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from crm.enums.treatment_kinds import TreatmentKind
from crm.models import Lead, Location, Treatment
from intake.assessment import actions as assessments
from intake.assessment import answer_history, care_record, repeated_signs
from intake.portal import questions
from intake.questionnaire import SIGNS, Question, QuestionKind, red_flags
from intake.questionnaire.red_flags import ASKED_AS_SIGNS, LOOK_RULES, NOTHING, NOTHING_OF_TREATMENTS, SIGN_RULES
from intake.requests import actions
from intake.requests.forms import QuestionnairePageForm
from intake.requests.treatment_form import PickForm, ToldForm
from intake.rules import derived_signs
from intake.rules.derived_signs import Heard
from script import red_flags_page
from tests.factories import NOON, own_browser
from tests.intake.requests.test_submit import request_of
from tests.page_forms import as_sent

QUESTIONS: dict[str, Question] = {
    question.name: question for page in questions.PAGE_OF.values() for question in page.questions
}
CORD = {"hand_clumsiness": "yes", "gait_balance": "yes"}
NO_SIGN = {"safety_check": ["none"]}
# What no answer may do without its condition: nothing of it is a sign.
NO_SIGN_TOLD = [
    {"course": "worse", "limb_symptoms": "yes"},
    {"limb_weakness": "better", "limb_numbness": "worse", "lift_foot": "yes"},
    {"conditions": ["cancer", "infection", "osteoporosis", "immune"], "steroids_months": "yes"},
    {"conditions": ["osteoporosis"], "new_severe_pain": "no"},
    {"cancer_other": "no", "recent_events": ["none"], "new_severe_pain": "yes"},
    {"hand_clumsiness": "no", "gait_balance": "no", "hands_gait_change": "worse"},
    {"numb_where": "left foot drop since Friday", "prior_spine_surgery": "yes"},
]
TOLD: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({"limb_weakness": "worse"}, {"A5": "yes"}),
    ({"limb_weakness": "yes_unsure"}, {"A5": "unsure"}),
    ({"limb_weakness": "same"}, {"B6": "yes"}),
    ({"limb_numbness": "same"}, {"B6": "yes"}),
    ({"lift_foot": "no_new"}, {"A5": "yes"}),
    ({"lift_foot": "unsure", "limb_weakness": "worse"}, {"A5": "yes"}),
    ({"lift_foot": "no_old"}, {"B6": "yes"}),
    (CORD, {"B8": "yes"}),
    (CORD | {"hands_gait_change": "same"}, {"B8": "yes"}),
    (CORD | {"hands_gait_change": "worse"}, {"A9": "yes"}),
    (CORD | {"hands_gait_change": "unsure"}, {"A9": "unsure"}),
    ({"hand_clumsiness": "yes", "gait_balance": "no", "hands_gait_change": "worse"}, {"B8": "yes"}),
    ({"gait_balance": "unsure"}, {"B8": "unsure"}),
    ({"cancer_other": "yes"}, {"B1": "yes"}),
    ({"conditions": ["osteoporosis"], "new_severe_pain": "yes"}, {"B4": "yes"}),
    ({"conditions": ["immune"], "new_severe_pain": "unsure"}, {"B4": "unsure"}),
    ({"steroids_months": "yes", "new_severe_pain": "yes"}, {"B4": "yes"}),
    ({"recent_events": ["surgery"]}, {"B5": "yes"}),
    ({"recent_events": ["infection", "unsure"]}, {"B5": "yes"}),
    ({"recent_events": ["drugs"]}, {"B5": "yes"}),
]


@pytest.fixture
def lead(center: Location) -> Lead:
    """Somebody whose neck and back hurt, without any sign."""
    return actions.submit(request_of(center, pain_region=["neck", "low_back"])).lead


@pytest.fixture
def browser(lead: Lead) -> Client:
    return own_browser(lead)


def send(browser: Client, key: str, **answers: Any) -> Any:
    """A page of the private area, sent as the browser would; where signs are asked, with "none of these"."""
    asked = {one.name for one in questions.PAGE_OF[key].questions}
    more = NO_SIGN if "safety_check" in asked else {}
    return browser.post(f"/my/questions/{key}/", {"submission_id": str(uuid.uuid4())} | more | answers)


def told(lead: Lead) -> dict[str, str]:
    """The signs that the latest snapshot holds."""
    made = assessments.latest(lead)
    assert made is not None
    said: dict[str, str] = made.snapshot["answers"]["red_flags"]
    return said


# --- The table --------------------------------------------------------------------------------------------------------
def asked_of_treatments() -> set[str]:
    """What the pages about treatments ask, of any kind."""
    details = [ToldForm(treatment=Treatment(kind=kind)).fields for kind in TreatmentKind.values]
    return {name for fields in [PickForm().fields, *details] for name in fields} - {
        "submission_id",
        "shown",
        "injected",
    }


def test_every_question_of_every_topic_is_in_the_table() -> None:
    asked = {name for page in questions.PAGE_OF.values() for name in QuestionnairePageForm(page=page).fields} - {
        "submission_id",
        "shown",
    }
    asked |= asked_of_treatments()
    tell = {name for rule in SIGN_RULES for name in rule.questions} - {"injected"}
    tell |= {rule.asked_as or rule.question for rule in LOOK_RULES}

    assert asked == tell | set(NOTHING) | set(NOTHING_OF_TREATMENTS) | set(ASKED_AS_SIGNS)
    assert tell & {*NOTHING, *NOTHING_OF_TREATMENTS} == set()


def test_the_table_knows_only_signs_questions_and_answers_that_there_are() -> None:
    parts = [part for rule in SIGN_RULES for part in rule.parts]
    answers = [(part.question, part.sure | part.unsure) for part in parts]
    answers += [(rule.question, rule.answers) for rule in LOOK_RULES if not rule.asked_as]

    assert {rule.sign for rule in SIGN_RULES} <= set(SIGNS)
    for name, codes in answers:
        assert codes <= set(dict(red_flags_page.named(name).choices)), name
    assert {name for rule in LOOK_RULES for name in rule.settled_by} <= set(QUESTIONS)
    assert [
        name
        for name, codes in answers
        if not codes and QUESTIONS[name].kind not in {QuestionKind.TEXT, QuestionKind.LONG_TEXT}
    ] == []


def test_a_sign_of_several_answers_is_asked_on_one_page() -> None:
    pages = [{one.name for one in page.questions} for page in questions.PAGE_OF.values()]
    pages.append(asked_of_treatments() | {"injected"})
    assert [rule.sign for rule in SIGN_RULES if not any(set(rule.questions) <= page for page in pages)] == []


def test_the_page_for_clinicians_says_what_the_table_says() -> None:
    wanted = red_flags_page.page()
    assert red_flags_page.FILE.read_text("utf-8") == wanted, "run python -m script.red_flags_page"


def test_what_is_missing_is_said_in_plain_english() -> None:
    odd = re.compile(r"without (when|which|whether|for)")
    assert [rule.words for rule in LOOK_RULES if odd.search(rule.words)] == []
    assert not odd.search(red_flags_page.page())


def test_the_course_of_the_pain_tells_nothing() -> None:
    assert "course" in red_flags.NOTHING


# --- What answers tell ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("answers", "expected"), TOLD)
def test_answers_tell_a_sign(answers: dict[str, Any], expected: dict[str, str]) -> None:
    assert derived_signs.of_page(answers, on=NOON.date()) == expected


@pytest.mark.parametrize("answers", NO_SIGN_TOLD)
def test_a_fact_without_its_condition_is_no_sign(answers: dict[str, Any]) -> None:
    assert derived_signs.of_page(answers, on=NOON.date()) == {}


def test_a_derived_sign_beats_none_of_the_same_page_and_of_before() -> None:
    heard = Heard()
    heard.hear({"safety_check": ["none"], "safety_check_b": ["none"]})
    heard.hear({"safety_check": ["none"], "safety_check_b": ["none"], "limb_weakness": "worse", "cancer_other": "yes"})
    assert heard.signs == {"A5": "yes", "B1": "yes"}


def test_a_page_about_something_else_leaves_a_derived_sign() -> None:
    heard = Heard()
    heard.hear({"limb_weakness": "same", "hand_clumsiness": "yes"})
    heard.hear({"conditions": ["none"], "limb_weakness": "", "hand_clumsiness": "", "safety_check_b": ["B2"]})
    assert heard.signs == {"B2": "yes", "B6": "yes", "B8": "yes"}


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        ({"safety_check_b": ["none"]}, {"A5": "yes"}),
        ({"safety_check": ["none"]}, {"B1": "yes"}),
        ({"safety_check": ["unsure_A5"]}, {"A5": "unsure", "B1": "yes"}),
        ({"limb_weakness": "no"}, {"B1": "yes"}),
        ({"limb_weakness": "same"}, {"B1": "yes", "B6": "yes"}),
        ({"cancer_other": "no"}, {"A5": "yes"}),
        ({"cancer_other": "unsure"}, {"A5": "yes", "B1": "unsure"}),
        ({"lift_foot": "yes"}, {"A5": "yes", "B1": "yes"}),
    ],
)
def test_a_derived_sign_gives_way_to_a_later_answer_about_it(later: dict[str, Any], expected: dict[str, str]) -> None:
    heard = Heard()
    heard.hear({"limb_weakness": "worse", "cancer_other": "yes"})
    heard.hear(later)
    assert heard.signs == expected


def test_a_later_answer_to_its_own_question_leaves_what_was_ticked() -> None:
    heard = Heard()
    heard.hear({"safety_check_b": ["B1"]})
    heard.hear({"cancer_other": "no"})
    assert heard.signs == {"B1": "yes"}


def test_a_sign_of_several_answers_uses_those_of_one_page() -> None:
    heard = Heard()
    heard.hear({"hand_clumsiness": "yes", "hands_gait_change": "worse"})
    heard.hear({"gait_balance": "yes"})
    assert heard.signs == {"B8": "yes"}


def test_hands_and_gait_are_still_told_when_their_getting_worse_is_not() -> None:
    heard = Heard()
    heard.hear(CORD | {"hands_gait_change": "worse"})
    assert heard.signs == {"A9": "yes"}
    heard.hear({"safety_check": ["none"]})
    assert heard.signs == {"B8": "yes"}


def test_what_a_page_was_filled_in_with_counts_with_what_was_added() -> None:
    """A page that stores only what was changed still says the whole."""
    heard = Heard()
    heard.hear({"conditions": ["osteoporosis"]})
    heard.hear({"new_severe_pain": "yes"})
    assert heard.signs == {"B4": "yes"}


@pytest.mark.parametrize("weak", [{"steroids_months": "yes"}, {"conditions": ["osteoporosis"]}])
def test_pain_of_an_earlier_page_is_none_of_what_is_told_later(weak: dict[str, Any]) -> None:
    heard = Heard()
    heard.hear({"new_severe_pain": "yes"})
    heard.hear(weak)
    assert heard.signs == {}


@pytest.mark.parametrize(
    ("first", "later", "expected"),
    [
        ({"recent_events": ["infection"]}, {"recent_events": ["surgery"]}, {"B5"}),
        ({"recent_events": ["infection"]}, {"safety_check_b": ["B5", "B1"]}, {"B5"}),
        ({"safety_check_b": ["unsure_B5"]}, {"recent_events": ["unsure"]}, {"B5"}),
        ({"conditions": ["immune"], "new_severe_pain": "yes"}, {"new_severe_pain": "yes"}, {"B4"}),
        ({"conditions": ["immune"], "new_severe_pain": "yes"}, {"conditions": ["immune", "heart"]}, set()),
        ({"recent_events": ["infection"]}, {"recent_events": ["none"]}, set()),
        ({"cancer_other": "yes"}, {"cancer_other": "yes"}, set()),
    ],
)
def test_what_happened_lately_can_be_told_anew(
    first: dict[str, Any], later: dict[str, Any], expected: set[str]
) -> None:
    heard, day = Heard(), NOON.date()
    heard.hear(first, on=day)
    heard.hear(later, on=day)
    assert heard.told_anew == {}
    heard.hear(later, on=day + timedelta(days=40))
    assert heard.told_anew == {sign: [day + timedelta(days=40)] for sign in expected}


def test_another_injection_with_an_infection_is_told_anew() -> None:
    heard, day = Heard(), NOON.date()
    for number, treatment in enumerate(["first", "second", "second"]):
        page = {"treatment": treatment, "kind": "esi_unknown", "start": day.isoformat()}
        heard.hear_treatment(page | {"told": {"since_then": ["infection"]}}, on=day + timedelta(days=20 * number))
    assert heard.told_anew == {"B5": [day + timedelta(days=20), day + timedelta(days=40)]}
    heard.leave_out(["first", "second"])
    assert heard.told_anew == {}


@pytest.mark.parametrize(("never_was", "later"), [("second", []), ("first", [40]), ("third", [20])])
def test_a_treatment_that_never_was_has_told_nothing_anew(never_was: str, later: list[int]) -> None:
    heard, day = Heard(), NOON.date()
    for number, treatment in enumerate(["first", "second", "third" if never_was == "third" else "second"]):
        page = {"treatment": treatment, "kind": "esi_unknown", "start": day.isoformat()}
        heard.hear_treatment(page | {"told": {"since_then": ["infection"]}}, on=day + timedelta(days=20 * number))
    heard.leave_out([never_was])
    assert heard.told_anew.get("B5", []) == [day + timedelta(days=days) for days in later]


def test_a_day_on_which_something_else_told_it_too_stays_told_anew() -> None:
    heard, day, later = Heard(), NOON.date(), NOON.date() + timedelta(days=9)
    heard.hear({"recent_events": ["infection"]}, on=day)
    page = {"treatment": "first", "kind": "esi_unknown", "start": day.isoformat()}
    heard.hear_treatment(page | {"told": {"since_then": ["infection"]}}, on=later)
    heard.hear({"recent_events": ["surgery"]}, on=later)
    heard.leave_out(["first"])
    assert heard.told_anew == {"B5": [later]}


@pytest.mark.parametrize(
    ("flag", "is_news"),
    [
        ("anew:B5:2:20260420", False),
        ("anew:B5:1:20260401", False),
        ("anew:B5:1:20260501", True),
        ("anew:B5:2:20260410", True),
        ("anew:B5:3:20260420", True),
        ("anew:B4:1:20260401", True),
    ],
)
def test_told_anew_less_often_is_no_news(flag: str, is_news: bool) -> None:
    assert repeated_signs.beyond([flag], ["anew:B5:2:20260420"]) == ([flag] if is_news else [])


# --- What insurers ask ------------------------------------------------------------------------------------------------
def signs_for_the_insurer(lead: Lead) -> tuple[str, ...]:
    return care_record.care_record(lead, answer_history.told_by(lead), now=timezone.now()).warning_signs


def test_the_insurers_list_hears_the_signs_of_the_record(lead: Lead, browser: Client) -> None:
    send(browser, "pain", limb_weakness="worse")
    assert signs_for_the_insurer(lead) == ("A5",)
    send(browser, "pain")
    assert told(lead) == {}
    assert signs_for_the_insurer(lead) == ()
    tell(browser, lead, start=months_ago(1), since_then=["fever", "worse_pain"])
    assert signs_for_the_insurer(lead) == ("A7",)


# --- Treatments -------------------------------------------------------------------------------------------------------
ITS_KIND = "esi_interlaminar"


def months_ago(number: int) -> str:
    return (timezone.now() - timedelta(days=30 * number)).strftime("%m/%d/%Y")


def tell(browser: Client, lead: Lead, kind: str = ITS_KIND, **answers: Any) -> Any:
    """Tick a treatment, and send its page."""
    if not Treatment.objects.filter(lead=lead, kind=kind).exists():
        browser.post("/my/treatments/", {"kinds": [kind], "submission_id": str(uuid.uuid4())})
    row = Treatment.objects.get(lead=lead, kind=kind)
    shown = as_sent(browser.get(f"/my/treatments/{row.pk}/").content.decode(), having="shown")
    return browser.post(f"/my/treatments/{row.pk}/", shown | {"submission_id": str(uuid.uuid4())} | answers)
