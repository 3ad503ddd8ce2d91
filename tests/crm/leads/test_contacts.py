"""Whom one may speak to about a patient."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from crm.leads import contacts
from crm.models import Activity, ContactPerson, Lead, Location
from crm.patient_portal import access as patient_access
from tests.factories import PASSWORD, in_their_place, make_lead, make_user

ROBIN = {"name": "Robin Example", "relation": "daughter", "phone": "(212) 555-0188", "may_discuss": "on"}


@pytest.fixture
def lead(center: Location) -> Lead:
    return make_lead()


@pytest.fixture
def desk(db: None) -> Client:
    make_user("coordinator", email="casey@example.org", password=PASSWORD)
    browser = Client()
    browser.login(username="casey@example.org", password=PASSWORD)
    return browser


@pytest.fixture
def patient(lead: Lead) -> Client:
    entry = patient_access.begin(lead, now=timezone.now())
    type(entry.session).objects.filter(pk=entry.session.pk).update(proven_at=timezone.now())
    browser = Client()
    browser.cookies["patient"] = entry.secret
    return browser


def page_of(desk: Client, lead: Lead) -> str:
    return " ".join(desk.get(f"/admin/crm/lead/{lead.pk}/change/").content.decode().split())


def test_nobody_is_named_and_nothing_is_discussed(desk: Client, lead: Lead) -> None:
    assert "Anybody who calls: do not discuss." in page_of(desk, lead)


def test_staff_name_somebody_with_what_is_allowed(desk: Client, lead: Lead) -> None:
    assert desk.post(f"/admin/crm/lead/{lead.pk}/people/add/", ROBIN).status_code == 302
    person = ContactPerson.objects.get()
    assert (person.phone, person.may_discuss, person.may_book) == ("+12125550188", True, False)
    page = page_of(desk, lead)
    assert "May discuss" in page
    assert "may not book" in page
    assert "Anybody else who calls: do not discuss." in page
    assert Activity.objects.get().summary == "Named Robin Example (daughter): may discuss, may not book"


def test_without_the_box_nothing_is_discussed(desk: Client, lead: Lead) -> None:
    desk.post(f"/admin/crm/lead/{lead.pk}/people/add/", ROBIN | {"may_discuss": ""})
    assert "Do not discuss" in page_of(desk, lead)


def test_what_is_missing_is_said_and_nothing_lost(desk: Client, lead: Lead) -> None:
    answer = desk.post(f"/admin/crm/lead/{lead.pk}/people/add/", ROBIN | {"relation": ""})
    assert (answer.status_code, "Robin Example" in answer.content.decode()) == (422, True)
    assert not ContactPerson.objects.exists()


def test_off_the_list_the_row_stays(desk: Client, lead: Lead) -> None:
    desk.post(f"/admin/crm/lead/{lead.pk}/people/add/", ROBIN)
    person = ContactPerson.objects.get()
    for _ in range(2):
        desk.post(f"/admin/crm/lead/{lead.pk}/people/{person.pk}/end/")
    assert "Robin Example</strong>" not in page_of(desk, lead)
    assert ContactPerson.objects.get().ended_at
    assert Activity.objects.count() == 2


def test_the_patient_names_somebody(patient: Client, desk: Client, lead: Lead) -> None:
    assert patient.post("/my/people/", ROBIN)["Location"] == "/my/people/"
    assert "Robin Example, daughter" in patient.get("/my/people/").content.decode()
    assert "May discuss" in page_of(desk, lead)
    person = ContactPerson.objects.get()
    said = patient.post(f"/my/people/{person.pk}/end/", follow=True).text
    assert f"{person.name} is no longer on the list." in said
    assert "Anybody who calls: do not discuss." in page_of(desk, lead)


def test_nobody_ends_another_patients_person(patient: Client, center: Location) -> None:
    other = make_lead(email="other@example.org")
    person = ContactPerson.objects.create(lead=other, name="Robin", relation="son")
    assert patient.post(f"/my/people/{person.pk}/end/").status_code == 404
    person.refresh_from_db()
    assert person.ended_at is None


@pytest.mark.parametrize("staff", [True, False])
def test_only_the_patient_names_there(lead: Lead, staff: bool) -> None:
    browser = Client()
    if staff:
        in_their_place(browser, lead, make_user("coordinator"))
    else:
        browser.cookies["patient"] = patient_access.begin(lead, now=timezone.now()).secret
    assert browser.post("/my/people/", ROBIN).status_code == 302
    assert not ContactPerson.objects.exists()


def named(browser: Client, lead: Lead, side: str, **changes: str) -> Any:
    return browser.post(
        "/my/people/" if side == "patient" else f"/admin/crm/lead/{lead.pk}/people/add/", ROBIN | changes
    )


@pytest.mark.parametrize("side", ["patient", "desk"])
def test_named_twice_is_one_row_and_taking_off_leaves_nobody(
    request: pytest.FixtureRequest, lead: Lead, side: str
) -> None:
    browser = request.getfixturevalue(side)
    named(browser, lead, side)
    named(browser, lead, side)
    named(browser, lead, side, name="robin  example", may_book="on")
    person = ContactPerson.objects.get(ended_at=None)
    assert (person.may_discuss, person.may_book) == (True, True)
    contacts.end(person, by=None, now=timezone.now())
    assert not ContactPerson.objects.filter(ended_at=None).exists()


def test_taking_off_ends_rows_of_a_double_press_of_before(patient: Client, lead: Lead) -> None:
    twice = [ContactPerson.objects.create(lead=lead, name="Robin", relation="son", may_discuss=True) for _ in range(2)]
    patient.post(f"/my/people/{twice[0].pk}/end/")
    assert not ContactPerson.objects.filter(ended_at=None).exists()


def test_two_people_of_one_name_are_two(patient: Client, lead: Lead) -> None:
    named(patient, lead, "patient")
    named(patient, lead, "patient", relation="neighbor")
    contacts.end(ContactPerson.objects.get(relation="daughter"), by=None, now=timezone.now())
    assert ContactPerson.objects.get(ended_at=None).relation == "neighbor"


@pytest.mark.parametrize("side", ["patient", "desk"])
@pytest.mark.parametrize("name", ["\u200b", "\u2800", "\u200d\u3164"])
def test_a_person_whose_name_cannot_be_seen_is_asked_for(
    request: pytest.FixtureRequest, lead: Lead, side: str, name: str
) -> None:
    assert named(request.getfixturevalue(side), lead, side, name=name).status_code == 422
    assert not ContactPerson.objects.exists()


def test_two_people_whose_names_differ_in_vowel_signs_are_two(lead: Lead) -> None:
    for name in ("राम", "रीमा"):
        contacts.add(lead, by=None, now=timezone.now(), name=name, relation="बच्चा", may_discuss=True)
    assert ContactPerson.objects.filter(ended_at=None).count() == 2
