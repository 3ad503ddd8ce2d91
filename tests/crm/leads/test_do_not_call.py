"""Who asked not to be called is written to: by every door that plans a call, until they or staff take it back."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from crm.enums.leads import CallOutcome, ContactChannel, Event, Outcome, TaskKind
from crm.followups import enrollment as followups
from crm.followups import step_runner
from crm.leads import actions as leads
from crm.leads import call_window, events
from crm.mail import templates as mail_templates
from crm.models import Enrollment, Lead, Task, User
from crm.sequences.definition import Do
from crm.sequences.shipped_definitions import shipped

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(lead: Lead, coordinator: User) -> Lead:
    """Somebody who said it on the telephone, and was called all the same."""
    for outcome in (CallOutcome.ASKED_NOT_TO_CALL, CallOutcome.NO_ANSWER, CallOutcome.BUSY):
        leads.log_call(lead, by=coordinator, outcome=outcome)
    return Lead.objects.get(pk=lead.pk)


def open_tasks(lead: Lead) -> dict[str, str]:
    return dict(Task.objects.open().filter(lead=lead).values_list("title", "kind"))


def test_it_is_remembered_whatever_call_comes_later(desk: Client, asked: Lead) -> None:
    assert asked.do_not_call is True
    assert "asked not to be called" in desk.get(f"/admin/crm/lead/{asked.pk}/change/").content.decode()
    assert not Enrollment.objects.filter(lead=asked, key="not_reachable").exists()


def test_the_second_call_of_first_contact_becomes_a_task_to_write(lead: Lead, coordinator: User) -> None:
    now = timezone.now()
    events.announce(lead, Event.SUBMITTED, now=now)
    leads.log_call(lead, by=coordinator, outcome=CallOutcome.ASKED_NOT_TO_CALL)
    step_runner.run_due(at=now + timedelta(days=7))
    title = f"{call_window.NO_CALLS}: Second call: the request has not been answered"
    assert open_tasks(lead)[title] == TaskKind.OTHER
    assert TaskKind.CALL not in open_tasks(lead).values()


@pytest.mark.parametrize("by_hand", [False, True])
def test_calls_that_wait_become_tasks_to_write_and_an_emergency_stays(
    lead: Lead, coordinator: User, by_hand: bool
) -> None:
    for kind, title in ((TaskKind.CALL, "First call"), (TaskKind.URGENT_CALL, "Urgent: call now")):
        Task.objects.create(lead=lead, kind=kind, title=title, due_at=timezone.now())
    if by_hand:
        leads.correct_details(lead, by=coordinator, changes={"do_not_call": True})
    else:
        leads.log_call(lead, by=coordinator, outcome=CallOutcome.ASKED_NOT_TO_CALL)
    assert open_tasks(lead) == {
        f"{call_window.NO_CALLS}: First call": TaskKind.OTHER,
        "Urgent: call now": TaskKind.URGENT_CALL,
    }


def test_a_mail_that_cannot_go_becomes_a_letter(asked: Lead) -> None:
    begun = timezone.now()
    Lead.objects.filter(pk=asked.pk).update(email="", outcome=Outcome.MORE_INFO)
    followups.begin_by_hand(Lead.objects.get(pk=asked.pk), key="more_info", now=begun)
    step_runner.run_due(at=begun + timedelta(days=1))
    found = {title: kind for title, kind in open_tasks(asked).items() if "instead of a mail" in title}
    assert found == {"Write a letter instead of a mail: there is no address": TaskKind.OTHER}


def test_the_patients_newer_wish_for_a_call_takes_it_back(asked: Lead, coordinator: User) -> None:
    phone = {"preferred_contact": ContactChannel.PHONE}
    leads.correct_details(asked, by=coordinator, changes=phone)
    assert Lead.objects.get(pk=asked.pk).do_not_call is True
    leads.correct_details(asked, by=None, changes={"preferred_contact": ContactChannel.EMAIL})
    assert Lead.objects.get(pk=asked.pk).do_not_call is True
    leads.correct_details(asked, by=None, changes=phone)
    assert Lead.objects.get(pk=asked.pk).do_not_call is False


def shown(desk: Client, lead: Lead) -> str:
    return desk.get(f"/admin/crm/lead/{lead.pk}/change/").text


def test_the_page_prefers_no_call_beside_a_wish_for_none(desk: Client, asked: Lead) -> None:
    Lead.objects.update(preferred_contact=ContactChannel.PHONE, best_time=["morning"])
    assert "<dt>Prefers</dt><dd>to be written to" in shown(desk, asked)
    Lead.objects.update(do_not_call=False)
    assert "<dt>Prefers</dt><dd>Phone call, morning" in shown(desk, asked)


def test_the_page_calls_no_wrong_number_fine_until_it_is_mended(
    desk: Client, lead: Lead, coordinator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_window, "into_window", lambda now, *_clock, **_hours: now)
    fine, wrong = "calling is fine now", "wrong number: ask for another in writing"

    def said() -> list[str]:
        return [words for words in (fine, wrong) if words in shown(desk, lead)]

    for outcome in (CallOutcome.WRONG_NUMBER, CallOutcome.NO_ANSWER):
        leads.log_call(lead, by=coordinator, outcome=outcome)
    assert said() == [wrong]
    leads.correct_details(lead, by=coordinator, changes={"phone": "+12125550199"})
    assert said() == [fine]
    leads.log_call(lead, by=coordinator, outcome=CallOutcome.WRONG_NUMBER)
    assert said() == [wrong]
    leads.log_call(lead, by=coordinator, outcome=CallOutcome.REACHED)
    assert said() == [fine]


@pytest.mark.parametrize(("kind", "offers"), [(TaskKind.OTHER, False), (TaskKind.URGENT_CALL, True)])
def test_my_day_offers_to_call_them_in_an_emergency_alone(
    desk: Client, asked: Lead, kind: TaskKind, offers: bool
) -> None:
    Task.objects.all().delete()
    Task.objects.create(lead=asked, kind=kind, title="Something", due_at=timezone.now())
    assert ("tel:" in desk.get("/admin/").text) is offers


def test_staff_change_it_among_the_details(desk: Client, asked: Lead) -> None:
    page = desk.get(f"/admin/crm/lead/{asked.pk}/details/").content.decode()
    assert 'name="do_not_call"' in page


def test_no_shipped_task_or_text_sends_anybody_to_the_telephone_who_wants_no_calls() -> None:
    """Calls become tasks to write; what is a task already, and what every patient reads, asks for none."""
    for definition in shipped():
        told = [step.title for step in definition.steps if step.do == Do.TASK]
        assert not [words for words in told if "telephone" in words or "call" in words.lower()]
    for language, promise in (("en", "our call"), ("es", "nuestra llamada")):
        for name in mail_templates.names():
            assert promise not in mail_templates.shipped(name, language).body
