"""Sequences on a real database: who is enrolled, what each step leaves, what stops, holds and delays it."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from pytest_django import DjangoAssertNumQueries

from crm.enums.leads import (
    ConsentKind,
    EnrollmentState,
    Event,
    MessageClass,
    MessageState,
    Outcome,
    Stage,
    StepResult,
    TaskKind,
)
from crm.followups import enrollment as followups
from crm.followups import plan, published, step_runner, steps
from crm.leads import actions as leads
from crm.leads import events
from crm.models import (
    ConsentRecord,
    Enrollment,
    Lead,
    Location,
    Message,
    Sending,
    SequenceVersion,
    StepOutcome,
    Task,
    User,
    VersionState,
)
from crm.sequences.definition import Definition, read
from crm.sequences.shipped_definitions import shipped
from tests.factories import make_lead, make_message

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
BEGUN = datetime(2026, 11, 23, 15, tzinfo=UTC)  # a Monday, 10:00 in New York


def version_of(definition: dict[str, Any], *, number: int = 9) -> SequenceVersion:
    """A published sequence of this test, instead of all that come with the product."""
    SequenceVersion.objects.update(state=VersionState.WITHDRAWN)
    body = read({"key": "test", "title": "Test", "purpose": "transactional", "trigger": "answered"} | definition).body
    made = SequenceVersion.objects.create(key="test", number=number, body=body, state=VersionState.PUBLISHED)
    published.forget()
    return made


def step(key: str, do: str = "mail", after: str = "0m", **fields: Any) -> dict[str, Any]:
    return {"key": key, "do": do, "after": after, "text": "resume", "title": f"Title {key}"} | fields


def begin(lead: Lead, definition: dict[str, Any], *, at: datetime = BEGUN) -> Enrollment:
    version_of(definition)
    events.announce(lead, Event.ANSWERED, now=at, key="first")
    return Enrollment.objects.get(lead=lead)


def results(enrollment: Enrollment) -> dict[str, str]:
    return dict(StepOutcome.objects.filter(enrollment=enrollment).values_list("step", "result"))


def run(at: datetime = BEGUN) -> int:
    return step_runner.run_due(at=at)


def take_in_hand() -> None:
    """As a worker does with what waits."""
    Message.objects.update(state=MessageState.SENDING, lease_token=uuid4(), lease_until=BEGUN + HOUR)


# --- Enrolling --------------------------------------------------------------------------------------------------------
def test_one_event_begins_a_sequence_once_and_a_second_event_not_while_it_runs(lead: Lead) -> None:
    begin(lead, {"steps": [step("one", after="1d")]})
    events.announce(lead, Event.ANSWERED, now=BEGUN, key="first")
    events.announce(lead, Event.ANSWERED, now=BEGUN, key="second")
    followups.stop(Enrollment.objects.get(), reason="Enough", now=BEGUN)
    events.announce(lead, Event.ANSWERED, now=BEGUN, key="first")  # told again after it has ended
    assert Enrollment.objects.count() == 1
    events.announce(lead, Event.ANSWERED, now=BEGUN, key="third")
    assert Enrollment.objects.count() == 2


@pytest.mark.parametrize(("outcome", "begins"), [(Outcome.MORE_INFO, True), (Outcome.CONSULT_LIKELY, False)])
def test_its_conditions_must_hold(lead: Lead, outcome: Outcome, begins: bool) -> None:
    version_of({"when": ["needs_more_info"], "trigger": "outcome_changed", "steps": [step("one")]})
    leads.record_outcome(lead, outcome=outcome)
    assert Enrollment.objects.exists() == begins


@pytest.mark.parametrize("days", [1, 20])
def test_what_went_out_lately_is_not_sent_again_when_the_outcome_flips_back(lead: Lead, days: int) -> None:
    """Only what would go within two weeks of its like; what comes later in the sequence goes on."""
    steps_ = [step("one"), step("two", after="3d", text="resume_again"), step("again", after="21d")]
    about = {"trigger": "outcome_changed", "when": ["needs_more_info"], "stops": ["has_enough_info"]}
    version_of({**about, "steps": steps_})
    leads.record_outcome(lead, outcome=Outcome.MORE_INFO, now=BEGUN)
    run()
    take_in_hand()
    Message.objects.update(state=MessageState.IN_DATA)
    Message.objects.update(state=MessageState.SENT, lease_token=None, lease_until=None, finished_at=BEGUN)
    for outcome in (Outcome.CONSULT_LIKELY, Outcome.MORE_INFO):
        leads.record_outcome(lead, outcome=outcome, now=BEGUN + timedelta(days=days))
    anew = Enrollment.objects.get(state=EnrollmentState.LIVE)
    skipped = {"one": "skipped"} if days == 1 else {}
    assert results(anew) == skipped
    run(BEGUN + timedelta(days=days))
    assert Message.objects.filter(name="resume").count() == (1 if skipped else 2)
    assert [one.key for _at, one in plan.left_of(anew)][-2:] == ["two", "again"]


def test_nobody_is_enrolled_under_a_safety_hold(lead: Lead) -> None:
    leads.record_outcome(lead, safety_hold=True)
    version_of({"steps": [step("one")]})
    events.announce(lead, Event.ANSWERED, now=BEGUN)
    assert not Enrollment.objects.exists()


def test_whoever_is_enrolled_keeps_the_version(lead: Lead) -> None:
    enrollment = begin(lead, {"steps": [step("one", after="1d")]})
    version_of({"steps": [step("other", after="1d")]}, number=10)
    run(BEGUN + timedelta(days=1))
    assert results(enrollment) == {"one": StepResult.MAIL}


# --- Steps ------------------------------------------------------------------------------------------------------------
def test_each_kind_of_step_leaves_what_it_should(lead: Lead) -> None:
    enrollment = begin(
        lead,
        {
            "steps": [
                step("mail"),
                step("call", "call"),
                step("task", "task"),
                step("move", "stage", to="nurture"),
                step("later", after="9d"),
            ]
        },
    )
    assert run() == 1
    assert results(enrollment) == {"mail": "mail", "call": "task", "task": "task", "move": "moved"}
    message = Message.objects.get()
    assert (message.name, message.text, message.message_class) == ("resume", "", MessageClass.FOLLOW_UP)
    assert {task.title: task.kind for task in Task.objects.all()} == {
        "Title call": TaskKind.CALL,
        "Title task": TaskKind.OTHER,
    }
    lead.refresh_from_db()
    assert lead.stage == Stage.NURTURE
    enrollment.refresh_from_db()
    assert (enrollment.state, enrollment.due_at is not None) == (EnrollmentState.LIVE, True)
    assert run() == 0


def test_a_mail_at_once_beside_the_acknowledgement_is_folded_into_it(lead: Lead) -> None:
    version_of({"trigger": "submitted", "steps": [step("at_once"), step("later", after="1h")]})
    events.announce(lead, Event.SUBMITTED, now=BEGUN)
    assert results(Enrollment.objects.get()) == {"at_once": StepResult.FOLDED}
    run(BEGUN + timedelta(hours=1))
    assert [message.name for message in Message.objects.all()] == ["resume"]


def test_nobody_is_called_to_be_advertised_to(lead: Lead) -> None:
    """Without an address a person steps in, but for education only where the patient wanted it."""
    Lead.objects.filter(pk=lead.pk).update(email="")
    enrollment = begin(Lead.objects.get(), {"purpose": "commercial", "steps": [step("one"), step("two", after="2h")]})
    run()
    ConsentRecord.objects.create(lead=lead, kind=ConsentKind.EDUCATION, given=True, text="x", text_version="1")
    run(BEGUN + timedelta(hours=2))
    assert results(enrollment) == {"one": StepResult.BLOCKED, "two": StepResult.INSTEAD}
    assert Task.objects.count() == 1


def test_the_last_step_finishes_it(lead: Lead) -> None:
    enrollment = begin(lead, {"steps": [step("one")]})
    run()
    enrollment.refresh_from_db()
    assert (enrollment.state, enrollment.due_at) == (EnrollmentState.DONE, None)
    assert enrollment.ended_at is not None


@pytest.mark.parametrize(
    ("contact", "title"), [({"email": ""}, "Call"), ({"email": "a@localhost", "phone": ""}, "Write a letter")]
)
def test_without_an_address_a_person_gets_the_step(lead: Lead, contact: dict[str, str], title: str) -> None:
    Lead.objects.filter(pk=lead.pk).update(**contact)
    enrollment = begin(Lead.objects.get(), {"steps": [step("one")]})
    run()
    task = Task.objects.get()
    assert task.title == f"{title} instead of a mail: there is no address"
    assert not Message.objects.exists()
    assert results(enrollment) == {"one": StepResult.INSTEAD}


def test_after_a_day_of_silence_there_is_no_burst_and_nothing_stale(lead: Lead) -> None:
    steps = [step(f"mail_{n}", after=f"{n}h") for n in (1, 2, 3)] + [
        step("call", "call", "4h"),
        step("again", "call", "5h"),
    ]
    enrollment = begin(lead, {"steps": steps})
    run(BEGUN + timedelta(days=3))
    found = results(enrollment)
    assert (found["mail_1"], found["mail_2"], found["mail_3"]) == ("skipped", "skipped", "instead")
    assert (found["call"], found["again"]) == ("skipped", "task")
    assert not Message.objects.exists()
    assert Task.objects.count() == 2


def test_while_all_mail_is_held_what_staff_have_to_do_goes_on(lead: Lead) -> None:
    """A move behind a mail waits with it: it might close the lead before the mail has left."""
    others = [step("call", "call", "2h"), step("task", "task", "3h"), step("move", "stage", "4h", to="nurture")]
    enrollment = begin(lead, {"steps": [step("mail", after="1h"), *others, step("late", "task", "9h")]})
    Sending.objects.create(is_paused=True)
    for hours in (1, 2, 3, 4):
        run(BEGUN + hours * HOUR)
    assert results(enrollment) == {"call": "task", "task": "task"}
    assert not Message.objects.exists()

    Sending.objects.update(is_paused=False)
    run(BEGUN + 4 * HOUR + step_runner.LOOK_AGAIN)
    assert results(enrollment) == {"call": "task", "task": "task", "mail": "mail", "move": "moved"}


def test_while_all_mail_is_held_the_last_mail_waits_however_it_was_hurried(lead: Lead) -> None:
    enrollment = begin(lead, {"steps": [step("mail", after="9d")]})
    Enrollment.objects.update(due_at=BEGUN, run_now=True)
    Sending.objects.create(is_paused=True)
    run()
    enrollment.refresh_from_db()
    waits = (EnrollmentState.LIVE, True, BEGUN + step_runner.LOOK_AGAIN)
    assert (enrollment.state, enrollment.run_now, enrollment.due_at) == waits
    Sending.objects.update(is_paused=False)
    run(BEGUN + step_runner.LOOK_AGAIN)
    assert results(enrollment) == {"mail": "mail"}


def test_whom_no_mail_reaches_is_called_while_all_mail_is_held(lead: Lead) -> None:
    Lead.objects.update(email="")
    enrollment = begin(Lead.objects.get(), {"steps": [step("one")]})
    Sending.objects.create(is_paused=True)
    run()
    assert results(enrollment) == {"one": StepResult.INSTEAD}


@pytest.mark.parametrize("agreed", [True, False])
def test_late_advertising_is_dropped_and_nobody_is_called_about_it(lead: Lead, agreed: bool) -> None:
    if agreed:
        ConsentRecord.objects.create(lead=lead, kind=ConsentKind.EDUCATION, given=True, text="x", text_version="1")
    steps_ = [step("news", after="1h"), step("ours", after="30d", purpose="relationship")]
    enrollment = begin(lead, {"purpose": "commercial", "steps": steps_})
    run(BEGUN + timedelta(days=3))
    outcome = StepOutcome.objects.get(enrollment=enrollment)
    assert (outcome.result, outcome.reason) == (StepResult.SKIPPED, "Too late: advertising is dropped")
    run(BEGUN + timedelta(days=33))
    assert [task.title for task in Task.objects.all()] == ["Call instead of a mail: the mail would come too late"]


def test_a_move_that_is_refused_says_so_and_ends_nothing(lead: Lead) -> None:
    begin(lead, {"steps": [step("move", "stage", to="contacting"), step("next", after="1d")]})
    leads.move(lead, to=Stage.BOOKING, by=None)
    run()
    outcome = StepOutcome.objects.get()
    assert (outcome.result, outcome.reason) == (StepResult.BLOCKED, "A lead cannot go from Booking to Contacting.")


def test_one_that_goes_wrong_is_put_aside_and_delays_nobody(lead: Lead, monkeypatch: pytest.MonkeyPatch) -> None:
    other = make_lead(email="other@example.org")
    version_of({"steps": [step("one")]})
    for one in (lead, other):
        events.announce(one, Event.ANSWERED, now=BEGUN)
    real, asked = steps.carry_out, list[UUID]()

    def stumbles(enrollment: Enrollment, *args: Any, **kwargs: Any) -> None:
        asked.append(enrollment.lead_id)
        if enrollment.lead_id == lead.pk:
            raise RuntimeError("no such thing")
        real(enrollment, *args, **kwargs)

    monkeypatch.setattr(step_runner, "carry_out", stumbles)
    for tries in (1, 2, 3):
        run(BEGUN + (tries - 1) * step_runner.TRY_AGAIN)
        bad = Enrollment.objects.get(lead=lead)
        assert bad.tries == tries
    assert (asked.count(lead.pk), asked.count(other.pk)) == (3, 1)  # the batch was not done once more, one by one
    assert (bad.state, "no such thing" in bad.reason) == (EnrollmentState.PARKED, True)
    assert Task.objects.get().kind == TaskKind.MAIL_PROBLEM
    assert Enrollment.objects.get(lead=other).state == EnrollmentState.DONE
    monkeypatch.undo()
    followups.resume(bad, now=BEGUN + timedelta(hours=1))
    run(BEGUN + timedelta(hours=1))
    assert Enrollment.objects.get(lead=lead).state == EnrollmentState.DONE


def test_one_that_was_resumed_and_goes_wrong_again_is_parked_again(lead: Lead, monkeypatch: pytest.MonkeyPatch) -> None:
    def stumbles(*_args: Any, **_kwargs: Any) -> None:
        raise RuntimeError("no such thing")

    enrollment = begin(lead, {"steps": [step("one")]})
    monkeypatch.setattr(step_runner, "carry_out", stumbles)
    for hour in range(2):
        for tries in range(step_runner.MOST_TRIES):
            run(BEGUN + hour * HOUR + tries * step_runner.TRY_AGAIN)
        enrollment.refresh_from_db()
        assert enrollment.state == EnrollmentState.PARKED
        assert Task.objects.filter(kind=TaskKind.MAIL_PROBLEM).count() == hour + 1
        followups.resume(enrollment, now=BEGUN + (hour + 1) * HOUR)


def test_one_that_the_database_refuses_holds_up_nobody(center: Location) -> None:
    """As a key that is taken does: the others of the batch get their mail, and this one is put aside."""
    people = [make_lead(location=center, email=f"n{number}@example.org") for number in range(4)]
    version_of({"steps": [step("one")]})
    for one in people:
        events.announce(one, Event.ANSWERED, now=BEGUN)
    bad = Enrollment.objects.get(lead=people[2])
    make_message(people[2], key=f"step:{bad.pk}:one")

    assert run() == 4

    assert Counter(Enrollment.objects.values_list("state", flat=True)) == {"done": 3, "live": 1}
    assert Message.objects.filter(enrollment__isnull=False).count() == 3
    bad.refresh_from_db()
    assert (bad.state, bad.tries, bad.due_at) == (EnrollmentState.LIVE, 1, BEGUN + step_runner.TRY_AGAIN)
    for tries in (1, 2):
        run(BEGUN + tries * step_runner.TRY_AGAIN)
    bad.refresh_from_db()
    assert (bad.state, Task.objects.get().lead_id) == (EnrollmentState.PARKED, people[2].pk)


@pytest.fixture
def three(center: Location) -> list[Lead]:
    """Three people whose next step is due in the same batch."""
    return [make_lead(location=center, email=f"n{number}@example.org") for number in range(3)]


def test_one_whose_move_goes_wrong_holds_up_nobody(three: list[Lead], monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever else hears of a move may stumble over it, long after the step itself was decided."""
    version_of({"steps": [step("move", "stage", to="contacting"), step("one")]})
    for one in three:
        events.announce(one, Event.ANSWERED, now=BEGUN)
    real = leads.move

    def stumbles(lead: Lead, **more: Any) -> Lead:
        if lead.pk == three[1].pk:
            raise RuntimeError("no such thing")
        return real(lead, **more)

    monkeypatch.setattr(leads, "move", stumbles)
    run()

    bad = Enrollment.objects.get(lead=three[1])
    assert (bad.state, bad.tries, "no such thing" in bad.reason) == (EnrollmentState.LIVE, 1, True)
    assert set(Message.objects.values_list("lead", flat=True)) == {three[0].pk, three[2].pk}
    assert Lead.objects.filter(stage=Stage.CONTACTING).count() == 2


@pytest.mark.parametrize("said", ["no \0 such thing", "no \ud800such thing", "no\nsuch thing"])
def test_what_went_wrong_is_told_in_words_that_can_be_stored(
    three: list[Lead], monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    version_of({"steps": [step("one")]})
    for one in three:
        events.announce(one, Event.ANSWERED, now=BEGUN)
    real = steps.carry_out

    def stumbles(enrollment: Enrollment, *args: Any, **kwargs: Any) -> None:
        if enrollment.lead_id == three[1].pk:
            raise RuntimeError(said)
        real(enrollment, *args, **kwargs)

    monkeypatch.setattr(step_runner, "carry_out", stumbles)
    run()

    assert Enrollment.objects.get(lead=three[1]).reason.startswith("Could not be carried out (RuntimeError): no ")
    assert Enrollment.objects.filter(state=EnrollmentState.DONE).count() == 2


def test_one_with_a_zone_that_there_is_not_holds_up_nobody(three: list[Lead]) -> None:
    version_of({"steps": [step("one")]})
    for one in three:
        events.announce(one, Event.ANSWERED, now=BEGUN)
    Lead.objects.filter(pk=three[1].pk).update(timezone="America/Nowhere")
    run()
    bad = Enrollment.objects.get(lead=three[1])
    assert (bad.state, "America/Nowhere" in bad.reason) == (EnrollmentState.LIVE, True)
    assert Enrollment.objects.filter(state=EnrollmentState.DONE).count() == 2


def test_queries_do_not_grow_with_the_batch(center: object, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    version_of({"stops": ["reached", "replied", "records_here", "questions_answered"], "steps": [step("one")]})

    def batch(count: int) -> None:
        for number in range(count):
            events.announce(make_lead(email=f"n{number}@example.org"), Event.ANSWERED, now=BEGUN)

    batch(1)
    with django_assert_num_queries(20) as one:
        run()
    batch(20)
    with django_assert_num_queries(len(one)):
        assert run() == 20


# --- Versions ---------------------------------------------------------------------------------------------------------
def test_what_comes_with_the_product_is_stored_once() -> None:
    assert SequenceVersion.objects.filter(state=VersionState.PUBLISHED).count() == 9
    assert published.ensure_shipped() == 0


def test_a_new_wording_of_ours_is_published_but_not_over_staffs_own(
    monkeypatch: pytest.MonkeyPatch, coordinator: User
) -> None:
    ours: Definition = shipped()[0]
    newer = ours.model_copy(update={"title": "Changed"})
    theirs = SequenceVersion.objects.get(key=shipped()[1].key)
    SequenceVersion.objects.filter(pk=theirs.pk).update(created_by=coordinator)
    changed = shipped()[1].model_copy(update={"title": "Changed too"})
    monkeypatch.setattr(published, "shipped", lambda: (newer, changed))
    assert published.ensure_shipped() == 2
    state = dict(SequenceVersion.objects.filter(key=ours.key).values_list("number", "state"))
    assert state == {0: VersionState.WITHDRAWN, 1: VersionState.PUBLISHED}
    state = dict(SequenceVersion.objects.filter(key=theirs.key).values_list("number", "state"))
    assert state == {0: VersionState.PUBLISHED, 1: VersionState.DRAFT}
