"""Which insurer's criteria are looked at for a lead, and what they say today."""

from dataclasses import dataclass
from datetime import datetime

from crm.models import Lead
from intake import coverage
from intake.care_record import care_record
from intake.coverage import Checklist
from intake.models import Coverage
from intake.payers import GENERAL, PROFILE
from intake.record import Told

FLAG = "payer_gap:"


@dataclass(frozen=True)
class Gaps:
    """`chosen`: a person's choice, None while the insurer that the patient named suggests the profile.

    `is_known`: somebody chose, or the name is one that we know; else it is only what most insurers ask for.
    """

    checklist: Checklist
    chosen: Coverage | None
    is_known: bool

    @property
    def flags(self) -> list[str]:
        """The flag of an assessment: this insurer's list has a gap."""
        return [f"{FLAG}{self.checklist.profile.key}"] if self.is_known and self.checklist.has_gap else []


def of_lead(lead: Lead, told: Told, *, now: datetime) -> Gaps:
    """The gap list of one lead as things stand. Four queries."""
    chosen = Coverage.objects.select_related("plan", "chosen_by").filter(lead=lead).first()
    insurer = str(told.answers.get("payer_name") or "")
    profile = chosen.criteria if chosen else coverage.suggested(insurer)
    checklist = coverage.check(profile, care_record(lead, told, now=now))
    return Gaps(checklist, chosen, is_known=bool(chosen or coverage.profiles_of(insurer)))


def in_words(flag: str) -> str:
    """A flag of this module as staff read it."""
    return f"Insurance gaps ({PROFILE.get(flag.removeprefix(FLAG), GENERAL).insurer})"
