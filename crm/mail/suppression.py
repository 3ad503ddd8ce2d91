"""Tell which mails an address or a person has been freed from: when a message is claimed, and when somebody opts out
(crm/mail/opt_out.py). docs/sequences.md says who may be stopped from what."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.crypto import salted_hmac

from crm.enums.leads import MessageClass
from crm.models import Lead, Message, Scope, Suppression
from crm.values.normalize import mailbox_key

TRIED_AGAIN_AFTER = timedelta(days=30)
# What each scope holds back. Appointment mails of a person, and answers to their own acts, stop only by their own wish.
_STOPS: dict[Scope, set[str]] = {
    Scope.EDUCATION: {MessageClass.COMMERCIAL},
    Scope.MOST: {MessageClass.COMMERCIAL, MessageClass.RELATIONSHIP, MessageClass.FOLLOW_UP},
    Scope.EVERYTHING: {MessageClass.COMMERCIAL, MessageClass.RELATIONSHIP, MessageClass.FOLLOW_UP},
}


def hash_of(address: str) -> str:
    """Return the hash that is kept instead of an address, keyed by SECRET_KEY: without it nobody can try addresses."""
    return _hash(address, settings.SECRET_KEY)


def hashes_of(address: str) -> list[str]:
    """Return the hashes of an address under SECRET_KEY, first, and under each of SECRET_KEY_FALLBACKS."""
    return [_hash(address, str(key)) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


def _hash(address: str, key: str) -> str:
    return salted_hmac("crm.suppression", mailbox_key(address), secret=key, algorithm="sha256").hexdigest()


def of_messages(messages: Iterable[Message], *, now: datetime | None = None) -> dict[UUID, str]:
    """Return {message id: why it must not go} for the messages that must not. Runs one query."""
    now = now or timezone.now()
    by_hash: dict[str, list[Message]] = defaultdict(list)
    for message in messages:
        for value in hashes_of(message.to_email):
            by_hash[value].append(message)
    found: dict[UUID, str] = {}
    for row in Suppression.objects.filter(address_hash__in=by_hash, lifted_at=None):
        for message in by_hash[row.address_hash]:
            if _holds_back(row, message, now=now):
                found[message.pk] = f"{row.get_because_display()} ({row.get_scope_display().lower()})"
    return found


def answers_are_stopped(lead: Lead) -> bool:
    """Return whether not even an answer to their own act, such as a link, is mailed to this person. One query."""
    probe = Message(lead=lead, to_email=lead.email, message_class=MessageClass.ANSWER)
    return bool(of_messages([probe]))


def _holds_back(row: Suppression, message: Message, *, now: datetime) -> bool:
    if row.lead_ref is not None and row.lead_ref != message.lead_id:
        return False
    if row.because == "bounce":  # whoever asks us for something may have a mailbox that works again
        return message.message_class != MessageClass.ANSWER or row.at > now - TRIED_AGAIN_AFTER
    if row.lead_ref and row.scope == Scope.EVERYTHING:
        return True
    return message.message_class in _STOPS[Scope(row.scope)]
