"""Answers of "not sure" and "do not remember" are kept, shown, and not asked for again."""

import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from crm.enums.leads import Outcome
from crm.followups import conditions
from crm.followups.conditions import CONDITIONS, ConditionContext, Facts
from crm.models import Lead, Task, Treatment, User
from intake.assessment import unknowns
from intake.models import Assessment
from intake.requests import actions
from intake.requests.forms import StepOne
from intake.requests.rows import Request
from tests.crm.desk.test_lead import at
from tests.factories import in_their_place, make_treatment, step_one
from tests.page_forms import as_sent

pytestmark = pytest.mark.django_db
LONG = {"start_precision": "day", "end_precision": "day", "status": "completed"}


@pytest.fixture
def lead(center: Any) -> Lead:
    form = StepOne(step_one(tried_treatments=["other"]), center_name="Riverbend Center")
    assert form.is_valid()
    return actions.submit(Request(uuid.uuid4(), form.cleaned_data, center, timezone.now())).lead


def six_weeks() -> dict[str, date]:
    today = timezone.localdate()
    return {"start_date": today - timedelta(days=120), "end_date": today - timedelta(days=20)}


def tell(browser: Client, row: Treatment, **answers: Any) -> None:
    address = f"/my/treatments/{row.pk}/"
    sent = as_sent(browser.get(address).text, having="shown")
    assert browser.post(address, {**sent, **answers}).status_code == 302
    row.refresh_from_db()


def asks_by_mail(lead: Lead) -> bool:
    lead.refresh_from_db()
    return CONDITIONS["needs_more_info"](ConditionContext(lead, timezone.now(), Facts([lead])))


def has_told_all(lead: Lead) -> bool:
    return conditions.holds("told_all_they_know", ConditionContext(lead, timezone.now(), Facts([lead])))


def waiting(lead: Lead) -> int:
    return Task.objects.open().filter(lead=lead, title=unknowns.TITLE).count()


def test_whoever_is_not_sure_of_the_relief_is_not_asked_again(lead: Lead, coordinator: User, desk: Client) -> None:
    rows = [make_treatment(lead, kind=kind, **LONG, **six_weeks()) for kind in ("pt_supervised", "med_nsaid_rx")]
    browser = in_their_place(Client(), lead, coordinator)
    tell(browser, rows[0], relief="unsure", clinician="true")
    assert (asks_by_mail(lead), waiting(lead), has_told_all(lead)) == (True, 0, False)  # the other was not asked yet

    tell(browser, rows[1], relief="unsure")

    latest = Assessment.objects.filter(lead=lead).latest("number")
    assert (lead.outcome, latest.rule, unknowns.FLAG in latest.flags) == (Outcome.MORE_INFO, "R7", True)
    assert (asks_by_mail(lead), waiting(lead), has_told_all(lead)) == (False, 1, True)
    assert "not sure" in desk.get(at(lead)).text
    assert "you have told us what you remember" in browser.get("/my/").text
    page = browser.get(f"/my/treatments/{rows[0].pk}/").text
    assert as_sent(page, having="shown")["relief"] == ["unsure"]

    tell(browser, rows[0], relief="25")
    tell(browser, rows[1], relief="0")
    assert waiting(lead) == 0
    assert (rows[0].relief_percent, rows[0].unsure_of) == (25, [])


def test_whoever_does_not_remember_when_is_not_asked_again(lead: Lead, coordinator: User, desk: Client) -> None:
    rows = [make_treatment(lead, kind=kind) for kind in ("pt_supervised", "med_nsaid_rx")]
    browser = in_their_place(Client(), lead, coordinator)
    for row in rows:
        tell(browser, row, forgotten=["dates"])
    assert rows[0].unsure_of == ["dates"]
    assert (asks_by_mail(lead), waiting(lead)) == (False, 1)
    assert "not remembered" in desk.get(at(lead)).text
    assert "details missing" not in browser.get("/my/treatments/").text

    tell(browser, rows[0], start="03/2026", going_on="yes")
    assert (rows[0].unsure_of, rows[0].ongoing) == ([], True)
