"""Providers' own calendars: read from a file's address and from a real CalDAV server, shown as busy without titles."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from crm.models import Lead, Location
from scheduling.actions import availability, waitlist
from scheduling.actions.availability import SlotQuery
from scheduling.actions.errors import SlotTaken
from scheduling.calendars import external_calendars
from scheduling.enums import BusyKind
from scheduling.models import AppointmentType, BusyCalendar, BusySpan, FreedTime, Resource
from tests.factories import make_user
from tests.scheduling.dav_server import PASSWORD, USER, DavServer, File, calendar_file, radicale
from tests.scheduling.factories import HALF_HOUR, NOW, TEN, book

pytestmark = pytest.mark.django_db
SECRET = "A very private matter"


def event(uid: str, begin: str, end: str, *more: str) -> str:
    lines = [
        "BEGIN:VEVENT",
        f"UID:{uid}",
        "DTSTAMP:20261101T000000Z",
        begin,
        end,
        f"SUMMARY:{SECRET}",
        *more,
        "END:VEVENT",
    ]
    return "\r\n".join(lines)


def calendar(*events: str) -> str:
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//y//EN", *events, "END:VCALENDAR", ""])


AT_TEN = event("one", "DTSTART:20261201T150000Z", "DTEND:20261201T153000Z")


@pytest.fixture
def file() -> Iterator[File]:
    with calendar_file() as made:
        yield made


@pytest.fixture
def own(provider: Resource, file: File) -> BusyCalendar:
    return BusyCalendar.objects.create(resource=provider, kind=BusyKind.ICS, url=file.url)


def spans() -> list[tuple[datetime, datetime]]:
    return list(BusySpan.objects.order_by("starts_at").values_list("starts_at", "ends_at"))


def free(kind: AppointmentType, center: Location) -> list[datetime]:
    return [one.start for one in availability.find(SlotQuery(kind, center, TEN.date(), 1), now=NOW)]


# --- What counts as busy ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (("DTSTART:20261201T150000Z", "DTEND:20261201T153000Z"), [("2026-12-01T15:00", 30)]),
        (("DTSTART;TZID=America/New_York:20261201T100000", "DURATION:PT45M"), [("2026-12-01T15:00", 45)]),
        (("DTSTART:20261201T100000", "DTEND:20261201T110000"), [("2026-12-01T15:00", 60)]),  # on the provider's clock
        (("DTSTART;VALUE=DATE:20261201", "DTEND;VALUE=DATE:20261202"), [("2026-12-01T05:00", 24 * 60)]),
        (("DTSTART;VALUE=DATE:20261201", "CLASS:PRIVATE"), [("2026-12-01T05:00", 24 * 60)]),
        (("DTSTART:20261201T150000Z", "DTEND:20261201T153000Z", "TRANSP:TRANSPARENT"), []),
        (("DTSTART:20261201T150000Z", "DTEND:20261201T153000Z", "STATUS:CANCELLED"), []),
        (("DTSTART:20261201T150000Z", "DTEND:20261201T150000Z"), []),
        (
            ("DTSTART:20261201T150000Z", "DTEND:20261201T153000Z", "RRULE:FREQ=WEEKLY;COUNT=2"),
            [("2026-12-01T15:00", 30), ("2026-12-08T15:00", 30)],
        ),
    ],
)
def test_what_counts(own: BusyCalendar, file: File, lines: tuple[str, ...], found: list[tuple[str, int]]) -> None:
    file.text = calendar(event("x", lines[0], lines[1], *lines[2:]))
    assert external_calendars.refresh(own, now=NOW)
    wanted = [(datetime.fromisoformat(at).replace(tzinfo=UTC), minutes) for at, minutes in found]
    assert spans() == [(at, at + timedelta(minutes=minutes)) for at, minutes in wanted]


def test_busy_elsewhere_is_not_offered_and_names_nothing(
    own: BusyCalendar, file: File, kind: AppointmentType, center: Location, patient: Lead, client: Client
) -> None:
    file.text = calendar(AT_TEN)
    assert TEN in free(kind, center)
    external_calendars.refresh(own, now=NOW)
    assert TEN not in free(kind, center)
    with pytest.raises(SlotTaken):
        book(patient, kind)
    client.force_login(make_user("coordinator", email="c@example.org"))
    page = client.get(f"/admin/calendar/?day={TEN:%Y-%m-%d}").content.decode()
    assert (">Busy<" in page, SECRET in page) == (True, False)
    own.is_active = False
    own.save()
    assert TEN in free(kind, center)


def test_what_is_no_longer_busy_is_remembered_for_whoever_waits(
    own: BusyCalendar, file: File, kind: AppointmentType, patient: Lead
) -> None:
    file.text = calendar(AT_TEN)
    external_calendars.refresh(own, now=NOW)
    waitlist.join(patient, kind, booked=None, now=NOW)
    external_calendars.refresh(own, now=NOW)
    assert not FreedTime.objects.exists()
    file.text = calendar()
    external_calendars.refresh(own, now=NOW)
    assert [freed.start for freed in FreedTime.objects.all()] == [TEN]


# --- Failures --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [None, "<html>no calendar</html>", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", ""])
def test_the_last_good_answer_stays_and_the_trouble_is_shown(
    own: BusyCalendar, file: File, text: str | None, client: Client
) -> None:
    file.text = calendar(AT_TEN)
    assert external_calendars.refresh(own, now=NOW)
    file.text = text
    assert not external_calendars.refresh(own, now=NOW + timedelta(minutes=10))
    own.refresh_from_db()
    assert (own.good_at, bool(own.trouble), len(spans())) == (NOW, True, 1)
    client.force_login(make_user("coordinator", email="c@example.org"))
    page = client.get("/admin/calendar/").content.decode()
    assert own.trouble.split("(")[0] in page
    assert "secret.ics" not in page


@pytest.mark.parametrize("url", ["http://calendar.example.org/x.ics", "file:///etc/passwd", "ftp://127.0.0.1/x"])
def test_only_https_is_asked(provider: Resource, url: str) -> None:
    made = BusyCalendar.objects.create(resource=provider, url=url)
    assert not external_calendars.refresh(made, now=NOW)
    made.refresh_from_db()
    assert made.trouble == "The address has to begin with https://."


def test_each_is_asked_every_ten_minutes(own: BusyCalendar, file: File) -> None:
    file.text = calendar(AT_TEN)
    asked = [external_calendars.refresh_due(now=NOW + timedelta(minutes=minutes)) for minutes in (0, 5, 10)]
    assert (asked, len(file.asked)) == ([1, 0, 1], 2)


def test_the_address_is_a_secret(own: BusyCalendar, file: File, client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT url FROM scheduling_busycalendar")
        assert b"secret.ics" not in bytes(cursor.fetchone()[0])
    client.force_login(make_user("administrator", email="a@example.org"))
    page = client.get(f"/admin/scheduling/resource/{own.resource_id}/change/").content.decode()
    assert ("own calendars" in page.lower(), "secret.ics" in page) == (True, False)


# --- CalDAV ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def dav(tmp_path: Path) -> Iterator[DavServer]:
    with radicale(tmp_path) as server:
        yield server


def test_a_caldav_server_is_read(dav: DavServer, provider: Resource, kind: AppointmentType, center: Location) -> None:
    dav.put("one", calendar(AT_TEN))
    weekly = event("two", "DTSTART:20261124T160000Z", "DTEND:20261124T163000Z", "RRULE:FREQ=WEEKLY")
    dav.put("two", calendar(weekly))
    made = BusyCalendar.objects.create(
        resource=provider, kind=BusyKind.CALDAV, url=dav.url, user=USER, password=PASSWORD
    )
    assert external_calendars.refresh(made, now=NOW)
    assert {TEN, TEN + 2 * HALF_HOUR} & set(free(kind, center)) == set()
    assert len(spans()) > 10

    wrong = BusyCalendar.objects.create(resource=provider, kind=BusyKind.CALDAV, url=dav.url, user=USER, password="no")
    assert not external_calendars.refresh(wrong, now=NOW)
    wrong.refresh_from_db()
    assert "does not answer as it should" in wrong.trouble


@pytest.mark.parametrize("to", ["http://calendar.example.org/x.ics", "ftp://127.0.0.1/x"])
def test_it_is_not_sent_to_where_it_would_not_go_itself(own: BusyCalendar, file: File, to: str) -> None:
    file.to = to
    assert not external_calendars.refresh(own, now=NOW)
    own.refresh_from_db()
    assert own.trouble == "The address has to begin with https://."


# --- Entered at the desk ---------------------------------------------------------------------------------------------


@pytest.fixture
def office(client: Client) -> Client:
    client.force_login(make_user("administrator", email="a@example.org"))
    return client


def save(office: Client, provider: Resource, row: dict[str, str]) -> Any:
    """The page of a resource, with one row of its own calendars."""
    rule = provider.rules.get()
    page = {
        "kind": "provider", "name": provider.name, "location": str(provider.location_id), "timezone": provider.timezone,
        "is_active": "on", "position": "0",
        "rules-TOTAL_FORMS": "1", "rules-INITIAL_FORMS": "1", "rules-0-id": str(rule.pk),
        "rules-0-resource": str(provider.pk), "rules-0-weekdays": ["0", "1", "2", "3", "4"],
        "rules-0-start": "09:00", "rules-0-end": "17:00",
        "busy_calendars-TOTAL_FORMS": "1", "busy_calendars-INITIAL_FORMS": "1" if "id" in row else "0",
        "busy_calendars-0-resource": str(provider.pk), "busy_calendars-0-is_active": "on",
    }  # fmt: skip
    sent = page | {f"busy_calendars-0-{name}": value for name, value in row.items()}
    return office.post(f"/admin/scheduling/resource/{provider.pk}/change/", sent)


def test_an_own_calendar_is_entered_and_its_secrets_are_never_shown(office: Client, provider: Resource) -> None:
    row = {"kind": "caldav", "url": "https://dav.example.org/me/", "user": "me", "password": "secret-word"}
    answer = save(office, provider, row)
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    made = BusyCalendar.objects.get()
    assert (made.url, made.password) == ("https://dav.example.org/me/", "secret-word")
    page = office.get(f"/admin/scheduling/resource/{provider.pk}/change/").content.decode()
    assert ("dav.example.org" in page, "secret-word" in page) == (False, False)
    again = {"id": str(made.pk), "kind": "caldav", "url": "", "user": "me", "password": ""}
    assert save(office, provider, again).status_code == 302
    kept = BusyCalendar.objects.get()
    assert (kept.url, kept.password) == ("https://dav.example.org/me/", "secret-word")


@pytest.mark.parametrize("url", ["http://calendar.example.org/x.ics", "calendar.example.org", "https://[::1/x.ics"])
def test_an_address_that_is_never_asked_is_not_taken(office: Client, provider: Resource, url: str) -> None:
    answer = save(office, provider, {"kind": "ics", "url": url, "user": "", "password": ""})
    page = answer.content.decode()
    assert (answer.status_code, "has to begin with https" in page or "That is no address" in page) == (200, True)
    assert not BusyCalendar.objects.exists()


def test_a_password_goes_to_no_other_address(office: Client, provider: Resource) -> None:
    save(office, provider, {"kind": "caldav", "url": "https://dav.example.org/", "user": "me", "password": "secret"})
    made = BusyCalendar.objects.get()
    row = {"id": str(made.pk), "kind": "caldav", "url": "https://thief.example.org/", "user": "me", "password": ""}
    answer = save(office, provider, row)
    assert (answer.status_code, "write the password again" in answer.content.decode()) == (200, True)
    assert BusyCalendar.objects.get().url == "https://dav.example.org/"


# --- Odd calendars ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", ["https://calendar.example.org/a b.ics", "https://[::1/x.ics", "https://x:notaport/x"])
def test_a_bad_address_is_that_calendars_trouble_alone(provider: Resource, url: str) -> None:
    bad = BusyCalendar.objects.create(resource=provider, url=url)
    external_calendars.refresh_due(now=NOW)
    bad.refresh_from_db()
    assert bad.trouble


@pytest.mark.parametrize(
    "lines",
    [
        ("DTSTART:20261201T150000Z", "DURATION:P9999999D"),
        ("DTSTART:20261201T150000Z", "DURATION:PT1M", "RRULE:FREQ=MINUTELY"),
        ("DTSTART:20261201T150000Z", "DURATION:PT1M", "RRULE:FREQ=HOURLY;INTERVAL=0"),
        ("DTSTART:20261201T150000Z", "DURATION:PT1M", "RRULE:FREQ=DAILY;INTERVAL=0"),
        ("DTSTART:20261201T150000Z", "DURATION:PT1M", "RRULE:FREQ=DAILY;INTER\r\n VAL=0"),
    ],
)
def test_what_never_ends_is_said_and_not_worked_out(
    provider: Resource, lines: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(external_calendars, "_fetched", lambda _url: calendar(event("x", *lines)))
    odd = BusyCalendar.objects.create(resource=provider, url="https://calendar.example.org/odd.ics")
    external_calendars.refresh(odd, now=NOW)
    odd.refresh_from_db()
    assert (bool(odd.trouble or odd.left_out), BusySpan.objects.count()) == (True, 0)
