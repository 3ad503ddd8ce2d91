"""The first six weeks of six kinds of people, hour by hour: the exact mails and tasks that each of them causes.

Requests come in through the form's own door on a Monday at 10:00 in New York; nobody at the center does anything but
what the row says. Times are the patient's.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from crm.enums.leads import CallOutcome, MessageState, Outcome, Stage
from crm.followups import step_runner
from crm.leads import actions as leads
from crm.models import Enrollment, Lead, Location, Message, Task, User
from crm.outbox import delivery, send_rules
from intake.requests import actions
from tests.intake.requests.test_submit import request_of

pytestmark = pytest.mark.django_db
BEGUN = datetime(2026, 11, 23, 15, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NEW_YORK = ZoneInfo("America/New_York")


def deliver(now: datetime) -> list[tuple[datetime, str]]:
    """What delivery does with the mails that are due, with a clock of its own and a server that accepts everything."""
    gone = []
    waiting = Message.objects.filter(state=MessageState.QUEUED, due_at__lte=now)
    while due := delivery.in_order(list(waiting.select_related("lead__location", "topic", "enrollment"))):
        message = due[0]
        with transaction.atomic():
            known = send_rules.background([message], now=now)
            found = send_rules.obstacle(message, now=now, background=known)
        row = Message.objects.filter(pk=message.pk)
        if found is None:
            row.update(state="sending", lease_token=message.pk, lease_until=now)
            row.update(state="in_data")
            row.update(state="sent", lease_token=None, lease_until=None, finished_at=now)
            gone.append((now, message.name))
        elif found.until:
            row.update(due_at=found.until, reason=found.reason)
        else:
            row.update(state=found.state, reason=found.reason)
    return gone


def live(lead: Lead | None = None, *, by: User | None = None, calls: dict[int, CallOutcome] | None = None) -> list[str]:
    """["+0d 10:00 mail ack", …] of what reached the patient or the desk, in order."""
    told, seen = [], set(Task.objects.values_list("pk", flat=True))
    for hour in range(6 * 7 * 24):
        now = BEGUN + hour * HOUR
        if calls and by and lead and hour in calls:
            leads.log_call(lead, by=by, outcome=calls[hour], now=now)
        elif hour and not _something_is_due(now):
            continue
        step_runner.run_due(at=now)
        told += [(at, f"mail {name}") for at, name in deliver(now)]
        fresh = [task for task in Task.objects.order_by("due_at", "title") if task.pk not in seen]
        told += [(now, f"{task.kind} {task.title}") for task in fresh]
        seen |= {task.pk for task in fresh}
    return [_line(at, what) for at, what in told]


def _something_is_due(now: datetime) -> bool:
    waiting = Message.objects.filter(state=MessageState.QUEUED, due_at__lte=now)
    return Enrollment.objects.due(at=now).exists() or waiting.exists()


def _line(at: datetime, what: str) -> str:
    local = at.astimezone(NEW_YORK)
    days = (local.date() - BEGUN.astimezone(NEW_YORK).date()).days
    return f"+{days}d {local:%H:%M} {what}"


SECOND_CALL = "+0d 12:00 call Second call: the request has not been answered"
KINDS: dict[str, tuple[dict[str, Any], Outcome, list[str]]] = {
    "answers too little": (
        {},
        Outcome.MORE_INFO,
        [
            "+0d 10:00 mail ack",
            SECOND_CALL,
            "+2d 10:00 mail more_info_again",
            "+5d 10:00 mail more_info_last",
            "+9d 10:00 other Something is still missing: ask for it",
        ],
    ),
    "has no e-mail": (
        {"email": "", "onset": "lt6w", "consent_education": "on"},
        Outcome.CONTINUE_CONSERVATIVE,
        [
            "+0d 11:00 call Call instead of a mail: there is no address",
            SECOND_CALL,
            "+1d 10:00 call Call instead of a mail: there is no address",
            "+3d 10:00 call Call instead of a mail: there is no address",
            "+3d 10:00 call Call instead of a mail: there is no address",
            "+14d 10:00 call Call instead of a mail: there is no address",
            "+28d 10:00 call Call instead of a mail: there is no address",
            "+42d 09:00 call Call instead of a mail: there is no address",
        ],
    ),
    "goes on with treatment and wants to read": (
        {"onset": "lt6w", "consent_education": "on"},
        Outcome.CONTINUE_CONSERVATIVE,
        [
            "+0d 10:00 mail ack",
            SECOND_CALL,
            "+1d 08:00 mail resume",
            "+2d 08:00 mail resume_again",
            "+3d 10:00 mail resume_last",
            "+14d 10:00 mail staying_active",
            "+28d 10:00 mail questions_to_ask",
            "+42d 09:00 mail recheck",
        ],
    ),
    "goes on with treatment and wants nothing but the re-check": (
        {"onset": "lt6w"},
        Outcome.CONTINUE_CONSERVATIVE,
        [
            "+0d 10:00 mail ack",
            SECOND_CALL,
            "+1d 08:00 mail resume",
            "+2d 08:00 mail resume_again",
            "+3d 10:00 mail resume_last",
            "+42d 09:00 mail recheck",
        ],
    ),
    "reports a sign that a clinician looks at first": (
        {"safety_check_b": ["B6"], "consent_education": "on"},
        Outcome.PROMPT_REVIEW,
        ["+0d 10:00 mail ack", SECOND_CALL],
    ),
    "reports an emergency": ({"safety_check": ["A1"]}, Outcome.URGENT, []),
}


@pytest.mark.parametrize("kind", KINDS)
def test_six_weeks_of(center: Location, kind: str) -> None:
    data, outcome, expected = KINDS[kind]
    lead = actions.submit(request_of(center, now=BEGUN, urgent=outcome == Outcome.URGENT, **data)).lead
    lead.refresh_from_db()
    assert lead.outcome == outcome
    assert Enrollment.objects.exists() == (outcome != Outcome.URGENT)  # an emergency is people's matter from the start
    assert live() == expected


def test_six_weeks_of_somebody_whom_nobody_reaches(center: Location, coordinator: User) -> None:
    lead = actions.submit(request_of(center, now=BEGUN)).lead
    missed = {1: CallOutcome.NO_ANSWER, 2: CallOutcome.LEFT_VOICEMAIL}
    assert live(lead, by=coordinator, calls=missed) == [
        "+0d 10:00 mail ack",
        SECOND_CALL,
        "+1d 09:00 call Try again at another time of day",
        "+1d 12:00 mail not_reached",
        "+1d 12:00 call Try again",
        "+2d 12:00 mail more_info_again",  # a day after the one before
        "+3d 12:00 call Try again",
        "+4d 12:00 mail not_reached_again",
        "+7d 09:00 call Try again",  # the sixth day is a Sunday
        "+9d 10:00 other Something is still missing: ask for it",
        "+10d 12:00 mail not_reached_last",
        "+10d 12:00 call Last try",
    ]
    lead.refresh_from_db()
    assert lead.stage == Stage.DORMANT
    left_out = Message.objects.get(name="more_info_last")
    assert left_out.reason == "Left out: no more than one a day, three a week, 14 in 90 days"


def test_whoever_is_reached_hears_no_more_of_the_first_days(center: Location, coordinator: User) -> None:
    lead = actions.submit(request_of(center, now=BEGUN)).lead
    told = live(lead, by=coordinator, calls={1: CallOutcome.REACHED})
    assert SECOND_CALL not in told
    assert "+0d 10:00 mail ack" in told
