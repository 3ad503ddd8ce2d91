"""Every warning sign is looked at: none without a review, a hold or a decision that knew it."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from crm.enums.leads import Decision, Outcome, Stage, TaskKind
from crm.errors import ReviewRefused
from crm.leads import imaging, reviews
from crm.models import HoldClearing, ImagingStudy, Lead, Location, ReviewDecision, SafetyAlert, Task, User
from crm.safety import alerts
from intake.assessment import actions as assessments
from intake.assessment import signs
from intake.models import Override, Submission, UnprovenRequest
from intake.requests import actions, unproven
from intake.requests.rows import Request
from intake.rules import wording
from tests.factories import NOON, in_their_place, make_lead, make_user, own_browser
from tests.intake.requests.test_submit import request_of
from tests.page_forms import as_sent

LATER = NOON + timedelta(days=40)
RECHECK = {"safety_check": ["none"], "pain_now_avg": "6", "pain_enjoyment": "5", "pain_activity": "8"}


@pytest.fixture
def second(db: None) -> User:
    return make_user("clinician", name="Sam Second", email="sam@example.org")


@pytest.fixture
def lead(center: Location) -> Lead:
    """Somebody who has had cancer: a review is open."""
    return actions.submit(request_of(center, safety_check_b=["B1"])).lead


def answer(lead: Lead, *, days: int = 40, **answers: Any) -> None:
    """Another page of answers, and the rules are asked."""
    at = NOON + timedelta(days=days)
    Submission.objects.create(
        lead=lead, page="recheck", answers=answers, answers_digest=str(uuid.uuid4()), questionnaire_version="t", at=at
    )
    assessments.assess(lead, cause="Answered: Re-check", now=at)


def later_request(lead: Lead, **changes: Any) -> Request:
    """The same person asks again, a day later."""
    return request_of(lead.location, now=NOON + timedelta(days=1), submission_id=uuid.uuid4(), **changes)


def decide(lead: Lead, by: User, decision: Decision = Decision.CONTINUE_CARE, **values: Any) -> ReviewDecision:
    return reviews.decide(lead, decision=decision, reason="Known and treated.", by=by, now=NOON, **values)


def open_reviews(lead: Lead) -> int:
    return Task.objects.open().filter(lead=lead, kind=TaskKind.REVIEW).count()


def lift(lead: Lead, by: User) -> None:
    alerts.acknowledge(lead, by=by, now=NOON)
    alerts.clear_hold(lead, by=by, note="Examined at the hospital.", now=NOON)


# --- A sign that no decision has covered opens a review --------------------------------------------------------------


def test_a_new_sign_after_a_decision_opens_a_review_though_the_outcome_is_the_same(lead: Lead, clinician: User) -> None:
    decide(lead, clinician)
    assert open_reviews(lead) == 0
    answer(lead, safety_check_b=["B1", "B2", "B5"])
    assert (open_reviews(lead), Lead.objects.get().outcome) == (1, Outcome.PROMPT_REVIEW)


@pytest.mark.parametrize("page", ["recheck", "safety"])
def test_a_new_sign_on_the_private_page_or_in_a_call_opens_a_review(lead: Lead, clinician: User, page: str) -> None:
    decide(lead, clinician)
    browser = own_browser(lead) if page == "recheck" else in_their_place(Client(), lead, make_user("coordinator"))
    more = RECHECK | {"new_treatments": "no"} if page == "recheck" else {"safety_check": ["none"]}
    sent = browser.post(
        f"/my/questions/{page}/", {"submission_id": str(uuid.uuid4()), "safety_check_b": ["B1", "B2"]} | more
    )
    assert (sent.status_code, open_reviews(lead)) == (302, 1)


def test_a_second_request_with_a_new_sign_opens_a_review_once_it_counts(lead: Lead, clinician: User) -> None:
    decide(lead, clinician)
    actions.submit(later_request(lead, safety_check_b=["B1", "B5"], pain_now_avg="4"))
    waits = UnprovenRequest.objects.get()
    assert Task.objects.open().get(lead=lead, kind=TaskKind.REVIEW).key == f"{reviews.OF_A_REPORT}{waits.pk}"
    unproven.take_over(waits, by=clinician, now=NOON)
    assert open_reviews(lead) == 1
    assert not Task.objects.open().filter(key__startswith=reviews.OF_A_REPORT).exists()


def test_a_decision_about_the_record_leaves_the_review_of_a_report(lead: Lead, clinician: User) -> None:
    actions.submit(later_request(lead, safety_check_b=["B5"], pain_now_avg="4"))
    decide(lead, clinician)
    assert Task.objects.open().get(kind=TaskKind.REVIEW).key.startswith(reviews.OF_A_REPORT)  # type: ignore[union-attr]


def test_what_a_decision_covered_stays_covered(lead: Lead, clinician: User) -> None:
    decide(lead, clinician)
    answer(lead, safety_check_b=["B1"], pain_now_avg="3")
    answer(lead, days=50, safety_check_b=["B1", "unsure_B7"], pain_now_avg="5")
    answer(lead, days=60, safety_check_b=["B1"], pain_now_avg="7")
    assert open_reviews(lead) == 0


def test_a_sign_that_was_gone_and_came_again_is_new(lead: Lead, clinician: User) -> None:
    decide(lead, clinician)
    answer(lead, safety_check_b=["none"])
    answer(lead, days=50, safety_check_b=["B1"])
    assert open_reviews(lead) == 1


def test_not_sure_that_becomes_a_yes_is_new(center: Location, clinician: User) -> None:
    lead = actions.submit(request_of(center, safety_check_b=["unsure_B2", "unsure_B3"])).lead
    decide(lead, clinician)
    assert open_reviews(lead) == 0
    answer(lead, safety_check_b=["B2", "unsure_B3"])  # neither is an event, which may be told anew
    assert open_reviews(lead) == 1


@pytest.mark.parametrize("ticked", [["B7"], ["unsure_B2"], ["unsure_B2", "B7"]])
def test_what_fires_no_rule_opens_nothing(center: Location, ticked: list[str]) -> None:
    lead = actions.submit(request_of(center)).lead
    answer(lead, safety_check_b=ticked)
    assert open_reviews(lead) == 0


def test_beside_an_emergency_sign_a_review_is_opened_too(center: Location, clinician: User) -> None:
    lead = actions.submit(request_of(center, safety_check=["A2"], safety_check_b=["B5"], urgent=True)).lead
    assert open_reviews(lead) == 1
    lift(lead, clinician)
    assert open_reviews(lead) == 1  # lifting the hold decides about block A alone


def test_an_emergency_sign_from_anywhere_puts_the_lead_on_hold(lead: Lead) -> None:
    answer(lead, safety_check=["A5"], safety_check_b=["B1"])
    lead.refresh_from_db()
    assert (lead.safety_hold, lead.outcome) == (True, Outcome.URGENT)
    assert SafetyAlert.objects.open().filter(lead=lead).count() == 1
    assert Task.objects.open().filter(lead=lead, kind=TaskKind.URGENT_CALL).count() == 1


def test_a_lifted_hold_stays_lifted_for_the_signs_that_were_shown(lead: Lead, clinician: User) -> None:
    answer(lead, safety_check=["A5"])
    lift(lead, clinician)
    cleared = HoldClearing.objects.get()
    assert (cleared.signs, cleared.by) == (["A5", "B1"], clinician)
    answer(lead, days=50, pain_now_avg="3")
    assert not Lead.objects.get().safety_hold
    answer(lead, days=60, safety_check=["A5", "A2"])
    assert Lead.objects.get().safety_hold


def test_a_review_does_not_lift_what_only_the_hold_covers(lead: Lead, clinician: User, second: User) -> None:
    answer(lead, safety_check=["A5"])
    reviews.agree(decide(lead, clinician), by=second, now=LATER)
    assert Lead.objects.get().safety_hold
    latest = assessments.latest(lead)
    assert latest is not None
    assert signs.uncovered(lead, latest) == ["A5"]


# --- What happened again ---------------------------------------------------------------------------------------------
@pytest.fixture
def injected(center: Location, clinician: User) -> Lead:
    """Somebody who had an injection lately, about which a clinician has decided."""
    lead = actions.submit(request_of(center, safety_check_b=["B5"])).lead
    decide(lead, clinician)
    return lead


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("recheck", RECHECK | {"new_treatments": "no", "safety_check_b": ["B5"]}),
        ("background", {"recent_events": ["infection"]}),
    ],
)
def test_a_recent_event_that_is_told_anew_on_a_later_day_opens_a_review(
    injected: Lead, clinician: User, key: str, told: dict[str, Any]
) -> None:
    browser = own_browser(injected)
    assert open_reviews(injected) == 0
    browser.post(f"/my/questions/{key}/", {"submission_id": str(uuid.uuid4())} | told)
    assert open_reviews(injected) == 1
    assert any(words.startswith("Told anew on ") for words in signs.basis(injected).words)
    decide(injected, clinician)
    browser.post(f"/my/questions/{key}/", {"submission_id": str(uuid.uuid4())} | told)  # on the same day
    assert open_reviews(injected) == 0


def test_an_event_that_was_not_told_again_stays_covered(injected: Lead) -> None:
    answer(injected, pain_now_avg="3")
    answer(injected, days=50, recent_events=["none"], conditions=["heart"])
    answer(injected, days=60, safety_check=["none"])
    assert open_reviews(injected) == 0


def test_what_does_not_happen_again_is_no_news_when_it_is_ticked_again(lead: Lead, clinician: User) -> None:
    answer(lead, safety_check_b=["B1", "B6", "B8"])
    decide(lead, clinician)
    answer(lead, days=60, safety_check_b=["B1", "B6", "B8"])
    assert open_reviews(lead) == 0


def test_an_emergency_that_is_told_anew_puts_the_lead_on_hold_again(lead: Lead, clinician: User) -> None:
    browser = own_browser(lead)
    for hold in (1, 2):
        browser.post("/my/questions/safety/", {"submission_id": str(uuid.uuid4()), "safety_check": ["A8"]})
        assert Lead.objects.get().safety_hold
        assert SafetyAlert.objects.open().filter(lead=lead).count() == 1
        lift(lead, clinician)
        assert HoldClearing.objects.count() == hold


def test_an_event_told_anew_ends_what_did_not_know_it(injected: Lead, clinician: User, second: User) -> None:
    latest = assessments.latest(injected)
    assert latest is not None
    assessments.override(latest, outcome=Outcome.MORE_INFO, reason="Seen.", by=clinician, now=NOON)
    Lead.objects.filter(pk=injected.pk).update(safety_hold=True)
    waits = decide(injected, clinician)
    answer(injected, safety_check_b=["B5"])
    waits.refresh_from_db()
    assert (waits.void_because, bool(Override.objects.get().ended_at)) == (assessments.NEW_SIGN, True)


# --- What was taken back before anybody had decided -------------------------------------------------------------------
def test_who_decides_is_shown_and_covers_a_sign_that_was_taken_back(
    client: Client, lead: Lead, clinician: User
) -> None:
    decide(lead, clinician)
    answer(lead, safety_check_b=["B1", "B5"])
    answer(lead, days=41, safety_check_b=["none"])
    client.force_login(clinician)
    address = f"/admin/crm/lead/{lead.pk}/decide/"
    form = client.get(address).text
    assert "(B5): told Jan 2, 2027, no longer on record" in form
    assert "(B1)" not in form  # covered, and then taken back
    assert signs.basis(lead).uncovered == ("B5",)
    client.post(address, as_sent(form, having="reason") | {"decision": "continue_care", "reason": "Healed."})
    assert (open_reviews(lead), ReviewDecision.objects.latest("at").signs) == (0, ["B5"])
    assert "(B5)" not in client.get(address).text
    answer(lead, days=42, safety_check_b=["B5"])
    assert open_reviews(lead) == 1


def test_who_lifts_a_hold_is_shown_the_sign_that_was_taken_back(client: Client, lead: Lead, clinician: User) -> None:
    answer(lead, safety_check=["A5"], safety_check_b=["B1"])
    answer(lead, days=41, safety_check=["none"])
    client.force_login(clinician)
    assert "(A5): told Jan 2, 2027, no longer on record" in client.get(f"/admin/crm/lead/{lead.pk}/clear-hold/").text
    lift(lead, clinician)
    assert HoldClearing.objects.get().signs == ["B1", "A5"]
    assert signs.basis(lead).signs == ("B1",)
    answer(lead, days=42, safety_check=["A5"])
    assert Lead.objects.get().safety_hold


# --- What ends a review ----------------------------------------------------------------------------------------------


def test_a_decision_ends_the_review_of_an_imaging_study_only_when_it_is_about_it(lead: Lead, clinician: User) -> None:
    study = imaging.add(lead, by=clinician, now=NOON, modality="mri", region="lumbar")
    for part in ("report", "images"):
        imaging.receive(study, part=part, by=clinician, now=NOON)
    decide(lead, clinician)
    assert Task.objects.open().get(kind=TaskKind.REVIEW).key == imaging.review_key(study)
    decide(lead, clinician, study=study)
    assert (open_reviews(lead), ImagingStudy.objects.get().reviewed_by) == (0, clinician)
    with pytest.raises(ReviewRefused, match="reviewed already"):
        decide(lead, clinician, study=study)


def test_the_queue_opens_the_form_with_the_study_of_its_task(client: Client, lead: Lead, clinician: User) -> None:
    study = imaging.add(lead, by=clinician, now=NOON, modality="mri", region="lumbar")
    for part in ("report", "images"):
        imaging.receive(study, part=part, by=clinician, now=NOON)
    client.force_login(clinician)
    address = f"/admin/crm/lead/{lead.pk}/decide/?study={study.pk}"
    assert address in client.get("/admin/reviews/").content.decode()
    assert f'<option value="{study.pk}" selected>' in client.get(address).content.decode()
    other = make_lead(location=lead.location, email="o@example.org")
    refused = client.post(
        f"/admin/crm/lead/{other.pk}/decide/", {"decision": "suitable", "reason": "x", "study": study.pk}
    )
    assert (refused.status_code, ReviewDecision.objects.count()) == (422, 0)


def all_here(lead: Lead, by: User) -> ImagingStudy:
    study = imaging.add(lead, by=by, now=NOON, modality="mri", region="lumbar")
    come(study, by, "report", "images")
    return study


def come(study: ImagingStudy, by: User, *parts: str) -> None:
    for part in parts:
        imaging.receive(study, part=part, by=by, now=timezone.now())


def test_a_decision_covers_the_pictures_that_its_form_showed(client: Client, lead: Lead, clinician: User) -> None:
    study = all_here(lead, clinician)
    client.force_login(clinician)
    address = f"/admin/crm/lead/{lead.pk}/decide/?study={study.pk}"
    older = as_sent(client.get(address).text, having="reason") | {"decision": "suitable", "reason": "Fits."}
    imaging.take_back(study, part="images", by=clinician, now=timezone.now())
    come(study, clinician, "images")
    for versions in (older["versions"], "", f"{study.pk}=", "|=|", []):
        refused = client.post(address, older | {"seen": str(signs.basis(lead).number), "versions": versions})
        assert (refused.status_code, imaging.CAME_ANEW in refused.text) == (409, True)
    assert not ReviewDecision.objects.exists()
    assert client.post(address, as_sent(refused.text, having="reason")).status_code == 302
    study.refresh_from_db()
    assert study.reviewed_by == clinician


@pytest.mark.parametrize("again", [True, False])
def test_nobody_agrees_about_pictures_that_are_not_the_same_any_more(
    client: Client, lead: Lead, clinician: User, second: User, again: bool
) -> None:
    Lead.objects.filter(pk=lead.pk).update(safety_hold=True)
    study = all_here(lead, clinician)
    made = reviews.decide(
        lead, decision=Decision.SUITABLE, reason="Fits.", by=clinician, now=timezone.now(), study=study
    )
    imaging.take_back(study, part="images", by=clinician, now=timezone.now())
    if again:
        come(study, clinician, "images")
    client.force_login(second)
    told = client.post(
        f"/admin/crm/lead/{lead.pk}/decide/{made.pk}/", {"seen": str(signs.basis(lead).number)}, follow=True
    )
    made.refresh_from_db()
    assert (made.is_in_force, "is not the same any more" in told.text) == (False, True)


def test_two_decisions_leave_one_next_step(lead: Lead, clinician: User, second: User) -> None:
    decide(lead, clinician, Decision.SUITABLE)
    decide(lead, second, Decision.REFER_ELSEWHERE)
    assert Task.objects.open().filter(lead=lead, title__startswith=reviews.WHAT_NEXT).count() == 1


def test_suitable_on_a_lost_lead_says_that_it_is_closed(client: Client, lead: Lead, clinician: User) -> None:
    Lead.objects.filter(pk=lead.pk).update(stage=Stage.LOST, lost_reason="cost")
    client.force_login(clinician)
    address = f"/admin/crm/lead/{lead.pk}/decide/"
    assert "This request is closed (Lost)" in client.get(address).content.decode()
    seen = {"seen": signs.basis(lead).number}
    told = client.post(address, seen | {"decision": "suitable", "reason": "Fits."}, follow=True).content.decode()
    assert "This request is closed (Lost): somebody has to open it again." in told
    assert Task.objects.open().filter(title=f"{reviews.WHAT_NEXT}: the request is closed").exists()


# --- What the patient reads ------------------------------------------------------------------------------------------


def test_under_a_hold_nothing_sounds_mild(lead: Lead) -> None:
    answer(lead, safety_check=["A1"])
    answer(lead, days=41, safety_check=["none"], safety_check_b=["none"], pain_now_avg="1")
    browser = own_browser(lead)
    page = browser.get("/my/").content.decode()
    assert "mild" not in page
    assert "needs emergency care" in page


@pytest.mark.parametrize("code", ["low_impact", "lasting_relief", "early"])
def test_no_reason_is_told_under_a_hold(code: str) -> None:
    reasons = [{"code": code, "evidence": {"kind": "chiropractic"}}]
    assert wording.next_step(reasons, NOON.date(), is_held=True) == [wording.Sentence(wording.EMERGENCY, True)]
    assert wording.next_step(reasons, NOON.date(), is_raised=True) == []
