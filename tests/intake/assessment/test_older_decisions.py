"""Decisions made from an older page, and those that wait for a second person."""

import uuid

import pytest
from django.test import Client

from crm.enums.leads import Decision
from crm.errors import OutOfDate, ReviewRefused
from crm.leads import reviews
from crm.models import Lead, Location, ReviewDecision, User
from crm.safety import alerts
from intake.assessment import actions as assessments
from intake.assessment import signs
from intake.models import Override
from intake.requests import actions
from tests.factories import make_user, own_browser
from tests.intake.assessment.test_signs import LATER, RECHECK, answer, decide, open_reviews
from tests.intake.requests.test_submit import request_of


@pytest.fixture
def second(db: None) -> User:
    return make_user("clinician", name="Sam Second", email="sam@example.org")


@pytest.fixture
def lead(center: Location) -> Lead:
    """Somebody who has had cancer: a review is open."""
    return actions.submit(request_of(center, safety_check_b=["B1"])).lead


# --- An older page is refused ----------------------------------------------------------------------------------------
def seen_in(page: str) -> str:
    return page.split('name="seen" value="')[1].split('"', maxsplit=1)[0]


def test_a_form_that_does_not_know_the_newest_sign_is_refused_with_it(
    client: Client, lead: Lead, clinician: User
) -> None:
    client.force_login(clinician)
    address = f"/admin/crm/lead/{lead.pk}/decide/"
    shown = client.get(address).content.decode()
    answer(lead, safety_check_b=["B1", "B2"])
    typed = {"seen": seen_in(shown), "decision": "suitable", "reason": "Fits well."}

    refused = client.post(address, typed)
    page = refused.content.decode()
    assert (refused.status_code, ReviewDecision.objects.count(), open_reviews(lead)) == (409, 0, 1)
    assert "lost weight without trying" in page.split("Warning signs on record")[0]
    assert all(kept in page for kept in ("Fits well.", '<option value="suitable" selected>'))

    assert client.post(address, typed | {"seen": seen_in(page)}).status_code == 302
    assert (ReviewDecision.objects.get().signs, open_reviews(lead)) == (["B1", "B2"], 0)


def test_a_hold_is_not_lifted_by_a_page_that_does_not_know_the_newest(
    client: Client, lead: Lead, clinician: User
) -> None:
    answer(lead, safety_check=["A5"])
    client.force_login(clinician)
    address = f"/admin/crm/lead/{lead.pk}/clear-hold/"
    shown = client.get(address).content.decode()
    answer(lead, days=41, safety_check=["A5", "A1"])
    alerts.acknowledge(lead, by=clinician, now=LATER)
    refused = client.post(address, {"seen": seen_in(shown), "note": "All well."})
    assert (refused.status_code, Lead.objects.get().safety_hold) == (409, True)
    assert "All well." in refused.content.decode()
    assert client.post(address, {"seen": seen_in(refused.content.decode()), "note": "All well."}).status_code == 302
    assert not Lead.objects.get().safety_hold


def test_a_sign_reported_once_more_is_news_for_whoever_lifts_the_hold(lead: Lead, clinician: User) -> None:
    answer(lead, safety_check=["A5"])
    alerts.acknowledge(lead, by=clinician, now=LATER)
    seen = signs.basis(lead).number
    assessments.assess(lead, cause="Answered: Pain", now=LATER, sign_told=True)
    with pytest.raises(OutOfDate):
        alerts.clear_hold(lead, by=clinician, note="Fine.", now=LATER, seen=seen)


def test_what_keeps_a_hold_says_which_button_to_press_first(client: Client, lead: Lead, clinician: User) -> None:
    answer(lead, safety_check=["A5"])
    client.force_login(clinician)
    address = f"/admin/crm/lead/{lead.pk}/clear-hold/"
    page = client.get(address).content.decode()
    refused = client.post(address, {"seen": seen_in(page), "note": "All well."}).content.decode()
    assert "Press “I take care of it” on this person’s page first" in refused
    assert 'aria-invalid="true"' not in refused  # nothing is wrong with the note


def test_whoever_lifts_a_hold_is_told_first_what_came_and_then_which_button_to_press(
    client: Client, lead: Lead, clinician: User
) -> None:
    answer(lead, safety_check=["A5"])
    alerts.acknowledge(lead, by=clinician, now=LATER)
    client.force_login(clinician)
    address = f"/admin/crm/lead/{lead.pk}/clear-hold/"
    page, to_call = client.get(address).content.decode(), "The call has not been taken on yet."
    assert to_call not in page
    answer(lead, days=41, safety_check=["A5", "A1"])
    alerts.raise_alert(lead, key="again", now=LATER)

    refused = client.post(address, {"seen": seen_in(page), "note": "All well."})

    words = refused.content.decode()
    assert refused.status_code == 409
    assert "Something came while you were deciding." in words
    assert to_call in words
    assert "All well." in words


def test_the_form_against_the_rules_names_signs_in_words(client: Client, lead: Lead, clinician: User) -> None:
    answer(lead, safety_check=["A5", "A1"])
    client.force_login(clinician)
    page = client.get(f"/admin/crm/lead/{lead.pk}/outcome/").content.decode()
    said = page.partition("The rules say: Urgent")[2].partition("</ul>")[0]
    assert "Weakness in a leg, foot, arm or hand" in said
    assert "A1" not in said


def test_news_after_a_page_whose_title_is_a_question_reads_as_sentences(lead: Lead) -> None:
    seen, browser = signs.basis(lead).number, own_browser(lead)
    browser.post(
        "/my/questions/recheck/",
        RECHECK | {"submission_id": str(uuid.uuid4()), "safety_check_b": ["B2"], "new_treatments": "no"},
    )
    [line] = signs.news({lead.pk: seen})[lead.pk].lines
    assert "How are you now? Warning sign: " in line


@pytest.mark.parametrize(
    ("page", "typed"),
    [
        ("decide", {"decision": "suitable", "reason": "Fits well."}),
        ("outcome", {"outcome": "CONSULT_LIKELY", "reason": "Fits well."}),
        ("clear-hold", {"note": "Fits well."}),
    ],
)
def test_a_form_that_does_not_say_what_it_showed_is_refused_with_a_fresh_one(
    client: Client, lead: Lead, page: str, typed: dict[str, str]
) -> None:
    if page == "clear-hold":
        answer(lead, safety_check=["A5"])
        alerts.acknowledge(lead, by=make_user(), now=LATER)
    client.force_login(make_user(email="boss@example.org", is_superuser=True))
    address, before = f"/admin/crm/lead/{lead.pk}/{page}/", Lead.objects.get(pk=lead.pk).safety_hold

    refused = client.post(address, typed)

    shown = refused.content.decode()
    assert refused.status_code == 409
    assert "The page did not say what it had shown." in shown
    assert "Fits well." in shown
    assert (ReviewDecision.objects.count(), Override.objects.count()) == (0, 0)
    assert Lead.objects.get(pk=lead.pk).safety_hold is before
    assert client.post(address, typed | {"seen": seen_in(shown)}).status_code == 302


def test_an_agreement_that_does_not_say_what_it_showed_is_refused(client: Client, lead: Lead, clinician: User) -> None:
    answer(lead, safety_check=["A5"], safety_check_b=["B1"])
    waits = decide(lead, clinician)
    client.force_login(make_user(email="boss@example.org", is_superuser=True))

    client.post(f"/admin/crm/lead/{lead.pk}/decide/{waits.pk}/", {})

    assert not ReviewDecision.objects.get().is_in_force


# --- A second person -------------------------------------------------------------------------------------------------
@pytest.fixture
def waiting(lead: Lead, clinician: User) -> ReviewDecision:
    """Decided under a hold: a second clinician has to agree."""
    answer(lead, safety_check=["A5"], safety_check_b=["B1"])
    return decide(lead, clinician)


def test_what_touches_no_sign_leaves_a_decision_waiting(
    client: Client, lead: Lead, waiting: ReviewDecision, second: User
) -> None:
    answer(lead, days=41, pain_now_avg="5")
    client.force_login(second)
    queue = client.get("/admin/reviews/").content.decode()
    assert "Known and treated." in queue
    assert "New since: " in queue
    address = f"/admin/crm/lead/{lead.pk}/decide/{waiting.pk}/"
    client.post(address, {"seen": waiting.seen})
    assert not ReviewDecision.objects.get().is_in_force  # that page did not show what is new
    client.post(address, {"seen": seen_in(queue.split("Wait for a second person")[1])})
    assert ReviewDecision.objects.get().is_in_force


def test_who_agrees_on_the_page_of_the_lead_is_shown_what_is_new(
    client: Client, lead: Lead, waiting: ReviewDecision, second: User
) -> None:
    client.force_login(second)
    page = f"/admin/crm/lead/{lead.pk}/panels/clinical-review/"
    assert "Nothing new since." in client.get(page).text
    answer(lead, days=41, limb_numbness="worse")  # no sign: a look
    shown = client.get(page).text
    assert "New since: Jan 3, " in shown
    assert "Numbness of a limb that began or got worse" in shown
    client.post(f"/admin/crm/lead/{lead.pk}/decide/{waiting.pk}/", {"seen": seen_in(shown)})
    assert ReviewDecision.objects.get().is_in_force


def test_a_new_sign_makes_a_decision_that_waits_void(lead: Lead, waiting: ReviewDecision, second: User) -> None:
    answer(lead, days=41, safety_check_b=["B1", "B2"])
    waiting.refresh_from_db()
    assert waiting.void_because == assessments.NEW_SIGN
    with pytest.raises(ReviewRefused, match="void"):
        reviews.agree(waiting, by=second, now=LATER)
    assert open_reviews(lead) == 1


def test_another_decision_makes_the_one_that_waits_void(lead: Lead, waiting: ReviewDecision, second: User) -> None:
    decide(lead, second, Decision.MORE_TESTS)
    waiting.refresh_from_db()
    assert waiting.void_because == "Another decision followed."


def test_the_second_clinician_sees_the_first_decision(
    client: Client, lead: Lead, second: User, clinician: User
) -> None:
    decide(lead, clinician, Decision.SUITABLE)
    client.force_login(second)
    page = client.get(f"/admin/crm/lead/{lead.pk}/decide/").content.decode()
    assert f"by {clinician}" in page.split('name="reason"')[0]


def test_of_two_pages_open_at_once_the_second_sees_what_the_first_decided(
    client: Client, lead: Lead, second: User, clinician: User
) -> None:
    client.force_login(second)
    address = f"/admin/crm/lead/{lead.pk}/decide/"
    shown = client.get(address).text
    decide(lead, clinician, Decision.SUITABLE)
    typed = {"seen": seen_in(shown), "decision": "refer_elsewhere", "reason": "No back pain at all."}

    refused = client.post(address, typed)

    assert (refused.status_code, ReviewDecision.objects.count()) == (409, 1)
    news = refused.text.split('role="alert"')[1]
    assert f"{clinician} decided: {Decision.SUITABLE.label}. Known and treated." in news
    assert "No back pain at all." in news
    known = refused.text.split('name="earlier" value="')[1].split('"')[0]
    assert client.post(address, typed | {"earlier": known}).status_code == 302
    assert ReviewDecision.objects.count() == 2
