"""What has to be true after every step, as the model tells it."""

import html
import json
import re
from collections.abc import Iterable
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.test import Client

from crm import own_copy
from crm.actions import reviews
from crm.enums import TaskKind
from crm.models import (
    Activity,
    HoldClearing,
    Lead,
    Measurement,
    ReviewDecision,
    SafetyAlert,
    Task,
    Treatment,
)
from intake import assessments
from intake.models import Assessment, Override, Submission, UnprovenRequest
from tests.intake.life.model import Record, Treated, said, urgency
from tests.intake.life.people import Person, World

LABELS = {
    "URGENT": "Urgent",
    "PROMPT_REVIEW": "Prompt clinical review",
    "OUT_OF_SCOPE": "Out of scope",
    "MORE_INFO": "More information needed",
    "CONTINUE_CONSERVATIVE": "Continue conservative care",
    "CONSULT_LIKELY": "Consultation reasonable",
}
# What a patient reads of a rule, in few words of the sentence.
READS = {
    "R5": "get better in the first weeks",
    "R6": "mild at the moment",
    "R8": "this is helping",
    "R9": "about six weeks of treatment",
    "R10": "about three months to settle",
    "R11": "may be a reasonable next step",
}
MILD = ["mild at the moment", "this is helping", "get better in the first weeks"]
EMERGENCY = "needs emergency care"
TABLES: list[tuple[type[models.Model], str]] = [
    (Lead, "pk"),
    (Treatment, "lead"),
    (Measurement, "lead"),
    (Assessment, "lead"),
    (Override, "assessment__lead"),
    (ReviewDecision, "lead"),
    (HoldClearing, "lead"),
    (Task, "lead"),
    (SafetyAlert, "lead"),
    (Submission, "lead"),
    (UnprovenRequest, "lead"),
    (Activity, "lead"),
]


def all_of(person: Person) -> str:
    """Every row of a record, to be compared byte by byte."""
    rows: list[Any] = []
    for model, path in TABLES:
        rows += model._default_manager.filter(**{path: person.lead.pk}).order_by("pk").values_list()
    return json.dumps([list(row) for row in rows], cls=DjangoJSONEncoder, default=str)


def what_strangers_cannot_change(person: Person) -> str:
    rows: list[Any] = []
    for model, path in TABLES[:7]:
        rows += model._default_manager.filter(**{path: person.lead.pk}).order_by("pk").values_list()
    return json.dumps([list(row) for row in rows], cls=DjangoJSONEncoder, default=str)


def after_each_step(world: World, who: Person) -> None:
    """The record as it is kept."""
    lead, record = Lead.objects.get(pk=who.lead.pk), who.record
    latest = assessments.latest(lead)
    assert latest is not None
    assert set(latest.signs) == record.signs
    assert (latest.outcome, latest.rule) == record.rules(world.clock.now)
    somebody_looks_at_every_sign(lead, record)
    decisions_count_as_long_as_they_know(lead, record)
    assert lead.outcome == record.outcome(world.clock.now)
    facts_are_as_they_were_told(who)


def somebody_looks_at_every_sign(lead: Lead, record: Record) -> None:
    assert lead.safety_hold == record.held
    asked = Task.objects.open().filter(lead=lead, kind=TaskKind.REVIEW).values_list("key", flat=True)
    keys = {str(key) for key in asked}
    of_reports = {f"{reviews.OF_A_REPORT}{one.key}" for one in record.reports if one.signs}
    assert {key for key in keys if key.startswith(reviews.OF_A_REPORT)} == of_reports
    if any("B" in one for one in record.open_signs):
        assert keys - of_reports, record.open_signs
    assert SafetyAlert.objects.open().filter(lead=lead).count() == int(record.alert)
    waiting = UnprovenRequest.objects.filter(lead=lead, state="waiting").values_list("pk", flat=True)
    assert {str(key) for key in waiting} == {one.key for one in record.reports}


def decisions_count_as_long_as_they_know(lead: Lead, record: Record) -> None:
    standing = {
        (one.outcome, one.is_in_force, one.reason) for one in Override.objects.standing().filter(assessment__lead=lead)
    }
    expected = {(one.outcome, not one.waits, one.reason) for one in (record.counting, record.waiting) if one}
    assert standing == expected
    assert ReviewDecision.objects.waiting().filter(lead=lead).exists() == bool(record.review)


def facts_are_as_they_were_told(who: Person) -> None:
    """Column by column, with who has compared them."""
    rows: dict[str, Treatment] = {}
    for row in Treatment.objects.filter(lead=who.lead).order_by("created_at", "pk"):
        rows[row.kind] = row
    assert set(rows) == set(who.record.treatments)
    for kind, one in who.record.treatments.items():
        assert _columns(rows[kind]) == _expected(one), kind


def _columns(row: Treatment) -> tuple[Any, ...]:
    return (
        row.status,
        _day(row.start_date, row.start_precision),
        _day(row.end_date, row.end_precision),
        row.sessions,
        row.relief_percent,
        row.relief_duration_days,
        row.relief_still_present,
        row.verified_at is not None,
        bool(row.disputed),
    )


def _expected(one: Treated) -> tuple[Any, ...]:
    days = [said(day) if day else None for day in (one.start, one.end)]
    return (one.status, *days, one.sessions, one.relief, one.lasted, one.still, one.verified, one.disputed)


def _day(day: Any, precision: str) -> Any:
    return (day, precision) if day else None


# --- Pages and papers -------------------------------------------------------------------------------------------------
def pages_show_it(world: World, who: Person) -> None:
    """The desk's page, the surgeon's paper and the patient's own page show what the rules say of the record today, the
    hold, and who has decided otherwise."""
    record, now = who.record, world.clock.now
    rules_said, rule = record.rules(now)
    page = _text(world.desk("clinician"), f"{who.desk}change/")
    assert f"Rule {rule} decided" in page
    assert LABELS[record.outcome(now)] in page
    paper = _text(world.desk("clinician"), f"{who.desk}summary/")
    is_asked = Task.objects.open().filter(lead=who.lead, kind=TaskKind.REVIEW).exists()
    if record.held:
        assert "Safety hold" in paper
    elif is_asked:
        assert "A clinical review is open." in paper
    else:
        assert f"{LABELS[rules_said]} (rule {rule})" in paper
    for decided in (record.counting, record.waiting):
        if decided:
            assert decided.reason in page
            assert decided.reason in paper
    for sign in record.signs:
        assert f"({sign.removeprefix('unsure_')})" in paper
    _own_page_shows_it(world, who, rule)


def _own_page_shows_it(world: World, who: Person, rule: str) -> None:
    record, now = who.record, world.clock.now
    page = _text(world.comes_back(who), "/my/")
    if record.held:
        assert EMERGENCY in page
    if record.held or record.signs or Task.objects.open().filter(lead=who.lead, kind=TaskKind.REVIEW).exists():
        assert not [words for words in MILD if words in page]
        return
    is_raised = urgency(record.outcome(now)) > urgency(record.rules(now)[0])
    if rule in READS and not is_raised:
        assert READS[rule] in page


def nothing_of_the_other(world: World, who: Person, others: Iterable[Person]) -> None:
    """Neither in what is shown of somebody, nor in the copy of their data."""
    copy = json.dumps(own_copy.export(Lead.objects.get(pk=who.lead.pk)), cls=DjangoJSONEncoder, default=str)
    shown = [copy, _text(world.desk("clinician"), f"{who.desk}change/"), _text(world.comes_back(who), "/my/")]
    shown.append(_text(world.desk("coordinator"), f"{who.desk}packet/"))
    for other in others:
        for text in shown:
            assert other.record.mark not in text
            assert other.lead.email not in text


def _text(browser: Client, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return re.sub(r"\s+", " ", html.unescape(answer.content.decode()))
