"""Appointments from the calendar that a centre used before: a table as CSV, a row an appointment.

Columns: `patient` (a reference or an e-mail address), `type` (its key), `provider` (a name), `start` (2026-12-01T10:00,
on the centre's clock). Each row goes through the same door as every booking. What is outside of open hours or beside
another appointment is real all the same: it is over-booked, and says so. The same file again changes nothing.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from crm.models import Lead, User
from scheduling.actions import booking
from scheduling.actions.booking import Booking
from scheduling.enums import ResourceKind
from scheduling.errors import BookingRefused, SlotTaken
from scheduling.models import Appointment, AppointmentType, Resource

COLUMNS = ["patient", "type", "provider", "start"]
REASON = "Brought from the calendar before this one"


class BadRow(ValueError):
    """Says what is wrong with a row and what to do."""


@dataclass(frozen=True)
class Told:
    """What became of a row: `done` is "booked", "over-booked" or "there already"; "" when it was refused."""

    line: int
    done: str
    words: str


def bring_in(lines: Iterable[str], *, by: User, now: datetime) -> Iterator[Told]:
    """Books row by row, each in a transaction of its own. Raises BadRow when columns are missing.

    Patients know of these appointments: they get reminders and no confirmation.
    """
    table = csv.DictReader(lines)
    missing = [name for name in COLUMNS if name not in (table.fieldnames or [])]
    if missing:
        raise BadRow(f"The first line must name the columns {', '.join(COLUMNS)}. Missing: {', '.join(missing)}.")
    for number, row in enumerate(table, start=2):
        try:
            yield _row({name: (row[name] or "").strip() for name in COLUMNS}, number, by=by, now=now)
        except (BadRow, BookingRefused) as refused:
            yield Told(number, "", str(refused))


def _row(row: dict[str, str], number: int, *, by: User, now: datetime) -> Told:
    lead = _lead(row["patient"])
    kind = AppointmentType.objects.filter(key=row["type"]).first()
    if kind is None:
        raise BadRow(f"There is no appointment type “{row['type']}”.")
    provider = _provider(row["provider"], lead)
    start = _start(row["start"], lead, now=now)
    name = uuid5(NAMESPACE_URL, f"appointment:{lead.pk}:{kind.key}:{provider}:{start.isoformat()}")
    if Appointment.objects.filter(request_id=name).exists():
        return Told(number, "there already", "")
    wanted = Booking(lead, kind, start, name, f"import:{name}", by=by, provider=provider, is_known=True)
    try:
        made, done = booking.book(wanted, now=now), "booked"
    except SlotTaken:
        made, done = booking.book(wanted.over_others(REASON), now=now), "over-booked"
    return Told(number, done, f"{made}, {made.provider}")


def _lead(text: str) -> Lead:
    by = {"email__iexact": text} if "@" in text else {"reference": text.upper()}
    found = list(Lead.objects.select_related("location").filter(**by)[:2])
    if len(found) != 1:
        how = "Nobody has" if not found else "Several people have"
        raise BadRow(f"{how} the reference or address “{text}”. Make the lead first, or write its reference.")
    return found[0]


def _provider(name: str, lead: Lead) -> UUID:
    theirs = Resource.objects.filter(
        kind=ResourceKind.PROVIDER, location=lead.location, name__iexact=name, is_active=True
    )
    found = theirs.first()
    if found is None:
        raise BadRow(f"“{name}” is no provider at {lead.location}.")
    return found.pk


def _start(text: str, lead: Lead, *, now: datetime) -> datetime:
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        raise BadRow(f"“{text}” is no time. Write it like 2026-12-01T10:00.") from None
    start = start if start.tzinfo else start.replace(tzinfo=lead.location.zone)
    if start <= now:
        raise BadRow(f"{text} is past: only what is to come is brought in.")
    return start
