"""Asking providers' own calendars when they are busy: over the network, so never inside a transaction of ours.

What cannot be read leaves the last good answer in force, and says so at the desk.
"""

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F, Q

from crm.sandbox.runner import NoAnswer
from scheduling.actions import openings
from scheduling.calendars import sandboxed
from scheduling.calendars.sandboxed import Reading
from scheduling.calendars.sources import Unreadable
from scheduling.enums import BusyKind
from scheduling.models import BusyCalendar, BusySpan

EVERY, AHEAD = timedelta(minutes=10), timedelta(days=120)
log = structlog.get_logger("nucleus.scheduling")


def refresh_due(*, now: datetime, batch: int = 20) -> int:
    """Ask every calendar whose last try is ten minutes old, the longest waiting first; returns how many answered. Any
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
    """Return the next calendar that is due, marked as tried: whoever comes second takes another."""
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
    """Ask one calendar and keep the answer; False, with the reason beside it, when there is none. Time that is no
    longer busy is offered to whoever waits."""
    try:
        found = _ask(calendar, now, now + AHEAD)
    except Exception as trouble:  # whatever an address answers, it is this calendar's trouble alone
        why = str(trouble) if isinstance(trouble, Unreadable) else f"It cannot be read ({type(trouble).__name__})."
        BusyCalendar.objects.filter(pk=calendar.pk).update(trouble=why[:200])
        log.warning("busy_calendar_failed", calendar=str(calendar.pk), **_told(trouble))
        return False
    with openings.new_times(now=now), transaction.atomic():
        BusyCalendar.objects.select_for_update(no_key=True).get(pk=calendar.pk)
        BusySpan.objects.filter(calendar=calendar).delete()
        BusySpan.objects.bulk_create(
            BusySpan(calendar=calendar, resource_id=calendar.resource_id, starts_at=start, ends_at=end)
            for start, end in found.busy
        )
        left_out = "\n".join(f"{one['reason']} ({one['uid'] or 'no UID'})" for one in found.skipped)
        BusyCalendar.objects.filter(pk=calendar.pk).update(good_at=now, trouble="", left_out=left_out)
    return True


def _told(trouble: Exception) -> dict[str, Any]:
    """Return for the log the types and places of a trouble, never words, which may quote an address or an event."""
    ended = trouble.__cause__
    if isinstance(ended, NoAnswer):
        return {"error": ended.error or ended.why, "frames": ended.frames}
    return {"error": type(trouble).__name__}


def _ask(calendar: BusyCalendar, begin: datetime, end: datetime) -> Reading:
    by_caldav = calendar.kind == BusyKind.CALDAV
    texts = _over_caldav(calendar, begin, end) if by_caldav else [_fetched(calendar.url)]
    return sandboxed.read(texts, zone=calendar.resource.timezone, begin=begin, end=end)


def _fetched(url: str) -> str:
    return sandboxed.text_of_file(url)


def _over_caldav(calendar: BusyCalendar, begin: datetime, end: datetime) -> list[str]:
    known = calendar.url, calendar.user, calendar.password or ""
    return sandboxed.texts_of_server(*known, begin=begin, end=end)
