"""The text of a calendar (RFC 5545), cut into entries: only what tells when somebody is busy is kept.

Programs write strange things beside it (places, alarms, priorities), and one of those must not end the calendar.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from icalendar import Timezone

from scheduling.rules import zone_names

IS_FREE, WHOLE_DAYS = "X-NUCLEUS-FREE", "X-NUCLEUS-WHOLE-DAYS"  # our own marks on an entry
_DATES = {"DTSTART", "DTEND", "RECURRENCE-ID", "EXDATE", "RDATE"}
_KEPT = _DATES | {"DURATION", "RRULE", "EXRULE", "SEQUENCE", "FREEBUSY"}
LONGEST_NUMBER = 10
_NAME = re.compile(r"[A-Za-z0-9-]+(?=[;:])")
_TZID = re.compile(r';TZID=("[^"]*"|[^;]*)', re.IGNORECASE)


class NoCalendar(Exception):
    """The text is none of a calendar, or breaks off within an entry."""


@dataclass
class CalendarEntry:
    """An event, or a list of busy times. `lines` are what is kept of it; `zones` the ones that nobody knows."""

    name: str
    uid: str = ""
    lines: list[str] = field(default_factory=list)
    unknown_zones: set[str] = field(default_factory=set)
    is_free: bool = False

    def line(self, name: str) -> str | None:
        return next((line for line in self.lines if _name_of(line) == name), None)

    @property
    def version(self) -> int:
        """Return its SEQUENCE; 0 where it says none that is a number."""
        said = (self.line("SEQUENCE") or "").rpartition(":")[2].strip()
        return int(said) if said.isdecimal() and len(said) < LONGEST_NUMBER else 0


@dataclass
class CalendarPart:
    """One VCALENDAR: its zones by name, as text, and its entries. A file may hold several."""

    zones: dict[str, str] = field(default_factory=dict)
    entries: list[CalendarEntry] = field(default_factory=list)


def parts_of(text: str) -> list[CalendarPart]:
    """Return the calendars in a text. Whatever follows their end is left out. Raises NoCalendar."""
    lines = _unfolded(text)
    parts = [_part(lines) for line in lines if line.upper().strip() == "BEGIN:VCALENDAR"]
    if not parts:
        raise NoCalendar
    return parts


def _unfolded(text: str) -> Iterator[str]:
    """Yield the lines, whatever ends them, each with what was continued on the next ones."""
    whole = text.replace("\r\n", "\n").replace("\r", "\n")
    return iter(re.sub(r"\n[ \t]", "", whole).split("\n"))


def _part(lines: Iterator[str]) -> CalendarPart:
    part, raw = CalendarPart(), []
    for line in lines:
        begun = line.upper().strip()
        if begun == "END:VCALENDAR":
            break
        if begun == "BEGIN:VTIMEZONE":
            name, zone = _zone(line, lines)
            if _is_sound(zone):
                part.zones.setdefault(name, zone)
        elif begun in {"BEGIN:VEVENT", "BEGIN:VFREEBUSY"}:
            raw.append((begun.removeprefix("BEGIN:"), list(_until_end(begun, lines))))
    part.entries = [_entry(name, kept, part.zones) for name, kept in raw]  # zones may stand behind their events
    return part


def _until_end(begun: str, lines: Iterator[str]) -> Iterator[str]:
    """Yield the lines of an entry without those nested in it (alarms). An entry in an entry is no calendar:
    NoCalendar."""
    inner: list[str] = []
    for line in lines:
        word = line.upper().strip()
        if word in {begun, "END:VCALENDAR"}:
            raise NoCalendar
        if word.startswith("BEGIN:"):
            inner.append(word.removeprefix("BEGIN:"))
        elif inner:
            if word == f"END:{inner[-1]}":
                inner.pop()
        elif word.startswith("END:"):
            return
        else:
            yield line
    raise NoCalendar


def _zone(first: str, lines: Iterator[str]) -> tuple[str, str]:
    found, name = [first], ""
    for line in lines:
        found.append(line)
        if line.upper().startswith("TZID:") and not name:
            name = line[5:].strip()
        if line.upper().strip() == "END:VTIMEZONE":
            return name, "\r\n".join(found)
    raise NoCalendar


def _is_sound(zone: str) -> bool:
    try:
        Timezone.from_ical(zone).to_tz()  # type: ignore[attr-defined]  # it gives what it was asked for
    except MemoryError:
        raise
    except Exception:  # a strange one breaks the parser in any way it likes: then its name has to do
        return False
    return True


def _name_of(line: str) -> str:
    found = _NAME.match(line)
    return found[0].upper() if found else ""


def _entry(name: str, lines: list[str], zones: dict[str, str]) -> CalendarEntry:
    entry = CalendarEntry(name, is_free=_is_free(lines))
    for line in lines:
        is_called = _name_of(line)
        if is_called == "UID":
            entry.uid = line.partition(":")[2].strip()
        elif is_called in _DATES and not line.endswith(":"):
            entry.lines.append(_on_known_clock(line, zones, entry))
        elif is_called in _KEPT and not line.endswith(":"):
            entry.lines.append(line)
    if entry.is_free:
        entry.lines.append(f"{IS_FREE}:TRUE")
    if entry.unknown_zones:
        entry.lines.append(f"{WHOLE_DAYS}:TRUE")
    return entry


def _is_free(lines: list[str]) -> bool:
    """Tell whether it takes none of the person's time: called off, marked as free (Outlook has a line of its own for
    it), or declined by everybody who was asked."""
    said = {_name_of(line): line.rpartition(":")[2].strip().upper() for line in lines}
    asked = [line.upper() for line in lines if _name_of(line) == "ATTENDEE"]
    return (
        said.get("STATUS") == "CANCELLED"
        or said.get("TRANSP") == "TRANSPARENT"
        or said.get("X-MICROSOFT-CDO-BUSYSTATUS") in {"FREE", "WORKINGELSEWHERE"}
        or (bool(asked) and all("PARTSTAT=DECLINED" in line for line in asked))
    )


def _on_known_clock(line: str, zones: dict[str, str], entry: CalendarEntry) -> str:
    """Return the line with a zone that can be found, or with none when the zone is unknown."""
    head, _, value = line.rpartition(":")  # no date holds a colon, but names of zones do
    found = _TZID.search(head)
    if found is None:
        return line
    name = found[1].strip('"')
    known = name if name in zones else zone_names.known_as(name)
    if known is None:
        entry.unknown_zones.add(name)
    clock = f';TZID="{known}"' if known else ""
    return f"{head[: found.start()]}{clock}:{value}" if ":" in found[1] else f"{_TZID.sub(clock, head)}:{value}"
