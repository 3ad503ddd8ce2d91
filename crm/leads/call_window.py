"""Whether somebody may be called: their local hour, the center's days, and what they asked for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, Value
from django.db.models.functions import Concat, Left

from crm.enums.leads import ActivityKind, CallOutcome, TaskKind
from crm.leads.local_clock import clock_of
from crm.models import Activity, Lead, Task
from crm.sequences.timing import CALL_HOURS, into_window

NO_CALLS = "No calls wanted, write by post or decide"
_LONGEST = 120
# Which tasks call somebody, or say what takes the place of a call.
CALLS = Q(kind=TaskKind.CALL) | Q(kind=TaskKind.OTHER, title__startswith=NO_CALLS)


@dataclass(frozen=True)
class Advice:
    """`why`: the reason against it, in a few words."""

    allowed: bool
    why: str = ""


def advice(lead: Lead, *, is_wrong: bool, now: datetime) -> Advice:
    """Say whether a lead, whose location is loaded, may be called now; `is_wrong`: the number. Narrower than the law's
    08:00 to 21:00 (47 CFR 64.1200(c)(1))."""
    if not lead.phone:
        return Advice(False, "no telephone number")
    if lead.do_not_call:
        return Advice(False, "asked not to be called")
    if is_wrong:
        return Advice(False, "wrong number: ask for another in writing")
    clock = clock_of(lead)
    opens = into_window(now, clock, hours=CALL_HOURS, allowed=clock.may_call)
    if opens > now:
        return Advice(False, f"call from {opens.astimezone(clock.zone):%a %-I:%M %p} their time")
    return Advice(True)


def wrong_since(calls: Iterable[tuple[datetime, str]]) -> datetime | None:
    """Return when a call found the number wrong; None when none did, or they were reached by telephone later. Another
    number may have been put on record since. `calls`: (when, outcome), newest first."""
    telling = (call for call in calls if call[1] in {CallOutcome.WRONG_NUMBER, CallOutcome.REACHED})
    return next((at if outcome == CallOutcome.WRONG_NUMBER else None for at, outcome in telling), None)


def number_since(ids: list[UUID]) -> dict[UUID, datetime]:
    """Return when the telephone number of each was last corrected; nothing for those with their first one."""
    corrected = Activity.objects.filter(lead__in=ids, kind=ActivityKind.DETAILS, details__changes__has_key="phone")
    return dict(corrected.order_by("at").values_list("lead_id", "at"))


def call_task(lead: Lead, *, title: str, due_at: datetime, key: str, instead: str = "", **columns: Any) -> Task:
    """Make the task to call somebody, not yet saved. For whoever asked not to be called it is one to write or to
    decide, called `instead`: nothing but an emergency opens a call for them."""
    if not lead.do_not_call:
        return Task(lead=lead, kind=TaskKind.CALL, title=title, due_at=due_at, key=key, **columns)
    words = (instead or f"{NO_CALLS}: {title}")[:_LONGEST]
    return Task(lead=lead, kind=TaskKind.OTHER, title=words, due_at=due_at, key=key, **columns)


def turn_into_writing(lead: Lead) -> int:
    """Make the open calls of somebody who asked for none tasks to write or to decide; return how many. An urgent call
    stays: it is about an emergency."""
    calls = Task.objects.open().filter(lead=lead, kind=TaskKind.CALL)
    return calls.update(kind=TaskKind.OTHER, title=Left(Concat(Value(f"{NO_CALLS}: "), "title"), _LONGEST))
