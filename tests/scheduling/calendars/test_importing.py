"""Appointments from the calendar that a center used before."""

import json
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from crm.enums.leads import Stage
from crm.models import Lead, Location, Message, User
from scheduling.actions import booking
from scheduling.actions.errors import SlotTaken
from scheduling.enums import ClaimState
from scheduling.models import Appointment, AppointmentType, Resource
from tests.factories import make_location, make_user
from tests.scheduling.factories import make_patient, wish

pytestmark = pytest.mark.django_db
HEAD = "patient,type,provider,start\n"


@pytest.fixture
def by(db: None) -> User:
    return make_user("lead_coordinator", email="lee@example.org")


def run(tmp_path: Path, text: str | bytes, **options: bool) -> str:
    file, out = tmp_path / "old.csv", StringIO()
    file.write_bytes(text if isinstance(text, bytes) else (HEAD + text).encode())
    try:
        call_command("import_appointments", str(file), by="lee@example.org", stdout=out, **options)
    except CommandError as refused:
        return f"{out.getvalue()}{refused}"
    return out.getvalue()


def at(center: Location, hour: int) -> str:
    """A Tuesday in two weeks or so, on the center's clock."""
    today = timezone.now().astimezone(center.zone)
    return f"{today + timedelta(days=14 + (1 - today.weekday()) % 7):%Y-%m-%d}T{hour:02}:00"


def test_rows_become_appointments_once(
    tmp_path: Path, by: User, patient: Lead, center: Location, kind: AppointmentType, provider: Resource
) -> None:
    other = make_patient(center, email="second@example.org")
    start = at(center, 10)
    where = f"{kind.key},{provider.name},{start}"
    rows = f"{patient.reference},{where}\nsecond@example.org,{where}\n"
    told = run(tmp_path, rows)
    assert "1 booked, 1 over-booked" in told
    first, second = (Appointment.objects.get(lead=one) for one in (patient, other))
    assert (first.is_extra, second.is_extra, first.booked_by) == (False, True, by)
    assert sorted(first.claims.values_list("state", flat=True)) == [ClaimState.BOOKED]
    assert f"{first.starts_at.astimezone(center.zone):%Y-%m-%dT%H:%M}" == start
    patient.refresh_from_db()
    assert patient.stage == Stage.BOOKED
    assert set(Message.objects.values_list("name", flat=True)) == {"appointment_reminder"}
    assert "2 there already" in run(tmp_path, rows)
    assert Appointment.objects.count() == 2


def test_a_bad_row_says_what_is_wrong_and_stops_no_other(
    tmp_path: Path, by: User, patient: Lead, center: Location, kind: AppointmentType, provider: Resource
) -> None:
    start, mine = at(center, 9), patient.reference
    told = run(
        tmp_path,
        f"nobody@example.org,{kind.key},{provider.name},{start}\n{mine},nonsense,{provider.name},{start}\n"
        f"{mine},{kind.key},Dr. Nobody,{start}\n{mine},{kind.key},{provider.name},tomorrow\n"
        f"{mine},{kind.key},{provider.name},2020-01-01T10:00\n{mine},{kind.key},{provider.name},{start}\n",
    )
    for words in (
        "line 2: REFUSED: Nobody has the reference or address “nobody@example.org”.",
        "line 3: REFUSED: There is no appointment type “nonsense”.",
        "line 4: REFUSED: “Dr. Nobody” is no provider at",
        "line 5: REFUSED: “tomorrow” is no time. Write it like 2026-12-01T10:00.",
        "line 6: REFUSED: 2020-01-01T10:00 is past",
        "line 7: booked:",
        "Mend what was refused and run it again",
    ):
        assert words in told
    assert Appointment.objects.count() == 1


def test_a_file_without_its_columns_and_a_stranger_are_refused(tmp_path: Path, by: User) -> None:
    file = tmp_path / "x.csv"
    file.write_text("name,when\n")
    with pytest.raises(CommandError, match="Missing: patient, type, provider, start"):
        call_command("import_appointments", str(file), by="lee@example.org")
    with pytest.raises(CommandError, match="may not book"):
        call_command("import_appointments", str(file), by="nobody@example.org")


def test_what_cannot_be_over_booked_by_that_person_is_refused(
    tmp_path: Path, patient: Lead, center: Location, kind: AppointmentType, provider: Resource
) -> None:
    make_user("coordinator", email="lee@example.org")
    assert "You may not book over what is taken." in run(
        tmp_path, f"{patient.reference},{kind.key},{provider.name},{at(center, 3)}\n"
    )
    assert not Appointment.objects.exists()


def test_a_time_off_the_grid_is_taken_from_all_others(
    tmp_path: Path, by: User, patient: Lead, center: Location, kind: AppointmentType, provider: Resource
) -> None:
    odd = at(center, 10).replace(":00", ":10")
    assert "1 over-booked" in run(tmp_path, f"{patient.reference},{kind.key},{provider.name},{odd}\n")
    start = datetime.fromisoformat(at(center, 10)).replace(tzinfo=center.zone)
    with pytest.raises(SlotTaken):
        booking.book(wish(make_patient(center, email="x@example.org"), kind, start), now=timezone.now())


# --- However a spreadsheet has written it ----------------------------------------------------------------------------


@pytest.fixture
def row(by: User, patient: Lead, center: Location, kind: AppointmentType, provider: Resource) -> str:
    provider.name = "Dr. José Example"
    provider.save()
    return f"{patient.reference},{kind.key},{provider.name},{at(center, 10)}\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("by_sign", [",", ";", "\t"])
def test_a_table_is_read_however_it_is_written(tmp_path: Path, row: str, encoding: str, by_sign: str) -> None:
    text = "Start,Patient, TYPE ,Provider,Remark\r\n" + ",".join([row.split(",")[3].strip(), *row.split(",")[:3]])
    assert "1 booked" in run(tmp_path, (text.replace(",", by_sign) + "\r\n\r\n").encode(encoding))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize(("told", "by_sign"), [("sep=;", ";"), ('"SEP=\t"', "\t"), ("sep=,", ";"), ("sep=^", "^")])
def test_the_line_that_names_the_separator_to_excel_is_no_head(
    tmp_path: Path, row: str, encoding: str, told: str, by_sign: str
) -> None:
    text = f"{HEAD}{row}".replace(",", by_sign).replace("\n", "\r\n")
    assert "line 2: booked" in run(tmp_path, f"{told}\r\n{text}".encode(encoding))


def test_a_reference_needs_no_dash(tmp_path: Path, row: str) -> None:
    assert "1 booked" in run(
        tmp_path, row.replace("-", "", 1).lower().replace("dr. josé example", "Dr. José Example", 1)
    )


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("2031-12-11", "“2031-12-11” has no time of day. Write it like 2026-12-01T10:00."),
        ("20311211", "has no time of day"),
        ("12/11/2031 10:00 AM", "is no time"),
        ("9999-12-31T23:00", "is too far off"),
        ("2031-03-09T02:30", "skip 02:30 on that day"),
        ("2031-11-02T01:30", "01:30 comes twice on that day. Add which one is meant, such as -04:00"),
    ],
)
def test_a_time_that_is_none_is_refused_and_the_rows_after_it_are_booked(
    tmp_path: Path, row: str, cell: str, words: str
) -> None:
    before, _, _ = row.rpartition(",")
    told = run(tmp_path, f"{before},{cell}\n{row}")
    assert (words in told, "line 3: booked" in told, Appointment.objects.count()) == (True, True, 1)


@pytest.mark.parametrize("wrong", ["Dr.\0 Example", "Dr. \ufffd Example"])
def test_signs_that_nobody_sees_are_named(tmp_path: Path, row: str, wrong: str) -> None:
    told = run(tmp_path, row.replace("Dr. José Example", wrong) + row)
    assert ("line 2: REFUSED: It has" in told, "line 3: booked" in told) == (True, True)


def test_nobody_brings_in_what_is_of_another_location(tmp_path: Path, row: str, by: User) -> None:
    """Whoever is named could not see what was booked in their name."""
    by.locations.add(make_location(name="Harbor Center", position=9))
    assert "does not work there" in run(tmp_path, row)
    assert not Appointment.objects.exists()


@pytest.mark.parametrize("rows_below", [2, 5_000])
def test_a_quotation_mark_that_is_never_closed_is_named(tmp_path: Path, row: str, rows_below: int) -> None:
    """Whatever number of rows it swallows: those above it are told and booked."""
    told = run(tmp_path, row + row.replace("Dr.", '"Dr.') + row * rows_below)
    assert ("line 2: booked" in told, "line 3: REFUSED: A quotation mark" in told) == (True, True)
    assert "were not read" in told


def test_all_or_nothing_books_none_when_one_is_refused(tmp_path: Path, row: str) -> None:
    bad = row.replace("José", "Nobody")
    assert "Nothing was booked." in run(tmp_path, row + bad, all_or_nothing=True)
    assert (Appointment.objects.count(), Message.objects.count()) == (0, 0)
    assert "1 booked" in run(tmp_path, row, all_or_nothing=True)


def test_a_trial_books_nothing_and_tells_each_row(tmp_path: Path, row: str) -> None:
    file, out = tmp_path / "old.csv", StringIO()
    file.write_text(HEAD + row + row + row.replace("José", "Nobody"))
    with pytest.raises(SystemExit):
        call_command("import_appointments", str(file), by="lee@example.org", stdout=out, dry_run=True, json=True)
    told = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [(one["row"], one["ok"], bool(one["reason"])) for one in told] == [
        (2, True, False), (3, True, False), (4, False, True),
    ]  # fmt: skip
    assert not Appointment.objects.exists()
