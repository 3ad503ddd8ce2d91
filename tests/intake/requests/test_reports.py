"""Warning signs that nobody has proven: kept as a report by whatever way they come, and in no record before they are
taken over, or before whoever sent them has shown who they are."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from crm.enums.leads import Outcome, TaskKind
from crm.leads import reviews, tasks
from crm.models import Lead, Location, Message, PatientSession, SafetyAlert, Task, User
from crm.patient_portal import access as patient_access
from intake.assessment import actions as assessments
from intake.assessment import answer_history
from intake.models import Override, Submission, Unproven, UnprovenRequest
from intake.requests import actions, pending, unproven
from tests.factories import Visitor, in_their_place, make_link, make_user, own_browser, prove, step_one, tablet
from tests.intake.portal.test_safety_net import shows_emergency
from tests.intake.requests.test_stranger import record_of
from tests.intake.requests.test_submit import request_of
from tests.page_forms import as_sent

A_SIGN: dict[str, Any] = {"safety_check": ["A1"]}
B_SIGN: dict[str, Any] = {"safety_check_b": ["B2"]}
RECHECK = {
    "safety_check": ["none"],
    "safety_check_b": ["none"],
    "pain_now_avg": "9",
    "pain_enjoyment": "5",
    "pain_activity": "8",
    "new_treatments": "no",
}
Send = Callable[[Lead, dict[str, Any]], tuple[Client, Any]]


@pytest.fixture
def known(center: Location) -> Lead:
    """Maria Sample, with a decision against the rules that counts."""
    lead = actions.submit(request_of(center)).lead
    by = make_user("clinician", email="first@example.org")
    latest = assessments.latest(lead)
    assert latest is not None
    other = next(one for one in (Outcome.CONSULT_LIKELY, Outcome.MORE_INFO) if one != latest.outcome)
    assessments.override(latest, outcome=other, reason="Seen and examined.", by=by, now=timezone.now())
    return Lead.objects.get(pk=lead.pk)


def page(browser: Client, sign: dict[str, Any], *, key: str = "recheck", **more: Any) -> Any:
    sent = {"submission_id": str(uuid.uuid4())} | RECHECK | sign | more
    return browser.post(f"/my/questions/{key}/", sent)


# --- Every way in -----------------------------------------------------------------------------------------------------
def first_form(address: str) -> Send:
    def send(lead: Lead, sign: dict[str, Any]) -> tuple[Client, Any]:
        browser = Visitor()
        return browser, browser.post(address, step_one(**sign))

    return send


def the_form_again(lead: Lead, sign: dict[str, Any]) -> tuple[Client, Any]:
    browser, form = Visitor(), str(uuid.uuid4())
    browser.post("/candidate/", step_one(submission_id=form))
    return browser, browser.post("/candidate/", step_one(submission_id=form, **sign))


def a_page_after_it(lead: Lead, sign: dict[str, Any]) -> tuple[Client, Any]:
    browser = Visitor()
    browser.post("/candidate/", step_one())
    browser.post("/candidate/go-on/")
    return browser, page(browser, sign)


def once_open(change: Callable[[PatientSession], Any]) -> Send:
    """A proven browser, of which something has become since."""

    def send(lead: Lead, sign: dict[str, Any]) -> tuple[Client, Any]:
        browser, entry = Client(), prove(lead)
        browser.cookies["patient"] = entry.secret
        change(entry.session)
        return browser, page(browser, sign)

    return send


def now_with(**values: Any) -> Callable[[PatientSession], Any]:
    return lambda session: PatientSession.objects.filter(pk=session.pk).update(**values)


def ago(**spans: float) -> datetime:
    return timezone.now() - timedelta(**spans)


def without_a_token(lead: Lead, sign: dict[str, Any]) -> tuple[Client, Any]:
    browser = Client(enforce_csrf_checks=True)
    browser.cookies["patient"] = prove(lead).secret
    return browser, page(browser, sign)


def a_link_of_another_tab(lead: Lead, sign: dict[str, Any]) -> tuple[Client, Any]:
    browser = own_browser(lead)
    browser.post(f"/my/link/{make_link(lead, now=timezone.now())}/", {"opened": str(uuid.uuid4())})
    return browser, page(browser, sign)


def staff_who_have_left(lead: Lead, sign: dict[str, Any]) -> tuple[Client, Any]:
    browser = in_their_place(Client(), lead, make_user("coordinator"))
    browser.post("/admin/logout/")
    return browser, page(browser, sign)


def a_tablet_left_alone(lead: Lead, sign: dict[str, Any]) -> tuple[Client, Any]:
    browser = tablet(lead, make_user("coordinator"))
    PatientSession.objects.filter(lead=lead).update(seen_at=ago(hours=1))
    return browser, page(browser, sign)


FORMS: dict[str, Send] = {
    "the first form": first_form("/candidate/"),
    "the form again": the_form_again,
    "a page after it": a_page_after_it,
}
OVER: dict[str, Send] = {
    "left alone": once_open(now_with(seen_at=ago(minutes=31))),
    "open for too long": once_open(now_with(created_at=ago(hours=9))),
    "closed": once_open(lambda session: patient_access.end(session, now=timezone.now())),
    "revoked": once_open(lambda session: patient_access.revoke_links(session.lead, now=timezone.now())),
    "not proven": once_open(now_with(proven_at=None)),
    "without a token": without_a_token,
    "a link of another tab": a_link_of_another_tab,
    "staff who have left": staff_who_have_left,
    "a tablet left alone": a_tablet_left_alone,
}
SHORT = {"the frame": first_form("/candidate/embed/"), "the short way": first_form("/candidate/call-me/")}
EMERGENCY = FORMS | SHORT | OVER


def what_counts(lead: Lead) -> tuple[Any, ...]:
    """Everything of a lead that a sign must not change before somebody has looked, and what its patient reads."""
    latest = assessments.latest(lead)
    assert latest is not None
    stored, decision = Lead.objects.get(pk=lead.pk), Override.objects.get()
    return (
        record_of(lead),
        (stored.safety_hold, stored.outcome, stored.stage),
        (latest.number, latest.outcome, latest.rule, latest.signs, latest.snapshot),
        (decision.ended_at, decision.ended_because),
    )


def reads(lead: Lead) -> str:
    """What the patient reads of the rules; that a clinician looks tells nothing of a sign."""
    text = own_browser(lead).get("/my/").content.decode()
    outlook = text.partition("A first look")[2].partition("</section>")[0]
    return "" if "One of our clinicians is looking at your request." in outlook else outlook


def the_report() -> UnprovenRequest:
    return UnprovenRequest.objects.filter(state=Unproven.WAITING).get()


def reviews_of(lead: Lead) -> list[str]:
    keys = Task.objects.open().filter(lead=lead, kind=TaskKind.REVIEW).values_list("key", flat=True)
    return sorted(str(key) for key in keys)


def is_in_the_record(lead: Lead, sign: str) -> bool:
    latest = assessments.latest(lead)
    return latest is not None and sign in latest.signs and latest.snapshot["answers"]["red_flags"].get(sign) == "yes"


@pytest.mark.parametrize("way", EMERGENCY)
def test_an_emergency_sign_that_nobody_has_proven_is_a_report_and_nothing_else(known: Lead, way: str) -> None:
    before, read = what_counts(known), reads(known)
    browser, answer = EMERGENCY[way](known, A_SIGN)
    assert shows_emergency(browser, answer)
    assert what_counts(known) == before
    assert reads(known) in {read, ""}
    report = the_report()
    assert (report.lead, report.has_sign) == (known, True)
    assert report.submissions.filter(page__in=["request", "call-me", "recheck"]).exists()
    assert reviews_of(known) == [f"{reviews.OF_A_REPORT}{report.pk}"]
    assert SafetyAlert.objects.open().filter(lead=known).count() == SafetyAlert.objects.count() == 1
    assert Task.objects.open().filter(lead=known, kind=TaskKind.URGENT_CALL).count() == 1


@pytest.mark.parametrize("way", EMERGENCY)
def test_an_emergency_sign_counts_once_the_report_is_taken_over(known: Lead, clinician: User, way: str) -> None:
    EMERGENCY[way](known, A_SIGN)
    report = the_report()
    unproven.take_over(report, by=clinician, keeps_email=unproven.address_is_open(report), now=timezone.now())
    known.refresh_from_db()
    assert is_in_the_record(known, "A1")
    assert (known.safety_hold, known.outcome) == (True, Outcome.URGENT)
    assert Override.objects.get().ended_at
    assert not [key for key in reviews_of(known) if key.startswith(reviews.OF_A_REPORT)]
    assert SafetyAlert.objects.count() == 1


@pytest.mark.parametrize("way", FORMS | OVER)
def test_a_sign_for_review_that_nobody_has_proven_is_a_report_and_nothing_else(known: Lead, way: str) -> None:
    before, read = what_counts(known), reads(known)
    (FORMS | OVER)[way](known, B_SIGN)
    assert what_counts(known) == before
    assert reads(known) in {read, ""}
    assert reviews_of(known) == [f"{reviews.OF_A_REPORT}{the_report().pk}"]
    assert not SafetyAlert.objects.exists()


def test_what_a_later_page_left_empty_without_knowing_the_report_counts_once_it_is_taken_over(
    known: Lead, clinician: User
) -> None:
    a_page_after_it(known, B_SIGN)
    browser = own_browser(known)
    asked = {"submission_id": str(uuid.uuid4()), "safety_check": ["none"], "safety_check_b": ["none"]}
    browser.post("/my/questions/pain/", asked | {"pain_now_avg": "4"})
    report = the_report()
    unproven.take_over(report, by=clinician, keeps_email=unproven.address_is_open(report), now=timezone.now())

    answers = answer_history.current_answers(known)
    assert (answers["pain_now_avg"], answers["pain_enjoyment"], answers["pain_activity"]) == ("4", "5", "8")

    shown = as_sent(browser.get("/my/questions/pain/").content.decode(), having="shown")
    browser.post("/my/questions/pain/", shown | asked | {"pain_enjoyment": "", "submission_id": str(uuid.uuid4())})
    assert answer_history.current_answers(known)["pain_enjoyment"] == ""


@pytest.mark.parametrize("way", FORMS | OVER)
def test_a_sign_for_review_counts_once_the_report_is_taken_over(known: Lead, clinician: User, way: str) -> None:
    (FORMS | OVER)[way](known, B_SIGN)
    report = the_report()
    unproven.take_over(report, by=clinician, keeps_email=unproven.address_is_open(report), now=timezone.now())
    known.refresh_from_db()
    assert is_in_the_record(known, "B2")
    assert (known.safety_hold, known.outcome) == (False, Outcome.PROMPT_REVIEW)
    assert Override.objects.get().ended_at
    assert len(reviews_of(known)) == 1
    assert not reviews_of(known)[0].startswith(reviews.OF_A_REPORT)


@pytest.mark.parametrize("way", OVER)
def test_pressing_twice_is_one_report(known: Lead, way: str) -> None:
    browser, _answer = OVER[way](known, A_SIGN)
    page(browser, A_SIGN)
    page(browser, {"safety_check": ["A1", "A5"]}, key="safety")
    assert the_report().submissions.count() == 3
    assert SafetyAlert.objects.count() == 1


def test_what_names_no_sign_is_no_report(known: Lead) -> None:
    for send in OVER.values():
        send(known, {})
    assert not UnprovenRequest.objects.exists()
    assert not reviews_of(known)


@pytest.mark.parametrize("way", ["left alone", "without a token"])
def test_a_report_costs_the_same_whether_one_waits_already(known: Lead, way: str) -> None:
    browser, costs = Client(enforce_csrf_checks=way == "without a token"), []
    browser.cookies["patient"] = prove(known).secret
    if way == "left alone":
        now_with(seen_at=ago(minutes=31))(PatientSession.objects.get())
    for sign in ("A1", "A2"):
        with CaptureQueriesContext(connection) as asked:
            page(browser, {"safety_check": [sign]})
        costs.append([sql.split()[0] for sql in statements_of(asked) if "intake_unprovenrequest" in sql])
    assert costs[0] == costs[1]
    assert the_report().submissions.count() == 2


def statements_of(asked: CaptureQueriesContext) -> list[str]:
    return [one["sql"] for one in asked.captured_queries]


# --- Crowds -----------------------------------------------------------------------------------------------------------
def test_requests_from_a_waiting_room_crowd_out_no_report(known: Lead, settings: Settings) -> None:
    settings.REQUESTS_AN_HOUR = 1
    for number in range(3):
        Visitor().post("/candidate/", step_one(email=f"p{number}@example.org", phone=f"(212) 555-01{number:02}"))
    OVER["closed"](known, B_SIGN)
    assert UnprovenRequest.objects.get(lead=known).submissions.count() == 1


def test_a_crowd_of_emergency_signs_is_kept_without_mails(known: Lead, settings: Settings) -> None:
    settings.REQUESTS_AN_HOUR = 0
    browser, answer = OVER["closed"](known, A_SIGN)
    assert "We have received what you sent" in browser.get(answer["Location"]).content.decode()
    assert (the_report().has_sign, the_report().submissions.count()) == (True, 1)
    assert SafetyAlert.objects.get().next_level_at is None


# --- Another sign in the same name ------------------------------------------------------------------------------------
@pytest.mark.parametrize("way", ["a page after it", "left alone", "without a token"])
@pytest.mark.parametrize("is_done", [True, False])
def test_another_sign_in_a_report_is_called_about_again(
    known: Lead, coordinator: User, way: str, is_done: bool
) -> None:
    browser, _answer = EMERGENCY[way](known, A_SIGN)
    call = Task.objects.get(lead=known, kind=TaskKind.URGENT_CALL)
    if is_done:
        tasks.finish_task(call, by=coordinator, now=timezone.now(), seen=call.version)
    else:
        later = timezone.now() + timedelta(days=1)
        tasks.put_off(call, until=later, by=coordinator, now=timezone.now(), seen=call.version)
    form = str(uuid.uuid4())
    page(browser, {"safety_check": ["A5"]}, submission_id=form)
    again = Task.objects.open().get(lead=known, kind=TaskKind.URGENT_CALL)
    assert (again.pk, again.due_at <= timezone.now()) == (call.pk, True)
    tasks.finish_task(again, by=coordinator, now=timezone.now(), seen=again.version)
    page(browser, {"safety_check": ["A5"]}, submission_id=form)  # the same press is no other sign
    assert not Task.objects.open().filter(lead=known, kind=TaskKind.URGENT_CALL).exists()


# --- Once the patient has shown who they are --------------------------------------------------------------------------
def proves(browser: Client, lead: Lead) -> None:
    """Opens a link in this browser and tells the code that somebody has told by telephone."""
    browser.handler.enforce_csrf_checks = False
    browser.post(f"/my/link/{make_link(lead, now=timezone.now())}/", {"opened": str(uuid.uuid4())})
    session = patient_access.waiting_session(lead, now=timezone.now())
    assert session is not None
    browser.post("/my/code/", {"code": patient_access.tell_code(session, now=timezone.now())})
    assert PatientSession.objects.get(pk=session.pk).is_proven


HERS = ["a page after it", "left alone", "open for too long", "not proven", "a link of another tab"]


@pytest.mark.parametrize("way", HERS)
def test_a_sign_counts_once_whoever_sent_it_has_shown_who_they_are(known: Lead, way: str) -> None:
    browser, _answer = EMERGENCY[way](known, A_SIGN)
    proves(browser, known)
    known.refresh_from_db()
    assert is_in_the_record(known, "A1")
    assert (known.safety_hold, known.outcome) == (True, Outcome.URGENT)
    report = UnprovenRequest.objects.get()
    assert (report.state, report.decided_by, bool(report.decided_at)) == (Unproven.TAKEN_OVER, None, True)
    assert SafetyAlert.objects.count() == 1
    assert not reviews_of(known)


@pytest.mark.parametrize(("days", "counts"), [(6, True), (8, False)])
def test_a_browser_that_was_left_weeks_ago_says_nothing_of_who_sat_there(known: Lead, days: int, counts: bool) -> None:
    browser, _answer = EMERGENCY["a page after it"](known, A_SIGN)
    PatientSession.objects.update(seen_at=ago(days=days))
    proves(browser, known)
    assert is_in_the_record(known, "A1") is counts
    assert UnprovenRequest.objects.filter(state=Unproven.WAITING).exists() is not counts


@pytest.mark.parametrize("way", [way for way in EMERGENCY if way not in HERS])
def test_what_another_browser_or_nobody_in_particular_sent_waits_for_a_person(known: Lead, way: str) -> None:
    browser, _answer = EMERGENCY[way](known, A_SIGN)
    if way in OVER:
        proves(browser, known)
    assert not is_in_the_record(known, "A1")
    assert (the_report().has_sign, Lead.objects.get().safety_hold) == (True, False)


def test_only_what_came_from_her_own_browser_counts_with_her_proof(known: Lead) -> None:
    first_form("/candidate/")(known, {"safety_check": ["A5"]})
    browser, _answer = OVER["left alone"](known, B_SIGN)
    proves(browser, known)
    assert is_in_the_record(known, "B2")
    assert not is_in_the_record(known, "A5")
    assert the_report().has_sign


def test_with_her_proof_her_addresses_stay_as_they_are(known: Lead) -> None:
    browser, before = Visitor(), known.phone
    browser.post("/candidate/", step_one(phone="(212) 555-0199"))
    browser.post("/candidate/go-on/")
    page(browser, A_SIGN)
    proves(browser, known)
    known.refresh_from_db()
    assert (known.phone, known.safety_hold) == (before, True)
    assert known.activities.filter(note__contains="Typed otherwise than on record: phone").exists()


def test_a_page_that_counts_as_a_report_already_is_stored_once(known: Lead) -> None:
    form = str(uuid.uuid4())
    browser, entry = Client(), prove(known)
    browser.cookies["patient"] = entry.secret
    PatientSession.objects.filter(pk=entry.session.pk).update(seen_at=ago(minutes=31))
    page(browser, B_SIGN, submission_id=form)
    proves(browser, known)
    assert is_in_the_record(known, "B2")
    ratings = known.measurements.count()
    assert page(browser, B_SIGN, submission_id=form).status_code == 302  # "Store it now"
    assert (known.submissions.filter(form_id=form).count(), known.measurements.count()) == (1, ratings)
    page(browser, B_SIGN, submission_id=form, pain_now_avg="4")
    assert known.submissions.filter(form_id=form).count() == 2


@pytest.mark.parametrize("error", [RuntimeError("broken"), DatabaseError("broken")])
def test_a_report_that_cannot_be_applied_waits_and_locks_nobody_out(
    known: Lead, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    browser, _answer = OVER["left alone"](known, A_SIGN)

    def fail(*_held: Any, **_more: Any) -> None:
        raise error

    monkeypatch.setattr(pending, "apply_request", fail)
    proves(browser, known)
    assert not is_in_the_record(known, "A1")
    assert (the_report().has_sign, Lead.objects.get().safety_hold) == (True, False)


# --- However many there are -------------------------------------------------------------------------------------------
def an_injection(browser: Client) -> str:
    browser.post("/my/treatments/", {"submission_id": str(uuid.uuid4()), "kinds": ["esi_unknown"]})
    return f"/my/treatments/{Submission.objects.get(page='treatments').answers['treatment']}/"


@pytest.mark.parametrize("about", ["a page", "a treatment"])
def test_an_emergency_is_kept_however_many_there_are_and_adds_no_mail(
    known: Lead, settings: Settings, about: str
) -> None:
    browser, _answer = a_page_after_it(known, {})
    sick = {"submission_id": str(uuid.uuid4()), "since_then": ["fever", "worse_pain"]}
    address, sent = (an_injection(browser), sick) if about == "a treatment" else ("/my/questions/recheck/", A_SIGN)
    mails = Message.objects.count()
    settings.REQUESTS_AN_HOUR = 0
    assert shows_emergency(browser, browser.post(address, sent))
    assert (the_report().has_sign, SafetyAlert.objects.count()) == (True, 1)
    assert len(reviews_of(known)) == 1
    assert Message.objects.count() == mails
