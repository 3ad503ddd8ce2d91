"""Appointments from the calendar that a center used before: a table as CSV, a row an appointment.

Columns: `patient` (a reference or an e-mail address), `type` (its key), `provider` (a name), `start` (2026-12-01T10:00,
on the center's clock). Each row goes through the same door as every booking. What is outside of open hours or beside
another appointment is real all the same: it is over-booked, and says so. The same file again changes nothing.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import transaction

from crm.models import Lead, User
from scheduling.actions import booking
from scheduling.actions.booking import Booking
from scheduling.actions.errors import BookingRefused, SlotTaken
from scheduling.enums import ResourceKind
from scheduling.models import Appointment, AppointmentType, Resource
from scheduling.rules import wall_clock
from scheduling.rules.import_table import TableRow, lines_of

COLUMNS = ["patient", "type", "provider", "start"]
REASON = "Brought from the calendar before this one"
_REFERENCE = re.compile(r"([A-Z0-9]{4})[\s-]?([A-Z0-9]{4})")
_HOW = "Write it like 2026-12-01T10:00."


class BadRow(ValueError):
    """Says what is wrong with a row and what to do."""


@dataclass(frozen=True)
class ImportedRow:
    """What became of a row: `done` is "booked", "over-booked" or "there already"; "" when it was refused."""

    line: int
    done: str
    words: str


def bring_in(
    body: bytes, *, by: User, now: datetime, all_or_nothing: bool = False, is_trial: bool = False
) -> list[ImportedRow]:
    """Book the rows of a table, each in a transaction of its own, and return what became of each.

    `all_or_nothing`: when one is refused, none is booked. `is_trial`: everything is tried and nothing is kept. Raises
    NoTable. Patients know of these appointments: they get reminders and no confirmation.
    """
    if not (all_or_nothing or is_trial):
        return [_tried(line, by=by, now=now) for line in lines_of(body, COLUMNS)]
    with transaction.atomic():
        told = [_tried(line, by=by, now=now) for line in lines_of(body, COLUMNS)]
        if is_trial or not all(one.done for one in told):
            transaction.set_rollback(True)
    return told


def _tried(line: TableRow, *, by: User, now: datetime) -> ImportedRow:
    if line.wrong:
        return ImportedRow(line.number, "", line.wrong)
    try:
        with transaction.atomic():
            return _row(line.cells, line.number, by=by, now=now)
    except (BadRow, BookingRefused) as refused:
        return ImportedRow(line.number, "", str(refused))


def _row(row: dict[str, str], number: int, *, by: User, now: datetime) -> ImportedRow:
    lead = _lead(row["patient"], by)
    kind = AppointmentType.objects.filter(key=row["type"]).first()
    if kind is None:
        raise BadRow(f"There is no appointment type “{row['type']}”.")
    provider = _provider(row["provider"], lead)
    start = _start(row["start"], lead, now=now)
    name = uuid5(NAMESPACE_URL, f"appointment:{lead.pk}:{kind.key}:{provider}:{start.isoformat()}")
    if Appointment.objects.filter(request_id=name).exists():
        return ImportedRow(number, "there already", "")
    wanted = Booking(lead, kind, start, name, f"import:{name}", by=by, provider=provider, is_known=True)
    try:
        made, done = booking.book(wanted, now=now), "booked"
    except SlotTaken:
        made, done = booking.book(wanted.over_others(REASON), now=now), "over-booked"
    return ImportedRow(number, done, f"{made}, {made.provider}")


def _lead(text: str, by: User) -> Lead:
    written = _REFERENCE.fullmatch(text.upper())
    reference = "-".join(written.groups()) if written else text.upper()
    leads = Lead.objects.select_related("location")
    found = list((leads.with_address(text) if "@" in text else leads.filter(reference=reference))[:2])
    if len(found) != 1:
        how = "Nobody has" if not found else "Several people have"
        raise BadRow(f"{how} the reference or address “{text}”. Make the lead first, or write its reference.")
    if not leads.visible_to(by).filter(pk=found[0].pk).exists():
        raise BadRow(f"“{text}” is a lead of {found[0].location}, and {by} does not work there.")
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
        raise BadRow(f"“{text}” is no time. {_HOW}") from None
    if not re.search(r"[Tt ]\d", text):
        raise BadRow(f"“{text}” has no time of day. {_HOW}")
    if not now.year - 1 <= start.year <= now.year + 10:
        raise BadRow(f"{text} is {'past' if start.year < now.year else 'too far off'}: check the year.")
    if not start.tzinfo:
        start = _on_the_clock(start, lead)
    if start <= now:
        raise BadRow(f"{text} is past: only what is to come is brought in.")
    return start


def _on_the_clock(start: datetime, lead: Lead) -> datetime:
    zone = lead.location.zone
    if wall_clock.local(wall_clock.instant(start, zone, is_end=False), zone).replace(tzinfo=None) != start:
        raise BadRow(f"Clocks in {lead.location} skip {start:%H:%M} on that day. Write the time that they show.")
    if wall_clock.comes_twice(start, zone):
        raise BadRow(f"{start:%H:%M} comes twice on that day. Add which one is meant, such as -04:00 or -05:00.")
    return start.replace(tzinfo=zone)
