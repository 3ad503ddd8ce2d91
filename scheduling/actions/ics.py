"""Appointments as calendar objects: RFC 5545, with the methods of RFC 5546. Titles are neutral: calendars are shared.

One UID for life, and a SEQUENCE that rises, so that programs replace what they have; UTC throughout.
"""

from datetime import datetime

from django.utils.translation import gettext, override
from icalendar import Calendar, Event, vCalAddress, vText

from scheduling.enums import Mode, Status
from scheduling.models import Appointment


def as_text(appointment: Appointment, *, now: datetime, attendee: str = "") -> str:
    """Return the appointment as iCalendar text: a REQUEST to `attendee`, a PUBLISH when there is none (RFC 5546 3.2.1,
    3.2.2), or a CANCEL when it is canceled."""
    method = "REQUEST" if attendee else "PUBLISH"
    calendar = _empty("CANCEL" if appointment.status == Status.CANCELLED else method)
    calendar.add_component(event(appointment, now=now, attendee=attendee))
    return str(calendar.to_ical().decode())


def published(found: list[Appointment], *, name: str, now: datetime) -> str:
    """Return many appointments as one calendar to subscribe to: their kinds and times, and no patient's name."""
    calendar = _empty("PUBLISH")
    calendar.add("x-wr-calname", name)
    for made in found:
        one = Event()
        one.add("summary", made.kind.label)
        one.add("uid", made.calendar_uid)
        one.add("sequence", made.version - 1)
        one.add("dtstamp", now)
        one.add("dtstart", made.starts_at)
        one.add("dtend", made.ends_at)
        calendar.add_component(one)
    return str(calendar.to_ical().decode())


def event(appointment: Appointment, *, now: datetime, attendee: str = "") -> Event:
    """Return the appointment as a calendar event, without the patient's name and without what it is about."""
    center = appointment.location
    made = Event()
    with override(appointment.lead.language):
        made.add("summary", gettext("Appointment at %(center)s") % {"center": center.short_name})
        if appointment.kind.mode == Mode.PHONE:
            made.add("location", gettext("By telephone: we call you"))
        else:
            made.add("location", ", ".join(center.address_lines))
    made.add("uid", appointment.calendar_uid)
    made.add("sequence", appointment.version - 1)
    made.add("dtstamp", now)
    made.add("dtstart", appointment.starts_at)
    made.add("dtend", appointment.ends_at)
    made.add("status", "CANCELLED" if appointment.status == Status.CANCELLED else "CONFIRMED")
    made.add("class", "PRIVATE")
    organizer = vCalAddress(f"mailto:{center.reply_email or center.sender_email}")  # where calendars answer to
    organizer.params["cn"] = vText(center.short_name)
    made["organizer"] = organizer
    if attendee:
        made.add("attendee", vCalAddress(f"mailto:{attendee}"))
    return made


def _empty(method: str) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", "-//Nucleus//Scheduling//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    return calendar
