"""What the rules say of a lead today, for pages and papers: computed when they are made, and never written.

Whatever changes the record asks the rules again, so the snapshot of the latest assessment is the record as it stands.
Only the day, and with it the age, has moved on since.
"""

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from crm.enums.leads import Outcome
from crm.models import Lead
from intake.assessment import actions as assessments
from intake.assessment import answer_history
from intake.models import Assessment
from intake.rules import candidacy
from intake.rules.candidacy import Result
from intake.rules.snapshot import Onset, Snapshot


@dataclass(frozen=True)
class Today:
    """`stored`: the latest assessment, which may be of another day. `result`: what the rules say on this one."""

    on: date
    result: Result
    stored: Assessment

    @property
    def outcome(self) -> Outcome:
        return Outcome(self.result.outcome)

    @property
    def differs(self) -> bool:
        """Return whether time has changed what the rules say."""
        return (self.result.outcome, self.result.rule) != (self.stored.outcome, self.stored.rule)

    @property
    def recheck_on(self) -> date | None:
        """Return the day of the next re-check, never later than it was promised; None when it has come."""
        promised = None if self.differs else self.stored.recheck_on
        if promised:
            return promised if promised > self.on else None
        return self.result.recheck_on


def of_lead(lead: Lead, *, now: datetime, stored: Assessment | None = None) -> Today | None:
    """Return what the rules say today; None before anything was assessed. One query, none with the latest assessment as
    `stored`; no write."""
    latest = stored or assessments.latest(lead)
    if latest is None or "today" not in latest.snapshot:
        return None
    today = now.astimezone(ZoneInfo(lead.timezone)).date()
    return Today(today, candidacy.assess(_moved_to(today, latest, lead)), latest)


def _moved_to(today: date, latest: Assessment, lead: Lead) -> Snapshot:
    """Return an assessment's snapshot on a later day. A rough onset that was kept as such counts from that day on."""
    kept = Snapshot.model_validate_json(json.dumps(latest.snapshot))
    changes: dict[str, Any] = {}
    if kept.answers.age is not None and lead.born:
        changes["age"] = answer_history.age_on(today, lead.born)
    if kept.answers.onset:
        changes["onset"] = Onset.model_validate({"date": kept.answers.onset.day(kept.today)})
    return kept.model_copy(update={"today": today, "answers": kept.answers.model_copy(update=changes)})
