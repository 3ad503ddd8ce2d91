"""The wall clock where a lead lives, with the days on which their centre opens."""

from datetime import date
from zoneinfo import ZoneInfo

from crm.clinic_hours import DAYS
from crm.models import Lead
from crm.sequences.timing import Clock


def clock_of(lead: Lead) -> Clock:
    """Of a lead whose location is loaded."""
    centre = lead.location
    return Clock(
        ZoneInfo(lead.timezone),
        frozenset(map(date.fromisoformat, centre.holidays)),
        frozenset(DAYS.index(day) for day in centre.hours),
        {"recheck_on": lead.recheck_on, "wake_up_on": lead.wake_up_on},
    )
