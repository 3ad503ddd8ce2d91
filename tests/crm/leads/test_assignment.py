"""Who gets a lead, who never does, and what comes back."""

import threading
import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from crm.enums.leads import Stage, TaskKind
from crm.errors import AssignmentRefused
from crm.leads import assignment
from crm.models import Absence, AccessEvent, Lead, Location, Notice, Task, User
from tests.factories import make_lead, make_location, make_user

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 11, 23, 15, tzinfo=UTC)  # 10:00 in New York
NIGHT = datetime(2026, 11, 24, 4, tzinfo=UTC)


def person(name: str, *, role: str = "coordinator", **values: Any) -> User:
    user = make_user(role, name=name, email=f"{name.lower()}@example.org")
    places = values.pop("locations", [])
    User.objects.filter(pk=user.pk).update(**values)
    user.refresh_from_db()
    user.locations.set(places)
    return user


def chosen(lead: Lead, *, now: datetime = MONDAY) -> list[str]:
    return [user.name for user in assignment.candidates(lead, now=now)]


def test_new_leads_go_round(center: Location) -> None:
    people = [person(name) for name in ("Ann", "Bea", "Cid")]
    leads = [make_lead(location=center) for _ in range(7)]

    for number in range(7):
        assert assignment.share_out(now=MONDAY + timedelta(minutes=number)) == (7 if number == 0 else 0)

    owners = [Lead.objects.get(pk=lead.pk).owner for lead in leads]
    counts = sorted(owners.count(user) for user in people)
    assert counts == [2, 2, 3]


def test_who_waited_longest_is_next(center: Location) -> None:
    person("Ann", last_lead_at=MONDAY - timedelta(hours=1))
    person("Bea", last_lead_at=MONDAY - timedelta(hours=3))
    person("Cid", last_lead_at=None)
    assert chosen(make_lead(location=center)) == ["Cid", "Bea", "Ann"]


def test_nobody_gets_a_lead_who_may_not(center: Location) -> None:
    other = make_location(name="Other")
    person("Gone", is_active=False)
    person("Resting", takes_leads=False)
    person("Elsewhere", locations=[other])
    person("Unlicensed", licensed_states=["CA"])
    person("Doctor", role="clinician")
    person("Desk", role="front_desk")
    away = person("Away")
    Absence.objects.create(user=away, first_day=date(2026, 11, 20), last_day=date(2026, 11, 23))
    assert chosen(make_lead(location=center, state="NY")) == []


def test_who_may(center: Location) -> None:
    person("Here", locations=[center])
    person("Licensed", licensed_states=["NY"])
    back = person("Back")
    Absence.objects.create(user=back, first_day=date(2026, 11, 20), last_day=date(2026, 11, 22))
    person("Leading", role="lead_coordinator")
    assert sorted(chosen(make_lead(location=center, state="NY"))) == ["Back", "Here", "Leading", "Licensed"]


def test_the_day_of_an_absence_is_the_centers(center: Location) -> None:
    """At 04:00 UTC it is still the 23rd in New York."""
    user = person("Away")
    Absence.objects.create(user=user, first_day=date(2026, 11, 23), last_day=date(2026, 11, 23))
    lead = make_lead(location=center)
    assert chosen(lead, now=NIGHT) == []
    assert chosen(lead, now=NIGHT + timedelta(hours=2)) == ["Away"]


def test_a_language_is_preferred_where_somebody_speaks_it(center: Location) -> None:
    person("Ann")
    person("Luz", languages=["es"])
    assert chosen(make_lead(location=center, language="es")) == ["Luz"]
    assert sorted(chosen(make_lead(location=center))) == ["Ann", "Luz"]
    User.objects.filter(name="Luz").update(is_active=False)
    assert chosen(make_lead(location=center, language="es")) == ["Ann"]


def test_whoever_works_now_comes_first_and_at_night_anybody(center: Location) -> None:
    person("Early", hours={"mon": ["06:00", "09:00"]})
    person("Day", hours={"mon": ["09:00", "17:00"]})
    assert chosen(make_lead(location=center)) == ["Day"]
    assert sorted(chosen(make_lead(location=center), now=NIGHT)) == ["Day", "Early"]


def test_a_location_that_does_not_share_out_keeps_its_leads(center: Location) -> None:
    person("Ann")
    Location.objects.update(shares_out=False)
    make_lead(location=center)
    assert assignment.share_out(now=MONDAY) == 0


def test_only_new_leads_without_an_owner_are_shared_out(center: Location, coordinator: User) -> None:
    make_lead(location=center, owner=coordinator)
    make_lead(location=center, stage=Stage.QUALIFYING)
    assert assignment.share_out(now=MONDAY) == 0


def test_giving_takes_tasks_along_and_rings_the_bell(lead: Lead) -> None:
    ann = person("Ann")
    task = Task.objects.create(lead=lead, title="First call", due_at=MONDAY)
    assignment.give(lead, to=ann, by=None, now=MONDAY)
    task.refresh_from_db()
    assert (task.assigned_to, Notice.objects.get().user, Notice.objects.get().lead) == (ann, ann, lead)
    assert "Looked after by Ann" in [activity.summary for activity in lead.activities.all()]


def test_an_inactive_person_is_refused(lead: Lead) -> None:
    gone = person("Gone", is_active=False)
    with pytest.raises(AssignmentRefused, match="does not work here any more"):
        assignment.give(lead, to=gone, by=None, now=MONDAY)
    lead.refresh_from_db()
    assert lead.owner is None


# --- Handing over ----------------------------------------------------------------------------------------------------


def test_a_leavers_open_leads_go_to_one_person(center: Location, coordinator: User) -> None:
    leaver, heir = person("Leaver"), person("Heir")
    open_one = make_lead(location=center, owner=leaver)
    closed = make_lead(location=center, owner=leaver, stage=Stage.PATIENT)

    assert assignment.hand_over(leaver, to=heir, by=coordinator, now=MONDAY) == 1

    open_one.refresh_from_db()
    closed.refresh_from_db()
    assert (open_one.owner, closed.owner) == (heir, leaver)


def test_or_in_turn_and_never_back_to_the_leaver(center: Location) -> None:
    leaver, ann, bea = person("Leaver"), person("Ann"), person("Bea")
    leads = [make_lead(location=center, owner=leaver) for _ in range(4)]
    assignment.hand_over(leaver, to=None, by=ann, now=MONDAY)
    owners = {Lead.objects.get(pk=lead.pk).owner for lead in leads}
    assert owners == {ann, bea}


def test_what_nobody_may_take_comes_back(center: Location, coordinator: User) -> None:
    leaver = person("Leaver")
    User.objects.filter(pk=coordinator.pk).update(takes_leads=False)
    lead = make_lead(location=center, owner=leaver)
    assignment.hand_over(leaver, to=None, by=coordinator, now=MONDAY)
    lead.refresh_from_db()
    assert (lead.owner, Task.objects.get().kind) == (None, TaskKind.RETURNED)


def test_leads_of_somebody_who_was_switched_off_come_back_once(center: Location) -> None:
    leaver = person("Leaver")
    leads = [make_lead(location=center, owner=leaver) for _ in range(3)]
    User.objects.filter(pk=leaver.pk).update(is_active=False)
    assert [assignment.take_back_from_inactive(now=MONDAY) for _ in range(2)] == [3, 0]
    assert Task.objects.filter(kind=TaskKind.RETURNED, lead__in=leads).count() == 3


def test_a_returned_lead_that_is_given_away_needs_nobody_any_more(center: Location) -> None:
    leaver, ann = person("Leaver"), person("Ann")
    lead = make_lead(location=center, owner=leaver)
    User.objects.filter(pk=leaver.pk).update(is_active=False)
    assignment.take_back_from_inactive(now=MONDAY)
    assignment.give(lead, to=ann, by=ann, now=MONDAY)
    assert not Task.objects.open().exists()


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_give_each_lead_once(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    found, given = assignment.candidates, []

    def slowly(lead: Lead, *, now: datetime) -> list[User]:
        time.sleep(0.01)
        return found(lead, now=now)

    monkeypatch.setattr(assignment, "candidates", slowly)
    center = make_location()
    people = [person(name) for name in ("Ann", "Bea")]
    leads = [make_lead(location=center) for _ in range(12)]

    def sweep() -> None:
        try:
            given.append(assignment.share_out(now=MONDAY))
        finally:
            connection.close()

    sweeps = [threading.Thread(target=sweep) for _ in range(3)]
    for one in sweeps:
        one.start()
    for one in sweeps:
        one.join()
    assert (sum(given), len(given), Notice.objects.count()) == (len(leads), len(sweeps), len(leads))
    assert {Lead.objects.get(pk=lead.pk).owner for lead in leads} <= set(people)


# --- The page of a person --------------------------------------------------------------------------------------------


def test_one_press_hands_everything_over(client: Client, center: Location) -> None:
    leaver, heir = person("Leaver"), person("Heir")
    make_lead(location=center, owner=leaver)
    client.force_login(person("Alex", role="administrator"))
    answer = client.post(f"/admin/crm/user/{leaver.pk}/hand-over/", {"to": str(heir.pk)})
    assert AccessEvent.objects.filter(
        action="edit", object_type="lead", object_ids__contains=[Lead.objects.get().pk]
    ).exists()
    assert (answer.status_code, Lead.objects.get().owner) == (302, heir)


def test_a_coordinator_hands_nothing_over(desk: Client, center: Location) -> None:
    leaver = person("Leaver")
    make_lead(location=center, owner=leaver)
    assert desk.post(f"/admin/crm/user/{leaver.pk}/hand-over/", {"to": ""}).status_code == 403
    assert Lead.objects.get().owner == leaver


def test_a_lead_coordinator_hands_over_too(client: Client, center: Location) -> None:
    leaver, heir = person("Leaver"), person("Heir")
    make_lead(location=center, owner=leaver)
    client.force_login(person("Lea", role="lead_coordinator"))
    assert "Hand over" in client.get("/admin/crm/user/").content.decode()
    assert client.post(f"/admin/crm/user/{leaver.pk}/hand-over/", {"to": str(heir.pk)}).status_code == 302
    assert Lead.objects.get().owner == heir


def test_nobody_waits_behind_leads_that_nobody_may_take(center: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assignment, "BATCH", 3)
    ann, closed = person("Ann", locations=[center]), make_location(name="Without anybody")
    for number in range(8):
        make_lead(location=closed, email=f"p{number}@example.org", received_at=MONDAY - timedelta(days=9))
    last = make_lead(location=center)
    assert [assignment.share_out(now=MONDAY) for _ in range(2)] == [1, 0]
    last.refresh_from_db()
    assert last.owner == ann


def test_a_location_whose_hours_cannot_be_read_holds_up_no_other(center: Location) -> None:
    ann, broken = person("Ann"), make_location(name="Without a clock", timezone="America/Nowhere")
    make_lead(location=broken, received_at=MONDAY - timedelta(days=9))
    last = make_lead(location=center)
    assert assignment.share_out(now=MONDAY) == 1
    last.refresh_from_db()
    assert last.owner == ann
