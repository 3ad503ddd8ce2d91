"""What time alone changes: rough answers grow older, pages tell the day, and a day is a day everywhere."""

import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from crm.models import Lead, Location, Measurement, PatientSession, User
from intake import actions, answering, assessments, record, today, wording
from intake.models import Assessment
from tests.factories import NOON, make_treatment
from tests.intake.test_submit import request_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(centre: Location) -> Lead:
    return actions.submit(request_of(centre)).lead


SOON = NOON + timedelta(minutes=5)


def tell(lead: Lead, *, at: datetime = SOON, **answers: Any) -> None:
    session = PatientSession.objects.create(lead=lead, secret_hash=uuid.uuid4().hex, proven_at=at)
    answering.keep_page(answering.Sent(session, "pain", "Pain", answers, uuid.uuid4(), at))


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


def test_less_than_six_weeks_is_no_longer_early_half_a_year_later(lead: Lead) -> None:
    tell(lead, onset="lt6w", onset_date=None)
    assert assessments.assess(lead, cause="Test", now=SOON).rule == "R5"
    assert assessments.assess(lead, cause="Test", now=NOON + timedelta(days=150)).rule != "R5"


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


def test_a_recheck_that_has_passed_is_no_promise(lead: Lead) -> None:
    tell(lead, onset="lt6w", onset_date=None)
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
        assert passed.differs or passed.recheck_on == shown
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
    assert record.age_on(date(2026, 2, 28), date(2008, 2, 29)) == 17
