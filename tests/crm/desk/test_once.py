"""Every form of the desk that makes something: pressed twice it makes one, and a text that was changed is not lost."""

import re
import threading
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.utils import timezone

from crm.admin import once
from crm.models import (
    AccessEvent,
    Activity,
    Lead,
    Location,
    ReferringPractice,
    SentForm,
    SequenceVersion,
    User,
    VersionState,
)
from tests.factories import make_lead, make_user, today

FORM_DATA = "application/x-www-form-urlencoded"
TODAY = today().isoformat()
Form = tuple[str, str, dict[str, Any], str]

# (where it is shown, where it is sent, what is filled in, what it makes); {lead}, {practice} and {user} are filled in.
FORMS: dict[str, Form] = {
    "call": ("{lead}change/", "{lead}call/", {"call-outcome": "reached"}, "crm.Activity"),
    "note": ("{lead}change/", "{lead}note/", {"note-text": "She called back."}, "crm.Activity"),
    "treatment": (
        "{lead}treatments/add/",
        "{lead}treatments/add/",
        {"kind": "chiropractic", "source": "coordinator", "status": "completed", "documentation": "none"},
        "crm.Treatment",
    ),
    "person": (
        "{lead}people/add/",
        "{lead}people/add/",
        {"name": "Robin Sample", "relation": "partner", "phone": "(212) 555-0143"},
        "crm.ContactPerson",
    ),
    "study": (
        "{lead}imaging/add/",
        "{lead}imaging/add/",
        {"modality": "mri", "region": "lumbar", "medium": "cd"},
        "crm.ImagingStudy",
    ),
    "score": (
        "{lead}scores/add/",
        "{lead}scores/add/",
        {"kind": "rmdq", "value": "7", "at": TODAY, "source": "coordinator"},
        "crm.Measurement",
    ),
    "referral": (
        "{lead}referrals/add/",
        "{lead}referrals/add/",
        {"practice": "{practice}", "referred_on": TODAY},
        "crm.Referral",
    ),
    "consultation": (
        "{lead}consultation/",
        "{lead}consultation/",
        {"held_on": TODAY, "result": "conservative", "note": "Seen."},
        "crm.Consultation",
    ),
    "message": (
        "{lead}messages/write/",
        "{lead}messages/write/",
        {"text": "Could you send us your report?"},
        "crm.PrivateMessage",
    ),
    "verification": (
        "{lead}insurance/verified/",
        "{lead}insurance/verified/",
        {
            "spoke_to": "Robin Sample, eligibility",
            "call_reference": "R-1",
            "is_active": "yes",
            "network": "in",
            "needs_authorization": "no",
            "needs_referral": "no",
        },
        "intake.Verification",
    ),
    "copy of a sequence": (
        "/admin/crm/sequenceversion/{version}/",
        "/admin/crm/sequenceversion/{version}/copy/",
        {},
        "crm.SequenceVersion",
    ),
    "shift": (
        "/admin/crm/oncallshift/add/",
        "/admin/crm/oncallshift/add/",
        {
            "location": "{location}",
            "user": "{user}",
            "starts_at_0": TODAY,
            "starts_at_1": "08:00",
            "ends_at_0": TODAY,
            "ends_at_1": "20:00",
        },
        "crm.OnCallShift",
    ),
    "practice": (
        "/admin/crm/referringpractice/add/",
        "/admin/crm/referringpractice/add/",
        {"name": "Hill Practice", "provider": "Dr. Hill", "is_active": "on"},
        "crm.ReferringPractice",
    ),
}


@pytest.fixture
def boss(db: None) -> User:
    return make_user(email="boss@example.org", is_superuser=True)


@pytest.fixture
def browser(boss: User) -> Client:
    browser = Client()
    browser.force_login(boss)
    return browser


@pytest.fixture
def words(lead: Lead, center: Location, boss: User) -> dict[str, Any]:
    practice = ReferringPractice.objects.create(name="Valley Practice")
    Lead.objects.filter(pk=lead.pk).update(stage="booked")
    return {
        "lead": f"/admin/crm/lead/{lead.pk}/",
        "practice": practice.pk,
        "location": center.pk,
        "user": boss.pk,
        "version": SequenceVersion.objects.filter(state=VersionState.PUBLISHED).order_by("key")[0].pk,
    }


def sent(browser: Client, form: Form, words: dict[str, Any], *, form_id: str = "", **more: Any) -> Any:
    """Fill in the form as the page shows it, with the id that it holds, and send it as a browser does."""
    shown, goes_to, typed, _made = form
    form_id = form_id or id_in(browser, shown.format(**words), goes_to.format(**words))
    filled = {name: value.format(**words) if isinstance(value, str) else value for name, value in typed.items()}
    return browser.post(
        goes_to.format(**words), urlencode(filled | more | {"form_id": form_id}, doseq=True), content_type=FORM_DATA
    )


def id_in(browser: Client, page: str, goes_to: str) -> str:
    """The id in the form that goes there; one without an address goes where it is shown."""
    content = browser.get(page).content.decode()
    forms = re.findall(r"<form.*?</form>", content, re.DOTALL)
    ours = [one for one in forms if f'action="{goes_to}"' in one or ("action=" not in one and page == goes_to)]
    ids = [found for one in ours or forms for found in re.findall(r'name="form_id" value="([0-9a-f-]{36})"', one)]
    assert ids, f"The form that goes to {goes_to} has no id"
    return str(ids[0])


def count(form: Form) -> int:
    return int(apps.get_model(form[3]).objects.count())


@pytest.mark.parametrize("name", FORMS)
def test_pressed_twice_it_makes_one(browser: Client, words: dict[str, Any], name: str) -> None:
    form = FORMS[name]
    form_id = id_in(browser, form[0].format(**words), form[1].format(**words))
    before = count(form)
    answers = [sent(browser, form, words, form_id=form_id) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert count(form) == before + 1
    assert re.search("That was (saved|copied) already.", browser.get(answers[1]["Location"]).content.decode())


def test_another_text_with_the_same_form_is_kept_too(browser: Client, words: dict[str, Any]) -> None:
    form = FORMS["note"]
    form_id = id_in(browser, form[0].format(**words), form[1].format(**words))
    for text in ("She called.", "She called back at noon."):
        sent(browser, form, words, form_id=form_id, **{"note-text": text})
    assert Activity.objects.count() == 2


def test_the_same_words_in_another_form_are_another_entry(browser: Client, words: dict[str, Any]) -> None:
    for _ in range(2):
        sent(browser, FORMS["note"], words)
    assert Activity.objects.count() == 2


@pytest.mark.parametrize(("name", "wrong"), [("study", {"modality": ""}), ("practice", {"name": ""})])
def test_what_was_refused_may_be_sent_again(
    browser: Client, words: dict[str, Any], name: str, wrong: dict[str, str]
) -> None:
    form, before = FORMS[name], count(FORMS[name])
    form_id = id_in(browser, form[0].format(**words), form[1].format(**words))
    for _ in range(2):
        answer = sent(browser, form, words, form_id=form_id, **wrong)
        assert "saved already" not in answer.content.decode()
        assert answer.status_code != 302
    assert (count(form), SentForm.objects.count()) == (before, 0)


def test_whom_a_refused_form_shows_stays_on_record(browser: Client, words: dict[str, Any], lead: Lead) -> None:
    other = make_lead(location=lead.location, first_name="Robin")  # with the same address, and so named on the page
    form_id = id_in(browser, FORMS["note"][0].format(**words), FORMS["note"][1].format(**words))
    seen = AccessEvent.objects.count()
    answer = sent(browser, FORMS["note"], words, form_id=form_id, **{"note-text": ""})
    assert (answer.status_code, "Robin" in answer.content.decode()) == (422, True)
    shown = AccessEvent.objects.order_by("at")[seen:]
    assert [other.pk] in [event.object_ids for event in shown]


def test_the_table_in_place_looks_again(browser: Client, words: dict[str, Any]) -> None:
    form = FORMS["treatment"]
    address = form[1].format(**words)
    body = urlencode(form[2] | {"form_id": id_in(browser, address, address)})
    answers = [browser.post(address, body, content_type=FORM_DATA, headers={"HX-Request": "true"}) for _ in range(2)]
    assert [answer.headers.get("HX-Refresh") for answer in answers] == [None, "true"]
    assert count(form) == 1


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_the_same_moment_make_one(browser: Client, words: dict[str, Any]) -> None:
    form = FORMS["note"]
    form_id = id_in(browser, form[0].format(**words), form[1].format(**words))

    def press() -> None:
        sent(browser, form, words, form_id=form_id)
        connection.close()

    threads = [threading.Thread(target=press) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Activity.objects.count() == 1


def test_old_presses_are_forgotten(db: None) -> None:
    now = timezone.now()
    for number, days in enumerate((0, 1, 3)):
        SentForm.objects.create(key=f"00000000-0000-4000-8000-{number:012}", at=now - timedelta(days=days))
    assert once.forget_old(now=now) == 1
