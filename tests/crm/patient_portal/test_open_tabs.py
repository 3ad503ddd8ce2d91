"""The open pages of one browser hear of each other exactly where their forms count for each other."""

import uuid
from datetime import timedelta
from urllib.parse import parse_qs

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from crm.accounts import desk_session
from crm.models import Lead, Location, PatientSession, User
from tests.factories import in_their_place, make_lead, make_link, own_browser, step_one
from tests.page_forms import as_sent


@pytest.fixture(autouse=True)
def own_pages() -> None:
    """Nothing is made up here: a form is sent as its page shows it."""


@pytest.fixture
def anna(center: Location) -> Lead:
    return make_lead(location=center, first_name="Anna", last_name="Sample")


def said_in(page: str, name: str) -> list[str]:
    return page.partition(f'{name}="')[2].partition('"')[0].split()


def tabs(browser: Client, path: str = "/my/") -> set[str]:
    """The names under which a page of this browser hears of others."""
    return set(said_in(browser.get(path).content.decode(), "data-tabs"))


def asks(browser: Client, lead: Lead, phone: str) -> set[str]:
    """Send a request in this name and press "Tell us more"."""
    asked = {"first_name": lead.first_name, "last_name": lead.last_name, "email": lead.email}
    browser.post("/candidate/", step_one(**asked, phone=phone))
    thanks = browser.get("/candidate/thanks/").content.decode()
    browser.post("/candidate/go-on/", as_sent(thanks, having="reference"))
    return tabs(browser)


def test_the_pages_of_one_person_have_a_name_in_common_and_those_of_two_have_none(anna: Lead, center: Location) -> None:
    bert = make_lead(location=center, first_name="Bert")
    mine, again, theirs = tabs(own_browser(anna)), tabs(own_browser(anna)), tabs(own_browser(bert))
    assert mine == again
    assert (len(mine), mine & theirs) == (1, set())
    assert [one for one in mine if str(anna.pk) in one or anna.pk.hex in one] == []


def test_two_requests_have_no_name_in_common_whoever_they_are_about(anna: Lead) -> None:
    browser = Client()
    first, second = (asks(browser, anna, number) for number in ("(212) 555-0142", "(212) 555-0177"))
    assert set(PatientSession.objects.values_list("lead", flat=True)) == {anna.pk}
    assert (len(first), len(second), first & second) == (1, 1, set())


def test_a_link_opened_beside_the_request_hears_of_its_pages(anna: Lead) -> None:
    browser = Client()
    sent = asks(browser, anna, "(212) 555-0142")
    browser.post(f"/my/link/{make_link(anna, now=timezone.now())}/", {"opened": str(uuid.uuid4())})
    assert sent < tabs(browser, "/my/code/")


def test_closing_tells_the_tabs_of_whoever_was_there(anna: Lead, center: Location) -> None:
    browser, other = own_browser(anna), own_browser(make_lead(location=center, first_name="Bert"))
    anna_hears, bert_hears = tabs(browser), tabs(other)
    older = as_sent(browser.get("/my/").content.decode(), having="whose_page")
    browser.cookies["patient"] = other.cookies["patient"].value
    left = browser.post("/my/leave/", older).content.decode()
    assert set(said_in(left, "data-closed-tabs")) == anna_hears | bert_hears


def test_signing_out_at_the_desk_tells_the_tabs_in_which_staff_filled_in(
    client: Client, anna: Lead, center: Location, coordinator: User
) -> None:
    hears = [
        tabs(in_their_place(client, lead, coordinator))
        for lead in (anna, make_lead(location=center, first_name="Bert"))
    ]
    page = client.post("/admin/logout/").content.decode()
    assert (set(said_in(page, "data-closed-tabs")), "js/stay.js" in page) == (hears[0] | hears[1], True)


def test_handing_over_a_tablet_tells_the_tabs_in_which_staff_filled_in(
    client: Client, anna: Lead, center: Location, coordinator: User
) -> None:
    bert = make_lead(location=center, first_name="Bert")
    hears = tabs(in_their_place(client, bert, coordinator))
    answer = client.post(f"/admin/crm/lead/{anna.pk}/hand-over/")
    address, _hash, told = answer["Location"].partition("#")
    assert (address, set(parse_qs(told)["closed-tabs"][0].split())) == ("/my/", hears)
    assert "js/stay.js" in client.get(address).content.decode()


def test_handing_over_a_tablet_where_nobody_was_filled_in_tells_nothing(
    client: Client, anna: Lead, coordinator: User
) -> None:
    client.force_login(coordinator)
    assert client.post(f"/admin/crm/lead/{anna.pk}/hand-over/")["Location"] == "/my/"


def test_signing_out_tells_no_tab_of_the_patients_own(client: Client, anna: Lead, coordinator: User) -> None:
    own_browser(anna)
    client.force_login(coordinator)
    assert "data-closed-tabs" not in client.post("/admin/logout/").content.decode()


def test_a_page_says_when_it_closes_whatever_is_pressed(client: Client, anna: Lead, coordinator: User) -> None:
    def left(browser: Client) -> int:
        return int(said_in(browser.get("/my/").content.decode(), "data-closes-at-last")[0])

    browser = own_browser(anna)
    PatientSession.objects.update(created_at=timezone.now() - timedelta(hours=7))
    assert 3590 <= left(browser) <= 3600
    staff = in_their_place(client, anna, coordinator)
    session = staff.session
    session[desk_session.BEGUN] = timezone.now().timestamp() - settings.DESK_LONGEST_SECONDS + 600
    session.save()
    assert 590 <= left(staff) <= 600
