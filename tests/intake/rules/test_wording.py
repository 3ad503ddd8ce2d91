"""What the patient reads of an assessment."""

import json
import re
from random import Random

import pytest
from django.test import Client
from django.utils import timezone

from crm.models import Lead
from crm.patient_portal import access as patient_access
from intake.assessment import actions as assessments
from intake.rules import wording
from intake.rules.candidacy import assess
from intake.rules.snapshot import read_snapshot
from tests.factories import make_lead, own_browser
from tests.intake.cases import assessed, days_ago
from tests.intake.random_snapshots import random_snapshot

PROMISES = re.compile(r"candidate|need surgery|cure|guarantee|best|risk-free|pain-free", re.IGNORECASE)


def read(reasons: object, recheck_on: object = None) -> str:
    plain = [{"code": one.code, "evidence": one.evidence} for one in reasons]  # type: ignore[attr-defined]
    return " ".join(one.text for one in wording.next_step(plain, recheck_on))  # type: ignore[arg-type]


def test_every_outcome_says_a_next_step_and_promises_nothing() -> None:
    chance = Random(7)  # noqa: S311 - the same ones every time
    rules = set()
    for _ in range(3000):
        result = assess(read_snapshot(json.dumps(random_snapshot(chance))))
        text = read(json_reasons(result), result.recheck_on)
        rules.add(result.rule)
        assert len(text) > 30, result.rule
        assert not PROMISES.search(text)
    assert rules == {f"R{number}" for number in range(1, 12)}


def json_reasons(result: object) -> list[object]:
    """The reasons as they come back from the database."""
    reasons = result.reasons  # type: ignore[attr-defined]
    return [type(one)(one.code, one.text, json.loads(json.dumps(one.evidence))) for one in reasons]


def test_a_reasonable_consultation_is_said_with_its_limits() -> None:
    text = read(assessed().reasons)
    assert "for about 26 weeks and have tried exercise and physical therapy and medicine" in text
    assert "Only a physician who examines you" in text


def test_the_day_of_the_re_check_is_said() -> None:
    result = assessed(onset={"date": days_ago(10)})
    assert read(result.reasons, result.recheck_on).endswith("We would like to ask you again on December 24, 2026.")


@pytest.mark.django_db
def test_it_is_shown_to_whoever_has_proven_who_they_are(client: Client) -> None:
    lead: Lead = make_lead()
    assessments.assess(lead, cause="By hand", now=timezone.now())
    entry = patient_access.begin(lead, now=timezone.now(), origin=lead.pk)
    client.cookies["patient"] = entry.secret
    assert "we still need to know" not in client.get("/my/").content.decode()
    client = own_browser(lead)
    page = client.get("/my/").content.decode()
    assert "we still need to know where it hurts" in page
    assert wording.BANNER in page
