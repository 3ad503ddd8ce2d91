"""What the rules say of a lead today, for pages and papers: computed when they are made, and never written."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from crm.models import Lead
from intake import assessments, flags, gaps, record
from intake.models import Assessment

COMPARED = ("outcome", "rule", "flags")


@dataclass(frozen=True)
class Today:
    """`computed` is not saved. `stored`: the latest that is, which may be of another day."""

    on: date
    computed: Assessment
    stored: Assessment

    @property
    def differs(self) -> bool:
        """Whether the stored one tells something else: time has passed since."""
        return any(getattr(self.computed, name) != getattr(self.stored, name) for name in COMPARED)


def of_lead(lead: Lead, *, now: datetime) -> Today | None:
    """None before anything was assessed. Ten queries, and no write."""
    stored = assessments.latest(lead)
    if stored is None:
        return None
    told = record.told_by(lead)
    snapshot = record.snapshot_of(lead, told.answers, now=now)
    remarks = [*flags.of_lead(lead, told.answers, now=now), *gaps.of_lead(lead, told, now=now).flags]
    made = assessments.make(lead, snapshot, cause="Time passed", now=now, more_flags=remarks)
    return Today(now.astimezone(ZoneInfo(lead.timezone)).date(), made, stored)
