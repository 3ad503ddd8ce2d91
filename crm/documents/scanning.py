"""Documents that wait for the scanner: which is asked about next, and what becomes of it."""

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q

from crm.documents import actions as documents
from crm.documents import clamav, storage
from crm.enums.documents import DocumentState, Unfit
from crm.errors import DecryptionFailed
from crm.leads import imaging
from crm.models import Document

log = structlog.get_logger("nucleus.documents")

SCAN_AGAIN = timedelta(minutes=5)
SCAN_LEASE = timedelta(minutes=31)  # one try keeps others away: longer than a task may run (crm/tasks.py)


def scan_due(*, now: datetime) -> int:
    """Ask the scanner about every document that is due; return how many it has judged. Any number may run at once."""
    judged = 0
    while settings.CLAMD_URL and (document := _claim(now)):
        try:
            clean = clamav.is_clean(settings.CLAMD_URL, storage.pieces(document.pk, document.size))
        except clamav.TooLargeToScan:
            _next_try(document, None)
            continue
        except (clamav.ScanFailed, DecryptionFailed) as trouble:
            log.warning("scan_failed", document=str(document.pk), error=type(trouble).__name__)
            _next_try(document, now + SCAN_AGAIN)
            continue
        _after_scan(document, clean=clean, now=now)
        judged += 1
    return judged


def _claim(now: datetime) -> Document | None:
    """Claim the next document to scan, for SCAN_LEASE: what a dead worker held comes up again after that."""
    due = Q(state=DocumentState.PENDING, scan_at__lte=now)
    with transaction.atomic():
        found = (
            Document.objects.select_for_update(no_key=True, skip_locked=True)
            .filter(due)
            .order_by("scan_at", "pk")
            .first()
        )
        if found:
            found.scan_at = now + SCAN_LEASE
            found.save(update_fields=["scan_at"])
    return found


def _next_try(document: Document, at: datetime | None) -> None:
    """Set when a pending document is scanned again; None when the scanner never will judge it, so a person has to."""
    Document.objects.filter(pk=document.pk, state=DocumentState.PENDING).update(scan_at=at)


@transaction.atomic
def _after_scan(document: Document, *, clean: bool, now: datetime) -> None:
    """Store the scanner's verdict. When it found something, refuse even what a person had released meanwhile."""
    locked = Document.objects.select_for_update(no_key=True).filter(pk=document.pk).first()
    if locked is None:  # taken back meanwhile
        return
    if not clean:
        documents.refuse(locked, Unfit.VIRUS, now=now)
    elif locked.state == DocumentState.PENDING:
        locked.state = DocumentState.PENDING if locked.by_mail else DocumentState.CLEAN  # whose it is, a person tells
        locked.scan_at = None
        locked.save(update_fields=["state", "scan_at"])
        imaging.has_come(locked, by=None, now=now)
