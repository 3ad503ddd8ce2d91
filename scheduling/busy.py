"""Asking providers' own calendars when they are busy: over the network, so never inside a transaction of ours.

What cannot be read leaves the last good answer in force, and says so at the desk.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F, Q

from crm import limited
from crm.limited import Limits, Why
from scheduling import busy_sources, busy_times
from scheduling.busy_sources import Unreadable
from scheduling.busy_times import Span
from scheduling.enums import BusyKind
from scheduling.models import BusyCalendar, BusySpan

EVERY, AHEAD = timedelta(minutes=10), timedelta(days=120)
ASKING = Limits(processor_seconds=30, seconds=90, answer=64 * 1024**2)  # what JSON can make of ten megabytes
READING = Limits(processor_seconds=40, seconds=120)
_ENDED = {
    Why.TIME: "It takes too long: the server is slow, or the calendar is too large.",
    Why.PROCESSOR: "It takes too long to work out: an event is repeated too often, or there are too many.",
    Why.MEMORY: "It is too large to be read.",
    Why.ANSWER: "It is too large to be read.",
}
log = structlog.get_logger("nucleus.scheduling")


def refresh_due(*, now: datetime, batch: int = 20) -> int:
    """Asks every calendar whose last try is ten minutes old, the longest waiting first; returns how many answered. Any
    number may run: each takes what the others have not taken."""
    answered = 0
    for _ in range(batch):
        calendar = _claim(now)
        if calendar is None:
            break
        answered += refresh(calendar, now=now)
    return answered


@transaction.atomic
def _claim(now: datetime) -> BusyCalendar | None:
    """The next one, marked as tried: whoever comes second takes another."""
    due = BusyCalendar.objects.filter(Q(tried_at=None) | Q(tried_at__lte=now - EVERY), is_active=True)
    order = F("tried_at").asc(nulls_first=True)
    calendar = (
        due.select_for_update(no_key=True, skip_locked=True, of=("self",))
        .select_related("resource")
        .order_by(order)
        .first()
    )
    if calendar:
        calendar.tried_at = now
        calendar.save(update_fields=["tried_at"])
    return calendar


def refresh(calendar: BusyCalendar, *, now: datetime) -> bool:
    """Asks one calendar and keeps the answer; False, with the reason beside it, when there is none."""
    try:
        spans = _ask(calendar, now, now + AHEAD)
    except Exception as trouble:  # whatever an address answers, it is this calendar's trouble alone
        why = str(trouble) if isinstance(trouble, Unreadable) else f"It cannot be read ({type(trouble).__name__})."
        BusyCalendar.objects.filter(pk=calendar.pk).update(trouble=why[:200])
        log.warning("busy_calendar_failed", calendar=str(calendar.pk), error=type(trouble).__name__)
        return False
    with transaction.atomic():
        BusyCalendar.objects.select_for_update(no_key=True).get(pk=calendar.pk)
        BusySpan.objects.filter(calendar=calendar).delete()
        BusySpan.objects.bulk_create(
            BusySpan(calendar=calendar, resource_id=calendar.resource_id, starts_at=start, ends_at=end)
            for start, end in spans
        )
        BusyCalendar.objects.filter(pk=calendar.pk).update(good_at=now, trouble="")
    return True


def _ask(calendar: BusyCalendar, begin: datetime, end: datetime) -> list[Span]:
    by_caldav = calendar.kind == BusyKind.CALDAV
    texts = _over_caldav(calendar, begin, end) if by_caldav else [_fetched(calendar.url)]
    return busy_in(texts, zone=calendar.resource.timezone, begin=begin, end=end)


def _fetched(url: str) -> str:
    """The text behind an address. Over https only, except on this machine."""
    found: list[str] = _heard(busy_sources.texts_of_file, url, limits=ASKING)["texts"]
    return found[0]


def _over_caldav(calendar: BusyCalendar, begin: datetime, end: datetime) -> list[str]:
    """The events of these days, of the calendar at that address or of all of that account (RFC 4791)."""
    known = calendar.url, calendar.user, calendar.password or ""
    told = _heard(busy_sources.texts_of_server, *known, begin.isoformat(), end.isoformat(), limits=ASKING)
    found: list[str] = told["texts"]
    return found


def busy_in(texts: list[str], *, zone: str, begin: datetime, end: datetime) -> list[Span]:
    """When somebody is busy by calendars' texts, in UTC and sorted; floating times are on the clock of `zone`.

    Raises Unreadable.
    """
    told = _heard(busy_times.spans_of, texts, zone, begin.isoformat(), end.isoformat(), limits=READING)
    return [(datetime.fromisoformat(start), datetime.fromisoformat(stop)) for start, stop in told["busy"]]


def _heard(function: Callable[..., dict[str, Any]], *arguments: Any, limits: limited.Limits) -> dict[str, Any]:
    """What a limited child says; Unreadable when it tells of trouble or is ended."""
    try:
        told: dict[str, Any] = limited.run(function, *arguments, limits=limits)
    except limited.NoAnswer as trouble:
        log.warning("busy_calendar_unread", why=trouble.why, error=trouble.error, frames=trouble.frames)
        raise Unreadable(_ENDED.get(trouble.why, f"It cannot be read ({trouble.error or trouble.why}).")) from None
    if "trouble" in told:
        raise Unreadable(told["trouble"])
    return told
