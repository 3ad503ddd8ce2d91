"""What sequences ask about appointments: for whom each condition holds, and for whom not."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from crm import registry
from crm.models import Lead, Task
from scheduling.actions import effects
from scheduling.enums import Status
from scheduling.models import Appointment, AppointmentType
from tests.scheduling.factories import AHEAD, TEN, book, make_patient

pytestmark = pytest.mark.django_db


@pytest.fixture
def make(patient: Lead, kind: AppointmentType) -> Callable[..., Appointment]:
    """Book something for the patient, and let it have come to a state since."""

    def booked(status: Status = Status.BOOKED, *, days: int = 0, ahead: bool = False) -> Appointment:
        made = book(patient, kind, (AHEAD if ahead else TEN) + timedelta(days=days))
        Appointment.objects.filter(pk=made.pk).update(status=status)
        return made

    return booked


def holds(name: str, lead: Lead) -> bool:
    """Ask about the patient beside somebody who never had an appointment."""
    other = make_patient(lead.location, email="other@example.org")
    found = registry.conditions()[name]([lead.pk, other.pk])
    assert other.pk not in found
    return lead.pk in found


def test_a_first_no_show_is_no_second_one(make: Callable[..., Appointment], patient: Lead, then: None) -> None:
    made = make(Status.NOSHOW)
    assert holds("first_no_show", patient)

    Appointment.objects.filter(pk=made.pk).update(status=Status.BOOKED)
    assert not holds("first_no_show", patient)


def test_whoever_missed_none_any_more_came_after_all(
    make: Callable[..., Appointment], patient: Lead, then: None
) -> None:
    made = make(Status.FULFILLED)
    assert holds("came_after_all", patient)

    Appointment.objects.filter(pk=made.pk).update(status=Status.NOSHOW)
    assert not holds("came_after_all", patient)


@pytest.mark.parametrize(("status", "expected"), [(Status.BOOKED, True), (Status.NOSHOW, False)])
def test_whoever_has_a_standing_appointment_ahead_is_expected(
    make: Callable[..., Appointment], patient: Lead, status: Status, expected: bool
) -> None:
    make(status, ahead=True)
    assert holds("expected_again", patient) is expected


def test_an_open_task_says_that_somebody_was_not_seen(patient: Lead) -> None:
    key = f"{effects.NOT_SEEN}{patient.pk}"
    task = Task.objects.create(lead=patient, title="Was not seen", due_at=timezone.now(), key=key)
    assert holds("was_not_seen", patient)

    Task.objects.filter(pk=task.pk).update(done_at=timezone.now())
    assert not holds("was_not_seen", patient)
