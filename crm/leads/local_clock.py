"""The wall clock where a lead lives, with the days on which their center opens."""

from zoneinfo import ZoneInfo

from crm.models import Lead
from crm.sequences.timing import Clock


def clock_of(lead: Lead) -> Clock:
    """Return the clock of a lead whose location is loaded."""
    dates = {"recheck_on": lead.recheck_on, "wake_up_on": lead.wake_up_on}
    return Clock(ZoneInfo(lead.timezone), lead.location.days_off, lead.location.open_weekdays, dates)
