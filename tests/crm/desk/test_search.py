"""Ctrl+K at the desk: people as the list of leads finds them, pages by their names, and what a look leaves behind."""

import re

import pytest
from django.test import Client

from crm.audit import access
from crm.desk.site import MOST_PEOPLE
from crm.enums.leads import AccessAction
from crm.models import AccessEvent, Lead, Location, User
from tests.factories import make_lead, make_location, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def nils(center: Location) -> Lead:
    return make_lead(location=center, first_name="Nils", last_name="Núñez", phone="+12125550142x45")


def titles(desk: Client, term: str, **more: str) -> list[str]:
    page = desk.get("/admin/search/", {"s": term} | more).content.decode()
    return re.findall(r'data-title="([^"]*)"', page)


@pytest.mark.parametrize("term", ["Nils", "nunez", "(212) 555-0142 ext. 45"])
def test_a_person_is_found_by_what_finds_them_in_the_list(desk: Client, nils: Lead, term: str) -> None:
    make_lead(location=nils.location, first_name="Other", phone="+12125550199")
    answer = desk.get("/admin/search/", {"s": term})
    assert re.findall(r'href="([^"]*)"', answer.content.decode()) == [f"/admin/crm/lead/{nils.pk}/change/"]
    assert "Nils Núñez" in answer.content.decode()


def test_pages_are_found_by_their_names(desk: Client, nils: Lead) -> None:
    assert titles(desk, "Waiting") == ["Waiting list"]


def test_every_look_is_recorded_and_none_is_answered_from_memory(desk: Client, nils: Lead, coordinator: User) -> None:
    for _ in range(2):
        titles(desk, "nils")
    looks = AccessEvent.objects.filter(action=AccessAction.SEARCH, user_id=coordinator.pk)
    assert [(look.object_ids, look.keyed_hash) for look in looks] == [([nils.pk], access.keyed_hash("nils"))] * 2
    nils.delete()
    assert titles(desk, "nils") == []


def test_who_belongs_elsewhere_is_not_found(nils: Lead, client: Client) -> None:
    stranger = make_user("coordinator", email="elsewhere@example.org")
    stranger.locations.add(make_location(name="Lakeside Center", short_name="Lakeside", position=1))
    client.force_login(stranger)
    assert titles(client, "nils") == []


def test_who_may_see_no_leads_finds_none(nils: Lead, client: Client) -> None:
    client.force_login(make_user("marketing", email="marketing@example.org"))
    assert titles(client, "nils") == []


@pytest.mark.parametrize("term", ["", "  ", "N"])
def test_nothing_or_one_letter_is_nobody(desk: Client, nils: Lead, term: str) -> None:
    assert "Nils Núñez" not in titles(desk, term)


def test_of_many_the_newest_are_shown_and_where_all_are(desk: Client, nils: Lead) -> None:
    for _ in range(MOST_PEOPLE + 1):
        make_lead(location=nils.location, first_name="Nils")
    assert len(titles(desk, "nils & co")) == 0
    shown = titles(desk, "nils")
    assert (len(shown), shown[-1]) == (MOST_PEOPLE + 1, "All of them")
    assert 'href="/admin/crm/lead/?q=nils"' in desk.get("/admin/search/", {"s": "nils"}).content.decode()
