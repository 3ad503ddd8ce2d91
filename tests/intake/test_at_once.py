"""A sender and somebody at the desk at the same moment, each in a transaction of their own: both come to an end."""

import threading
import uuid
from dataclasses import replace
from datetime import timedelta

import pytest

from crm.models import Lead, Location, SafetyAlert, User
from intake import actions, known, unproven
from intake.models import Submission, UnprovenRequest
from intake.request import Request
from tests.factories import NOON
from tests.intake.test_submit import again, request_of
from tests.scheduling.test_at_once import at_once

pytestmark = pytest.mark.django_db(transaction=True)
UNTIL_THE_OTHER_HAS_BEGUN = 2


def test_sending_again_with_a_sign_and_taking_over_wait_in_no_circle(
    centre: Location, coordinator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both need the request and its lead. Whoever has one of them gives the other time to take what it takes first."""
    actions.submit(replace(request_of(centre, now=NOON - timedelta(days=1)), form_id=uuid.uuid4()))
    actions.submit(request_of(centre))
    waits, sent = UnprovenRequest.objects.get(), again(centre, urgent=True, safety_check=["A1"])
    request_is_held, lead_is_held = threading.Event(), threading.Event()
    repeat, locked = actions._repeat, known.locked

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
    monkeypatch.setattr(known, "locked", lock_slowly)
    at_once(lambda: actions.submit(sent), lambda: unproven.take_over(waits, by=coordinator, now=NOON))

    assert SafetyAlert.objects.filter(lead=waits.lead).count() == 1
