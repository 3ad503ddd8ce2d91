"""Adding and correcting treatments. The patient's own answer is never touched: corrections stand beside it.

State, "still going on" and end are one question: what is told of one of them answers the others.
"""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from crm.actions import events
from crm.enums import ActivityKind, Event
from crm.errors import TreatmentRefused
from crm.models import Activity, Lead, Treatment, User
from crm.partial_dates import impossible, last_day
from crm.treatment_enums import Documentation, Source, TreatmentGroup, TreatmentStatus
from crm.vocabulary import GROUP_OF

LOCAL_ONLY = {"updated_at", "updated_by", "created_at", "created_by", "verified_at", "verified_by"}


@transaction.atomic
def add(lead: Lead, *, by: User | None, source: Source, now: datetime | None = None, **fields: Any) -> Treatment:
    """Adds a treatment and one Activity. Raises TreatmentRefused with the field that contradicts the others."""
    now = now or timezone.now()
    treatment = Treatment(lead=lead, source=source, created_at=now, created_by=by, updated_by=by, **fields)
    _stamp_documentation(treatment, by=by, now=now)
    _settle_state(treatment, told=fields)
    check(treatment, today=_local_date(lead, now), born=lead.born)
    treatment.save()
    Activity.objects.create(
        lead=lead,
        kind=ActivityKind.TREATMENT_ADDED,
        at=now,
        by=by,
        summary=str(treatment),
        details={"treatment": str(treatment.pk)},
    )
    events.announce(lead, Event.TREATMENTS_CHANGED, now=now)
    return treatment


@transaction.atomic
def correct(
    treatment: Treatment, *, by: User | None, now: datetime | None = None, knows_birth: bool = True, **changes: Any
) -> Treatment:
    """Applies `changes` and keeps old and new values on the timeline. Without a difference nothing happens.

    Raises TreatmentRefused as `add` does. Locks the row, so that two corrections at once are both on the timeline.
    `knows_birth` False: whoever tells it may not learn the date of birth from a refusal.
    """
    locked = Treatment.objects.select_for_update(no_key=True, of=("self",)).select_related("lead").get(pk=treatment.pk)
    told = {name: value for name, value in changes.items() if name not in LOCAL_ONLY}
    differences = _apply(locked, told)
    if not differences:
        return locked
    locked.updated_by = by
    now = now or timezone.now()
    if "documentation" in differences:
        _stamp_documentation(locked, by=by, now=now)
    check(locked, today=_local_date(locked.lead, now), born=locked.lead.born if knows_birth else None)
    locked.save()
    Activity.objects.create(
        lead=locked.lead,
        kind=ActivityKind.TREATMENT_CORRECTED,
        at=now,
        by=by,
        summary=str(locked),
        details={"treatment": str(locked.pk), "changes": differences},
    )
    events.announce(locked.lead, Event.TREATMENTS_CHANGED, now=now)
    return locked


def _apply(treatment: Treatment, told: dict[str, Any]) -> dict[str, list[Any]]:
    """Puts `told` on a row that nobody has saved yet, and returns {column: [old, new]} of what differs."""
    before = {name: getattr(treatment, name) for name in (*told, "status", "ongoing")}
    changed = {name for name, value in told.items() if before[name] != value}
    if changed:
        for name in changed:
            setattr(treatment, name, told[name])
        _settle_state(treatment, told=changed)
    return {
        name: [_plain(value), _plain(getattr(treatment, name))]
        for name, value in before.items()
        if getattr(treatment, name) != value
    }


def _settle_state(treatment: Treatment, *, told: Collection[str]) -> None:
    """Lets state, "still going on" and end agree. Only an end that stands beside "ongoing" is left for `check`."""
    if "ongoing" in told and "status" not in told:
        if treatment.ongoing:
            treatment.status = TreatmentStatus.ONGOING
        elif treatment.status == TreatmentStatus.ONGOING:
            treatment.status = ""
    if treatment.end_date and not treatment.status:
        treatment.status = TreatmentStatus.COMPLETED
    if "ongoing" in told and treatment.ongoing != (treatment.status == TreatmentStatus.ONGOING):
        raise TreatmentRefused("status", _("State and “still going on” contradict each other: choose one."))
    treatment.ongoing = treatment.status == TreatmentStatus.ONGOING


def _stamp_documentation(treatment: Treatment, *, by: User | None, now: datetime) -> None:
    """When records were requested and received, and who verified them. Nobody verifies without a name."""
    if treatment.documentation == Documentation.VERIFIED and by is None:
        raise TreatmentRefused("documentation", "Only a member of staff verifies records.")
    verified = treatment.documentation == Documentation.VERIFIED
    treatment.verified_by, treatment.verified_at = (by, now) if verified else (None, None)
    if treatment.documentation == Documentation.REQUESTED:
        treatment.requested_at = now
    if treatment.documentation == Documentation.RECEIVED:
        treatment.received_at = now


def check(treatment: Treatment, *, today: date, born: date | None = None) -> None:
    """Raises TreatmentRefused for the first contradiction. The constraints of the table say the same, wordless.

    Rough dates are compared by what is possible: the last day that the end can mean with the first of the start.
    """
    planned = treatment.status == TreatmentStatus.PLANNED
    start, end = treatment.start_date, treatment.end_date
    alike = treatment.start_precision == treatment.end_precision
    ends = end and (end if alike else last_day(end, treatment.end_precision))
    rules = [
        (treatment.kind not in GROUP_OF, "kind", _("Choose a treatment from the list.")),
        (start and ends and ends < start, "end_date", _("The end lies before the start.")),
        (treatment.ongoing and end, "end_date", _("An ongoing treatment has no end: clear one of the two.")),
        (start and start > today and not planned, "start_date", _("The start lies in the future: only a plan can.")),
        (
            end and end > today and not planned,
            "end_date",
            _("The end lies in the future: leave it empty if it goes on."),
        ),
        ((treatment.relief_percent or 0) > 100, "relief_percent", _("Relief is between 0 and 100 percent.")),
        (_lacks_region(treatment), "body_region", _("Say where the injection was given.")),
    ]
    for name in ("start", "end"):
        day, precision = getattr(treatment, f"{name}_date"), getattr(treatment, f"{name}_precision")
        why = impossible(day, precision, today=date.max, born=born) if day else ""
        rules.append((bool(why), f"{name}_date", why))
    for broken, field, message in rules:
        if broken:
            raise TreatmentRefused(field, message)


def _lacks_region(treatment: Treatment) -> bool:
    return GROUP_OF.get(treatment.kind) == TreatmentGroup.INJECTION and not treatment.body_region


def _local_date(lead: Lead, now: datetime) -> date:
    """The date where the lead lives: "in the future" is meant there."""
    return now.astimezone(ZoneInfo(lead.timezone)).date()


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
