"""What a center says about its stages, and the next step that every open lead has."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from crm.enums.leads import OPEN_STAGES, CallOutcome, EnrollmentState, Requirement, Stage, TaskKind
from crm.errors import MoveRefused
from crm.leads import actions as leads
from crm.leads import next_steps, stages
from crm.leads.next_steps import NextStep
from crm.leads.stages import Age
from crm.models import Absence, Enrollment, Lead, Location, SequenceVersion, StageRule, Task, User
from tests.factories import NOON, make_lead, make_location, make_user

pytestmark = pytest.mark.django_db
SOON = NextStep("Call about the scan", NOON + timedelta(days=3))


def rule(stage: Stage, **values: object) -> None:
    StageRule.objects.filter(pk=stage).update(**values)
    stages.forget_rules()


def test_every_stage_has_a_rule_and_what_staff_said_stays() -> None:
    rule(Stage.RECORDS, label="Papers", position=1)
    stages.ensure_rules()
    assert set(stages.rules()) == set(Stage)
    assert stages.label(Stage.RECORDS) == "Papers"


def test_stages_stand_in_the_order_that_staff_chose() -> None:
    rule(Stage.PATIENT, position=0)
    assert list(stages.rules())[:3] == [Stage.NEW, Stage.PATIENT, Stage.CONTACTING]


@pytest.mark.parametrize(
    ("days", "age"),
    [(0, Age.FRESH), (4.9, Age.FRESH), (5, Age.AGING), (9.9, Age.AGING), (10, Age.ROTTING), (300, Age.ROTTING)],
)
def test_a_card_ages_by_half_of_its_days_and_rots_by_all(days: float, age: Age) -> None:
    rule(Stage.QUALIFYING, rots_after_days=10)
    assert stages.age_of("qualifying", NOON - timedelta(days=days), now=NOON) == age


def test_where_nothing_is_set_nothing_ages() -> None:
    rule(Stage.LOST, rots_after_days=None)
    assert stages.age_of("lost", NOON - timedelta(days=999), now=NOON) == Age.FRESH


def test_two_stages_cannot_bear_one_name() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        StageRule.objects.filter(pk=Stage.NEW).update(label="Contacting")


# --- What a stage asks for -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (Requirement.NEXT_STEP, "Say what comes next, and on which day."),
        (Requirement.OWNER, "Give the lead an owner first."),
        (Requirement.NOTE, "Say why in a note."),
        (Requirement.ASSESSED, "There is no assessment yet: complete the questions first."),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_moved(lead: Lead, coordinator: User, asked: str, says: str) -> None:
    rule(Stage.RECORDS, requires=[asked])
    with pytest.raises(MoveRefused) as refused:
        leads.move(lead, to=Stage.RECORDS, by=coordinator)
    lead.refresh_from_db()
    assert (refused.value.message, lead.stage) == (says, Stage.NEW)


@pytest.mark.parametrize("asked", list(Requirement))
def test_a_call_is_kept_whatever_the_next_stage_asks_for(lead: Lead, coordinator: User, asked: str) -> None:
    rule(Stage.CONTACTING, requires=[asked])
    leads.log_call(lead, by=coordinator, outcome=CallOutcome.REACHED)
    lead.refresh_from_db()
    assert (lead.activities.get().call_outcome, lead.stage) == (CallOutcome.REACHED, Stage.NEW)


def test_what_is_there_is_not_asked_for(lead: Lead, coordinator: User) -> None:
    rule(Stage.RECORDS, requires=list(Requirement))
    Lead.objects.filter(pk=lead.pk).update(owner=coordinator, outcome="CONSULT_LIKELY")
    leads.move(lead, to=Stage.RECORDS, by=coordinator, note="Has an MRI.", next_step=SOON, now=NOON)
    task = Task.objects.get(lead=lead)
    assert (task.title, task.due_at, task.kind) == (SOON.title, SOON.due_at, TaskKind.NEXT_STEP)


def test_what_moves_by_itself_is_asked_for_nothing(lead: Lead) -> None:
    rule(Stage.NURTURE, requires=[Requirement.NEXT_STEP, Requirement.NOTE])
    assert leads.move(lead, to=Stage.NURTURE, by=None).stage == Stage.NURTURE


@pytest.mark.parametrize("stage", [Stage.BOOKING, Stage.BOOKED])
def test_nobody_books_whom_a_hold_protects(center: Location, coordinator: User, stage: Stage) -> None:
    lead = make_lead(location=center, safety_hold=True)
    for by in (coordinator, None):
        with pytest.raises(MoveRefused, match="safety hold"):
            leads.move(lead, to=stage, by=by)


def test_a_stage_that_answers_soon_gives_a_task_in_opening_hours(lead: Lead, coordinator: User) -> None:
    rule(Stage.BOOKING, answer_within_minutes=60)
    friday_evening = datetime(2026, 11, 27, 22, 30, tzinfo=UTC)  # 17:30 in New York; the center closes at 18:00
    leads.move(lead, to=Stage.BOOKING, by=coordinator, now=friday_evening)
    assert Task.objects.get(lead=lead).due_at == datetime(2026, 11, 30, 13, 30, tzinfo=UTC)  # Monday 08:30


# --- A next step for everybody ---------------------------------------------------------------------------------------


def enrolled(lead: Lead, **values: object) -> Enrollment:
    version = SequenceVersion.objects.filter(key="more_info").latest("number")
    return Enrollment.objects.create(lead=lead, version=version, key="more_info", anchor=NOON, **values)


def test_whom_nothing_reminds_of_gets_a_task_once(center: Location) -> None:
    forgotten = [make_lead(location=center, stage=stage) for stage in OPEN_STAGES]
    for stage in set(Stage) - set(OPEN_STAGES):
        make_lead(location=center, stage=stage, lost_reason="other" if stage == Stage.LOST else "")

    assert (next_steps.ensure(now=NOON), next_steps.ensure(now=NOON)) == (len(forgotten), 0)

    tasks = Task.objects.all()
    assert {task.lead_id for task in tasks} == {lead.pk for lead in forgotten}
    assert {task.title for task in tasks} == {next_steps.DECIDE}
    assert not Lead.objects.without_next_step().exists()


def test_a_location_whose_hours_cannot_be_read_holds_up_no_other(center: Location) -> None:
    broken = make_location(name="Without a clock", timezone="America/Nowhere")
    there, here = make_lead(location=broken), make_lead(location=center)

    assert next_steps.ensure(now=NOON) == 2

    assert Task.objects.get(lead=there).due_at == NOON
    assert Task.objects.get(lead=here).due_at > NOON


@pytest.mark.parametrize(
    ("first", "last", "is_theirs"), [(0, 0, True), (1, 1, False), (-9, 9, False), (2, 9, True), (-9, 0, True)]
)
def test_a_next_step_that_falls_due_while_its_owner_is_away_is_everybodys(
    center: Location, coordinator: User, first: int, last: int, is_theirs: bool
) -> None:
    make_lead(location=center, owner=coordinator)
    away = {name: NOON.date() + timedelta(days=days) for name, days in (("first_day", first), ("last_day", last))}
    Absence.objects.create(user=coordinator, **away)
    next_steps.ensure(now=NOON)
    made = Task.objects.get()
    assert made.due_at.astimezone(center.zone).date() == NOON.date() + timedelta(days=1)
    assert made.assigned_to == (coordinator if is_theirs else None)


def test_an_absence_of_somebody_else_takes_no_next_step_from_its_owner(
    center: Location, coordinator: User, clinician: User
) -> None:
    make_lead(location=center, owner=coordinator)
    Absence.objects.create(user=clinician, first_day=NOON.date(), last_day=NOON.date() + timedelta(days=9))
    next_steps.ensure(now=NOON)
    assert Task.objects.get().assigned_to == coordinator


@pytest.mark.parametrize("owners", [1, 3])
def test_owners_and_absences_are_asked_for_in_the_same_number_of_queries(
    center: Location, owners: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(owners):
        owner = make_user("coordinator", email=f"c{number}@example.org")
        Absence.objects.create(user=owner, first_day=NOON.date(), last_day=NOON.date())
        make_lead(location=center, owner=owner)
    with django_assert_num_queries(8):
        assert next_steps.ensure(now=NOON) == owners


def test_a_task_or_a_step_to_come_is_enough(center: Location) -> None:
    with_task, with_step = make_lead(location=center), make_lead(location=center)
    next_steps.plan(with_task, SOON)
    enrolled(with_step, due_at=NOON)
    assert next_steps.ensure(now=NOON) == 0


def test_what_is_done_or_paused_reminds_of_nothing(center: Location, coordinator: User) -> None:
    done, paused = make_lead(location=center), make_lead(location=center)
    task = next_steps.plan(done, SOON)
    Task.objects.filter(pk=task.pk).update(done_at=NOON, done_by=coordinator)
    enrolled(paused, state=EnrollmentState.PAUSED, paused_at=NOON)
    assert next_steps.ensure(now=NOON) == 2


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_make_one_task(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def slowly(*_args: object, **_named: object) -> datetime:
        time.sleep(0.01)
        return NOON

    monkeypatch.setattr("crm.values.opening_hours.end_of_next_day", slowly)
    made: list[int] = []

    center = make_location()
    people = [make_lead(location=center) for _ in range(20)]

    def sweep() -> None:
        try:
            made.append(next_steps.ensure(now=NOON))
        finally:
            connection.close()

    sweeps = [threading.Thread(target=sweep) for _ in range(4)]
    for one in sweeps:
        one.start()
    for one in sweeps:
        one.join()
    assert (sum(made), len(made), Task.objects.count()) == (len(people), len(sweeps), len(people))


# --- The page where administrators edit them -------------------------------------------------------------------------


def test_an_administrator_names_a_stage_and_the_desk_follows(client: Client, lead: Lead) -> None:
    client.force_login(make_user("administrator", email="alex@example.org"))
    form = {"label": "Fresh", "position": 0, "answer_within_minutes": 5, "rots_after_days": 1, "requires": ["note"]}
    assert client.post("/admin/crm/stagerule/new/change/", form).status_code == 302
    assert "Fresh" in client.get("/admin/crm/lead/").content.decode()
    assert StageRule.objects.get(pk="new").requires == ["note"]


def test_a_coordinator_looks_and_changes_nothing(desk: Client) -> None:
    assert desk.get("/admin/crm/stagerule/").status_code == 200
    assert desk.post("/admin/crm/stagerule/new/change/", {"label": "Fresh", "position": 0}).status_code == 403
    assert desk.get("/admin/crm/stagerule/add/").status_code == 403
