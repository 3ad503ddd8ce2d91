"""My day: what waits, for whom, in how many queries, and one press to be done with it."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from crm.desk import my_day
from crm.enums.leads import Stage, TaskKind
from crm.leads import tasks
from crm.models import Absence, AccessEvent, Lead, Location, Task, User
from crm.safety import alerts
from tests.factories import make_lead, make_location, make_user

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)  # Monday 10:00 in New York


def task(lead: Lead, kind: TaskKind = TaskKind.OTHER, *, minutes: float = 0, **values: object) -> Task:
    due_at = NOW + timedelta(minutes=minutes)
    return Task.objects.create(lead=lead, kind=kind, title=f"Task {kind}", due_at=due_at, **values)


def sections(user: User, *, everybody: bool = False) -> dict[str, list[Task]]:
    return {one.key: one.rows for one in my_day.of(user, everybody=everybody, now=NOW).sections}


def shown(user: User) -> list[Task]:
    return [one for rows in sections(user).values() for one in rows]


@pytest.mark.parametrize("kind", TaskKind)
@pytest.mark.parametrize("stage", [Stage.NEW, Stage.QUALIFYING])
def test_every_task_stands_in_exactly_one_section(
    center: Location, coordinator: User, kind: TaskKind, stage: Stage
) -> None:
    made = task(make_lead(location=center, stage=stage), kind)
    found = sections(coordinator)
    assert [key for key, rows in found.items() if made in rows] == [my_day.section_of(made)]


def test_the_most_urgent_is_on_top_and_long_lists_say_so(center: Location, coordinator: User) -> None:
    lead = make_lead(location=center, stage=Stage.QUALIFYING)
    late = [task(lead, minutes=-number) for number in range(my_day.MOST + 5)]
    day = my_day.of(coordinator, everybody=False, now=NOW)
    [due] = [one for one in day.sections if one.key == "due"]
    assert due.rows == sorted(late, key=lambda one: one.due_at)[: my_day.MOST]
    assert due.more


def test_tomorrow_and_what_is_done_are_not_shown(lead: Lead, coordinator: User) -> None:
    task(lead, minutes=60 * 24)
    task(lead, done_at=NOW, done_by=coordinator)
    with time_machine.travel(NOW, tick=False):
        assert not any(sections(coordinator).values())


@pytest.mark.parametrize(("kind", "key"), [(TaskKind.ANSWER, "inbound:1"), (TaskKind.CALL, "first-call:1")])
def test_what_a_patient_waits_for_is_shown_from_its_arrival_on(
    lead: Lead, coordinator: User, kind: TaskKind, key: str
) -> None:
    """What came in the evening is due at the end of the next business day."""
    made = task(lead, kind, minutes=60 * 24 * 2, key=key)
    assert shown(coordinator) == [made]
    Task.objects.update(kind=TaskKind.CALL, key="step:1")
    assert shown(coordinator) == []


def test_what_is_put_off_is_gone_until_they_write_again(lead: Lead, coordinator: User) -> None:
    tasks.ask_for_answer(lead, title="Answer", key="inbound:1", now=NOW)
    waits = Task.objects.get()
    tasks.put_off(waits, until=NOW + timedelta(days=7), by=coordinator, now=NOW, seen=waits.version)
    assert shown(coordinator) == []
    tasks.ask_for_answer(lead, title="Answer", key="inbound:2", now=NOW)
    assert shown(coordinator) == [Task.objects.get()]


@time_machine.travel(NOW, tick=False)
def test_what_is_put_off_shows_when_it_was_due_at_first(client: Client, clinician: User, lead: Lead) -> None:
    """On My day, beside the lead and in the queue, and however often it is put off."""
    client.force_login(clinician)
    overdue = task(lead, TaskKind.REVIEW, minutes=-60 * 24 * 14)
    places = ("/admin/", f"/admin/crm/lead/{lead.pk}/change/", "/admin/reviews/")

    def shown_first() -> list[bool]:
        return [", first due Nov 9, 10:00 AM" in client.get(place).text for place in places]

    assert shown_first() == [False] * 3
    for hours in (1, 2):
        assert tasks.put_off(Task.objects.get(), until=NOW + timedelta(hours=hours), by=clinician, now=NOW)
        assert shown_first() == [True] * 3
    assert Task.objects.get().first_due_at == overdue.due_at


def test_what_waits_again_was_put_off_by_nobody(lead: Lead, coordinator: User) -> None:
    tasks.ask_for_answer(lead, title="Answer", key="inbound:1", now=NOW)
    made = Task.objects.get()
    tasks.put_off(made, until=NOW + timedelta(days=7), by=coordinator, now=NOW, seen=made.version)
    made = Task.objects.get()
    assert tasks.finish_task(made, by=coordinator, now=NOW, seen=made.version)
    tasks.ask_for_answer(lead, title="Answer", key=made.key or "", now=NOW)
    waits = Task.objects.open().get()
    assert (waits.first_due_at, waits.put_off_until) == (None, None)


def test_mine_and_nobodys_unless_asked_for_everybodys(lead: Lead, coordinator: User, clinician: User) -> None:
    mine, nobodys, theirs = (task(lead, assigned_to=user) for user in (coordinator, None, clinician))
    assert set(sections(coordinator)["due"]) == {mine, nobodys}
    assert set(sections(coordinator, everybody=True)["due"]) == {mine, nobodys, theirs}


@pytest.mark.parametrize(("first", "last", "shown"), [(-13, 0, True), (0, 13, True), (1, 14, False), (-14, -1, False)])
def test_what_falls_due_while_somebody_is_away_is_everybodys(
    lead: Lead, coordinator: User, clinician: User, first: int, last: int, shown: bool
) -> None:
    today = NOW.date()
    Absence.objects.create(
        user=clinician, first_day=today + timedelta(days=first), last_day=today + timedelta(days=last)
    )
    theirs = task(lead, assigned_to=clinician)
    assert (theirs in sections(coordinator)["due"]) == shown
    assert sections(clinician)["due"] == [theirs]


def test_only_locations_that_somebody_works_for(center: Location, coordinator: User) -> None:
    other = make_location(name="Other")
    here, there = make_lead(location=center), make_lead(location=other, email="o@example.org")
    task(here), task(there)
    alerts.raise_alert(there, key="a", now=NOW)
    coordinator.locations.add(center)
    day = my_day.of(coordinator, everybody=True, now=NOW)
    assert [one.lead for section in day.sections for one in section.rows] == [here]
    assert day.alerts == []


@pytest.mark.parametrize("rows", [1, 3])
def test_the_page_asks_the_same_number_of_questions(
    desk: Client, center: Location, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(rows):
        lead = make_lead(location=center, email=f"p{number}@example.org")
        for kind in TaskKind:
            Task.objects.create(lead=lead, kind=kind, title="x", due_at=datetime.now(UTC))
        alerts.raise_alert(lead, key=f"a{number}", now=NOW)
    desk.get("/admin/")
    with django_assert_num_queries(12):
        assert desk.get("/admin/").status_code == 200


def test_a_look_is_recorded_and_asking_again_only_when_somebody_is_new(desk: Client, lead: Lead) -> None:
    def ask_again() -> str:
        return desk.get("/admin/", headers={"HX-Request": "true"}).content.decode()

    Task.objects.create(lead=lead, title="x", due_at=datetime.now(UTC))
    desk.get("/admin/")
    events = AccessEvent.objects.count()
    part = ask_again()
    assert ("<html" in part, lead.full_name in part, AccessEvent.objects.count()) == (False, True, events)

    other = make_lead(location=lead.location, email="new@example.org")
    Task.objects.create(lead=other, title="x", due_at=datetime.now(UTC))
    ask_again(), ask_again()
    assert AccessEvent.objects.count() == events + 1
    assert set(AccessEvent.objects.latest("at").object_ids) == {lead.pk, other.pk}


def test_done_and_later_go_back_to_the_list(desk: Client, lead: Lead, coordinator: User) -> None:
    first, second = (Task.objects.create(lead=lead, title=name, due_at=datetime.now(UTC)) for name in "ab")
    assert desk.post(f"/admin/tasks/{first.pk}/done/").headers["Location"] == "/admin/"
    desk.post(f"/admin/tasks/{second.pk}/later/", {"until": "week"})
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.done_by == coordinator
    assert timedelta(days=6) < second.due_at - datetime.now(UTC) < timedelta(days=8)
    [said] = [one.summary for one in lead.activities.all() if one.summary.startswith("Put off to")]
    assert said.endswith("M: Other")  # what staff wrote for themselves is not in the patient's copy


@pytest.mark.parametrize(
    ("choice", "until"),
    [
        ("hour", NOW + timedelta(hours=1)),
        ("tomorrow", datetime(2026, 11, 24, 9, tzinfo=UTC)),
        ("week", datetime(2026, 11, 30, 9, tzinfo=UTC)),
        ("never", None),
        ("", None),
    ],
)
def test_until_when(choice: str, until: datetime | None) -> None:
    assert my_day.snoozed_until(choice, now=NOW) == until


def test_what_is_not_understood_changes_nothing(desk: Client, lead: Lead) -> None:
    made = task(lead)
    desk.post(f"/admin/tasks/{made.pk}/later/", {"until": "2027"})
    desk.get(f"/admin/tasks/{made.pk}/done/")
    made.refresh_from_db()
    assert (made.due_at, made.done_at) == (NOW, None)


def test_a_task_of_another_location_is_nowhere(desk: Client, coordinator: User, center: Location) -> None:
    other = make_location(name="Other")
    made = task(make_lead(location=other))
    coordinator.locations.add(center)
    assert desk.post(f"/admin/tasks/{made.pk}/done/").status_code == 404


def test_marketing_begins_with_figures_and_sees_no_person(client: Client, lead: Lead) -> None:
    task(lead)
    client.force_login(make_user("marketing", email="mark@example.org"))
    assert client.get("/admin/").headers["Location"] == "/admin/figures/"
    page = client.get("/admin/figures/").content.decode()
    assert (lead.last_name in page, "Requests" in page) == (False, True)
    for path in ("/admin/crm/lead/", "/admin/board/", f"/admin/crm/lead/{lead.pk}/change/", "/admin/crm/task/"):
        assert client.get(path).status_code == 403
