"""While somebody is on hold, or a clinician is asked to look, nothing that they or their surgeon read sounds mild."""

import re
import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.translation import gettext, override

from crm.enums.leads import Decision, Outcome, Stage, TaskKind
from crm.leads import imaging, reviews
from crm.models import Lead, Location, PrivateMessage, Task, User
from crm.patient_portal.account import STANDING
from crm.safety import alerts
from intake.assessment import packet_word
from intake.models import UnprovenRequest
from intake.requests import actions
from tests.factories import NOON, own_browser, tablet
from tests.intake.assessment.test_signs import later_request
from tests.intake.desk.test_papers import paper, signs, top
from tests.intake.requests.test_submit import request_of
from tests.page_forms import as_sent

pytestmark = pytest.mark.django_db
MILD = re.compile(
    r"is mild|es leve|feel better|siente mejor|helping|ayudando|find a time|ask you again|preguntarle", re.IGNORECASE
)
PAGES = ("", "treatments/", "treatments/over-time/", "questions/recheck/", "messages/", "appointments/")


@pytest.fixture
def lead(center: Location) -> Lead:
    """Hardly any pain: rule R6."""
    return actions.submit(request_of(center, pain_now_avg="1")).lead


def mild_words(lead: Lead) -> list[str]:
    """On all pages of the patient, in both languages."""
    browser = own_browser(lead)
    read = [browser.get(f"{language}/my/{page}") for language in ("", "/es") for page in PAGES]
    assert {answer.status_code for answer in read} == {200}
    return [found for answer in read for found in MILD.findall(answer.text)]


def withdraw(lead: Lead) -> None:
    """A sign for review, and the next day the same page without it."""
    signs(lead, b=["B5"])
    signs(lead)


def decide(lead: Lead, by: User) -> None:
    reviews.decide(lead, decision=Decision.CONTINUE_CARE, reason="Looked at.", by=by, now=timezone.now())


def test_without_any_of_it_the_page_says_what_the_rules_say(lead: Lead) -> None:
    assert mild_words(lead)


@pytest.mark.parametrize("stage", [Stage.NEW, Stage.BOOKING, Stage.IMPROVED])
def test_under_a_hold_no_page_sounds_mild(lead: Lead, stage: Stage) -> None:
    signs(lead, a=["A2"])
    signs(lead)
    Lead.objects.update(stage=stage)
    assert Lead.objects.get().safety_hold
    assert mild_words(lead) == []


@pytest.mark.parametrize("language", ["", "/es"])
def test_under_a_hold_nobody_is_told_to_wait_a_day_for_an_answer(lead: Lead, language: str) -> None:
    browser, address = own_browser(lead), f"{language}/my/messages/"
    for is_held in (False, True):
        if is_held:
            signs(lead, a=["A2"])
        sent = as_sent(browser.get(address).text, having="message_id") | {"text": f"Hello {is_held}"}
        read = browser.get(address).text + browser.post(address, sent, follow=True).text
        promises = len(re.findall("within one business day|en un día hábil", read))
        assert promises == (0 if is_held else 3)
        assert 'href="tel:911"' in read
    assert PrivateMessage.objects.filter(lead=lead).count() == 2


@pytest.mark.parametrize("language", ["", "/es"])
def test_under_a_hold_the_warning_stands_before_everything_else(lead: Lead, language: str) -> None:
    """And nothing beside it says that somebody gets in touch."""
    signs(lead, a=["A2"])
    page = own_browser(lead).get(f"{language}/my/").text
    first = page.partition("<h2>")[2].partition("</section>")[0]
    assert 'href="tel:911"' in first
    assert page.count('class="card-box"') > 1
    assert page.count("Fixed rules made this") + page.count("Reglas fijas hicieron") == 1
    assert [word for word in ("gets in touch", "se comunica con usted") if word in page] == []


@pytest.mark.parametrize("stage", [Stage.CONTACTING, Stage.BOOKING, Stage.BOOKED, Stage.CONSULTED])
def test_under_a_hold_no_stage_tells_that_one_may_wait(lead: Lead, stage: Stage) -> None:
    signs(lead, a=["A2"])
    Lead.objects.update(stage=stage)
    page = own_browser(lead).get("/my/").text
    assert "Your request waits. Emergency care comes first." in page
    assert STANDING[stage] not in page
    assert STANDING[Stage.REVIEW] not in page


def test_under_a_hold_nobody_offers_to_find_a_time(lead: Lead) -> None:
    browser, words = own_browser(lead), "We find a time together with you."
    assert words in browser.get("/my/appointments/").text
    signs(lead, a=["A2"])
    assert words not in browser.get("/my/appointments/").text


@pytest.mark.parametrize("state", ["lifted", "raised", "looked at"])
def test_nobody_offers_to_find_a_time_while_something_else_comes_first(lead: Lead, clinician: User, state: str) -> None:
    if state == "lifted":
        lift(lead, clinician)
    if state == "raised":
        Lead.objects.update(outcome=Outcome.URGENT)
    if state == "looked at":
        withdraw(lead)
    page = own_browser(lead).get("/my/appointments/").text
    assert "We find a time together with you." not in page
    first = "Your request waits. Emergency care comes first." if state == "lifted" else STANDING[Stage.REVIEW]
    assert f"{first} You can also call" in page


def lift(lead: Lead, clinician: User) -> None:
    """A sign of an emergency, looked at: the request is urgent still."""
    signs(lead, a=["A2"])
    alerts.acknowledge(lead, by=clinician, now=timezone.now())
    alerts.clear_hold(lead, by=clinician, note="Seen.", now=timezone.now())


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("stage", [Stage.NEW, Stage.REVIEW, Stage.BOOKING, Stage.CONSULTED])
def test_once_a_hold_is_lifted_nothing_beside_the_urgent_words_says_to_wait(
    lead: Lead, clinician: User, stage: Stage, language: str
) -> None:
    lift(lead, clinician)
    Lead.objects.update(stage=stage)
    browser, prefix = own_browser(lead), "" if language == "en" else "/es"
    page = browser.get(f"{prefix}/my/").text
    assert 'href="tel:911"' in page
    with override(language):
        assert gettext("Your request waits. Emergency care comes first.") in page
        assert [words for words in {STANDING[stage], STANDING[Stage.REVIEW]} if gettext(words) in page] == []
    sent = as_sent(browser.get(f"{prefix}/my/messages/").text, having="message_id") | {"text": "Hello"}
    read = browser.get(f"{prefix}/my/messages/").text + browser.post(f"{prefix}/my/messages/", sent, follow=True).text
    assert re.findall("within one business day|en un día hábil", read) == []


@pytest.mark.parametrize("language", ["", "/es"])
@pytest.mark.parametrize("page", [*PAGES, "documents/", "data/", "people/", "wishes/"])
def test_under_a_hold_each_page_says_the_whole_warning_once(lead: Lead, language: str, page: str) -> None:
    browser, address = own_browser(lead), f"{language}/my/{page}"
    assert said_in_full(browser, address) == 0
    signs(lead, a=["A2"])
    assert said_in_full(browser, address) == 1


def said_in_full(browser: Client, address: str) -> int:
    shown = browser.get(address)
    assert shown.status_code == 200
    return shown.text.count("Your answers include a warning sign that needs emergency care.")


def test_a_tablet_in_the_waiting_room_shows_no_warning_of_the_record(lead: Lead, coordinator: User) -> None:
    signs(lead, a=["A2"])
    assert said_in_full(tablet(lead, coordinator), "/my/") == 0


def test_a_sign_that_was_taken_back_is_looked_at_before_anything_mild_is_said(lead: Lead, clinician: User) -> None:
    withdraw(lead)
    Lead.objects.update(stage=Stage.IMPROVED)
    assert mild_words(lead) == []
    assert "One of our clinicians is looking at your request." in own_browser(lead).get("/my/").text
    decide(lead, clinician)
    assert mild_words(lead)


def test_what_came_in_their_name_is_looked_at_before_anything_mild_is_said(lead: Lead) -> None:
    actions.submit(later_request(lead, safety_check_b=["B5"], pain_now_avg="4"))
    assert UnprovenRequest.objects.filter(lead=lead).exists()
    assert mild_words(lead) == []


def test_a_study_to_be_looked_at_is_nothing_to_worry_about(lead: Lead) -> None:
    Task.objects.create(
        lead=lead, kind=TaskKind.REVIEW, title="Review imaging", due_at=NOON, key=f"imaging-review:{uuid.uuid4()}"
    )
    assert mild_words(lead)


def test_an_open_review_stands_on_top_of_the_summary(lead: Lead, desk: Client, clinician: User) -> None:
    assert "Low current impact" in paper(desk, lead, "summary")
    withdraw(lead)
    assert "A clinical review is open" in top(desk, lead)
    assert "Low current impact" not in paper(desk, lead, "summary")
    decide(lead, clinician)
    assert "is open" not in top(desk, lead)
    assert "Low current impact" in paper(desk, lead, "summary")


def test_who_lifted_a_hold_stands_on_top_of_the_summary(lead: Lead, desk: Client, clinician: User) -> None:
    signs(lead, a=["A2", "unsure_A5"])
    now = timezone.now()
    alerts.acknowledge(lead, by=clinician, now=now)
    alerts.clear_hold(lead, by=clinician, note="Seen in the emergency department.", now=now)
    on_top = top(desk, lead)
    assert f"Safety hold lifted</strong>, decided by {clinician} on " in on_top
    assert "Seen in the emergency department." in on_top
    known = on_top.partition("Known then: ")[2]
    assert "Trouble starting to urinate" in known
    assert "(A5, not sure)" in known


def test_what_the_rules_say_of_a_sign_stays_on_the_summary(lead: Lead, desk: Client) -> None:
    signs(lead, b=["B5"])
    assert "A clinical review is open" in top(desk, lead)
    assert "Prompt clinical review (rule R2)" in paper(desk, lead, "summary")


def test_the_word_that_a_packet_may_go_out_knows_what_came_last(lead: Lead, clinician: User) -> None:
    signs(lead, b=["B5"])
    browser = Client()
    browser.force_login(clinician)
    address = f"/admin/crm/lead/{lead.pk}/packet/print/"
    shown = browser.get(address).text
    signs(lead, b=["B5", "B2"])
    typed = as_sent(shown, having="reason") | {"reason": "Known for years"}

    refused = browser.post(address, typed)

    assert refused.status_code == 409
    assert "lost weight without trying" in refused.text
    assert "Known for years" in refused.text
    assert browser.get(address).status_code == 409
    assert browser.post(address, as_sent(refused.text, having="reason")).status_code == 302
    assert browser.get(address).status_code == 200


def test_a_review_that_opens_again_asks_for_a_new_word(lead: Lead, desk: Client, clinician: User) -> None:
    study, now = imaging.add(lead, by=clinician, now=NOON, modality="mri", region="lumbar"), timezone.now()
    for part in ("report", "images"):
        imaging.receive(study, part=part, by=clinician, now=now)
    packet_word.give(lead, reason="Seen already.", by=clinician, now=now + timedelta(minutes=1))
    assert not packet_word.is_needed(lead)
    imaging.take_back(study, part="report", by=clinician, now=now + timedelta(minutes=2))
    imaging.receive(study, part="report", by=clinician, now=now + timedelta(minutes=3))
    assert packet_word.is_needed(lead)
