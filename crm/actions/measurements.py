"""Scores from elsewhere, written down by staff: dated, in range, and part of a series."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from crm.actions import events
from crm.enums import ActivityKind, Event
from crm.errors import MeasurementRefused
from crm.models import Activity, Lead, Measurement, User
from crm.treatment_enums import MEASUREMENT_RANGE, MeasurementKind, Source


@transaction.atomic
def record(
    lead: Lead, *, kind: MeasurementKind, value: Decimal, at: datetime, source: Source, by: User | None, now: datetime
) -> Measurement:
    """Adds a dated score and one Activity. Raises MeasurementRefused when it is out of range or dated in the future.
    The very same score, of that moment and from there, is on record once. Locks the lead.

    Only totals are kept: the questions of RMDQ, ODI and NDI belong to their publishers.
    """
    low, high = MEASUREMENT_RANGE[kind]
    if not low <= value <= high:
        raise MeasurementRefused("value", f"{kind.label} lies between {low} and {high}.")
    if at > now:
        raise MeasurementRefused("at", "The day lies in the future.")
    Lead.objects.select_for_update(no_key=True).get(pk=lead.pk)
    there = Measurement.objects.filter(lead=lead, kind=kind, value=value, at=at, source=source)
    if same := there.order_by("pk").first():
        return same
    measurement = Measurement.objects.create(lead=lead, kind=kind, value=value, at=at, source=source)
    Activity.objects.create(
        lead=lead, kind=ActivityKind.MEASURED, at=now, by=by, summary=f"{kind.label}: {value.normalize():f}"
    )
    events.announce(lead, Event.MEASURED, now=now)
    return measurement
