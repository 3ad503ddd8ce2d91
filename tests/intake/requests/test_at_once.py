"""A sender and somebody at the desk at the same moment, each in a transaction of their own: both come to an end."""

import threading
import uuid
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from crm.enums.leads import TaskKind
from crm.models import Lead, Location, SafetyAlert, Task, User
from intake.models import Submission, Unproven, UnprovenRequest
from intake.requests import actions, known_people, page_submission, pending, unproven
from intake.requests.rows import Request
from tests.factories import NOON, step_one
from tests.intake.requests.test_submit import again, request_of
from tests.scheduling.actions.test_at_once import at_once

pytestmark = pytest.mark.django_db(transaction=True)
UNTIL_THE_OTHER_HAS_BEGUN = 2


def test_sending_again_with_a_sign_and_taking_over_wait_in_no_circle(
    center: Location, coordinator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both need the request and its lead. Whoever has one of them gives the other time to take what it takes first."""
    actions.submit(replace(request_of(center, now=NOON - timedelta(days=1)), form_id=uuid.uuid4()))
    actions.submit(request_of(center))
    waits, sent = UnprovenRequest.objects.get(), again(center, urgent=True, safety_check=["A1"])
    request_is_held, lead_is_held = threading.Event(), threading.Event()
    repeat, locked = actions._repeat, known_people.locked

    def repeat_slowly(asked: Request, before: Submission) -> Submission:
        request_is_held.set()
        lead_is_held.wait(UNTIL_THE_OTHER_HAS_BEGUN)
        return repeat(asked, before)

    def lock_slowly(lead: Lead) -> Lead:
        found = locked(lead)
        lead_is_held.set()
        request_is_held.wait(UNTIL_THE_OTHER_HAS_BEGUN)
        return found

    monkeypatch.setattr(actions, "_repeat", repeat_slowly)
    monkeypatch.setattr(known_people, "locked", lock_slowly)
    at_once(lambda: actions.submit(sent), lambda: unproven.take_over(waits, by=coordinator, now=NOON))

    assert SafetyAlert.objects.filter(lead=waits.lead).count() == 1


@pytest.mark.parametrize("sign", [{"safety_check": ["A1"]}, {"safety_check_b": ["B2"]}, {}])
@pytest.mark.parametrize("decision", ["take over", "set aside"])
def test_a_page_that_is_sent_while_somebody_decides_about_its_request_loses_no_sign(
    center: Location, clinician: User, monkeypatch: pytest.MonkeyPatch, sign: dict[str, list[str]], decision: str
) -> None:
    """The page needs its session, its request and, with an emergency, the lead; the decision needs all three."""
    actions.submit(replace(request_of(center, now=NOON - timedelta(days=1)), form_id=uuid.uuid4()))
    browser = Client()
    browser.post("/candidate/", step_one())
    browser.post("/candidate/go-on/")
    waits = UnprovenRequest.objects.get()
    session_is_held, lead_is_held = threading.Event(), threading.Event()
    lock, decide = page_submission.lock, unproven._decide

    def lock_slowly(*session: Any, **more: Any) -> None:
        lock(*session, **more)
        session_is_held.set()
        lead_is_held.wait(UNTIL_THE_OTHER_HAS_BEGUN)

    def decide_slowly(*held: Any, **more: Any) -> None:
        lead_is_held.set()
        session_is_held.wait(UNTIL_THE_OTHER_HAS_BEGUN)
        decide(*held, **more)

    monkeypatch.setattr(page_submission, "lock", lock_slowly)
    monkeypatch.setattr(unproven, "_decide", decide_slowly)
    now, page = timezone.now(), {"safety_check": ["none"], "safety_check_b": ["none"], "pain_now_avg": "5"}
    act = {
        "take over": lambda: unproven.take_over(waits, by=clinician, keeps_email=True, now=now),
        "set aside": lambda: unproven.set_aside(waits, by=clinician, note="She says no.", now=now),
    }[decision]
    about = {"submission_id": str(uuid.uuid4()), "pain_enjoyment": "5", "pain_activity": "5", "new_treatments": "no"}
    send = partial(browser.post, "/my/questions/recheck/", page | about | sign)
    answer: Any = at_once(send, act)[0]

    waits.refresh_from_db()
    assert answer.status_code == 302
    assert Submission.objects.filter(page="recheck").count() == 1
    assert waits.state != Unproven.WAITING
    assert SafetyAlert.objects.exists() == ("safety_check" in sign)
    pending.apply_due(timezone.now())
    if decision == "take over":
        assert Lead.objects.get(pk=waits.lead_id).safety_hold == ("safety_check" in sign)
        assert Task.objects.open().filter(kind=TaskKind.REVIEW).exists() == ("safety_check_b" in sign)
