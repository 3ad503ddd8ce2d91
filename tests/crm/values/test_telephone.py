"""Telephone numbers as people type them: number and extension are kept, shown and dialed, on every form that asks."""

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.test import Client

from crm.enums.leads import TaskKind
from crm.fields.text import TelephoneField
from crm.models import ContactPerson, Lead, Location, ReferringPractice, Task, Treatment
from crm.values import telephone
from intake.desk.staff_intake import NewRequest
from intake.models import Question, Submission
from intake.public.question_views import AskForm
from intake.requests.answers_in_words import questions_in_words
from intake.requests.forms import CallMe, StepOne
from tests.crm.desk.test_lead import treatment_form
from tests.factories import make_lead, step_one

NUMBER, WITH_EXTENSION = "+12125550142", "+12125550142x123"
WRITTEN = [
    "212-555-0142", "(212) 555-0142", "212.555.0142", "(212)555/0142", "212 / 555 / 0142", "212–555–0142",
    "212\u2011555\u20110142", "212—555—0142", "212−555−0142", "\u202a212-555-0142\u202c", "\u2066+1 212 555 0142\u2069",
    "\u200e+1\u00a0(212)\u00a0555-0142", "tel:212-555-0142", "TEL: 212 555 0142", "tel:+1-212-555-0142", "+12125550142",
    "1-212-555-0142", "001 212 555 0142", "212\u200b555\u200c0\u200d142", "\ufeff2125550142", "212\u00ad555\u00ad0142",
    "２１２５５５０１４２", "📞 212-555-0142",
]  # fmt: skip
EXTENDED = [
    "(212) 555-0142 x123", "212-555-0142x123", "212-555-0142 X-123", "(212) 555-0142 ext. 123", "212 555 0142 EXT:123",
    "212 555 0142 extension 123", "212 555 0142, ext 123", "212 555 0142 (ext. 123)", "212 555 0142 extensión 123",
    "212 555 0142 #123", "212 555 0142 ext. #123", "2125550142,,123", "2125550142,123", "2125550142;123",
    "tel:+12125550142;ext=123", "212-555-0142 / x123", "\u202a212–555–0142\u202c ext. １２３",
]  # fmt: skip


@pytest.mark.parametrize("typed", WRITTEN)
def test_a_number_is_the_same_however_it_is_written(typed: str) -> None:
    assert TelephoneField().clean(typed) == NUMBER


@pytest.mark.parametrize("typed", EXTENDED)
def test_an_extension_is_kept_however_it_is_written(typed: str) -> None:
    kept = TelephoneField().clean(typed)
    assert (kept, telephone.in_words(kept)) == (WITH_EXTENSION, "(212) 555-0142 ext. 123")
    assert telephone.dialed(kept) == "+12125550142,,123"


@pytest.mark.parametrize(
    "typed",
    ["+49 171 1234567", "0049 171 1234567", "(0049) 171 1234567", "+49 (0)171 1234567", "011 49 171 1234567",
     "00 49 171/1234567"],
)  # fmt: skip
def test_a_number_abroad_is_understood(typed: str) -> None:
    kept = TelephoneField().clean(typed)
    assert (kept, telephone.in_words(kept)) == ("+491711234567", "+49 171 1234567")
    assert TelephoneField().clean(f"{typed} x7") == "+491711234567x7"


@pytest.mark.parametrize("number", [f"212555{digits}" for digits in ("0042", "0003", "1001", "2004", "0100")])
def test_zeros_within_a_number_lead_nowhere(number: str) -> None:
    assert TelephoneField().clean(number) == f"+1{number}"


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("0171 1234567", "Which country is this number in?"),
        ("(020) 7946 0000", "Which country is this number in?"),
        ("555-0142", "with its area code"),
        ("000", "with its area code"),
        ("call me", "with its area code"),
        ("212-555-0142 or 212-555-0143", "with its area code"),
        ("212-555-0142 ext. 123456789", "This extension is too long."),
    ],
)
def test_what_is_missing_is_asked(typed: str, asked: str) -> None:
    with pytest.raises(ValidationError, match=asked):
        TelephoneField().clean(typed)


def test_what_is_on_record_goes_in_again_unchanged() -> None:
    field = TelephoneField()
    for kept in (NUMBER, WITH_EXTENSION, "+491711234567x7"):
        assert field.clean(field.prepare_value(kept)) == kept
        assert not field.has_changed(kept, field.prepare_value(kept))
    assert field.has_changed(WITH_EXTENSION, "(212) 555-0142 ext. 124")
    assert field.has_changed(WITH_EXTENSION, "(212) 555-0142")


# --- Every form that asks --------------------------------------------------------------------------------------------
WANTED = "(212) 555-0142 ext. 123"


@pytest.mark.parametrize("path", ["/candidate/", "/candidate/call-me/"])
def test_a_request_keeps_number_and_extension(client: Client, center: Location, path: str) -> None:
    client.post(path, step_one(phone=WANTED))
    assert Lead.objects.get().phone == WITH_EXTENSION
    assert Submission.objects.get().answers["phone"] == WITH_EXTENSION


def test_a_request_told_to_staff_keeps_it(desk: Client, center: Location) -> None:
    told = {"safety_check": ["none"], "first_name": "Robin", "last_name": "Ringer", "phone": WANTED}
    desk.post("/admin/new-request/", told | {"came_by": "phone", "language_spoken": "en"})
    assert Lead.objects.get().phone == WITH_EXTENSION


def test_a_general_question_keeps_it(desk: Client, client: Client, center: Location) -> None:
    asked = {"topic": "other", "message": "Where do I park?", "name": "Robin Example", "phone": WANTED}
    client.post("/ask/", step_one() | asked)
    question = Question.objects.get()
    assert question.phone == WITH_EXTENSION
    assert WANTED in desk.get(f"/admin/intake/question/{question.pk}/change/").content.decode()


def test_a_person_around_the_patient_keeps_it(desk: Client, lead: Lead) -> None:
    named = {"name": "Robin Example", "relation": "daughter", "phone": WANTED}
    desk.post(f"/admin/crm/lead/{lead.pk}/people/add/", named)
    assert ContactPerson.objects.get().phone == WITH_EXTENSION
    assert f'<a href="tel:+12125550142,,123">{WANTED}</a>' in page_of(desk, lead)


def test_details_keep_it_and_another_correction_leaves_it(desk: Client, lead: Lead) -> None:
    details = {"first_name": "Avery", "last_name": "Example", "email": "avery@example.org", "timezone": lead.timezone}
    where = f"/admin/crm/lead/{lead.pk}/details/"
    for name, typed in (("Avery", WANTED), ("Averil", WANTED), ("Averil", "(212) 555-0142 x124")):
        assert desk.post(where, details | {"first_name": name, "phone": typed}).status_code == 302
    assert Lead.objects.get().phone == "+12125550142x124"
    assert 'value="(212) 555-0142 ext. 124"' in desk.get(where).content.decode()


def test_a_practice_keeps_it(desk: Client) -> None:
    practice = {"name": "Example Family Practice", "phone": WANTED, "fax": "", "is_active": "on"}
    desk.post("/admin/crm/referringpractice/add/", practice)
    assert ReferringPractice.objects.get().reached_by == f"phone {WANTED}"


def test_a_letterhead_has_room_for_it(desk: Client, lead: Lead) -> None:
    desk.post(f"/admin/crm/lead/{lead.pk}/treatments/add/", treatment_form(provider_phone=WANTED))
    assert Treatment.objects.get().provider_phone == WANTED


@pytest.mark.parametrize(
    "form", [StepOne(center_name="x"), CallMe(center_name="x"), NewRequest(center_name="x"), AskForm()]
)
def test_every_form_asks_which_country(form: Any) -> None:
    with pytest.raises(ValidationError, match="Which country"):
        form.fields["phone"].clean("0171 1234567")


# --- Shown, dialed and compared --------------------------------------------------------------------------------------
def page_of(desk: Client, lead: Lead) -> str:
    return desk.get(f"/admin/crm/lead/{lead.pk}/change/").content.decode()


def test_the_page_of_a_lead_shows_and_dials_it(desk: Client, client: Client, center: Location) -> None:
    client.post("/candidate/", step_one(phone=WANTED))
    assert f'<a href="tel:+12125550142,,123">{WANTED}</a>' in page_of(desk, Lead.objects.get())
    asked = questions_in_words(Submission.objects.get().answers)
    assert {"question": "Phone", "answer": [WANTED]} in asked  # as given


def test_my_day_dials_it(desk: Client, center: Location) -> None:
    now = datetime(2026, 11, 23, 15, tzinfo=UTC)
    lead = make_lead(location=center, phone=WITH_EXTENSION)
    Task.objects.create(lead=lead, kind=TaskKind.CALL, title="First call", due_at=now, key="first-call:1")
    with time_machine.travel(now, tick=False):
        assert 'href="tel:+12125550142,,123"' in desk.get("/admin/").content.decode()


@pytest.mark.parametrize("on_record", [NUMBER, WITH_EXTENSION, "+12125550142x124"])
@pytest.mark.parametrize("other", [NUMBER, WITH_EXTENSION])
def test_people_are_found_by_the_number_whatever_its_extension(center: Location, on_record: str, other: str) -> None:
    lead = make_lead(location=center, phone=on_record)
    make_lead(location=center, phone="+12125550143x123")
    assert [*Lead.objects.reached_by(email="", phone=other)] == [lead]


def test_nobody_is_found_by_no_number(center: Location) -> None:
    make_lead(location=center, phone="")
    assert not Lead.objects.reached_by(email="", phone="").exists()
