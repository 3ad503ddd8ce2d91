"""What a person decides about a message that could not be delivered by itself."""

from datetime import datetime, timedelta

from django.db import transaction

from crm import dispatch, emails
from crm.enums import NEEDS_A_PERSON, ActivityKind, MessageState
from crm.errors import MessageRefused
from crm.models import Activity, Lead, Message, User

ANOTHER = timedelta(hours=24)


@transaction.atomic
def send_link(lead: Lead, *, by: User, now: datetime) -> bool:
    """Queues a mail with a link to the private page, and an Activity. False when there is no address."""
    if not lead.email:
        return False
    message = emails.private_link(lead, number=Message.objects.filter(lead=lead, name="link").count(), now=now)
    message.save()
    dispatch.after_commit("crm.send_messages", message.pk)
    Activity.objects.create(lead=lead, kind=ActivityKind.NOTE, at=now, by=by, summary="Sent a link to the private page")
    return True


@transaction.atomic
def send_again(message: Message, *, by: User, now: datetime) -> None:
    """Queues a failed or unknown message once more, under the same Message-ID, for the next 24 hours.

    Raises MessageRefused when it is in any other state. Side effects: the row, and an Activity of its lead.
    """
    locked = Message.objects.select_for_update(of=("self",)).get(pk=message.pk)
    if locked.state not in NEEDS_A_PERSON:
        raise MessageRefused(f"This message is {MessageState(locked.state).label.lower()}: there is nothing to repeat.")
    locked.state, locked.reason, locked.due_at, locked.not_after = MessageState.QUEUED, "", now, now + ANOTHER
    locked.finished_at = None
    locked.save(update_fields=["state", "reason", "due_at", "not_after", "finished_at"])
    if locked.lead_id:
        Activity.objects.create(
            lead_id=locked.lead_id, kind=ActivityKind.NOTE, at=now, by=by, summary=f"Sent again: {locked.subject}"[:200]
        )
