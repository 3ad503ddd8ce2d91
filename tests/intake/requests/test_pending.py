"""What a browser sends that has not shown whose it is: kept at once, applied by a worker, never lost."""

import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from crm import periodic
from crm.enums.leads import Outcome
from crm.leads import treatments
from crm.models import Lead, Location, Measurement, PatientSession, SafetyAlert, Task, Treatment, User
from intake.assessment import actions as assessments
from intake.models import Assessment, PendingSubmission, Submission, Unproven, UnprovenRequest
from intake.requests import actions, bot_protection, page_submission, pending, unproven
from intake.requests.page_effects import Sent
from tests.factories import Visitor, make_user, own_browser, step_one
from tests.intake.portal.test_my import ABOUT, PAIN, sent
from tests.intake.requests.test_submit import request_of


@pytest.fixture
def visitor(center: Location, client: Client) -> Client:
    """Maria, who goes on in the browser that has sent her request."""
    return going_on(client)


@pytest.fixture
def lead(visitor: Client) -> Lead:
    return Lead.objects.get()


def going_on(browser: Client, **changes: Any) -> Client:
    browser.post("/candidate/", step_one(**changes))
    assert browser.post("/candidate/go-on/").status_code == 302
    return browser


def page_of(session: PatientSession, **answers: Any) -> Sent:
    return Sent(session, "pain", "Your pain", answers, uuid.uuid4(), timezone.now())


# --- By a worker, or by whatever is alive -----------------------------------------------------------------------------
def test_a_page_is_on_record_at_once_and_applied_by_a_worker(visitor: Client, lead: Lead) -> None:
    ratings = Measurement.objects.count()
    visitor.post("/my/questions/pain/", sent(**PAIN, nrs_leg_avg="8"))
    assert lead.submissions.filter(page="pain").exists()
    assert Measurement.objects.count() == ratings
    assert pending.apply_due(timezone.now()) == 1
    assert Measurement.objects.count() == ratings + 3
    assert (pending.apply_due(timezone.now()), PendingSubmission.objects.count()) == (0, 0)


def test_the_sweep_applies_what_nobody_was_told_of(visitor: Client, lead: Lead) -> None:
    visitor.post("/my/questions/about-you/", sent(**ABOUT))
    periodic.once()
    lead.refresh_from_db()
    assert lead.date_of_birth == "1970-03-15"


def test_one_that_cannot_be_applied_holds_up_no_other(
    visitor: Client, lead: Lead, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor.post("/my/questions/about-you/", sent(**ABOUT))
    visitor.post("/my/questions/pain/", sent(**PAIN))
    monkeypatch.setattr(pending, "MOST_AT_ONCE", 1)
    with monkeypatch.context() as broken:
        broken.setattr("crm.leads.actions.tell_birthday", lambda *_args, **_more: 1 / 0)
        assert pending.apply_due(timezone.now()) == 1
    assert [one.submission.page for one in PendingSubmission.objects.all()] == ["about-you"]
    assert pending.apply_due(timezone.now()) == 1


@pytest.mark.django_db(transaction=True)
def test_many_workers_apply_each_page_once_and_in_order(visitor: Client, lead: Lead) -> None:
    for number in range(6):
        visitor.post("/my/questions/pain/", sent(**PAIN | {"pain_now_avg": str(number)}))
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        pending.apply_due(timezone.now())
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    pending.apply_due(timezone.now())
    rated = Measurement.objects.filter(kind="nrs_avg").order_by("entry")
    assert [int(one.value) for one in rated] == [7, 0, 1, 2, 3, 4, 5]


def test_a_sign_on_a_page_holds_at_once_and_is_judged_by_a_worker(visitor: Client, lead: Lead) -> None:
    visitor.post("/my/questions/pain/", sent(safety_check=["A1"]))
    lead.refresh_from_db()
    assert (lead.safety_hold, lead.outcome, SafetyAlert.objects.count()) == (True, Outcome.URGENT, 1)
    judged = Assessment.objects.count()
    pending.apply_due(timezone.now())
    assert Assessment.objects.count() == judged + 1
    assert lead.activities.filter(kind="safety_hold").count() == 1


def test_what_staff_have_corrected_meanwhile_stays(visitor: Client, lead: Lead, coordinator: User) -> None:
    visitor.post("/my/treatments/", sent(kinds=["chiropractic"]))
    pending.apply_due(timezone.now())
    row = Treatment.objects.get()
    treatments.correct(row, by=coordinator, end_date=timezone.localdate() - timedelta(days=900))
    visitor.post(f"/my/treatments/{row.pk}/", sent(start="03/2026", going_on="yes"))
    pending.apply_due(timezone.now())
    row.refresh_from_db()
    assert (row.start_date, row.ongoing) == (None, False)  # that it goes on contradicts the end
    assert Submission.objects.filter(page="treatments").latest("at").answers["told"]["start"] == "03/2026"
    assert not PendingSubmission.objects.exists()


# --- The id of a page was made by a browser ---------------------------------------------------------------------------
def test_the_id_of_a_page_is_of_one_request_alone(center: Location) -> None:
    """Somebody who has seen it, or chosen it, cannot have anybody else's page swallowed, nor learn that it was sent."""
    page, other = sent(**PAIN), {"last_name": "Other", "email": "other@example.org", "phone": "(212) 555-0155"}
    stranger = going_on(Visitor(), **other)
    in_the_name = going_on(Visitor(), **other)
    maria = going_on(Visitor())
    for browser in (stranger, in_the_name, maria, own_browser(Lead.objects.get(last_name="Sample"))):
        assert browser.post("/my/questions/pain/", page).status_code == 302
    kept = Submission.objects.filter(page="pain").select_related("lead")
    names = sorted((one.lead.last_name, one.unproven_id is not None) for one in kept)
    assert names == [("Other", False), ("Other", True), ("Sample", False)]


def test_a_page_with_the_id_of_the_request_is_kept(center: Location) -> None:
    form = str(uuid.uuid4())
    browser = going_on(Visitor(), submission_id=form)
    for answers in (PAIN, PAIN, PAIN | {"pain_now_avg": "2"}):
        browser.post("/my/questions/pain/", answers | {"submission_id": form})
    assert Submission.objects.filter(page="pain").count() == 2


# --- After a decision -------------------------------------------------------------------------------------------------
@pytest.fixture
def in_the_name(center: Location) -> PatientSession:
    """A browser that goes on with a request in Maria's name."""
    actions.submit(request_of(center))
    going_on(Client(), pain_now_avg="1")
    return PatientSession.objects.select_related("lead__location").get()


def decide(**how: Any) -> None:
    [waits] = unproven.waiting(Lead.objects.get())
    unproven.set_aside(waits, by=make_user("coordinator"), note="Not hers.", now=timezone.now())


def test_a_page_that_comes_after_the_decision_is_shown_to_staff(in_the_name: PatientSession, desk: Client) -> None:
    decide()
    assert page_submission.keep_page(page_of(in_the_name, pain_now_avg="2"))
    [late] = unproven.waiting(in_the_name.lead)
    assert [one.page for one in late.submissions.all()] == ["pain"]
    shown = desk.get(reverse("admin:crm_lead_change", args=[late.lead_id])).content.decode()
    assert "Answers came after a request in this name was set aside." in shown
    pending.apply_due(timezone.now())
    assert Measurement.objects.count() == 1  # that of the request


@pytest.mark.parametrize("theirs", [True, False])
def test_a_late_page_is_decided_about_like_any(in_the_name: PatientSession, theirs: bool) -> None:
    decide()
    page_submission.keep_emergency(page_of(in_the_name, safety_check=["A1"]))
    page_submission.keep_page(page_of(in_the_name, pain_now_avg="2"))
    by, lead = make_user("clinician"), Lead.objects.get()
    for late in unproven.waiting(lead):
        if theirs:
            unproven.take_over(late, by=by, now=timezone.now())
        else:
            unproven.set_aside(late, by=by, note="Nor these.", now=timezone.now())
    assert unproven.waiting(lead) == []
    assert Measurement.objects.filter(value=2).exists() is theirs
    lead.refresh_from_db()
    assert lead.safety_hold is theirs
    assert SafetyAlert.objects.count() == 1


def test_a_page_that_comes_after_it_was_them_counts(in_the_name: PatientSession) -> None:
    [waits] = unproven.waiting(in_the_name.lead)
    unproven.take_over(waits, by=make_user("coordinator"), now=timezone.now())
    page_submission.keep_page(page_of(in_the_name, pain_now_avg="2"))
    pending.apply_due(timezone.now())
    assert Measurement.objects.filter(value=2).exists()
    assert UnprovenRequest.objects.get().state == Unproven.TAKEN_OVER


def test_insurance_told_in_the_name_is_verified_once_it_was_them(in_the_name: PatientSession) -> None:
    told = {"payer_name": "Aetna", "plan_type": "commercial"}
    page_submission.keep_page(Sent(in_the_name, "insurance", "Insurance", told, uuid.uuid4(), timezone.now()))
    [waits] = unproven.waiting(in_the_name.lead)
    unproven.take_over(waits, by=make_user("coordinator"), now=timezone.now())
    assert in_the_name.lead.tasks.filter(kind="verify").count() == 1
    latest = assessments.latest(in_the_name.lead)
    assert latest is not None


# --- Limits -----------------------------------------------------------------------------------------------------------
@pytest.fixture
def few(settings: Settings, visitor: Client) -> int:
    settings.REQUESTS_AN_HOUR = 1
    return bot_protection.PAGES_WITH_A_REQUEST


def test_pages_of_one_request_have_a_limit_that_loses_nothing(visitor: Client, few: int) -> None:
    for number in range(few):
        assert visitor.post("/my/questions/pain/", sent(**PAIN, goals=str(number))).status_code == 302
    refused = visitor.post("/my/questions/pain/", sent(**PAIN, goals="Walk my dog again"))
    assert refused.status_code == 429
    assert "Walk my dog again" in refused.content.decode()
    assert "Nothing you typed is lost" in refused.content.decode()
    assert Submission.objects.filter(page="pain").count() == few
    picked = visitor.post("/my/treatments/", sent(kinds=["heat"]))
    assert picked.status_code == 429
    assert 'value="heat"' in picked.content.decode().split(" checked")[0][-60:]


def test_a_limit_hides_no_emergency_page_and_no_sign(visitor: Client, lead: Lead, few: int) -> None:
    for _ in range(few + 1):
        visitor.post("/my/questions/pain/", sent(**PAIN))
    for _ in range(few + 1):
        answer = visitor.post("/my/questions/pain/", sent(safety_check=["A1"]))
        assert answer["Location"] == "/candidate/emergency/"
    lead.refresh_from_db()
    is_loud = SafetyAlert.objects.get().next_level_at is not None  # the first one calls, however many pages went before
    assert (lead.safety_hold, is_loud) == (True, True)


@pytest.mark.parametrize("is_of_a_treatment", [False, True])
def test_a_sign_over_the_limit_is_kept_and_calls_somebody_without_mails(
    visitor: Client, lead: Lead, settings: Settings, is_of_a_treatment: bool
) -> None:
    visitor.post("/my/treatments/", sent(kinds=["esi_unknown"]))
    ticked = Submission.objects.get(page="treatments").answers["treatment"]
    settings.REQUESTS_AN_HOUR = 0
    address = f"/my/treatments/{ticked}/" if is_of_a_treatment else "/my/questions/pain/"
    sign = {"since_then": ["fever", "worse_pain"]} if is_of_a_treatment else {"safety_check": ["A7"]}
    answer = visitor.post(address, sent(**sign))
    assert "We have received what you sent" in visitor.get(answer["Location"]).content.decode()
    lead.refresh_from_db()
    alert = SafetyAlert.objects.open().get(lead=lead)
    assert (lead.safety_hold, alert.next_level_at) == (True, None)
    assert Task.objects.open().filter(lead=lead, kind="urgent_call").count() == 1
    assert Submission.objects.filter(page="treatments" if is_of_a_treatment else "pain").exists()


def test_pages_from_one_connection_have_a_limit(
    visitor: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [going_on(Client(), last_name=f"Other{number}") for number in range(2)]
    settings.REQUESTS_AN_HOUR = 1
    monkeypatch.setattr(bot_protection, "PAGES_FROM_AN_ADDRESS", 3)
    pages = [browser.post("/my/questions/pain/", sent(**PAIN)).status_code for browser in [visitor, *others] * 2]
    assert pages == [302, 302, 302, 429, 429, 429]
    for number in range(2):
        there = f"2001:db8::{number}"
        assert visitor.post("/my/questions/pain/", sent(**PAIN), REMOTE_ADDR=there).status_code == 302


def test_whoever_has_shown_who_they_are_is_not_counted(lead: Lead, few: int) -> None:
    browser = own_browser(lead)
    for _ in range(few + 1):
        assert browser.post("/my/questions/pain/", sent(**PAIN)).status_code == 302
