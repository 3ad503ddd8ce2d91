"""What is told in one place is heard in every place: signs that other questions tell, and facts to look at."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from crm.enums.leads import Outcome, TaskKind
from crm.enums.treatment_kinds import TreatmentKind
from crm.errors import SafetyRefused
from crm.models import HoldClearing, Lead, Location, PatientSession, SafetyAlert, Task, Treatment, User
from crm.patient_portal import access as patient_access
from intake.assessment import actions as assessments
from intake.assessment import answer_history, care_record, repeated_signs
from intake.models import PendingSubmission, Submission
from intake.portal import questions
from intake.questionnaire import SIGNS, Question, QuestionKind, red_flags
from intake.questionnaire.red_flags import ASKED_AS_SIGNS, LOOK_RULES, NOTHING, NOTHING_OF_TREATMENTS, SIGN_RULES
from intake.requests import actions, pending
from intake.requests.answers_in_words import in_words
from intake.requests.forms import QuestionnairePageForm
from intake.requests.treatment_form import PickForm, ToldForm
from intake.rules import derived_signs
from intake.rules.derived_signs import Heard
from script import red_flags_page
from tests.factories import NOON, own_browser
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
