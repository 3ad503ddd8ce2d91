"""A request that somebody tells staff: the same rules as on the web, by whatever way it came."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.test import Client

from crm.enums.leads import TaskKind
from crm.models import AccessEvent, ConsentRecord, EmergencyCount, Lead, Location, Message, SafetyAlert, Task, User
from intake.models import Submission
from tests.factories import make_lead, make_location, make_user

pytestmark = pytest.mark.django_db
PAGE = "/admin/new-request/"
MONDAY = datetime(2026, 11, 23, 15, tzinfo=UTC)  # 10:00 in New York
LEAST = {
    "safety_check": ["none"],
    "first_name": "Robin",
    "last_name": "Ringer",
    "phone": "(212) 555-0142",
    "came_by": "phone",
    "language_spoken": "en",
}


def save(desk: Client, **told: Any) -> Any:
    return desk.post(PAGE, {name: value for name, value in (LEAST | told).items() if value is not None})


@pytest.fixture(autouse=True)
def _a_center(center: object) -> None:
    """Every request belongs to one."""


def test_a_name_and_one_way_to_reach_them_is_enough(desk: Client, coordinator: User) -> None:
    answer = save(desk)
    lead = Lead.objects.get()
    assert answer.headers["Location"] == f"/admin/crm/lead/{lead.pk}/change/"
    assert (lead.full_name, lead.phone, lead.came_by, lead.owner) == (
        "Robin Ringer",
        "+12125550142",
        "phone",
        coordinator,
    )
    assert (Submission.objects.get().by, Submission.objects.get().page) == (coordinator, "staff")
    assert Task.objects.get().kind == TaskKind.CALL
    assert lead.outcome == "MORE_INFO"


@pytest.mark.parametrize("missing", ["first_name", "last_name", "phone", "safety_check", "came_by"])
def test_what_is_missing_is_asked_for_and_nothing_typed_is_lost(desk: Client, missing: str) -> None:
    answer = save(desk, **{missing: None}, note="Will call again.")
    page = answer.content.decode()
    assert (answer.status_code, Lead.objects.count()) == (422, 0)
    assert "Will call again." in page
    assert "Nothing is saved yet." in page


@pytest.mark.parametrize("sign", ["A1", "unsure_A1", "A10", "unsure_A7"])
def test_a_warning_sign_means_what_it_means_on_the_web(desk: Client, sign: str) -> None:
    page = desk.get(save(desk, safety_check=[sign]).headers["Location"]).content.decode()
    lead = Lead.objects.get()
    assert (lead.safety_hold, lead.outcome) == (True, "URGENT")
    assert SafetyAlert.objects.count() == 1
    assert not Message.objects.filter(lead=lead).exists()
    assert "call 911" in page


def test_a_warning_sign_counts_before_anything_else_is_in_order(desk: Client) -> None:
    save(desk, safety_check=["A1"], came_by="by pigeon", phone="1", email="robin@example.org")
    assert Lead.objects.get().safety_hold
    save(desk, safety_check=["A1"], first_name=None)
    assert (Lead.objects.count(), EmergencyCount.objects.get().count) == (1, 1)


def test_the_clock_starts_when_it_really_came(desk: Client) -> None:
    """A voicemail of 10:30 that is typed in at 12:00 is late already."""
    with time_machine.travel(MONDAY + timedelta(hours=2), tick=False):
        save(desk, came_by="voicemail", received_at="2026-11-23T10:30")
    lead = Lead.objects.get()
    assert (lead.came_by, lead.received_at) == ("voicemail", MONDAY + timedelta(minutes=30))
    assert Task.objects.get().due_at == MONDAY + timedelta(minutes=35)


@pytest.mark.parametrize("at", ["2026-11-23T10:01", "2026-10-01T10:00", "yesterday"])
def test_times_that_cannot_be_are_refused(desk: Client, at: str) -> None:
    with time_machine.travel(MONDAY, tick=False):
        assert save(desk, received_at=at).status_code == 422
    assert not Lead.objects.exists()


def test_what_was_agreed_to_bears_the_name_of_the_witness(desk: Client, coordinator: User) -> None:
    save(desk, consent_contact="on")
    found = {one.kind: (one.given, one.witnessed_by) for one in ConsentRecord.objects.all()}
    assert found == {
        "contact": (True, coordinator),
        "privacy": (False, coordinator),
        "education": (False, coordinator),
    }


def test_the_same_form_twice_is_one_lead(desk: Client) -> None:
    sent = {"submission_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7"}
    save(desk, **sent), save(desk, **sent)
    assert Lead.objects.count() == 1


def test_a_known_person_is_one_lead(desk: Client) -> None:
    known = make_lead(first_name="Robin", last_name="Ringer", phone="+12125550142", email="")
    save(desk)
    assert Lead.objects.get() == known


def said(answer: Any) -> str:
    return " ".join(str(one) for one in get_messages(answer.wsgi_request))


def test_only_who_is_new_is_called_a_lead_now(desk: Client) -> None:
    first, again = (save(desk, submission_id=str(uuid4())) for _ in range(2))
    reference = Lead.objects.get().reference
    assert said(first) == f"Robin Ringer is a lead now. The reference is {reference}."
    stands = "Robin Ringer was a lead already, and this request stands with the others."
    assert said(again) == f"{said(first)} {stands} The reference is {reference}."


def test_a_second_press_hears_what_the_first_one_heard(desk: Client) -> None:
    sent = {"submission_id": str(uuid4())}
    save(desk, **sent)
    assert "was a lead already" not in said(save(desk, **sent))


def test_the_same_caller_at_another_location_is_new_there(desk: Client, coordinator: User, center: Location) -> None:
    """Nobody hears that somebody is known where they may not look."""
    make_lead(first_name="Robin", last_name="Ringer", phone="+12125550142", email="")
    coordinator.locations.add(make_location(name="Other", position=9))
    assert "Robin Ringer is a lead now." in said(save(desk))


def test_a_language_is_kept(desk: Client) -> None:
    save(desk, language_spoken="es")
    assert Lead.objects.get().language == "es"


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ({"phone": "212 555 0142"}, True),
        ({"email": "KIM@example.org"}, True),
        ({"last_name": "kn"}, True),
        ({"last_name": "k"}, False),
        ({"phone": "212"}, False),
        ({}, False),
    ],
)
def test_who_is_known_appears_while_somebody_types(desk: Client, typed: dict[str, str], found: bool) -> None:
    known = make_lead(first_name="Kim", last_name="Known", phone="+12125550142", email="kim@example.org")
    events = AccessEvent.objects.count()
    part = desk.post(PAGE, typed, headers={"HX-Request": "true"}).content.decode()
    assert (known.full_name in part, "<html" in part) == (found, False)
    looked = AccessEvent.objects.count() - events
    assert looked == (1 if typed not in ({}, {"phone": "212"}, {"last_name": "k"}) else 0)


def test_whoever_may_not_add_leads_sees_no_form(client: Client) -> None:
    client.force_login(make_user("marketing", email="mark@example.org"))
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, LEAST).status_code == 403


def test_whoever_works_elsewhere_writes_it_down_there(desk: Client, coordinator: User) -> None:
    """And can open it afterwards."""
    other = make_location(name="Other", position=9)
    coordinator.locations.add(other)
    answer = save(desk)
    assert Lead.objects.get().location == other
    assert desk.get(answer.headers["Location"]).status_code == 200
