"""The door through which a lead changes its stage, and the trigger behind it."""

import threading
from itertools import product

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from crm.enums.leads import ActivityKind, CallOutcome, LostReason, Outcome, Stage, TaskKind
from crm.errors import MoveRefused
from crm.leads import actions as leads
from crm.leads.next_steps import NextStep
from crm.models import Lead, Task, User
from tests.factories import NOON, make_lead

# Written out from the sentence in the specification, independently of crm.enums.leads.
ORDER = ["new", "contacting", "qualifying", "records", "review", "booking", "booked", "consulted", "patient"]
ASIDE = ["nurture", "dormant", "improved", "lost"]


def allowed(old: str, new: str) -> bool:
    if old == "patient":
        return False
    if old in ASIDE:
        return new == "qualifying"
    if new in ASIDE or (old, new) == ("booked", "booking"):
        return True
    return ORDER.index(new) > ORDER.index(old)


PAIRS = [(old, new) for old, new in product(ORDER + ASIDE, repeat=2) if old != new]


def lead_in(stage: str, lead: Lead) -> Lead:
    """The same lead, put into a stage as if it had been made there."""
    Lead.objects.filter(pk=lead.pk).delete()
    return make_lead(location=lead.location, stage=stage, lost_reason="other" if stage == "lost" else "")


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_move_follows_the_table(lead: Lead, coordinator: User, old: str, new: str) -> None:
    lead = lead_in(old, lead)
    reason = "cost" if new == "lost" else ""

    if allowed(old, new):
        leads.move(lead, to=Stage(new), by=coordinator, lost_reason=reason, next_step=NextStep("Call", NOON))
    else:
        with pytest.raises(MoveRefused):
            leads.move(lead, to=Stage(new), by=coordinator, lost_reason=reason)

    lead.refresh_from_db()
    assert lead.stage == (new if allowed(old, new) else old)


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_database_follows_the_same_table(lead: Lead, old: str, new: str) -> None:
    lead = lead_in(old, lead)
    changes = {"stage": new, "lost_reason": "cost"}

    if allowed(old, new):
        assert Lead.objects.filter(pk=lead.pk).update(**changes) == 1
    else:
        with pytest.raises(DatabaseError), transaction.atomic():
            Lead.objects.filter(pk=lead.pk).update(**changes)


def test_move_leaves_an_activity(lead: Lead, coordinator: User) -> None:
    leads.move(lead, to=Stage.QUALIFYING, by=coordinator, note="Wants a call back.", now=NOON)

    activity = lead.activities.get()
    assert (activity.kind, activity.by, activity.at) == (ActivityKind.STAGE, coordinator, NOON)
    assert activity.details == {"from": "new", "to": "qualifying", "lost_reason": ""}
    assert activity.note == "Wants a call back."


def test_move_to_the_same_stage_changes_nothing(lead: Lead, coordinator: User) -> None:
    leads.move(lead, to=Stage.NEW, by=coordinator)

    assert not lead.activities.exists()


def test_move_after_somebody_else_is_refused_and_says_so(lead: Lead, coordinator: User) -> None:
    leads.move(lead, to=Stage.RECORDS, by=coordinator)

    with pytest.raises(MoveRefused, match="moved this lead to Records"):
        leads.move(lead, to=Stage.QUALIFYING, by=coordinator, expected_stage=Stage.NEW)

    assert lead.activities.count() == 1


@pytest.mark.parametrize("reason", ["", "because"])
def test_move_to_lost_needs_a_reason(lead: Lead, coordinator: User, reason: str) -> None:
    with pytest.raises(MoveRefused, match="Say why"):
        leads.move(lead, to=Stage.LOST, by=coordinator, lost_reason=reason)


def test_move_back_from_lost_clears_the_reason(lead: Lead, coordinator: User) -> None:
    leads.move(lead, to=Stage.LOST, by=coordinator, lost_reason=LostReason.COST)

    moved = leads.move(lead, to=Stage.QUALIFYING, by=coordinator)

    assert moved.lost_reason == ""


@pytest.mark.django_db(transaction=True)
def test_two_moves_at_once_one_wins_and_the_other_is_told(lead: Lead, coordinator: User) -> None:
    start, results = threading.Barrier(2), []

    def attempt(stage: Stage) -> None:
        start.wait()
        try:
            leads.move(lead, to=stage, by=coordinator, expected_stage=Stage.NEW)
            results.append("moved")
        except MoveRefused:
            results.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=attempt, args=(stage,)) for stage in (Stage.QUALIFYING, Stage.RECORDS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(results) == ["moved", "refused"]
    assert lead.activities.count() == 1


def test_first_call_moves_a_new_lead_to_contacting(lead: Lead, coordinator: User) -> None:
    leads.log_call(lead, by=coordinator, outcome=CallOutcome.REACHED, note="Told us about PT.", now=NOON)

    lead.refresh_from_db()
    assert lead.stage == Stage.CONTACTING
    call = lead.activities.get(kind=ActivityKind.CALL)
    assert (call.call_outcome, call.note, call.by) == ("reached", "Told us about PT.", coordinator)


def test_later_call_leaves_the_stage_alone(lead: Lead, coordinator: User) -> None:
    leads.move(lead, to=Stage.RECORDS, by=coordinator)

    leads.log_call(lead, by=coordinator, outcome=CallOutcome.NO_ANSWER)

    lead.refresh_from_db()
    assert lead.stage == Stage.RECORDS


def test_record_outcome_hold_is_put_on_the_timeline_once(lead: Lead) -> None:
    leads.record_outcome(lead, outcome=Outcome.URGENT, safety_hold=True)
    leads.record_outcome(lead, safety_hold=True)

    lead.refresh_from_db()
    assert (lead.outcome, lead.safety_hold) == ("URGENT", True)
    assert lead.activities.filter(kind=ActivityKind.SAFETY_HOLD).count() == 1


def test_record_outcome_never_lifts_a_hold(lead: Lead) -> None:
    leads.record_outcome(lead, safety_hold=True)

    leads.record_outcome(lead, outcome=Outcome.MORE_INFO, safety_hold=False)

    lead.refresh_from_db()
    assert lead.safety_hold


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"email": "", "phone": ""}, "lead_can_be_reached"),
        ({"stage": "lost"}, "lead_lost_for_a_reason"),
        ({"stage": "elsewhere"}, "lead_stage_known"),
    ],
)
def test_lead_constraint(lead: Lead, fields: dict[str, str], constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        make_lead(location=lead.location, **fields)


def test_reference_is_random_and_readable(lead: Lead) -> None:
    other = make_lead(location=lead.location)

    assert lead.reference != other.reference
    assert len(lead.reference) == 9
    assert not set(lead.reference) & set("01OIL")


@pytest.mark.parametrize(("outcome", "still_open"), [(CallOutcome.REACHED, 1), (CallOutcome.LEFT_VOICEMAIL, 3)])
def test_reaching_somebody_finishes_the_call_tasks_and_no_others(
    lead: Lead, coordinator: User, outcome: CallOutcome, still_open: int
) -> None:
    for kind in (TaskKind.CALL, TaskKind.URGENT_CALL, TaskKind.MAIL_PROBLEM):
        Task.objects.create(lead=lead, kind=kind, title=str(kind.label), due_at=NOON)

    leads.log_call(lead, by=coordinator, outcome=outcome, now=NOON)

    assert Task.objects.open().count() == still_open
    assert set(Task.objects.exclude(done_at=None).values_list("done_at", "done_by")) <= {(NOON, coordinator.pk)}


@pytest.mark.parametrize("name", ["stage", "safety_hold", "outcome", "lost_reason"])
def test_details_do_not_open_other_doors(lead: Lead, coordinator: User, name: str) -> None:
    with pytest.raises(ValueError, match=f"Not contact details: {name}"):
        leads.correct_details(lead, by=coordinator, changes={name: "x"})


def test_details_that_stay_the_same_leave_no_trace(lead: Lead, coordinator: User) -> None:
    leads.correct_details(lead, by=coordinator, changes={"first_name": lead.first_name})

    assert not lead.activities.exists()
