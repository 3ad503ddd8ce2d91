"""The pages that only some visitors see: after a mistake, after sending, without a cookie, without a script."""

import re
from collections.abc import Callable

from django.template.loader import render_to_string
from playwright.sync_api import Page, expect

from crm import locations
from crm.models import Lead, Location
from tests.e2e.conftest import Watch, barriers, overflow
from tests.e2e.test_patient import fill_in

FORM = "/candidate/"


def send(page: Page) -> None:
    page.get_by_role("button", name="Send my request").click()


def sent_empty(page: Page) -> None:
    page.goto(FORM)
    send(page)
    expect(page.get_by_role("alert")).to_be_visible()


def ticked(page: Page) -> None:
    page.goto(FORM)
    page.locator("[name=safety_check][value=A1]").check()
    expect(page.get_by_role("button", name="See what to do now")).to_be_visible()


def thanked(page: Page) -> None:
    page.goto(FORM)
    fill_in(page)
    send(page)
    expect(page).to_have_url(re.compile("/thanks/$"))


def warned(page: Page) -> None:
    page.goto(FORM)
    fill_in(page)
    page.locator("[name=safety_check][value=unsure_A2]").check()
    send(page)
    expect(page.get_by_text("We have received what you sent")).to_be_visible()


def without_cookie(page: Page) -> None:
    page.goto(FORM)
    page.context.clear_cookies()
    send(page)
    expect(page.get_by_role("heading", name="Please send the form once more")).to_be_visible()


def broken(page: Page) -> None:
    page.route("**/broken/", lambda route: route.fulfill(status=500, body=render_to_string("500.html")))
    page.goto("/broken/")
    expect(page.get_by_role("heading", name="Something went wrong on our side")).to_be_visible()


def not_open(page: Page) -> None:
    Location.objects.update(is_active=False)
    locations.forget()
    page.goto(FORM)
    expect(page.get_by_role("heading", name="This site is being set up")).to_be_visible()


STATES: list[Callable[[Page], None]] = [sent_empty, ticked, warned, thanked, without_cookie, broken, not_open]


def test_no_barriers_and_nothing_sticks_out(open_page: Watch) -> None:
    page = open_page(FORM, viewport={"width": 1280, "height": 900})
    found = {}
    for reach in STATES:
        page.set_viewport_size({"width": 1280, "height": 900})
        reach(page)
        found[reach.__name__] = barriers(page)
        for width in (320, 375, 768, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            found[reach.__name__] += [f"{width}: {overflow(page)} px"] if overflow(page) > 0 else []
    assert found == {reach.__name__: [] for reach in STATES}


def test_whole_request_works_without_a_script(open_page: Watch) -> None:
    page = open_page("/learn/herniated-disc/", java_script_enabled=False)
    page.get_by_role("link", name="Am I a candidate?").first.click()
    fill_in(page)
    page.get_by_label("Last name").fill("")
    send(page)

    page.get_by_role("alert").get_by_role("link", name="Last name").click()
    expect(page.get_by_label("Last name")).to_be_in_viewport()
    page.get_by_label("Last name").fill("Sample")
    send(page)

    expect(page).to_have_url(re.compile("/thanks/$"))
    expect(page.get_by_text(Lead.objects.get().reference)).to_be_visible()
