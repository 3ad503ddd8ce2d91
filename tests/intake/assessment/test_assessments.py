"""When the rules are asked, what is kept, and who may decide otherwise."""

import uuid
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from crm.enums.leads import ActivityKind, Outcome, TaskKind
from crm.enums.treatments import MeasurementKind, Source
from crm.errors import MeasurementRefused, OverrideRefused
from crm.leads import actions as leads
from crm.leads import measurements, treatments
from crm.models import Lead, Location, Task
from intake.assessment import actions as assessments
from intake.assessment import answer_history
from intake.models import Assessment, Override, Submission
from intake.requests import actions
from tests.factories import NOON, PASSWORD, make_lead, make_user
from tests.intake.requests.test_submit import request_of

PT = {"kind": "pt_supervised", "start_date": date(2026, 3, 1), "end_date": date(2026, 6, 30), "sessions": 12}
PT_TOLD = PT | {"relief_percent": 20, "start_precision": "day", "end_precision": "day"}
NSAID = PT_TOLD | {"kind": "med_nsaid_rx", "sessions": None}


@pytest.fixture
def lead(center: Location) -> Lead:
    """Maria: six months, 7 of 10, ticked physical therapy, medication and injections, told nothing of them yet."""
    return actions.submit(request_of(center)).lead


def outcome_of(lead: Lead) -> str:
    return Lead.objects.get(pk=lead.pk).outcome


def answer(lead: Lead, *, minutes: int = 1, **answers: Any) -> None:
    """Another page of answers, later."""
    Submission.objects.create(
        id=uuid.uuid4(),
        lead=lead,
        page="pain",
        answers=answers,
        answers_digest="",
        questionnaire_version="test",
        at=NOON + timedelta(minutes=minutes),
    )


def test_a_request_is_assessed_at_once(lead: Lead) -> None:
    made = Assessment.objects.get()
    assert (made.lead, made.at, made.cause, made.rules_version) == (lead, NOON, "First request", "2026-11")
    assert (made.outcome, made.rule) == (Outcome.MORE_INFO, "R7")
    assert [reason["code"] for reason in made.reasons] == ["dates_missing"]
    assert made.snapshot["answers"]["regions"] == ["low_back"]
    assert outcome_of(lead) == Outcome.MORE_INFO


def test_telling_the_treatments_makes_a_consultation_reasonable(lead: Lead) -> None:
    treatments.add(lead, by=None, source=Source.COORDINATOR, now=NOON, **PT_TOLD)
    treatments.add(lead, by=None, source=Source.COORDINATOR, now=NOON + timedelta(minutes=1), **NSAID)
    assert outcome_of(lead) == Outcome.CONSULT_LIKELY
    assert [made.rule for made in Assessment.objects.order_by("at")] == ["R7", "R7", "R11"]
    assert lead.activities.get(kind=ActivityKind.OUTCOME).summary == (
        "More information needed → Consultation reasonable (treatments changed)"
    )


def test_a_correction_is_assessed_again(lead: Lead) -> None:
    told = treatments.add(lead, by=None, source=Source.COORDINATOR, now=NOON, **PT_TOLD)
    treatments.add(lead, by=None, source=Source.COORDINATOR, now=NOON + timedelta(minutes=1), **NSAID)
    treatments.correct(told, by=None, now=NOON + timedelta(minutes=2), sessions=5)
    assert outcome_of(lead) == Outcome.CONTINUE_CONSERVATIVE
    assert Lead.objects.get().recheck_on == date(2027, 1, 4)


def test_the_same_again_is_no_new_assessment(lead: Lead) -> None:
    assessments.assess(lead, cause="Asked again", now=NOON + timedelta(days=3))
    assert Assessment.objects.count() == 1


def test_a_later_page_wins_and_the_rest_stays(lead: Lead) -> None:
    answer(lead, pain_now_avg="2", worse_with=["walking", "coughing"])
    answers = answer_history.current_answers(lead)
    assert (answers["pain_now_avg"], answers["pain_region"]) == ("2", ["low_back"])
    snapshot = answer_history.snapshot_of(lead, answer_history.current_answers(lead), now=NOON)
    assert (snapshot.answers.nrs_average, snapshot.answers.worse_with) == (2.0, ("walking",))


def test_a_warning_sign_wants_a_clinician_by_the_end_of_the_next_business_day(center: Location) -> None:
    lead = actions.submit(request_of(center, safety_check_b=["B1"])).lead
    review = Task.objects.get(lead=lead, kind=TaskKind.REVIEW)
    assert review.due_at.astimezone(center.zone).isoformat() == "2026-11-24T18:00:00-05:00"
    assert outcome_of(lead) == Outcome.PROMPT_REVIEW


def test_a_state_that_is_not_served_is_out_of_scope(center: Location) -> None:
    center.served_states = ["NJ"]
    assert outcome_of(actions.submit(request_of(center)).lead) == Outcome.OUT_OF_SCOPE


def test_a_corrected_state_is_assessed_again(center: Location) -> None:
    Location.objects.update(served_states=["NJ"])
    lead = actions.submit(request_of(Location.objects.get())).lead
    leads.correct_details(lead, by=make_user(), changes={"state": "NJ"})
    assert outcome_of(lead) == Outcome.MORE_INFO


def test_an_urgent_lead_stays_urgent_whatever_is_said_later(center: Location) -> None:
    lead = actions.submit(request_of(center, safety_check=["A2"], urgent=True)).lead
    answer(lead, safety_check=["none"])
    made = assessments.assess(lead, cause="Asked again", now=NOON + timedelta(hours=1))
    assert (made.outcome, outcome_of(lead)) == (Outcome.MORE_INFO, Outcome.URGENT)


def test_a_score_is_in_range_and_assessed(lead: Lead) -> None:
    measurements.record(
        lead, kind=MeasurementKind.RMDQ, value=Decimal(7), at=NOON, source=Source.COORDINATOR, by=None, now=NOON
    )
    assert answer_history.snapshot_of(lead, answer_history.current_answers(lead), now=NOON).answers.rmdq == 7
    assert Assessment.objects.latest("at").cause == "First request"  # at the same moment, and R7 still decides
    with pytest.raises(MeasurementRefused, match="between 0 and 24"):
        measurements.record(
            lead, kind=MeasurementKind.RMDQ, value=Decimal(25), at=NOON, source=Source.COORDINATOR, by=None, now=NOON
        )


def test_an_override_counts_and_the_rules_stay(lead: Lead) -> None:
    made = Assessment.objects.get()
    assessments.override(made, outcome=Outcome.CONSULT_LIKELY, reason="Seen the letter.", by=make_user(), now=NOON)
    assert outcome_of(lead) == Outcome.CONSULT_LIKELY
    assert Assessment.objects.get().outcome == Outcome.MORE_INFO


def test_an_override_holds_until_the_rules_say_something_else(lead: Lead) -> None:
    made = Assessment.objects.get()
    assessments.override(made, outcome=Outcome.OUT_OF_SCOPE, reason="Lives abroad.", by=make_user(), now=NOON)
    treatments.add(lead, by=None, source=Source.COORDINATOR, now=NOON + timedelta(minutes=1), **PT_TOLD)
    assert outcome_of(lead) == Outcome.OUT_OF_SCOPE  # the rules still want more
    treatments.add(lead, by=None, source=Source.COORDINATOR, now=NOON + timedelta(minutes=2), **NSAID)
    assert outcome_of(lead) == Outcome.CONSULT_LIKELY


@pytest.mark.parametrize(("outcome", "reason"), [(Outcome.URGENT, "  "), (Outcome.MORE_INFO, "Because.")])
def test_an_override_wants_a_reason_and_a_difference(lead: Lead, outcome: Outcome, reason: str) -> None:
    with pytest.raises(OverrideRefused):
        assessments.override(Assessment.objects.get(), outcome=outcome, reason=reason, by=make_user(), now=NOON)


def test_urgent_is_lowered_only_by_a_second_person(center: Location) -> None:
    lead = actions.submit(request_of(center, safety_check=["A2"], urgent=True)).lead
    Lead.objects.update(safety_hold=False)
    first, second = make_user(), make_user()
    made = assessments.override(
        Assessment.objects.get(), outcome=Outcome.CONSULT_LIKELY, reason="Examined today.", by=first, now=NOON
    )
    assert outcome_of(lead) == Outcome.URGENT
    with pytest.raises(OverrideRefused, match="second person"):
        assessments.approve(made, by=first, now=NOON)
    assert outcome_of(lead) == Outcome.URGENT
    assessments.approve(made, by=second, now=NOON)
    assert outcome_of(lead) == Outcome.CONSULT_LIKELY


def test_the_database_wants_a_second_person_too(lead: Lead) -> None:
    user = make_user()
    with pytest.raises(IntegrityError, match="override_second_person"):
        Override.objects.create(
            assessment=Assessment.objects.get(),
            outcome=Outcome.MORE_INFO,
            reason="x",
            by=user,
            approved_by=user,
            approved_at=NOON,
        )


def test_an_assessment_cannot_be_rewritten(lead: Lead) -> None:
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        Assessment.objects.update(outcome=Outcome.CONSULT_LIKELY)


@pytest.fixture
def desk(lead: Lead, client: Client) -> Client:
    make_user("clinician", email="dana@example.org", password=PASSWORD)
    client.login(username="dana@example.org", password=PASSWORD)
    return client


def test_the_lead_page_shows_the_reasons_and_the_remark(desk: Client, lead: Lead) -> None:
    page = desk.get(reverse("admin:crm_lead_change", args=[lead.pk])).content.decode()
    assert "Treatment details missing for: Exercise and physical therapy, Injection, Medication." in page
    assert "Automated routing aid. Not a diagnosis and not medical advice; a clinician decides." in page
    assert "Rule R7 decided" in page


def test_deciding_otherwise_at_the_desk(desk: Client, lead: Lead) -> None:
    address = reverse("admin:intake_override", args=[lead.pk])
    seen = {"seen": Assessment.objects.get(lead=lead).number}
    refused = desk.post(address, seen | {"outcome": "CONSULT_LIKELY", "reason": ""})
    assert (refused.status_code, outcome_of(lead)) == (422, Outcome.MORE_INFO)
    assert desk.post(address, seen | {"outcome": "CONSULT_LIKELY", "reason": "Letter read."}).status_code == 302
    assert outcome_of(lead) == Outcome.CONSULT_LIKELY


def test_nothing_is_decided_otherwise_without_the_permission(lead: Lead, client: Client) -> None:
    make_user(email="outsider@example.org", password=PASSWORD)
    client.login(username="outsider@example.org", password=PASSWORD)
    made = Assessment.objects.get()
    waiting = Override.objects.create(
        assessment=made, outcome=Outcome.CONSULT_LIKELY, reason="x", by=make_user(), needs_second=True
    )
    for name, ids in (("intake_override", [lead.pk]), ("intake_override_approve", [lead.pk, waiting.pk])):
        assert client.post(reverse(f"admin:{name}", args=ids), {}).status_code == 403
    assert client.post(reverse("admin:crm_lead_score_add", args=[lead.pk]), {}).status_code == 403


def test_a_score_at_the_desk(desk: Client, lead: Lead) -> None:
    address = reverse("admin:crm_lead_score_add", args=[lead.pk])
    score = {"kind": "odi", "value": "101", "at": "2026-11-20", "source": "medical_record"}
    refused = desk.post(address, score)
    assert refused.status_code == 422
    assert "Oswestry total (0-100) lies between 0 and 100." in refused.content.decode()
    assert desk.post(address, score | {"value": "42"}).status_code == 302
    assert "Oswestry total (0-100)" in desk.get(reverse("admin:crm_lead_change", args=[lead.pk])).content.decode()


def test_a_lead_without_a_request_can_be_assessed(center: Location) -> None:
    lead = make_lead(location=center)
    assert assessments.assess(lead, cause="By hand", now=NOON).rule == "R4"


def test_a_first_assessment_with_a_warning_sign_wants_a_clinician_too(center: Location) -> None:
    lead = make_lead(location=center)
    answer(lead, safety_check_b=["B1"])
    assessments.assess(lead, cause="By hand", now=NOON)
    assert Task.objects.filter(lead=lead, kind=TaskKind.REVIEW).count() == 1


def test_the_answers_are_read_once(lead: Lead) -> None:
    with CaptureQueriesContext(connection) as every:
        assessments.assess(lead, cause="Again", now=NOON)
    asked = [query["sql"] for query in every.captured_queries if 'FROM "intake_submission"' in query["sql"]]
    assert len(asked) == 1, asked
