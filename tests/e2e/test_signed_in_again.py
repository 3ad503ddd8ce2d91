"""A page of the desk that was open while somebody signed in again: its forms are refused, and nothing typed is lost."""

from playwright.sync_api import Page, expect

from crm.models import Lead
from tests.e2e.conftest import Watch, barriers, follow, overflow, settled
from tests.e2e.test_desk import coordinator, sign_in
from tests.factories import make_lead

__all__ = ["coordinator"]  # a fixture


def at_a_lead(page: Page, coordinator: str) -> tuple[Page, Lead]:
    lead = make_lead()
    sign_in(page, coordinator).goto(f"/admin/crm/lead/{lead.pk}/change/")
    settled(page)
    return page, lead


def signs_in_again(page: Page, coordinator: str) -> None:
    """In another tab."""
    page.context.clear_cookies()
    sign_in(page.context.new_page(), coordinator)
    page.bring_to_front()


def test_what_was_typed_is_there_after_going_back_and_can_be_sent(open_page: Watch, coordinator: str) -> None:
    page, lead = at_a_lead(open_page(), coordinator)
    page.locator("[name=note-text]").fill("Wants the MRI first.")
    signs_in_again(page, coordinator)

    follow(page.get_by_role("button", name="Add the note"))

    expect(page.get_by_role("heading", name="Not saved yet")).to_be_visible()
    assert barriers(page) == []
    page.set_viewport_size({"width": 375, "height": 700})
    assert overflow(page) <= 0
    page.go_back()
    expect(page.locator("[name=note-text]")).to_have_value("Wants the MRI first.")
    follow(page.get_by_role("button", name="Add the note"))
    assert [entry.note for entry in lead.activities.filter(note__gt="")] == ["Wants the MRI first."]


def test_a_form_in_its_place_says_that_it_was_not_saved(open_page: Watch, coordinator: str) -> None:
    page, lead = at_a_lead(open_page(), coordinator)
    page.get_by_role("link", name="Add a treatment").click()
    page.locator("[name=kind]").select_option("massage")
    page.locator("[name=drug_name]").fill("None taken")
    signs_in_again(page, coordinator)

    for _ in range(2):
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_role("alert").filter(has_text="Not saved")).to_have_count(1)

    assert page.locator("[name=drug_name]").input_value() == "None taken"
    assert not lead.treatments.exists()
