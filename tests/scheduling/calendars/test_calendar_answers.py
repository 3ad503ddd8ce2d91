"""What a patient's calendar says to an appointment: it is known by its UID, whoever answers and from wherever."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from icalendar import Calendar

from crm.enums.leads import EnrollmentState
from crm.inbound import actions as arrivals
from crm.inbound.parsing import mail_parser
from crm.models import Enrollment, InboundMail, Lead, Location, Task, User
from scheduling.actions import booking, changing, ics
from scheduling.enums import CancelReason
from scheduling.models import Appointment, AppointmentType
from tests.scheduling.factories import wish

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(patient: Lead, kind: AppointmentType, tuesday: datetime) -> Appointment:
    return booking.book(wish(patient, kind, tuesday), now=timezone.now())


def answer(
    made: Appointment,
    said: str,
    *,
    sequence: int | None = None,
    uid: str = "",
    sender: str = "",
    instead: str | None = None,
) -> None:
    """As Outlook and Google send it: no word of the thread, from whatever address the calendar has. `instead`: the line
    of the time that is asked for."""
    told = [] if sequence is None else [f"SEQUENCE:{sequence}"]
    told += [] if instead is None else [instead]
    method = "REPLY" if instead is None else "COUNTER"
    event = [f"UID:{uid or made.calendar_uid}", *told, f"ATTENDEE;PARTSTAT={said}:mailto:other@example.org"]
    text = "\r\n".join(["BEGIN:VCALENDAR", f"METHOD:{method}", "BEGIN:VEVENT", *event, "END:VEVENT", "END:VCALENDAR"])
    head = [
        f"From: {sender or 'other@example.org'}",
        "To: replies@riverbend.example.org",
        f"Message-ID: <{InboundMail.objects.count()}@mail.example.org>",
        f"Content-Type: text/calendar; method={method}",
    ]
    arrivals.receive(mail_parser.read("\r\n".join([*head, "", text]).encode()), now=timezone.now())
    made.refresh_from_db()


def asked() -> list[str]:
    return [task.title for task in Task.objects.open().filter(key__startswith="calendar:")]


@pytest.mark.parametrize("sequence", [0, None])
def test_who_accepts_has_confirmed(made: Appointment, sequence: int | None) -> None:
    answer(made, "ACCEPTED", sequence=sequence)
    assert made.confirmed_at is not None
    assert asked() == []
    assert InboundMail.objects.get().lead == made.lead


@pytest.mark.parametrize("said", ["DECLINED", "TENTATIVE"])
def test_who_declines_is_asked_about_that_appointment(made: Appointment, said: str) -> None:
    for _ in range(2):
        answer(made, said)
    assert asked() == [f"Their calendar says {said.lower()}: ask about {made}"]
    assert (made.stands, made.confirmed_at) == (True, None)
    assert not Enrollment.objects.filter(lead=made.lead, state=EnrollmentState.PAUSED).exists()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("DTSTART:20261203T190000Z", "; proposed Dec 3, 2:00 PM"),
        ("DTSTART;TZID=America/Chicago:20261203T130000", "; proposed Dec 3, 2:00 PM"),
        ("DTSTART;TZID=Eastern Standard Time:20261203T140000", "; proposed Dec 3, 2:00 PM (their clock)"),
        ("DTSTART:00000000T990000Z", ""),
        ("SUMMARY:New Time Proposed", ""),
    ],
)
@pytest.mark.parametrize("said", ["DECLINED", "ACCEPTED"])
def test_who_proposes_another_time_is_asked_about_it(made: Appointment, said: str, line: str, words: str) -> None:
    """Its SEQUENCE is one of a time that nobody has agreed to; and nobody accepts who asks for another one."""
    answer(made, said, sequence=7, instead=line)
    told = "declined" if said == "DECLINED" else "tentative"
    assert asked() == [f"Their calendar says {told}: ask about {made}{words}"[:120]]
    assert made.confirmed_at is None
    assert not Enrollment.objects.filter(lead=made.lead, state=EnrollmentState.PAUSED).exists()


def test_who_accepts_after_all_is_not_asked(made: Appointment) -> None:
    answer(made, "DECLINED")
    answer(made, "ACCEPTED")
    assert (asked(), made.confirmed_at is not None) == ([], True)
    answer(made, "DECLINED")
    assert len(asked()) == 1


@pytest.mark.parametrize("settled", ["moved", "cancelled"])
def test_what_is_settled_is_asked_about_no_more(made: Appointment, coordinator: User, settled: str) -> None:
    answer(made, "DECLINED")
    later, now = made.starts_at + timedelta(hours=2), timezone.now()
    if settled == "moved":
        changing.reschedule(made, start=later, version=1, held_by="", by=coordinator, now=now)
    else:
        changing.cancel(made, version=1, reason=CancelReason.TIME, by=None, now=now)
    assert asked() == []


def test_an_answer_to_the_time_before_says_nothing_of_this_one(made: Appointment, coordinator: User) -> None:
    later, now = made.starts_at + timedelta(hours=2), timezone.now()
    changing.reschedule(made, start=later, version=made.version, held_by="", by=coordinator, now=now)
    for said in ("ACCEPTED", "DECLINED"):
        answer(made, said, sequence=0)
    assert (asked(), made.confirmed_at) == ([], None)
    answer(made, "ACCEPTED", sequence=1)
    assert made.confirmed_at is not None


def test_of_what_is_over_or_called_off_nobody_is_asked(made: Appointment) -> None:
    Appointment.objects.update(starts_at=timezone.now() - timedelta(days=2), ends_at=timezone.now() - timedelta(days=1))
    for said in ("ACCEPTED", "DECLINED"):
        answer(made, said)
    assert (asked(), made.confirmed_at) == ([], None)


def test_an_unknown_uid_is_still_asked_about(made: Appointment) -> None:
    answer(made, "DECLINED", uid="0@example.org", sender=made.lead.email)
    assert asked() == ["Their calendar says declined: ask about the appointment"]


def test_answers_go_to_the_mailbox_that_is_read(made: Appointment) -> None:
    def organizer() -> str:
        found = Appointment.objects.select_related("location", "kind", "lead").get()
        [event] = Calendar.from_ical(ics.as_text(found, now=timezone.now(), attendee="a@example.org")).walk("VEVENT")
        return str(event["organizer"])

    assert organizer() == f"mailto:{made.location.sender_email}"
    Location.objects.update(reply_email="replies@riverbend.example.org")
    assert organizer() == "mailto:replies@riverbend.example.org"
