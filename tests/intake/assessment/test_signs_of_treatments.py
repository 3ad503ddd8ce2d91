"""What a treatment tells of warning signs, from the page to the record and back."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from crm.enums.leads import Outcome, TaskKind
from crm.leads import reviews, treatments
from crm.models import Lead, Location, PatientSession, SafetyAlert, Task, Treatment, User
from crm.patient_portal import access as patient_access
from intake.models import Submission, UnprovenRequest
from intake.requests import actions, pending, unproven
from intake.requests.unproven import UnprovenRefused
from intake.rules.derived_signs import Heard
from tests.factories import NOON, Visitor, make_user, own_browser
from tests.intake.assessment.test_looks import looked_at
from tests.intake.assessment.test_red_flags import CORD, ITS_KIND, NO_SIGN, months_ago, send, tell, told
from tests.intake.assessment.test_signs import decide, open_reviews
from tests.intake.requests.test_submit import request_of
from tests.page_forms import as_sent


@pytest.fixture
def lead(center: Location) -> Lead:
    """Somebody whose neck and back hurt, without any sign."""
    return actions.submit(request_of(center, pain_region=["neck", "low_back"])).lead


@pytest.fixture
def browser(lead: Lead) -> Client:
    return own_browser(lead)


# --- Treatments -------------------------------------------------------------------------------------------------------
def test_an_injection_without_anything_since_opens_a_look_and_changes_no_outcome(lead: Lead, browser: Client) -> None:
    before = lead.outcome
    tell(browser, lead, start=months_ago(1), since_then=["none"])
    lead.refresh_from_db()
    assert (lead.outcome, told(lead), looked_at(lead), open_reviews(lead)) == (before, {}, ["injection"], 1)


def test_an_injection_of_long_ago_tells_nothing(lead: Lead, browser: Client) -> None:
    tell(browser, lead, start=months_ago(8), since_then=["worse_pain"])
    assert (told(lead), looked_at(lead), open_reviews(lead)) == ({}, [], 0)


@pytest.mark.parametrize(
    "answers",
    [
        {"since_then": ["infection"]},
        {"since_then": ["fever"]},
        {"since_then": ["worse_pain"]},
        {"side_effects": ["infection"]},
    ],
)
def test_an_injection_with_something_since_leads_to_a_review(
    lead: Lead, browser: Client, answers: dict[str, Any]
) -> None:
    tell(browser, lead, start=months_ago(2), **answers)
    lead.refresh_from_db()
    assert (lead.outcome, told(lead), open_reviews(lead)) == (Outcome.PROMPT_REVIEW, {"B5": "yes"}, 1)


def test_fever_with_new_pain_since_an_injection_is_an_emergency(lead: Lead, browser: Client) -> None:
    response = tell(browser, lead, start=months_ago(1), since_then=["fever", "worse_pain"], relief="25")
    lead.refresh_from_db()
    assert (response["Location"], lead.safety_hold) == ("/candidate/emergency/", True)
    assert told(lead) == {"A7": "yes", "B5": "yes"}
    assert SafetyAlert.objects.open().filter(lead=lead).count() == 1
    assert Treatment.objects.get(lead=lead).relief_percent == 25


@pytest.mark.parametrize("ended", [False, True])
def test_such_an_emergency_is_answered_when_the_session_is_over(lead: Lead, browser: Client, ended: bool) -> None:
    tell(browser, lead, start=months_ago(1))
    row = Treatment.objects.get(lead=lead)
    over = {"ended_at": timezone.now()} if ended else {"seen_at": timezone.now() - timedelta(minutes=31)}
    PatientSession.objects.update(**over)
    response = browser.post(f"/my/treatments/{row.pk}/", {"since_then": ["fever", "worse_pain"]})
    lead.refresh_from_db()
    assert (response["Location"], lead.safety_hold) == ("/candidate/emergency/", False)
    assert SafetyAlert.objects.open().filter(lead=lead).count() == 1
    assert Task.objects.open().filter(lead=lead, kind=TaskKind.URGENT_CALL).count() == 1
    report = UnprovenRequest.objects.get(lead=lead)
    assert (report.has_sign, unproven.signs_of(report)) == (True, ["A7", "B5"])


@pytest.mark.parametrize("since", ["fever", "infection", "worse_pain"])
@pytest.mark.parametrize("change", [{"ended_at": NOON}, {"seen_at": NOON}, {"proven_at": None}])
def test_what_came_since_an_injection_is_a_report_when_the_session_is_over(
    lead: Lead, browser: Client, clinician: User, coordinator: User, since: str, change: dict[str, Any]
) -> None:
    tell(browser, lead, start=months_ago(1))
    decide(lead, clinician)
    PatientSession.objects.update(**change)
    browser.post(f"/my/treatments/{Treatment.objects.get(lead=lead).pk}/", {"since_then": [since]})
    report = UnprovenRequest.objects.get(lead=lead)
    assert (report.has_sign, unproven.signs_of(report), open_reviews(lead)) == (False, ["B5"], 1)
    with pytest.raises(UnprovenRefused):
        unproven.set_aside(report, by=coordinator, note="She says no.", now=timezone.now())
    tell(own_browser(lead), lead, since_then=["none"])
    unproven.take_over(report, by=coordinator, now=timezone.now())
    assert (told(lead), open_reviews(lead)) == ({}, 1)  # taken back since, and looked at all the same


def test_what_came_since_an_injection_from_a_browser_without_proof_is_reviewed(lead: Lead) -> None:
    waiting = actions.submit(request_of(lead.location, now=NOON + timedelta(days=1), submission_id=uuid.uuid4()))
    browser = Client()
    browser.cookies["patient"] = patient_access.begin(lead, now=timezone.now(), origin=waiting.pk).secret
    browser.post("/my/treatments/", {"kinds": [ITS_KIND], "submission_id": str(uuid.uuid4())})
    address = f"/my/treatments/{Submission.objects.get(page='treatments').answers['treatment']}/"
    shown = as_sent(browser.get(address).content.decode(), having="shown")
    browser.post(address, shown | {"submission_id": str(uuid.uuid4()), "since_then": ["infection"]})
    assert Task.objects.open().filter(key=f"{reviews.OF_A_REPORT}{waiting.unproven_id}").count() == 1


@pytest.mark.parametrize(
    ("page", "answers", "expected"),
    [
        ("recheck", {"safety_check": ["A1"], "safety_check_b": ["B2", "none"]}, {"A1": "yes", "B2": "yes"}),
        (
            "recheck",
            {"safety_check": ["A1", "none"], "safety_check_b": ["unsure_B8", "none"]},
            {"A1": "yes", "B8": "unsure"},
        ),
        ("background", {"safety_check": ["A1"], "recent_events": ["surgery", "none"]}, {"A1": "yes", "B5": "yes"}),
        ("treatment", {"since_then": ["fever", "worse_pain", "none"]}, {"A7": "yes", "B5": "yes"}),
    ],
)
def test_boxes_that_contradict_each_other_lose_no_sign(
    lead: Lead, browser: Client, page: str, answers: dict[str, Any], expected: dict[str, str]
) -> None:
    answer = tell(browser, lead, **answers) if page == "treatment" else send(browser, page, **answers)
    lead.refresh_from_db()
    assert (answer["Location"], lead.safety_hold, told(lead)) == ("/candidate/emergency/", True, expected)


@pytest.mark.parametrize(
    ("page", "answers", "expected"),
    [
        ("background", {"limb_weakness": "worse"}, {"A5": "yes"}),
        ("insurance", {"lift_foot": "unsure"}, {"A5": "unsure"}),
        ("imaging", {"since_then": ["fever", "worse_pain"]}, {"A7": "yes"}),
        ("recheck", CORD | {"hands_gait_change": "worse"}, {"A9": "yes"}),
        ("pain", {"limb_weakness": ["worse", "same"]}, {"A5": "yes"}),
        ("treatment", {"limb_weakness": "worse"}, {"A5": "yes"}),
        ("treatment", {"safety_check": ["A1"]}, {"A1": "yes"}),
        ("a pill", {"since_then": ["fever", "worse_pain"]}, {"A7": "yes"}),
    ],
)
@pytest.mark.parametrize("proven", [True, False])
def test_an_emergency_that_its_page_does_not_ask_for_is_named_in_the_record(
    lead: Lead, browser: Client, page: str, answers: dict[str, Any], expected: dict[str, str], proven: bool
) -> None:
    origin = Submission.objects.get(lead=lead).pk
    if not proven:
        browser.cookies["patient"] = patient_access.begin(lead, now=timezone.now(), origin=origin).secret
    if page in {"treatment", "a pill"}:
        kind = ITS_KIND if page == "treatment" else "med_nsaid_rx"
        browser.post("/my/treatments/", {"kinds": [kind], "submission_id": str(uuid.uuid4())})
        ticked = Submission.objects.get(lead=lead, page="treatments").answers["treatment"]
        address = f"/my/treatments/{ticked}/"
    else:
        address = f"/my/questions/{page}/"
    answer = browser.post(address, {"submission_id": str(uuid.uuid4())} | answers)
    pending.apply_due(timezone.now())
    lead.refresh_from_db()
    assert (answer["Location"], lead.safety_hold, told(lead)) == ("/candidate/emergency/", True, expected)
    assert SafetyAlert.objects.open().filter(lead=lead).count() == 1


@pytest.mark.parametrize(
    ("page", "answers", "expected"),
    [
        ("recheck", {"safety_check_b": ["B2", "none"]}, ["B2"]),
        ("recheck", {"safety_check": ["A1"], "safety_check_b": ["B2", "none"]}, ["A1", "B2"]),
        ("background", {"recent_events": ["surgery", "none"]}, ["B5"]),
        ("treatment", {"since_then": ["fever", "none"]}, ["B5"]),
        ("treatment", {"since_then": ["fever", "worse_pain", "none"]}, ["A7", "B5"]),
    ],
)
def test_boxes_that_contradict_each_other_are_a_report_when_the_session_is_over(
    lead: Lead, browser: Client, page: str, answers: dict[str, Any], expected: list[str]
) -> None:
    tell(browser, lead, start=months_ago(1))
    PatientSession.objects.update(ended_at=timezone.now())
    if page == "treatment":
        browser.post(f"/my/treatments/{Treatment.objects.get(lead=lead).pk}/", answers)
    else:
        send(browser, page, **answers)
    assert unproven.signs_of(UnprovenRequest.objects.get(lead=lead)) == expected


def add_pain_to_osteoporosis(browser: Client, **change: Any) -> None:
    """The page is filled in with the one, and only the other is ticked on it."""
    send(browser, "background", conditions=["osteoporosis"])
    shown = as_sent(browser.get("/my/questions/background/").content.decode(), having="shown")
    if change:
        PatientSession.objects.update(**change)
    browser.post("/my/questions/background/", shown | {"new_severe_pain": "yes"})


def test_what_the_page_was_filled_in_with_counts_in_a_report(lead: Lead, browser: Client) -> None:
    add_pain_to_osteoporosis(browser, seen_at=NOON)
    assert unproven.signs_of(UnprovenRequest.objects.get(lead=lead)) == ["B4"]


def test_what_the_page_was_filled_in_with_counts_without_proof(lead: Lead) -> None:
    waiting = actions.submit(request_of(lead.location, now=NOON + timedelta(days=1), submission_id=uuid.uuid4()))
    browser = Client()
    browser.cookies["patient"] = patient_access.begin(lead, now=timezone.now(), origin=waiting.pk).secret
    add_pain_to_osteoporosis(browser)
    assert Task.objects.open().filter(key=f"{reviews.OF_A_REPORT}{waiting.unproven_id}").count() == 1
    assert unproven.signs_of(UnprovenRequest.objects.get(lead=lead)) == ["B4"]


def test_a_sign_about_what_another_tab_has_taken_back_is_a_report(lead: Lead, browser: Client) -> None:
    tell(browser, lead, start=months_ago(1))
    address = f"/my/treatments/{Treatment.objects.get(lead=lead).pk}/"
    shown = as_sent(browser.get(address).content.decode(), having="shown")
    browser.post(address, shown | {"not_tried": "1"})
    assert browser.post(address, shown | {"since_then": ["fever"]}).status_code == 404
    assert unproven.signs_of(UnprovenRequest.objects.get(lead=lead)) == ["B5"]


def test_a_sign_on_a_page_that_breaks_is_a_report(lead: Lead, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = own_browser(lead)
    browser.raise_request_exception = False
    shown = as_sent(browser.get("/my/questions/background/").content.decode(), having="shown")
    monkeypatch.delattr("intake.requests.page_submission.keep_page")
    assert browser.post("/my/questions/background/", shown | {"cancer_other": "yes"}).status_code == 500
    assert unproven.signs_of(UnprovenRequest.objects.get(lead=lead)) == ["B1"]


@pytest.mark.parametrize("page", ["questions/background", "questions/pain"])
def test_no_form_makes_less_of_an_emergency_than_was_ticked(lead: Lead, browser: Client, page: str) -> None:
    PatientSession.objects.update(ended_at=timezone.now())
    browser.post(f"/my/{page}/", NO_SIGN | {"limb_weakness": ["worse", "no"], "cancer_other": "yes"})
    report = UnprovenRequest.objects.get(lead=lead)
    assert report.has_sign
    assert "A5" in unproven.signs_of(report)


def test_such_an_emergency_from_a_browser_without_proof_counts_for_its_own_lead(lead: Lead) -> None:
    visitor, browser, origin = Visitor(), Client(), Submission.objects.get(lead=lead).pk
    browser.cookies["patient"] = patient_access.begin(lead, now=timezone.now(), origin=origin).secret
    visitor.cookies = browser.cookies
    visitor.post("/my/treatments/", {"kinds": [ITS_KIND], "submission_id": str(uuid.uuid4())})
    tell(browser, lead, start=months_ago(1), since_then=["fever", "worse_pain"])
    assert SafetyAlert.objects.open().filter(lead=lead).count() == 1  # before any worker comes by
    assert not UnprovenRequest.objects.exists()  # kept by its own page, not caught on the way out
    pending.apply_due(timezone.now())
    lead.refresh_from_db()
    assert (lead.safety_hold, told(lead)) == (True, {"A7": "yes", "B5": "yes"})


def test_steroids_by_mouth_open_a_look_until_their_time_is_known(lead: Lead, browser: Client) -> None:
    tell(browser, lead, "med_oral_steroid")
    assert (looked_at(lead), open_reviews(lead)) == (["oral_steroid"], 1)
    send(browser, "background", steroids_months="no")
    assert looked_at(lead) == []


def test_a_corrected_date_takes_the_sign_of_an_injection_back(lead: Lead, browser: Client) -> None:
    tell(browser, lead, start=months_ago(1), since_then=["infection"])
    tell(browser, lead, start=months_ago(9))
    assert told(lead) == {}


def test_a_corrected_date_brings_the_sign_of_what_was_told_of_an_injection() -> None:
    """The side effects stand on the page when it is sent with the new date."""
    heard, told_on = Heard(), timezone.localdate()
    page = {"treatment": "1", "kind": ITS_KIND, "start": "2025-01-31"}
    heard.hear_treatment(page | {"told": {"start": "01/2025", "side_effects": ["infection"]}}, on=told_on)
    assert heard.signs == {}
    last_month = {"start": (told_on - timedelta(days=20)).isoformat()}
    heard.hear_treatment(page | last_month | {"told": {"start": "here"}}, on=told_on)
    assert heard.signs == {"B5": "yes"}


def test_time_takes_no_sign_of_an_injection_back() -> None:
    heard, told_on = Heard(), timezone.localdate()
    page = {"treatment": "1", "kind": ITS_KIND, "start": (told_on - timedelta(days=20)).isoformat()}
    heard.hear_treatment(page | {"told": {"start": "here", "since_then": ["infection"]}}, on=told_on)
    heard.hear_treatment(page | {"told": {"relief": "25"}}, on=told_on + timedelta(days=100))
    assert (heard.signs, bool(heard.facts["injection"])) == ({"B5": "yes"}, True)
    heard.hear_treatment(page | {"start": "2025-01-31", "told": {"start": "01/2025"}}, on=told_on + timedelta(days=101))
    assert (heard.signs, heard.facts["injection"]) == ({}, [])


def take_back(browser: Client, lead: Lead) -> None:
    row = Treatment.objects.get(lead=lead)
    assert browser.post(f"/my/treatments/{row.pk}/", {"not_tried": "1", "sure": "1"}).status_code == 302


def test_an_injection_that_was_not_tells_no_sign_and_no_look(lead: Lead, browser: Client) -> None:
    tell(browser, lead, start=months_ago(1), since_then=["infection"])
    assert (told(lead), looked_at(lead)) == ({"B5": "yes"}, ["injection"])
    take_back(browser, lead)
    assert (told(lead), looked_at(lead)) == ({}, [])
    pages = list(Submission.objects.filter(page="treatments").order_by("entry"))
    assert pages[-1].answers["told"] == {"not_tried": True}


def test_what_was_verified_keeps_its_sign_until_somebody_has_looked(lead: Lead, browser: Client) -> None:
    tell(browser, lead, start=months_ago(1), since_then=["infection"])
    Treatment.objects.filter(lead=lead).update(
        documentation="verified", verified_by=make_user("clinician"), verified_at=timezone.now()
    )
    take_back(browser, lead)
    assert (told(lead), open_reviews(lead)) == ({"B5": "yes"}, 1)


def test_a_verified_injection_tells_no_sign_any_more_once_staff_agree_that_it_never_was(
    lead: Lead, browser: Client, desk: Client
) -> None:
    test_what_was_verified_keeps_its_sign_until_somebody_has_looked(lead, browser)
    row = Treatment.objects.get(lead=lead)
    assert row.disputed_at is not None
    desk.post(
        f"/admin/crm/lead/{lead.pk}/treatments/{row.pk}/settle/",
        {"settle": "accept", "seen": row.disputed_at.isoformat()},
    )
    row.refresh_from_db()
    assert row.status == "declined"
    assert (told(lead), looked_at(lead), open_reviews(lead)) == ({}, [], 1)  # a clinician still looks


@pytest.mark.parametrize("settle", ["accept", "keep"])
def test_another_date_of_a_verified_injection_takes_no_sign_back_before_a_person_has_looked(
    lead: Lead, browser: Client, desk: Client, settle: str
) -> None:
    tell(browser, lead, start=months_ago(1), since_then=["infection"])
    Treatment.objects.filter(lead=lead).update(
        documentation="verified", verified_by=make_user("clinician"), verified_at=timezone.now()
    )
    tell(browser, lead, start=months_ago(9))
    assert (told(lead), looked_at(lead)) == ({"B5": "yes"}, ["injection"])
    row = Treatment.objects.get(lead=lead)
    assert row.disputed_at is not None
    seen = {"settle": settle, "seen": row.disputed_at.isoformat()}
    desk.post(f"/admin/crm/lead/{lead.pk}/treatments/{row.pk}/settle/", seen)
    assert (told(lead), looked_at(lead)) == (({}, []) if settle == "accept" else ({"B5": "yes"}, ["injection"]))


@pytest.mark.parametrize("settle", ["accept", "keep"])
def test_who_keeps_what_is_verified_has_the_rules_asked_again(
    lead: Lead, browser: Client, desk: Client, settle: str
) -> None:
    tell(browser, lead, start=months_ago(9))
    Treatment.objects.filter(lead=lead).update(
        documentation="verified", verified_by=make_user("clinician"), verified_at=timezone.now()
    )
    tell(browser, lead, start=months_ago(1), since_then=["infection"])
    assert (told(lead), looked_at(lead)) == ({"B5": "yes"}, ["injection"])
    row = Treatment.objects.get(lead=lead)
    assert row.disputed_at is not None
    seen = {"settle": settle, "seen": row.disputed_at.isoformat()}
    desk.post(f"/admin/crm/lead/{lead.pk}/treatments/{row.pk}/settle/", seen)
    assert (told(lead), looked_at(lead)) == (({}, []) if settle == "keep" else ({"B5": "yes"}, ["injection"]))
    assert open_reviews(lead) == 1  # a clinician still looks


def test_a_date_that_staff_correct_takes_the_sign_of_an_injection_back(
    lead: Lead, browser: Client, coordinator: User
) -> None:
    tell(browser, lead, since_then=["infection"])
    assert told(lead) == {"B5": "yes"}  # nobody knows when
    for days, expected in ((30, {"B5": "yes"}), (300, {})):
        start = timezone.localdate() - timedelta(days=days)
        row = Treatment.objects.get(lead=lead)
        treatments.correct(row, by=coordinator, now=timezone.now(), start_date=start, start_precision="day")
        assert told(lead) == expected


@pytest.mark.parametrize("status", ["declined", "completed"])
def test_a_treatment_that_staff_mark_as_declined_tells_no_sign(
    lead: Lead, browser: Client, coordinator: User, status: str
) -> None:
    tell(browser, lead, start=months_ago(1), since_then=["infection"])
    treatments.correct(Treatment.objects.get(lead=lead), by=coordinator, status=status, now=timezone.now())
    assert (told(lead), looked_at(lead)) == (({}, []) if status == "declined" else ({"B5": "yes"}, ["injection"]))
