"""Scores from elsewhere, written down by staff: dated, in range, and part of a series."""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.formats import date_format

from crm.enums.leads import ActivityKind, Event
from crm.enums.treatments import MEASUREMENT_RANGE, WHOLE_NUMBERS, MeasurementKind, Source
from crm.errors import MeasurementRefused
from crm.leads import events
from crm.models import Activity, Lead, Measurement, User
from crm.values.partial_dates import impossible

CORRECTED = ("kind", "value", "at", "kind_before", "value_before", "at_before")


@transaction.atomic
def record(
    lead: Lead, *, kind: MeasurementKind, value: Decimal, at: datetime, source: Source, by: User | None, now: datetime
) -> Measurement:
    """Add a dated score and one Activity. Of one day the one that was entered last counts. Raises MeasurementRefused
    when it is out of range, not whole where the scale is, or dated in the future or before the birth. The very same
    score, of that moment and from there, twice in a row is on record once. Locks the lead.

    Only totals are kept: the questions of RMDQ, ODI and NDI belong to their publishers.
    """
    _check(kind, value)
    _check_day(lead, at, now=now)
    Lead.objects.select_for_update(no_key=True).get(pk=lead.pk)
    last = Measurement.objects.filter(lead=lead, kind=kind, at=at).order_by("-entry").first()
    if last and (last.value, last.source) == (value, source):
        return last
    measurement = Measurement.objects.create(lead=lead, kind=kind, value=value, at=at, source=source, by=by)
    _note(lead, f"{kind.label}: {value.normalize():f}", by=by, now=now)
    events.announce(lead, Event.MEASURED, now=now)
    return measurement


@transaction.atomic
def correct(
    score: Measurement, *, seen: str, value: Decimal, kind: MeasurementKind, at: datetime, by: User, now: datetime
) -> bool:
    """Correct a score that staff wrote down: its value, kind or day. Keep what stood there before, and add one
    Activity; False when nothing differs. `seen`: the version that whoever corrects had before them.

    Raises MeasurementRefused as `record` does, for what came with a page of answers, and when it was corrected since.
    """
    _check(kind, value)
    Lead.objects.select_for_update(no_key=True).get(pk=score.lead_id)
    found = Measurement.objects.select_for_update(no_key=True, of=("self",)).select_related("lead")
    locked = found.get(pk=score.pk)
    if not locked.is_ours:
        raise MeasurementRefused("value", "It came with a page of answers: ask for it again instead.")
    if locked.version != seen:
        words = f"{locked.corrected_by} has corrected it meanwhile: {_in_words(locked)}."
        raise MeasurementRefused("value", f"{words} Save again to put yours in its place.", version=locked.version)
    if (locked.kind, locked.value, locked.at) == (kind, value, at):
        return False
    if at != locked.at:
        _check_day(locked.lead, at, now=now)
    before = _in_words(locked)
    locked.kind_before, locked.value_before, locked.at_before = locked.kind, locked.value, locked.at
    locked.kind, locked.value, locked.at = kind, value, at
    locked.corrected_at, locked.corrected_by = now, by
    locked.save(update_fields=[*CORRECTED, "corrected_at", "corrected_by"])
    _note(locked.lead, f"Corrected: {before} → {_in_words(locked)}"[:200], by=by, now=now)
    events.announce(locked.lead, Event.MEASURED, now=now)
    return True


def _in_words(score: Measurement) -> str:
    day = date_format(score.at.astimezone(ZoneInfo(score.lead.timezone)), "M j, Y")
    return f"{score.get_kind_display()} {score.value.normalize():f}, {day}"


def _check_day(lead: Lead, at: datetime, *, now: datetime) -> None:
    if at > now:
        raise MeasurementRefused("at", "The day lies in the future.")
    if why := impossible(at.date(), "day", today=date.max, born=lead.born):
        raise MeasurementRefused("at", why)


def _check(kind: MeasurementKind, value: Decimal) -> None:
    low, high = MEASUREMENT_RANGE[kind]
    if not low <= value <= high:
        raise MeasurementRefused("value", f"{kind.label} lies between {low} and {high}.")
    if kind in WHOLE_NUMBERS and value != value.to_integral_value():
        raise MeasurementRefused("value", f"{kind.label} is a whole number.")


def _note(lead: Lead, summary: str, *, by: User | None, now: datetime) -> None:
    Activity.objects.create(lead=lead, kind=ActivityKind.MEASURED, at=now, by=by, summary=summary)
