"""Which insurer's criteria are looked at for a lead, and what they say today."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from crm.enums.documents import READABLE, DocumentKind
from crm.models import Document, Lead
from intake.assessment.answer_history import AnswerHistory, Kept
from intake.assessment.care_record import care_record
from intake.models import Coverage, PageOfProof, Verification
from intake.rules import coverage, insurers
from intake.rules.coverage import Checklist, Suggestion
from intake.rules.criteria import CriterionFinding, State
from intake.rules.insurers import Insurer
from intake.rules.payers import GENERAL, PROFILE

FLAG = "payer_gap:"
GONE = "The page that showed it is gone: note where it is shown now"


@dataclass(frozen=True)
class Gaps:
    """`chosen`: a person's choice, None while what the patient told suggests the profile. `ended`: one that
    was made for another insurer, or of a list that is no longer kept, and counts no more.

    `is_known`: somebody chose, or the insurer is one that we know; else it is only what most insurers ask for.
    """

    checklist: Checklist
    insurer: Insurer
    suggestion: Suggestion
    chosen: Coverage | None = None
    ended: Coverage | None = None

    @property
    def is_known(self) -> bool:
        return bool(self.chosen or self.suggestion.profiles)

    @property
    def pays_alone(self) -> bool:
        return self.insurer.plan == insurers.SELF_PAY

    @property
    def flags(self) -> list[str]:
        """The flag of an assessment: this insurer's list has a gap."""
        return [f"{FLAG}{self.checklist.profile.key}"] if self.is_known and self.checklist.has_gap else []

    @property
    def wake_up_on(self) -> date | None:
        """Return the day that Checklist names; None for somebody who pays alone, whom no insurer asks for anything."""
        return None if self.pays_alone else self.checklist.wake_up_on


def of_lead(lead: Lead, told: AnswerHistory, *, now: datetime, kept: Kept | None = None) -> Gaps:
    """Return the gap list of one lead as things stand. Four queries; two with what is `kept`."""
    chosen = Coverage.objects.select_related("plan", "chosen_by").filter(lead=lead).first()
    insurer = insurers.told(told.answers)
    suggestion = coverage.suggestion(insurer)
    stands = chosen if chosen and _stands(chosen, told, suggestion) else None
    profile = (stands and stands.criteria) or [*suggestion.profiles, GENERAL][0]
    checklist = coverage.check(profile, care_record(lead, told, now=now, kept=kept))
    return Gaps(checklist, insurer, suggestion, stands, ended=None if stands else chosen)


def belongs(row: Coverage | Verification, told: AnswerHistory, *, at: datetime) -> bool:
    """Return whether something that was chosen or asked `at` is about the insurer that the patient has now."""
    present, whose = insurers.told(told.answers), row.whose
    if whose is None:
        return told.insurer_since is None or told.insurer_since <= at
    return not present.plan or whose.is_same(present)


def is_current(row: Verification, told: AnswerHistory, found: Gaps) -> bool:
    """Return whether an insurer's answer is the present insurer's, and about the present version of the list."""
    profile = found.checklist.profile
    about = (row.profile, row.profile_as_of)
    return belongs(row, told, at=row.at) and about in {("", None), (profile.key, profile.as_of)}


def with_pages(
    found: Gaps, lead: Lead, documents: Iterable[Document]
) -> list[tuple[CriterionFinding, list[tuple[int, PageOfProof]]]]:
    """Return each criterion with the noted pages that are still there, by the number of their document. What was met
    and has lost all its pages is not met. One query."""
    number = {document.pk: position for position, document in enumerate(documents, start=1)}
    pages = PageOfProof.objects.filter(lead=lead, profile=found.checklist.profile.key).select_related("document")
    noted: dict[str, list[tuple[int, PageOfProof]]] = {}
    for page in pages.order_by("document__created_at", "page", "pk"):
        kept = noted.setdefault(page.criterion, [])
        if page.document_id in number:
            kept.append((number[page.document_id], page))
    return [(_without_proof(one, noted), noted.get(one.code, [])) for one in found.checklist.findings]


def _without_proof(finding: CriterionFinding, noted: dict[str, list[tuple[int, PageOfProof]]]) -> CriterionFinding:
    if finding.state != State.MET or noted.get(finding.code) != []:
        return finding
    return replace(finding, state=State.NOT_MET, evidence=(), missing=GONE)


def documents_for(lead: Lead, told: AnswerHistory) -> list[Document]:
    """Return those that a packet for the present insurer may name, oldest first: readable, and no card of an earlier
    one."""
    there = Document.objects.filter(lead=lead, state__in=READABLE).order_by("created_at", "pk")
    since = told.insurer_since
    return [one for one in there if since is None or one.kind != DocumentKind.INSURANCE or one.created_at >= since]


def _stands(chosen: Coverage, told: AnswerHistory, suggestion: Suggestion) -> bool:
    if chosen.criteria is None:
        return False
    suggested = chosen.profile in {profile.key for profile in suggestion.profiles}
    return suggested or belongs(chosen, told, at=chosen.chosen_at)


def in_words(flag: str) -> str:
    """Return a flag of this module as staff read it; of a list that is no longer kept by its stored name."""
    key = flag.removeprefix(FLAG)
    return f"Insurance gaps ({PROFILE[key].insurer if key in PROFILE else key})"
