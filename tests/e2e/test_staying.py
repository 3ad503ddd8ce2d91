"""A private page says before it closes that it will, and whoever presses or types stays; the tabs of two people."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from crm.models import Lead, Location, PrivateMessage
from tests.e2e.conftest import Watch, barriers, overflow
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


def test_a_tab_of_somebody_else_says_so_and_shows_nothing(typing: Page, site: str) -> None:
    typing.get_by_label("Your message").fill("Zebra words")
    bert = prove(make_lead(location=Location.objects.get(), first_name="Bert"))
    typing.context.add_cookies([{"name": "patient", "value": bert.secret, "url": site}])
    typing.get_by_role("button", name="Send").press("Enter")
    expect(typing.get_by_role("heading", level=1)).to_have_text("This page belonged to another person")
    assert "Zebra" not in typing.content()
    assert (barriers(typing), overflow(typing), PrivateMessage.objects.count()) == ([], 0, 0)
