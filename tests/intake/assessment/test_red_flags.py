"""What is told in one place is heard in every place: signs that other questions tell, and facts to look at."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from crm.enums.leads import Decision, Outcome, TaskKind
from crm.enums.treatment_kinds import TreatmentKind
from crm.errors import SafetyRefused
from crm.leads import reviews, treatments
from crm.models import HoldClearing, Lead, Location, PatientSession, SafetyAlert, Task, Treatment, User
from crm.patient_portal import access as patient_access
from intake.assessment import actions as assessments
from intake.assessment import answer_history, care_record, flags, repeated_signs, review_facts, signs
from intake.models import PendingSubmission, Submission, UnprovenRequest
from intake.portal import questions
from intake.questionnaire import SIGNS, Question, QuestionKind, red_flags
from intake.questionnaire.red_flags import ASKED_AS_SIGNS, LOOK_RULES, NOTHING, NOTHING_OF_TREATMENTS, SIGN_RULES
from intake.requests import actions, pending, unproven
from intake.requests.answers_in_words import in_words
from intake.requests.forms import QuestionnairePageForm
from intake.requests.treatment_form import PickForm, ToldForm
from intake.requests.unproven import UnprovenRefused
from intake.rules import derived_signs
from intake.rules.derived_signs import Heard
from script import red_flags_page
from tests.factories import NOON, Visitor, make_user, own_browser
from tests.intake.assessment.test_signs import decide, lift, open_reviews
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


def test_an_injection_without_anything_since_opens_a_look_and_changes_no_outcome(lead: Lead, browser: Client) -> None:
    before = lead.outcome
    tell(browser, lead, start=months_ago(1), since_then=["none"])
    lead.refresh_from_db()
    assert (lead.outcome, told(lead), looked_at(lead), open_reviews(lead)) == (before, {}, ["injection"], 1)


def test_an_injection_of_long_ago_tells_nothing(lead: Lead, browser: Client) -> None:
    tell(browser, lead, start=months_ago(8), since_then=["worse_pain"])
    assert (told(lead), looked_at(lead), open_reviews(lead)) == ({}, [], 0)


@pytest.mark.parametrize(
    "answers",
    [
        {"since_then": ["infection"]},
        {"since_then": ["fever"]},
        {"since_then": ["worse_pain"]},
        {"side_effects": ["infection"]},
    ],
)
def test_an_injection_with_something_since_leads_to_a_review(
    lead: Lead, browser: Client, answers: dict[str, Any]
) -> None:
    tell(browser, lead, start=months_ago(2), **answers)
    lead.refresh_from_db()
    assert (lead.outcome, told(lead), open_reviews(lead)) == (Outcome.PROMPT_REVIEW, {"B5": "yes"}, 1)


def test_fever_with_new_pain_since_an_injection_is_an_emergency(lead: Lead, browser: Client) -> None:
    response = tell(browser, lead, start=months_ago(1), since_then=["fever", "worse_pain"], relief="25")
    lead.refresh_from_db()
    assert (response["Location"], lead.safety_hold) == ("/candidate/emergency/", True)
    assert told(lead) == {"A7": "yes", "B5": "yes"}
    assert SafetyAlert.objects.open().filter(lead=lead).count() == 1
    assert Treatment.objects.get(lead=lead).relief_percent == 25


@pytest.mark.parametrize("ended", [False, True])
def test_such_an_emergency_is_answered_when_the_session_is_over(lead: Lead, browser: Client, ended: bool) -> None:
    tell(browser, lead, start=months_ago(1))
    row = Treatment.objects.get(lead=lead)
    over = {"ended_at": timezone.now()} if ended else {"seen_at": timezone.now() - timedelta(minutes=31)}
    PatientSession.objects.update(**over)
    response = browser.post(f"/my/treatments/{row.pk}/", {"since_then": ["fever", "worse_pain"]})
    lead.refresh_from_db()
    assert (response["Location"], lead.safety_hold) == ("/candidate/emergency/", False)
    assert SafetyAlert.objects.open().filter(lead=lead).count() == 1
    assert Task.objects.open().filter(lead=lead, kind=TaskKind.URGENT_CALL).count() == 1
    report = UnprovenRequest.objects.get(lead=lead)
    assert (report.has_sign, unproven.signs_of(report)) == (True, ["A7", "B5"])


@pytest.mark.parametrize("since", ["fever", "infection", "worse_pain"])
@pytest.mark.parametrize("change", [{"ended_at": NOON}, {"seen_at": NOON}, {"proven_at": None}])
def test_what_came_since_an_injection_is_a_report_when_the_session_is_over(
    lead: Lead, browser: Client, clinician: User, coordinator: User, since: str, change: dict[str, Any]
) -> None:
    tell(browser, lead, start=months_ago(1))
    decide(lead, clinician)
    PatientSession.objects.update(**change)
    browser.post(f"/my/treatments/{Treatment.objects.get(lead=lead).pk}/", {"since_then": [since]})
    report = UnprovenRequest.objects.get(lead=lead)
    assert (report.has_sign, unproven.signs_of(report), open_reviews(lead)) == (False, ["B5"], 1)
    with pytest.raises(UnprovenRefused):
        unproven.set_aside(report, by=coordinator, note="She says no.", now=timezone.now())
    tell(own_browser(lead), lead, since_then=["none"])
    unproven.take_over(report, by=coordinator, now=timezone.now())
    assert (told(lead), open_reviews(lead)) == ({}, 1)  # taken back since, and looked at all the same


def test_what_came_since_an_injection_from_a_browser_without_proof_is_reviewed(lead: Lead) -> None:
    waiting = actions.submit(request_of(lead.location, now=NOON + timedelta(days=1), submission_id=uuid.uuid4()))
    browser = Client()
    browser.cookies["patient"] = patient_access.begin(lead, now=timezone.now(), origin=waiting.pk).secret
    browser.post("/my/treatments/", {"kinds": [ITS_KIND], "submission_id": str(uuid.uuid4())})
    address = f"/my/treatments/{Submission.objects.get(page='treatments').answers['treatment']}/"
    shown = as_sent(browser.get(address).content.decode(), having="shown")
    browser.post(address, shown | {"submission_id": str(uuid.uuid4()), "since_then": ["infection"]})
    assert Task.objects.open().filter(key=f"{reviews.OF_A_REPORT}{waiting.unproven_id}").count() == 1


@pytest.mark.parametrize(
    ("page", "answers", "expected"),
    [
        ("recheck", {"safety_check": ["A1"], "safety_check_b": ["B2", "none"]}, {"A1": "yes", "B2": "yes"}),
        (
            "recheck",
            {"safety_check": ["A1", "none"], "safety_check_b": ["unsure_B8", "none"]},
            {"A1": "yes", "B8": "unsure"},
        ),
        ("background", {"safety_check": ["A1"], "recent_events": ["surgery", "none"]}, {"A1": "yes", "B5": "yes"}),
        ("treatment", {"since_then": ["fever", "worse_pain", "none"]}, {"A7": "yes", "B5": "yes"}),
    ],
)
def test_boxes_that_contradict_each_other_lose_no_sign(
    lead: Lead, browser: Client, page: str, answers: dict[str, Any], expected: dict[str, str]
) -> None:
    answer = tell(browser, lead, **answers) if page == "treatment" else send(browser, page, **answers)
    lead.refresh_from_db()
    assert (answer["Location"], lead.safety_hold, told(lead)) == ("/candidate/emergency/", True, expected)


@pytest.mark.parametrize(
    ("page", "answers", "expected"),
    [
        ("background", {"limb_weakness": "worse"}, {"A5": "yes"}),
        ("insurance", {"lift_foot": "unsure"}, {"A5": "unsure"}),
        ("imaging", {"since_then": ["fever", "worse_pain"]}, {"A7": "yes"}),
        ("recheck", CORD | {"hands_gait_change": "worse"}, {"A9": "yes"}),
        ("pain", {"limb_weakness": ["worse", "same"]}, {"A5": "yes"}),
        ("treatment", {"limb_weakness": "worse"}, {"A5": "yes"}),
        ("treatment", {"safety_check": ["A1"]}, {"A1": "yes"}),
        ("a pill", {"since_then": ["fever", "worse_pain"]}, {"A7": "yes"}),
    ],
)
@pytest.mark.parametrize("proven", [True, False])
def test_an_emergency_that_its_page_does_not_ask_for_is_named_in_the_record(
    lead: Lead, browser: Client, page: str, answers: dict[str, Any], expected: dict[str, str], proven: bool
) -> None:
    origin = Submission.objects.get(lead=lead).pk
    if not proven:
        browser.cookies["patient"] = patient_access.begin(lead, now=timezone.now(), origin=origin).secret
    if page in {"treatment", "a pill"}:
        kind = ITS_KIND if page == "treatment" else "med_nsaid_rx"
        browser.post("/my/treatments/", {"kinds": [kind], "submission_id": str(uuid.uuid4())})
        ticked = Submission.objects.get(lead=lead, page="treatments").answers["treatment"]
        address = f"/my/treatments/{ticked}/"
    else:
        address = f"/my/questions/{page}/"
    answer = browser.post(address, {"submission_id": str(uuid.uuid4())} | answers)
    pending.apply_due(timezone.now())
    lead.refresh_from_db()
    assert (answer["Location"], lead.safety_hold, told(lead)) == ("/candidate/emergency/", True, expected)
    assert SafetyAlert.objects.open().filter(lead=lead).count() == 1


@pytest.mark.parametrize(
    ("page", "answers", "expected"),
    [
        ("recheck", {"safety_check_b": ["B2", "none"]}, ["B2"]),
        ("recheck", {"safety_check": ["A1"], "safety_check_b": ["B2", "none"]}, ["A1", "B2"]),
        ("background", {"recent_events": ["surgery", "none"]}, ["B5"]),
        ("treatment", {"since_then": ["fever", "none"]}, ["B5"]),
        ("treatment", {"since_then": ["fever", "worse_pain", "none"]}, ["A7", "B5"]),
    ],
)
def test_boxes_that_contradict_each_other_are_a_report_when_the_session_is_over(
    lead: Lead, browser: Client, page: str, answers: dict[str, Any], expected: list[str]
) -> None:
    tell(browser, lead, start=months_ago(1))
    PatientSession.objects.update(ended_at=timezone.now())
    if page == "treatment":
        browser.post(f"/my/treatments/{Treatment.objects.get(lead=lead).pk}/", answers)
    else:
        send(browser, page, **answers)
    assert unproven.signs_of(UnprovenRequest.objects.get(lead=lead)) == expected


def add_pain_to_osteoporosis(browser: Client, **change: Any) -> None:
    """The page is filled in with the one, and only the other is ticked on it."""
    send(browser, "background", conditions=["osteoporosis"])
    shown = as_sent(browser.get("/my/questions/background/").content.decode(), having="shown")
    if change:
        PatientSession.objects.update(**change)
    browser.post("/my/questions/background/", shown | {"new_severe_pain": "yes"})


def test_what_the_page_was_filled_in_with_counts_in_a_report(lead: Lead, browser: Client) -> None:
    add_pain_to_osteoporosis(browser, seen_at=NOON)
    assert unproven.signs_of(UnprovenRequest.objects.get(lead=lead)) == ["B4"]


def test_what_the_page_was_filled_in_with_counts_without_proof(lead: Lead) -> None:
    waiting = actions.submit(request_of(lead.location, now=NOON + timedelta(days=1), submission_id=uuid.uuid4()))
    browser = Client()
    browser.cookies["patient"] = patient_access.begin(lead, now=timezone.now(), origin=waiting.pk).secret
    add_pain_to_osteoporosis(browser)
    assert Task.objects.open().filter(key=f"{reviews.OF_A_REPORT}{waiting.unproven_id}").count() == 1
    assert unproven.signs_of(UnprovenRequest.objects.get(lead=lead)) == ["B4"]


def test_a_sign_about_what_another_tab_has_taken_back_is_a_report(lead: Lead, browser: Client) -> None:
    tell(browser, lead, start=months_ago(1))
    address = f"/my/treatments/{Treatment.objects.get(lead=lead).pk}/"
    shown = as_sent(browser.get(address).content.decode(), having="shown")
    browser.post(address, shown | {"not_tried": "1"})
    assert browser.post(address, shown | {"since_then": ["fever"]}).status_code == 404
    assert unproven.signs_of(UnprovenRequest.objects.get(lead=lead)) == ["B5"]


def test_a_sign_on_a_page_that_breaks_is_a_report(lead: Lead, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = own_browser(lead)
    browser.raise_request_exception = False
    shown = as_sent(browser.get("/my/questions/background/").content.decode(), having="shown")
    monkeypatch.delattr("intake.requests.page_submission.keep_page")
    assert browser.post("/my/questions/background/", shown | {"cancer_other": "yes"}).status_code == 500
    assert unproven.signs_of(UnprovenRequest.objects.get(lead=lead)) == ["B1"]


@pytest.mark.parametrize("page", ["questions/background", "questions/pain"])
def test_no_form_makes_less_of_an_emergency_than_was_ticked(lead: Lead, browser: Client, page: str) -> None:
    PatientSession.objects.update(ended_at=timezone.now())
    browser.post(f"/my/{page}/", NO_SIGN | {"limb_weakness": ["worse", "no"], "cancer_other": "yes"})
    report = UnprovenRequest.objects.get(lead=lead)
    assert report.has_sign
    assert "A5" in unproven.signs_of(report)


def test_such_an_emergency_from_a_browser_without_proof_counts_for_its_own_lead(lead: Lead) -> None:
    visitor, browser, origin = Visitor(), Client(), Submission.objects.get(lead=lead).pk
    browser.cookies["patient"] = patient_access.begin(lead, now=timezone.now(), origin=origin).secret
    visitor.cookies = browser.cookies
    visitor.post("/my/treatments/", {"kinds": [ITS_KIND], "submission_id": str(uuid.uuid4())})
    tell(browser, lead, start=months_ago(1), since_then=["fever", "worse_pain"])
    assert SafetyAlert.objects.open().filter(lead=lead).count() == 1  # before any worker comes by
    assert not UnprovenRequest.objects.exists()  # kept by its own page, not caught on the way out
    pending.apply_due(timezone.now())
    lead.refresh_from_db()
    assert (lead.safety_hold, told(lead)) == (True, {"A7": "yes", "B5": "yes"})


def test_steroids_by_mouth_open_a_look_until_their_time_is_known(lead: Lead, browser: Client) -> None:
    tell(browser, lead, "med_oral_steroid")
    assert (looked_at(lead), open_reviews(lead)) == (["oral_steroid"], 1)
    send(browser, "background", steroids_months="no")
    assert looked_at(lead) == []


def test_a_corrected_date_takes_the_sign_of_an_injection_back(lead: Lead, browser: Client) -> None:
    tell(browser, lead, start=months_ago(1), since_then=["infection"])
    tell(browser, lead, start=months_ago(9))
    assert told(lead) == {}


def test_a_corrected_date_brings_the_sign_of_what_was_told_of_an_injection() -> None:
    """The side effects stand on the page when it is sent with the new date."""
    heard, told_on = Heard(), timezone.localdate()
    page = {"treatment": "1", "kind": ITS_KIND, "start": "2025-01-31"}
    heard.hear_treatment(page | {"told": {"start": "01/2025", "side_effects": ["infection"]}}, on=told_on)
    assert heard.signs == {}
    last_month = {"start": (told_on - timedelta(days=20)).isoformat()}
    heard.hear_treatment(page | last_month | {"told": {"start": "here"}}, on=told_on)
    assert heard.signs == {"B5": "yes"}


def test_time_takes_no_sign_of_an_injection_back() -> None:
    heard, told_on = Heard(), timezone.localdate()
    page = {"treatment": "1", "kind": ITS_KIND, "start": (told_on - timedelta(days=20)).isoformat()}
    heard.hear_treatment(page | {"told": {"start": "here", "since_then": ["infection"]}}, on=told_on)
    heard.hear_treatment(page | {"told": {"relief": "25"}}, on=told_on + timedelta(days=100))
    assert (heard.signs, bool(heard.facts["injection"])) == ({"B5": "yes"}, True)
    heard.hear_treatment(page | {"start": "2025-01-31", "told": {"start": "01/2025"}}, on=told_on + timedelta(days=101))
    assert (heard.signs, heard.facts["injection"]) == ({}, [])


def take_back(browser: Client, lead: Lead) -> None:
    row = Treatment.objects.get(lead=lead)
    assert browser.post(f"/my/treatments/{row.pk}/", {"not_tried": "1", "sure": "1"}).status_code == 302


def test_an_injection_that_was_not_tells_no_sign_and_no_look(lead: Lead, browser: Client) -> None:
    tell(browser, lead, start=months_ago(1), since_then=["infection"])
    assert (told(lead), looked_at(lead)) == ({"B5": "yes"}, ["injection"])
    take_back(browser, lead)
    assert (told(lead), looked_at(lead)) == ({}, [])
    pages = list(Submission.objects.filter(page="treatments").order_by("entry"))
    assert pages[-1].answers["told"] == {"not_tried": True}


def test_what_was_verified_keeps_its_sign_until_somebody_has_looked(lead: Lead, browser: Client) -> None:
    tell(browser, lead, start=months_ago(1), since_then=["infection"])
    Treatment.objects.filter(lead=lead).update(
        documentation="verified", verified_by=make_user("clinician"), verified_at=timezone.now()
    )
    take_back(browser, lead)
    assert (told(lead), open_reviews(lead)) == ({"B5": "yes"}, 1)


def test_a_verified_injection_tells_no_sign_any_more_once_staff_agree_that_it_never_was(
    lead: Lead, browser: Client, desk: Client
) -> None:
    test_what_was_verified_keeps_its_sign_until_somebody_has_looked(lead, browser)
    row = Treatment.objects.get(lead=lead)
    assert row.disputed_at is not None
    desk.post(
        f"/admin/crm/lead/{lead.pk}/treatments/{row.pk}/settle/",
        {"settle": "accept", "seen": row.disputed_at.isoformat()},
    )
    row.refresh_from_db()
    assert row.status == "declined"
    assert (told(lead), looked_at(lead), open_reviews(lead)) == ({}, [], 1)  # a clinician still looks


@pytest.mark.parametrize("settle", ["accept", "keep"])
def test_another_date_of_a_verified_injection_takes_no_sign_back_before_a_person_has_looked(
    lead: Lead, browser: Client, desk: Client, settle: str
) -> None:
    tell(browser, lead, start=months_ago(1), since_then=["infection"])
    Treatment.objects.filter(lead=lead).update(
        documentation="verified", verified_by=make_user("clinician"), verified_at=timezone.now()
    )
    tell(browser, lead, start=months_ago(9))
    assert (told(lead), looked_at(lead)) == ({"B5": "yes"}, ["injection"])
    row = Treatment.objects.get(lead=lead)
    assert row.disputed_at is not None
    seen = {"settle": settle, "seen": row.disputed_at.isoformat()}
    desk.post(f"/admin/crm/lead/{lead.pk}/treatments/{row.pk}/settle/", seen)
    assert (told(lead), looked_at(lead)) == (({}, []) if settle == "accept" else ({"B5": "yes"}, ["injection"]))


@pytest.mark.parametrize("settle", ["accept", "keep"])
def test_who_keeps_what_is_verified_has_the_rules_asked_again(
    lead: Lead, browser: Client, desk: Client, settle: str
) -> None:
    tell(browser, lead, start=months_ago(9))
    Treatment.objects.filter(lead=lead).update(
        documentation="verified", verified_by=make_user("clinician"), verified_at=timezone.now()
    )
    tell(browser, lead, start=months_ago(1), since_then=["infection"])
    assert (told(lead), looked_at(lead)) == ({"B5": "yes"}, ["injection"])
    row = Treatment.objects.get(lead=lead)
    assert row.disputed_at is not None
    seen = {"settle": settle, "seen": row.disputed_at.isoformat()}
    desk.post(f"/admin/crm/lead/{lead.pk}/treatments/{row.pk}/settle/", seen)
    assert (told(lead), looked_at(lead)) == (({}, []) if settle == "keep" else ({"B5": "yes"}, ["injection"]))
    assert open_reviews(lead) == 1  # a clinician still looks


def test_a_date_that_staff_correct_takes_the_sign_of_an_injection_back(
    lead: Lead, browser: Client, coordinator: User
) -> None:
    tell(browser, lead, since_then=["infection"])
    assert told(lead) == {"B5": "yes"}  # nobody knows when
    for days, expected in ((30, {"B5": "yes"}), (300, {})):
        start = timezone.localdate() - timedelta(days=days)
        row = Treatment.objects.get(lead=lead)
        treatments.correct(row, by=coordinator, now=timezone.now(), start_date=start, start_precision="day")
        assert told(lead) == expected


@pytest.mark.parametrize("status", ["declined", "completed"])
def test_a_treatment_that_staff_mark_as_declined_tells_no_sign(
    lead: Lead, browser: Client, coordinator: User, status: str
) -> None:
    tell(browser, lead, start=months_ago(1), since_then=["infection"])
    treatments.correct(Treatment.objects.get(lead=lead), by=coordinator, status=status, now=timezone.now())
    assert (told(lead), looked_at(lead)) == (({}, []) if status == "declined" else ({"B5": "yes"}, ["injection"]))
