"""What staff do on the page of a lead: calls, notes, moves, tasks, messages."""

from datetime import timedelta

import pytest
from django.test import Client

from crm.enums.leads import ActivityKind, MessageState, Stage, TaskKind
from crm.models import Activity, Lead, Task, User
from tests.crm.desk.test_lead import _task, at
from tests.factories import NOON, make_lead, make_message
from tests.page_forms import as_sent

pytestmark = pytest.mark.django_db


# --- Calls, notes, moves, tasks --------------------------------------------------------------------------------------
def test_call_is_logged_and_begins_contacting(desk: Client, lead: Lead, coordinator: User) -> None:
    response = desk.post(at(lead, "call/"), {"call-outcome": "reached", "call-note": "Wants a morning."})

    assert (response.status_code, response["Location"]) == (302, at(lead))
    call = Activity.objects.get(kind=ActivityKind.CALL)
    assert (call.call_outcome, call.note, call.by) == ("reached", "Wants a morning.", coordinator)
    lead.refresh_from_db()
    assert lead.stage == Stage.CONTACTING


def test_a_call_ends_an_urgent_one_only_for_the_reason_that_its_page_showed(desk: Client, lead: Lead) -> None:
    urgent = Task.objects.create(lead=lead, kind=TaskKind.URGENT_CALL, title="Call now", due_at=NOON, key="urgent:1")
    older = as_sent(desk.get(at(lead)).content.decode(), having="call-outcome") | {"call-outcome": ["reached"]}
    Task.objects.update(due_at=NOON + timedelta(seconds=1))  # another sign was told

    page = desk.post(at(lead, "call/"), older, follow=True).content.decode()
    urgent.refresh_from_db()
    assert (urgent.done_at, "There is another reason to call" in page) == (None, True)

    newer = as_sent(page, having="call-outcome") | {"call-outcome": ["reached"]}
    page = desk.post(at(lead, "call/"), newer, follow=True).content.decode()
    urgent.refresh_from_db()
    assert (urgent.done_at is not None, "There is another reason to call" in page) == (True, False)


def test_call_without_outcome_keeps_the_note(desk: Client, lead: Lead) -> None:
    response = desk.post(at(lead, "call/"), {"call-outcome": "", "call-note": "Wants a morning."})

    assert response.status_code == 422
    assert "Wants a morning." in response.content.decode()
    assert not Activity.objects.exists()


def test_empty_note_is_refused(desk: Client, lead: Lead) -> None:
    assert desk.post(at(lead, "note/"), {"note-text": "  "}).status_code == 422
    assert not Activity.objects.exists()


def test_move_goes_where_the_table_allows(desk: Client, lead: Lead) -> None:
    response = desk.post(
        at(lead, "move/"), {"move-expected_stage": "new", "move-to": "qualifying", "move-note": "All told."}
    )

    assert response.status_code == 302
    lead.refresh_from_db()
    assert lead.stage == Stage.QUALIFYING
    assert Activity.objects.get().note == "All told."


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"move-to": "lost"}, "Say why the lead was lost."),
        ({"move-to": "new"}, "A lead in this stage cannot go there"),
        ({"move-to": "qualifying", "move-expected_stage": "booking"}, "Somebody moved this lead to New"),
        ({}, "This field is required."),
    ],
)
def test_move_that_is_refused_says_why_and_keeps_the_note(
    desk: Client, lead: Lead, data: dict[str, str], words: str
) -> None:
    response = desk.post(at(lead, "move/"), {"move-expected_stage": "new", "move-note": "Kept words"} | data)

    assert response.status_code == 422
    page = response.content.decode()
    assert words in page
    assert "Kept words" in page
    lead.refresh_from_db()
    assert lead.stage == Stage.NEW


def test_task_is_done_once(desk: Client, lead: Lead, coordinator: User) -> None:
    task = _task(lead)

    desk.post(at(lead, "tasks/{task}/done/", task=task.pk))
    desk.post(at(lead, "tasks/{task}/done/", task=task.pk))

    task.refresh_from_db()
    assert task.done_by == coordinator
    assert "Task done: First call" in desk.get(at(lead)).content.decode()


def test_task_of_another_lead_is_not_found(desk: Client, lead: Lead) -> None:
    task = _task(make_lead(email="other@example.org"))

    assert desk.post(at(lead, "tasks/{task}/done/", task=task.pk)).status_code == 404


# --- Messages --------------------------------------------------------------------------------------------------------
def test_failed_message_is_sent_again(desk: Client, lead: Lead) -> None:
    message = make_message(lead, state=MessageState.FAILED, reason="Refused by the mail server (550)")

    assert "Send again" in desk.get(at(lead)).content.decode()
    desk.post(at(lead, "messages/{message}/send-again/", message=message.pk))

    message.refresh_from_db()
    assert (message.state, message.reason, message.finished_at) == ("queued", "", None)
    assert Activity.objects.get().summary == f"Sent again: {message.subject}"


def test_sent_message_is_not_sent_again(desk: Client, lead: Lead) -> None:
    message = make_message(lead, state=MessageState.SENT)

    assert "Send again" not in desk.get(at(lead)).content.decode()
    response = desk.post(at(lead, "messages/{message}/send-again/", message=message.pk), follow=True)

    assert "there is nothing to repeat" in response.content.decode()
    message.refresh_from_db()
    assert message.state == MessageState.SENT
