"""Asking providers' own calendars when they are busy: over the network, so never inside a transaction of ours.

What cannot be read leaves the last good answer in force, and says so at the desk.
"""

import re
import urllib.request
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlsplit

import recurring_ical_events
import structlog
from django.db import transaction
from django.db.models import F, Q
from icalendar import Calendar

from crm.environment import is_loopback
from scheduling.enums import BusyKind
from scheduling.models import BusyCalendar, BusySpan

EVERY, AHEAD = timedelta(minutes=10), timedelta(days=120)
SECONDS, MOST_BYTES = 20, 5 * 1024 * 1024
MOST_SPANS = 5_000
_FOLD = re.compile(r"\r?\n[ \t]")  # a long line goes on in the next one (RFC 5545 3.1)
# RFC 5545 allows them; working them out for four months takes minutes, and an interval of nothing never ends.
_ENDLESS = re.compile(r"RRULE[^\r\n]*(FREQ=(SECONDLY|MINUTELY|HOURLY)|INTERVAL=0+(?!\d))", re.IGNORECASE)
log = structlog.get_logger("nucleus.scheduling")
Span = tuple[datetime, datetime]


class Unreadable(Exception):
    """The calendar gave no answer that can be used. The text says why, and never where."""


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
    calendar = due.select_for_update(skip_locked=True, of=("self",)).select_related("resource").order_by(order).first()
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
        BusyCalendar.objects.select_for_update().get(pk=calendar.pk)
        BusySpan.objects.filter(calendar=calendar).delete()
        BusySpan.objects.bulk_create(
            BusySpan(calendar=calendar, resource_id=calendar.resource_id, starts_at=start, ends_at=end)
            for start, end in spans
        )
        BusyCalendar.objects.filter(pk=calendar.pk).update(good_at=now, trouble="")
    return True


def _ask(calendar: BusyCalendar, begin: datetime, end: datetime) -> list[Span]:
    if calendar.kind == BusyKind.CALDAV:
        return [span for text in _over_caldav(calendar, begin, end) for span in busy_in(text, calendar, begin, end)]
    return busy_in(_fetched(calendar.url), calendar, begin, end)


def _fetched(url: str) -> str:
    """The text behind an address. Over https only, except on this machine."""
    address = check_address(url)
    try:
        with urllib.request.build_opener(_Redirects).open(address, timeout=SECONDS) as answer:
            body: bytes = answer.read(MOST_BYTES + 1)
    except OSError as trouble:
        raise Unreadable(f"The address does not answer ({type(trouble).__name__}).") from None
    if len(body) > MOST_BYTES:
        raise Unreadable("The calendar is larger than 5 MB.")
    return body.decode("utf-8", "replace")


def check_address(url: str) -> str:
    """The address as it is asked (webcal is https). Raises Unreadable for what is never asked."""
    address = url.replace("webcal://", "https://", 1)
    try:
        parts = urlsplit(address)
    except ValueError:
        raise Unreadable("That is no address: copy it from the calendar once more.") from None
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
        raise Unreadable("The address has to begin with https://.")
    return address


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows an address only to where it might have been entered itself."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        check_address(newurl)
        if is_loopback(urlsplit(newurl).hostname) and not is_loopback(urlsplit(req.full_url).hostname):
            raise Unreadable("The address leads to this machine.")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _over_caldav(calendar: BusyCalendar, begin: datetime, end: datetime) -> list[str]:
    """The events of these days, of the calendar at that address or of all of that account (RFC 4791)."""
    import caldav
    from caldav.lib.error import DAVError

    check_address(calendar.url)
    client: Any = caldav.DAVClient
    try:
        with client(url=calendar.url, username=calendar.user, password=calendar.password or "", timeout=SECONDS) as dav:
            dav.session.max_redirects = 0  # what was entered is asked, and nothing else
            return [
                str(event.data)
                for one in _calendars_at(dav, calendar.url)
                for event in one.search(start=begin, end=end, event=True, expand=False)
            ]
    except (DAVError, OSError, ValueError) as trouble:
        raise Unreadable(f"The server does not answer as it should ({type(trouble).__name__}).") from None


def _calendars_at(dav: Any, url: str) -> list[Any]:
    """The calendar with this address, else all of the account behind it."""
    found = list(dav.principal().calendars())
    return [one for one in found if str(one.url).rstrip("/") == url.rstrip("/")] or found


def busy_in(text: str, calendar: BusyCalendar, begin: datetime, end: datetime) -> list[Span]:
    """When somebody is busy by a calendar's text: repeated events one by one, without those that are called off or
    marked as free (RFC 5545 TRANSP). A day without hours is busy from midnight to midnight of the resource."""
    if _ENDLESS.search(_FOLD.sub("", text)):
        raise Unreadable("An event is repeated every hour or oftener: nobody's calendar is.")
    try:
        events = recurring_ical_events.of(Calendar.from_ical(text)).between(begin, end)
        spans = [_span(event, calendar) for event in events if _counts(event)]
    except (ValueError, KeyError, TypeError, IndexError) as trouble:
        raise Unreadable(f"This is no calendar that can be read ({type(trouble).__name__}).") from None
    found = sorted((start, stop) for start, stop in spans if start < stop)
    if len(found) > MOST_SPANS:
        raise Unreadable(f"There are more than {MOST_SPANS} events in four months.")
    return found


def _counts(event: Any) -> bool:
    return str(event.get("status", "")).upper() != "CANCELLED" and str(event.get("transp", "")).upper() != "TRANSPARENT"


def _span(event: Any, calendar: BusyCalendar) -> Span:
    start = _moment(event.decoded("dtstart"), calendar)
    if "dtend" in event:
        return start, _moment(event.decoded("dtend"), calendar)
    if "duration" in event:
        return start, start + event.decoded("duration")
    whole_day = not isinstance(event.decoded("dtstart"), datetime)
    return start, start + timedelta(days=1 if whole_day else 0)


def _moment(value: date | datetime, calendar: BusyCalendar) -> datetime:
    zone = calendar.resource.zone
    if not isinstance(value, datetime):
        return datetime.combine(value, time(), tzinfo=zone).astimezone(UTC)
    return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)
