"""Every field of every public form takes every odd string without falling over."""

from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest
from django.test import Client
from django.utils import timezone

from crm.mail import mime
from crm.models import Lead, Location, Message, Treatment
from crm.patient_portal import access as patient_access
from intake.public.question_views import AskForm
from intake.questionnaire import PAGES, RECHECK
from intake.requests.forms import CallMe, QuestionnairePageForm, StepOne
from intake.requests.treatment_form import PickForm, ToldForm
from tests.factories import make_lead, step_one
from tests.naughty_strings import BYTES, TEXTS

FINE = {200, 302, 422}
STORED = {"/candidate/", "/ask/"}  # the others share their fields and the way to the database
SAFE = {"safety_check": ["none"], "safety_check_b": ["none"]}


def test_the_corpus_is_large() -> None:
    assert len(set(TEXTS)) + len(BYTES) >= 300


@pytest.fixture
def visitor(center: Location, settings: Any) -> Client:
    """A browser with a private page, whom no limit stops."""
    settings.REQUESTS_AN_HOUR = 10**9
    lead = make_lead(location=center)
    Treatment.objects.create(lead=lead, kind="pt_supervised")
    browser = Client(raise_request_exception=False)
    entry = patient_access.begin(lead, now=timezone.now(), origin=None)
    type(entry.session).objects.update(proven_at=timezone.now())
    browser.cookies["patient"] = entry.secret
    return browser


def forms() -> dict[str, tuple[list[str], dict[str, Any]]]:
    """Address → the names of its fields, and a body that is in order."""
    request = StepOne(center_name="x")
    found = {
        "/candidate/": (list(request.fields), step_one()),
        "/candidate/call-me/": (list(CallMe(center_name="x").fields), step_one()),
        "/ask/": (list(AskForm().fields), {"topic": "other", "message": "x", "name": "x", "email": "x@example.org"}),
        "/my/treatments/": (list(PickForm().fields), {}),
        "/my/code/": (["code"], {}),
    }
    return found | {
        f"/my/questions/{page.key}/": (list(QuestionnairePageForm(page=page).fields), dict(SAFE))
        for page in (*PAGES, RECHECK)
    }


@pytest.mark.parametrize("path", list(forms()))
def test_every_field_takes_every_text(visitor: Client, path: str) -> None:
    """Each post holds as many texts as the form has fields; after all of them each field has had each text."""
    names, body = forms()[path]
    texts = TEXTS if path in STORED else TEXTS[:: max(len(names), 8)]
    for place in range(len(texts)):
        turned = texts[place:] + texts[:place]
        sent = dict(zip(names, turned, strict=False)) | {name: body[name] for name in SAFE if name in body}
        assert visitor.post(path, sent).status_code in FINE, (path, sent)


@pytest.mark.parametrize("path", ["/candidate/", "/ask/"])
def test_one_odd_field_among_good_ones_is_taken_too(visitor: Client, path: str) -> None:
    names, body = forms()[path]
    for place, text in enumerate(TEXTS[::4]):
        name = names[place % len(names)]
        assert visitor.post(path, body | {name: text}).status_code in FINE, (path, name, text)


def test_the_details_of_a_treatment_take_every_text(visitor: Client) -> None:
    row = Treatment.objects.get()
    names = list(ToldForm(treatment=row).fields)
    for place in range(0, len(TEXTS), 2):
        turned = TEXTS[place:] + TEXTS[:place]
        sent = dict(zip(names, turned, strict=False))
        assert visitor.post(f"/my/treatments/{row.pk}/", sent).status_code in FINE, sent


@pytest.mark.parametrize("raw", BYTES)
@pytest.mark.parametrize("path", ["/candidate/", "/ask/", "/my/questions/pain/"])
def test_bytes_that_are_no_text_are_taken_too(visitor: Client, path: str, raw: bytes) -> None:
    names, body = forms()[path]
    start = urlencode({name: value for name, value in body.items() if name != "first_name"}, doseq=True).encode()
    for name in names[:6]:
        sent = start + b"&" + quote_plus(name).encode() + b"=" + raw
        answer = visitor.post(path, sent, content_type="application/x-www-form-urlencoded")
        assert answer.status_code in {*FINE, 400}, (path, name, raw)


def test_no_mail_that_came_of_it_breaks(visitor: Client) -> None:

    for place, text in enumerate(TEXTS):
        contact = {"email": f"v{place}@example.org", "phone": ""}
        visitor.post("/candidate/", step_one(first_name=text, last_name=text, preferred_contact="email", **contact))
    assert Lead.objects.count() > 50
    for message in Message.objects.all():
        head = mime.as_bytes(message).partition(b"\r\n\r\n")[0]
        assert b"Bcc" not in head
        assert "{private_link}" in message.text


@pytest.mark.parametrize("path", ["/candidate/", "/candidate/call-me/", "/ask/", "/my/questions/pain/"])
def test_a_hundred_kilobytes_are_refused_with_the_reason(visitor: Client, path: str) -> None:
    names, body = forms()[path]
    for name in names:
        answer = visitor.post(path, body | {name: "x" * 100_000})
        assert answer.status_code in {*FINE, 400}, (path, name)
