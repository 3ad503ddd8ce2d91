"""A private page says before it closes that it will, and whoever presses or types stays; the tabs of two people."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from crm.models import Lead, Location, PatientSession, PrivateMessage
from tests.e2e.conftest import Watch, barriers, follow, overflow
from tests.factories import make_lead, prove

SMALL: dict[str, Any] = {"viewport": {"width": 320, "height": 640}}


@pytest.fixture
def lead(site: str) -> Lead:
    return make_lead(location=Location.objects.get(), first_name="Anna")


@pytest.fixture
def typing(open_page: Watch, site: str, lead: Lead) -> Page:
    """Somebody who types a message, on a small phone."""
    page = open_page("/", **SMALL)
    page.clock.install()
    page.context.add_cookies([{"name": "patient", "value": prove(lead).secret, "url": site}])
    page.goto("/my/messages/")
    return page


def second_tab(page: Page) -> Page:
    """The same page of the same browser once more."""
    other = page.context.new_page()
    other.set_default_timeout(8_000)
    other.goto("/my/messages/")
    return other


def test_a_notice_comes_before_the_page_closes_and_one_press_stays(typing: Page) -> None:
    stay = typing.get_by_role("button", name="Stay")
    expect(stay).to_be_hidden()
    typing.clock.run_for("25:10")
    expect(typing.get_by_role("alert")).to_contain_text("closes in five minutes")
    assert (barriers(typing), overflow(typing)) == ([], 0)
    with typing.expect_response("**/my/stay/") as answer:
        stay.press("Enter")
    assert answer.value.status == 204
    expect(stay).to_be_hidden()
    typing.clock.run_for("31:00")
    expect(typing.get_by_role("alert")).to_contain_text("has been closed")


def test_whoever_types_is_there(typing: Page) -> None:
    box = typing.get_by_label("Your message")
    typing.clock.run_for("20:00")
    with typing.expect_response("**/my/stay/"):
        box.press_sequentially("My foot")
    typing.clock.run_for("20:00")
    expect(typing.get_by_role("button", name="Stay")).to_be_hidden()
    assert not PrivateMessage.objects.exists()


def test_a_tab_is_not_closed_while_somebody_works_in_another(typing: Page) -> None:
    other = second_tab(typing)
    typing.clock.run_for("20:00")
    with other.expect_response("**/my/stay/"):
        other.get_by_label("Your message").press_sequentially("My foot")
    typing.clock.run_for("24:00")
    expect(typing.locator(".stay")).to_be_hidden()
    typing.clock.run_for("01:10")
    for one in (typing, other):
        expect(one.get_by_role("alert")).to_contain_text("closes in five minutes")
    other.get_by_role("button", name="Stay").press("Enter")
    expect(typing.locator(".stay")).to_be_hidden()


def test_a_browser_whose_tabs_cannot_talk_warns_and_stays_all_the_same(typing: Page) -> None:
    typing.add_init_script("delete window.BroadcastChannel")
    typing.reload()
    typing.clock.run_for("25:10")
    expect(typing.get_by_role("alert")).to_contain_text("closes in five minutes")
    with typing.expect_response("**/my/stay/"):
        typing.get_by_role("button", name="Stay").press("Enter")
    expect(typing.locator(".stay")).to_be_hidden()


def test_opening_a_page_in_another_tab_is_work_there(typing: Page) -> None:
    typing.clock.run_for("29:00")
    expect(typing.get_by_role("alert")).to_be_visible()
    second_tab(typing)
    expect(typing.locator(".stay")).to_be_hidden()


def test_a_tab_in_which_the_page_has_closed_tells_the_other(typing: Page, lead: Lead) -> None:
    other = second_tab(typing)
    typing.clock.run_for("25:10")
    PatientSession.objects.filter(lead=lead).update(ended_at=timezone.now())
    other.get_by_role("button", name="Stay").press("Enter")
    for one in (other, typing):
        expect(one.get_by_role("alert")).to_contain_text("has been closed")
        expect(one.get_by_role("button", name="Stay")).to_be_hidden()


def test_a_page_that_is_closed_on_purpose_shows_nothing_in_any_tab(typing: Page) -> None:
    typing.get_by_label("Your message").fill("Zebra words")
    other = second_tab(typing)
    other.goto("/my/")
    follow(other.get_by_role("button", name="Close this page"))
    expect(typing.get_by_role("alert")).to_contain_text("It was closed in another tab.")
    expect(typing.get_by_label("Your message")).to_have_count(0)
    assert (barriers(typing), overflow(typing)) == ([], 0)


def test_the_tab_of_another_person_hears_nothing(typing: Page, site: str) -> None:
    bert = prove(make_lead(location=Location.objects.get(), first_name="Bert"))
    typing.context.add_cookies([{"name": "patient", "value": bert.secret, "url": site}])
    other = second_tab(typing)
    typing.clock.run_for("26:00")
    with other.expect_response("**/my/stay/"):
        other.get_by_role("button", name="Stay").press("Enter")
    expect(other.locator(".stay")).to_be_hidden()
    expect(typing.get_by_role("alert")).to_contain_text("closes in five minutes")


def test_a_page_that_was_open_for_eight_hours_says_that_it_closes(typing: Page, lead: Lead) -> None:
    PatientSession.objects.filter(lead=lead).update(created_at=timezone.now() - timedelta(hours=7, minutes=54))
    typing.reload()
    expect(typing.locator(".stay")).to_be_hidden()
    typing.clock.run_for("02:00")
    expect(typing.get_by_role("alert")).to_contain_text("Store now what you typed")
    expect(typing.get_by_role("button", name="Stay")).to_be_hidden()
    typing.clock.run_for("05:00")
    expect(typing.get_by_role("alert")).to_contain_text("has been closed")


def test_a_tab_of_somebody_else_says_so_and_shows_nothing(typing: Page, site: str) -> None:
    typing.get_by_label("Your message").fill("Zebra words")
    bert = prove(make_lead(location=Location.objects.get(), first_name="Bert"))
    typing.context.add_cookies([{"name": "patient", "value": bert.secret, "url": site}])
    typing.get_by_role("button", name="Send").press("Enter")
    expect(typing.get_by_role("heading", level=1)).to_have_text("This page belonged to another person")
    assert "Zebra" not in typing.content()
    assert (barriers(typing), overflow(typing), PrivateMessage.objects.count()) == ([], 0, 0)
