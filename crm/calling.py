"""Whether somebody may be called at this moment: their local hour, the centre's days, and what they asked for."""

from dataclasses import dataclass
from datetime import datetime

from crm.clocks import clock_of
from crm.models import Lead
from crm.sequences.timing import CALL_HOURS, into_window


@dataclass(frozen=True)
class Advice:
    """`why`: the reason against it, in a few words."""

    allowed: bool
    why: str = ""


def advice(lead: Lead, *, do_not_call: bool, now: datetime) -> Advice:
    """For a lead whose location is loaded. Narrower than the law's 08:00 to 21:00 (47 CFR 64.1200(c)(1))."""
    if not lead.phone:
        return Advice(False, "no telephone number")
    if do_not_call:
        return Advice(False, "asked not to be called")
    clock = clock_of(lead)
    opens = into_window(now, clock, hours=CALL_HOURS, allowed=clock.may_call)
    if opens > now:
        return Advice(False, f"call from {opens.astimezone(clock.zone):%a %-I:%M %p} their time")
    return Advice(True)
