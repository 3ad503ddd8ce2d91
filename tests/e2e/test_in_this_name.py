"""A request in somebody's name, as a coordinator meets it: the box on the lead's page, and the decision."""

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from crm.models import Lead, Location
from intake.requests import actions
from intake.requests.forms import StepOne
from intake.requests.rows import Request
from tests.e2e.conftest import Watch, barriers, follow
from tests.e2e.test_desk import maria, sign_in  # noqa: F401 - a fixture
from tests.factories import PASSWORD, make_user, step_one

WIDTHS = [(1280, 900), (375, 812)]


def in_the_name(**changes: Any) -> None:
    """The same name and telephone, sent by nobody knows whom."""
    center = Location.objects.get()
    form = StepOne(step_one(email="other@example.org", **changes), center_name=center.name)
    form.is_valid()
    urgent = bool(changes)
    actions.submit(Request(uuid.uuid4(), form.cleaned_data, center, datetime.now(UTC), urgent))


@pytest.mark.parametrize(("width", "height"), WIDTHS)
def test_a_coordinator_sees_that_nothing_counts_yet_and_decides(
    open_page: Watch,
    maria: Lead,  # noqa: F811
    width: int,
    height: int,
) -> None:
    make_user("coordinator", name="Casey Coordinator", email="casey@example.org", password=PASSWORD)
    in_the_name()
    page: Page = open_page("/admin/", viewport={"width": width, "height": height})
    sign_in(page, "casey@example.org")
    page.goto(f"/admin/crm/lead/{maria.pk}/change/")
    box = page.get_by_text("Somebody asked for help in this name.").locator("xpath=ancestor::*[@role='note']")
    expect(box).to_contain_text("E-mail other@example.org")
    assert barriers(page) == []
    follow(box.get_by_role("link", name="Was it them?"))
    assert barriers(page) == []
    follow(page.get_by_role("button", name="Save"))
    expect(page.locator(".desk-error")).to_have_text(
        "Ask the person, by the telephone or address on record, and choose."
    )
    page.get_by_label("Yes: the answers count from now on").check()
    follow(page.get_by_role("button", name="Save"))
    follow(page.get_by_role("link", name="Which e-mail address is theirs?"))
    expect(page.get_by_label("On record: maria.sample@example.org")).to_be_in_viewport()
    page.get_by_label("On record: maria.sample@example.org").check()
    assert barriers(page) == []
    follow(page.get_by_role("button", name="Save"))
    expect(page.get_by_text("Your decision is kept.")).to_be_visible()
    expect(page.get_by_text("in this name")).to_have_count(0)
    maria.refresh_from_db()
    assert maria.email == "maria.sample@example.org"  # not ticked, so the address on record stays


def test_a_warning_sign_in_the_name_calls_somebody_and_holds_nobody(open_page: Watch, maria: Lead) -> None:  # noqa: F811
    make_user("coordinator", name="Casey Coordinator", email="casey@example.org", password=PASSWORD)
    in_the_name(safety_check=["A1"])
    page = sign_in(open_page("/admin/"), "casey@example.org")
    page.goto(f"/admin/crm/lead/{maria.pk}/change/")
    expect(page.get_by_text("A warning sign was reported in this name.")).to_be_visible()
    expect(page.get_by_text("Call now.")).to_be_visible()
    expect(page.get_by_text("Safety hold.")).to_have_count(0)
    assert barriers(page) == []
