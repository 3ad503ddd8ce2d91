"""The panel of follow-ups: what runs, what comes next, what would stop it, and the buttons."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from crm.enums.leads import ConsentKind, EnrollmentState, Event, LostReason, MessageState, Outcome, Stage, StepResult
from crm.followups import plan, step_runner
from crm.leads import actions as leads
from crm.leads import events
from crm.models import ConsentRecord, Enrollment, Lead, Message, StepOutcome, User
from tests.factories import make_lead

BEGUN = datetime(2026, 11, 23, 15, tzinfo=UTC)  # a Monday, 10:00 in New York


@pytest.fixture
def enrollment(lead: Lead) -> Enrollment:
    """In two sequences since yesterday; the one returned is "Second step not finished"."""
    events.announce(lead, Event.SUBMITTED, now=BEGUN, key="x")
    return Enrollment.objects.get(key="incomplete_form")


def page_of(desk: Client, lead: Lead) -> str:
    return " ".join(desk.get(f"/admin/crm/lead/{lead.pk}/change/?panels=all").content.decode().split())


def press(desk: Client, enrollment: Enrollment, what: str) -> int:
    address = f"/admin/crm/lead/{enrollment.lead_id}/follow-ups/{enrollment.pk}/{what}/"
    status = desk.post(address).status_code
    enrollment.refresh_from_db()
    return status


def test_nothing_runs_and_it_says_so(desk: Client, lead: Lead) -> None:
    assert "Nothing goes out by itself at present." in page_of(desk, lead)


def test_it_says_what_comes_next_and_what_would_stop_it(desk: Client, lead: Lead, enrollment: Enrollment) -> None:
    page = page_of(desk, lead)
    assert "Second step not finished" in page
    assert "Mail “resume_last”" in page
    assert "The questions are answered; Something definite is missing" in page


def test_what_was_done_and_what_became_of_it(desk: Client, lead: Lead, enrollment: Enrollment) -> None:
    step_runner.run_due(at=BEGUN + timedelta(days=1, minutes=1))
    page = page_of(desk, lead)
    assert "Mail “resume”: skipped (Overtaken by the next one of its kind)" in page
    assert "Mail “resume_again”: queued" in page


def test_the_buttons(desk: Client, lead: Lead, enrollment: Enrollment, coordinator: User) -> None:
    assert press(desk, enrollment, "pause") == 302
    assert (enrollment.state, enrollment.reason) == (EnrollmentState.PAUSED, f"Paused by {coordinator}")
    press(desk, enrollment, "now")
    assert enrollment.due_at is None
    press(desk, enrollment, "resume")
    assert enrollment.state == EnrollmentState.LIVE
    press(desk, enrollment, "skip")
    assert StepOutcome.objects.get().result == StepResult.SKIPPED
    press(desk, enrollment, "now")
    assert enrollment.run_now
    press(desk, enrollment, "stop")
    assert (enrollment.state, enrollment.reason) == (EnrollmentState.STOPPED, f"Stopped by {coordinator}")
    assert "Ended (1)" in page_of(desk, lead)
    assert press(desk, enrollment, "resume") == 302
    assert enrollment.state == EnrollmentState.STOPPED
    assert press(desk, enrollment, "nonsense") == 404


@pytest.mark.parametrize("what", ["skip", "now"])
def test_of_two_who_press_at_once_the_second_is_told(
    desk: Client, lead: Lead, enrollment: Enrollment, what: str
) -> None:
    """Both look at the same page: its button names the step that it shows."""
    button = page_of(desk, lead).partition(f"{enrollment.pk}/{what}/")[2].partition("</form>")[0]
    assert 'name="step" value="hour"' in button
    address = f"/admin/crm/lead/{lead.pk}/follow-ups/{enrollment.pk}/{what}/"
    desk.post(address, {"step": "hour"})
    Enrollment.objects.update(due_at=BEGUN + timedelta(hours=1))
    step_runner.run_due(at=BEGUN + timedelta(hours=1))
    done = StepOutcome.objects.filter(enrollment=enrollment).count()
    answer = desk.post(address, {"step": "hour"}, follow=True).content.decode()
    assert "Somebody was quicker: what comes next is now Mail “resume_again”" in answer
    enrollment.refresh_from_db()
    assert (StepOutcome.objects.filter(enrollment=enrollment).count(), enrollment.run_now) == (done, False)


def test_looking_at_an_address_of_a_button_changes_nothing(desk: Client, enrollment: Enrollment) -> None:
    desk.get(f"/admin/crm/lead/{enrollment.lead_id}/follow-ups/{enrollment.pk}/stop/")
    enrollment.refresh_from_db()
    assert enrollment.state == EnrollmentState.LIVE


def test_a_button_of_another_lead_finds_nothing(desk: Client, enrollment: Enrollment) -> None:
    other = make_lead(email="b@example.org")
    address = f"/admin/crm/lead/{other.pk}/follow-ups/{enrollment.pk}/stop/"
    assert desk.post(address).status_code == 404


def test_begun_by_hand_once(desk: Client, lead: Lead) -> None:
    address = f"/admin/crm/lead/{lead.pk}/follow-ups/begin/"
    for _ in range(2):
        desk.post(address, {"key": "post_consult"})
    desk.post(address, {"key": "nonsense"})
    assert [one.key for one in Enrollment.objects.all()] == ["post_consult"]
    leads.record_outcome(lead, safety_hold=True)
    desk.post(address, {"key": "new_lead_ack"})
    assert Enrollment.objects.count() == 1


@pytest.mark.parametrize(("stage", "why"), [(Stage.LOST, "The request is closed"), (Stage.NEW, "No longer silent")])
def test_what_would_end_at_once_is_not_begun_and_says_why(desk: Client, lead: Lead, stage: Stage, why: str) -> None:
    if stage == Stage.LOST:
        leads.move(lead, to=stage, by=None, lost_reason=LostReason.COST)
    key = "new_lead_ack" if stage == Stage.LOST else "reengage"
    answer = desk.post(f"/admin/crm/lead/{lead.pk}/follow-ups/begin/", {"key": key}, follow=True)
    assert f"It would end at once: {why}" in answer.content.decode()
    assert not Enrollment.objects.exists()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({}, "No consent: educational e-mail"),
        ({"outcome": Outcome.PROMPT_REVIEW}, "A clinician looks at it first: people only"),
        ({"email": "avery@localhost"}, "No address that mail can reach"),
    ],
)
def test_what_is_begun_and_mails_nothing_says_why(desk: Client, lead: Lead, change: dict[str, str], why: str) -> None:
    Lead.objects.update(**change)
    address = f"/admin/crm/lead/{lead.pk}/follow-ups/begin/"
    answer = desk.post(address, {"key": "nurture_conservative"}, follow=True).content.decode()
    assert f"No mail of it goes out as things stand: {why}" in answer
    assert Enrollment.objects.get().state == EnrollmentState.LIVE
    for kind in (ConsentKind.CONTACT, ConsentKind.EDUCATION):
        ConsentRecord.objects.create(lead=lead, kind=kind, given=True, text="x", text_version="1")
    Lead.objects.update(outcome="", email="avery@example.org")
    answer = desk.post(address, {"key": "post_consult"}, follow=True).content.decode()
    assert ("Begun" in answer, "goes out as things stand" in answer) == (True, False)


def test_who_only_looks_has_no_buttons(lead: Lead, enrollment: Enrollment, outsider: User, client: Client) -> None:
    client.force_login(outsider)
    address = f"/admin/crm/lead/{lead.pk}/follow-ups/{enrollment.pk}/stop/"
    assert client.post(address).status_code == 403


def test_the_panel_asks_no_more_for_more_sequences(
    desk: Client, lead: Lead, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    path = f"/admin/crm/lead/{lead.pk}/panels/follow-ups/"
    desk.get(path)
    for key in ("new_lead_ack", "nurture_conservative", "post_consult"):
        desk.post(f"/admin/crm/lead/{lead.pk}/follow-ups/begin/", {"key": key})
        with django_assert_num_queries(8):
            desk.get(path)


@pytest.mark.parametrize("what", ["pause", "stop"])
def test_what_has_ended_since_the_page_was_made_sends_nothing_more(
    desk: Client, lead: Lead, enrollment: Enrollment, what: str
) -> None:
    """Its last mail waits for its hour."""
    step_runner.run_due(at=BEGUN + timedelta(days=3, minutes=1))
    enrollment.refresh_from_db()
    last = Message.objects.get(enrollment=enrollment)
    assert (enrollment.state, last.state) == (EnrollmentState.DONE, MessageState.QUEUED)
    press(desk, enrollment, what)
    last.refresh_from_db()
    assert last.state == MessageState.CANCELLED
    assert ("It had ended meanwhile." in page_of(desk, lead)) is (what == "pause")


def test_steps_follow_a_corrected_clock_at_once(lead: Lead, enrollment: Enrollment, coordinator: User) -> None:
    """As the page says when they are due."""
    later = timezone.now() + timedelta(days=3)
    Enrollment.objects.update(anchor=later, due_at=later)
    first = Enrollment.objects.get(key="new_lead_ack")
    leads.correct_details(lead, by=coordinator, changes={"timezone": "Pacific/Guam"})
    moved = Enrollment.objects.select_related("version", "lead__location").get(pk=first.pk)
    assert moved.due_at == plan.left_of(moved)[0][0] != first.due_at
