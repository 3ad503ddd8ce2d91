"""The papers: what stands on top of the summary, whose word it is, and what goes to no insurer."""

import re
import uuid
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from crm.admin.forms import IN_COPY
from crm.enums.leads import ActivityKind, Decision, Outcome, TaskKind
from crm.enums.treatments import MeasurementKind, Source, TreatmentStatus
from crm.leads import imaging, measurements, reviews
from crm.models import Activity, Lead, Location, PatientSession, Task, Treatment, User
from crm.safety import alerts
from intake.assessment import actions as assessments
from intake.assessment import packet_word
from intake.portal import chart
from intake.questionnaire import SIGNS
from intake.requests import actions, page_effects, page_submission
from tests.factories import NOON, make_treatment, make_user, own_browser, prove, step_one
from tests.intake.requests.test_submit import request_of
from tests.page_forms import as_sent

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(center: Location) -> Lead:
    return actions.submit(request_of(center)).lead


def tell(lead: Lead, page: str, **answers: Any) -> None:
    session = PatientSession.objects.create(lead=lead, secret_hash=uuid.uuid4().hex, proven_at=NOON)
    page_submission.keep_page(
        page_effects.Sent(session, page, page.capitalize(), answers, uuid.uuid4(), timezone.now())
    )


def signs(lead: Lead, *, a: list[str] | None = None, b: list[str] | None = None) -> None:
    tell(lead, "safety", safety_check=a or ["none"], safety_check_b=b or ["none"])


def hold(lead: Lead, sign: str = "A1") -> None:
    session = PatientSession.objects.create(lead=lead, secret_hash=uuid.uuid4().hex, proven_at=NOON)
    answers = {"safety_check": [sign], "safety_check_b": ["none"]}
    page_submission.keep_emergency(
        page_effects.Sent(session, "recheck", "Again", answers, uuid.uuid4(), timezone.now())
    )
    lead.refresh_from_db()


def paper(client: Client, lead: Lead, which: str) -> str:
    return client.get(f"/admin/crm/lead/{lead.pk}/{which}/").content.decode()


def top(client: Client, lead: Lead) -> str:
    page = paper(client, lead, "summary")
    return page.partition('<div class="on-top">')[2].partition("</div>")[0]


def test_what_was_only_ticked_stands_on_the_summary_as_that(lead: Lead, desk: Client) -> None:
    without = "On the first form the patient ticked, without details: "
    assert f"No treatment on record. {without}" in paper(desk, lead, "summary")
    tell(lead, "treatments tried", tried_treatments=["pt", "injections"])
    assert f"{without}Physical therapy, Injections." in paper(desk, lead, "summary")
    assert without not in paper(desk, lead, "packet/print")
    make_treatment(lead)
    assert without not in paper(desk, lead, "summary")


def test_a_date_of_birth_is_written_as_every_other_day(lead: Lead, desk: Client) -> None:
    lead.date_of_birth = "1968-03-09"
    lead.save()
    assert "Born Mar 9, 1968." in paper(desk, lead, "summary")
    assert "<dt>Date of birth</dt><dd>Mar 9, 1968</dd>" in paper(desk, lead, "packet/print")


def test_a_warning_sign_stands_on_top_of_the_summary(lead: Lead, desk: Client) -> None:
    assert top(desk, lead) == ""
    signs(lead, b=["B2", "unsure_B5"])
    assert "You lost weight without trying" in top(desk, lead)
    assert "not sure: A serious infection" in top(desk, lead)


def test_under_a_hold_the_summary_names_hold_and_sign_and_sounds_not_mild(lead: Lead, desk: Client) -> None:
    hold(lead)
    signs(lead)  # answers again, without the sign
    lead.refresh_from_db()
    assert lead.safety_hold
    assert "Safety hold since" in top(desk, lead)
    assert "Numbness or a strange feeling between your legs" in top(desk, lead)
    page = paper(desk, lead, "summary")
    assert "Under a hold the fixed rules are set aside." in page
    assert "Fixed rules," not in page


def test_the_hold_stands_since_it_began_and_not_since_somebody_took_the_alert_on(
    lead: Lead, desk: Client, coordinator: User, time_machine: Any
) -> None:
    friday = NOON + timedelta(days=4)
    time_machine.move_to(friday, tick=False)
    hold(lead)
    alerts.acknowledge(lead, by=coordinator, now=friday + timedelta(days=1))
    assert f"Safety hold since {friday:%b %-d, %Y}" in top(desk, lead)


def test_the_summary_names_every_sign_for_which_a_hold_stands(lead: Lead, desk: Client, clinician: User) -> None:
    hold(lead, "A1")
    alerts.acknowledge(lead, by=clinician, now=timezone.now())
    alerts.clear_hold(lead, by=clinician, note="Examined.", now=timezone.now())
    hold(lead, "A2")
    hold(lead, "unsure_A5")
    signs(lead, a=["declined_A4"])
    head = top(desk, lead)
    named = head.partition("Warning signs:")[2].partition("</p>")[0]
    assert re.findall(r"\((A\d)\)", named) == ["A2", "A4", "A5"]  # the hold for A1 was lifted
    assert f"preferred not to say: {SIGNS['A4']}" in head
    assert f"not sure: {SIGNS['A5']}" in head


def test_a_persons_word_is_a_persons_and_a_rules_is_a_rules(lead: Lead, desk: Client, coordinator: User) -> None:
    clinician = make_user("clinician", email="dana@example.org")
    latest = assessments.latest(lead)
    assert latest
    now = timezone.now()
    assessments.override(latest, outcome=Outcome.CONSULT_LIKELY, reason="Knows the case", by=clinician, now=now)
    reviews.decide(lead, decision=Decision.SUITABLE, reason="Images fit", by=clinician, now=now)
    head = top(desk, lead)
    assert f"<strong>Against the rules: Consultation reasonable</strong>, decided by {clinician} on" in head
    assert "Knows the case" in head
    assert "<strong>Clinical review: " in head
    assert "Images fit" in head
    page = paper(desk, lead, "summary")
    assert f"{latest.get_outcome_display()} (rule {latest.rule})." in page
    assert "Consultation reasonable (rule" not in page


def test_the_packet_shows_neither_sign_nor_hold_nor_decision(lead: Lead, coordinator: User) -> None:
    clinician, browser = make_user("clinician", email="dana@example.org"), Client()
    browser.force_login(clinician)
    signs(lead, b=["B2", "B5"])
    reviews.decide(lead, decision=Decision.MORE_TESTS, reason="Ask for labs", by=clinician, now=timezone.now())
    Task.objects.filter(kind=TaskKind.REVIEW).update(done_at=timezone.now())
    page = paper(browser, lead, "packet/print")
    assert "Request for authorization" in page
    assert not [word for word in ("arning sign", "hold", "Ask for labs", "weight", "eview") if word in page]


@pytest.mark.parametrize("why", ["hold", "review"])
def test_the_packet_waits_for_a_clinician_under_a_hold_or_an_open_review(lead: Lead, desk: Client, why: str) -> None:
    if why == "hold":
        hold(lead)
    else:
        signs(lead, b=["B2", "B5"])
    path = f"/admin/crm/lead/{lead.pk}/packet/print/"
    for query in ("", "?as=pdf"):
        answer = desk.get(path + query)
        assert answer.status_code == 409
        assert b"Request for authorization" not in answer.content
    browser = Client()
    browser.force_login(make_user("clinician", email="dana@example.org"))
    assert browser.post(path, {"reason": " "}).status_code == 422
    page = browser.get(path).content.decode()
    form = as_sent(page, having="reason") | {"reason": "Seen, and not urgent"}
    assert IN_COPY in page
    assert desk.post(path, form).status_code == 409  # no clinician
    assert browser.post(path, form).status_code == 302
    assert b"Request for authorization" in desk.get(path).content
    assert Activity.objects.filter(kind=ActivityKind.INSURANCE, note="Seen, and not urgent").count() == 1
    signs(lead, b=["B2", "B5", "B1"])  # the word was about the record as it was
    assert desk.get(path).status_code == 409


def test_ratings_are_told_in_words_and_in_their_order(lead: Lead, desk: Client, coordinator: User) -> None:
    now = timezone.now()
    for kind, value in (("nrs_back_avg", 5), ("nrs_leg_avg", 7), ("rmdq", 12)):
        about: dict[str, Any] = {"source": Source.COORDINATOR, "by": coordinator, "now": now, "at": now}
        measurements.record(lead, kind=MeasurementKind(kind), value=Decimal(value), **about)
    page = paper(desk, lead, "summary")
    assert "NRS_BACK" not in page
    assert "<dt>Back pain, average of 7 days (0-10)</dt><dd>5 (" in page
    assert "<dt>Leg pain, average of 7 days (0-10)</dt><dd>7 (" in page
    assert "<dt>Roland-Morris total (0-24)</dt><dd>12 (" in page


def test_of_two_ratings_of_one_day_the_summary_shows_the_one_that_counts(
    lead: Lead, desk: Client, coordinator: User
) -> None:
    now = timezone.now()
    for value in (9, 3, 5):
        about: dict[str, Any] = {"source": Source.COORDINATOR, "by": coordinator, "now": now, "at": now}
        measurements.record(lead, kind=MeasurementKind.NRS_BACK_AVG, value=Decimal(value), **about)
    shown = paper(desk, lead, "summary").partition("Back pain, average of 7 days (0-10)</dt><dd>")[2]
    assert re.findall(r"([0-9]+) [(]", shown.partition("</dd>")[0]) == ["5"]


def test_two_ratings_of_one_day_are_one_point_in_the_drawing() -> None:
    from intake.rules.ledger import ledger
    from tests.intake.care_cases import ago, care, nrs, record

    case = record(care(days=50), ratings=(nrs(8, days_ago=9), nrs(2, days_ago=9), nrs(4)))
    drawn = chart.draw(ledger(case), case, name_of=lambda line: line.care.name)
    assert [value for _x, _y, value in drawn.points] == ["2", "4"]
    assert ago(9) < case.today


def relief(desk: Client, lead: Lead, row: Treatment) -> str:
    table = paper(desk, lead, "summary").partition("<tbody>")[2]
    return re.split(r"<td[^>]*>", table.partition(str(row))[2])[3].partition("</td>")[0]


def test_not_said_not_sure_and_not_asked_are_three_things(lead: Lead, desk: Client) -> None:
    day = date(2026, 9, 1)
    row = make_treatment(lead, kind="pt_supervised", source=Source.PATIENT, start_date=day, relief_percent=None)
    assert relief(desk, lead, row) == "not asked"
    for said, words in (("", "not said"), ("unsure", "not sure")):
        about = {"treatment": str(row.pk), "told": {"relief": said}}
        tell(lead, "treatments", **about)
        assert relief(desk, lead, row) == words
    Treatment.objects.update(relief_percent=25)
    assert relief(desk, lead, row) == "25 %"
    noted = make_treatment(lead, kind="chiropractic", source=Source.MEDICAL_RECORD, relief_percent=None)
    assert relief(desk, lead, noted) == "not said"


def test_the_summary_says_which_pictures_and_diagnoses_were_told(lead: Lead, desk: Client) -> None:
    """ "None on record" alone would have the surgeon order the MRI that the patient has at home."""
    told = {"diagnoses_told": ["herniated_disc"], "imaging": "mri_lt12m", "imaging_place": "Lakeside Imaging"}
    tell(lead, "imaging", **told, imaging_date={"date": "2026-08-01", "precision": "month"})
    page = paper(desk, lead, "summary")
    for words in ("Herniated disc", "MRI in the last 12 months", "Lakeside Imaging"):
        assert words in page


@pytest.mark.parametrize(("precision", "words"), [("year", "2026"), ("month", "Mar 2026"), ("day", "Mar 15, 2026")])
def test_the_summary_tells_the_day_of_a_study_as_exactly_as_it_was_told(
    lead: Lead, desk: Client, coordinator: User, precision: str, words: str
) -> None:
    made: dict[str, Any] = {"made_on": date(2026, 3, 15), "made_precision": precision}
    imaging.add(lead, by=coordinator, now=timezone.now(), modality="mri", region="lumbar", **made)
    assert f"<dd>{words}, report missing" in paper(desk, lead, "summary")


def test_the_desk_and_the_papers_say_the_same_of_what_was_ticked(lead: Lead, desk: Client) -> None:
    """Of the one nobody has asked more; of the other the patient has left everything out."""
    ticked, told, injection = (
        make_treatment(lead, kind=kind, source=Source.PATIENT, status="", relief_percent=None, body_region="")
        for kind in ("pt_supervised", "massage", "esi_unknown")
    )
    tell(lead, "treatments", treatment=str(told.pk), told={"relief": ""})
    page, summary = paper(desk, lead, "change"), paper(desk, lead, "summary")
    cells = {(row, shown): _cells(shown, row) for row in (ticked, told, injection) for shown in (page, summary)}
    assert {cells[row, shown] for row in (ticked, injection) for shown in (page, summary)} == {(3, 0)}
    assert cells[told, page] == cells[told, summary] == (0, 3)
    assert [shown.count("where: not asked") for shown in (page, summary)] == [1, 1]
    assert shown_on_the_private_page(lead).count("not asked") == 0


def _cells(page: str, row: Treatment) -> tuple[int, ...]:
    """How many cells of a treatment's line say that it was not asked, and that it was not said."""
    line = page.partition("<tbody>")[2].partition(str(row))[2].partition("</tr>")[0]
    return tuple(len(re.findall(rf"<td[^>]*>{words}", line)) for words in ("not asked", "not said"))


def shown_on_the_private_page(lead: Lead) -> str:
    browser = own_browser(lead)
    return "".join(browser.get(f"/my/{page}").text for page in ("", "treatments/", "treatments/over-time/"))


def test_the_desk_claims_of_no_answer_that_it_was_not_asked(lead: Lead, desk: Client) -> None:
    row = make_treatment(lead, kind="pt_supervised", source=Source.PATIENT, relief_percent=None)
    tell(lead, "treatments", treatment=str(row.pk), told={"relief": ""})
    page = desk.get(f"/admin/crm/lead/{lead.pk}/change/?panels=all").content.decode()
    assert ("<td>not said</td>" in page, "not asked" in page) == (True, False)


def test_the_summary_says_what_was_not_asked_and_what_was_left_out(lead: Lead, desk: Client) -> None:
    tell(lead, "background", allergies="", nicotine="never")
    page = paper(desk, lead, "summary")
    assert "llerg" in page.partition("<dt>Asked, not said</dt>")[2].partition("</dd>")[0]
    assert "pioid" in page.partition("<dt>Not asked</dt>")[2].partition("</dd>")[0]


def test_a_drawing_that_nobody_could_read_is_left_out(lead: Lead, desk: Client) -> None:
    for number in range(13):
        start = date(2026, 9, 1) - timedelta(days=number)
        make_treatment(lead, start_date=start, end_date=start + timedelta(days=3), status=TreatmentStatus.COMPLETED)
        drawn = ["<svg" in paper(desk, lead, which) for which in ("summary", "packet/print")]
        assert drawn == [number < 6, number < 12]


# --- What waits beside the record, and the packet --------------------------------------------------------------------


@pytest.fixture
def clinic(clinician: User) -> Client:
    browser = Client()
    browser.force_login(clinician)
    return browser


def word_form(clinic: Client, lead: Lead) -> dict[str, Any]:
    page = clinic.get(f"/admin/crm/lead/{lead.pk}/packet/print/").content.decode()
    return as_sent(page, having="reason") | {"reason": "Known for years"}


def let_go(clinic: Client, lead: Lead, form: dict[str, Any]) -> Any:
    return clinic.post(f"/admin/crm/lead/{lead.pk}/packet/print/", form)


def is_printed(clinic: Client, lead: Lead) -> bool:
    return clinic.get(f"/admin/crm/lead/{lead.pk}/packet/print/").status_code == 200


def left_alone(lead: Lead) -> Client:
    """A browser whose page has closed by itself: what it sends is a report."""
    browser, entry = Client(), prove(lead)
    browser.cookies["patient"] = entry.secret
    PatientSession.objects.filter(pk=entry.session.pk).update(seen_at=timezone.now() - timedelta(hours=1))
    return browser


def send(browser: Client, **ticked: list[str]) -> None:
    browser.post("/my/questions/recheck/", {"submission_id": str(uuid.uuid4()), **ticked})


def test_a_report_that_grows_asks_for_a_new_word(lead: Lead, clinic: Client) -> None:
    """Its review is one, however often something is added to it, and the record stays as it was."""
    away = left_alone(lead)
    send(away, safety_check_b=["B3"])
    assert let_go(clinic, lead, word_form(clinic, lead)).status_code == 302
    assert is_printed(clinic, lead)
    send(away, safety_check=["A1"])
    assert not is_printed(clinic, lead)


def test_who_lets_the_packet_go_has_seen_what_waits_beside_the_record(lead: Lead, clinic: Client) -> None:
    away = left_alone(lead)
    send(away, safety_check_b=["B3"])
    older = word_form(clinic, lead)
    send(away, safety_check=["A1"])
    for waited in (older["waited"], ["-1"], ["7" * 30], ["x"], []):
        refused = let_go(clinic, lead, older | {"waited": waited})
        assert (refused.status_code, packet_word.BESIDE in refused.text) == (409, True)
    assert let_go(clinic, lead, word_form(clinic, lead)).status_code == 302
    assert is_printed(clinic, lead)


def test_a_hold_that_no_worker_has_assessed_yet_asks_for_a_new_word(center: Location, clinic: Client) -> None:
    visitor = Client()
    visitor.post("/candidate/", step_one(safety_check_b=["B2"]))
    visitor.post("/candidate/go-on/")
    lead = Lead.objects.get()
    assert let_go(clinic, lead, word_form(clinic, lead)).status_code == 302
    assert is_printed(clinic, lead)
    send(visitor, safety_check=["A1"])
    lead.refresh_from_db()
    assert lead.safety_hold
    assert not is_printed(clinic, lead)
