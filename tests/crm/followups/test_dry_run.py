"""A dry run says what the real run does, and writes nothing."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from crm.enums.leads import ConsentKind, Event, Stage
from crm.followups import dry_run, step_runner
from crm.leads import events
from crm.mail import opt_out
from crm.models import (
    ConsentRecord,
    Enrollment,
    Lead,
    Message,
    Scope,
    SequenceVersion,
    StepOutcome,
    SuppressedBecause,
    Task,
    User,
)
from tests.factories import make_lead

pytestmark = pytest.mark.django_db
BEGUN = datetime(2026, 11, 23, 15, tzinfo=UTC)  # a Monday, 10:00 in New York


@pytest.fixture
def agreed(lead: Lead) -> Lead:
    ConsentRecord.objects.create(lead=lead, kind=ConsentKind.CONTACT, given=True, text="x", text_version="1")
    return lead


def rehearsed(lead: Lead, key: str) -> list[tuple[str, str, str]]:
    version = SequenceVersion.objects.get(key=key)
    found = dry_run.of_lead(Lead.objects.select_related("location").get(pk=lead.pk), version, now=BEGUN)
    return [(f"{one.at:%d %H:%M}", one.becomes, one.obstacle) for one in found]


def test_every_step_with_its_time_and_what_it_becomes(agreed: Lead) -> None:
    assert rehearsed(agreed, "incomplete_form") == [
        ("23 16:00", "Mail “resume” to avery@example.org", ""),
        ("24 15:00", "Mail “resume_again” to avery@example.org", ""),
        ("26 15:00", "Mail “resume_last” to avery@example.org", ""),
    ]


def test_what_would_be_in_the_way(agreed: Lead) -> None:
    assert {one[2] for one in rehearsed(agreed, "reengage") if one[1].startswith("Mail “still")} == {
        "Ends before: No longer silent"
    }
    Lead.objects.update(stage=Stage.DORMANT)
    assert rehearsed(agreed, "reengage")[0][2] == "No consent: educational e-mail"
    opt_out.opt_out(agreed.email, lead_id=None, scope=Scope.MOST, because=SuppressedBecause.OPT_OUT, now=BEGUN)
    assert rehearsed(agreed, "records_needed")[0][2].startswith(("Ends before", "Asked for no more mail"))


def test_without_an_address_it_says_who_does_it(agreed: Lead) -> None:
    Lead.objects.update(email="")
    assert rehearsed(agreed, "incomplete_form")[0][1] == ("Task: Call instead of a mail: there is no address")


def test_the_real_run_does_what_was_said(agreed: Lead) -> None:
    said = rehearsed(agreed, "incomplete_form")
    events.announce(agreed, Event.SUBMITTED, now=BEGUN)
    happened = []
    for hours in range(24 * 7):
        now = BEGUN + timedelta(hours=hours)
        step_runner.run_due(at=now)
        fresh = Message.objects.filter(created_at=now)
        happened += [(f"{now:%d %H:%M}", f"Mail “{one.name}” to {one.to_email}", "") for one in fresh]
    assert happened == said


def test_nothing_is_written(agreed: Lead, coordinator: User) -> None:
    events.announce(agreed, Event.SUBMITTED, now=BEGUN)
    before = [model.objects.count() for model in (Enrollment, Message, Task, StepOutcome)]
    assert len(dry_run.of_everybody(coordinator, now=BEGUN, days=7)) == 4
    rehearsed(agreed, "not_reachable")
    assert [model.objects.count() for model in (Enrollment, Message, Task, StepOutcome)] == before


def test_the_next_seven_days_in_order_and_no_further(agreed: Lead, coordinator: User) -> None:
    events.announce(agreed, Event.SUBMITTED, now=BEGUN)
    found = dry_run.of_everybody(coordinator, now=BEGUN, days=2)
    assert [one.step.key for one in found] == ["hour", "second_call", "day"]
    assert [one.at for one in found] == sorted(one.at for one in found)


def test_pages(desk: Client, agreed: Lead) -> None:
    events.announce(agreed, Event.SUBMITTED, now=datetime.now(UTC))
    assert "Mail “resume” to avery@example.org" in desk.get("/admin/crm/sequenceversion/next-week/").content.decode()
    page = f"/admin/crm/sequenceversion/{SequenceVersion.objects.get(key='not_reachable').pk}/"
    assert "Move to Dormant" in desk.get(f"{page}?for={agreed.reference.lower()}").content.decode()
    assert "There is no request with the reference number NOPE" in desk.get(f"{page}?for=nope").content.decode()


def test_queries_do_not_grow(
    agreed: Lead, coordinator: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for count in (1, 20):
        for number in range(count):
            events.announce(make_lead(email=f"n{count}{number}@example.org"), Event.SUBMITTED, now=BEGUN)
        with django_assert_num_queries(11):
            dry_run.of_everybody(coordinator, now=BEGUN, days=7)
