"""Decisions against the rules: what they were made against, how long they count, and who may end one."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from crm.admin.lead.basis import id_of
from crm.enums.leads import Decision, Outcome, TaskKind
from crm.errors import OutOfDate, OverrideRefused
from crm.leads import reviews
from crm.models import Lead, Location, Task, User
from crm.safety import alerts
from intake.assessment import actions as assessments
from intake.assessment import overrides, signs
from intake.desk import summary_head
from intake.models import Assessment, Override, Submission
from intake.requests import actions
from tests.factories import NOON, make_user, own_browser
from tests.intake.requests.test_submit import request_of
from tests.page_forms import as_sent


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


def test_what_waits_stays_through_data_that_do_not_touch_it(urgent: Lead, first: User, second: User) -> None:
    made = decide(urgent, Outcome.CONSULT_LIKELY, first)
    answer(urgent, pain_now_avg="5")
    made.refresh_from_db()
    assert made.ended_at is None
    with pytest.raises(OutOfDate) as late:
        assessments.approve(made, by=second, now=NOON, seen=made.assessment.number)
    assert "Answered: Your pain" in late.value.news[0]
    Lead.objects.filter(pk=urgent.pk).update(safety_hold=False)
    assessments.approve(made, by=second, now=NOON, seen=made.assessment.number + 1)
    assert counts(urgent) == Outcome.CONSULT_LIKELY


def test_what_waits_is_void_when_a_sign_comes(urgent: Lead, first: User, second: User) -> None:
    made = decide(urgent, Outcome.CONSULT_LIKELY, first)
    answer(urgent, safety_check=["A2", "A3"])
    with pytest.raises(OverrideRefused, match="void: A warning sign came"):
        approve(made, second)
    assert (counts(urgent), asked(urgent)) == (Outcome.URGENT, 1)


def tick_again(lead: Lead) -> None:
    """The emergency for which the lead was urgent, at the re-check."""
    told = {"safety_check": "A2", "pain_now_avg": "5", "pain_enjoyment": "5", "pain_activity": "5"}
    sent = own_browser(lead).post(
        "/my/questions/recheck/", told | {"submission_id": str(uuid.uuid4()), "new_treatments": "no"}
    )
    assert (sent.status_code, Lead.objects.get(pk=lead.pk).safety_hold) == (302, True)


def lift(lead: Lead, by: User) -> None:
    alerts.acknowledge(lead, by=by, now=NOON)
    alerts.clear_hold(lead, by=by, note="Examined.", now=NOON)


def test_an_emergency_told_again_ends_what_two_people_had_lowered(urgent: Lead, first: User, second: User) -> None:
    Lead.objects.filter(pk=urgent.pk).update(safety_hold=True)
    made = decide(urgent, Outcome.CONSULT_LIKELY, first)
    approve(made, second)
    lift(urgent, first)
    assert counts(urgent) == Outcome.CONSULT_LIKELY
    for _ in range(2):
        tick_again(urgent)
        lift(urgent, first)
        made.refresh_from_db()
        assert (counts(urgent), asked(urgent)) == (Outcome.URGENT, 1)
        assert made.ended_because.startswith("A warning sign came: ")
        approve(decide(urgent, Outcome.MORE_INFO, first), second)
        assert counts(urgent) == Outcome.MORE_INFO


def test_an_emergency_told_again_makes_what_waits_void(urgent: Lead, first: User, second: User) -> None:
    made = decide(urgent, Outcome.CONSULT_LIKELY, first)
    review = reviews.decide(urgent, decision=Decision.SUITABLE, reason="Fits.", by=first, now=NOON)
    tick_again(urgent)
    lift(urgent, first)
    with pytest.raises(OverrideRefused, match="void: A warning sign came"):
        approve(made, second)
    review.refresh_from_db()
    assert review.void_because == assessments.NEW_SIGN


def test_an_emergency_that_nobody_tells_again_ends_nothing(urgent: Lead, first: User, second: User) -> None:
    Lead.objects.filter(pk=urgent.pk).update(safety_hold=True)
    made = decide(urgent, Outcome.CONSULT_LIKELY, first)
    approve(made, second)
    lift(urgent, first)
    answer(urgent, pain_now_avg="5", safety_check_b=["none"])
    made.refresh_from_db()
    assert (made.ended_at, counts(urgent)) == (None, Outcome.CONSULT_LIKELY)


def test_who_lifts_a_hold_is_shown_which_decision_counts_then(client: Client, urgent: Lead, first: User) -> None:
    Lead.objects.filter(pk=urgent.pk).update(safety_hold=True)
    decide(urgent, Outcome.CONSULT_LIKELY, first)
    client.force_login(first)
    page = client.get(f"/admin/crm/lead/{urgent.pk}/clear-hold/").text
    shown = (
        "Flo First decided: Consultation reasonable. Letter read. (Nov 23, 2026, against rule R1, waits for a second"
    )
    assert shown in page


def test_what_waits_is_void_when_another_decision_follows(urgent: Lead, first: User, second: User) -> None:
    made = decide(urgent, Outcome.CONSULT_LIKELY, first)
    other = decide(urgent, Outcome.CONTINUE_CONSERVATIVE, second)
    with pytest.raises(OverrideRefused, match="Another decision followed"):
        approve(made, second)
    approve(other, first)
    assert counts(urgent) == Outcome.CONTINUE_CONSERVATIVE


def test_what_waits_can_be_withdrawn_by_one(urgent: Lead, first: User) -> None:
    made = decide(urgent, Outcome.CONSULT_LIKELY, first)
    decide(urgent, Outcome.URGENT, first, reason="Not after all.")
    made.refresh_from_db()
    assert (made.ended_by, Override.objects.standing().exists()) == (first, False)


def test_the_queue_lists_it_with_reason_and_news(client: Client, urgent: Lead, first: User, second: User) -> None:
    made = decide(urgent, Outcome.CONSULT_LIKELY, first)
    answer(urgent, pain_now_avg="5")
    client.force_login(second)
    page = client.get("/admin/reviews/").content.decode()
    listed = page.split("Decisions against the rules that wait")[1]
    assert all(words in listed for words in ("Letter read.", "New since: ", "Answered: Your pain", "Flo First"))
    address = f"/admin/crm/lead/{urgent.pk}/outcome/{made.pk}/"
    client.post(address, {"seen": made.assessment.number})
    assert not Override.objects.get().is_in_force
    client.post(address, {"seen": listed.split('name="seen" value="')[1].split('"')[0]})
    assert Override.objects.get().is_in_force


def test_who_approves_on_the_page_of_the_lead_is_shown_what_is_new(
    client: Client, urgent: Lead, first: User, second: User
) -> None:
    made = decide(urgent, Outcome.CONSULT_LIKELY, first)
    client.force_login(second)
    address = f"/admin/crm/lead/{urgent.pk}/change/"
    assert "Nothing new since." in client.get(address).text
    answer(urgent, pain_now_avg="5")
    box = client.get(address).text.partition("candidacy-outcome")[2]
    assert "New since: Nov 23" in box
    assert "Answered: Your pain" in box
    client.post(f"/admin/crm/lead/{urgent.pk}/outcome/{made.pk}/", {"seen": box.split('name="seen" value="')[1][0]})
    assert Override.objects.get().is_in_force


# --- The pages --------------------------------------------------------------------------------------------------------


def test_the_box_names_what_it_was_made_against_as_long_as_it_counts(client: Client, lead: Lead, first: User) -> None:
    decide(lead, Outcome.CONSULT_LIKELY, first)
    answer(lead, pain_now_avg="8")
    client.force_login(first)
    page = client.get(f"/admin/crm/lead/{lead.pk}/change/").content.decode()
    box = " ".join(page.split("candidacy-outcome")[1].split())
    assert "by Flo First, Nov 23, 2026: Letter read." in box
    assert "Decided against rule R9 (Continue conservative care), on what was known Nov 23, 2026 (no. 1)." in box


def test_an_older_form_is_refused_with_the_news(client: Client, lead: Lead, first: User) -> None:
    client.force_login(first)
    address = f"/admin/crm/lead/{lead.pk}/outcome/"
    shown = client.get(address).content.decode()
    typed = {"seen": shown.split('name="seen" value="')[1].split('"')[0], "outcome": "CONSULT_LIKELY", "reason": "Ok."}
    answer(lead, safety_check_b=["B2"])
    refused = client.post(address, typed)
    assert (refused.status_code, Override.objects.count()) == (409, 0)
    assert "Warning sign: You lost weight" in refused.content.decode()
    again = refused.content.decode().split('name="seen" value="')[1].split('"')[0]
    assert client.post(address, typed | {"seen": again}).status_code == 302


def test_the_second_person_sees_the_first_decision(client: Client, lead: Lead, first: User, second: User) -> None:
    client.force_login(second)
    address = f"/admin/crm/lead/{lead.pk}/outcome/"
    shown = client.get(address).text
    decide(lead, Outcome.CONSULT_LIKELY, first)
    typed = {"seen": shown.split('name="seen" value="')[1].split('"')[0], "earlier": ""}
    typed |= {"outcome": "OUT_OF_SCOPE", "reason": "Lives elsewhere."}

    refused = client.post(address, typed)

    assert (refused.status_code, Override.objects.count()) == (409, 1)
    assert "Flo First decided: Consultation reasonable. Letter read." in refused.text
    assert "Lives elsewhere." in refused.text
    known = refused.text.split('name="earlier" value="')[1].split('"')[0]
    assert "Letter read." in client.get(address).text
    assert client.post(address, typed | {"earlier": known}).status_code == 302
    assert counts(lead) == Outcome.OUT_OF_SCOPE


@pytest.mark.parametrize("happens", ["the rules say it", "a colleague decides it"])
def test_an_older_form_is_refused_with_the_news_though_its_choice_is_gone(
    client: Client, lead: Lead, first: User, second: User, happens: str
) -> None:
    client.force_login(second)
    address = f"/admin/crm/lead/{lead.pk}/outcome/"
    form = as_sent(client.get(address).text, having="reason") | {"outcome": "OUT_OF_SCOPE", "reason": "A child."}
    if happens == "the rules say it":
        answer(lead, date_of_birth="2010-01-01")
    else:
        decide(lead, Outcome.OUT_OF_SCOPE, first)
    refused = client.post(address, form)
    assert refused.status_code == 409
    assert ("Answered: Your pain" if happens == "the rules say it" else "Flo First decided: ") in refused.text
    assert "A child." in refused.text
    again = as_sent(refused.text, having="reason") | {"outcome": "MORE_INFO"}
    assert client.post(address, again).status_code == 302


def test_taking_back_is_offered_where_there_is_something_to_take_back(client: Client, lead: Lead, first: User) -> None:
    client.force_login(first)
    address = f"/admin/crm/lead/{lead.pk}/outcome/"
    assert "taken back" not in client.get(address).content.decode()
    decide(lead, Outcome.CONSULT_LIKELY, first)
    assert (
        "Continue conservative care: as the rules say, the decision is taken back"
        in client.get(address).content.decode()
    )
    seen = {"seen": signs.basis(lead).number, "earlier": id_of(overrides.latest(lead))}
    client.post(address, seen | {"outcome": "CONTINUE_CONSERVATIVE", "reason": "Mixed up."})
    assert counts(lead) == Outcome.CONTINUE_CONSERVATIVE


def test_a_person_is_asked_without_a_word_about_health(lead: Lead, first: User) -> None:
    decide(lead, Outcome.CONSULT_LIKELY, first)
    answer(lead, pain_now_avg="0")
    assert Task.objects.get(title=overrides.LOOK_AGAIN).kind == TaskKind.OTHER
    decide(lead, Outcome.CONSULT_LIKELY, first)
    assert asked(lead) == 0


def test_the_paper_names_it_as_long_as_it_counts(lead: Lead, first: User) -> None:
    decide(lead, Outcome.CONSULT_LIKELY, first)
    latest = answer(lead, pain_now_avg="8")
    [told] = summary_head.of_lead(lead, latest)["decided"]
    assert (told.what, told.who, told.why) == (
        "Against the rules: Consultation reasonable",
        "Flo First",
        "Letter read.",
    )
    assert told.against == "rule R9 (Continue conservative care), on what was known Nov 23, 2026"
    latest = answer(lead, minutes=2, pain_now_avg="0")  # another rule with the same outcome
    assert summary_head.of_lead(lead, latest)["decided"] == []


def test_the_box_of_a_lead_tells_the_signs_of_a_decision_in_words(lead: Lead, first: User, desk: Client) -> None:
    answer(lead, safety_check_b=["B2", "unsure_B5"])
    decide(lead, Outcome.CONSULT_LIKELY, first)
    page = desk.get(f"/admin/crm/lead/{lead.pk}/change/").content.decode()
    box = page.partition('<div class="answers candidacy">')[2]
    assert "knowing You lost weight without trying" in box
    assert "(B5, not sure), on what was known" in box
    assert "unsure_B5" not in box


def test_the_paper_names_no_decision_that_is_void(urgent: Lead, first: User) -> None:
    reviews.decide(urgent, decision=Decision.SUITABLE, reason="Fits.", by=first, now=NOON)
    decide(urgent, Outcome.CONSULT_LIKELY, first)
    latest = assessments.latest(urgent)
    assert [one.waits for one in summary_head.of_lead(urgent, latest)["decided"]] == [True, True]
    latest = answer(urgent, safety_check=["A2", "A3"])
    assert summary_head.of_lead(urgent, latest)["decided"] == []
