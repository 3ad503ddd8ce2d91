"""What a mail about a visit says is true when it leaves, however long it waited; and of what is over there is none."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from crm.db import clock
from crm.enums.leads import MessageState
from crm.leads import actions as leads
from crm.mail import templates as mail_templates
from crm.models import Lead, Location, Message, Task, User
from crm.outbox import delivery
from scheduling import periodic
from scheduling.actions import booking, changing, rebooking
from scheduling.enums import CancelReason
from scheduling.models import Appointment, AppointmentType, Resource
from tests.scheduling.factories import close, make_kind, make_resource, wish

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
BOOKED = "appointment_booked"


@pytest.fixture
def made(patient: Lead, kind: AppointmentType, tuesday: datetime) -> Appointment:
    return booking.book(wish(patient, kind, tuesday), now=timezone.now())


def as_it_leaves(name: str) -> Message:
    """From the outbox, with its words."""
    return mail_templates.fill(next(one for one in delivery.claim() if one.name == name))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"timezone": "Pacific/Honolulu"}, "Hawaii time"),
        ({"language": "es"}, "Hola, Avery:"),
        ({"first_name": "Robin"}, "Hello Robin,"),
        ({"phone": ""}, "have no number of yours"),
    ],
)
def test_what_waits_follows_what_is_corrected(
    made: Appointment, coordinator: User, change: dict[str, Any], says: str
) -> None:
    leads.correct_details(made.lead, by=coordinator, changes=change)
    mail = as_it_leaves(BOOKED)
    assert says in f"{mail.subject} {mail.text}"
    assert says.removesuffix(",").removesuffix(":") in f"{mail.subject} {mail.html}"


def test_the_calendar_entry_is_for_the_address_to_which_it_goes(made: Appointment, coordinator: User) -> None:
    leads.correct_details(made.lead, by=coordinator, changes={"email": "new@example.org"})
    mail = as_it_leaves(BOOKED)
    assert (mail.to_email, "mailto:new@example.org" in mail.calendar) == ("new@example.org", True)
    assert "avery@example.org" not in mail.calendar


def test_a_deadline_that_has_passed_while_it_waited_is_told_to_nobody(made: Appointment, kind: AppointmentType) -> None:
    waited = Message.objects.get(name=BOOKED)
    assert "You can move or cancel it" in waited.text
    with time_machine.travel(made.starts_at - timedelta(minutes=kind.cancel_until - 5)):
        assert "To move or cancel it, please call us." in mail_templates.fill(waited).text


def test_what_somebody_may_have_already_says_the_same_again(made: Appointment, coordinator: User) -> None:
    leads.correct_details(made.lead, by=coordinator, changes={"first_name": "Robin"})
    sent = Message.objects.get(name=BOOKED)
    sent.handed_over_at = timezone.now()
    assert "Hello Avery," in mail_templates.fill(sent).text


def test_of_another_provider_at_the_same_time_nobody_is_told_that_the_time_is_gone(
    patient: Lead, center: Location, tuesday: datetime, coordinator: User
) -> None:
    one, two = make_resource(center), make_resource(center, name="Dr. Other")
    kind = make_kind(one, two)
    made = booking.book(wish(patient, kind, tuesday, provider=one.pk), now=timezone.now())
    lease = {"lease_token": uuid4(), "lease_until": timezone.now() + DAY}
    Message.objects.filter(name=BOOKED).update(state=MessageState.SENDING, **lease)
    changing.reschedule(made, start=tuesday, version=1, held_by="", by=coordinator, now=timezone.now(), provider=two.pk)
    for language, words in (("en", "time you had"), ("es", "hora que tenía")):
        Lead.objects.update(language=language)
        mail = mail_templates.fill(Message.objects.get(name="appointment_moved"))
        assert words not in mail.text + mail.html


def test_of_what_is_over_nobody_is_told_that_it_is_cancelled(
    client: Client, made: Appointment, coordinator: User
) -> None:
    """A coordinator tidies up what nobody has marked."""
    with time_machine.travel(made.ends_at + DAY):
        client.force_login(coordinator)
        where = f"/admin/crm/lead/{made.lead_id}/appointments/{made.pk}/cancel/"
        page = client.get(where).content.decode()
        assert ("gets a mail" in page, "hears nothing of it" in page) == (False, True)
        changing.cancel(made, version=1, reason=CancelReason.TIME, by=coordinator, now=timezone.now())
    assert not Message.objects.filter(name="appointment_cancelled").exists()
    assert not Task.objects.filter(title__contains="cancelled").exists()


def test_who_has_not_heard_of_a_move_before_its_time_is_closed_is_called(
    made: Appointment, provider: Resource, coordinator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They may set out for the time before. And when it is open again, they still have not heard of it."""
    monkeypatch.setattr(clock, "now", timezone.now)
    lease = {"lease_token": uuid4(), "lease_until": timezone.now() + DAY}
    Message.objects.filter(name=BOOKED).update(state=MessageState.SENDING, **lease)
    start = made.starts_at + DAY
    changing.reschedule(made, start=start, version=1, held_by="", by=coordinator, now=timezone.now())
    leave = close(provider, start.date())
    rebooking.flag(leave)
    periodic.call_closed()
    assert calls() == []
    delivery.claim()
    periodic.call_closed()
    assert ["cannot be kept" in title for title in calls()] == [True]
    leave.delete()
    assert rebooking.unflag_all() == 1
    for _minute in range(2):
        periodic.call_closed()
    assert ["appointment booked for" in title for title in calls()] == [True]


def calls() -> list[str]:
    return list(Task.objects.open().filter(kind="call").values_list("title", flat=True))
