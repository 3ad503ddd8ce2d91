"""Files that came with a reply: kept apart among the documents of its person until somebody has looked."""

import io
from datetime import datetime
from hashlib import sha256

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError

from crm.documents import actions as documents
from crm.documents.formats import validation
from crm.enums.documents import DocumentKind, Unfit
from crm.errors import UploadRefused
from crm.inbound.parsing import sandboxed_parser
from crm.inbound.parsing.attached_files import MOST_FILES, Passed
from crm.inbound.parsing.mail_parser import InboundMessage, MailKind
from crm.models import Lead
from crm.values.normalize import storable

log = structlog.get_logger("nucleus.attachments")


# Why a file was not kept, for the desk.
NOBODYS = "nobody can tell whose mail it is"
OF_NO_REPLY = "only files of a reply are kept"
OF_ANOTHER_KIND = "this kind of file is not taken"
TROUBLE = "it could not be stored"
_PASSED = {
    Passed.EMPTY: "it is empty",
    Passed.SMALL: "a small picture within the words",
    Passed.MANY: f"more than {MOST_FILES} files",
}


def keep(raw: bytes, arrived: InboundMessage, lead: Lead | None, *, now: datetime) -> dict[str, str]:
    """Store what is attached to a reply and is of a kind that documents are of; return why, for each name that was not
    kept. A mail that is brought again brings nothing twice.

    Raises only what ends the task, and what is no fault of the mail: no file is in the way of the words beside it.
    """
    if lead is None or arrived.kind != MailKind.REPLY:
        return dict.fromkeys(arrived.attachments, OF_NO_REPLY if lead else NOBODYS)
    left_out = {name: TROUBLE if validation.media_type(name) else OF_ANOTHER_KIND for name in arrived.attachments}
    try:
        if TROUBLE in left_out.values():
            for name, content, passed in sandboxed_parser.files(raw, list(validation.TYPES)):
                left_out[storable(name)] = _PASSED[passed] if passed else _store(lead, name, content, now=now)
    except (SoftTimeLimitExceeded, OperationalError, InterfaceError):
        raise
    except Exception as trouble:  # such as a full disk: the mail itself comes first
        log.error("attachment_not_kept", error=type(trouble).__name__)
    return {name: why for name, why in left_out.items() if why}


def _store(lead: Lead, name: str, content: bytes, *, now: datetime) -> str:
    """Store one file; return why it was not kept, "" when it was, now or before."""
    stamp = int.from_bytes(sha256(content).digest()[:7])
    try:
        document = documents.store_whole(
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
        return _in_short(refused.message)
    return _in_short(str(document.get_reason_display()))


def _in_short(told: str) -> str:
    """Shorten what senders read to the reason, without what they should do; "" for a file that is here already."""
    return "" if told == str(Unfit.ALREADY.label) else told.partition(". ")[0].rstrip(".")
