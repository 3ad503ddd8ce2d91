"""What ends a sequence, holds it, and lets it go on."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from crm.enums.leads import (
    CallOutcome,
    EnrollmentBecause,
    EnrollmentState,
    Event,
    LostReason,
    MessageState,
    Outcome,
    Stage,
    StepResult,
)
from crm.errors import MessageRefused, SequenceActionRefused
from crm.followups import enrollment as followups
from crm.followups import stats as followup_stats
from crm.followups import step_runner
from crm.leads import actions as leads
from crm.leads import events
from crm.models import (
    Enrollment,
    Lead,
    Message,
    PrivateMessage,
    User,
)
from crm.outbox import actions as outbox
from crm.outbox import send_rules
from crm.patient_portal import access as patient_access
from crm.patient_portal import conversation
from crm.safety import alerts
from tests.crm.followups.test_follow_up import BEGUN, HOUR, begin, results, run, step, take_in_hand
from tests.factories import make_user

pytestmark = pytest.mark.django_db


# --- Stopping, pausing, going on --------------------------------------------------------------------------------------
def stop_by_call(lead: Lead, by: User) -> None:
    leads.log_call(lead, by=by, outcome=CallOutcome.REACHED)


def stop_by_stage(lead: Lead, by: User) -> None:
    leads.move(lead, to=Stage.LOST, by=by, lost_reason=LostReason.COST)


@pytest.mark.parametrize(
    ("happens", "reason"), [(stop_by_call, "Reached by telephone"), (stop_by_stage, "The request is closed")]
)
def test_it_stops_at_once_and_takes_back_what_waits(lead: Lead, coordinator: User, happens: Any, reason: str) -> None:
    enrollment = begin(lead, {"stops": ["reached", "closed"], "steps": [step("one"), step("two", after="1d")]})
    run()
    happens(lead, coordinator)
    enrollment.refresh_from_db()
    assert (enrollment.state, enrollment.reason, enrollment.due_at) == (EnrollmentState.STOPPED, reason, None)
    assert Message.objects.get().state == "cancelled"


def test_what_no_event_told_is_seen_when_a_step_is_due(lead: Lead) -> None:
    enrollment = begin(lead, {"stops": ["closed"], "steps": [step("one")]})
    Lead.objects.update(stage=Stage.DORMANT)  # behind everybody's back
    run()
    enrollment.refresh_from_db()
    assert (enrollment.state, Message.objects.count()) == (EnrollmentState.STOPPED, 0)


def test_who_writes_to_us_is_written_to_by_people(lead: Lead) -> None:
    enrollment = begin(lead, {"steps": [step("one", after="1d")]})
    session = patient_access.begin(lead, now=timezone.now()).session
    conversation.answer(session, text="Please call me.", now=timezone.now())
    enrollment.refresh_from_db()
    assert (enrollment.state, enrollment.because) == (EnrollmentState.PAUSED, EnrollmentBecause.WROTE)
    assert enrollment.reason == "The patient wrote: a person decides how to go on"
    Enrollment.objects.update(reason="Other words, by then")
    assert followup_stats.of_all(make_user(is_superuser=True))["test"].replied == 1


@pytest.mark.parametrize("event", [Event.REPLIED, Event.STAGE_MOVED])
def test_the_last_mail_that_still_waits_is_called_off_too(lead: Lead, event: Event) -> None:
    """The sequence is finished, its last mail waits for the morning, and then the reason is gone."""
    begin(lead, {"stops": ["closed"], "steps": [step("one")]})
    run()
    if event == Event.STAGE_MOVED:
        leads.move(lead, to=Stage.LOST, by=None, lost_reason=LostReason.COST)
    else:
        events.announce(lead, event, now=BEGUN)
    assert Enrollment.objects.get().state == EnrollmentState.DONE
    assert Message.objects.get().state == "cancelled"


@pytest.mark.parametrize("state", [MessageState.FAILED, MessageState.UNKNOWN, MessageState.IN_DATA])
@pytest.mark.parametrize("event", [Event.REPLIED, Event.STAGE_MOVED])
def test_the_last_mail_that_waits_for_a_person_is_not_sent_again_after_it(
    lead: Lead, coordinator: User, event: Event, state: MessageState
) -> None:
    """It did not arrive, perhaps; meanwhile the request was closed, or they wrote and are to be answered."""
    begin(lead, {"stops": ["closed"], "steps": [step("one")]})
    run()
    in_hand = {"lease_token": uuid4(), "lease_until": BEGUN}
    for passed in (MessageState.SENDING, MessageState.IN_DATA):
        Message.objects.update(state=passed, **in_hand)
    given_back = {"lease_token": None, "lease_until": None}
    Message.objects.exclude(state=state).update(state=state, **given_back)
    if event == Event.STAGE_MOVED:
        leads.move(lead, to=Stage.LOST, by=None, lost_reason=LostReason.COST)
    else:
        events.announce(lead, event, now=BEGUN)
    Message.objects.filter(state=MessageState.IN_DATA).update(state=MessageState.UNKNOWN, **given_back)
    with pytest.raises(MessageRefused, match=r"^It would not leave: its sequence is stopped.$"):
        outbox.send_again(Message.objects.get(), by=coordinator, now=BEGUN)


def test_a_safety_hold_holds_and_lifting_it_goes_on(lead: Lead, clinician: User) -> None:
    enrollment = begin(lead, {"steps": [step("one", after="1d")]})
    leads.record_outcome(lead, outcome=Outcome.URGENT, safety_hold=True)
    enrollment.refresh_from_db()
    assert (enrollment.state, enrollment.because) == (EnrollmentState.PAUSED, EnrollmentBecause.HOLD)
    Enrollment.objects.update(reason="Other words, by then")
    with pytest.raises(SequenceActionRefused, match="clinician"):
        followups.resume(enrollment, now=timezone.now())
    alerts.clear_hold(lead, by=clinician, note="Examined, no deficit.", now=timezone.now())
    enrollment.refresh_from_db()
    assert (enrollment.state, enrollment.because) == (EnrollmentState.LIVE, "")


@pytest.mark.parametrize("seen", [True, False])
def test_who_wrote_during_a_hold_is_left_to_a_person_when_it_ends(lead: Lead, clinician: User, seen: bool) -> None:
    enrollment = begin(lead, {"steps": [step("one", after="1d")]})
    if seen:
        leads.record_outcome(lead, outcome=Outcome.URGENT, safety_hold=True)
    else:
        Lead.objects.update(safety_hold=True)
    session = patient_access.begin(lead, now=timezone.now()).session
    conversation.answer(session, text="Call me first.", now=timezone.now())
    leads.record_outcome(lead, outcome=Outcome.PROMPT_REVIEW, safety_hold=True)
    alerts.clear_hold(lead, by=clinician, note="Examined, no deficit.", now=timezone.now())
    enrollment.refresh_from_db()
    assert (enrollment.state, enrollment.because) == (EnrollmentState.PAUSED, EnrollmentBecause.WROTE)
    assert enrollment.reason == "The patient wrote: a person decides how to go on"


@pytest.mark.parametrize("by_sweep", [True, False])
def test_a_message_that_no_event_told_of_leaves_a_held_one_to_a_person_too(
    lead: Lead, clinician: User, by_sweep: bool
) -> None:
    enrollment = begin(lead, {"steps": [step("one", after="1d")]})
    if by_sweep:
        Lead.objects.update(safety_hold=True)
    else:
        leads.record_outcome(lead, outcome=Outcome.URGENT, safety_hold=True, now=BEGUN)
    PrivateMessage.objects.create(lead=lead, text="Call me first.", at=BEGUN + HOUR)
    run(BEGUN + timedelta(days=1))
    leads.record_outcome(lead, outcome=Outcome.PROMPT_REVIEW, safety_hold=True)
    alerts.clear_hold(lead, by=clinician, note="Examined, no deficit.", now=BEGUN + timedelta(days=2))
    enrollment.refresh_from_db()
    assert (enrollment.state, enrollment.because) == (EnrollmentState.PAUSED, EnrollmentBecause.WROTE)
    assert not Message.objects.exists()


def test_a_hold_that_is_seen_when_a_step_is_due_ends_with_the_hold_too(lead: Lead, clinician: User) -> None:
    enrollment = begin(lead, {"steps": [step("one", after="1d")]})
    Lead.objects.update(safety_hold=True)
    run(BEGUN + timedelta(days=1))
    enrollment.refresh_from_db()
    assert (enrollment.state, enrollment.because) == (EnrollmentState.PAUSED, EnrollmentBecause.HOLD)

    alerts.clear_hold(lead, by=clinician, note="Examined, no deficit.", now=timezone.now())

    enrollment.refresh_from_db()
    assert (enrollment.state, enrollment.because) == (EnrollmentState.LIVE, "")


@pytest.mark.parametrize("event", [Event.REPLIED, Event.ANSWERED])
def test_whose_answer_ended_a_sequence_counts_as_answered(lead: Lead, event: Event) -> None:
    begin(lead, {"stops": ["replied"], "steps": [step("one", after="1d")]})
    session = patient_access.begin(lead, now=timezone.now()).session
    PrivateMessage.objects.create(lead=lead, session=session, text="Hello", at=timezone.now())
    if event == Event.REPLIED:
        events.announce(lead, event, now=BEGUN, key="x")
    run(BEGUN + timedelta(days=1))
    assert Enrollment.objects.get().state == EnrollmentState.STOPPED
    assert followup_stats.of_all(make_user(is_superuser=True))["test"].replied == 1


def paused_for_five_days(lead: Lead, on_resume: str) -> Enrollment:
    steps = [step(f"day_{n}", after=f"{n}d") for n in (1, 2, 3, 9)]
    enrollment = begin(lead, {"on_resume": on_resume, "steps": steps})
    followups.pause(enrollment, reason="Holiday", now=BEGUN)
    followups.resume(enrollment, now=BEGUN + timedelta(days=5))
    enrollment.refresh_from_db()
    return enrollment


def test_after_a_pause_overdue_steps_are_skipped(lead: Lead) -> None:
    enrollment = paused_for_five_days(lead, "skip")
    assert results(enrollment) == dict.fromkeys(["day_1", "day_2", "day_3"], StepResult.SKIPPED)
    assert enrollment.due_at == BEGUN + timedelta(days=9)


def test_after_a_pause_all_steps_are_shifted(lead: Lead) -> None:
    enrollment = paused_for_five_days(lead, "shift")
    assert (results(enrollment), enrollment.due_at) == ({}, BEGUN + timedelta(days=6))


def test_after_a_pause_the_last_overdue_step_comes_once(lead: Lead) -> None:
    enrollment = paused_for_five_days(lead, "once")
    run(BEGUN + timedelta(days=3, hours=1))
    assert results(enrollment) == {"day_1": "skipped", "day_2": "skipped", "day_3": "mail"}


def test_a_mail_taken_back_by_a_pause_is_written_again(lead: Lead) -> None:
    enrollment = begin(lead, {"steps": [step("one"), step("two", after="9d")]})
    run()
    followups.pause(enrollment, reason="Wait", now=BEGUN)
    assert results(enrollment) == {}
    followups.resume(enrollment, now=BEGUN + timedelta(hours=2))
    run(BEGUN + timedelta(hours=2))
    assert sorted(Message.objects.values_list("state", flat=True)) == ["cancelled", "queued"]


@pytest.mark.parametrize("what", ["closed", "replied"])
def test_a_last_mail_that_a_worker_puts_back_is_called_off_after_a_closing_or_a_reply(lead: Lead, what: str) -> None:
    enrollment = begin(lead, {"steps": [step("one")]})
    run()
    take_in_hand()
    if what == "closed":
        leads.move(lead, to=Stage.LOST, by=None, lost_reason=LostReason.COST)
    else:
        events.announce(lead, Event.REPLIED, now=BEGUN)
    Message.objects.update(state=MessageState.QUEUED, lease_token=None, lease_until=None)  # 451
    message = Message.objects.select_related("lead", "topic", "enrollment").get()
    known = send_rules.background([message], now=BEGUN, alone=False)
    found = send_rules.obstacle(message, now=BEGUN, background=known)
    assert found is not None
    assert (found.state, found.reason) == (MessageState.CANCELLED, "Its sequence is stopped")
    enrollment.refresh_from_db()
    assert enrollment.reason == ("The request is closed" if what == "closed" else "The patient wrote")


def test_a_person_skips_and_hurries(lead: Lead, coordinator: User) -> None:
    enrollment = begin(lead, {"steps": [step("one", after="1d"), step("two", after="2d")]}, at=timezone.now())
    assert followups.skip_next(enrollment, by=coordinator, now=timezone.now()) == "Mail “resume”"
    followups.do_next_now(enrollment, now=timezone.now())
    step_runner.run_due()
    assert results(enrollment) == {"one": "skipped", "two": "mail"}
    with pytest.raises(SequenceActionRefused):
        followups.do_next_now(enrollment, now=timezone.now())


def test_a_date_of_the_lead_that_moves_takes_the_step_along(lead: Lead) -> None:
    day = (BEGUN + timedelta(days=20)).date()
    enrollment = begin(lead, {"steps": [step("one", after="6w", on="recheck_on")]})
    leads.record_outcome(lead, outcome=Outcome.CONTINUE_CONSERVATIVE, recheck_on=day)
    enrollment.refresh_from_db()
    assert enrollment.due_at is not None
    assert enrollment.due_at.date() == day
