"""Practices that refer: who is who, telling them, and what became of the people whom they sent."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from crm.desk import queries
from crm.enums.leads import LostReason, ReferralStep, Stage, TaskKind
from crm.fields import npi
from crm.leads import actions as leads
from crm.leads import referrals
from crm.models import Activity, Lead, Referral, ReferringPractice, Task, User
from tests.factories import NOON, make_lead

REAL = "1234567893"  # the example in the check digit's own specification
DAY = date(2026, 11, 20)


@pytest.fixture
def practice(db: None) -> ReferringPractice:
    return ReferringPractice.objects.create(
        name="Example Family Practice", provider="Jordan Example, MD", npi=REAL, fax="+12125550177"
    )


def refer(lead: Lead, practice: ReferringPractice, by: User, *, may_tell: bool = True) -> Referral:
    return referrals.record(lead, practice, referred_on=DAY, may_tell=may_tell, by=by, now=NOON)


def page_of(desk: Client, lead: Lead) -> str:
    return " ".join(desk.get(f"/admin/crm/lead/{lead.pk}/change/?panels=all").content.decode().split())


def to_tell(lead: Lead) -> list[str]:
    return [task.title for task in Task.objects.open().filter(lead=lead, kind=TaskKind.REFERRER).order_by("title")]


def test_the_check_digit_finds_every_slip_of_one_digit() -> None:
    assert npi.is_npi(REAL)
    slips = {REAL[:i] + digit + REAL[i + 1 :] for i in range(10) for digit in "0123456789"} - {REAL}
    assert not [text for text in slips if npi.is_npi(text)]


@pytest.mark.parametrize("wrong", ["", "123456789", "12345678933", "3234567891", "123456789X", "١٢٣٤٥٦٧٨٩٣"])
def test_what_is_no_npi(wrong: str) -> None:
    with pytest.raises(ValidationError, match="ten digits"):
        npi.validate_npi(wrong)


def test_the_referrer_is_told_by_the_end_of_the_next_business_day(
    desk: Client, coordinator: User, lead: Lead, practice: ReferringPractice
) -> None:
    refer(lead, practice, coordinator)
    task = Task.objects.get(kind=TaskKind.REFERRER)
    assert task.title == "Tell Jordan Example, MD, Example Family Practice: the request has arrived"
    assert task.due_at == NOON + timedelta(hours=30)  # Tuesday, 18:00 in New York
    assert "fax (212) 555-0177" in page_of(desk, lead)


def test_recording_the_same_practice_again_changes_nothing(
    coordinator: User, lead: Lead, practice: ReferringPractice
) -> None:
    assert refer(lead, practice, coordinator) == refer(lead, practice, coordinator)
    assert (Activity.objects.count(), Task.objects.count()) == (1, 1)


@pytest.mark.parametrize("stage", [Stage.CONSULTED, Stage.LOST, Stage.NURTURE, Stage.DORMANT, Stage.IMPROVED])
def test_the_loop_is_to_be_closed_once_there_is_something_to_tell(
    coordinator: User, lead: Lead, practice: ReferringPractice, stage: Stage
) -> None:
    refer(lead, practice, coordinator)
    leads.move(lead, to=Stage.QUALIFYING, by=coordinator)
    assert len(to_tell(lead)) == 1
    leads.move(lead, to=stage, by=coordinator, lost_reason=LostReason.COST)
    assert [title.endswith("what came of it") for title in to_tell(lead)] == [False, True]


def test_a_referral_found_out_after_the_visit_wants_both(
    coordinator: User, lead: Lead, practice: ReferringPractice
) -> None:
    leads.move(lead, to=Stage.CONSULTED, by=coordinator)
    refer(Lead.objects.get(), practice, coordinator)
    assert len(to_tell(lead)) == 2


def test_telling_closes_the_task_and_leaves_a_line(
    desk: Client, coordinator: User, lead: Lead, practice: ReferringPractice
) -> None:
    referral = refer(lead, practice, coordinator)
    address = f"/admin/crm/lead/{lead.pk}/referrals/{referral.pk}/told/arrival/"
    refused = desk.post(address, {"how": "", "step": "arrival"})
    assert (refused.status_code, to_tell(lead) == []) == (422, False)
    for _ in range(2):
        desk.post(address, {"how": "Fax to the front desk", "step": "arrival"})
    assert to_tell(lead) == []
    told = Activity.objects.get(note="Fax to the front desk")
    assert told.summary == "Told Jordan Example, MD, Example Family Practice: the request has arrived"
    leads.move(lead, to=Stage.CONSULTED, by=coordinator)
    assert referrals.tell(referral, ReferralStep.OUTCOME, how="Letter", by=coordinator, now=NOON)
    leads.move(Lead.objects.get(), to=Stage.LOST, by=coordinator, lost_reason=LostReason.COST)
    assert to_tell(lead) == []


def test_who_minds_is_heeded(desk: Client, coordinator: User, lead: Lead, practice: ReferringPractice) -> None:
    refer(lead, practice, coordinator, may_tell=False)
    leads.move(lead, to=Stage.CONSULTED, by=coordinator)
    assert to_tell(lead) == []
    page = page_of(desk, lead)
    assert "does not want us to report back" in page
    assert "Told: it arrived" not in page


def test_the_desk_takes_a_referral_and_says_what_is_wrong(
    desk: Client, lead: Lead, practice: ReferringPractice
) -> None:
    address = f"/admin/crm/lead/{lead.pk}/referrals/add/"
    said = {"practice": str(practice.pk), "referred_on": "2026-11-20", "may_tell": "on"}
    late = desk.post(address, said | {"referred_on": "2999-01-01"})
    assert (late.status_code, "still to come" in late.content.decode()) == (422, True)
    assert desk.post(address, said).status_code == 302
    assert Referral.objects.get().referred_on == DAY


def test_who_says_that_a_doctor_sent_them_is_asked_which(desk: Client, lead: Lead) -> None:
    assert "Ask which one" not in page_of(desk, lead)
    Lead.objects.update(how_heard="doctor")
    assert "Ask which one" in page_of(desk, lead)


def test_another_patients_referral_is_not_found(
    desk: Client, coordinator: User, lead: Lead, practice: ReferringPractice
) -> None:
    referral = refer(lead, practice, coordinator)
    other = make_lead(email="other@example.org")
    answer = desk.post(f"/admin/crm/lead/{other.pk}/referrals/{referral.pk}/told/arrival/", {"how": "x"})
    assert (answer.status_code, len(to_tell(lead))) == (404, 1)


def test_numbers_are_taken_as_people_write_them(desk: Client, db: None) -> None:
    said = {"name": "Example Clinic", "npi": "1234567890", "fax": "(212) 555-0178", "is_active": "on"}
    refused = desk.post("/admin/crm/referringpractice/add/", said).content.decode()
    assert "Look for a slip" in refused
    assert "(212) 555-0178" in refused
    assert desk.post("/admin/crm/referringpractice/add/", said | {"npi": ""}).status_code == 302
    assert ReferringPractice.objects.get().fax == "+12125550178"


def _story(practice: ReferringPractice, by: User) -> None:
    for number, way in enumerate(
        ([], [Stage.CONSULTED], [Stage.CONSULTED, Stage.PATIENT], [Stage.CONSULTED, Stage.LOST])
    ):
        lead = make_lead(email=f"n{number}@example.org")
        refer(lead, practice, by, may_tell=number != 3)
        for stage in way:
            leads.move(lead, to=stage, by=by, lost_reason=LostReason.COST)


def test_figures_of_each_practice(coordinator: User, practice: ReferringPractice, center: object) -> None:
    idle = ReferringPractice.objects.create(name="Idle Practice")
    _story(practice, coordinator)
    figures = queries.referral_figures([practice.pk, idle.pk], coordinator)
    assert figures[practice.pk] == queries.ReferralFigures(
        sent=4, open=2, consulted=3, patients=1, lost=1, to_tell=2, last_on=DAY
    )
    assert figures[idle.pk] == queries.ReferralFigures()


def test_the_list_takes_one_query_for_all_figures(
    desk: Client,
    coordinator: User,
    practice: ReferringPractice,
    center: object,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    _story(practice, coordinator)
    desk.get("/admin/crm/referringpractice/")
    with django_assert_num_queries(7) as one:
        desk.get("/admin/crm/referringpractice/")
    for number in range(5):
        ReferringPractice.objects.create(name=f"Practice {number}")
    with django_assert_num_queries(len(one)):
        assert "Practice 4" in desk.get("/admin/crm/referringpractice/").content.decode()
