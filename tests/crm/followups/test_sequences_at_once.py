"""Sequences that two run, or change, at once."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from crm.enums.leads import (
    CallOutcome,
    EnrollmentState,
    Event,
    StepResult,
)
from crm.followups import enrollment as followups
from crm.followups import step_runner
from crm.leads import actions as leads
from crm.leads import events
from crm.models import (
    Enrollment,
    Lead,
    Message,
    StepOutcome,
    Task,
    User,
)
from tests.crm.followups.test_follow_up import BEGUN, begin, run, step, version_of
from tests.factories import make_lead

pytestmark = pytest.mark.django_db


# --- Two at once ------------------------------------------------------------------------------------------------------
def test_the_database_keeps_a_step_from_being_done_twice(lead: Lead) -> None:
    enrollment = begin(lead, {"steps": [step("one")]})
    run()
    with pytest.raises(IntegrityError), transaction.atomic():
        StepOutcome.objects.create(enrollment=enrollment, step="one", result=StepResult.MAIL)


@pytest.mark.parametrize("state", [EnrollmentState.LIVE, EnrollmentState.PAUSED, EnrollmentState.PARKED])
def test_the_database_keeps_a_lead_from_being_in_a_sequence_twice(lead: Lead, state: EnrollmentState) -> None:
    enrollment = begin(lead, {"steps": [step("one", after="1d")]})
    again = {"lead": lead, "version": enrollment.version, "key": "test", "anchor": BEGUN, "due_at": BEGUN}
    with pytest.raises(IntegrityError), transaction.atomic():
        Enrollment.objects.create(state=state, **again)
    Enrollment.objects.create(state=EnrollmentState.DONE, **again)


def at_once(*acts: Callable[[], object]) -> None:
    """Runs each in a thread with a connection of its own."""

    def one(act: Callable[[], object]) -> None:
        act()
        connection.close()

    threads = [threading.Thread(target=one, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)


@pytest.mark.django_db(transaction=True)
def test_two_events_at_once_begin_a_sequence_once(center: object) -> None:
    lead = make_lead()
    version_of({"steps": [step("one", after="1d")]})
    at_once(*[lambda key=key: events.announce(lead, Event.ANSWERED, now=BEGUN, key=key) for key in "abcdefgh"])
    assert Enrollment.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_do_every_step_once(center: object, monkeypatch: pytest.MonkeyPatch) -> None:
    version_of({"steps": [step("one"), step("two", "call")]})
    for number in range(60):
        events.announce(make_lead(email=f"n{number}@example.org"), Event.ANSWERED, now=BEGUN)
    monkeypatch.setattr(step_runner, "BATCH", 7)
    at_once(run, run, run)
    assert Message.objects.count() == 60
    assert Task.objects.count() == 60
    assert StepOutcome.objects.count() == 120
    assert not Enrollment.objects.exclude(state=EnrollmentState.DONE).exclude(tries=0).exists()
    assert Enrollment.objects.filter(state=EnrollmentState.DONE).count() == 60


@pytest.mark.django_db(transaction=True)
def test_a_run_leaves_alone_what_another_one_is_at(center: object, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(make_lead(), {"steps": [step("one", "call")]})
    is_at_it, may_go_on = threading.Event(), threading.Event()
    carry_out = step_runner._carry_out_together

    def slowly(due: list[Enrollment], **how: Any) -> None:
        is_at_it.set()
        assert may_go_on.wait(30)
        carry_out(due, **how)

    monkeypatch.setattr(step_runner, "_carry_out_together", slowly)
    first = threading.Thread(target=at_once, args=[run])
    first.start()
    assert is_at_it.wait(30)
    monkeypatch.setattr(step_runner, "_carry_out_together", carry_out)
    try:
        assert run() == 0
    finally:
        may_go_on.set()
        first.join(30)
    assert Task.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_run_passes_over_whoever_is_worked_on(center: object) -> None:
    """A coordinator holds the lead and will end its sequence; a run that held that and waited for the lead would make
    both fail. It comes by again."""
    lead = make_lead()
    enrollment = begin(lead, {"steps": [step("one", "call")]})
    counts = list[int]()

    def other() -> None:
        counts.append(run())
        connection.close()

    worker = threading.Thread(target=other)
    with transaction.atomic():
        Lead.objects.select_for_update().get(pk=lead.pk)
        worker.start()
        worker.join(5)
        assert counts == [0]
        assert followups.stop(enrollment, reason="Enough", now=BEGUN)
    assert run() == 0
    assert not Task.objects.exists()


@pytest.mark.parametrize("corrected", [True, False])
def test_a_wrong_number_counts_until_another_one_is_told(lead: Lead, coordinator: User, corrected: bool) -> None:
    leads.log_call(lead, by=coordinator, outcome=CallOutcome.WRONG_NUMBER)
    leads.correct_details(lead, by=coordinator, changes={"phone" if corrected else "first_name": "+12125550199"})
    for _time in range(2):
        leads.log_call(lead, by=coordinator, outcome=CallOutcome.NO_ANSWER)
    assert Enrollment.objects.filter(lead=lead, key="not_reachable").exists() is corrected
