"""Calendars of strangers: too large, too slow or without end. They end with a sentence, not with a worker."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import batched
from pathlib import Path
from typing import Any

import pytest

from crm.sandbox import runner as sandbox
from crm.sandbox.runner import ChildLimits, NoAnswer, Why
from scheduling.calendars import external_calendars, sandboxed, sources
from scheduling.calendars.sources import Unreadable
from scheduling.enums import BusyKind
from scheduling.models import BusyCalendar, BusySpan, Resource
from scheduling.rules import busy_times
from tests.scheduling.calendars.test_busy import AT_TEN, SECRET, calendar, event
from tests.scheduling.dav_server import PASSWORD, USER, DavServer, File, calendar_file, radicale
from tests.scheduling.factories import NOW

BEGIN, DAYS = datetime(2026, 12, 1, tzinfo=UTC), timedelta(days=120)
TO_23, TO_59 = (",".join(str(number) for number in range(end)) for end in (24, 60))
MEGABYTE = 1024**2


def spans(text: str) -> list[busy_times.Span]:
    """As calendars are read: in a child, with its limits."""
    return sandboxed.read([text], zone="America/New_York", begin=BEGIN, end=BEGIN + DAYS).busy


def at(*more: str, begin: str = "20261201T150000Z") -> str:
    return event("x", f"DTSTART:{begin}", "DURATION:PT1M", *more)


def nested(depth: int) -> str:
    return "BEGIN:VEVENT\r\n" * depth + AT_TEN + "\r\nEND:VEVENT" * depth


def zone_of(rule: str) -> str:
    """A time zone of one's own whose clock changes by this rule."""
    half = "DTSTART:19700101T000000\r\nTZOFFSETFROM:{}\r\nTZOFFSETTO:{}\r\nRRULE:" + rule
    lines = [
        "BEGIN:VTIMEZONE\r\nTZID:Own/Zone",
        *("BEGIN:STANDARD", half.format("+0100", "+0000"), "END:STANDARD"),
        *("BEGIN:DAYLIGHT", half.format("+0000", "+0100"), "END:DAYLIGHT"),
        "END:VTIMEZONE",
        event("x", "DTSTART;TZID=Own/Zone:20261201T100000", "DURATION:PT1M"),
    ]
    return "\r\n".join(lines)


SINCE_1970 = "DTSTART:19700101T000000Z", "DURATION:PT1M", "RRULE:FREQ=DAILY"


def many_dates(count: int) -> list[str]:
    first = datetime(2027, 1, 1, tzinfo=UTC)
    moments = (f"{first + timedelta(seconds=number):%Y%m%dT%H%M%SZ}" for number in range(count))
    return ["RDATE:" + ",".join(some) for some in batched(moments, 5000, strict=True)]


ENDLESS = {
    "every second": at("RRULE:FREQ=SECONDLY"),
    "every minute": at("RRULE:FREQ=MINUTELY"),
    "every second, a hundred billion times": at("RRULE:FREQ=SECONDLY;COUNT=99999999999"),
    "every minute of a day": at(f"RRULE:FREQ=DAILY;BYHOUR={TO_23};BYMINUTE={TO_59}"),
    "the same since 1970": at(f"RRULE:FREQ=DAILY;BYHOUR={TO_23};BYMINUTE={TO_59}", begin="19700101T000000Z"),
    "every second of a year": at(f"RRULE:FREQ=YEARLY;BYHOUR={TO_23};BYMINUTE={TO_59};BYSECOND={TO_59}"),
    "since the year 1": at("RRULE:FREQ=HOURLY", begin="00010101T000000Z"),
    "two rules": at("RRULE:FREQ=DAILY;COUNT=3", "RRULE:FREQ=SECONDLY"),
    "an interval of nothing": at("RRULE:FREQ=DAILY;INTERVAL=0"),
    "an interval of nothing, hourly": at("RRULE:FREQ=HOURLY;INTERVAL=0"),
    "a rule over two lines": at("RRULE:FREQ=SECON\r\n DLY"),
    "a day that never comes": at("RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30"),
    "120,000 dates": at(*many_dates(120_000)),
    "6,000 events": "\r\n".join(event(str(n), "DTSTART:20261201T150000Z", "DURATION:PT1M") for n in range(6000)),
    "10,000 rules since 1970": "\r\n".join(event(str(n), *SINCE_1970) for n in range(10_000)),
    "a duration of 27,000 years": event("x", "DTSTART:20261201T150000Z", "DURATION:P9999999D"),
    "a number of 5,000 digits": at("RRULE:FREQ=DAILY;COUNT=" + "9" * 5000),
    "50,000 events, each in the one before": nested(50_000),
    "a clock that changes every second": zone_of("FREQ=SECONDLY"),
    "a clock that changes every minute of a day": zone_of(f"FREQ=DAILY;BYHOUR={TO_23};BYMINUTE={TO_59}"),
}


@pytest.mark.parametrize("case", ENDLESS)
def test_what_never_ends_is_said_and_not_worked_out(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandboxed, "READING", ChildLimits(processor_seconds=2, seconds=120))
    text = calendar(ENDLESS[case])
    assert len(text) < 3 * MEGABYTE
    try:
        found = sandboxed.read([text], zone="America/New_York", begin=BEGIN, end=BEGIN + DAYS)
    except Unreadable:
        return
    assert (found.busy, len(found.skipped)) == ([], 1)  # one event that nobody can read is left out, and named


def test_an_endless_rule_is_named_as_such() -> None:
    with pytest.raises(Unreadable, match="repeated too often"):
        spans(calendar(ENDLESS["every minute of a day"]))


def test_every_hour_for_a_while_is_read() -> None:
    other = event("y", "DTSTART:20261201T150000Z", "DURATION:PT1M")
    assert len(spans(calendar(at("RRULE:FREQ=HOURLY;COUNT=3"), other))) == 4


def test_steps_are_counted() -> None:
    """Of an endless rule no more occurrences are worked out than may be."""

    class Endless:
        until = None
        given = 0

        def __iter__(self) -> Iterator[datetime]:
            while self.given < 2 * busy_times.MOST_STEPS:
                self.given += 1
                yield BEGIN

    for after, most in ((BEGIN + DAYS, busy_times.MOST_STEPS), (BEGIN, busy_times.MOST_IN_SIGHT)):
        rule = Endless()
        with pytest.raises(busy_times.TooOften):
            list(busy_times._Counted(rule).between(after, BEGIN + 2 * DAYS, inc=True))
        assert rule.given <= most + 3


# --- Over the network ------------------------------------------------------------------------------------------------


@pytest.fixture
def file() -> Iterator[File]:
    with calendar_file() as made:
        yield made


def told(kind: BusyKind, file: File) -> dict[str, Any]:
    """What the child says that asks."""
    if kind == BusyKind.ICS:
        return sandbox.run(sources.texts_of_file, file.url, limits=sandboxed.ASKING)  # type: ignore[no-any-return]
    days = BEGIN.isoformat(), (BEGIN + DAYS).isoformat()
    return sandbox.run(sources.texts_of_server, file.url, USER, PASSWORD, *days, limits=sandboxed.ASKING)  # type: ignore[no-any-return]


@pytest.mark.parametrize("packed", [True, False], ids=["packed", "plain"])
@pytest.mark.parametrize("kind", BusyKind)
def test_no_more_is_read_than_may_be(kind: BusyKind, packed: bool, file: File) -> None:
    """Counted on the side of the server, which sends what fits into the buffers between as well."""
    file.text, file.packed, file.megabytes = SECRET, packed, 200
    assert told(kind, file) == {"trouble": "The calendar is larger than 5 MB."}
    assert file.sent < 30 * MEGABYTE


def test_a_packed_file_is_read(file: File) -> None:
    file.text, file.packed = calendar(AT_TEN), True
    assert told(BusyKind.ICS, file) == {"texts": [calendar(AT_TEN)]}


def test_a_file_that_only_says_it_is_packed_is_no_answer(file: File) -> None:
    file.text, file.packed, file.is_false = calendar(AT_TEN), True, True
    assert "does not answer" in told(BusyKind.ICS, file)["trouble"]


@pytest.fixture
def dav(tmp_path: Path) -> Iterator[DavServer]:
    with radicale(tmp_path) as server:
        yield server


@pytest.mark.django_db
def test_a_real_server_with_too_much_keeps_its_last_good_answer(
    dav: DavServer, provider: Resource, capsys: pytest.CaptureFixture[str]
) -> None:
    dav.put("one", calendar(AT_TEN))
    made = BusyCalendar.objects.create(
        resource=provider, kind=BusyKind.CALDAV, url=dav.url, user=USER, password=PASSWORD
    )
    assert external_calendars.refresh(made, now=NOW)
    for name in ("a", "b", "c", "d", "e", "f"):
        more = "COMMENT:" + "x" * MEGABYTE
        dav.put(name, calendar(event(name, "DTSTART:20261202T150000Z", "DURATION:PT1M", more)))
    assert not external_calendars.refresh(made, now=NOW + timedelta(minutes=10))
    made.refresh_from_db()
    assert (made.good_at, BusySpan.objects.count(), made.trouble) == (NOW, 1, "The calendar is larger than 5 MB.")
    assert (SECRET in capsys.readouterr().out) is False


@pytest.mark.django_db
@pytest.mark.parametrize("limits", ["ASKING", "READING"])
def test_a_calendar_that_ends_the_child_keeps_its_last_good_answer(
    provider: Resource, file: File, monkeypatch: pytest.MonkeyPatch, limits: str
) -> None:
    file.text = calendar(AT_TEN)
    made = BusyCalendar.objects.create(resource=provider, url=file.url)
    assert external_calendars.refresh(made, now=NOW)
    monkeypatch.setattr(sandboxed, limits, ChildLimits(seconds=0))
    assert not external_calendars.refresh(made, now=NOW + timedelta(minutes=10))
    made.refresh_from_db()
    assert (made.good_at, BusySpan.objects.count()) == (NOW, 1)
    assert made.trouble == "It takes too long: the server is slow, or the calendar is too large."


@pytest.mark.parametrize("why", Why)
def test_whatever_ends_the_child_is_said(monkeypatch: pytest.MonkeyPatch, why: Why) -> None:
    def ended(*_given: Any, **_more: Any) -> None:
        raise NoAnswer(why, "ValueError" if why == Why.ERROR else "")

    monkeypatch.setattr(sandbox, "run", ended)
    with pytest.raises(Unreadable, match=r"^It (takes too long|is too large|cannot be read).*\.$"):
        spans(calendar(AT_TEN))


@pytest.mark.django_db
def test_trouble_of_our_own_stops_no_other_calendar(
    provider: Resource, file: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        BusyCalendar.objects.create(resource=provider, url=file.url)

    def no_child(*_given: Any, **_more: Any) -> None:
        raise BlockingIOError

    monkeypatch.setattr(sandbox, "run", no_child)
    assert external_calendars.refresh_due(now=NOW) == 0
    assert set(BusyCalendar.objects.values_list("trouble", flat=True)) == {"It cannot be read (BlockingIOError)."}
