"""Documents about a lead: taken in piece by piece, judged, scanned, released, read. docs/documents.md tells the way."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any, BinaryIO, cast
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet, Sum
from django.db.models.functions import Coalesce

from crm import dispatch
from crm.audit import access
from crm.documents import storage
from crm.documents.formats import dicom, validation
from crm.enums.documents import READABLE, DocumentKind, DocumentState, Unfit
from crm.enums.leads import AccessAction, ActivityKind
from crm.enums.treatments import Source
from crm.errors import DecryptionFailed, UploadRefused, WrongOffset
from crm.leads import imaging
from crm.models import Activity, Document, Lead, PatientSession, User
from crm.models.activity import BY_ITSELF
from crm.sandbox import runner as sandbox

log = structlog.get_logger("nucleus.documents")

UNFINISHED_LIVES = timedelta(days=7)
KEPT = [DocumentState.PENDING, *READABLE]
MOST_OF_A_LEAD = 10 * 1024**3
MOST_FILES = 500
TAKEN_BACK = "Document taken back"


@dataclass(frozen=True)
class DocumentSender:
    """Who sends: a member of staff, the patient's browser, or whoever wrote a mail that seems to be the patient's."""

    by: User | None = None
    session: PatientSession | None = None
    by_mail: bool = False

    @property
    def source(self) -> Source:
        return Source.COORDINATOR if self.by else Source.PATIENT


@transaction.atomic
def start(
    lead: Lead, *, sender: DocumentSender, name: str, size: int, kind: DocumentKind, now: datetime, stamp: int = 0
) -> Document:
    """Begin an upload, or return the one that was begun for the same file. Raises UploadRefused, in words for the
    sender, also for a file that is there already.

    A file is the same by its name, size and time of change (`stamp`), from the same side (staff or patient).
    """
    Lead.objects.select_for_update(no_key=True).get(pk=lead.pk)
    name = validation.shown_name(name)
    trouble = validation.why_not_name(name) or _why_not_size(size)
    if trouble:
        raise UploadRefused(str(trouble.label))
    sent = _sent_by(lead, sender.source, sender.session).filter(size=size, stamp=stamp)
    for found in sent.filter(state=DocumentState.UPLOADING, kind=kind):
        if found.name == name:
            return found
    if stamp and any(found.name == name for found in sent.filter(state__in=KEPT)):
        raise UploadRefused(str(Unfit.ALREADY.label))
    kept = Document.objects.filter(lead=lead).exclude(state=DocumentState.REFUSED)
    if kept.count() >= MOST_FILES or (kept.aggregate(all=Sum("size"))["all"] or 0) + size > MOST_OF_A_LEAD:
        raise UploadRefused(str(Unfit.TOO_MUCH.label))
    return Document.objects.create(
        lead=lead,
        kind=kind,
        name=name,
        size=size,
        stamp=stamp,
        source=sender.source,
        uploaded_by=sender.by,
        session=sender.session,
        by_mail=sender.by_mail,
        created_at=now,
        touched_at=now,
    )


def _sent_by(lead: Lead, source: str, session: PatientSession | None) -> QuerySet[Document]:
    """Return what the same side has sent. A tablet that was handed over learns nothing of what was sent elsewhere."""
    sent = Document.objects.filter(lead=lead, source=source)
    return sent.filter(session=session) if session and session.handed_over else sent


@transaction.atomic
def put(document_id: UUID, *, offset: int, piece: bytes, now: datetime) -> int:
    """Store the piece that begins at `offset` and return the offset of the next one.

    Every piece but the last has storage.CHUNK bytes. Raises WrongOffset for any other than the next.
    """
    document = Document.objects.select_for_update(no_key=True).get(pk=document_id)
    wanted = min(storage.CHUNK, document.size - document.received)
    if document.state != DocumentState.UPLOADING or offset != document.received or len(piece) != wanted or not wanted:
        raise WrongOffset(document.received)
    received = offset + len(piece)
    document.stored = storage.append(
        document.pk,
        number=offset // storage.CHUNK,
        is_last=received == document.size,
        plain=piece,
        at=document.stored,
    )
    document.received, document.touched_at = received, now
    document.save(update_fields=["received", "stored", "touched_at"])
    return received


def finish(document: Document, *, now: datetime) -> Document:
    """Judge a complete upload: pending when it is fit, else refused and its bytes deleted. Safe to call again.

    Raises WrongOffset when something is missing.
    """
    document.refresh_from_db()
    if document.state != DocumentState.UPLOADING:
        return document
    if document.received != document.size:
        raise WrongOffset(document.received)
    (found, kind), digest = _judge(document), _digest(document)
    with transaction.atomic():
        Lead.objects.select_for_update(no_key=True).get(pk=document.lead_id)
        locked = Document.objects.select_for_update(no_key=True).get(pk=document.pk)
        if locked.state == DocumentState.UPLOADING:
            _settle(locked, _unless_there(locked, digest) or found, kind, digest, now=now)
    return locked


def _unless_there(document: Document, digest: str) -> Unfit | None:
    """Return ALREADY when the same side has sent the same bytes before, under whatever name; else None."""
    sent = _sent_by(document.lead, document.source, document.session).filter(state__in=KEPT)
    return Unfit.ALREADY if digest and sent.filter(sha256=digest).exists() else None


@transaction.atomic
def take_back(document: Document, *, by: User | None = None, now: datetime) -> bool:
    """Delete a file and its bytes at the wish of whoever sent it; the timeline says so. False once a member of staff
    has opened it or put it with a study. What is gone already is gone."""
    locked = Document.objects.select_for_update().filter(pk=document.pk).first()
    if locked and not locked.may_be_taken_back:
        return False
    if locked:
        _tell(locked, TAKEN_BACK, by=by, now=now)
        locked.delete()
    return True


def was_taken_back(lead: Lead, document_id: UUID) -> bool:
    """Tell whether a file of this lead with this id was taken back."""
    said = Activity.objects.filter(lead=lead, kind=ActivityKind.DOCUMENT, summary=TAKEN_BACK)
    return said.filter(details__document=str(document_id)).exists()


def store_whole(
    lead: Lead,
    file: BinaryIO,
    *,
    sender: DocumentSender,
    name: str,
    size: int,
    kind: DocumentKind,
    now: datetime,
    stamp: int = 0,
) -> Document:
    """Take a file that came in one go, from a plain form or with a mail. Raises UploadRefused."""
    document = start(lead, sender=sender, name=name, size=size, kind=kind, now=now, stamp=stamp)
    file.seek(document.received)
    while document.received < size:
        document.received = put(document.pk, offset=document.received, piece=file.read(storage.CHUNK), now=now)
    return finish(document, now=now)


@transaction.atomic
def release(document: Document, *, by: User, now: datetime) -> bool:
    """Let a document be read that no scanner has judged, as a person decides. False when it did not wait for that."""
    waiting = Document.objects.select_for_update(no_key=True).filter(state=DocumentState.PENDING)
    locked = waiting.filter(pk=document.pk).first()
    if locked is None:
        return False
    locked.state, locked.scan_at = DocumentState.RELEASED, None
    locked.released_at, locked.released_by = now, by
    locked.save(update_fields=["state", "scan_at", "released_at", "released_by"])
    _tell(locked, "Document released", by=by, now=now)
    imaging.has_come(locked, by=by, now=now)
    return True


def read_by_patient(document: Document, *, by: User | None = None, now: datetime) -> Iterator[bytes]:
    """Return the plain pieces, for the private page; the timeline says that they were fetched. `by`: whoever of the
    staff fetched them in the patient's place, which also leaves an AccessEvent."""
    _tell(document, "Document downloaded on the private page", by=by, now=now)
    if by:
        return read_by_staff(document, by=by, now=now)
    return storage.pieces(document.pk, document.size)


def read_by_staff(document: Document, *, by: User, now: datetime) -> Iterator[bytes]:
    """Open the plain pieces, for a member of staff; leaves an AccessEvent, and nobody takes it back from now on. Raises
    Document.DoesNotExist when it was taken back a moment ago."""
    keep(document, now=now)
    access.record(AccessAction.DOWNLOAD, by=by, object_type="document", ids=[document.pk, document.lead_id])
    return storage.pieces(document.pk, document.size)


def keep(document: Document, *, now: datetime) -> None:
    """Let nobody take a file back from now on: staff have opened it, or something stands on it. Raises
    Document.DoesNotExist when it was taken back a moment ago."""
    if not Document.objects.filter(pk=document.pk).update(opened_at=Coalesce("opened_at", now)):
        raise Document.DoesNotExist


def forget_unfinished(*, now: datetime) -> int:
    """Refuse uploads that were not finished in time and delete their bytes; return how many."""
    late = Document.objects.filter(state=DocumentState.UPLOADING, touched_at__lt=now - UNFINISHED_LIVES)
    count = 0
    for document in late.only("pk"):
        changed = late.filter(pk=document.pk).update(state=DocumentState.REFUSED, reason=Unfit.INTERRUPTED)
        if changed:
            storage.remove(document.pk)
            count += 1
    return count


def on_delete(*, instance: Document, **_kwargs: Any) -> None:
    """Listen to Django's post_delete: delete the bytes with the row, once that is certain."""
    transaction.on_commit(partial(storage.remove, instance.pk))  # the instance will have lost its key by then


def _why_not_size(size: int) -> Unfit | None:
    if size <= 0:
        return Unfit.EMPTY
    return Unfit.TOO_LARGE if size > settings.DOCUMENT_MAX_BYTES else None


def _judge(document: Document) -> tuple[dicom.Said | Unfit, str]:
    """Return the verdict of a limited child, and the media type of what is in the file. A file that ends that child is
    not fit to be kept."""
    kind = validation.media_type(document.name)
    try:
        with storage.Sealed(document.pk, document.size) as file:
            kind = validation.kind_of(file.read(validation.HEAD)) or kind
            return validation.judge_apart(cast(BinaryIO, file), document.size), kind
    except DecryptionFailed:
        return Unfit.DAMAGED, kind
    except sandbox.NoAnswer as trouble:
        known = {"why": trouble.why, "error": trouble.error, "frames": trouble.frames}
        log.warning("document_not_judged", document=str(document.pk), **known)
        return Unfit.UNCHECKED, kind


def _digest(document: Document) -> str:
    digest = sha256()
    try:
        for piece in storage.pieces(document.pk, document.size):
            digest.update(piece)
    except DecryptionFailed:
        return ""
    return digest.hexdigest()


def _settle(document: Document, found: dicom.Said | Unfit, kind: str, digest: str, *, now: datetime) -> None:
    document.sha256, document.finished_at, document.touched_at = digest, now, now
    document.media_type, document.name = kind, validation.name_as(document.name, kind)
    if isinstance(found, Unfit) or not digest:
        refuse(document, found if isinstance(found, Unfit) else Unfit.DAMAGED, now=now)
        return
    document.study_date, document.modality = found.study_date, found.modality
    document.state, document.scan_at = DocumentState.PENDING, now
    document.save()
    _tell(document, "Document received", by=document.uploaded_by, now=now)
    dispatch.after_commit("crm.scan_documents", document.pk)


def refuse(document: Document, reason: Unfit, *, now: datetime) -> None:
    """Refuse a document: the row stays and says why, as the timeline does; the bytes go with the commit."""
    document.state, document.reason, document.scan_at = DocumentState.REFUSED, reason, None
    document.save()
    _tell(document, "Document not accepted", by=document.uploaded_by, now=now)
    transaction.on_commit(lambda: storage.remove(document.pk))


def _tell(document: Document, summary: str, *, by: User | None, now: datetime) -> None:
    """Put one line on the timeline, without the name of the file, which may tell too much."""
    details: dict[str, Any] = {"document": str(document.pk), "kind": document.kind, "reason": document.reason}
    if document.reason:  # the scanner says so, an hour later or a day
        details[BY_ITSELF] = True
    Activity.objects.create(
        lead=document.lead, kind=ActivityKind.DOCUMENT, at=now, by=by, summary=summary, details=details
    )
