"""Decisions against the rules that want a second person, and the pages on which both decide."""

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
from intake.models import Override
from intake.requests import actions
from tests.factories import NOON, make_user
from tests.intake.assessment.test_overrides import answer, approve, asked, counts, decide, tick_again
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


@pytest.fixture
def urgent(center: Location) -> Lead:
    lead = actions.submit(request_of(center, safety_check=["A2"], urgent=True)).lead
    Lead.objects.filter(pk=lead.pk).update(safety_hold=False)
    return lead


# --- A second person --------------------------------------------------------------------------------------------------
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
