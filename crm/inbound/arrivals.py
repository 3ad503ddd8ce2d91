"""Every mail that arrives: taken in, or set aside for a person with all its bytes; never lost, and in nobody's way."""

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError

from crm.errors import SetAsideRefused
from crm.inbound import actions, attachments
from crm.inbound.parsing import provider_mail, sandboxed_parser
from crm.mail.reply_token import TOKEN
from crm.models import InboundMail, Lead, MailThread, SetAsideMail, User
from crm.models.inbound import SetAsideReason, Settled, SourceForm

TOKENS_WITHIN = 64 * 1024  # of a mail that cannot be read, its headers: whose it is they may still say
# SQLSTATE classes that speak of the moment and not of the mail: connection, rollback (deadlocks), resources, locks,
# operators and disks.
_OF_THE_MOMENT = {"08", "40", "53", "55", "57", "58"}

log = structlog.get_logger("nucleus.arrivals")

Kept = InboundMail | SetAsideMail | None


def take_in(raw: bytes, *, came_by: str, now: datetime) -> Kept:
    """Take a mail in, or set it aside when it cannot be read or stored; return None when it was here before.

    Raises only what is no fault of the mail, such as a database that is down: the mail is to be brought again then.
    """
    try:
        arrived = sandboxed_parser.read(raw, most_bytes=settings.MAIL_MAX_BYTES)
    except sandboxed_parser.NotRead as problem:
        return set_aside(raw, came_by=came_by, reason=SetAsideReason(problem.because), now=now)
    not_kept = attachments.keep(raw, arrived, actions.whose(arrived), now=now)
    try:
        return actions.receive(arrived, not_kept=not_kept, now=now)
    except SoftTimeLimitExceeded:
        raise
    except Exception as trouble:
        if is_of_the_moment(trouble):
            raise
        log.error("mail_not_stored", error=type(trouble).__name__)
        return set_aside(raw, came_by=came_by, reason=SetAsideReason.NOT_STORED, now=now)


def take_in_call(make: Callable[[], bytes], *, source: bytes, came_by: str, now: datetime) -> Kept:
    """Take in a mail, as `take_in` does, that `make` puts together from what a provider has sent (`source`)."""
    try:
        raw = make()
    except provider_mail.NoMail:
        unreadable, call = SetAsideReason.UNREADABLE, SourceForm.CALL
        return set_aside(source, came_by=came_by, reason=unreadable, now=now, form=call)
    return take_in(raw, came_by=came_by, now=now)


def set_aside(
    source: bytes,
    *,
    came_by: str,
    reason: SetAsideReason,
    now: datetime,
    form: SourceForm = SourceForm.MAIL,
    size: int | None = None,
) -> SetAsideMail | None:
    """Keep what could not be taken in; return None when it was here before. `size`: of the whole mail, in bytes, where
    `source` is less."""
    kept = SetAsideMail(
        digest=sha256(source).hexdigest(),
        came_by=came_by,
        reason=reason,
        lead=_whose_thread(source),
        source=source,
        size=len(source) if size is None else size,
        form=form,
        at=now,
    )
    SetAsideMail.objects.bulk_create([kept], ignore_conflicts=True)
    log.warning("mail_set_aside", reason=reason.value)
    return SetAsideMail.objects.defer("source").filter(pk=kept.pk).first()


def is_of_the_moment(trouble: BaseException) -> bool:
    """Tell whether an error says nothing about the mail: brought again later, it may well be taken in."""
    if not isinstance(trouble, DatabaseError | InterfaceError):
        return False
    state = getattr(trouble.__cause__, "sqlstate", None)
    return state[:2] in _OF_THE_MOMENT if state else isinstance(trouble, OperationalError | InterfaceError)


def settle(mail_id: UUID, *, settled: Settled, by: User, now: datetime) -> None:
    """Close a mail that was set aside, as a person decides. Raises SetAsideRefused when somebody did so before."""
    _close(mail_id, settled=settled, by=by, now=now)


def take_in_again(mail: SetAsideMail, *, by: User, now: datetime) -> None:
    """Try once more, after a change of limits or of this program, and settle the mail. Raises SetAsideRefused."""
    if mail.form != SourceForm.MAIL:
        raise SetAsideRefused("The mail itself is not here: only what is shown below.")
    try:
        arrived = sandboxed_parser.read(mail.source, most_bytes=settings.MAIL_MAX_BYTES)
        not_kept = attachments.keep(mail.source, arrived, actions.whose(arrived), now=now)
        actions.receive(arrived, not_kept=not_kept, now=now)
    except sandboxed_parser.NotRead as problem:
        raise SetAsideRefused(f"{problem} It stays here.") from None
    except DatabaseError:
        raise SetAsideRefused("The mail could not be stored this time either. It stays here.") from None
    _close(mail.pk, settled=Settled.TAKEN_IN, by=by, now=now)


def _close(mail_id: UUID, *, settled: Settled, by: User, now: datetime) -> None:
    found = SetAsideMail.objects.open().filter(pk=mail_id)
    if not found.update(settled_at=now, settled_as=settled, settled_by=by):
        raise SetAsideRefused("Somebody has settled this mail already.")


def _whose_thread(source: bytes) -> Lead | None:
    """Return the lead to whose thread a mail was addressed, by its first bytes alone (TOKENS_WITHIN)."""
    tokens = TOKEN.findall(source[:TOKENS_WITHIN].decode("ascii", "ignore").lower())
    thread = MailThread.objects.filter(token__in=tokens[:100]).select_related("lead").first()
    return thread.lead if thread else None
