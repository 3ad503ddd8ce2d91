"""How much of the second step is answered. Told as well as one remembers is answered; so is "nothing tried"."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from uuid import UUID

from crm.enums.treatments import Source, TreatmentStatus
from crm.models import Lead, Treatment
from intake.assessment import answer_history
from intake.assessment.answer_history import AnswerHistory
from intake.models import Submission
from intake.questionnaire import PAGES

NOTHING = "nothing"
FOR_EVERYBODY = {page.key for page in PAGES if page.needs is None}


def topics(told: AnswerHistory) -> dict[str, bool]:
    """Return the pages that are for this person, and whether each was sent."""
    return {page.key: page.key in told.pages for page in PAGES if page.is_for(told.answers)}


def has_tried_nothing(told: AnswerHistory) -> bool:
    """Return whether somebody has said so, on the first form or later."""
    return told.answers.get("tried_treatments") == [NOTHING]


def is_told(treatment: Treatment, detailed: Collection[str]) -> bool:
    """Return whether its details were asked: its page was sent, or a date or how much it helped is there, or that
    nobody remembers."""
    row = treatment.as_told
    known = row.start_date is not None or row.relief_percent is not None or bool(row.unsure_of)
    return known or str(row.pk) in detailed


def mark_unasked(lead: Lead, rows: Iterable[Treatment]) -> None:
    """Set `is_unasked` on what the patient has ticked and was not asked about yet: neither was its page sent, nor did
    anybody hear that they are not sure. One query at most."""
    ticked = [row for row in rows if row.source == Source.PATIENT and not row.unsure_of]
    detailed = {page.answers["treatment"] for page in answer_history.pages_of_details(lead)} if ticked else set()
    for row in ticked:
        row.is_unasked = str(row.pk) not in detailed


def open_treatments(told: AnswerHistory, rows: Iterable[Treatment]) -> list[Treatment]:
    """Return the treatments whose details were not asked yet."""
    return [row for row in rows if not is_told(row, told.detailed)]


def are_treatments_answered(told: AnswerHistory, rows: Collection[Treatment]) -> bool:
    return not open_treatments(told, rows) if rows else has_tried_nothing(told)


def all_answered(leads: list[UUID]) -> set[UUID]:
    """Return those of these leads whose private page would say that all is answered. At most three queries."""
    sent: dict[UUID, set[str]] = defaultdict(set)
    for lead_id, page in Submission.objects.counting().filter(lead__in=leads).values_list("lead_id", "page"):
        sent[lead_id].add(page)
    likely = [lead_id for lead_id, pages in sent.items() if pages >= FOR_EVERYBODY]
    rows: dict[UUID, list[Treatment]] = defaultdict(list)
    for row in Treatment.objects.filter(lead__in=likely).exclude(status=TreatmentStatus.DECLINED):
        rows[row.lead_id].append(row)
    each = answer_history.told_by_each(likely) if likely else {}
    return {
        lead_id
        for lead_id, told in each.items()
        if all(topics(told).values()) and are_treatments_answered(told, rows[lead_id])
    }
