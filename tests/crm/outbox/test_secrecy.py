"""No health word, and nothing of what was typed, in any mail, URL, log line or broker message.

One journey posts sentinels and health words wherever a browser can put them: it is answered, put right, refused,
answered with the emergency page and broken off by an error. Then everything that left the process is searched.
"""

import base64
import email
import email.policy
import json
import os
import re
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

import pytest
import redis
from django.db import IntegrityError
from django.test import Client
from pytest_django import Settings

from crm import celery_app, dispatch
from crm.mail import mime
from crm.models import Location, Message
from crm.outbox import delivery
from intake import questionnaire
from tests.factories import make_location, step_one
from tests.faults.far_end import far_end
from tests.faults.rehearsal import database_url
from tests.recording import recorded_logs

pytestmark = pytest.mark.django_db(transaction=True)

FULL_NAME = "Riverbend Minimally Invasive Spine Center"
SENTINEL = "sentinel7"
ADDRESS = f"{SENTINEL}mail@example.org"
TYPED = {
    "first_name": f"{SENTINEL}first",
    "last_name": f"{SENTINEL}last",
    "email": ADDRESS,
    "note": f"{SENTINEL}note",
    "safety_check_b": ["B1", "unsure_B6"],
}
HEALTH_WORDS = """
    pain painful ache back neck spine spinal vertebra lumbar disc discs herniated herniation bulging sciatica stenosis
    arthritis nerve leg legs arm knee hip foot numbness weakness bladder bowel cancer fever steroid MRI CT X-ray
    imaging scan therapy physical exercise exercises treatment treatments medication drug injection injections epidural
    chiropractic acupuncture heat surgery surgical surgeon minimally invasive procedure operation doctor physician
    clinic clinical patient diagnosis symptom symptoms condition medical health
""".split()
NEUTRAL_CODES = {"none", "other", "unsure", "left", "right", "both", "nothing", *map(str, range(11))}


def health_codes() -> set[str]:
    """The stored codes of every answer about health: "low_back", "mri_lt12m", "unsure_A3" …"""
    sections = [section for section in questionnaire.STEP_ONE if section.key != "contact"]
    choices = [choice for section in sections for question in section.questions for choice in question.choices]
    signs = questionnaire.safety_options(questionnaire.EMERGENCY_SIGNS + questionnaire.REVIEW_SIGNS)
    return {code for code, _label in [*choices, *(answer for sign in signs for answer in sign.options)]} - NEUTRAL_CODES


def found_in(text: str) -> set[str]:
    """What of all that must not be in `text` is in it, in any case; words only as whole words."""
    words = {word for word in [*HEALTH_WORDS, *health_codes()] if re.search(rf"\b{word}\b", text, re.IGNORECASE)}
    typed = {value for value in (SENTINEL, "5550142", FULL_NAME) if value.lower() in text.lower()}
    return words | typed


@dataclass
class Traces:
    """Everything a journey left outside the database."""

    mails: list[EmailMessage] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    broker: list[str] = field(default_factory=list)
    log: str = ""


@pytest.fixture
def center(transactional_db: None) -> Location:
    return make_location(name=FULL_NAME)


@pytest.fixture
def traces(center: Location, client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Traces:
    monkeypatch.setattr(dispatch, "_nudges", dispatch._Nudges())
    left = Traces()
    with recorded_logs() as log, far_end() as far:
        settings.MAIL_SERVER = far.server
        left.urls += _post_in_every_way(client, monkeypatch)
        left.broker = _broker_messages(about=str(Message.objects.get().pk))
        far.will_say("RCPT", f"451 4.7.1 {ADDRESS} has leg pain, come again")
        delivery.send_due()
        left.mails = [_parsed(message) for message in Message.objects.all()]
        left.log = log.getvalue()
    return left


def _post_in_every_way(client: Client, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Returns where the browser was sent."""
    client.raise_request_exception = False
    where = f"/candidate/?utm={SENTINEL}&q=leg+pain"
    headers = {"user-agent": SENTINEL, "referer": f"http://testserver/?q={SENTINEL}"}

    def post(**changes: Any) -> Any:
        return client.post(where, step_one(**(TYPED | changes)), headers=headers)

    kept = post()
    refused = post(onset=f"{SENTINEL}onset", pain_region=None)
    urgent = post(safety_check=["A1", "unsure_A2"], email=None)
    with monkeypatch.context() as broken:
        broken.setattr("intake.requests.rows.kept", _fail)
        failed = post(submission_id=str(uuid.uuid4()))
    answers = [
        kept,
        refused,
        urgent,
        failed,
        client.get(f"/{SENTINEL}/leg-pain/"),
        client.get("/learn/herniated-disc/"),
    ]
    assert [answer.status_code for answer in answers] == [302, 422, 302, 500, 404, 200]
    return [answer.headers["Location"] for answer in answers if "Location" in answer.headers]


def _fail(*_args: object, **_named: object) -> None:
    raise IntegrityError(f"DETAIL: Failing row contains ({SENTINEL}, leg pain).")


def _broker_messages(*, about: str) -> list[str]:
    """Every message that waits in the broker, in plain text, once one of them is about this row."""
    broker = redis.Redis.from_url(celery_app.conf.broker_url)
    until = time.monotonic() + 5
    messages: list[str] = []
    while not any(about in message for message in messages) and time.monotonic() < until:
        waiting = [raw for queue in ("urgent", "mail", "slow") for raw in broker.lrange(queue, 0, -1)]
        messages = [_in_plain(json.loads(raw)) for raw in waiting]
        time.sleep(0.02)
    broker.close()
    return messages


def _in_plain(envelope: dict[str, Any]) -> str:
    body = base64.b64decode(envelope.pop("body")).decode()
    return f"{body}\n{json.dumps(envelope)}"


def _parsed(message: Message) -> EmailMessage:
    return email.message_from_bytes(mime.as_bytes(message), policy=email.policy.default)


def _whole(mail: EmailMessage) -> str:
    """Headers and both parts as a mail program shows them, without the address it goes to."""
    parts = [str(part.get_content()) for part in mail.iter_parts() if isinstance(part, EmailMessage)]
    assert len(parts) == 2
    headers = [f"{name}: {value}" for name, value in mail.items()]
    return "\n".join([*headers, *parts]).replace(ADDRESS, "")


def test_mail_says_nothing_of_what_was_typed(traces: Traces) -> None:
    assert len(traces.mails) == 1
    assert found_in(_whole(traces.mails[0])) == set()


def test_mail_bytes_are_those_that_were_searched(traces: Traces) -> None:
    raw = mime.as_bytes(Message.objects.get())

    assert SENTINEL.encode() not in raw.replace(ADDRESS.encode(), b"")


def test_addresses_of_pages_say_nothing_of_what_was_typed(traces: Traces) -> None:
    assert traces.urls == ["/candidate/thanks/", "/candidate/emergency/"]


def test_broker_learns_ids_and_nothing_else(traces: Traces) -> None:
    about = [message for message in traces.broker if str(Message.objects.get().pk) in message]
    assert len(about) == 1
    assert found_in("\n".join(traces.broker)) == set()


def test_log_says_nothing_of_what_was_typed(traces: Traces) -> None:
    assert found_in(traces.log) == set()


def test_log_still_says_what_happened(traces: Traces) -> None:
    lines = [json.loads(line) for line in traces.log.splitlines()]
    requests = [(line["route"], line["status"]) for line in lines if line["event"] == "request"]
    assert requests == [
        ("/candidate/", 302),
        ("/candidate/", 422),
        ("/candidate/", 302),
        ("/candidate/", 500),
        ("(none)", 404),
        ("/learn/<slug:slug>/", 200),
    ]
    assert [line["error"] for line in lines if line["event"] == "request_failed"] == ["IntegrityError"]
    assert [line["reason"] for line in lines if line["event"] == "message"] == [
        "Put off by the mail server (451 4.7.1)"
    ]


def test_process_prints_nothing_of_what_was_asked_for(center: Location) -> None:
    """In a process of its own: under pytest every logger has a handler, and Python's last resort stays unseen."""
    asked = f"""
import django
from django.conf import settings
settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
django.setup()
from django.test import Client
browser = Client(raise_request_exception=False)
browser.get("/{SENTINEL}/leg-pain/?q={SENTINEL}")
browser.get("/", headers={{"host": "{SENTINEL}.example.com"}})
browser.get("/candidate/thanks/", headers={{"cookie": "request_reference={SENTINEL}"}})
"""
    variables = os.environ | {"DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "crm.settings"}
    command = [sys.executable, "-W", "ignore:No directory at", "-c", asked]  # static files are not collected for tests
    run = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60, check=False)

    assert (run.returncode, run.stderr) == (0, "")
    assert [json.loads(line)["status"] for line in run.stdout.splitlines()] == [404, 400, 302]
    assert found_in(run.stdout) == set()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Your MRI is due", {"MRI"}),
        ('{"pain_region": ["low_back"]}', {"low_back"}),
        ("GET /x/?q=SENTINEL7", {SENTINEL}),
        (f"From: {FULL_NAME} <a@example.org>", {"Minimally", "Invasive", "Spine", FULL_NAME}),
        ("background, discuss, legible, 12pt", set()),
    ],
)
def test_search_finds_what_it_looks_for(text: str, words: set[str]) -> None:
    assert {word.lower() for word in found_in(text)} == {word.lower() for word in words}


def test_every_answer_about_health_is_searched_for() -> None:
    assert {"low_back", "leg_below_knee", "6to12m", "mri_lt12m", "injections", "A1", "unsure_B8"} <= health_codes()
