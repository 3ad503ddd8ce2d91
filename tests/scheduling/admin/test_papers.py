"""What leaves the house: FHIR, calendar files and feeds; and the good-faith estimate for whoever pays alone."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from crm.enums.leads import TaskKind
from crm.models import Lead, Location, Task
from intake.models import Assessment
from scheduling.actions import changing, ics
from scheduling.calendars import fhir
from scheduling.enums import CancelReason, ResourceKind, Status
from scheduling.models import Appointment, AppointmentType, Resource
from scheduling.rules import estimate
from tests.factories import make_user
from tests.scheduling.factories import NOW, TEN, book, make_kind, make_resource

FIRST = date(2026, 11, 30)  # a Monday
repeatable = settings(derandomize=True, deadline=None, database=None)


def told_by_calendar(booked: date, visit: date, holidays: frozenset[date]) -> int:
    """Business days between, counted one by one."""
    days = [booked + timedelta(days=n) for n in range(1, (visit - booked).days + 1)]
    return sum(day.isoweekday() <= 5 and day not in holidays for day in days)


@repeatable
@given(st.integers(0, 40), st.frozensets(st.integers(0, 40), max_size=5))
def test_the_estimate_is_due_by_the_regulations_days(ahead: int, off: frozenset[int]) -> None:
    holidays = frozenset(FIRST + timedelta(days=n) for n in off)
    visit = FIRST + timedelta(days=ahead)
    between, due = told_by_calendar(FIRST, visit, holidays), estimate.due_on(FIRST, visit, holidays)
    assert (due is None) == (between < 3)
    if due:
        assert told_by_calendar(FIRST, due, holidays) == (3 if between >= 10 else 1)
        assert due.isoweekday() <= 5
        assert due not in holidays
        assert due <= visit


@pytest.mark.parametrize(
    ("visit", "due"),
    [
        (date(2026, 12, 2), None),  # two business days
        (date(2026, 12, 3), date(2026, 12, 1)),
        (date(2026, 12, 11), date(2026, 12, 1)),  # nine
        (date(2026, 12, 14), date(2026, 12, 3)),  # ten
    ],
)
def test_the_estimate_by_example(visit: date, due: date | None) -> None:
    assert estimate.due_on(FIRST, visit, frozenset()) == due


@pytest.mark.django_db
@pytest.mark.parametrize(("flags", "count"), [(["self_pay"], 1), ([], 0)])
def test_whoever_pays_alone_gets_an_estimate(
    patient: Lead, kind: AppointmentType, center: Location, flags: list[str], count: int
) -> None:
    told: dict[str, Any] = {"snapshot": {}, "evaluated": [], "reasons": [], "groups": [], "span_days": 0}
    Assessment.objects.create(lead=patient, at=NOW, outcome="CONSULT_LIKELY", rule="R11", flags=flags, **told)
    book(patient, kind, TEN + timedelta(days=14))
    tasks = Task.objects.filter(kind=TaskKind.ESTIMATE)
    assert [task.due_at for task in tasks] == [datetime(2026, 12, 3, 22, tzinfo=UTC)] * count


# --- FHIR ------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_an_appointment_as_fhir(patient: Lead, center: Location, provider: Resource) -> None:
    room = make_resource(center, kind=ResourceKind.ROOM, name="Room 1")
    made = book(patient, make_kind(provider, room, needs_room=True))
    told = StringIO()
    call_command("fhir_appointment", str(made.pk), stdout=told)
    found = json.loads(told.getvalue())
    assert (found["resourceType"], found["status"], found["minutesDuration"]) == ("Appointment", "booked", 30)
    assert (found["start"], found["end"]) == ("2026-12-01T15:00:00Z", "2026-12-01T15:30:00Z")
    actors = [one["actor"]["reference"].partition("/")[0] for one in found["participant"]]
    assert actors == ["Patient", "Practitioner", "Location"]
    assert "Avery" not in told.getvalue()

    over = changing.cancel(made, version=1, reason=CancelReason.BETTER, by=None, now=NOW)
    again = fhir.as_resource(over)
    assert (again["status"], again["meta"]["versionId"]) == ("cancelled", "2")
    assert again["cancelationReason"]["coding"][0]["code"] == "pat-fb"
    assert again["participant"][0]["status"] == "declined"


def test_every_status_is_one_of_fhirs() -> None:
    known = "proposed pending booked arrived fulfilled cancelled noshow entered-in-error checked-in waitlist".split()
    assert {status.value for status in Status} <= set(known)


@pytest.mark.django_db
def test_what_is_not_there_is_said() -> None:
    with pytest.raises(CommandError, match="There is no appointment"):
        call_command("fhir_appointment", str(uuid4()))


# --- Calendar files --------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_calendar_file_reads_back(patient: Lead, kind: AppointmentType) -> None:
    made = book(patient, kind)
    [event] = Calendar.from_ical(ics.as_text(made, now=NOW, attendee=patient.email)).walk("VEVENT")
    assert (event.decoded("dtstart"), event.decoded("dtend")) == (made.starts_at, made.ends_at)
    assert (str(event["uid"]), str(event["sequence"]), str(event["status"])) == (str(made.pk), "0", "CONFIRMED")
    moved = changing.reschedule(made, start=TEN + timedelta(hours=1), version=1, held_by="", by=None, now=NOW)
    [again] = Calendar.from_ical(ics.as_text(moved, now=NOW)).walk("VEVENT")
    assert (event["uid"], str(again["sequence"])) == (again["uid"], "1")
    over = changing.cancel(moved, version=2, reason=CancelReason.TIME, by=None, now=NOW)
    calendar = Calendar.from_ical(ics.as_text(over, now=NOW))
    assert (str(calendar["method"]), str(calendar.walk("VEVENT")[0]["status"])) == ("CANCEL", "CANCELLED")
    assert Appointment.objects.get().version == 3


# --- Feeds -----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.usefixtures("then")
def test_a_providers_feed_names_nobody_and_dies_with_the_next_one(
    client: Client, patient: Lead, kind: AppointmentType, provider: Resource
) -> None:
    made = book(patient, kind)
    client.force_login(make_user("administrator", email="alex@example.org"))
    renew = f"/admin/scheduling/resource/{provider.pk}/feed/"
    pages = [client.post(renew, follow=True).content.decode() for _ in range(2)]
    first, second = (re.findall(r"(/feeds/[\w-]+\.ics)", page)[0] for page in pages)
    assert first not in pages[1]
    stranger = Client()
    assert stranger.get(first).status_code == 404
    answer = stranger.get(second)
    [event] = Calendar.from_ical(answer.content).walk("VEVENT")
    assert (str(event["summary"]), event.decoded("dtstart")) == ("Telephone consultation", made.starts_at)
    for name in (patient.first_name, patient.email, patient.reference, patient.phone):
        assert name not in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert client.get(renew).status_code == 403


# --- The command -----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_free_times_of_this_site(patient: Lead, kind: AppointmentType, provider: Resource) -> None:
    book(patient, kind)
    options = ["--type", kind.key, "--from", "2027-12-07", "--days", "1", "--json"]
    told = StringIO()
    call_command("slots", *options, stdout=told)
    found = json.loads(told.getvalue())["slots"]
    assert (len(found), found[0]) == (
        16,
        {"start": "2027-12-07T14:00:00Z", "end": "2027-12-07T14:30:00Z", "resources": [str(provider.pk)]},
    )
    words = StringIO()
    call_command("slots", *options[:-1], "--zone", "America/Los_Angeles", stdout=words)
    assert words.getvalue().splitlines()[0] == "Tue 2027-12-07 06:00  Dr. Example"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--type", "nothing"], "There is no type 'nothing'. There are: "),
        (["--type", "KEY", "--provider", str(uuid4())], "There is no provider"),
        (["--type", "KEY", "--zone", "Mars/Base"], "is no IANA time zone"),
    ],
)
def test_what_the_command_cannot_find(kind: AppointmentType, options: list[str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("slots", *[kind.key if one == "KEY" else one for one in options])
