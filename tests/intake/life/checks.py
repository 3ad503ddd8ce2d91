"""What has to be true of the record after every step, as the model tells it."""

from typing import Any

from django.db import connection, models

from crm.enums.leads import TaskKind
from crm.leads import reviews
from crm.mail import opt_out
from crm.models import (
    Activity,
    ConsentRecord,
    HoldClearing,
    Lead,
    Measurement,
    ReviewDecision,
    SafetyAlert,
    Task,
    Treatment,
)
from intake.assessment import actions as assessments
from intake.assessment import answer_history
from intake.models import Assessment, Coverage, Override, Submission, UnprovenRequest, Verification
from tests.intake.life.model import Record
from tests.intake.life.people import Person, World
from tests.intake.life.treated import Treated, said

OF_LEAD = "lead_id = %s"
TABLES: list[tuple[type[models.Model], str]] = [
    (Lead, "id = %s"),
    (Treatment, OF_LEAD),
    (Measurement, OF_LEAD),
    (Assessment, OF_LEAD),
    (Override, "assessment_id IN (SELECT id FROM intake_assessment WHERE lead_id = %s)"),
    (ReviewDecision, OF_LEAD),
    (HoldClearing, OF_LEAD),
    (Coverage, OF_LEAD),
    (Verification, OF_LEAD),
    (ConsentRecord, OF_LEAD),
    (Task, OF_LEAD),
    (SafetyAlert, OF_LEAD),
    (Submission, OF_LEAD),
    (UnprovenRequest, OF_LEAD),
    (Activity, OF_LEAD),
]
OF_THE_RECORD = 10  # the first ones: what nobody unproven may change


def all_of(person: Person, *, tables: int = len(TABLES)) -> list[Any]:
    """Every row of a record as the database writes it, to be compared byte by byte."""
    parts = [
        f"SELECT {number}, t::text FROM {model._meta.db_table} t WHERE {of}"  # noqa: S608 - names of tables
        for number, (model, of) in enumerate(TABLES[:tables])
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"{' UNION ALL '.join(parts)} ORDER BY 1, 2", [person.lead.pk] * tables)
        return list(cursor.fetchall())


def after_each_step(world: World, who: Person) -> None:
    """The record as it is kept."""
    lead, known = Lead.objects.get(pk=who.lead.pk), who.record
    latest = assessments.latest(lead)
    assert latest is not None
    assert set(latest.signs) == known.signs, (latest.signs, known.signs)
    says = known.rules(world.clock.now)
    assert (latest.outcome, latest.rule) == says, (latest.rule, says)
    somebody_looks_at_every_sign(lead, known)
    decisions_count_as_long_as_they_know(lead, known)
    assert lead.outcome == known.outcome(world.clock.now)
    facts_are_as_they_were_told(who)
    answers_are_as_they_were_told(lead, known)
    choice = opt_out.choice_of(lead)
    assert choice == (None if known.wants_mail else "education"), choice
    asked = Task.objects.open().filter(lead=lead, kind=TaskKind.VERIFY).count()
    assert asked == int(known.insured.asked), asked


def answers_are_as_they_were_told(lead: Lead, known: Record) -> None:
    """The latest to each question, and no older page in its place."""
    kept, told = answer_history.current_answers(lead), known.answers
    others = {
        name: (kept.get(name), answer) for name, answer in told.items() if _plain(kept.get(name)) != _plain(answer)
    }
    assert not others, others


def _plain(answer: Any) -> list[str]:
    several = answer if isinstance(answer, list) else [answer]
    return sorted(str(one) for one in several if one not in (None, ""))


def somebody_looks_at_every_sign(lead: Lead, known: Record) -> None:
    assert lead.safety_hold == known.held
    asked = Task.objects.open().filter(lead=lead, kind=TaskKind.REVIEW).values_list("key", flat=True)
    keys = {str(key) for key in asked}
    of_reports = {f"{reviews.OF_A_REPORT}{one.key}" for one in known.reports if one.signs}
    assert {key for key in keys if key.startswith(reviews.OF_A_REPORT)} == of_reports
    if known.asked or any("B" in one for one in known.open_signs):
        assert keys - of_reports, known.open_signs
    assert SafetyAlert.objects.open().filter(lead=lead).count() == int(known.alert)
    waiting = UnprovenRequest.objects.filter(lead=lead, state="waiting").values_list("pk", flat=True)
    assert {str(key) for key in waiting} == {one.key for one in known.reports}


def decisions_count_as_long_as_they_know(lead: Lead, known: Record) -> None:
    standing = {
        (one.outcome, one.is_in_force, one.reason) for one in Override.objects.standing().filter(assessment__lead=lead)
    }
    expected = {(one.outcome, not one.waits, one.reason) for one in (known.counting, known.waiting) if one}
    assert standing == expected, (standing, expected)
    assert ReviewDecision.objects.waiting().filter(lead=lead).exists() == bool(known.review)


def facts_are_as_they_were_told(who: Person) -> None:
    """Column by column, with who has compared them."""
    rows: dict[str, Treatment] = {}
    for row in Treatment.objects.filter(lead=who.lead).order_by("created_at", "pk"):
        rows[row.kind] = row
    assert set(rows) == set(who.record.treatments)
    for kind, one in who.record.treatments.items():
        assert _columns(rows[kind]) == _expected(one), (kind, _columns(rows[kind]), _expected(one))


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
    return (one.status, *days, one.sessions, one.relief, one.lasted, one.still, one.verified, bool(one.disputed))


def _day(day: Any, precision: str) -> Any:
    return (day, precision) if day else None
