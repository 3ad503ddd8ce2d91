"""Dates on record that a corrected date of birth makes impossible."""

from collections.abc import Iterator
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import override

from crm import registry
from crm.models import Consultation, ImagingStudy, Lead, Measurement, Treatment
from crm.values.partial_dates import last_day


def lines(lead: Lead, born: date) -> list[str]:
    """Return what lies before a day of birth, in words of the desk: ["Chiropractic care: Mar 2019"]. Five queries."""
    of_each = (_treatments, _studies, _visits, _scores, _answers)
    with override(settings.LANGUAGE_CODE):
        return [line for found in of_each for line in found(lead, born)]


def _treatments(lead: Lead, born: date) -> Iterator[str]:
    for row in Treatment.objects.filter(lead=lead).order_by("created_at", "pk"):
        dated = ((row.start_date, row.start_precision), (row.end_date, row.end_precision))
        if any(day and last_day(day, precision) < born for day, precision in dated):
            yield f"{row}: {row.when}"


def _studies(lead: Lead, born: date) -> Iterator[str]:
    for study in ImagingStudy.objects.filter(lead=lead, made_on__isnull=False).order_by("made_on", "pk"):
        if study.made_on and last_day(study.made_on, study.made_precision) < born:
            yield f"{study}: {study.made_in_words}"


def _visits(lead: Lead, born: date) -> Iterator[str]:
    for visit in Consultation.objects.filter(lead=lead, held_on__lt=born).order_by("held_on"):
        yield f"Consultation: {date_format(visit.held_on, 'M j, Y')}"


def _scores(lead: Lead, born: date) -> Iterator[str]:
    zone = ZoneInfo(lead.timezone)  # a score is of the day on which it was where the lead lives
    begins = datetime.combine(born, time.min, tzinfo=zone)
    for score in Measurement.objects.filter(lead=lead, at__lt=begins).order_by("at", "pk"):
        yield f"{score.get_kind_display()}: {date_format(score.at.astimezone(zone), 'M j, Y')}"


def _answers(lead: Lead, born: date) -> Iterator[str]:
    for question, said in registry.dates_told(lead):
        if last_day(said.date, said.precision) < born:
            yield f"{question}: {said}"
