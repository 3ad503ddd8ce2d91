"""The list of leads: what it shows, how it is searched, what it costs and what it leaves behind."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from crm.admin.base import MOST_COUNTED, CappedPaginator
from crm.audit import access
from crm.enums.leads import AccessAction, Stage, TaskKind
from crm.models import AccessEvent, Lead, Location, Task, User
from tests.factories import make_lead, make_user

LIST = "/admin/crm/lead/"

pytestmark = pytest.mark.django_db


def names(page: bytes) -> list[str]:
    """The people of the list, in order."""
    return re.findall(r"(?:Ada|Ben|Cleo) [A-Z][a-z]+", re.sub(r"<[^>]+>", " ", page.decode()))


@pytest.fixture
def ada(center: Location) -> Lead:
    return make_lead(location=center, first_name="Ada", email="ada@example.org", phone="+12125550111")


@pytest.fixture
def ben(center: Location, ada: Lead) -> Lead:
    """Younger than Ada, and further on."""
    now = datetime.now(UTC) + timedelta(minutes=1)
    return make_lead(
        location=center, first_name="Ben", last_name="Other", email="ben@elsewhere.org", phone="", created_at=now
    )


def test_index_is_the_day_of_whoever_works_on_leads(desk: Client) -> None:
    assert "My day" in desk.get("/admin/").content.decode()


def test_list_shows_newest_first(desk: Client, ada: Lead, ben: Lead) -> None:
    assert names(desk.get(LIST).content) == ["Ben Other", "Ada Example"]


def test_list_filters_by_stage(desk: Client, ada: Lead, ben: Lead) -> None:
    Lead.objects.filter(pk=ben.pk).update(stage=Stage.CONTACTING)

    page = desk.get(LIST, {"stage__exact": "contacting"}).content

    assert names(page) == ["Ben Other"]
    assert b'<a href="?stage__exact=contacting" aria-current="true">Contacting</a>' in page


@pytest.mark.parametrize(("whose", "found"), [("mine", ["Ada Example"]), ("none", ["Ben Other"])])
def test_list_filters_by_owner(
    desk: Client, ada: Lead, ben: Lead, coordinator: User, whose: str, found: list[str]
) -> None:
    Lead.objects.filter(pk=ada.pk).update(owner=coordinator)

    assert names(desk.get(LIST, {"whose": whose}).content) == found


@pytest.mark.parametrize(
    "term", ["ada", "exam", "Ada Exam", "ADA@EXAMPLE.ORG", "(212) 555-0111", "555 0111", "+1 212 555"]
)
def test_search_finds_by(desk: Client, ada: Lead, ben: Lead, term: str) -> None:
    assert names(desk.get(LIST, {"q": term}).content) == ["Ada Example"]


def test_search_finds_by_reference_however_it_is_typed(desk: Client, ada: Lead, ben: Lead) -> None:
    Lead.objects.filter(pk=ada.pk).update(reference="7KQF-M2WX")

    for term in ("7KQF-M2WX", "7kqfm2wx", " 7kqf-m2wx "):
        assert names(desk.get(LIST, {"q": term}).content) == ["Ada Example"]


def test_list_names_the_most_urgent_open_task(desk: Client, ada: Lead) -> None:
    now = datetime.now(UTC)
    Task.objects.create(lead=ada, kind=TaskKind.CALL, title="Later", due_at=now + timedelta(days=3))
    Task.objects.create(lead=ada, kind=TaskKind.CALL, title="Late", due_at=now - timedelta(hours=2, minutes=1))

    assert "overdue 2\xa0hours" in desk.get(LIST).content.decode()


@pytest.mark.parametrize("rows", [1, 3])
def test_list_takes_seven_queries(
    desk: Client, center: Location, django_assert_num_queries: DjangoAssertNumQueries, rows: int
) -> None:
    for number in range(rows):
        make_lead(location=center, email=f"{number}@example.org", owner=make_user(name=f"Owner {number}"))

    desk.get(LIST)  # the center and its stages are kept for seconds
    with django_assert_num_queries(7):
        desk.get(LIST)


def test_paginator_stops_counting(ada: Lead, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crm.admin.base.MOST_COUNTED", 1)
    make_lead(email="second@example.org")

    assert CappedPaginator(Lead.objects.order_by("pk"), 50).count == 1
    assert MOST_COUNTED >= 1_000


# --- Who looked ------------------------------------------------------------------------------------------------------


def test_list_records_whose_rows_were_shown(desk: Client, ada: Lead, ben: Lead, coordinator: User) -> None:
    desk.get(LIST)

    event = AccessEvent.objects.get(action=AccessAction.LIST)
    assert (event.user_id, event.object_type) == (coordinator.pk, "lead")
    assert event.object_ids == [ben.pk, ada.pk]


def test_search_records_a_hash_and_no_text(desk: Client, ada: Lead) -> None:
    desk.get(LIST, {"q": "Ada"})

    event = AccessEvent.objects.get(action=AccessAction.SEARCH)
    assert event.keyed_hash == access.keyed_hash("ada")
    assert len(event.keyed_hash) == 64
    assert event.object_ids == [ada.pk]


# --- Who may look ----------------------------------------------------------------------------------------------------


def test_list_is_closed_to_outsiders(client: Client, outsider: User, ada: Lead) -> None:
    client.force_login(outsider)

    assert client.get(LIST).status_code == 403
    assert client.get("/admin/").status_code == 200


def test_list_asks_strangers_to_sign_in(client: Client, ada: Lead) -> None:
    response = client.get(LIST)

    assert (response.status_code, response["Location"]) == (302, f"/admin/login/?next={LIST}")


def test_desk_is_never_cached_and_allows_no_foreign_script(desk: Client, ada: Lead) -> None:
    response = desk.get(LIST)

    assert "no-store" in response["Cache-Control"]
    policy = response["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-eval';" in f"{policy};"
    assert "unsafe-inline" not in policy.partition("script-src")[2].partition(";")[0]


def test_public_pages_keep_the_strict_policy(client: Client, center: Location) -> None:
    assert "unsafe" not in client.get(reverse("intake:home"))["Content-Security-Policy"]


# --- Signing in ------------------------------------------------------------------------------------------------------


def test_signing_in_is_recorded(client: Client, coordinator: User) -> None:
    coordinator.set_password("correct-horse-battery")
    coordinator.save()

    response = client.post(
        "/admin/login/", {"username": "casey@example.org", "password": "correct-horse-battery", "next": LIST}
    )

    assert (response.status_code, response["Location"]) == (302, LIST)
    assert AccessEvent.objects.get().action == AccessAction.LOGIN


def test_failing_to_sign_in_is_recorded_by_hash(client: Client, coordinator: User) -> None:
    response = client.post("/admin/login/", {"username": "Casey@example.org", "password": "wrong"})

    assert response.status_code == 200
    assert b'value="Casey@example.org"' in response.content
    event = AccessEvent.objects.get()
    assert (event.action, event.user_id) == (AccessAction.LOGIN_FAILED, None)
    assert event.keyed_hash == access.keyed_hash("casey@example.org")
