"""Files that came with a reply: kept apart among the documents of its person until somebody has looked."""

import io
from datetime import datetime
from hashlib import sha256

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError

from crm.documents import actions as documents
from crm.documents.formats import validation
from crm.enums.documents import DocumentKind
from crm.errors import UploadRefused
from crm.inbound.parsing import sandboxed_parser
from crm.inbound.parsing.mail_parser import InboundMessage, MailKind
from crm.models import Lead

log = structlog.get_logger("nucleus.attachments")


def keep(raw: bytes, arrived: InboundMessage, lead: Lead | None, *, now: datetime) -> None:
    """Store what is attached to a reply and is of a kind that documents are of. A mail that is brought again brings
    nothing twice. What cannot be stored is named beside the words all the same.

    Raises only what ends the task, and what is no fault of the mail: no file is in the way of the words beside it.
    """
    if lead is None or arrived.kind != MailKind.REPLY or not any(map(validation.media_type, arrived.attachments)):
        return
    try:
        for name, content in sandboxed_parser.files(raw, list(validation.TYPES)):
            _store(lead, name, content, now=now)
    except (SoftTimeLimitExceeded, OperationalError, InterfaceError):
        raise
    except Exception as trouble:  # such as a full disk: the mail itself comes first
        log.error("attachment_not_kept", error=type(trouble).__name__)


def _store(lead: Lead, name: str, content: bytes, *, now: datetime) -> None:
    stamp = int.from_bytes(sha256(content).digest()[:7])
    try:
        documents.store_whole(
            lead,
            io.BytesIO(content),
            sender=documents.DocumentSender(by_mail=True),
            name=name,
            size=len(content),
            kind=DocumentKind.OTHER,
            now=now,
            stamp=stamp,
        )
    except UploadRefused as refused:
        log.info("attachment_refused", why=refused.message)
