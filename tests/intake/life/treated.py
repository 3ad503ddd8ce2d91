"""One treatment as a careful reader knows it."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass
class Treated:
    """The columns that its page and the desk show. `verified`: somebody has compared it. `disputed`: the number of
    sessions that the patient says against what was verified, "never" that it was not; "" when nothing is. `shown`: the
    patient has sent its page. `told_since`: the sessions come from the patient, since it was verified."""

    kind: str
    status: str = ""
    start: str = ""
    end: str = ""
    sessions: int | None = None
    relief: int | None = None
    lasted: int | None = None
    still: bool = False
    verified: bool = False
    disputed: int | str = ""
    shown: bool = False
    told_since: bool = False

    @property
    def is_injection(self) -> bool:
        return self.kind.startswith("esi_")

    def entry(self, today: date) -> dict[str, Any]:
        """What the rules are handed: rough ends by what is possible, and what has no state without its dates."""
        dated: dict[str, Any] = {}
        if self.status and self.start:
            first, precision = said(self.start)
            dated |= {"start": min(first, today).isoformat(), "start_precision": precision}
        if self.status and self.end:
            dated |= {"end": last_day(self.end).isoformat(), "end_precision": said(self.end)[1]}
        return dated | {
            "kind": self.kind,
            "status": self.status or "completed",
            "sessions": self.sessions,
            "relief_percent": self.relief,
            "relief_duration_days": self.lasted,
            "relief_still_present": self.still,
        }


def said(day: str) -> tuple[date, str]:
    """A date as it is typed: month and year, or the day too."""
    parts = [int(part) for part in day.split("/")]
    return (date(parts[2], parts[0], parts[1]), "day") if len(parts) == 3 else (date(parts[1], parts[0], 1), "month")


def last_day(day: str) -> date:
    """The last day that a typed date can mean."""
    first, precision = said(day)
    return first if precision == "day" else first.replace(day=monthrange(first.year, first.month)[1])
