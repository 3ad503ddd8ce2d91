"""What is on disk after a request, and that sending twice is once."""

import threading
import uuid
from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import DatabaseError, connection, transaction
from django.http import QueryDict

from crm.enums.leads import ActivityKind, Event, LinkPurpose, MessageState, Stage, TaskKind
from crm.models import ConsentRecord, Lead, Location, Message, Task
from crm.patient_portal import access as patient_access
from intake.models import Submission, UnprovenRequest
from intake.requests import actions, pending
from intake.requests.forms import StepOne
from intake.requests.rows import Request
from tests.factories import NOON, make_link, prove, step_one

SENDER_ID = uuid.UUID("5d7c9f0e-0000-4000-8000-000000000001")


def request_of(
    center: Location,
    *,
    now: datetime = NOON,
    urgent: bool = False,
    submission_id: uuid.UUID = SENDER_ID,
    **changes: Any,
) -> Request:
    form = StepOne(QueryDict(urlencode(step_one(**changes), doseq=True)), center_name=center.name)
    assert form.is_valid() or urgent, form.errors
    return Request(submission_id, form.cleaned_data, center, now, urgent)


def test_submit_keeps_everything_of_a_routine_request(center: Location) -> None:
    lead = actions.submit(request_of(center)).lead

    lead.refresh_from_db()
    assert (lead.full_name, lead.email, lead.phone) == ("Maria Sample", "maria.sample@example.org", "+12125550142")
    assert (lead.stage, lead.safety_hold, lead.timezone) == (Stage.NEW, False, "America/New_York")
    assert Submission.objects.get().answers["pain_now_avg"] == "7"
    assert lead.measurements.get().value == 7
    assert lead.activities.get().kind == ActivityKind.REQUEST
    assert not lead.treatments.exists()


def test_submit_keeps_the_consents_in_their_exact_words(center: Location) -> None:
    lead = actions.submit(request_of(center, consent_education="on")).lead

    proofs = {proof.kind: proof for proof in ConsentRecord.objects.filter(lead=lead)}
    assert {kind: proof.given for kind, proof in proofs.items()} == {
        "privacy": True,
        "contact": True,
        "education": True,
    }
    assert proofs["contact"].text == "Riverbend Center may contact me about this request by the ways I gave above."
    assert proofs["contact"].text_version == "2026-11"


def test_submit_unticked_consent_is_recorded_as_not_given(center: Location) -> None:
    lead = actions.submit(request_of(center)).lead

    assert ConsentRecord.objects.get(lead=lead, kind="education").given is False


def test_submit_opens_the_first_call_within_five_minutes(center: Location) -> None:
    lead = actions.submit(request_of(center)).lead

    task = Task.objects.get(lead=lead)
    assert (task.kind, task.due_at - NOON) == (TaskKind.CALL, timedelta(minutes=5))


def test_submit_queues_one_acknowledgement(center: Location) -> None:
    lead = actions.submit(request_of(center)).lead

    message = Message.objects.get(lead=lead)
    key = f"ack:{lead.submissions.get().pk}"
    assert (message.key, message.to_email, message.state) == (key, lead.email, "queued")


def test_submit_without_an_address_queues_no_mail_and_still_a_call(center: Location) -> None:
    lead = actions.submit(request_of(center, email=None)).lead

    assert not Message.objects.filter(lead=lead).exists()
    assert Task.objects.filter(lead=lead, kind=TaskKind.CALL).count() == 1


def test_submit_urgent_holds_everything_routine(center: Location) -> None:
    lead = actions.submit(request_of(center, urgent=True, safety_check=["unsure_A2"], onset=None)).lead

    lead.refresh_from_db()
    assert (lead.safety_hold, lead.outcome) == (True, "URGENT")
    assert not Message.objects.exists()
    assert [task.kind for task in Task.objects.filter(lead=lead)] == [TaskKind.URGENT_CALL]
    assert Submission.objects.get().answers["safety_check"] == ["unsure_A2"]


def test_submit_the_same_twice_is_one_lead(center: Location) -> None:
    first = actions.submit(request_of(center)).lead

    second = actions.submit(request_of(center, now=NOON + timedelta(seconds=1))).lead

    assert second.pk == first.pk
    assert (Lead.objects.count(), Submission.objects.count(), Message.objects.count()) == (1, 1, 1)
    assert (Task.objects.count(), ConsentRecord.objects.count()) == (1, 3)


@pytest.mark.django_db(transaction=True)
def test_submit_a_double_click_is_one_lead(center: Location) -> None:
    start, references = threading.Barrier(4), []

    def click() -> None:
        start.wait()
        try:
            references.append(actions.submit(request_of(center)).reference)
        finally:
            connection.close()

    clicks = [threading.Thread(target=click) for _ in range(4)]
    for thread in clicks:
        thread.start()
    for thread in clicks:
        thread.join()

    assert len(references) == 4
    assert len(set(references)) == 1
    assert (Lead.objects.count(), Submission.objects.count(), Message.objects.count()) == (1, 1, 1)


def again(center: Location, **changes: Any) -> Request:
    """The same form once more, from the browser that has sent it before."""
    sent = Submission.objects.filter(reference__isnull=False).order_by("-at", "-pk").first()
    return replace(request_of(center, **changes), repeats=str(sent.reference) if sent else "")


def sent_again(center: Location, **changes: Any) -> Submission:
    """That form, after a worker has come by."""
    sent = actions.submit(again(center, **changes))
    pending.apply_due(NOON)
    return sent


def test_submit_again_with_other_answers_keeps_both_on_one_lead(center: Location) -> None:
    actions.submit(request_of(center))

    lead = sent_again(center, phone="(212) 555-0199", pain_now_avg="4").lead

    lead.refresh_from_db()
    assert (Lead.objects.count(), lead.phone) == (1, "+12125550199")
    assert sorted(s.answers["pain_now_avg"] for s in Submission.objects.all()) == ["4", "7"]
    assert lead.activities.filter(kind=ActivityKind.REQUEST_CHANGED).count() == 1
    assert Message.objects.count() == 1


def test_submit_again_with_the_extension_changes_that_request(center: Location) -> None:
    actions.submit(request_of(center, email=None))
    lead = sent_again(center, email=None, phone="(212) 555-0142 x45").lead
    lead.refresh_from_db()
    assert (Lead.objects.count(), lead.phone) == (1, "+12125550142x45")


def test_submit_again_with_another_address_writes_to_that_one_too(center: Location) -> None:
    actions.submit(request_of(center))

    sent_again(center, email="right@example.org")

    waiting = Message.objects.filter(state=MessageState.QUEUED)
    assert set(waiting.values_list("name", "to_email")) == {
        ("ack", "right@example.org"),
        ("address_changed", "maria.sample@example.org"),
    }


def test_submit_again_with_another_address_ends_what_the_first_one_opened(center: Location) -> None:
    lead = actions.submit(request_of(center)).lead
    token = make_link(lead, now=NOON)
    link = patient_access.find_link(token, purpose=LinkPurpose.PRIVATE_PAGE, now=NOON)
    entry = patient_access.begin(lead, now=NOON, link=link)

    sent_again(center, email="right@example.org")

    assert patient_access.find_link(token, purpose=LinkPurpose.PRIVATE_PAGE, now=NOON) is None
    assert patient_access.find_session(entry.secret, now=NOON) is None


def test_submit_again_changes_no_address_of_somebody_who_has_shown_to_be_this_person(center: Location) -> None:
    lead = actions.submit(request_of(center)).lead
    prove(lead, now=NOON)

    sent_again(center, email="evil@example.org")

    lead.refresh_from_db()
    assert lead.email == "maria.sample@example.org"


def test_submit_again_after_an_hour_is_a_new_request(center: Location) -> None:
    lead = actions.submit(request_of(center)).lead

    sent_again(center, email="right@example.org", now=NOON + timedelta(hours=2))

    lead.refresh_from_db()
    assert (lead.email, UnprovenRequest.objects.count()) == ("maria.sample@example.org", 1)


def test_submit_the_same_change_twice_is_kept_once(center: Location) -> None:
    for phone in ("(212) 555-0142", "(212) 555-0199", "(212) 555-0199"):
        sent_again(center, phone=phone)

    assert Submission.objects.count() == 2


def test_submit_again_with_a_warning_sign_holds_the_lead(center: Location) -> None:
    actions.submit(request_of(center))

    lead = sent_again(center, urgent=True, safety_check=["A1"]).lead

    lead.refresh_from_db()
    assert lead.safety_hold
    assert Task.objects.filter(lead=lead, kind=TaskKind.URGENT_CALL).count() == 1


def test_submit_says_once_that_a_request_has_come(center: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    listeners = {Event.SUBMITTED: [lambda _lead, happening: told.append(happening.key)]}
    monkeypatch.setattr("crm.registry.events._listeners", defaultdict(list, listeners))

    first = actions.submit(request_of(center))
    actions.submit(request_of(center))
    changed = sent_again(center, pain_now_avg="4")

    assert told == [str(first.pk), str(changed.pk)]


def test_submit_again_without_the_warning_sign_lifts_nothing(center: Location) -> None:
    actions.submit(request_of(center, urgent=True, safety_check=["A1"]))

    lead = actions.submit(request_of(center)).lead

    lead.refresh_from_db()
    assert lead.safety_hold


def test_submit_fails_as_a_whole(center: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("crm.mail.emails.acknowledgement", broken)

    with pytest.raises(RuntimeError):
        actions.submit(request_of(center))

    assert not Lead.objects.exists()
    assert not Submission.objects.exists()


@pytest.mark.parametrize("change", ["update", "delete"])
@pytest.mark.parametrize("model", [Submission, ConsentRecord])
def test_what_was_given_cannot_be_changed(center: Location, model: Any, change: str) -> None:
    actions.submit(request_of(center))
    rows = model.objects.all()

    with pytest.raises(DatabaseError, match="append_only"), transaction.atomic():
        rows.update(language="xx") if change == "update" else rows.delete()
