"""Imaging studies: asked for, received, reviewed. When report and images are here, a clinician's task opens."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet

from crm.enums.documents import DocumentKind
from crm.enums.leads import ActivityKind, Event, TaskKind
from crm.errors import ImagingRefused
from crm.leads import events, tasks
from crm.models import Activity, Document, ImagingStudy, Lead, Task, User
from crm.values.partial_dates import impossible

REVIEW_WITHIN = timedelta(days=2)
REVIEW_KEY = "imaging-review:"  # how the keys of their tasks begin
CAME_ANEW = "report or images have come since this page was made. Look at them first."


@transaction.atomic
def add(lead: Lead, *, by: User, now: datetime, **columns: Any) -> ImagingStudy:
    """Add a study and one Activity. Raises ImagingRefused for a day on which it cannot have been made."""
    _check_day(ImagingStudy(lead=lead, **columns), now=now)
    study = ImagingStudy.objects.create(lead=lead, created_by=by, created_at=now, **columns)
    _tell(study, "added", by=by, now=now)
    return study


@transaction.atomic
def correct(study: ImagingStudy, *, by: User, now: datetime, **columns: Any) -> None:
    """Change what is said about a study, under one Activity; nothing when nothing changed. Raises ImagingRefused as
    `add` does."""
    locked = _locked(study)
    changed = [name for name, value in columns.items() if getattr(locked, name) != value]
    if changed:
        for name in changed:
            setattr(locked, name, columns[name])
        _check_day(locked, now=now)
        locked.save(update_fields=changed)
        _tell(locked, "corrected", by=by, now=now)


def request(study: ImagingStudy, *, by: User, now: datetime) -> None:
    """Note that report and images were asked for. Asking again moves the date. Raises ImagingRefused when all is
    here."""
    with transaction.atomic():
        locked = ImagingStudy.objects.select_for_update(no_key=True).get(pk=study.pk)
        if locked.is_complete:
            raise ImagingRefused("Report and images are here already.")
        locked.requested_at, locked.requested_by = now, by
        locked.save(update_fields=["requested_at", "requested_by"])
        _tell(locked, "requested", by=by, now=now)


@transaction.atomic
def receive(study: ImagingStudy, *, part: str, by: User | None, now: datetime, is_more: bool = False) -> None:
    """Note that the "report" or the "images" came. When both are here, the review task opens, once a study.
    `is_more`: beside what is here already, and nobody has looked at it: who has reviewed the study looks again."""
    locked = _locked(study)
    if getattr(locked, f"{part}_at") and not is_more:
        return
    setattr(locked, f"{part}_at", now)
    setattr(locked, f"{part}_by", by)
    locked.reviewed_at = locked.reviewed_by = None
    locked.save(update_fields=[f"{part}_at", f"{part}_by", "reviewed_at", "reviewed_by"])
    _tell(locked, f"{part} received", by=by, now=now)
    if locked.is_complete:
        _ask_for_review(locked, now=now)


def _ask_for_review(study: ImagingStudy, *, now: datetime) -> None:
    """Open the one review task of a study, or open it anew when a part had been taken back, or more has come."""
    key, due_at = review_key(study), now + REVIEW_WITHIN
    if Task.objects.open().filter(key=key).exists():
        return
    if not Task.objects.filter(key=key).update(created_at=now, due_at=due_at, **tasks.ANEW):
        tasks.open_task(study.lead, kind=TaskKind.REVIEW, title="Review imaging", due_at=due_at, key=key)


@transaction.atomic
def take_back(study: ImagingStudy, *, part: str, by: User, now: datetime) -> None:
    """Say that the "report" or the "images" are not here after all: pressed by mistake. The review that waited for
    both ends with that, until both are here again.

    Raises ImagingRefused once somebody has reviewed the study.
    """
    locked = _locked(study)
    if locked.reviewed_at:
        raise ImagingRefused("Somebody has reviewed it already.")
    if not getattr(locked, f"{part}_at"):
        return
    if locked.is_complete:
        tasks.end_decided(locked.lead_id, by=by, now=now, key=review_key(locked))
    setattr(locked, f"{part}_at", None)
    setattr(locked, f"{part}_by", None)
    locked.save(update_fields=[f"{part}_at", f"{part}_by"])
    _tell(locked, f"{part} not here after all", by=by, now=now)


@transaction.atomic
def review(study: ImagingStudy, *, by: User, now: datetime, seen: str | None = None) -> None:
    """Note that a clinician has looked at a study; the task is done with that. Raises ImagingRefused before all is
    here, after somebody else, and when it is not the version that their page had `seen`; None without a page."""
    locked = ImagingStudy.objects.select_for_update(no_key=True).get(pk=study.pk)
    if not locked.is_complete:
        raise ImagingRefused("Report and images have to be here first.")
    if locked.reviewed_at:
        raise ImagingRefused("Somebody has reviewed it already.")
    if seen is not None and seen != locked.version:
        raise ImagingRefused(f"{locked}: {CAME_ANEW}")
    locked.reviewed_at, locked.reviewed_by = now, by
    locked.save(update_fields=["reviewed_at", "reviewed_by"])
    tasks.end_decided(locked.lead_id, by=by, now=now, key=review_key(locked))
    _tell(locked, "reviewed", by=by, now=now)


@transaction.atomic
@events.one_press()
def link(document: Document, study: ImagingStudy, *, by: User, now: datetime) -> None:
    """Say that a document belongs to a study of the same lead; a report or image counts as received as soon as it can
    be read, and is reviewed though the study was reviewed before. Said twice it is said once.

    Raises ImagingRefused for a study of somebody else, and when the document was taken back a moment ago.
    """
    if document.lead_id != study.lead_id:
        raise ImagingRefused("The study is about somebody else.")
    locked = Document.objects.select_for_update(no_key=True).filter(pk=document.pk).first()
    if locked is None:
        raise ImagingRefused("This file was taken back.")
    if locked.study_id == study.pk:
        return
    locked.study = study
    locked.save(update_fields=["study"])
    _tell(study, "document linked", by=by, now=now)
    has_come(locked, by=by, now=now)


def has_come(document: Document, *, by: User | None, now: datetime) -> None:
    """Note that what is put with a study can be read. `document`: locked by this transaction; `by`: nobody where the
    scanner says so. Does nothing for one without a study, of another kind, or that nobody may read yet."""
    part = {DocumentKind.REPORT: "report", DocumentKind.IMAGES: "images"}.get(DocumentKind(document.kind))
    if part and document.study and document.is_readable:
        receive(document.study, part=part, by=by, now=now, is_more=True)


def review_key(study: ImagingStudy) -> str:
    """Return the key of the one review task of a study."""
    return f"{REVIEW_KEY}{study.pk}"


def to_review(lead: Lead) -> QuerySet[ImagingStudy]:
    """Return the studies of a lead that are all here and wait for a clinician."""
    return ImagingStudy.objects.filter(lead=lead, reviewed_at=None, report_at__isnull=False, images_at__isnull=False)


def _locked(study: ImagingStudy) -> ImagingStudy:
    found = ImagingStudy.objects.select_for_update(no_key=True, of=("self",)).select_related("lead")
    return found.get(pk=study.pk)


def _check_day(study: ImagingStudy, *, now: datetime) -> None:
    """Refuse (ImagingRefused) an impossible day. Pictures are never planned here: they were made in the person's life,
    and no later than today."""
    if study.made_on is None:
        return
    today = now.astimezone(ZoneInfo(study.lead.timezone)).date()
    if why := impossible(study.made_on, study.made_precision, today=today, born=study.lead.born):
        raise ImagingRefused(why, field="made")


def _tell(study: ImagingStudy, what: str, *, by: User | None, now: datetime) -> None:
    Activity.objects.create(
        lead_id=study.lead_id, kind=ActivityKind.IMAGING, at=now, by=by, summary=f"{study}: {what}"[:200]
    )
    events.announce(study.lead, Event.IMAGING_CHANGED, now=now)
