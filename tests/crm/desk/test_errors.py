"""What staff see when something goes wrong: a page of the desk, and never a whole page lost to one entry."""

import dataclasses
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from crm import registry
from crm.desk import board
from crm.enums.leads import ActivityKind
from crm.models import Activity, Lead, User
from crm.registry import desk_lists, pages
from tests.factories import make_lead, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client: Client, coordinator: User) -> Client:
    client.force_login(coordinator)
    client.raise_request_exception = False
    return client


@pytest.fixture
def coordinator(db: None) -> User:
    return make_user("coordinator", email="c@example.org")


@pytest.fixture
def lead(db: None) -> Lead:
    return make_lead()


def changed(lead: Lead, details: Any) -> None:
    Activity.objects.create(lead=lead, kind=ActivityKind.DETAILS, details=details)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"tags": [[], ["vip", "call late"]]}, "vip, call late"),
        ({"tags": ["vip", None]}, "vip"),
        ({"preferred_contact": [{"was": "text"}, "email"]}, "E-mail"),
        ({"recheck_on": ["not said", "2027-02-03"]}, "Feb 3, 2027"),
        ({"shoe_size": ["42", "43"]}, "Shoe size"),
    ],
)
def test_a_value_of_any_kind_in_a_change_is_told(desk: Client, lead: Lead, changes: Any, words: str) -> None:
    changed(lead, {"changes": changes})
    answer = desk.get(f"/admin/crm/lead/{lead.pk}/change/")
    assert (answer.status_code, words in answer.content.decode()) == (200, True)


@pytest.mark.parametrize("details", [{"changes": ["state"]}, {"changes": {"state": ["NY"]}}, ["odd"], "odd", 7])
def test_an_entry_that_breaks_takes_no_page_down(desk: Client, lead: Lead, details: Any) -> None:
    changed(lead, details)
    Activity.objects.create(lead=lead, kind=ActivityKind.NOTE, note="Rang twice")
    page = desk.get(f"/admin/crm/lead/{lead.pk}/change/").content.decode()
    assert ("An entry that cannot be shown" in page, "Rang twice" in page) == (True, True)


def broken(*_given: Any, **_more: Any) -> Any:
    raise RuntimeError


@pytest.mark.parametrize(("path", "stays"), [("change/?panels=all", "Rang twice"), ("panels/{key}/", "cannot be")])
def test_a_box_that_breaks_takes_no_page_down(
    desk: Client, lead: Lead, monkeypatch: pytest.MonkeyPatch, path: str, stays: str
) -> None:
    Activity.objects.create(lead=lead, kind=ActivityKind.NOTE, note="Rang twice")
    panels = registry.panels("lead")
    monkeypatch.setattr(pages, "_panels", [dataclasses.replace(one, render=broken) for one in panels])
    answer = desk.get(f"/admin/crm/lead/{lead.pk}/{path.format(key=panels[0].key)}")
    assert (answer.status_code, "This part cannot be shown" in answer.text, stays in answer.text) == (200, True, True)


def test_a_list_that_breaks_leaves_my_day(desk: Client, monkeypatch: pytest.MonkeyPatch, center: Any) -> None:
    lists = [dataclasses.replace(one, render=broken) for one in registry.worklists()]
    monkeypatch.setattr(desk_lists, "_worklists", lists)
    answer = desk.get("/admin/")
    assert (answer.status_code, "This part cannot be shown" in answer.text) == (200, True)
    assert "Replies and messages" in answer.text


def test_a_database_that_does_not_answer_breaks_the_page(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_given: Any) -> Any:
        raise OperationalError

    lists = [dataclasses.replace(one, render=away) for one in registry.worklists()]
    monkeypatch.setattr(desk_lists, "_worklists", lists)
    assert desk.get("/admin/").status_code == 500


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/admin/board/?q=%00", 400, "This request was not right"),
        ("/admin/crm/user/", 403, "This page is not open to you"),
        ("/admin/nothing/", 404, "There is no such page"),
        ("/admin/board/", 500, "Something went wrong on our side"),
    ],
)
def test_the_desk_has_error_pages_of_its_own(
    desk: Client, monkeypatch: pytest.MonkeyPatch, path: str, status: int, words: str
) -> None:
    if status == 500:
        monkeypatch.setattr(board, "columns", broken)
    answer = desk.get(path)
    page = answer.content.decode()
    assert (answer.status_code, words in page, 'href="/admin/board/"' in page) == (status, True, True)
    assert "To the start page" not in page


@pytest.mark.parametrize("path", ["/nothing/", "/es/nothing/"])
def test_patients_see_the_page_of_the_site(client: Client, path: str, center: Any) -> None:
    assert 'href="/admin/' not in client.get(path).content.decode()


@pytest.mark.parametrize("is_in", [True, False])
def test_a_form_without_its_token_is_refused_by_a_page_of_the_desk(
    coordinator: User, lead: Lead, center: Any, is_in: bool
) -> None:
    browser = Client(enforce_csrf_checks=True)
    if is_in:
        browser.force_login(coordinator)
    answer = browser.post(f"/admin/crm/lead/{lead.pk}/note/", {"note-text": "Wants the MRI first."})
    page = answer.content.decode()
    assert (answer.status_code, "Not saved yet" in page, 'href="/admin/board/"' in page) == (403, True, True)
    assert not Activity.objects.filter(kind=ActivityKind.NOTE).exists()


@pytest.mark.parametrize(
    ("path", "words"),
    [("/candidate/", "Please send the form once more"), ("/es/candidate/", "Envíe el formulario otra vez, por favor")],
)
def test_patients_keep_the_page_of_the_site_for_a_form_without_its_token(path: str, words: str, center: Any) -> None:
    page = Client(enforce_csrf_checks=True).post(path, {}).content.decode()
    assert (words in page, "/admin/" in page) == (True, False)
