"""What time alone changes: rough answers grow older, pages tell the day, and a day is a day everywhere."""

import re
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format

from crm.enums.leads import Stage
from crm.enums.treatments import MeasurementKind, Source
from crm.leads import actions as leads
from crm.leads import measurements
from crm.models import Activity, Lead, Location, Measurement, Message, PatientSession, Task, User
from intake.assessment import actions as assessments
from intake.assessment import answer_history, time_passes, today
from intake.models import Assessment, NextAsk
from intake.requests import actions, page_effects, page_submission
from intake.rules import wording
from tests.factories import NOON, make_treatment, own_browser
from tests.intake.requests.test_submit import request_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(center: Location) -> Lead:
    return actions.submit(request_of(center)).lead


SOON = NOON + timedelta(minutes=5)


def tell(lead: Lead, *, at: datetime = SOON, **answers: Any) -> None:
    session = PatientSession.objects.create(lead=lead, secret_hash=uuid.uuid4().hex, proven_at=at)
    page_submission.keep_page(page_effects.Sent(session, "pain", "Pain", answers, uuid.uuid4(), at))


def weeks(lead: Lead, now: datetime) -> int:
    made = assessments.assess(lead, cause="Test", now=now)
    return (now.date() - date.fromisoformat(made.snapshot["answers"]["onset"]["date"])).days // 7


@pytest.mark.parametrize(("bucket", "least"), [("lt6w", 0), ("6to12w", 6), ("3to6m", 13), ("gt5y", 260)])
def test_a_rough_onset_grows_older_from_the_day_on_which_it_was_given(lead: Lead, bucket: str, least: int) -> None:
    tell(lead, onset=bucket, onset_date=None)
    assert weeks(lead, SOON) == least
    later = NOON + timedelta(days=150)
    make_treatment(lead, kind="pt_supervised")
    assert weeks(lead, later) == least + 21
    tell(lead, at=later, pain_now_avg="5")  # the re-check does not ask for the onset again
    assert weeks(lead, later + timedelta(days=7)) == least + 22


def test_what_was_told_on_another_day_says_so_on_the_summary(lead: Lead, desk: Client) -> None:
    """ "Less than 6 weeks" was half a year ago."""
    told = timezone.now() - timedelta(days=150)
    tell(lead, at=told, onset="lt6w", radiation="below_knee")
    tell(lead, at=timezone.now(), radiation="no")
    page = desk.get(f"/admin/crm/lead/{lead.pk}/summary/").text
    day = date_format(told.astimezone(ZoneInfo(lead.timezone)), "M j, Y")
    assert f'Less than 6 weeks <span class="small">(told {day})</span></dd>' in page
    (newest,) = re.findall("<dt>Does it spread[?]</dt><dd>(.*?)</dd>", page)
    assert "told" not in newest


def test_a_re_check_whose_day_has_passed_was_due(lead: Lead, desk: Client) -> None:
    tell(lead, onset="lt6w")
    made = assessments.assess(lead, cause="Test", now=timezone.now() - timedelta(days=150))
    assert made.recheck_on
    page = desk.get(f"/admin/crm/lead/{lead.pk}/panels/candidacy/").text
    assert f"<dt>Re-check was due</dt><dd>{date_format(made.recheck_on, 'D, M j, Y')}" in page


def test_less_than_six_weeks_is_no_longer_early_half_a_year_later(lead: Lead) -> None:
    tell(lead, onset="lt6w", onset_date=None)
    assert assessments.assess(lead, cause="Test", now=SOON).rule == "R5"
    assert assessments.assess(lead, cause="Test", now=NOON + timedelta(days=150)).rule != "R5"


@pytest.mark.parametrize("page", ["change/", "outcome/", "summary/"])
def test_the_reason_of_a_rule_shows_its_day_as_pages_show_days(lead: Lead, clinician: User, page: str) -> None:
    tell(lead, onset="lt6w", onset_date=None)
    made = assessments.assess(lead, cause="Test", now=SOON)
    assert "Re-check 2027-01-04" in made.reasons[0]["text"]  # as `manage.py assess` prints it
    desk = Client()
    desk.force_login(clinician)
    shown = desk.get(f"/admin/crm/lead/{lead.pk}/{page}").content.decode()
    assert ("Re-check Jan 4, 2027" in shown, "Re-check 2027-01-04" in shown) == (True, False)


def test_a_page_computes_in_memory_and_names_the_stored_outcome(
    lead: Lead, desk: Client, django_assert_num_queries: Any
) -> None:
    tell(lead, onset="lt6w", onset_date=None)
    stored = assessments.latest(lead)
    assert stored
    before = Assessment.objects.count()
    with django_assert_num_queries(0):
        passed = today.of_lead(lead, now=NOON + timedelta(days=150), stored=stored)
    assert passed
    assert (stored.rule, passed.differs, passed.result.rule != "R5") == ("R5", True, True)
    assert Assessment.objects.count() == before


def test_the_desk_says_that_time_has_passed(lead: Lead, desk: Client, coordinator: User, time_machine: Any) -> None:
    tell(lead, onset="lt6w", onset_date=None)
    time_machine.move_to(NOON + timedelta(days=150), tick=False)
    desk.force_login(coordinator)
    page = desk.get(f"/admin/crm/lead/{lead.pk}/change/").content.decode()
    assert "Time has passed." in page
    assert "(rule R5)" in page
    assert Assessment.objects.filter(lead=lead).latest("number").rule == "R5"
    paper = desk.get(f"/admin/crm/lead/{lead.pk}/summary/").content.decode()
    assert "On record since Nov 23, 2026: Continue conservative care (rule R5)." in paper


def test_the_box_of_a_lead_tells_the_numbers_of_that_day_where_the_rules_say_the_same(
    lead: Lead, desk: Client, coordinator: User, time_machine: Any
) -> None:
    begun = (NOON - timedelta(days=19)).date()
    goes_on: dict[str, Any] = {"status": "ongoing", "ongoing": True, "end_date": None}
    goes_on |= {"sessions": None, "relief_percent": 10, "relief_duration_days": 7}
    make_treatment(lead, kind="med_cox2", start_date=begun, start_precision="day", **goes_on)
    before = assessments.assess(lead, cause="Test", now=NOON)
    time_machine.move_to(NOON + timedelta(days=15), tick=False)
    desk.force_login(coordinator)
    passed = today.of_lead(lead, now=NOON + timedelta(days=15), stored=before)
    assert passed
    assert (passed.differs, before.span_days, passed.result.span_days) == (False, 20, 35)
    page = desk.get(f"/admin/crm/lead/{lead.pk}/change/").content.decode()
    box = page.partition('<div class="answers candidacy">')[2].partition("<details>")[0]
    assert "35 days" in box
    assert "Dec 8, 2026" in box
    assert "20 days" not in box


def test_reading_pages_writes_nothing(lead: Lead, desk: Client, coordinator: User, time_machine: Any) -> None:
    tell(lead, onset="lt6w", onset_date=None)
    time_machine.move_to(NOON + timedelta(days=150), tick=False)
    desk.force_login(coordinator)
    browser, about = own_browser(lead), (Assessment, Activity, Task, Message, NextAsk)
    before = [list(model.objects.order_by("pk").values()) for model in about]
    for page in ("change/?panels=all", "summary/", "packet/", "packet/print/", "outcome/"):
        assert desk.get(f"/admin/crm/lead/{lead.pk}/{page}").status_code in {200, 403}
    for page in ("/my/", "/es/my/", "/my/treatments/", "/my/treatments/over-time/"):
        assert browser.get(page).status_code == 200
    assert [list(model.objects.order_by("pk").values()) for model in about] == before
    assert "first weeks" not in browser.get("/my/").text


def test_what_stands_on_that_day_costs_the_page_of_a_lead_nothing(
    lead: Lead, desk: Client, django_assert_num_queries: Any
) -> None:
    make_treatment(lead)
    for day in range(3):
        assessments.assess(lead, cause="Test", now=NOON + timedelta(days=day))
    desk.get(f"/admin/crm/lead/{lead.pk}/change/")
    with django_assert_num_queries(16):
        page = desk.get(f"/admin/crm/lead/{lead.pk}/change/").content.decode()
    assert "decided, rules of" in page


def test_a_recheck_that_has_passed_is_no_promise(lead: Lead) -> None:
    tell(lead, onset="1to5y", onset_date=None, tried_treatments=["nothing"], pain_now_avg="6")
    stored = assessments.latest(lead)
    assert stored
    promised = stored.recheck_on
    assert promised
    for day, shown in (
        (promised - timedelta(days=1), promised),
        (promised, None),
        (promised + timedelta(days=9), None),
    ):
        passed = today.of_lead(lead, now=datetime.combine(day, NOON.timetz()), stored=stored)
        assert passed
        assert (passed.differs, passed.recheck_on) == (False, shown)
    assert wording.next_step([], None) == []


def test_a_day_is_a_day_everywhere(lead: Lead, desk: Client) -> None:
    Lead.objects.update(timezone="America/Los_Angeles")
    lead.refresh_from_db()
    said = {"kind": "rmdq", "value": "12", "at": "2026-11-20", "source": "coordinator"}
    assert desk.post(f"/admin/crm/lead/{lead.pk}/scores/add/", said).status_code == 302
    score = Measurement.objects.get(kind="rmdq")
    assert score.at == datetime(2026, 11, 20, 8, tzinfo=UTC)
    panel = desk.get(f"/admin/crm/lead/{lead.pk}/change/?panels=all").content.decode()
    for page in (panel, desk.get(f"/admin/crm/lead/{lead.pk}/summary/").content.decode()):
        assert "Nov 20, 2026" in page
        assert "Nov 19, 2026" not in page
    assert answer_history.age_on(date(2026, 2, 28), date(2008, 2, 29)) == 17


ZONES = ["America/New_York", "America/Los_Angeles", "Asia/Tokyo", "America/New_York"]


def test_another_time_zone_moves_no_day_of_a_score(lead: Lead, desk: Client, coordinator: User) -> None:
    for day, value in (("2026-11-20", "12"), ("2026-11-19", "14")):
        said = {"kind": "rmdq", "value": value, "at": day, "source": "coordinator"}
        desk.post(f"/admin/crm/lead/{lead.pk}/scores/add/", said)
    pressed = Measurement.objects.get(kind="nrs_avg").at
    for zone in ZONES[1:]:
        leads.correct_details(lead, by=coordinator, changes={"timezone": zone})
        scores = Measurement.objects.filter(kind="rmdq").in_order(ZoneInfo(zone))
        shown = [(float(one.value), one.at.astimezone(ZoneInfo(zone)).isoformat()[:19]) for one in scores]
        assert shown == [(14, "2026-11-19T00:00:00"), (12, "2026-11-20T00:00:00")]
        made = assessments.latest(lead)
        assert made
        assert made.snapshot["answers"]["rmdq"] == 12
    assert Measurement.objects.get(kind="nrs_avg").at == pressed  # a moment, and no day that somebody typed


def test_a_corrected_score_keeps_the_day_that_stood_there_before(lead: Lead, coordinator: User) -> None:
    at = datetime(2026, 11, 20, 5, tzinfo=UTC)
    about: dict[str, Any] = {"kind": MeasurementKind.RMDQ, "by": coordinator, "now": NOON}
    score = measurements.record(lead, value=Decimal(12), at=at, source=Source.COORDINATOR, **about)
    measurements.correct(score, seen=score.version, value=Decimal(12), at=at - timedelta(days=1), **about)
    leads.correct_details(lead, by=coordinator, changes={"timezone": "America/Los_Angeles"})
    score.refresh_from_db()
    assert (score.at, score.at_before) == (datetime(2026, 11, 19, 8, tzinfo=UTC), datetime(2026, 11, 20, 8, tzinfo=UTC))


# --- Asking because time passed ---------------------------------------------------------------------------------------
def due(lead: Lead) -> datetime | None:
    return NextAsk.objects.get(pk=lead.pk).due_at


@pytest.fixture
def early(lead: Lead) -> Lead:
    """In Los Angeles, with pain for less than six weeks: the rules say something else 42 days later."""
    Lead.objects.update(timezone="America/Los_Angeles")
    lead.refresh_from_db()
    tell(lead, onset="lt6w", onset_date=None)
    return lead


TURNS = datetime(2027, 1, 4, 8, tzinfo=UTC)  # midnight there, 42 days after November 23


def test_another_time_zone_moves_the_next_day_to_ask_to_its_own_midnight(
    early: Lead, coordinator: User, time_machine: Any
) -> None:
    time_machine.move_to(SOON, tick=False)
    asked = Assessment.objects.count()
    leads.correct_details(early, by=coordinator, changes={"timezone": "America/New_York"})
    assert due(early) == TURNS - timedelta(hours=3)
    assert Assessment.objects.count() == asked


def test_a_lead_is_asked_at_its_own_midnight_and_not_before(early: Lead) -> None:
    assert due(early) == TURNS
    before = Assessment.objects.count()
    assert time_passes.ask_due(now=TURNS - timedelta(seconds=1)) == 0
    assert Assessment.objects.count() == before
    assert time_passes.ask_due(now=TURNS) == 1
    made = assessments.latest(early)
    assert made
    assert (Assessment.objects.count(), made.cause) == (before + 1, "Time passed")
    assert made.rule != "R5"
    assert time_passes.ask_due(now=TURNS) == 0  # once


def test_asking_reads_the_record_once(early: Lead, django_assert_max_num_queries: Any) -> None:
    """Twenty thousand may be due on one day."""
    with django_assert_max_num_queries(27) as asked:
        assert time_passes.ask_due(now=TURNS) == 1
    told = [one["sql"] for one in asked]
    for table in ("crm_treatment", "crm_measurement", "intake_submission"):
        assert sum(f'FROM "{table}"' in sql for sql in told) == 1
    assert sum(sql.startswith('UPDATE "crm_lead"') for sql in told) == 1


def test_asking_because_time_passed_moves_no_recheck_later(early: Lead) -> None:
    promised = Lead.objects.get().recheck_on
    assert promised == date(2027, 1, 4)
    time_passes.ask_due(now=TURNS + timedelta(days=3))
    assert Lead.objects.get().recheck_on == promised


def test_what_says_the_same_is_not_kept_again(early: Lead) -> None:
    NextAsk.objects.update(due_at=SOON)
    before = Assessment.objects.count()
    assert time_passes.ask_due(now=SOON + timedelta(days=2)) == 1
    assert Assessment.objects.count() == before
    assert due(early) == TURNS


@pytest.mark.parametrize("stage", ["patient", "lost", "dormant", "improved"])
def test_who_is_closed_or_a_patient_is_left_out_until_they_come_back(early: Lead, stage: str) -> None:
    Lead.objects.update(stage=stage, lost_reason="cost" if stage == "lost" else "")
    before = Assessment.objects.count()
    time_passes.ask_due(now=TURNS)
    assert (Assessment.objects.count(), time_passes.ask_due(now=TURNS)) == (before, 0)
    if stage != "patient":
        early.refresh_from_db()
        leads.move(early, to=Stage.QUALIFYING, by=None, now=TURNS)
        assert time_passes.ask_due(now=TURNS) == 1
        assert Assessment.objects.count() == before + 1


def test_a_round_is_bounded_and_begins_with_the_longest_due(center: Location) -> None:
    several = [
        actions.submit(request_of(center, email=f"p{n}@example.org", phone=f"+1212555010{n}")).lead for n in range(3)
    ]
    for number, lead in enumerate(several):
        NextAsk.objects.filter(pk=lead.pk).update(due_at=SOON - timedelta(hours=number))
    assert time_passes.ask_due(now=SOON, at_most=2) == 2
    assert due(several[0]) == SOON
    assert time_passes.ask_due(now=SOON, at_most=2) == 1


def test_one_that_cannot_be_asked_holds_up_no_other(center: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    odd, fine = [
        actions.submit(request_of(center, email=f"p{n}@example.org", phone=f"+1212555010{n}")).lead for n in range(2)
    ]
    for hours, lead in ((2, odd), (1, fine)):
        NextAsk.objects.filter(pk=lead.pk).update(due_at=SOON - timedelta(hours=hours))
    asked: list[Lead] = []

    def ask(lead: Lead, **_how: Any) -> None:
        if lead == odd:
            raise KeyError("a word that nobody knows")
        asked.append(lead)

    monkeypatch.setattr(assessments, "assess_locked", ask)
    assert time_passes.ask_due(now=SOON) == 2
    assert (asked, due(odd)) == ([fine], SOON + time_passes.AGAIN_AFTER)


@pytest.mark.parametrize("trouble", [OperationalError(), SoftTimeLimitExceeded()])
def test_trouble_of_the_moment_ends_the_round(early: Lead, monkeypatch: pytest.MonkeyPatch, trouble: Exception) -> None:
    def ask(_lead: Lead, **_how: Any) -> None:
        raise trouble

    monkeypatch.setattr(assessments, "assess_locked", ask)
    with pytest.raises(type(trouble)):
        time_passes.ask_due(now=TURNS)
    assert due(early) == TURNS


def test_the_first_request_keeps_its_day_too(lead: Lead) -> None:
    latest = assessments.latest(lead)
    assert latest
    assert NextAsk.objects.get(pk=lead.pk).due_at == latest.due_at
