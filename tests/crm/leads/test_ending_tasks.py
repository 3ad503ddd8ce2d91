"""Who may say that a task is done, or can wait: whoever can do what it asks for. A review ends by its decision."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from crm.enums.leads import Decision, TaskKind
from crm.errors import TaskRefused
from crm.leads import assignment, reviews, tasks
from crm.models import Lead, Task, User
from tests.factories import NOON, make_user

pytestmark = pytest.mark.django_db


def open_task(lead: Lead, kind: TaskKind) -> Task:
    return Task.objects.create(lead=lead, kind=kind, title="Something", due_at=datetime.now(UTC))


def presses(client: Client, task: Task) -> list[str]:
    """Every way in which the desk ends or puts off a task."""
    client.post(f"/admin/tasks/{task.pk}/done/")
    client.post(f"/admin/tasks/{task.pk}/later/", {"until": "week"})
    answer = client.post(f"/admin/crm/lead/{task.lead_id}/tasks/{task.pk}/done/", follow=True)
    return [str(message) for message in answer.context["messages"]]


def stands_as_before(task: Task) -> bool:
    due_at = task.due_at
    task.refresh_from_db()
    return task.done_at is None and task.due_at == due_at


@pytest.mark.parametrize("role", ["coordinator", "lead_coordinator", "front_desk", "administrator"])
def test_a_review_is_ended_and_put_off_by_nobody_else(client: Client, lead: Lead, role: str) -> None:
    task = open_task(lead, TaskKind.REVIEW)
    client.force_login(make_user(role, email="other@example.org"))
    assert "A clinical review ends with the decision of a clinician." in presses(client, task)
    assert stands_as_before(task)


def test_a_clinician_puts_a_review_off_and_ends_it_by_deciding(lead: Lead, clinician: User) -> None:
    task = open_task(lead, TaskKind.REVIEW)
    with pytest.raises(TaskRefused, match="ends with the decision"):
        tasks.finish_task(task, by=clinician, now=NOON)
    assert tasks.put_off(task, until=NOON, by=clinician, now=NOON)
    reviews.decide(lead, decision=Decision.SUITABLE, reason="Clear.", by=clinician, now=NOON)
    task.refresh_from_db()
    assert (task.due_at, task.done_at, task.done_by) == (NOON, NOON, clinician)


@pytest.mark.parametrize("kind", [TaskKind.ANSWER, TaskKind.PRIVACY, TaskKind.VERIFY, TaskKind.REFERRER])
def test_nobody_ends_what_they_cannot_read(client: Client, lead: Lead, kind: TaskKind, coordinator: User) -> None:
    task = open_task(lead, kind)
    client.force_login(make_user("front_desk", email="fran@example.org"))
    assert "This task waits for somebody else: you cannot end it." in presses(client, task)
    assert stands_as_before(task)
    assert tasks.finish_task(task, by=coordinator, now=NOON, seen=task.version)


def test_a_cause_opens_one_task_though_it_is_told_again_when_that_is_done(lead: Lead) -> None:
    for key in ("one", "another", "another"):
        tasks.open_one(Task(lead=lead, kind=TaskKind.URGENT_CALL, title="Call", due_at=NOON, key=key))
        Task.objects.filter(key="urgent_call:another").update(done_at=NOON)
    assert Task.objects.get().done_at == NOON


def test_there_is_no_button_where_a_press_would_be_refused(client: Client, lead: Lead) -> None:
    shown, hidden = open_task(lead, TaskKind.CALL), open_task(lead, TaskKind.REVIEW)
    client.force_login(make_user("front_desk", email="fran@example.org"))
    for page in ("/admin/", f"/admin/crm/lead/{lead.pk}/change/"):
        html = client.get(page).content.decode()
        assert f"{shown.pk}/done/" in html
        assert f"{hidden.pk}/done/" not in html
        assert f"{hidden.pk}/later/" not in html


def test_a_new_owner_does_not_take_a_review_off_the_clinicians_day(lead: Lead, coordinator: User) -> None:
    call, review = open_task(lead, TaskKind.CALL), open_task(lead, TaskKind.REVIEW)
    assignment.give(lead, to=coordinator, by=None, now=NOON)
    call.refresh_from_db()
    review.refresh_from_db()
    assert (call.assigned_to, review.assigned_to) == (coordinator, None)
