"""Calendars as programs really write them: what is busy is never silently free, and one odd entry ends no calendar."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from scheduling.calendars import external_calendars, sandboxed, sources
from scheduling.calendars.sandboxed import Reading
from scheduling.models import BusyCalendar, BusySpan, Resource
from scheduling.rules import zone_names
from tests.factories import make_user
from tests.scheduling.calendars.test_busy import AT_TEN, calendar, event
from tests.scheduling.dav_server import File, calendar_file
from tests.scheduling.factories import NOW

BEGIN, END = datetime(2026, 11, 30, tzinfo=UTC), datetime(2027, 3, 30, tzinfo=UTC)
DAY = [("2026-12-01T05:00", "2026-12-02T05:00")]  # of New York
TEN = ("2026-12-01T15:00", "2026-12-01T15:30")
ALL_DAY = "DTSTART;VALUE=DATE:20261201"


def read(*texts: str) -> Reading:
    return sandboxed.read(list(texts), zone="America/New_York", begin=BEGIN, end=END)


def spans(*texts: str) -> list[tuple[str, str]]:
    return [(f"{start:%Y-%m-%dT%H:%M}", f"{end:%Y-%m-%dT%H:%M}") for start, end in read(*texts).busy]


def decoded(body: bytes) -> str:
    return sources.text_of(iter([body]))


def list_of_busy_times(*lines: str) -> str:
    return calendar("\r\n".join(["BEGIN:VFREEBUSY", *lines, "END:VFREEBUSY"]))


# --- Busy is not silently free ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "end", ["DTEND;VALUE=DATE:20261201", "DURATION:PT0S", "DURATION:P1D", "DTEND;VALUE=DATE:20261130", "CLASS:PUBLIC"]
)
def test_a_day_is_a_day_whatever_its_end(end: str) -> None:
    assert spans(calendar(event("x", ALL_DAY, end))) == DAY


def test_a_day_that_ends_at_an_hour_begins_at_the_midnight_of_the_provider() -> None:
    assert spans(calendar(event("x", ALL_DAY, "DTEND:20261201T220000Z"))) == [("2026-12-01T05:00", "2026-12-01T22:00")]


def test_lists_of_busy_times_count() -> None:
    found = spans(
        list_of_busy_times(
            "FREEBUSY;FBTYPE=BUSY:20261201T150000Z/20261201T160000Z,20261202T150000Z/PT1H",
            "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20261203T150000Z/PT30M",
            "FREEBUSY;FBTYPE=FREE:20261204T150000Z/PT1H",
            "FREEBUSY:20200101T150000Z/PT1H",
        )
    )
    assert [start for start, _ in found] == ["2026-12-01T15:00", "2026-12-02T15:00", "2026-12-03T15:00"]


@pytest.mark.parametrize(
    ("name", "hour"),
    [
        ("GMT-0800", "18:00"), ("UTC+1", "09:00"), ("PST", "18:00"), ("Pacific Standard Time", "18:00"),
        ("Pacific Standard Time 1", "18:00"), ('"(UTC-08:00) Pacific Time (US & Canada)"', "18:00"),
        ("(UTC-08:00) Pacific Time (US & Canada)", "18:00"), ("(UTC-07:00) Arizona", "17:00"),
        ("(UTC+05:00) Somewhere else", "05:00"), ("/freeassociation.sourceforge.net/Europe/Berlin", "09:00"),
    ],
)  # fmt: skip
def test_clocks_are_known_by_the_names_that_programs_use(name: str, hour: str) -> None:
    if "Somewhere" in name:
        assert zone_names.known_as(name) is None
        return
    lines = f"DTSTART;TZID={name}:20261201T100000", f"DTEND;TZID={name}:20261201T103000"
    found = read(calendar(event("x", *lines)))
    assert (f"{found.busy[0][0]:%H:%M}", found.skipped) == (hour, [])


def test_a_clock_that_nobody_knows_makes_whole_days_busy_and_is_said() -> None:
    lines = "DTSTART;TZID=Moon/Base:20261201T220000", "DTEND;TZID=Moon/Base:20261202T010000"
    found = read(calendar(event("x", *lines, "RRULE:FREQ=WEEKLY;COUNT=2")))
    assert [end - start for start, end in found.busy] == [timedelta(days=2)] * 2
    assert found.skipped == [{"uid": "x", "reason": "Nobody knows the time zone Moon/Base: its whole days are busy."}]


def test_a_broken_clock_of_a_calendar_is_known_by_its_name() -> None:
    zone = "BEGIN:VTIMEZONE\r\nTZID:America/Denver\r\nBEGIN:STANDARD\r\nDTSTART:never\r\nEND:STANDARD\r\nEND:VTIMEZONE"
    lines = "DTSTART;TZID=America/Denver:20261201T100000", "DURATION:PT30M"
    assert spans(calendar(zone, event("x", *lines))) == [("2026-12-01T17:00", "2026-12-01T17:30")]


LAST_DAY = ["20261203", "20261203T100000", "20261203T150000Z", "20261203T150000Z;WKST=MO"]
AT_TEN_THERE = [
    ("DTSTART;TZID=America/New_York:20261201T100000", LAST_DAY),
    ("DTSTART:20261201T150000Z", ["20261203", "20261203T150000", "20261203T150000Z"]),
    ("DTSTART:20261201T100000", ["20261203", "20261203T100000"]),
]


@pytest.mark.parametrize(("start", "until"), [(start, one) for start, several in AT_TEN_THERE for one in several])
def test_a_series_ends_with_its_last_day_however_the_day_is_written(start: str, until: str) -> None:
    """Google, Nextcloud and others write it as a day, or on the clock of the event; the standard wants UTC."""
    found = spans(calendar(event("x", start, "DURATION:PT30M", f"RRULE:FREQ=DAILY;UNTIL={until}")))
    assert found == [(f"2026-12-0{day}T15:00", f"2026-12-0{day}T15:30") for day in (1, 2, 3)]


def test_a_series_on_a_clock_of_the_calendar_ends_with_its_last_day() -> None:
    """East of Greenwich too, where the end of a day in UTC is the middle of the next one."""
    zone = "\r\n".join(
        ["BEGIN:VTIMEZONE", "TZID:Far East", "BEGIN:STANDARD", "DTSTART:16010101T000000", "TZOFFSETFROM:+1300",
         "TZOFFSETTO:+1300", "END:STANDARD", "END:VTIMEZONE"]
    )  # fmt: skip
    lines = "DTSTART;TZID=Far East:20261201T090000", "DURATION:PT30M", "RRULE:FREQ=DAILY;UNTIL=20261202"
    assert [start for start, _ in spans(calendar(zone, event("x", *lines)))] == ["2026-11-30T20:00", "2026-12-01T20:00"]


def test_events_that_bear_one_uid_all_count() -> None:
    """Rosters are written like that. What is the same event twice, or an older version of it, is still one."""
    series = "DTSTART:20261203T150000Z", "DURATION:PT30M", "RRULE:FREQ=DAILY;COUNT=2"
    moved = event("x", "DTSTART:20261204T180000Z", "DURATION:PT30M", "RECURRENCE-ID:20261204T150000Z")
    other = event("x", "DTSTART:20261202T150000Z", "DURATION:PT30M")
    found = spans(calendar(event("x", *series), other, event("x", *series), moved))
    assert sorted(start for start, _ in found) == ["2026-12-02T15:00", "2026-12-03T15:00", "2026-12-04T18:00"]
    newer = event("x", "DTSTART:20261205T150000Z", "DURATION:PT30M", "SEQUENCE:1")
    assert [start for start, _ in spans(calendar(newer, other))] == ["2026-12-05T15:00"]


def test_an_event_without_a_uid_is_not_the_one_whose_uid_is_a_number() -> None:
    nameless = event("", "DTSTART:20261202T150000Z", "DURATION:PT30M")
    assert len(spans(calendar(nameless, event("0", "DTSTART:20261203T150000Z", "DURATION:PT30M")))) == 2


def test_an_hour_that_clocks_skip_is_busy() -> None:
    lines = "DTSTART;TZID=America/New_York:20270314T023000", "DTEND;TZID=America/New_York:20270314T030000"
    assert spans(calendar(event("x", *lines))) == [("2027-03-14T07:00", "2027-03-14T07:30")]


# --- One odd entry ends no calendar ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lines",
    [
        ("SUMMARY:lost", "CLASS:PUBLIC"),
        ("DTSTART:soon", "DURATION:PT1H"),
        ("DTSTART;VALUE=DATE:00000000", "DURATION:P1D"),
        ("DTSTART:20261201T160000Z", "DTEND:later"),
        ("DTSTART:20261201T160000Z", "DTEND:20261201T150000Z"),
        ("DTSTART:20261201T160000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;BYDAY=XX"),
    ],
)
def test_what_cannot_be_read_is_skipped_and_named(lines: tuple[str, ...]) -> None:
    found = read(calendar(event("odd", *lines), AT_TEN))
    assert (len(found.busy), [one["uid"] for one in found.skipped]) == (1, ["odd"])
    assert found.skipped[0]["reason"].endswith(".")


def test_one_odd_busy_time_costs_no_other_of_its_list() -> None:
    found = read(list_of_busy_times("UID:list", "FREEBUSY:20261201T150000Z/PT1H,odd", "FREEBUSY:20261202T150000Z/PT1H"))
    assert ([start.day for start, _ in found.busy], [one["uid"] for one in found.skipped]) == ([1, 2], ["list"])


@pytest.mark.parametrize(
    "more",
    ["GEO:nowhere", "PRIORITY:high", "EXDATE:", "DESCRIPTION:RRULE:FREQ=HOURLY", "no colon at all",
     "BEGIN:VALARM\r\nTRIGGER:\r\nBEGIN:X-IN\r\nDTSTART:never\r\nEND:X-IN\r\nEND:VALARM"],
)  # fmt: skip
def test_what_tells_no_time_is_not_read(more: str) -> None:
    found = read(calendar(event("x", "DTSTART:20261201T150000Z", "DURATION:PT30M", more)))
    assert (len(found.busy), found.skipped) == (1, [])


def test_an_endless_reminder_that_is_marked_as_free_takes_no_time() -> None:
    free = event("x", "DTSTART:20261201T150000Z", "DURATION:PT1M", "RRULE:FREQ=SECONDLY", "TRANSP:TRANSPARENT")
    assert spans(calendar(free, AT_TEN)) == [TEN]


def test_one_occurrence_of_an_endless_reminder_that_is_busy_costs_nothing_else() -> None:
    free = event("x", "DTSTART:20261201T150000Z", "DURATION:PT1M", "RRULE:FREQ=SECONDLY", "TRANSP:TRANSPARENT")
    moved = event("x", "DTSTART:20261201T150000Z", "DURATION:PT30M", "RECURRENCE-ID:20261201T160000Z")
    other = event("y", "DTSTART:20261202T150000Z", "DURATION:PT30M")
    found = read(calendar(free, moved, other))
    assert (spans(calendar(free, moved, other)), found.skipped) == ([TEN, ("2026-12-02T15:00", "2026-12-02T15:30")], [])


def test_a_free_series_that_is_busy_from_a_day_on_is_busy_from_there() -> None:
    free = event("x", "DTSTART:20261130T150000Z", "DURATION:PT30M", "RRULE:FREQ=DAILY;COUNT=3", "TRANSP:TRANSPARENT")
    after = "RECURRENCE-ID;RANGE=THISANDFUTURE:20261201T150000Z"
    busy = event("x", "DTSTART:20261201T150000Z", "DURATION:PT30M", after)
    assert spans(calendar(free, busy)) == [TEN, ("2026-12-02T15:00", "2026-12-02T15:30")]


@pytest.mark.parametrize(
    ("more", "is_busy"),
    [
        ("X-MICROSOFT-CDO-BUSYSTATUS:FREE", False),
        ("X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE", False),
        ("X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE", True),
        ("ATTENDEE;PARTSTAT=DECLINED:mailto:me@example.org", False),
        ("ATTENDEE;PARTSTAT=DECLINED:mailto:me@example.org\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:a@example.org", True),
    ],
)
def test_what_takes_nobodys_time_is_free(more: str, is_busy: bool) -> None:
    assert spans(calendar(event("x", "DTSTART:20261201T150000Z", "DURATION:PT30M", more))) == [TEN] * is_busy


def test_one_occurrence_that_is_free_frees_itself_alone() -> None:
    series = event("x", "DTSTART:20261201T150000Z", "DURATION:PT30M", "RRULE:FREQ=DAILY;COUNT=2")
    freed = event(
        "x", "DTSTART:20261202T150000Z", "DURATION:PT30M", "RECURRENCE-ID:20261202T150000Z", "TRANSP:TRANSPARENT"
    )
    assert spans(calendar(series, freed)) == [TEN]


# --- The file itself -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        calendar(AT_TEN).encode("utf-8-sig"),
        calendar(AT_TEN).encode("utf-16"),
        calendar(AT_TEN).encode("utf-16-be"),
        calendar(AT_TEN).replace("\r\n", "\r").encode(),
        (calendar(AT_TEN) + "<!-- from a cache -->\r\n").encode(),
        calendar(AT_TEN).removesuffix("END:VCALENDAR\r\n").encode(),
    ],
)
def test_files_are_read_however_they_are_written(body: bytes) -> None:
    assert spans(decoded(body)) == [TEN]


def test_several_calendars_in_one_file_count_together() -> None:
    """The same UID in two of them is not one series."""
    other = event("one", "DTSTART:20261202T150000Z", "DTEND:20261202T153000Z")
    assert len(spans(calendar(AT_TEN) + calendar(other))) == 2


@pytest.mark.parametrize("text", ["", "<html></html>", calendar(AT_TEN)[:90], calendar("BEGIN:VEVENT\r\n" + AT_TEN)])
def test_what_is_no_calendar_or_breaks_off_is_not_read(text: str) -> None:
    with pytest.raises(sources.Unreadable, match="no calendar"):
        read(text)


# --- At the desk -----------------------------------------------------------------------------------------------------


@pytest.fixture
def file() -> Iterator[File]:
    with calendar_file() as made:
        yield made


@pytest.mark.django_db
def test_the_desk_sees_what_is_left_out_until_it_is_mended(provider: Resource, file: File, client: Client) -> None:
    own = BusyCalendar.objects.create(resource=provider, url=file.url)
    client.force_login(make_user("coordinator", email="c@example.org"))
    file.text = calendar(event("odd\0<b>", "SUMMARY:lost", "CLASS:PUBLIC"), AT_TEN)
    assert external_calendars.refresh(own, now=NOW)
    page = client.get("/admin/calendar/").content.decode()
    assert ("It has no beginning. (odd&lt;b&gt;)" in page, BusySpan.objects.count()) == (True, 1)
    file.text = calendar(AT_TEN)
    assert external_calendars.refresh(own, now=NOW)
    assert "It has no beginning" not in client.get("/admin/calendar/").content.decode()


def test_the_command_names_what_it_skips(tmp_path: Path) -> None:
    path = tmp_path / "a.ics"
    path.write_text(calendar(event("odd", "SUMMARY:lost", "CLASS:PUBLIC"), AT_TEN), newline="")
    out = StringIO()
    call_command("explain_calendar", str(path), "--zone=America/New_York", "--from=2026-12-01", stdout=out)
    told: dict[str, Any] = json.loads(out.getvalue())
    assert told["skipped"] == [{"uid": "odd", "reason": "It has no beginning."}]


@pytest.mark.parametrize(
    "url", ["https://dav.example.org/doc%40example.org/own/", "https://dav.example.org:443/doc@example.org/own"]
)
def test_a_calendar_is_found_however_its_address_is_written(url: str) -> None:
    own, team = (SimpleNamespace(url=f"https://dav.example.org/doc%40example.org/{name}/") for name in ("own", "team"))
    dav = SimpleNamespace(principal=lambda: SimpleNamespace(calendars=lambda: [team, own]))
    assert sources._calendars_at(dav, url) == [own]
    assert sources._calendars_at(dav, "https://dav.example.org/") == [team, own]
