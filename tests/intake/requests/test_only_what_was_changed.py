"""Only what was changed on a page is written, and an older page never takes the place of newer answers unasked."""

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from crm.models import Lead, Location, Measurement, Treatment, User
from intake.assessment import actions as assessments
from intake.assessment import answer_history
from intake.models import Submission
from intake.requests import actions, pending
from tests.factories import Visitor, own_browser, step_one, tablet
from tests.intake.portal.test_my import ABOUT, PAIN, sent
from tests.intake.requests.test_submit import request_of
from tests.page_forms import as_sent

HEALTH, PAIN_PAGE, ABOUT_PAGE = (f"/my/questions/{key}/" for key in ("background", "pain", "about-you"))
TOLD = {"nicotine": "current", "opioids": "daily", "medications": "Ibuprofen\nNaproxen", "hba1c": "7.2"}
NONE_OF_THEM = {"safety_check": ["none"]}
ROUND = ("going_on", "relief", "lasted", "ended_because", "clinician")


@pytest.fixture
def lead(center: Location) -> Lead:
    return actions.submit(request_of(center, now=timezone.now() - timedelta(minutes=5))).lead


@pytest.fixture
def browser(lead: Lead) -> Client:
    return own_browser(lead)


def opened(browser: Client, address: str) -> dict[str, Any]:
    """What the page would send back untouched."""
    return as_sent(browser.get(address).text, having="submission_id")


def store(browser: Client, address: str, **answers: Any) -> Any:
    """Open a page, change these answers, and store it."""
    answer = browser.post(address, opened(browser, address) | answers)
    assert answer.status_code == 302, answer.text
    return answer


def answers_of(lead: Lead) -> dict[str, Any]:
    return answer_history.current_answers(lead)


def everything(lead: Lead) -> list[Any]:
    return [
        list(Submission.objects.filter(lead=lead).order_by("at", "pk").values()),
        list(Measurement.objects.filter(lead=lead).order_by("entry").values()),
        list(Treatment.objects.filter(lead=lead).order_by("pk").values()),
        list(lead.activities.order_by("at", "pk").values()),
        Lead.objects.values().get(pk=lead.pk),
    ]


# --- Topics ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("address", [HEALTH, ABOUT_PAGE, "/my/questions/insurance/", "/my/questions/imaging/"])
def test_a_topic_that_is_stored_unchanged_leaves_every_byte(browser: Client, lead: Lead, address: str) -> None:
    about: dict[str, dict[str, Any]] = {
        HEALTH: TOLD | {"conditions": ["diabetes", "heart"], "nicotine_quit": "03/2024"},
        ABOUT_PAGE: ABOUT | {"work_status": "working", "primary_care": "Dr. Example"},
    }
    answers = about.get(address, {"plan_type": "medicare", "imaging": "mri_lt12m"})
    store(browser, address, **answers)
    before = everything(lead)
    for _ in range(2):
        store(browser, address)
    assert everything(lead) == before


def test_what_was_asked_and_left_out_is_kept_once(browser: Client, lead: Lead) -> None:
    """Papers tell "asked, not said" from "not asked"."""
    assert "allergies" not in answers_of(lead)
    store(browser, HEALTH, nicotine="never")
    assert (answers_of(lead)["allergies"], answers_of(lead)["medications"]) == ([], "")
    store(browser, HEALTH, nicotine="former")
    assert Submission.objects.filter(page="background").latest("at").answers == {"nicotine": "former"}


def test_only_the_answer_that_was_changed_is_written(browser: Client, lead: Lead) -> None:
    store(browser, HEALTH, **TOLD)
    store(browser, HEALTH, nicotine="former")
    assert Submission.objects.filter(page="background").latest("at").answers == {"nicotine": "former"}
    assert {name: answers_of(lead)[name] for name in TOLD} == TOLD | {"nicotine": "former", "hba1c": 7.2}


def test_one_topic_in_two_tabs_the_older_one_empties_nothing(browser: Client, lead: Lead) -> None:
    older = opened(browser, HEALTH)
    store(browser, HEALTH, **TOLD)
    assert browser.post(HEALTH, older | {"allergies": ["latex"]}).status_code == 302
    told = answers_of(lead)
    assert [told[name] for name in (*TOLD, "allergies")] == [
        "current",
        "daily",
        "Ibuprofen\nNaproxen",
        7.2,
        ["latex"],
    ]


def test_an_older_tab_shows_both_and_the_person_chooses(browser: Client, lead: Lead) -> None:
    older = opened(browser, HEALTH)
    store(browser, HEALTH, **TOLD)

    refused = browser.post(HEALTH, older | {"nicotine": "never"})

    assert (refused.status_code, answers_of(lead)["nicotine"]) == (422, "current")
    assert "Meanwhile this was changed to “Yes”." in refused.text
    again = as_sent(refused.text, having="submission_id")
    assert (again["nicotine"], again["opioids"]) == (["never"], ["daily"])  # typed, and as it stands
    assert browser.post(HEALTH, again).status_code == 302
    assert (answers_of(lead)["nicotine"], answers_of(lead)["opioids"]) == ("never", "daily")


def test_whoever_keeps_the_newer_answer_writes_nothing(browser: Client, lead: Lead) -> None:
    older = opened(browser, HEALTH)
    store(browser, HEALTH, **TOLD)
    refused = browser.post(HEALTH, older | {"nicotine": "never"})
    before = everything(lead)
    again = as_sent(refused.text, having="submission_id")
    assert browser.post(HEALTH, again | {"nicotine": "current"}).status_code == 302
    assert everything(lead) == before


def test_an_answer_taken_back_on_an_older_tab_is_asked_about_too(browser: Client, lead: Lead) -> None:
    store(browser, HEALTH, **TOLD)
    older = opened(browser, HEALTH)
    store(browser, HEALTH, medications="Aspirin")
    refused = browser.post(HEALTH, older | {"medications": ""})
    assert (refused.status_code, answers_of(lead)["medications"]) == (422, "Aspirin")


def test_an_answer_that_was_taken_back_meanwhile_is_said_once(browser: Client, lead: Lead) -> None:
    store(browser, HEALTH, **TOLD)
    older = opened(browser, HEALTH)
    store(browser, HEALTH, nicotine="")
    refused = browser.post(HEALTH, older | {"nicotine": "never"})
    assert "Meanwhile this was changed to “no answer”." in refused.text
    assert browser.post(HEALTH, as_sent(refused.text, having="shown")).status_code == 302
    assert answers_of(lead)["nicotine"] == "never"


def test_two_devices_of_which_one_has_not_shown_whose_it_is(center: Location) -> None:
    """It is shown nothing that was told elsewhere, and empties nothing of it."""
    browser = Visitor()
    browser.post("/candidate/", step_one())
    browser.post("/candidate/go-on/")
    lead = Lead.objects.get()
    store(browser, HEALTH, nicotine="current")
    older = opened(browser, HEALTH)
    store(own_browser(lead), HEALTH, **TOLD | {"nicotine": "former"})

    answer = browser.post(HEALTH, older | {"nicotine": "", "allergies": ["latex"]})

    assert answer.status_code == 302
    told = answers_of(lead)
    assert (told["nicotine"], told["opioids"], told["allergies"]) == ("former", "daily", ["latex"])
    assert "Ibuprofen" not in browser.get(HEALTH).text


def test_such_a_browser_takes_back_what_it_has_told_itself(center: Location) -> None:
    browser = Visitor()
    browser.post("/candidate/", step_one())
    browser.post("/candidate/go-on/")
    store(browser, HEALTH, nicotine="current")
    store(browser, HEALTH, nicotine="")
    assert answers_of(Lead.objects.get())["nicotine"] == ""


def test_such_a_browser_is_asked_about_its_own_newer_answers(center: Location) -> None:
    browser = Visitor()
    browser.post("/candidate/", step_one())
    browser.post("/candidate/go-on/")
    older = opened(browser, HEALTH)
    store(browser, HEALTH, nicotine="current")
    assert browser.post(HEALTH, older | {"nicotine": "never"}).status_code == 422
    pending.apply_due(timezone.now())
    assert answers_of(Lead.objects.get())["nicotine"] == "current"


def test_a_tablet_empties_nothing_that_it_does_not_show(browser: Client, lead: Lead, coordinator: User) -> None:
    store(browser, HEALTH, **TOLD)
    other = tablet(lead, coordinator)
    assert "Ibuprofen" not in other.get(HEALTH).text
    store(other, HEALTH, allergies=["latex"])
    assert (answers_of(lead)["nicotine"], answers_of(lead)["allergies"]) == ("current", ["latex"])


def test_another_request_with_gaps_empties_nothing(browser: Client, lead: Lead) -> None:
    store(browser, "/my/questions/imaging/", imaging="mri_older")
    Submission.objects.create(lead=lead, page="request", answers={"imaging": "", "how_heard": "doctor"})
    assert (answers_of(lead)["imaging"], answers_of(lead)["how_heard"]) == ("mri_older", "doctor")


@pytest.mark.parametrize("proven", [True, False])
def test_a_second_press_on_a_slow_line_keeps_what_was_added(center: Location, proven: bool) -> None:
    browser: Client = Visitor()
    browser.post("/candidate/", step_one())
    browser.post("/candidate/go-on/")
    lead = Lead.objects.get()
    browser = own_browser(lead) if proven else browser
    page = opened(browser, PAIN_PAGE) | PAIN
    for goals in ("Walk", "Walk", "Walk my dog"):
        assert browser.post(PAIN_PAGE, page | {"goals": goals}).status_code == 302
    assert answers_of(lead)["goals"] == "Walk my dog"
    assert Submission.objects.filter(lead=lead, page="pain").count() == 2
    pending.apply_due(timezone.now())
    assert Measurement.objects.filter(lead=lead, kind="peg").count() == 1


def test_an_answer_among_round_buttons_can_be_taken_back(browser: Client, lead: Lead) -> None:
    page = browser.get(PAIN_PAGE).text
    assert page.count("No answer") > 5
    store(browser, PAIN_PAGE, **PAIN | {"course": "worse"})
    store(browser, PAIN_PAGE, **NONE_OF_THEM, course="", pain_activity="")
    assert (answers_of(lead)["course"], answers_of(lead)["pain_activity"]) == ("", "")
    assert "No answer" not in browser.get("/my/questions/recheck/").text  # all of it is required


def test_an_answer_about_a_treatment_can_be_taken_back(browser: Client, lead: Lead) -> None:
    pick(browser, "chiropractic")
    row = Treatment.objects.get()
    assert browser.get(at(row)).text.count("No answer") == len(ROUND)
    store(
        browser, at(row), going_on="no", relief="50", lasted="14", ended_because="stopped_no_benefit", clinician="true"
    )
    store(browser, at(row), **dict.fromkeys(ROUND, ""))
    row.refresh_from_db()
    left = (row.status, row.relief_percent, row.relief_duration_days, row.directed_by_clinician)
    assert left == ("", None, None, None)


# --- Ratings --------------------------------------------------------------------------------------------------------
def test_a_wish_added_to_your_pain_rates_nothing_anew(browser: Client, lead: Lead) -> None:
    store(browser, PAIN_PAGE, **PAIN | {"nrs_leg_avg": "8"})
    before = list(Measurement.objects.order_by("entry").values())
    store(browser, PAIN_PAGE, **NONE_OF_THEM, goals="Walk my dog")
    assert list(Measurement.objects.order_by("entry").values()) == before
    assert answers_of(lead)["goals"] == "Walk my dog"


def test_ratings_of_one_week_make_one_score(browser: Client, lead: Lead) -> None:
    """The first form has asked for one of the three."""
    store(browser, PAIN_PAGE, **NONE_OF_THEM, pain_enjoyment="5", pain_activity="9")
    assert [float(one.value) for one in Measurement.objects.filter(kind="peg")] == [7.0]
    assert Measurement.objects.filter(kind="nrs_avg").count() == 1


def test_a_rating_of_long_ago_is_none_of_today(center: Location) -> None:
    lead = actions.submit(request_of(center, now=timezone.now() - timedelta(days=8))).lead
    store(own_browser(lead), PAIN_PAGE, **NONE_OF_THEM, pain_enjoyment="5", pain_activity="9")
    assert not Measurement.objects.filter(kind="peg").exists()


def test_a_re_check_starts_empty_and_the_same_numbers_are_news(browser: Client, lead: Lead) -> None:
    store(browser, PAIN_PAGE, **PAIN)
    address = "/my/questions/recheck/"
    page = browser.get(address)
    assert " checked" not in page.text
    assert browser.post(address, as_sent(page.text, having="submission_id")).status_code == 422
    rated = {name: value for name, value in PAIN.items() if name != "safety_check"}
    store(browser, address, **NONE_OF_THEM, safety_check_b=["none"], new_treatments="no", **rated)
    assert Measurement.objects.filter(lead=lead, kind="peg").count() == 2


# --- A warning sign on an older tab ---------------------------------------------------------------------------------
def test_a_sign_on_an_older_tab_counts_and_empties_nothing(browser: Client, lead: Lead) -> None:
    older = opened(browser, PAIN_PAGE)
    store(browser, PAIN_PAGE, **PAIN | {"goals": "Walk"})
    answer = browser.post(PAIN_PAGE, older | {"safety_check": ["A1"], "pain_now_avg": ""})
    assert answer["Location"] == "/candidate/emergency/"
    lead.refresh_from_db()
    assert lead.safety_hold
    assert (answers_of(lead)["safety_check"], answers_of(lead)["pain_now_avg"]) == (["A1"], "6")


@pytest.mark.parametrize("proven", [True, False])
def test_what_else_a_page_with_a_sign_tells_reaches_the_record(center: Location, proven: bool) -> None:
    browser: Client = Visitor()
    browser.post("/candidate/", step_one())
    browser.post("/candidate/go-on/")
    lead = Lead.objects.get()
    browser = own_browser(lead) if proven else browser
    rated = {"pain_now_avg": "9", "pain_enjoyment": "9", "pain_activity": "9"}
    rechecked = rated | {"safety_check_b": ["none"], "new_treatments": "no"}
    pages: dict[str, dict[str, Any]] = {
        "recheck": rechecked,
        "about-you": {"preferred_language": "es", "date_of_birth": "1970-03-15"},
    }
    for page, typed in pages.items():
        address = f"/my/questions/{page}/"
        answer = browser.post(address, opened(browser, address) | typed | {"safety_check": ["A1"]})
        assert answer["Location"] == "/candidate/emergency/"
        pending.apply_due(timezone.now())
    lead.refresh_from_db()
    assert (lead.safety_hold, lead.language, lead.date_of_birth) == (True, "es", "1970-03-15")
    series = Measurement.objects.filter(lead=lead).order_by("entry")
    assert [(one.kind, float(one.value)) for one in series if one.value == 9] == [("nrs_avg", 9.0), ("peg", 9.0)]


# --- What a form carries along is only a help -----------------------------------------------------------------------
@pytest.mark.parametrize("shown", ["", "null", "[]", "{", "[" * 9_000, '{"medications": {"a": 1}, "nicotine": [[]]}'])
def test_a_form_that_carries_nonsense_is_stored_like_any(browser: Client, lead: Lead, shown: str) -> None:
    page = sent(shown=shown, nicotine="current", medications="Ibuprofen")
    assert browser.post(HEALTH, page).status_code == 302
    assert (answers_of(lead)["nicotine"], answers_of(lead)["medications"]) == ("current", "Ibuprofen")


def test_what_is_asked_anew_counts_whatever_a_page_says_that_it_showed(browser: Client, lead: Lead) -> None:
    rechecked = {"safety_check": ["none"], "safety_check_b": ["none"], "new_treatments": "no"}
    rechecked |= {"pain_now_avg": "3", "pain_enjoyment": "3", "pain_activity": "3"}
    form = {"submission_id": str(uuid.uuid4()), "shown": json.dumps(rechecked)} | rechecked
    assert browser.post("/my/questions/recheck/", form).status_code == 302
    assert Submission.objects.get(page="recheck").answers == rechecked
    assert Measurement.objects.filter(lead=lead, at__gte=Submission.objects.get(page="recheck").at).count() == 2


def test_an_emergency_that_a_page_says_it_showed_is_told(browser: Client, lead: Lead) -> None:
    for address, answers in (
        ("/my/questions/pain/", {"lift_foot": "no_new"}),
        (at(injection(browser, lead)), {"since_then": ["fever", "worse_pain"]}),
    ):
        form = {"submission_id": str(uuid.uuid4()), "shown": json.dumps(answers)} | answers
        assert browser.post(address, form)["Location"] == "/candidate/emergency/"
    made = assessments.latest(lead)
    assert made is not None
    assert set(made.signs) >= {"A5", "A7"}


def injection(browser: Client, lead: Lead) -> Treatment:
    pick(browser, "esi_interlaminar")
    return Treatment.objects.get(lead=lead)


def test_a_form_that_carries_nothing_empties_nothing(browser: Client, lead: Lead) -> None:
    store(browser, HEALTH, **TOLD)
    assert browser.post(HEALTH, sent(allergies=["latex"])).status_code == 302
    assert (answers_of(lead)["nicotine"], answers_of(lead)["allergies"]) == ("current", ["latex"])


# --- Treatments -----------------------------------------------------------------------------------------------------
def pick(browser: Client, *kinds: str, **more: Any) -> Any:
    answer = browser.post("/my/treatments/", opened(browser, "/my/treatments/") | {"kinds": kinds} | more)
    assert answer.status_code == 302
    return answer


def at(row: Treatment) -> str:
    return f"/my/treatments/{row.pk}/"
