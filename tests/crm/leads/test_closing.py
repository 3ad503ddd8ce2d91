"""Closing the private page leaves nothing behind in the browser, and a page that closed by itself loses nothing."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from crm.models import ContactPerson, Lead, Location, PatientSession, PrivateMessage, User
from crm.patient_portal import page_owner
from intake.models import Submission
from tests.factories import in_their_place, make_lead, make_link, make_treatment, own_browser, prove, step_one, tablet
from tests.page_forms import as_sent

# Cookies that stay when a page is closed, and why they lead back to nobody.
STAYS = {"csrftoken": "one random number a browser", "came_by": "by which link the site was found"}


@pytest.fixture(autouse=True)
def own_pages() -> None:
    """Nothing is made up here: a form is sent as its page shows it."""


@pytest.fixture
def anna(center: Location) -> Lead:
    return make_lead(location=center, first_name="Anna", last_name="Sample")


def cookies_of(browser: Client) -> set[str]:
    return {name for name, cookie in browser.cookies.items() if cookie.value}


def form_on(browser: Client, path: str, *, having: str = page_owner.FIELD) -> dict[str, Any]:
    return dict(as_sent(browser.get(path).content.decode(), having=having))


def left_alone() -> None:
    PatientSession.objects.update(seen_at=timezone.now() - timedelta(minutes=31))


# --- Closing ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def shared(center: Location) -> Client:
    """A shared computer: a request was sent there, with a sign once, and told more of; then the page was closed."""
    browser = Client()
    browser.get("/?utm_source=leaflet")
    browser.post("/candidate/", step_one())
    browser.post("/candidate/go-on/", form_on(browser, "/candidate/thanks/", having="reference"))
    sign = form_on(browser, "/my/questions/recheck/") | {"safety_check": ["A1"]}
    browser.post("/my/questions/recheck/", sign)
    form = form_on(browser, "/my/questions/background/")
    browser.post("/my/questions/background/", form | {"later": "1"})
    assert {"patient", "request_reference", "request_emergency", "messages"} <= cookies_of(browser)
    browser.post("/my/leave/", form)
    return browser


def test_closing_forgets_every_cookie_that_leads_back(shared: Client) -> None:
    assert cookies_of(shared) <= set(STAYS)


def test_nobody_comes_back_by_the_thank_you_page(shared: Client) -> None:
    """Back shows it still, as the browser had kept it, with its button "Tell us more"."""
    sessions = PatientSession.objects.count()
    assert shared.get("/candidate/thanks/")["Location"] == "/candidate/"
    assert shared.post("/candidate/go-on/")["Location"] == "/candidate/"
    assert shared.get("/my/").status_code == 404
    assert "We have received what you sent" not in shared.get("/candidate/emergency/").content.decode()
    assert PatientSession.objects.count() == sessions


def test_closing_works_on_a_page_that_has_closed_already_or_was_another_persons(anna: Lead, center: Location) -> None:
    browser, bert = own_browser(anna), make_lead(location=center, first_name="Bert")
    form = form_on(browser, "/my/", having=page_owner.FIELD)
    browser.cookies["patient"] = prove(bert).secret
    assert browser.post("/my/leave/", form).status_code == 200
    assert not PatientSession.objects.filter(ended_at=None).exists()
    assert browser.post("/my/leave/", form).status_code == 200


# --- What is said of the press before ---------------------------------------------------------------------------------


def test_what_was_stored_is_said_on_the_page_that_follows(anna: Lead) -> None:
    browser = own_browser(anna)
    answer = browser.post("/my/questions/background/", form_on(browser, "/my/questions/background/"))
    following = browser.get(answer["Location"]).content.decode()
    assert answer["Location"].startswith("/my/questions/")
    assert following.count("is stored.") == 1
    assert "is stored." not in browser.get("/my/").content.decode()


def test_what_was_stored_of_a_treatment_is_said_on_the_page_that_follows_in_its_language(anna: Lead) -> None:
    browser = own_browser(anna)
    picked = form_on(browser, "/my/treatments/", having="submission_id") | {"kinds": ["heat", "cold"]}
    first = browser.post("/my/treatments/", picked)["Location"]
    second = browser.post(first, form_on(browser, first))["Location"]
    assert second.startswith("/my/treatments/")
    assert browser.get(second).content.decode().count("is stored.") == 1
    third = browser.post(f"/es{second}", form_on(browser, f"/es{second}"))["Location"]
    following = browser.get(third).content.decode()
    assert (third, following.count("quedó guardado."), "is stored." in following) == ("/es/my/treatments/", 1, False)


def test_nothing_is_said_to_the_next_person_of_the_browser(anna: Lead, center: Location, coordinator: User) -> None:
    browser, bert = own_browser(anna), make_lead(location=center, first_name="Bert")
    for by_staff in (False, True):
        browser.cookies["patient"] = prove(anna).secret
        browser.post("/my/questions/background/", form_on(browser, "/my/questions/background/"))
        browser.cookies["patient"] = prove(bert).secret
        if by_staff:
            in_their_place(browser, bert, coordinator)
        assert "is stored." not in browser.get("/my/").content.decode()
        browser.cookies["patient"] = prove(anna).secret
        assert "is stored." not in browser.get("/my/").content.decode()  # nor later


def test_the_desk_does_not_say_what_was_stored_on_a_private_page(client: Client, anna: Lead, coordinator: User) -> None:
    in_their_place(client, anna, coordinator)
    client.post("/my/questions/background/", form_on(client, "/my/questions/background/"))
    assert "is stored." not in client.get(f"/admin/crm/lead/{anna.pk}/change/").content.decode()


def test_staff_see_on_each_page_whose_it_is(client: Client, anna: Lead, coordinator: User) -> None:
    in_their_place(client, anna, coordinator)
    for path in ("/my/", "/my/questions/pain/", "/my/treatments/", "/my/wishes/", "/my/documents/"):
        assert "<strong>Anna Sample</strong>" in client.get(path).content.decode(), path
    assert "Anna Sample" not in own_browser(anna).get("/my/questions/pain/").content.decode()
    assert "Anna Sample" not in tablet(anna, coordinator).get("/my/questions/pain/").content.decode()


# --- Left alone for too long ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "field"),
    [("/my/messages/", "text"), ("/my/questions/background/", "medications"), ("/my/people/", "name")],
)
def test_what_was_typed_for_too_long_is_stored_after_proving_oneself_again(anna: Lead, path: str, field: str) -> None:
    browser = own_browser(anna)
    more = {"relation": "daughter"} if field == "name" else {}
    form = form_on(browser, path, having=field) | {field: "Zebra words"} | more
    left_alone()
    answer = browser.post(path, form)
    page = answer.content.decode()
    assert (answer.status_code, "Your page was closed" in page, "<dd>Zebra words</dd>" in page) == (409, True, True)
    again = as_sent(page, having=field)
    browser.post(f"/my/link/{make_link(anna, now=timezone.now())}/", {"opened": str(uuid.uuid4())})
    assert browser.post(path, again).status_code == 409  # the link alone proves nothing
    PatientSession.objects.filter(ended_at=None).update(proven_at=timezone.now())
    assert browser.post(path, again).status_code == 302
    stored = [one.text for one in PrivateMessage.objects.all()] + [one.answers for one in Submission.objects.all()]
    assert "Zebra words" in str([*stored, *ContactPerson.objects.values_list("name", flat=True)])


def open_again(browser: Client, lead: Lead) -> None:
    browser.post(f"/my/link/{make_link(lead, now=timezone.now())}/", {"opened": str(uuid.uuid4())})


def press(browser: Client, path: str, form: dict[str, Any]) -> str:
    """What the page says that comes instead of storing."""
    answer = browser.post(path, form)
    assert answer.status_code == 409
    return " ".join(answer.content.decode().split())


LEFT_ALONE = "left alone for more than half an hour"
AFTER_EIGHT_HOURS = "open for eight hours"
WHO_IT_IS = "not known yet that it is you"


def test_a_closed_page_says_why_it_is_closed(anna: Lead) -> None:
    browser = own_browser(anna)
    form = form_on(browser, "/my/messages/", having="text") | {"text": "Zebra words"}
    left_alone()
    pages = {LEFT_ALONE: press(browser, "/my/messages/", form)}
    now = timezone.now()
    PatientSession.objects.update(seen_at=now, created_at=now - timedelta(hours=8, minutes=1))
    pages[AFTER_EIGHT_HOURS] = press(browser, "/my/messages/", form)
    PatientSession.objects.update(created_at=now)
    open_again(browser, anna)
    pages[WHO_IT_IS] = press(browser, "/my/messages/", form)
    for why, page in pages.items():
        assert [one for one in pages if one in page] == [why]
        assert "<dd>Zebra words</dd>" in page
        assert "Store it now" in page
    assert 'href="/my/code/"' in pages[WHO_IT_IS]
    assert "Open the link" not in pages[WHO_IT_IS]  # it is open


def test_a_press_without_words_is_not_offered_to_be_stored(anna: Lead) -> None:
    """What to press again stands on its own page, which asks what it always asks."""
    browser = own_browser(anna)
    zoe = ContactPerson.objects.create(lead=anna, name="Zoe", relation="daughter", may_discuss=True)
    paths = ["/my/data/download/", "/my/data/delete/", f"/my/people/{zoe.pk}/end/"]
    form = form_on(browser, "/my/data/")
    left_alone()
    for _ in range(2):
        for path in paths:
            page = press(browser, path, form)
            assert "Store it now" not in page
            assert "What was sent" not in page
            assert "Nothing was changed" in page
            assert "<form" not in page.partition("<main")[2].partition("</main>")[0]
        open_again(browser, anna)
    assert ContactPerson.objects.get().ended_at is None


def test_what_a_press_took_back_stands_among_what_was_sent(anna: Lead) -> None:
    browser, row = own_browser(anna), make_treatment(anna)
    form = form_on(browser, f"/my/treatments/{row.pk}/") | {"not_tried": "1"}
    left_alone()
    assert "<dt>I did not have this</dt><dd>Yes</dd>" in press(browser, f"/my/treatments/{row.pk}/", form)


def test_a_browser_that_has_opened_no_link_is_told_of_our_mail_where_it_gave_an_address(center: Location) -> None:
    browser = Client()
    browser.post("/candidate/", step_one())
    browser.post("/candidate/go-on/", form_on(browser, "/candidate/thanks/", having="reference"))
    form = form_on(browser, "/my/questions/background/", having="medications") | {"medications": "Zebra tablets"}
    left_alone()
    assert "If you gave us an e-mail address" in press(browser, "/my/questions/background/", form)


def test_a_press_that_is_lost_is_not_said_to_be_kept(anna: Lead) -> None:
    browser = own_browser(anna)
    form = form_on(browser, "/my/messages/", having="text") | {"text": "Zebra words"}
    PatientSession.objects.update(ended_at=timezone.now())
    page = browser.post("/my/messages/", form).content.decode()
    assert ("Nothing was stored by the last press" in page, "Nothing you sent is lost" in page) == (True, False)
    assert "Nothing you sent is lost" in browser.get("/my/messages/").content.decode()


def test_nothing_typed_is_shown_when_the_page_was_closed_on_purpose(anna: Lead) -> None:
    browser = own_browser(anna)
    form = form_on(browser, "/my/messages/", having="text") | {"text": "Zebra words"}
    PatientSession.objects.update(ended_at=timezone.now())
    answer = browser.post("/my/messages/", form)
    assert (answer.status_code, "Zebra" in answer.content.decode()) == (404, False)


def test_nothing_typed_is_shown_on_a_tablet_or_after_signing_out(client: Client, anna: Lead, coordinator: User) -> None:
    for by_staff in (False, True):
        browser = in_their_place(client, anna, coordinator) if by_staff else tablet(anna, coordinator)
        form = form_on(browser, "/my/questions/background/", having="medications") | {"medications": "Zebra"}
        left_alone()
        browser.cookies.pop("sessionid", None)
        answer = browser.post("/my/questions/background/", form)
        assert (answer.status_code, "Zebra" in answer.content.decode()) == (404, False)


def test_a_page_says_that_it_closes_and_whoever_presses_stays(anna: Lead) -> None:
    browser = own_browser(anna)
    form = form_on(browser, "/my/messages/", having="text")
    page = browser.get("/my/messages/").content.decode()
    assert "closes by itself when nothing is pressed for half an hour" in page
    assert 'data-closes-after="1800"' in page
    for _ in range(2):
        PatientSession.objects.update(seen_at=timezone.now() - timedelta(minutes=25))
        assert browser.post("/my/stay/", form).status_code == 204
    left_alone()
    assert browser.post("/my/stay/", form).status_code == 404


def test_what_is_said_of_a_closed_page_is_true_for_staff_and_on_a_tablet(
    client: Client, anna: Lead, coordinator: User
) -> None:
    """Nothing that they typed comes back by the button."""
    pages = {"the button": own_browser(anna), "the desk": in_their_place(client, anna, coordinator)}
    pages["the tablet"] = tablet(anna, coordinator)
    words = {"the button": "press the button of its form", "the desk": "from the desk", "the tablet": "give the tablet"}
    for whose, browser in pages.items():
        said = browser.get("/my/questions/background/").content.decode().partition('data-closed="')[2].partition('"')[0]
        assert [one for one, there in words.items() if there in said] == [whose]


def test_the_page_of_the_code_stays_open_too(anna: Lead, center: Location) -> None:
    """It stands open before anything is proven, and says that it closes."""
    browser = Client()
    browser.post(f"/my/link/{make_link(anna, now=timezone.now())}/", {"opened": str(uuid.uuid4())})
    form = form_on(browser, "/my/code/")
    PatientSession.objects.update(seen_at=timezone.now() - timedelta(minutes=25))
    assert browser.post("/my/stay/", form).status_code == 204
    assert PatientSession.objects.get().seen_at > timezone.now() - timedelta(minutes=1)
    browser.cookies["patient"] = prove(make_lead(location=center, first_name="Bert")).secret
    assert browser.post("/my/stay/", form).status_code == 409
