"""What waits is counted from its arrival on: in the sidebar, and on My day."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from crm import registry
from crm.desk import my_day
from crm.leads import tasks
from crm.models import Lead, Location, Task, User
from crm.safety import alerts
from intake.models import Quarantine, QuarantinedRequest, Question
from tests.factories import make_lead, make_location, make_user

pytestmark = pytest.mark.django_db
BY_ITSELF = {"HX-Request": "true", "X-Asks-By-Itself": "1"}


def counted(desk: Client) -> dict[str, str]:
    part = desk.get("/admin/bell/", headers=BY_ITSELF).content.decode()
    return dict(re.findall(r'<span id="waits-(\w+)" hx-swap-oob="true">([\d+]*)', part))


def ask(location: Location, **values: Any) -> Question:
    given = {"topic": "bills", "name": "Quinn", "email": "quinn@example.org", "message": "Which plans do you take?"}
    return Question.objects.create(location=location, **(given | values))


def hold(location: Location, **values: Any) -> QuarantinedRequest:
    given = {"form_id": uuid.uuid4(), "digest": uuid.uuid4().hex, "page": "request", "reference": uuid.uuid4().hex[:9]}
    return QuarantinedRequest.objects.create(location=location, data={}, reasons=["honeypot"], **(given | values))


def test_what_comes_in_is_counted_at_once_and_until_it_is_done(desk: Client, lead: Lead, coordinator: User) -> None:
    """A message in the evening is due the day after."""
    assert counted(desk) == {"day": "", "questions": "", "held": ""}
    now = timezone.now()
    tasks.ask_for_answer(lead, title="Answer the message", key="message:1", now=now)
    alerts.raise_alert(lead, key="a", now=now)
    asked, held = ask(lead.location), hold(lead.location)
    assert counted(desk) == {"day": "2", "questions": "1", "held": "1"}

    done = Task.objects.get()
    assert tasks.finish_task(done, by=coordinator, now=now, seen=done.version)
    Question.objects.filter(pk=asked.pk).update(answered_at=now, answered_by=coordinator)
    QuarantinedRequest.objects.filter(pk=held.pk).update(
        state=Quarantine.DISCARDED, decided_at=now, decided_by=coordinator, note="None"
    )
    assert counted(desk) == {"day": "1", "questions": "", "held": ""}


def test_the_count_is_that_of_the_page(desk: Client, lead: Lead, coordinator: User, clinician: User) -> None:
    due = timezone.now()
    for number, owner in enumerate((None, coordinator, clinician, coordinator)):
        Task.objects.create(lead=lead, title=f"Task {number}", due_at=due, assigned_to=owner)
    Task.objects.create(lead=lead, title="Next week", due_at=due + timedelta(days=7))
    day = my_day.of(coordinator, everybody=False, now=due)
    assert counted(desk)["day"] == str(sum(len(section.rows) for section in day.sections)) == "3"


def test_many_are_many(desk: Client, lead: Lead) -> None:
    due = timezone.now()
    Task.objects.bulk_create(Task(lead=lead, title="Call", due_at=due) for _ in range(my_day.MOST_COUNTED + 5))
    assert counted(desk)["day"] == "99+"


def test_each_counts_what_they_may_see(client: Client, desk: Client, coordinator: User, center: Location) -> None:
    other = make_location(name="Other", position=9)
    coordinator.locations.add(other)
    ask(center), hold(center)
    Task.objects.create(lead=make_lead(location=center), title="Call", due_at=timezone.now())
    assert counted(desk) == {"day": "", "questions": "", "held": ""}
    ask(other)
    assert counted(desk)["questions"] == "1"
    assert registry.waiting_for(make_user("marketing", email="mark@example.org")) == {}


def test_my_day_says_what_waits_beside_the_pipeline_and_since_when(desk: Client, center: Location) -> None:
    assert "Questions and held requests" not in desk.get("/admin/").content.decode()
    ask(center), ask(center), ask(center, reasons=["too_fast"]), hold(center)
    page = desk.get("/admin/").content.decode()
    for words in (
        "2 questions wait for an answer",
        "1 question a machine may have sent",
        "1 request is held back",
        "Questions and held requests",
    ):
        assert words in page
    assert "Quinn" not in page


@pytest.mark.parametrize("rows", [0, 3])
def test_counting_takes_the_same_number_of_queries(
    lead: Lead, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    user = make_user("coordinator", email="new@example.org")
    user.has_perm("crm.view_task")  # its permissions are read once a request
    for _ in range(rows):
        ask(lead.location), hold(lead.location)
        Task.objects.create(lead=lead, title="Call", due_at=timezone.now())
    with django_assert_num_queries(3):
        registry.waiting_for(user)


@pytest.mark.parametrize("name", ["day", "questions", "held"])
def test_each_count_has_its_place_in_the_sidebar(desk: Client, center: Location, name: str) -> None:
    assert desk.get("/admin/").content.decode().count(f'id="waits-{name}"') == 1
