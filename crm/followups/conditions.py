"""What sequences ask about leads: by name, of many leads at once, in a number of queries that does not grow with them.

A condition looks at one ConditionContext. Apps above crm add their own with registry.condition: a function that takes
the ids of many leads and returns those for which it holds.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

from crm import registry
from crm.enums.leads import CLOSED_STAGES, ActivityKind, CallOutcome, Outcome, Stage, SurgeryDecision
from crm.leads import call_window
from crm.models import Activity, Consultation, ImagingStudy, InboundMail, Lead, PrivateMessage
from crm.models.inbound import InboundKind
from crm.sequences.definition import Definition

CLOSED = {Stage.LOST, Stage.PATIENT, Stage.IMPROVED, Stage.DORMANT}
BOOKED = {Stage.BOOKED, Stage.CONSULTED, Stage.PATIENT}
FOR_CLOSED = {"is_dormant", "improved"}  # what a sequence begins on that is made for closed requests
_LATEST = 10


class Facts:
    """What is known of some leads beyond their own rows: each fact is read when a condition first asks for it, and then
    of all these leads at once. Calls: newest first."""

    def __init__(self, leads: Iterable[Lead]) -> None:
        self._ids = [lead.pk for lead in leads if not lead._state.adding]
        self._of_others: dict[str, set[UUID]] = {}

    @cached_property
    def calls(self) -> dict[UUID, list[tuple[datetime, str]]]:
        return _calls(self._ids)

    @cached_property
    def number_since(self) -> dict[UUID, datetime]:
        return call_window.number_since(self._ids)

    @cached_property
    def wrote_at(self) -> dict[UUID, datetime]:
        return _wrote(self._ids)

    @cached_property
    def studies(self) -> dict[UUID, list[bool]]:
        return _studies(self._ids)

    @cached_property
    def decided(self) -> set[UUID]:
        return _decided(self._ids)

    def of_others(self, name: str) -> set[UUID]:
        """Return for whom a condition of another app holds. A name that nobody knows (an app that is not installed)
        holds for nobody."""
        if name not in self._of_others:
            question = registry.conditions().get(name)
            self._of_others[name] = question(self._ids) if question and self._ids else set()
        return self._of_others[name]


@dataclass(frozen=True)
class ConditionContext:
    """One lead in one sequence that began, or would begin, at `since`."""

    lead: Lead
    since: datetime
    facts: Facts

    @property
    def calls(self) -> list[str]:
        return [outcome for _at, outcome in self.facts.calls.get(self.lead.pk, [])]

    def called_since(self, *outcomes: CallOutcome) -> bool:
        made = self.facts.calls.get(self.lead.pk, [])
        return any(outcome in outcomes for at, outcome in made if at >= self.since)

    @property
    def has_wrong_number(self) -> bool:
        """Return whether the number on record is known to be wrong."""
        made = self.facts.calls.get(self.lead.pk, [])
        wrong = call_window.wrong_since(made)
        return wrong is not None and self.facts.number_since.get(self.lead.pk, wrong) <= wrong

    @property
    def wrote_since(self) -> bool:
        at = self.facts.wrote_at.get(self.lead.pk)
        return at is not None and at >= self.since


def _calls(ids: list[UUID]) -> dict[UUID, list[tuple[datetime, str]]]:
    calls = Activity.objects.filter(lead__in=ids, kind=ActivityKind.CALL).order_by("-at", "-pk")
    found: dict[UUID, list[tuple[datetime, str]]] = defaultdict(list)
    for lead_id, at, outcome in calls.values_list("lead_id", "at", "call_outcome"):
        if len(found[lead_id]) < _LATEST:
            found[lead_id].append((at, outcome))
    return found


def _decided(ids: list[UUID]) -> set[UUID]:
    """Return who of these leads has decided about a recommended procedure."""
    known = Consultation.objects.filter(lead__in=ids, surgery__in=[SurgeryDecision.WANTS, SurgeryDecision.DECLINED])
    return set(known.values_list("lead_id", flat=True))


def _wrote(ids: list[UUID]) -> dict[UUID, datetime]:
    """Return when each lead last wrote to us, on the private page or by mail. Runs two queries."""
    here = PrivateMessage.objects.filter(lead__in=ids, by=None).order_by("lead_id", "-at").distinct("lead_id")
    by_mail = InboundMail.objects.filter(lead__in=ids, kind=InboundKind.REPLY).order_by("lead_id", "-at")
    found: dict[UUID, datetime] = dict(here.values_list("lead_id", "at"))
    for lead_id, at in by_mail.distinct("lead_id").values_list("lead_id", "at"):
        if lead_id:
            found[lead_id] = max(at, found.get(lead_id, at))
    return found


def _studies(ids: list[UUID]) -> dict[UUID, list[bool]]:
    """Return, by lead, whether report and images are both here for each study."""
    found: dict[UUID, list[bool]] = defaultdict(list)
    for study in ImagingStudy.objects.filter(lead__in=ids):
        found[study.lead_id].append(study.is_complete)
    return found


def _missed_twice(case: ConditionContext) -> bool:
    last = case.calls[:2]
    return len(last) == 2 and CallOutcome.REACHED not in last and not _no_calls(case)


def _no_calls(case: ConditionContext) -> bool:
    return case.lead.do_not_call or case.has_wrong_number


def _records_here(case: ConditionContext) -> bool:
    studies = case.facts.studies.get(case.lead.pk, [])
    return bool(studies) and all(studies)


def _can_say_more(case: ConditionContext) -> bool:
    """Tell whether something is missing that the patient was not asked yet: who has said "not sure" is not asked by
    mail again."""
    if case.lead.outcome != Outcome.MORE_INFO:
        return False
    return case.lead.pk not in case.facts.of_others("told_all_they_know")


CONDITIONS: dict[str, Callable[[ConditionContext], bool]] = {
    "reached": lambda case: case.called_since(CallOutcome.REACHED),
    "contacted": lambda case: case.called_since(CallOutcome.REACHED) or case.lead.stage in BOOKED,
    "replied": lambda case: case.wrote_since,
    "missed_twice": _missed_twice,
    "no_calls": _no_calls,
    "booked": lambda case: case.lead.stage in BOOKED,
    "closed": lambda case: case.lead.stage in CLOSED,
    "was_consulted": lambda case: case.lead.stage == Stage.CONSULTED,
    "decided": lambda case: case.lead.stage in {Stage.PATIENT, Stage.LOST} or case.lead.pk in case.facts.decided,
    "improved": lambda case: case.lead.stage == Stage.IMPROVED,
    "is_dormant": lambda case: case.lead.stage == Stage.DORMANT,
    "no_longer_dormant": lambda case: case.lead.stage != Stage.DORMANT,
    "waits_for_records": lambda case: case.lead.stage == Stage.RECORDS,
    "past_records": lambda case: case.lead.stage != Stage.RECORDS,
    "records_missing": lambda case: not _records_here(case),
    "records_here": _records_here,
    "needs_more_info": _can_say_more,
    "has_enough_info": lambda case: not _can_say_more(case),
    "continues_treatment": lambda case: case.lead.outcome == Outcome.CONTINUE_CONSERVATIVE,
    "consult_likely": lambda case: case.lead.outcome == Outcome.CONSULT_LIKELY,
    "out_of_scope": lambda case: case.lead.outcome == Outcome.OUT_OF_SCOPE,
}


def known() -> frozenset[str]:
    """Return the names of all conditions, including those of the apps above."""
    return frozenset({*CONDITIONS, *registry.conditions()})


def holds(name: str, case: ConditionContext) -> bool:
    """Tell whether a condition holds. One by a name that nobody knows never does."""
    if name in CONDITIONS:
        return CONDITIONS[name](case)
    return case.lead.pk in case.facts.of_others(name)


def what_ends(definition: Definition, case: ConditionContext) -> str | None:
    """Return the condition by which a sequence ends, or would end at once; None when it goes on. A closed request ends
    whatever was not made for closed ones, whether the sequence says so or not."""
    found = first_that_holds(definition.stops, case)
    is_over = case.lead.stage in CLOSED_STAGES and not FOR_CLOSED & set(definition.when)
    return found or ("closed" if is_over else None)


def first_that_holds(names: Iterable[str], case: ConditionContext) -> str | None:
    return next((name for name in names if holds(name, case)), None)
