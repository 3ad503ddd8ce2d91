"""Is somebody a patient? Whatever a stranger sends in somebody's name, the answer and its cost tell nothing.

The same visit (tests/intake/visits.py) is made in the name of nobody, and of somebody known, whose record is in one
state after the other: every answer is alike, and costs as many statements, hashes and mails.
"""

from collections.abc import Callable
from datetime import timedelta
from difflib import unified_diff
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from crm.enums.leads import LostReason, Outcome, Stage
from crm.leads import actions as leads
from crm.mail import opt_out
from crm.models import Lead, Location, Scope, SuppressedBecause, Task
from crm.safety import alerts
from intake.requests import actions
from tests.factories import make_location, make_treatment, own_browser, step_one
from tests.intake import visits
from tests.intake.requests.test_submit import request_of
from tests.intake.visits import Answer, Visit

KNOWN: dict[str, Any] = {
    "first_name": "Zelda",
    "last_name": "Quimby",
    "email": "zelda.quimby@example.org",
    "phone": "(212) 555-0142",
}
UNKNOWN: dict[str, Any] = {
    "first_name": "Velma",
    "last_name": "Quigby",
    "email": "velma.quigby@example.org",
    "phone": "(212) 555-0177",
}
WARM: dict[str, Any] = {
    "first_name": "Wilma",
    "last_name": "Quilby",
    "email": "wilma.quilby@example.org",
    "phone": "(212) 555-0166",
}


def nothing(_lead: Lead) -> None:
    """As it was after the request."""


def alerted(lead: Lead) -> None:
    """On hold, with an alert that nobody has answered."""
    leads.record_outcome(lead, outcome=Outcome.URGENT, safety_hold=True)
    alerts.raise_alert(lead, key="before", now=timezone.now())


def escalated(lead: Lead) -> None:
    """The alert has reached everybody whom it can reach."""
    alerted(lead)
    for minutes in (20, 40):
        alerts.escalate(now=timezone.now() + timedelta(minutes=minutes))


def lost(lead: Lead) -> None:
    """In a side stage, with nothing left to do."""
    leads.move(lead, to=Stage.LOST, by=None, lost_reason=LostReason.COST)
    Task.objects.filter(lead=lead).update(done_at=timezone.now())


def a_patient(lead: Lead) -> None:
    """Proven, with a private page that is open, and three treatments."""
    own_browser(lead).post("/my/questions/about-you/", {"date_of_birth": "03/15/1970"})
    for kind in ("pt_supervised", "chiropractic", "med_nsaid_rx"):
        make_treatment(lead, kind=kind)


def far_away(lead: Lead) -> None:
    """At another location, abroad, in another language; wants no mail."""
    other = make_location(
        name="Hilltop Center", phone="+13125550100", timezone="America/Denver", alert_email="oncall@hilltop.example.org"
    )
    Lead.objects.filter(pk=lead.pk).update(location=other, timezone="Asia/Tokyo", state="ZZ", language="es")
    opt_out.record(lead.email, lead_id=lead.pk, scope=Scope.MOST, because=SuppressedBecause.OPT_OUT, now=timezone.now())


def without_mail(lead: Lead) -> None:
    Lead.objects.filter(pk=lead.pk).update(email="")


def without_phone(lead: Lead) -> None:
    Lead.objects.filter(pk=lead.pk).update(phone="")


def asked_for(_lead: Lead) -> None:
    """Three requests wait in the name, one with a warning sign."""
    for changes in ({}, {"pain_now_avg": "1"}, visits.SIGN):
        Client().post("/candidate/", step_one(**(KNOWN | changes)))


STATES = [nothing, alerted, escalated, lost, a_patient, far_away, without_mail, without_phone, asked_for]


@pytest.fixture
def victim(center: Location) -> Lead:
    """Zelda Quimby, who asked for help a week ago."""
    Location.objects.update(alert_email="oncall@example.org")
    return actions.submit(request_of(center, **KNOWN)).lead


@pytest.fixture
def visit_of(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, Any]], Visit]:
    return lambda person: Visit(person, monkeypatch)


def thrown_away(make: Callable[[], list[Answer]]) -> list[Answer]:
    with transaction.atomic():
        answers = make()
        transaction.set_rollback(True)
    return answers


def difference(one: list[Answer], other: list[Answer]) -> str:
    """Which answers differ, and in what; "" for none."""
    found = []
    for left, right in zip(one, other, strict=True):
        for name in Answer.__annotations__:
            mine, yours = getattr(left, name), getattr(right, name)
            if mine != yours:
                lines = unified_diff(mine.splitlines(), yours.splitlines(), n=0) if name == "page" else (mine, yours)
                found.append(f"{left.what}, {name}: " + " | ".join(str(line) for line in lines))
    return "\n".join(found)


of_nobody: list[Answer] = []  # the visit in the name of nobody, made once


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_no_answer_tells_whether_somebody_is_known(
    victim: Lead, visit_of: Callable[[dict[str, Any]], Visit], state: Callable[[Lead], None]
) -> None:
    thrown_away(visit_of(WARM).begin)  # what a process looks up once is looked up
    if not of_nobody:
        of_nobody.extend(thrown_away(visit_of(UNKNOWN).make))
    state(victim)
    differs = difference(of_nobody, visit_of(KNOWN).make())
    assert not differs, differs


def test_every_public_address_is_in_the_visit(victim: Lead, visit_of: Callable[[dict[str, Any]], Visit]) -> None:
    walked, routes = set(visits.SENT) | visits.IN_THE_VISIT, set(visits.public_routes())
    assert routes - walked - set(visits.EXPLAINED) == set()
    assert (walked | set(visits.EXPLAINED)) - routes == set()
    visit = visit_of(KNOWN)
    visit.make()
    assert walked - visit.names == set()
