"""Dates that patients tell as answers."""

from django.core.exceptions import ValidationError

from crm.fields.partial_dates import SaidDate, SaidDateField
from crm.models import Lead
from intake.assessment import answer_history
from intake.questionnaire import PAGES, QuestionKind


def of_lead(lead: Lead) -> list[tuple[str, SaidDate]]:
    """Return [(question, date)], the dates among a lead's answers as they were told last. One query."""
    told = answer_history.told_by(lead).answers
    asked = [
        (f"{topic.title}, “{one.label}”", told.get(one.name))
        for topic in PAGES
        for one in topic.questions
        if one.kind is QuestionKind.ROUGH_DATE
    ]
    return [(words, said) for words, answer in asked if (said := _read(answer))]


def _read(answer: object) -> SaidDate | None:
    """Return the date, or None for what is none, or none any more: an answer stays as it was told."""
    try:
        said: SaidDate | None = SaidDateField(required=False).clean(answer or "")
    except ValidationError:
        return None
    return said
