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

from crm.enums.leads import ActivityKind, Event, TaskKind
from crm.enums.treatment_kinds import GROUP_OF
from crm.enums.treatments import Documentation, Source, TreatmentGroup, TreatmentStatus, Unsure
from crm.errors import TreatmentRefused
from crm.leads import events, tasks, verified_treatments
from crm.models import Activity, Lead, Task, Treatment, User
from crm.values.partial_dates import impossible, last_day

LOCAL_ONLY = {
    *("updated_at", "updated_by", "created_at", "created_by", "verified_at", "verified_by"),
    *("news", "disputed", "disputed_at"),
}
LOOK = "Compare what the patient says with the records"


@transaction.atomic
def add(lead: Lead, *, by: User | None, source: Source, now: datetime | None = None, **fields: Any) -> Treatment:
    """Add a treatment and one Activity. Raises TreatmentRefused with the field that contradicts the others."""
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
    """Apply `changes` and keep old and new values on the timeline. Without a difference nothing happens.

    What was verified and is changed has to be verified again; what the patient said otherwise of it is settled by that.
    Raises TreatmentRefused as `add` does. Locks the row, so that two corrections at once are both on the timeline.
    `knows_birth` False: whoever tells it may not learn the date of birth from a refusal.
    """
    locked = _locked(treatment)
    told = {name: value for name, value in changes.items() if name not in LOCAL_ONLY}
    differences = _apply(locked, told)
    if not differences:
        return locked
    now = now or timezone.now()
    if "documentation" in differences:
        _stamp_documentation(locked, by=by, now=now)
    elif verified_treatments.is_verified(locked):
        locked.documentation, locked.verified_by, locked.verified_at = Documentation.RECEIVED, None, None
        differences["documentation"] = [Documentation.VERIFIED.value, Documentation.RECEIVED.value]
    locked.news = []
    _dispute(locked, {name: value for name, value in locked.disputed.items() if name not in differences}, now=now)
    return _keep(locked, differences, by=by, now=now, knows_birth=knows_birth)


@transaction.atomic
def tell(treatment: Treatment, *, by: User | None, now: datetime, knows_birth: bool = True, **told: Any) -> Treatment:
    """Keep what was told on the patient's page: as `correct` does, unless somebody has verified the row.

    Then only news since the verification is written; what contradicts it stands beside it (`disputed`), a task asks a
    person to look, and the rules go on with what was verified.
    """
    locked = _locked(treatment)
    if not verified_treatments.is_verified(locked):
        return correct(treatment, by=by, now=now, knows_birth=knows_birth, **told)
    day = (locked.verified_at or now).astimezone(ZoneInfo(locked.lead.timezone)).date()
    news, otherwise = verified_treatments.sort_out(locked, told, zone_day=day)
    before = locked.disputed
    kept = {name: value for name, value in before.items() if name not in told}
    _dispute(locked, kept | {name: _plain(value) for name, value in otherwise.items()}, now=now)
    changed = _apply(locked, news)
    locked.news = sorted({*locked.news, *changed})
    if changed:
        _keep(locked, changed, by=by, now=now, knows_birth=knows_birth)
    elif locked.disputed != before:
        locked.save(update_fields=["disputed", "disputed_at", "updated_at"])
    if locked.disputed and locked.disputed != before:
        _ask_to_compare(locked, by=by, now=now)
    return locked


@transaction.atomic
def settle(treatment: Treatment, *, accept: bool, seen: str, by: User, now: datetime) -> Treatment:
    """End a contradiction: a person takes over what the patient said, or keeps what was verified.

    `seen`: `disputed_at` as whoever decides had it before them. Raises TreatmentRefused when the patient has said more
    since, or somebody else was faster, and for what `correct` refuses.
    """
    locked = _locked(treatment)
    if not locked.disputed or locked.disputed_at is None or locked.disputed_at.isoformat() != seen:
        raise TreatmentRefused("", _("This has changed meanwhile: look again."))
    told = {name: getattr(locked.as_told, name) for name in locked.disputed}
    if accept:
        return correct(locked, by=by, now=now, **told)
    _note(locked, ActivityKind.TREATMENT_DISPUTED, by=by, now=now, summary=f"{locked}: kept as verified", changes={})
    _dispute(locked, {}, now=now)
    locked.save(update_fields=["disputed", "disputed_at", "updated_at"])
    events.announce(locked.lead, Event.TREATMENTS_CHANGED, now=now)
    return locked


def _locked(treatment: Treatment) -> Treatment:
    found = Treatment.objects.select_for_update(no_key=True, of=("self",)).select_related("lead")
    return found.get(pk=treatment.pk)


def _keep(
    treatment: Treatment, differences: dict[str, Any], *, by: User | None, now: datetime, knows_birth: bool
) -> Treatment:
    """Save what was applied, with one Activity. Raises TreatmentRefused as `add` does."""
    lead = treatment.lead
    treatment.updated_by = by
    check(treatment, today=_local_date(lead, now), born=lead.born if knows_birth else None)
    treatment.save()
    _note(treatment, ActivityKind.TREATMENT_CORRECTED, by=by, now=now, summary=str(treatment), changes=differences)
    events.announce(lead, Event.TREATMENTS_CHANGED, now=now)
    return treatment


def _dispute(treatment: Treatment, told: dict[str, Any], *, now: datetime) -> None:
    """Put what is said otherwise beside the row. What agrees contradicts nothing; with the last one the task ends."""
    left = {name: value for name, value in told.items() if _plain(getattr(treatment, name)) != value}
    if left == treatment.disputed:
        return
    treatment.disputed, treatment.disputed_at = left, now if left else None
    if not left:
        Task.objects.open().filter(key__startswith=_comparing(treatment)).update(done_at=now)


def _ask_to_compare(treatment: Treatment, *, by: User | None, now: datetime) -> None:
    """Open one task per treatment to compare what is said with the row, however often the patient says it; the timeline
    has each."""
    changes = {name: [_plain(getattr(treatment, name)), value] for name, value in treatment.disputed.items()}
    summary = f"{treatment}: not as verified"
    _note(treatment, ActivityKind.TREATMENT_DISPUTED, by=by, now=now, summary=summary, changes=changes)
    key = _comparing(treatment)
    if not Task.objects.open().filter(key__startswith=key).exists():
        tasks.open_task(treatment.lead, kind=TaskKind.OTHER, title=LOOK, due_at=now, key=f"{key}{now:%Y%m%d%H%M%S%f}")


def _comparing(treatment: Treatment) -> str:
    return f"compare:{treatment.pk}:"


def _note(
    treatment: Treatment,
    kind: ActivityKind,
    *,
    by: User | None,
    now: datetime,
    summary: str,
    changes: dict[str, Any],
) -> None:
    details = {"treatment": str(treatment.pk), "changes": changes}
    Activity.objects.create(lead=treatment.lead, kind=kind, at=now, by=by, summary=summary[:200], details=details)


def _apply(treatment: Treatment, told: dict[str, Any]) -> dict[str, list[Any]]:
    """Put `told` on a row that nobody has saved yet, and return {column: [old, new]} of what differs."""
    before = {name: getattr(treatment, name) for name in (*told, "status", "ongoing", "unsure_of")}
    changed = {name for name, value in told.items() if before[name] != value}
    if changed:
        for name in changed:
            setattr(treatment, name, told[name])
        _settle_state(treatment, told=changed)
        treatment.unsure_of = [name for name in treatment.unsure_of if not _is_answered(treatment, name)]
    return {
        name: [_plain(value), _plain(getattr(treatment, name))]
        for name, value in before.items()
        if getattr(treatment, name) != value
    }


def _is_answered(treatment: Treatment, unsure: str) -> bool:
    """Tell whether somebody knew after all what another one was not sure of."""
    if unsure == Unsure.DATES:
        once = treatment.ongoing or treatment.group == TreatmentGroup.INJECTION
        return bool(treatment.start_date and (treatment.end_date or once))
    return getattr(treatment, unsure, None) not in (None, "")


def _settle_state(treatment: Treatment, *, told: Collection[str]) -> None:
    """Let state, "still going on" and end agree. Only an end that stands beside "ongoing" is left for `check`.
    Raises TreatmentRefused when state and "ongoing" contradict each other."""
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
    """Stamp when records were requested and received, and who verified them. Nobody verifies without a name
    (TreatmentRefused)."""
    if treatment.documentation == Documentation.VERIFIED and by is None:
        raise TreatmentRefused("documentation", "Only a member of staff verifies records.")
    verified = treatment.documentation == Documentation.VERIFIED
    treatment.verified_by, treatment.verified_at = (by, now) if verified else (None, None)
    if treatment.documentation == Documentation.REQUESTED:
        treatment.requested_at = now
    if treatment.documentation == Documentation.RECEIVED:
        treatment.received_at = now


def check(treatment: Treatment, *, today: date, born: date | None = None) -> None:
    """Raise TreatmentRefused for the first contradiction. The constraints of the table say the same, wordless.

    Rough dates are compared by what is possible: the last day that the end can mean with the first of the start.
    """
    planned = treatment.status in {TreatmentStatus.PLANNED, TreatmentStatus.DECLINED}  # neither took place
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
    ]
    for name in ("start", "end"):
        day, precision = getattr(treatment, f"{name}_date"), getattr(treatment, f"{name}_precision")
        why = impossible(day, precision, today=date.max, born=born) if day else ""
        rules.append((bool(why), f"{name}_date", why))
    for broken, field, message in rules:
        if broken:
            raise TreatmentRefused(field, message)


def _local_date(lead: Lead, now: datetime) -> date:
    """Return the date where the lead lives: "in the future" is meant there."""
    return now.astimezone(ZoneInfo(lead.timezone)).date()


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
