"""Who may say who looks after a lead, who may look after one, and which address counts at once."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from crm.enums.leads import ActivityKind
from crm.errors import AssignmentRefused
from crm.leads import actions as leads
from crm.leads import assignment
from crm.models import Lead, Location, Task, User
from intake.requests import actions
from intake.requests.rows import Request
from tests.factories import NOON, make_lead, make_location, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def lea(db: None) -> User:
    return make_user("lead_coordinator", name="Lea Leading", email="lea@example.org")


def details(client: Client, lead: Lead, **changes: Any) -> Any:
    """The form about contact details, as a browser would send it."""
    form = {"first_name": lead.first_name, "last_name": lead.last_name, "email": lead.email, "phone": lead.phone}
    form |= {"state": lead.state, "timezone": lead.timezone, "owner": "", "tags": ""}
    return client.post(f"/admin/crm/lead/{lead.pk}/details/", form | changes)


# --- Owners ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["coordinator", "clinician", "front_desk"])
def test_only_who_shares_leads_out_changes_an_owner(client: Client, lead: Lead, lea: User, role: str) -> None:
    user = make_user(role, email="other@example.org")
    client.force_login(user)
    assert 'name="owner"' not in client.get(f"/admin/crm/lead/{lead.pk}/details/").content.decode()
    assert details(client, lead, owner=str(lea.pk), first_name="Avery").status_code == 302
    with pytest.raises(AssignmentRefused, match="whoever shares leads out"):
        leads.correct_details(lead, by=user, changes={"owner": lea})
    lead.refresh_from_db()
    assert lead.owner is None


def test_a_lead_coordinator_does(client: Client, lead: Lead, lea: User) -> None:
    client.force_login(lea)
    assert details(client, lead, owner=str(lea.pk)).status_code == 302
    lead.refresh_from_db()
    assert lead.owner == lea


@pytest.mark.parametrize("role", ["marketing", "front_desk"])
def test_nobody_owns_a_lead_who_does_not_work_on_leads(
    client: Client, center: Location, lead: Lead, lea: User, role: str
) -> None:
    mark = make_user(role, name="Mark", email="mark@example.org")
    theirs = make_lead(location=center, owner=lea)
    client.force_login(lea)
    assert "Mark" not in client.get(f"/admin/crm/lead/{lead.pk}/details/").content.decode()
    assert details(client, lead, owner=str(mark.pk)).status_code == 422
    assert client.post(f"/admin/crm/user/{lea.pk}/hand-over/", {"to": str(mark.pk)}).status_code == 422
    for act in (
        lambda: assignment.give(lead, to=mark, by=lea, now=NOON),
        lambda: assignment.hand_over(lea, to=mark, by=lea, now=NOON),
        lambda: leads.correct_details(lead, by=lea, changes={"owner": mark}),
    ):
        with pytest.raises(AssignmentRefused, match="does not work on leads"):
            act()
    lead.refresh_from_db()
    theirs.refresh_from_db()
    assert (lead.owner, theirs.owner) == (None, lea)


def test_nobody_owns_a_lead_whom_they_would_not_see(client: Client, center: Location, lea: User) -> None:
    there = make_location(name="Other")
    casey = make_user("coordinator", email="casey@example.org")
    casey.locations.add(there)
    here, elsewhere = make_lead(location=center, owner=lea), make_lead(location=there, owner=lea)
    with pytest.raises(AssignmentRefused, match="does not work on leads of"):
        assignment.hand_over(lea, to=casey, by=lea, now=NOON)
    owners = {lead: lead.owner for lead in Lead.objects.select_related("owner")}
    assert owners == {here: lea, elsewhere: lea}


def test_nobody_hands_over_what_they_do_not_see(client: Client, center: Location, lea: User) -> None:
    there = make_location(name="Other")
    leaver, heir = make_user("coordinator", email="l@example.org"), make_user("coordinator", email="h@example.org")
    here, elsewhere = make_lead(location=center, owner=leaver), make_lead(location=there, owner=leaver)
    lea.locations.add(center)
    client.force_login(lea)
    assert "1 open lead<" in client.get(f"/admin/crm/user/{leaver.pk}/hand-over/").content.decode()
    client.post(f"/admin/crm/user/{leaver.pk}/hand-over/", {"to": str(heir.pk)})
    here.refresh_from_db()
    elsewhere.refresh_from_db()
    assert (here.owner, elsewhere.owner) == (heir, leaver)


@pytest.mark.parametrize(("role", "owns"), [("coordinator", True), ("front_desk", False)])
def test_whoever_takes_a_call_owns_the_lead_if_they_work_on_leads(center: Location, role: str, owns: bool) -> None:
    user = make_user(role, email="caller@example.org")
    data = {"first_name": "Avery", "last_name": "Example", "phone": "+12125550142"}
    asked = Request(form_id=uuid4(), data=data, location=center, now=NOON, page="staff", by=user)
    assert actions.submit(asked).lead.owner == (user if owns else None)


# --- Addresses -------------------------------------------------------------------------------------------------------


def test_an_address_from_the_front_desk_waits_for_a_coordinator(client: Client, lead: Lead) -> None:
    fran = make_user("front_desk", name="Fran", email="fran@example.org")
    client.force_login(fran)
    for _ in range(2):
        assert details(client, lead, email="fran@example.org", first_name="Ava").status_code == 302
    page = client.get(f"/admin/crm/lead/{lead.pk}/change/").content.decode()
    assert "waits until a coordinator has confirmed it" in page
    lead.refresh_from_db()
    assert (lead.email, lead.first_name) == ("avery@example.org", "Ava")
    assert [task.title for task in Task.objects.open()] == ["Confirm the new e-mail address"]
    notes = lead.activities.filter(kind=ActivityKind.DETAILS, note="fran@example.org")
    assert {one.by for one in notes} == {fran}


def test_so_does_a_first_one(lead: Lead) -> None:
    Lead.objects.filter(pk=lead.pk).update(email="")
    leads.correct_details(lead, by=make_user("front_desk"), changes={"email": "fran@example.org"})
    lead.refresh_from_db()
    assert lead.email == ""


@pytest.mark.parametrize("role", ["coordinator", "clinician", "lead_coordinator", "administrator"])
def test_whoever_may_read_answers_corrects_it_at_once(lead: Lead, role: str) -> None:
    leads.correct_details(lead, by=make_user(role), changes={"email": "new@example.org"})
    lead.refresh_from_db()
    assert lead.email == "new@example.org"
