"""What clinicians decide: with a reason, with a second person where one is needed, and what follows."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from crm.enums.leads import ConsultResult, Decision, Outcome, Stage, SurgeryDecision, TaskKind
from crm.errors import ReviewRefused
from crm.followups import conditions
from crm.leads import reviews
from crm.models import Consultation, HoldClearing, Lead, Location, ReviewDecision, Task, User
from crm.safety import alerts
from tests.factories import make_lead, make_user

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)


@pytest.fixture
def second(db: None) -> User:
    return make_user("clinician", name="Sam Second", email="sam@example.org")


def review(lead: Lead) -> Task:
    return Task.objects.create(lead=lead, kind=TaskKind.REVIEW, title="Look at the answers", due_at=NOW, key="r")


def decide(lead: Lead, by: User, decision: Decision = Decision.SUITABLE, **values: Any) -> ReviewDecision:
    return reviews.decide(lead, decision=decision, reason="MRI fits the pain.", by=by, now=NOW, **values)


@pytest.mark.parametrize("decision", Decision)
def test_a_decision_ends_the_review_and_says_what_comes_next(lead: Lead, clinician: User, decision: Decision) -> None:
    task = review(lead)
    made = decide(lead, clinician, decision)
    task.refresh_from_db()
    assert (made.is_in_force, task.done_by) == (True, clinician)
    titles = {one.title for one in Task.objects.open()}
    assert reviews.WHAT_NEXT in titles


@pytest.mark.parametrize("stage", [Stage.NEW, Stage.QUALIFYING, Stage.RECORDS, Stage.REVIEW])
def test_suitable_goes_to_booking(center: Location, clinician: User, stage: Stage) -> None:
    lead = make_lead(location=center, stage=stage)
    decide(lead, clinician)
    lead.refresh_from_db()
    assert lead.stage == Stage.BOOKING


@pytest.mark.parametrize("decision", [one for one in Decision if one != Decision.SUITABLE])
def test_nothing_else_moves_anybody(lead: Lead, clinician: User, decision: Decision) -> None:
    decide(lead, clinician, decision)
    lead.refresh_from_db()
    assert lead.stage == Stage.NEW


def test_without_a_reason_nothing_is_recorded(lead: Lead, clinician: User) -> None:
    with pytest.raises(ReviewRefused, match="Give the reason"):
        reviews.decide(lead, decision=Decision.SUITABLE, reason="  ", by=clinician, now=NOW)
    assert not ReviewDecision.objects.exists()


@pytest.mark.parametrize("values", [{"outcome": Outcome.URGENT}, {"safety_hold": True}])
def test_urgent_or_held_needs_a_second_person(
    center: Location, clinician: User, second: User, values: dict[str, Any]
) -> None:
    lead = make_lead(location=center, **values)
    task = review(lead)

    made = decide(lead, clinician)
    task.refresh_from_db()
    assert (made.is_in_force, task.done_at) == (False, None)

    with pytest.raises(ReviewRefused, match="this one is yours"):
        reviews.agree(made, by=clinician, now=NOW)
    reviews.agree(made, by=second, now=NOW)

    made.refresh_from_db()
    task.refresh_from_db()
    assert (made.is_in_force, made.second_by, task.done_by) == (True, second, second)
    with pytest.raises(ReviewRefused, match="needs nobody else"):
        reviews.agree(made, by=second, now=NOW)


def test_a_hold_is_never_booked_even_when_two_agree(center: Location, clinician: User, second: User) -> None:
    lead = make_lead(location=center, safety_hold=True)
    reviews.agree(decide(lead, clinician), by=second, now=NOW)
    lead.refresh_from_db()
    assert lead.stage == Stage.NEW


def test_the_database_wants_another_person(lead: Lead, clinician: User) -> None:
    with pytest.raises(IntegrityError, match="decision_second_is_another"), transaction.atomic():
        ReviewDecision.objects.create(
            lead=lead,
            decision="suitable",
            reason="x",
            by=clinician,
            needs_second=True,
            second_by=clinician,
            second_at=NOW,
        )


# --- Consultations ---------------------------------------------------------------------------------------------------


def record(lead: Lead, by: User, **values: Any) -> Consultation:
    told: dict[str, Any] = {
        "held_on": date(2026, 11, 20),
        "result": ConsultResult.PROCEDURE,
        "surgery": None,
        "note": "",
    } | values
    return reviews.record_consultation(lead, by=by, now=NOW, **told)


def test_a_visit_moves_the_lead_and_is_recorded_once_a_day(center: Location, clinician: User) -> None:
    lead = make_lead(location=center, stage=Stage.BOOKED)
    record(lead, clinician)
    record(lead, clinician, surgery=SurgeryDecision.WANTS)
    lead.refresh_from_db()
    visit = Consultation.objects.get()
    assert (lead.stage, visit.surgery) == (Stage.CONSULTED, SurgeryDecision.WANTS)


def test_a_visit_cannot_be_in_the_future_nor_decide_what_was_not_recommended(lead: Lead, clinician: User) -> None:
    with pytest.raises(ReviewRefused, match="still to come"):
        record(lead, clinician, held_on=date(2026, 11, 24))
    with pytest.raises(ReviewRefused, match="nothing to decide"):
        record(lead, clinician, result=ConsultResult.CONSERVATIVE, surgery=SurgeryDecision.WANTS)
    assert not Consultation.objects.exists()


@pytest.mark.parametrize(("surgery", "ends"), [(None, False), ("open", False), ("wants", True), ("declined", True)])
def test_the_patients_decision_ends_what_asks_for_it(
    lead: Lead, clinician: User, surgery: str | None, ends: bool
) -> None:
    record(lead, clinician, surgery=SurgeryDecision(surgery) if surgery else None)
    facts = conditions.Facts([lead])
    assert conditions.holds("decided", conditions.ConditionContext(lead, NOW, facts)) == ends


# --- The queue -------------------------------------------------------------------------------------------------------

QUEUE = "/admin/reviews/"


def test_the_queue_shows_what_waits_and_only_to_clinicians(
    client: Client, center: Location, clinician: User, coordinator: User, second: User
) -> None:
    review(make_lead(location=center, first_name="Rita"))
    make_lead(location=center, first_name="Holda", safety_hold=True, email="h@example.org")
    decide(make_lead(location=center, first_name="Zoe", outcome=Outcome.URGENT, email="z@example.org"), second)

    client.force_login(clinician)
    page = client.get(QUEUE).content.decode()
    assert all(name in page for name in ("Rita", "Holda", "Zoe", "I agree"))
    client.force_login(coordinator)
    assert client.get(QUEUE).status_code == 403


def test_deciding_by_form(client: Client, lead: Lead, clinician: User) -> None:
    client.force_login(clinician)
    address, seen = f"/admin/crm/lead/{lead.pk}/decide/", {"seen": "0"}
    refused = client.post(address, seen | {"decision": "suitable", "reason": ""})
    assert (refused.status_code, ReviewDecision.objects.count()) == (422, 0)
    assert client.post(address, seen | {"decision": "suitable", "reason": "Fits."}).status_code == 302
    assert "Suitable for a consultation" in client.get(f"/admin/crm/lead/{lead.pk}/change/").content.decode()


def test_a_lifted_hold_stands_among_the_decisions(client: Client, lead: Lead, clinician: User, second: User) -> None:
    """Who, when, why and knowing what; in the order in which people decided."""
    decide(lead, second)
    Lead.objects.update(safety_hold=True)
    alerts.clear_hold(lead, by=clinician, note="Seen at the <hospital>.", now=NOW)
    HoldClearing.objects.update(signs=["A2"])
    decide(Lead.objects.get(), second, Decision.MORE_TESTS)
    client.force_login(clinician)

    shown = client.get(f"/admin/crm/lead/{lead.pk}/panels/clinical-review/").text

    whole = shown.index("Safety hold lifted")
    assert shown.index(Decision.MORE_TESTS.label) < whole < shown.index(Decision.SUITABLE.label)
    lifted = shown[whole : shown.index(Decision.SUITABLE.label)]
    assert f"Nov 23, 2026, 10:00 AM · {clinician}" in lifted
    assert "Seen at the &lt;hospital&gt;." in lifted
    assert "Trouble starting to urinate" in lifted


def test_recording_a_visit_by_form(client: Client, lead: Lead, clinician: User) -> None:
    client.force_login(clinician)
    address = f"/admin/crm/lead/{lead.pk}/consultation/"
    assert client.post(address, {"held_on": "2999-01-01", "result": "procedure"}).status_code == 422
    assert client.post(address, {"held_on": "2026-11-20", "result": "procedure", "surgery": "wants"}).status_code == 302
    assert Consultation.objects.get().surgery == "wants"


def test_a_coordinator_decides_nothing(desk: Client, lead: Lead) -> None:
    for page in ("decide", "consultation"):
        assert desk.post(f"/admin/crm/lead/{lead.pk}/{page}/", {}).status_code == 403
