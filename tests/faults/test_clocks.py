"""Workers whose clocks are an hour wrong, a clock that stood still for an hour, a server that was away for six.

Due times, leases, windows and caps are judged by PostgreSQL's clock. The wrong clocks are real: libfaketime gives them
to a worker's process.
"""

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from crm.enums.leads import EnrollmentState, MessageClass, MessageState, OnUnknown, TaskKind
from crm.followups import published
from crm.models import (
    ConsentRecord,
    Enrollment,
    Lead,
    Location,
    Message,
    PatientLink,
    Sending,
    SequenceVersion,
    StepOutcome,
    Task,
    VersionState,
)
from script import system
from tests.factories import make_lead, make_link, make_location, make_message
from tests.faults import rehearsal
from tests.faults.crowd import zone_of_noon
from tests.faults.far_end import FarEnd, far_end

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = timedelta(hours=1)
AHEAD, BEHIND = "+3600", "-3600"
FURTHEST = "Pacific/Kiritimati"  # UTC+14, beyond the date line


@pytest.fixture
def center(transactional_db: None) -> Location:
    published.ensure_shipped()  # the test before may have emptied every table
    return make_location(holidays=[])


@pytest.fixture
def far() -> Iterator[FarEnd]:
    with far_end() as end:
        yield end


def run(far: FarEnd, *, clock: str = "") -> None:
    """One sweep, by a process whose clock is that many seconds wrong."""
    false = {"LD_PRELOAD": system.false_clock(), "FAKETIME": clock, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    done = rehearsal.send_once(far, **(false if clock else {}), SWEEP="1")
    assert done.returncode == 0, done.stderr


def agreed(**fields: Any) -> Lead:
    lead = make_lead(**{"timezone": zone_of_noon(), "email": f"{uuid.uuid4().hex[:8]}@example.org", **fields})
    ConsentRecord.objects.create(lead=lead, kind="contact", given=True, text="x", text_version="1", language="en")
    return lead


def zone_where_it_is(hour: int) -> str:
    """For the next minutes at least. The sign of these names is turned round (POSIX)."""
    while now().minute == 59:
        time.sleep(1)
    east = (hour - datetime.now(UTC).hour) % 24
    return f"Etc/GMT-{east}" if east <= 14 else f"Etc/GMT+{24 - east}"


def follow_up(lead: Lead, **fields: Any) -> Message:
    return make_message(lead, message_class=MessageClass.FOLLOW_UP, on_unknown=OnUnknown.PARK, **fields)


def state_of(message: Message) -> str:
    return str(Message.objects.values_list("state", flat=True).get(pk=message.pk))


def now() -> datetime:
    return datetime.now(UTC)


def test_the_false_clock_is_really_wrong(far: FarEnd) -> None:
    """Or the tests below would prove nothing."""
    told = rehearsal.send_once(far, LD_PRELOAD=system.false_clock(), FAKETIME=AHEAD, TELL_TIME="1").stdout
    assert 3500 < datetime.fromisoformat(told.split()[-1]).timestamp() - now().timestamp() < 3700


@dataclass(frozen=True)
class Story:
    """Messages that wait, and what should have become of each after one sweep."""

    name: str
    message: Message
    state: str


def due_and_too_late() -> list[Story]:
    return [
        Story("due", follow_up(agreed()), "sent"),
        Story("due in half an hour", follow_up(agreed(), due_at=now() + HOUR / 2), "queued"),
        Story("too late for half an hour", follow_up(agreed(), not_after=now() - HOUR / 2), "cancelled"),
        Story("in time for half an hour", follow_up(agreed(), not_after=now() + HOUR / 2), "sent"),
    ]


def leases() -> list[Story]:
    held, left = make_message(agreed()), make_message(agreed())
    for message, until in ((held, now() + HOUR / 60), (left, now() - HOUR / 60)):
        row = Message.objects.filter(pk=message.pk)
        row.update(state=MessageState.SENDING, lease_token=uuid.uuid4(), lease_until=until)
    return [Story("held by a worker", held, "sending"), Story("left by a dead one", left, "sent")]


def local_hours() -> list[Story]:
    """From 08:00 to 20:00 where the person lives: a wrong clock would be wrong in the hour before and after."""
    hours = {7: "queued", 8: "sent", 19: "sent", 20: "queued"}
    found = [
        Story(f"{h} o'clock", follow_up(agreed(timezone=zone_where_it_is(h))), state) for h, state in hours.items()
    ]
    beyond = "sent" if 8 <= (now() + 14 * HOUR).hour < 20 else "queued"
    return [*found, Story("beyond the date line", follow_up(agreed(timezone=FURTHEST)), beyond)]


def caps() -> list[Story]:
    soon, long_enough = agreed(), agreed()
    for lead, hours in ((soon, 23.5), (long_enough, 24.5)):
        row = Message.objects.filter(pk=follow_up(lead).pk)
        row.update(state=MessageState.SENDING, lease_token=uuid.uuid4(), lease_until=now())
        row.update(state=MessageState.IN_DATA)
        at = now() - timedelta(hours=hours)
        row.update(state=MessageState.SENT, lease_token=None, lease_until=None, finished_at=at)
    return [
        Story("a mail not a day ago", follow_up(soon), "queued"),
        Story("a mail more than a day ago", follow_up(long_enough), "sent"),
    ]


@pytest.mark.parametrize("clock", [AHEAD, BEHIND])
def test_everything_happens_by_the_databases_clock(center: Location, far: FarEnd, clock: str) -> None:
    """When something is due or too late, how long a lease lasts, which hour it is for somebody, what a day is."""
    stories = [*local_hours(), *due_and_too_late(), *leases(), *caps()]

    run(far, clock=clock)

    assert {one.name: state_of(one.message) for one in stories} == {one.name: one.state for one in stories}


def test_a_code_is_good_for_ten_minutes_whatever_the_worker_thinks(center: Location, far: FarEnd) -> None:
    from crm.patient_portal import access as patient_access

    lead = agreed()
    make_link(lead, now=now())
    session = patient_access.begin(lead, now=now(), link=PatientLink.objects.get(lead=lead)).session
    assert patient_access.send_code(session, now=now())

    run(far, clock=BEHIND)

    [mail] = far.accepted
    part = next(part for part in mail.walk() if part.get_content_type() == "text/plain")
    words = bytes(part.get_payload(decode=True)).decode()
    code = next(word for word in words.replace("\n", " ").split() if word.isdigit() and len(word) >= 6)
    assert patient_access.check_code(session, code, now=now())


# --- Nobody swept for an hour ----------------------------------------------------------------------------------------


def test_after_an_hour_without_a_sweep_nobody_gets_a_burst(center: Location, far: FarEnd) -> None:
    """Steps of several sequences fell due meanwhile, for each person: one mail a day all the same."""
    people = [agreed() for _ in range(5)]
    first_mail_after = {"incomplete_form": HOUR, "no_show": HOUR, "post_consult": 4 * HOUR}
    for lead in people:
        for key, delay in first_mail_after.items():
            version = SequenceVersion.objects.get(key=key, state=VersionState.PUBLISHED)
            anchor, due_at = now() - delay - HOUR, now() - HOUR
            Enrollment.objects.create(lead=lead, version=version, key=key, anchor=anchor, due_at=due_at)

    for _ in range(4):
        run(far)

    to = sorted(str(mail["To"]) for mail in far.accepted)
    assert to == sorted(set(to))
    assert set(to) == {lead.email for lead in people}
    assert StepOutcome.objects.count() == Message.objects.count() == len(people) * len(first_mail_after)
    assert not Enrollment.objects.filter(state=EnrollmentState.LIVE, due_at__lt=now() - HOUR / 60).exists()


# --- The mail server was away for six hours --------------------------------------------------------------------------

_LATER = """
UPDATE crm_message SET due_at = due_at - interval '6 hours', not_after = not_after - interval '6 hours',
    created_at = created_at - interval '6 hours'
"""


def test_after_six_hours_nothing_stale_is_sent_and_somebody_is_told(center: Location, far: FarEnd) -> None:
    stale = [follow_up(agreed(), not_after=now() + 4 * HOUR) for _ in range(3)]
    fresh = [follow_up(agreed(), not_after=now() + 24 * HOUR) for _ in range(3)]
    with far_end() as gone:
        pass
    run(gone)
    assert {state_of(one) for one in stale + fresh} == {"queued"}

    with connection.cursor() as cursor:
        cursor.execute(_LATER)
    Sending.objects.update(waits_until=None)
    run(far)

    assert {state_of(one) for one in stale} == {"cancelled"}
    assert sorted(far.message_ids) == sorted(one.message_id for one in fresh)
    tasks = Task.objects.filter(kind=TaskKind.MAIL_PROBLEM)
    assert sorted(task.lead_id for task in tasks) == sorted(one.lead_id for one in stale)  # type: ignore[type-var]
