"""The whole request with nothing but a keyboard, in windows of every size, and with motion turned off."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from crm.models import Lead
from tests.e2e.conftest import Watch, longest_motion, overflow

# 400 % zoom in a window of 1280 by 1024 leaves 320 by 256 (WCAG 2.2, 1.4.10).
WINDOWS = {"wide": (1280, 800), "phone": (375, 740), "zoomed": (320, 256)}
MOST_TABS = 120
HIDDEN = """() => {
  const held = document.activeElement.getClientRects()[0];
  const at = document.elementFromPoint(held.x + held.width / 2, held.y + Math.min(held.height / 2, 20));
  const around = document.activeElement.closest('label, a, button, summary, input, select') ?? document.activeElement;
  return !at || !(around.contains(at) || at.contains(document.activeElement)) ? document.activeElement.outerHTML : '';
}"""


def tab_to(page: Page, selector: str) -> None:
    """Presses Tab until the element has the focus; fails when focus is lost on the way, or lies under something."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        assert page.evaluate(HIDDEN) == ""
        if page.evaluate("chosen => document.activeElement.matches(chosen)", selector):
            return
    raise AssertionError(f"Tab does not lead to {selector}.")


def press(page: Page, name: str, value: str) -> None:
    tab_to(page, f"[name={name}][value='{value}']")
    page.keyboard.press("Space")


def choose(page: Page, name: str, value: str) -> None:
    """One of several, by the arrow keys, as a group of radio buttons works."""
    tab_to(page, f"[name={name}]")
    page.keyboard.press("Space")
    for _ in range(12):
        if page.locator(f"[name={name}][value='{value}']").is_checked():
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"The arrows do not lead to {value}.")


def write(page: Page, name: str, text: str) -> None:
    tab_to(page, f"[name={name}]")
    page.keyboard.type(text)


@pytest.mark.parametrize("window", WINDOWS)
def test_the_whole_request(open_page: Watch, window: str) -> None:
    width, height = WINDOWS[window]
    options: dict[str, Any] = {"viewport": {"width": width, "height": height}, "reduced_motion": "reduce"}
    page = open_page("/candidate/", **options)
    press(page, "safety_check", "none")
    press(page, "safety_check_b", "none")
    press(page, "pain_region", "low_back")
    press(page, "radiation", "leg_below_knee")
    choose(page, "radiation_side", "both")
    choose(page, "onset", "6to12m")
    choose(page, "pain_now_avg", "7")
    press(page, "tried_treatments", "pt")
    write(page, "first_name", "Maria")
    write(page, "last_name", "Sample")
    write(page, "email", "maria.sample@example.org")
    write(page, "state", "New York")
    for box in ("consent_privacy", "consent_contact"):
        tab_to(page, f"[name={box}]")
        page.keyboard.press("Space")
    tab_to(page, ".submit-row button")
    assert overflow(page) == 0
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile("/candidate/thanks/$"))
    assert overflow(page) == 0
    lead = Lead.objects.get()
    assert (lead.full_name, lead.state) == ("Maria Sample", "NY")
    assert lead.submissions.get().answers["onset"] == "6to12m"


def test_the_way_past_the_head_of_the_page(open_page: Watch) -> None:
    page = open_page("/candidate/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


@pytest.mark.parametrize(("wish", "moves"), [("reduce", False), ("no-preference", True)])
def test_whoever_wants_no_motion_gets_none(open_page: Watch, wish: str, moves: bool) -> None:
    page = open_page("/candidate/", reduced_motion=wish)
    assert (longest_motion(page) > 0) is moves
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == ("smooth" if moves else "auto")
