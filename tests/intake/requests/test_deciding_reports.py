"""Who decides about a report, and what comes over the limit."""

import uuid
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from crm.enums.leads import Decision, Outcome, Stage
from crm.errors import OutOfDate
from crm.leads import reviews
from crm.models import Lead, Location, PatientSession, SafetyAlert, User
from crm.safety import alerts
from intake.assessment import actions as assessments
from intake.assessment import signs
from intake.models import Unproven, UnprovenRequest
from intake.requests import actions, unproven
from intake.requests.unproven import UnprovenRefused
from tests.factories import make_user, own_browser, prove
from tests.intake.requests.test_reports import (
    A_SIGN,
    B_SIGN,
    OVER,
    first_form,
    is_in_the_record,
    page,
    proves,
    reviews_of,
    the_report,
    what_counts,
)
from tests.intake.requests.test_submit import request_of


@pytest.fixture
def known(center: Location) -> Lead:
    """Maria Sample, with a decision against the rules that counts."""
    lead = actions.submit(request_of(center)).lead
    by = make_user("clinician", email="first@example.org")
    latest = assessments.latest(lead)
    assert latest is not None
    other = next(one for one in (Outcome.CONSULT_LIKELY, Outcome.MORE_INFO) if one != latest.outcome)
    assessments.override(latest, outcome=other, reason="Seen and examined.", by=by, now=timezone.now())
    return Lead.objects.get(pk=lead.pk)


# --- Whoever decides about a report -----------------------------------------------------------------------------------
def test_two_people_who_take_over_are_one(known: Lead, clinician: User, coordinator: User) -> None:
    OVER["closed"](known, A_SIGN)
    report = the_report()
    unproven.take_over(report, by=clinician, now=timezone.now())
    before = (assessments.latest(known), SafetyAlert.objects.count(), reviews_of(known))
    with pytest.raises(UnprovenRefused):
        unproven.take_over(report, by=coordinator, now=timezone.now())
    with pytest.raises(UnprovenRefused):
        unproven.set_aside(report, by=clinician, note="Not theirs.", now=timezone.now())
    assert (assessments.latest(known), SafetyAlert.objects.count(), reviews_of(known)) == before


@pytest.mark.parametrize("sign", [A_SIGN, B_SIGN])
def test_only_who_may_decide_signs_sets_a_report_aside(
    known: Lead, clinician: User, coordinator: User, sign: dict[str, Any]
) -> None:
    OVER["closed"](known, sign)
    report, before = the_report(), what_counts(known)
    with pytest.raises(UnprovenRefused):
        unproven.set_aside(report, by=coordinator, note="She says no.", now=timezone.now())
    assert reviews_of(known)
    unproven.set_aside(report, by=clinician, note="She says no.", now=timezone.now())
    assert (reviews_of(known), what_counts(known)) == ([], before)
    proves(own_browser(known), known)
    assert what_counts(known) == before


def test_what_is_pressed_again_after_it_was_set_aside_is_no_second_report(known: Lead, clinician: User) -> None:
    browser, form = Client(), str(uuid.uuid4())
    browser.cookies["patient"] = prove(known).secret
    PatientSession.objects.update(ended_at=timezone.now())
    page(browser, A_SIGN, submission_id=form)
    unproven.set_aside(the_report(), by=clinician, note="She says no.", now=timezone.now())
    page(browser, A_SIGN, submission_id=form)
    assert not UnprovenRequest.objects.filter(state=Unproven.WAITING).exists()
    page(browser, A_SIGN)
    assert the_report().has_sign


@pytest.mark.parametrize("stage", [Stage.LOST, Stage.DORMANT, Stage.PATIENT])
def test_a_report_about_a_closed_request_or_a_patient_counts_too(known: Lead, clinician: User, stage: Stage) -> None:
    OVER["left alone"](known, A_SIGN | B_SIGN)
    Lead.objects.filter(pk=known.pk).update(stage=stage, lost_reason="other" if stage == Stage.LOST else "")
    unproven.take_over(the_report(), by=clinician, now=timezone.now())
    known.refresh_from_db()
    assert is_in_the_record(known, "A1")
    assert (known.safety_hold, len(reviews_of(known))) == (True, 1)


def test_what_a_later_answer_has_taken_back_is_reviewed_all_the_same(known: Lead, clinician: User) -> None:
    OVER["left alone"](known, B_SIGN)
    page(own_browser(known), {})
    older = signs.basis(known).number
    unproven.take_over(the_report(), by=clinician, now=timezone.now())
    assert not is_in_the_record(known, "B2")
    assert len(reviews_of(known)) == 1
    assert "(B2): told " in " ".join(signs.basis(known).words)
    decides: dict[str, Any] = {"decision": Decision.CONTINUE_CARE, "reason": "Known.", "by": clinician}
    with pytest.raises(OutOfDate):
        reviews.decide(known, seen=older, now=timezone.now(), **decides)
    assert reviews.decide(known, now=timezone.now(), **decides).signs == ["B2"]
    assert (reviews_of(known), signs.basis(known).words) == ([], ())


def test_more_signs_that_come_before_the_decision_are_looked_at_first(known: Lead, clinician: User) -> None:
    browser, _answer = OVER["left alone"](known, A_SIGN)
    report = the_report()
    seen = unproven.latest(report)
    page(browser, {"safety_check": ["A5"]})
    with pytest.raises(UnprovenRefused, match="More was sent"):
        unproven.take_over(report, by=clinician, seen=seen, now=timezone.now())


def test_a_hold_that_is_lifted_covers_no_report(known: Lead, clinician: User) -> None:
    OVER["closed"](known, A_SIGN)
    alerts.acknowledge(known, by=clinician, now=timezone.now())
    unproven.take_over(the_report(), by=clinician, now=timezone.now())
    first_form("/candidate/")(known, {"safety_check": ["A5"]})
    alerts.acknowledge(known, by=clinician, now=timezone.now())
    alerts.clear_hold(known, by=clinician, note="Examined.", now=timezone.now())
    assert not Lead.objects.get().safety_hold
    unproven.take_over(the_report(), by=clinician, now=timezone.now())
    assert Lead.objects.get().safety_hold


def test_staff_read_which_signs_a_report_names(known: Lead, desk: Client) -> None:
    OVER["closed"](known, {"safety_check": ["A1"], "safety_check_b": ["B2"]})
    shown = desk.get(f"/admin/crm/lead/{known.pk}/change/").content.decode()
    assert "A warning sign was reported in this name." in shown
    assert "(A1)" in shown
    assert "(B2)" in shown


def test_the_queue_tells_a_report_from_a_review_of_the_record(known: Lead, clinician: User, client: Client) -> None:
    """A decision about the record would leave the report's review where it is."""
    OVER["closed"](known, {"safety_check": ["A1"], "safety_check_b": ["B2"]})
    client.force_login(clinician)
    queue = client.get("/admin/reviews/").text
    row = queue.partition("what was sent in this name")[2].partition("</li>")[0]
    assert f'href="/admin/crm/lead/{known.pk}/change/">See what was sent' in row
    assert "/decide/" not in row
    page(own_browser(known), {"safety_check_b": ["B5"]})
    assert f"/admin/crm/lead/{known.pk}/decide/" in client.get("/admin/reviews/").text


# --- Over the limit ---------------------------------------------------------------------------------------------------
ROUTES = ["/candidate/", "/candidate/call-me/", "/candidate/embed/", "/my/questions/recheck/", "/my/questions/safety/"]


@pytest.mark.parametrize("route", [*ROUTES, *(f"/es{route}" for route in ROUTES)])
@pytest.mark.parametrize("too_much", ["bytes", "fields"])
def test_an_answer_over_the_limit_says_what_to_do_in_an_emergency(center: Location, route: str, too_much: str) -> None:
    more = {"message": "x" * 600_000} if too_much == "bytes" else {f"more{number}": "1" for number in range(500)}
    answer = Client(raise_request_exception=False).post(route, {"safety_check": ["A1"]} | more)
    text = answer.content.decode()
    assert answer.status_code in {200, 302, 400, 413}
    if answer.status_code == 302:
        text = Client().get(answer["Location"]).content.decode()
    assert 'href="tel:911"' in text
