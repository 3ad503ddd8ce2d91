"""What an older page of "Your wishes" shows is no wish: only what was changed on it is written."""

from typing import Any

import pytest
from django.test import Client

from crm.models import Lead, User
from tests.factories import in_their_place, own_browser
from tests.intake.requests.test_only_what_was_changed import everything
from tests.page_forms import as_sent

PAGE = "/my/wishes/"


@pytest.fixture
def browser(lead: Lead) -> Client:
    Lead.objects.update(preferred_contact="phone", best_time=["morning"], ok_voicemail=True)
    return own_browser(lead)


def opened(browser: Client) -> dict[str, Any]:
    """What the page would send back untouched."""
    return as_sent(browser.get(PAGE).text, having="preferred_contact")


def wishes_of(lead: Lead) -> list[Any]:
    lead.refresh_from_db()
    return [lead.preferred_contact, lead.best_time, lead.ok_voicemail, lead.language]


def test_wishes_that_are_stored_unchanged_leave_every_byte(browser: Client, lead: Lead) -> None:
    before = everything(lead)
    assert browser.post(PAGE, opened(browser)).status_code == 302
    assert everything(lead) == before


def test_an_older_page_of_wishes_takes_nothing_back(browser: Client, lead: Lead) -> None:
    older = opened(browser)
    newer = opened(browser) | {"preferred_contact": "email", "best_time": ["evening"], "language": "es"}
    del newer["ok_voicemail"]
    assert browser.post(PAGE, newer).status_code == 302
    assert browser.post(PAGE, older | {"education": "on"}).status_code == 302
    assert wishes_of(lead) == ["email", ["evening"], False, "es"]


def test_an_older_page_of_wishes_shows_both_and_the_person_chooses(browser: Client, lead: Lead) -> None:
    older = opened(browser)
    browser.post(PAGE, opened(browser) | {"best_time": ["evening"], "language": "es"})

    refused = browser.post(PAGE, older | {"best_time": ["afternoon"]})

    assert (refused.status_code, wishes_of(lead)) == (422, ["phone", ["evening"], True, "es"])
    assert "Meanwhile this was changed to “Evening”." in refused.text
    again = as_sent(refused.text, having="preferred_contact")
    assert (again["best_time"], again["language"]) == (["afternoon"], ["es"])
    assert browser.post(PAGE, again).status_code == 302
    assert wishes_of(lead) == ["phone", ["afternoon"], True, "es"]


@pytest.mark.parametrize("way", ["phone", "email"])
def test_a_wish_about_mails_is_not_refused_for_what_is_missing_elsewhere(lead: Lead, way: str) -> None:
    """Staff have taken out the number, or the address, by which they wished to be reached."""
    browser = own_browser(lead)
    Lead.objects.update(preferred_contact=way, **{way: ""})
    typed = opened(browser)
    assert browser.post(PAGE, typed | {"language": "es"}).status_code == 302
    typed.pop("education", None)
    assert browser.post(PAGE, typed | {"initial-education": "True"}).status_code == 302
    assert wishes_of(lead) == [way, lead.best_time, lead.ok_voicemail, "es"]


def test_what_staff_have_corrected_meanwhile_stays(browser: Client, lead: Lead, coordinator: User) -> None:
    together = in_their_place(Client(), lead, coordinator)
    older = opened(together)
    Lead.objects.update(preferred_contact="email")
    assert together.post(PAGE, older | {"best_time": ["evening"]}).status_code == 302
    assert wishes_of(lead) == ["email", ["evening"], True, "en"]


@pytest.mark.parametrize(
    "shown", ["", "null", "[]", "{", '{"best_time": {"a": 1}, "language": [[]], "ok_voicemail": 7}']
)
def test_a_page_of_wishes_that_carries_nonsense_is_taken(browser: Client, lead: Lead, shown: str) -> None:
    typed = opened(browser) | {"shown": shown, "preferred_contact": "email", "language": "es"}
    answer = browser.post(PAGE, typed)
    if answer.status_code == 422:  # it says that it showed something else: both are shown, and the next press counts
        answer = browser.post(PAGE, as_sent(answer.text, having="preferred_contact"))
    assert answer.status_code == 302
    assert wishes_of(lead) == ["email", ["morning"], True, "es"]


def test_a_wish_that_is_offered_no_more_is_shown_and_kept(browser: Client, lead: Lead) -> None:
    assert "Text message" not in browser.get(PAGE).text
    Lead.objects.update(preferred_contact="text")
    assert opened(browser)["preferred_contact"] == ["text"]
    assert browser.post(PAGE, opened(browser) | {"language": "es"}).status_code == 302
    assert wishes_of(lead)[0] == "text"
