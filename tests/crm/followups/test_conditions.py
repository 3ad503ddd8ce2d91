"""Each condition of sequences: a lead for whom it holds, and one for whom it does not."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from crm import registry
from crm.enums.leads import ActivityKind, CallOutcome, Outcome, Stage, SurgeryDecision
from crm.followups import conditions
from crm.followups.conditions import CONDITIONS, ConditionContext, Facts
from crm.models import Activity, Consultation, ImagingStudy, Lead, PrivateMessage
from tests.factories import make_user, today

pytestmark = pytest.mark.django_db
SINCE = timezone.now() - timedelta(days=3)
TESTS = Path(__file__).resolve().parents[2]
HOW = "(CONTRIBUTING.md, “A condition”)"

Make = Callable[[Lead], object]


def has(**values: Any) -> Make:
    """A lead whose columns say so."""
    return lambda lead: vars(lead).update(values)


def called(*outcomes: CallOutcome, before: bool = False) -> Make:
    """A lead who was called since the sequence began, or before it, with these outcomes one after another."""

    def make(lead: Lead) -> None:
        first = SINCE - timedelta(days=1) if before else SINCE + timedelta(hours=1)
        for hour, outcome in enumerate(outcomes):
            Activity.objects.create(
                lead=lead, kind=ActivityKind.CALL, call_outcome=outcome, at=first + timedelta(hours=hour)
            )

    return make


def wrote(*, by_staff: bool = False) -> Make:
    return lambda lead: PrivateMessage.objects.create(lead=lead, by=make_user() if by_staff else None, text="Hello")


def imaged(*, images: bool) -> Make:
    at = timezone.now()
    return lambda lead: ImagingStudy.objects.create(
        lead=lead, modality="mri", region="lumbar", report_at=at, images_at=at if images else None
    )


def was_here(surgery: SurgeryDecision) -> Make:
    return lambda lead: Consultation.objects.create(
        lead=lead, held_on=today(), result="procedure", surgery=surgery, by=make_user()
    )


NEW, DORMANT, RECORDS = has(stage=Stage.NEW), has(stage=Stage.DORMANT), has(stage=Stage.RECORDS)
REACHED, MISSED = CallOutcome.REACHED, CallOutcome.NO_ANSWER
MORE_INFO, CONTINUES = has(outcome=Outcome.MORE_INFO), has(outcome=Outcome.CONTINUE_CONSERVATIVE)
# {condition: (for whom it holds, for whom it does not)}
CASES: dict[str, tuple[Make, Make]] = {
    "reached": (called(REACHED), called(REACHED, before=True)),
    "contacted": (has(stage=Stage.BOOKED), called(MISSED)),
    "replied": (wrote(), wrote(by_staff=True)),
    "missed_twice": (called(MISSED, CallOutcome.BUSY), called(REACHED, MISSED)),
    "no_calls": (called(CallOutcome.WRONG_NUMBER), called(MISSED)),
    "booked": (has(stage=Stage.CONSULTED), NEW),
    "closed": (has(stage=Stage.LOST), NEW),
    "was_consulted": (has(stage=Stage.CONSULTED), has(stage=Stage.BOOKED)),
    "decided": (was_here(SurgeryDecision.DECLINED), was_here(SurgeryDecision.OPEN)),
    "improved": (has(stage=Stage.IMPROVED), NEW),
    "is_dormant": (DORMANT, NEW),
    "no_longer_dormant": (NEW, DORMANT),
    "waits_for_records": (RECORDS, NEW),
    "past_records": (NEW, RECORDS),
    "records_missing": (imaged(images=False), imaged(images=True)),
    "records_here": (imaged(images=True), imaged(images=False)),
    "needs_more_info": (MORE_INFO, CONTINUES),
    "has_enough_info": (CONTINUES, MORE_INFO),
    "continues_treatment": (CONTINUES, MORE_INFO),
    "consult_likely": (has(outcome=Outcome.CONSULT_LIKELY), MORE_INFO),
    "out_of_scope": (has(outcome=Outcome.OUT_OF_SCOPE), MORE_INFO),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("wanted", [True, False])
def test_a_condition_holds_for_some_and_not_for_others(lead: Lead, name: str, wanted: bool) -> None:
    CASES[name][0 if wanted else 1](lead)

    assert conditions.holds(name, ConditionContext(lead, SINCE, Facts([lead]))) is wanted


def test_every_condition_is_tried() -> None:
    """Those of the apps above crm in tests of their own, which name them."""
    untried = set(CONDITIONS) - set(CASES)
    assert untried == set(), f"Say in CASES here for whom these hold and for whom not {HOW}"

    texts = [path.read_text() for app in ("intake", "scheduling") for path in (TESTS / app).rglob("test_*.py")]
    unnamed = [name for name in registry.conditions() if not any(name in text for text in texts)]
    assert unnamed == [], f"Try these in a test of their app, such as tests/scheduling/actions/test_conditions.py {HOW}"
