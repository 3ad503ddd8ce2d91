"""Scheduling's tables: resources and their rules, what can be booked, appointments and claims, the waitlist."""

from scheduling.models.appointment import Appointment, Claim
from scheduling.models.busy import BusyCalendar, BusySpan
from scheduling.models.feed import CalendarFeed
from scheduling.models.kind import AppointmentType
from scheduling.models.resource import Resource, ScheduleException, WeeklyRule
from scheduling.models.waitlist import FreedTime, WaitlistEntry

__all__ = [
    "Appointment",
    "AppointmentType",
    "BusyCalendar",
    "BusySpan",
    "CalendarFeed",
    "Claim",
    "FreedTime",
    "Resource",
    "ScheduleException",
    "WaitlistEntry",
    "WeeklyRule",
]
