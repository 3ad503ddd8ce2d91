"""The visitor's side of the main job, in a browser."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from crm.enums.leads import MessageState
from crm.models import Lead, Message
from crm.outbox import delivery
from intake.models import QuarantinedRequest, Submission
from intake.requests import bot_protection
from tests.e2e.conftest import Watch, barriers, follow, overflow
from tests.faults.far_end import far_end

PAGES = [
    "/candidate/",
    "/candidate/call-me/",
    "/ask/",
    "/ask/thanks/",
    "/candidate/emergency/",
    "/admin/login/",
    "/nowhere/",
]


def tick(page: Page, name: str, value: str) -> None:
    page.locator(f"[name={name}][value='{value}']").check()


def fill_in(page: Page) -> None:
    """What the visitor of the main job answers."""
    tick(page, "safety_check", "none")
    tick(page, "safety_check_b", "none")
    tick(page, "pain_region", "low_back")
    tick(page, "radiation", "leg_below_knee")
    tick(page, "radiation_side", "left")
    tick(page, "onset", "6to12m")
    tick(page, "pain_now_avg", "7")
    for tried in ("pt", "medication", "injections", "other"):
        tick(page, "tried_treatments", tried)
    tick(page, "imaging", "mri_lt12m")
    page.locator("[name=first_name]").fill("Maria")
    page.locator("[name=last_name]").fill("Sample")
    page.locator("[name=email]").fill("maria.sample@example.org")
    page.locator("[name=state]").select_option("NY")
    page.locator("[name=consent_privacy]").check()
    page.locator("[name=consent_contact]").check()


def test_reader_asks_for_help_and_gets_a_reference_and_a_mail(open_page: Watch, settings: object) -> None:
    page = open_page("/learn/herniated-disc/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.get_by_role("link", name="Am I a candidate?").first.click()
    fill_in(page)

    page.get_by_role("button", name="Send my request").click()

    expect(page).to_have_url(re.compile("/candidate/thanks/$"))
    lead = Lead.objects.get()
    expect(page.get_by_text(lead.reference)).to_be_visible()
    assert (lead.full_name, lead.stage, lead.safety_hold) == ("Maria Sample", "new", False)
    assert barriers(page) == []
    with far_end() as far:
        settings.MAIL_SERVER = far.server  # type: ignore[attr-defined]
        assert delivery.send_due() == 1
        assert far.accepted[0]["To"] == "maria.sample@example.org"
    assert Message.objects.get().state == MessageState.SENT


@pytest.mark.parametrize("javascript", [True, False])
def test_not_sure_about_a_warning_sign_leads_to_emergency_care(open_page: Watch, javascript: bool) -> None:
    page = open_page("/candidate/", java_script_enabled=javascript)
    tick(page, "safety_check", "unsure_A2")

    page.get_by_role("button", name="Send my request").click()

    expect(page).to_have_url(re.compile("/candidate/emergency/$"))
    expect(page.get_by_role("link", name="Call 911")).to_have_attribute("href", "tel:911")
    assert not Lead.objects.exists()
    assert not Message.objects.exists()


def test_warning_sign_shows_the_way_out_where_it_was_ticked(open_page: Watch) -> None:
    page = open_page("/candidate/")
    way_out = page.get_by_role("button", name="See what to do now")
    expect(way_out).to_have_count(0)

    tick(page, "safety_check", "A1")
    expect(way_out).to_be_in_viewport()
    assert barriers(page) == []
    way_out.click()

    expect(page).to_have_url(re.compile("/candidate/emergency/$"))


def test_errors_lead_to_their_fields_and_lose_nothing(open_page: Watch) -> None:
    page = open_page("/candidate/")
    fill_in(page)
    page.get_by_label("First name").fill("")
    page.locator("[name=email]").fill("maria.sample@")

    page.get_by_role("button", name="Send my request").click()

    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    assert barriers(page) == []
    summary.get_by_role("link", name="First name").click()
    expect(page.get_by_label("First name")).to_be_focused()
    expect(page.locator("[name=email]")).to_have_value("maria.sample@")
    expect(page.locator("[name=tried_treatments][value=injections]")).to_be_checked()
    page.get_by_label("First name").fill("Maria")
    page.locator("[name=email]").fill("maria.sample@example.org")
    page.get_by_role("button", name="Send my request").click()
    expect(page).to_have_url(re.compile("/candidate/thanks/$"))


def test_every_link_of_the_error_summary_has_its_target(open_page: Watch) -> None:
    page = open_page("/candidate/")
    follow(page.get_by_role("button", name="Send my request"))

    targets = page.get_by_role("alert").get_by_role("link").evaluate_all("links => links.map(a => a.hash.slice(1))")

    assert len(targets) >= 10
    assert page.evaluate("ids => ids.filter(id => !document.getElementById(id))", targets) == []


def test_double_click_makes_one_lead(open_page: Watch) -> None:
    page = open_page("/candidate/")
    fill_in(page)

    page.get_by_role("button", name="Send my request").dblclick()

    expect(page).to_have_url(re.compile("/candidate/thanks/$"))
    page.wait_for_load_state("networkidle")
    assert Lead.objects.count() == Submission.objects.count() == Message.objects.count() == 1


def test_no_barriers_and_nothing_sticks_out(open_page: Watch) -> None:
    page = open_page("/", viewport={"width": 1280, "height": 900})
    found = {}
    for path in PAGES:
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto(path)
        found[path] = [*barriers(page), *(f"{width}: {overflow(page)} px" for width in _too_wide(page))]
    assert found == {path: [] for path in PAGES}


def _too_wide(page: Page) -> list[int]:
    """The widths at which the page has to be scrolled sideways."""
    wide = []
    for width in (320, 375, 768, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        if overflow(page) > 0:
            wide.append(width)
    return wide


def test_choices_are_large_enough_for_a_thumb(open_page: Watch) -> None:
    page = open_page("/candidate/", viewport={"width": 375, "height": 800})

    sizes = page.locator(".choice, button, .scale label").evaluate_all(
        "all => all.map(e => e.getBoundingClientRect()).filter(r => r.height).map(r => Math.round(r.height))"
    )

    assert len(sizes) > 60
    assert min(sizes) >= 44


def test_a_hasty_browser_proves_itself_unseen(open_page: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bot_protection, "SHORTEST", timedelta(hours=1))
    monkeypatch.setattr(settings, "HASTE_IS_SUSPICIOUS", True)
    page = open_page("/candidate/")
    fill_in(page)
    page.get_by_role("button", name="Send my request").click()

    expect(page.locator("form[data-target]")).to_have_count(0)
    expect(page.get_by_text(Lead.objects.get().reference)).to_be_visible()
    assert QuarantinedRequest.objects.get().state == "released"


def test_a_hasty_visitor_without_scripts_waits_for_a_person(open_page: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bot_protection, "SHORTEST", timedelta(hours=1))
    monkeypatch.setattr(settings, "HASTE_IS_SUSPICIOUS", True)
    page = open_page("/candidate/", java_script_enabled=False)
    fill_in(page)
    page.get_by_role("button", name="Send my request").click()

    expect(page.get_by_text(QuarantinedRequest.objects.get().reference)).to_be_visible()
    assert not Lead.objects.exists()
