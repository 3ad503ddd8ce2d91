"""What a provider of mail tells of our mails: delivered, returned, reported, unsubscribed.

Told twice it happens once, and in any order: what was returned stays returned when "delivered" comes after it.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from anymail.signals import AnymailTrackingEvent, EventType, RejectReason
from django.utils import timezone

from crm.inbound import actions as arrivals
from crm.inbound.parsing import bounce_phrases
from crm.inbound.parsing.mail_parser import LONGEST_ADDRESS, InboundMessage, MailKind
from crm.mail import opt_out
from crm.mail.provider import MARK
from crm.models import Message, Scope, SuppressedBecause
from crm.outbox import actions as outbox
from crm.values.normalize import mailbox_key, storable

# Anymail's words. "Bounced" is final for a mail; whether the address is dead its reason says.
_RETURNED = {EventType.BOUNCED, EventType.REJECTED, EventType.FAILED}
_DEAD = {RejectReason.INVALID, RejectReason.BOUNCED}
_OF_US = {RejectReason.BLOCKED, RejectReason.SPAM}
_ONLY_FOR_NOW = {"SoftBounce", "Transient", "DnsError"}  # Postmark's types that Anymail counts as bounced as well
# Every event of a mail proves that the provider had accepted it, except these.
_NO_PROOF = {EventType.FAILED, EventType.UNKNOWN}


def on_tracking(sender: Any, event: AnymailTrackingEvent, esp_name: str, **_: Any) -> None:
    """Listen to Anymail's tracking signal: the provider has signed the call."""
    take(event, provider=esp_name.lower(), now=timezone.now())


def take(event: AnymailTrackingEvent, *, provider: str, now: datetime) -> None:
    """Do what an event asks for; nothing for one that says nothing new, such as "opened", which we do not track."""
    message = _ours(event)
    if message and event.event_type not in _NO_PROOF:
        outbox.accepted_after_all(message, now=now)
    address = storable(event.recipient or "")[:LONGEST_ADDRESS].strip()
    if event.event_type == EventType.UNSUBSCRIBED and address:
        lead_id = message.lead_id if message else None
        because = SuppressedBecause.OPT_OUT
        opt_out.opt_out(address, lead_id=lead_id, scope=Scope.EDUCATION, because=because, now=now)
    elif kind := _kind(event):
        _receive(event, kind, message, provider=provider, now=now)


def _ours(event: AnymailTrackingEvent) -> Message | None:
    try:
        return Message.objects.select_related("lead").filter(pk=UUID(str((event.metadata or {}).get(MARK)))).first()
    except ValueError:
        return None


def _kind(event: AnymailTrackingEvent) -> MailKind | None:
    if event.event_type == EventType.COMPLAINED:
        return MailKind.COMPLAINT
    if event.event_type not in _RETURNED:
        return None
    is_passing = event.reject_reason not in _DEAD or event.esp_event.get("Type") in _ONLY_FOR_NOW
    return MailKind.SOFT_BOUNCE if is_passing else MailKind.HARD_BOUNCE


def _status(event: AnymailTrackingEvent) -> str:
    """Return the status that the server named; for what the provider took for spam or held back, 5.7.0 (RFC 3463)."""
    said = bounce_phrases.status_in(
        f"{event.mta_response or ''} {event.description or ''}"[: bounce_phrases.LONGEST_WORDS]
    )
    return said or ("5.7.0" if event.reject_reason in _OF_US else "")


def _receive(
    event: AnymailTrackingEvent, kind: MailKind, message: Message | None, *, provider: str, now: datetime
) -> None:
    """Keep an event like a bounce or complaint that came by mail, but signed."""
    named = event.event_id or f"{event.message_id}:{event.event_type}:{event.recipient}"
    arrived = InboundMessage(
        kind,
        message_id=f"{provider}:{named}",
        message_ids=(message.message_id,) if message else (),
        about=mailbox_key(event.recipient or ""),
        status=_status(event),
        subject=f"{provider.title()}: {event.event_type}",
        text=f"{event.description or ''}\n{event.mta_response or ''}".strip(),
    )
    arrivals.receive(arrived, now=now, is_vouched=True)
