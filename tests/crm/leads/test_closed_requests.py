"""Closing a request ends what only served to win it; nothing of that kind begins again while it is closed."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from crm.enums.leads import EnrollmentState, Event, LostReason, MessageClass, Outcome, Stage, TaskKind
from crm.followups import conditions, step_runner, versions
from crm.leads import actions as leads
from crm.leads import events
from crm.leads.next_steps import NextStep
from crm.models import Enrollment, Lead, Location, Message, SequenceVersion, Task, User, VersionState
from crm.outbox import settlement
from crm.sequences.definition import SequenceRefused, read
from tests.crm.followups.test_follow_up import BEGUN, begin, step, version_of
from tests.factories import make_lead, make_message

pytestmark = pytest.mark.django_db
CLOSED = [Stage.DORMANT, Stage.IMPROVED, Stage.LOST]


def close(lead: Lead, stage: Stage, **more: Any) -> None:
    leads.move(lead, to=stage, by=None, lost_reason=LostReason.NOT_INTERESTED if stage == Stage.LOST else "", **more)


def task(lead: Lead, kind: TaskKind, key: str | None) -> None:
    Task.objects.create(lead=lead, kind=kind, title=f"{kind} {key}", due_at=timezone.now(), key=key)


@pytest.mark.parametrize("stage", CLOSED)
def test_closing_a_request_ends_what_only_served_to_win_it(lead: Lead, stage: Stage) -> None:
    for kind, key in (
        (TaskKind.CALL, None),
        (TaskKind.CALL, "first-call:1"),
        (TaskKind.OTHER, "first-call:2"),  # to write: no call is wanted
        (TaskKind.CALL, "step:1:second_call"),
        (TaskKind.NEXT_STEP, "next:1"),
        (TaskKind.NEXT_STEP, "decide:1"),
        (TaskKind.RETURNED, "returned:1"),
        (TaskKind.MAIL_PROBLEM, "parked:1"),
        (TaskKind.MAIL_PROBLEM, "bounce:1"),  # nobody is expected
    ):
        task(lead, kind, key)
    stays = [
        (TaskKind.URGENT_CALL, "urgent:1"),
        (TaskKind.ANSWER, "message:1"),
        (TaskKind.REVIEW, "review:1"),
        (TaskKind.PRIVACY, "delete:1"),
        (TaskKind.CALL, "tell:1:1"),  # about a visit
        (TaskKind.NEXT_STEP, "not_seen:1"),
        (TaskKind.MAIL_PROBLEM, "returned:2"),  # a mail of any kind
    ]
    for kind, key in stays:
        task(lead, kind, key)
    close(lead, stage)
    assert set(Task.objects.open().values_list("kind", "key")) == set(stays)


def test_what_is_planned_with_the_closing_stays(lead: Lead) -> None:
    close(lead, Stage.DORMANT, next_step=NextStep("Ask again in spring", timezone.now()))
    assert [one.title for one in Task.objects.open()] == ["Ask again in spring"]


def test_a_patient_keeps_what_is_open(lead: Lead) -> None:
    task(lead, TaskKind.CALL, "first-call:1")
    leads.move(lead, to=Stage.PATIENT, by=None)
    assert Task.objects.open().count() == 1


@pytest.mark.parametrize("stage", CLOSED)
def test_a_sequence_that_does_not_say_so_ends_with_the_request_too(lead: Lead, stage: Stage) -> None:
    enrollment = begin(lead, {"stops": [], "steps": [step("one"), step("two", after="1d")]})
    step_runner.run_due(at=BEGUN)
    close(lead, stage)
    enrollment.refresh_from_db()
    assert (enrollment.state, enrollment.reason) == (EnrollmentState.STOPPED, "The request is closed")
    assert Message.objects.get().state == "cancelled"
    events.announce(lead, Event.ANSWERED, now=BEGUN, key="later")
    assert Enrollment.objects.count() == 1


def test_it_ends_where_no_event_told_of_it(lead: Lead) -> None:
    enrollment = begin(lead, {"stops": [], "steps": [step("one", after="1d")]})
    Lead.objects.update(stage=Stage.DORMANT)
    step_runner.run_due(at=BEGUN + timedelta(days=1))
    enrollment.refresh_from_db()
    assert (enrollment.state, Message.objects.count()) == (EnrollmentState.STOPPED, 0)


def test_a_sequence_that_was_made_for_closed_requests_goes_on(lead: Lead) -> None:
    version_of({"trigger": "stage_moved", "when": ["is_dormant"], "stops": [], "steps": [step("one", after="1d")]})
    close(lead, Stage.DORMANT)
    assert Enrollment.objects.get().state == EnrollmentState.LIVE


@pytest.mark.parametrize("to", ["lost", "new"])
def test_a_move_that_can_never_happen_is_neither_saved_nor_published(lead: Lead, to: str, coordinator: User) -> None:
    version = version_of({"steps": [step("one")]})
    draft = versions.copy(version, by=coordinator, now=timezone.now())
    body = read(version.body | {"steps": [step("end", "stage", to=to)]}).body
    with pytest.raises(SequenceRefused, match=r"No lead gets there by itself: end \("):
        versions.save_draft(draft, body=body, note="")
    SequenceVersion.objects.filter(pk=draft.pk).update(body=body)
    with pytest.raises(SequenceRefused, match="No lead gets there by itself"):
        versions.publish(SequenceVersion.objects.get(pk=draft.pk))
    assert SequenceVersion.objects.get(pk=draft.pk).state == VersionState.DRAFT


@pytest.mark.parametrize("when", ["is_dormant", "improved"])
def test_a_sequence_that_would_end_wherever_it_begins_is_not_saved(when: str, coordinator: User) -> None:
    version = version_of({"steps": [step("one")]})
    draft = versions.copy(version, by=coordinator, now=timezone.now())
    body = read(version.body | {"when": [when], "stops": ["closed"]}, conditions=conditions.known()).body
    with pytest.raises(SequenceRefused, match="It would end wherever it begins: The request is closed"):
        versions.save_draft(draft, body=body, note="")


@pytest.mark.parametrize(("message_class", "open_tasks"), [(MessageClass.FOLLOW_UP, 0), (MessageClass.ANSWER, 1)])
def test_of_mails_that_did_not_arrive_those_that_a_request_needs_no_more_are_let_go(
    lead: Lead, message_class: MessageClass, open_tasks: int
) -> None:
    settlement.open_task(make_message(lead, message_class=message_class), reason="Refused by the mail server (550)")
    close(lead, Stage.LOST)
    assert Task.objects.open().count() == open_tasks


@pytest.mark.parametrize("outcome", [Outcome.OUT_OF_SCOPE, Outcome.CONSULT_LIKELY])
def test_nobody_is_accompanied_through_a_treatment_that_is_not_advised_any_more(
    center: Location, outcome: Outcome
) -> None:
    lead = make_lead(location=center)
    leads.record_outcome(lead, outcome=Outcome.CONTINUE_CONSERVATIVE)
    assert Enrollment.objects.get(lead=lead, key="nurture_conservative").state == EnrollmentState.LIVE
    leads.record_outcome(lead, outcome=outcome)
    assert Enrollment.objects.get(lead=lead, key="nurture_conservative").state == EnrollmentState.STOPPED


@pytest.mark.parametrize("stage", [Stage.BOOKING, Stage.BOOKED, Stage.CONSULTED, Stage.NURTURE])
def test_records_are_asked_for_no_more_once_their_stage_is_over(center: Location, stage: Stage) -> None:
    lead = make_lead(location=center, stage=Stage.QUALIFYING)
    leads.move(lead, to=Stage.RECORDS, by=None)
    records = Enrollment.objects.get(lead=lead, key="records_needed")
    leads.move(lead, to=stage, by=None)
    records.refresh_from_db()
    assert (records.state, records.reason) == (EnrollmentState.STOPPED, "No longer waits for records")
