"""What a person decides about a message that could not be delivered by itself."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce

from crm import dispatch, locations
from crm.enums.leads import NEEDS_A_PERSON, ActivityKind, MessageState
from crm.errors import MessageRefused
from crm.mail import emails, mime
from crm.models import Activity, Lead, Message, Sending, Task, User
from crm.models.sending import ONLY
from crm.outbox import send_rules

ANOTHER = timedelta(hours=24)


@transaction.atomic
def send_link(lead: Lead, *, by: User, now: datetime, asked: UUID | None = None) -> bool:
    """Queue a mail with a link to the private page, and an Activity, once for each `asked`; one that still waits is
    enough. False when there is no address. Locks the lead."""
    lead = Lead.objects.select_for_update(no_key=True, of=("self",)).select_related("location").get(pk=lead.pk)
    if not lead.email:
        return False
    message = emails.private_link(lead, asked=asked or uuid4(), now=now)
    waits = Q(key=message.key) | Q(name="link", state=MessageState.QUEUED, to_email__iexact=lead.email)
    if Message.objects.filter(waits, lead=lead).exists():
        return True
    message.save()
    dispatch.send_after_commit(message)
    Activity.objects.create(lead=lead, kind=ActivityKind.NOTE, at=now, by=by, summary="Sent a link to the private page")
    return True


@transaction.atomic
def send_again(message: Message, *, by: User, now: datetime) -> None:
    """Queue a failed or unknown message once more, under the same Message-ID, for the next 24 hours, to the address
    that is on record now.

    Raises MessageRefused when it is in any other state, or when it would not leave: there is no address, mail to it is
    stopped, or what it belongs to has ended. Side effects: the row, and an Activity of its lead.
    """
    rows = Message.objects.select_for_update(no_key=True, of=("self",))
    locked = rows.select_related("lead", "topic", "enrollment__version").get(pk=message.pk)
    if locked.state not in NEEDS_A_PERSON:
        raise MessageRefused(f"This message is {MessageState(locked.state).label.lower()}: there is nothing to repeat.")
    locked.to_email = _address_now(locked)
    if why_not := send_rules.why_not(locked, now=now):
        raise MessageRefused(f"It would not leave: {why_not[0].lower()}{why_not[1:]}.")
    locked.state, locked.reason, locked.due_at, locked.not_after = MessageState.QUEUED, "", now, now + ANOTHER
    locked.finished_at = None
    locked.save(update_fields=["to_email", "state", "reason", "due_at", "not_after", "finished_at"])
    if locked.lead_id:
        Activity.objects.create(
            lead_id=locked.lead_id, kind=ActivityKind.NOTE, at=now, by=by, summary=f"Sent again: {locked.subject}"[:200]
        )


def _address_now(message: Message) -> str:
    """Return where a message goes that is sent again: like all that waits, to a corrected address, but for the notice
    of that very change. Raises MessageRefused when no mail can reach the lead."""
    if message.lead is None or message.name == emails.ADDRESS_CHANGED:
        return message.to_email
    if mime.deliverable(message.lead.email) is None:
        raise MessageRefused("There is no e-mail address that mail can reach: call, or write a letter.")
    return message.lead.email


@transaction.atomic
def settle(message: Message, what: str, *, by: User, now: datetime) -> None:
    """Settle a message that waits for a person, by what they know: it "arrived" (unknown ones only, and when it was
    handed over, not now), or "drop" it. Finishes its open tasks.

    Raises MessageRefused when it no longer waits for anybody. Side effects: the row, an Activity of its lead.
    """
    locked = Message.objects.select_for_update(no_key=True, of=("self",)).get(pk=message.pk)
    allowed = {"arrived": [MessageState.UNKNOWN], "drop": NEEDS_A_PERSON}.get(what, [])
    if locked.state not in allowed:
        raise MessageRefused(f"This message is {MessageState(locked.state).label.lower()}: somebody was quicker.")
    arrived = what == "arrived"
    locked.state = MessageState.SENT if arrived else MessageState.CANCELLED
    locked.reason = f"{'Known to have arrived' if arrived else send_rules.DROPPED}, says {by}"[:200]
    locked.finished_at = (locked.finished_at or locked.handed_over_at or locked.due_at) if arrived else now
    locked.save(update_fields=["state", "reason", "finished_at"])
    Task.objects.open().filter(key__startswith=f"mail:{message.pk}:").update(done_at=now, done_by=by)
    if locked.lead_id:
        summary = f"{'Arrived' if arrived else 'Dropped'}: {locked.title}"[:200]
        Activity.objects.create(lead_id=locked.lead_id, kind=ActivityKind.NOTE, at=now, by=by, summary=summary)


def accepted_after_all(message: Message, *, now: datetime) -> bool:
    """Mark a mail in doubt as sent: the provider speaks of it, so it has had it since it was handed over. Finishes its
    tasks; False when it was not in doubt."""
    words = "Known to have been accepted: the provider speaks of it"
    with transaction.atomic():
        unknown = Message.objects.filter(pk=message.pk, state=MessageState.UNKNOWN)
        went = Coalesce("finished_at", "handed_over_at", "due_at")
        if not unknown.update(state=MessageState.SENT, reason=words, finished_at=went):
            return False
        Task.objects.open().filter(key__startswith=f"mail:{message.pk}:").update(done_at=now)
    return True


SWITCHES: dict[str, tuple[dict[str, Any], str]] = {
    "pause": ({"is_paused": True}, "All mail is held until somebody lets it go out again."),
    "resume": ({"is_paused": False, "waits_until": None}, "Mail goes out again."),
    "second": ({"through_second": True, "waits_until": None}, "Mail goes through the second server from now on."),
    "commercial": ({"commercial_paused": False}, "Commercial mail goes out again."),
    "first": ({"through_second": False, "waits_until": None}, "Mail goes through the first server again."),
}


def pause_commercial(*, reason: str, now: datetime) -> None:
    """Hold commercial mail until somebody at the desk allows it again, and say so on every page."""
    values = {"commercial_paused": True, "reason": reason[:200], "changed_at": now, "changed_by": None}
    Sending.objects.update_or_create(pk=ONLY, defaults=values)
    transaction.on_commit(locations.forget, robust=True)


def set_switch(what: str, *, by: User, reason: str, now: datetime) -> str:
    """Set one of the SWITCHES of all sending; return what happens, in words. Raises KeyError for none of them."""
    values, said = SWITCHES[what]
    Sending.objects.update_or_create(
        pk=ONLY, defaults={**values, "reason": reason[:200], "changed_at": now, "changed_by": by}
    )
    transaction.on_commit(locations.forget, robust=True)
    return said
