"""What another e-mail address of a patient ends: whoever reads the old mailbox may not be the one who is meant."""

from datetime import datetime
from hashlib import sha256

from django.db.models import QuerySet

from crm import dispatch, emails, open_steps, patient_access
from crm.actions import given_up, opt_out, sequences
from crm.enums import MessageState
from crm.models import Lead, Message
from crm.normalise import mailbox_key

REASON = "The e-mail address was changed"
TOLD = "address_changed"


def changed(lead: Lead, *, before: str, now: datetime) -> bool:
    """Draw the line after the address of a lead was changed on record. False when it is the same mailbox after all.

    Ends private links and the sessions of patients, sends what waits to the new address, takes codes back, and tells
    the old address once. Mail goes to the new one, though it was given up before: it may work by now; what the person
    has stopped at an address that was theirs stays stopped. Inside the transaction of the change, with the lead locked.
    Side effects: PatientLink, PatientSession, Message, Suppression, the Task that asked for another address.
    Unsubscribe links in earlier mails go on working.
    """
    if mailbox_key(before) == mailbox_key(lead.email):
        return False
    patient_access.revoke_links(lead, now=now)
    _take_from_the_outbox(lead, before, now=now)
    if before:
        _tell(lead, before, now=now)
        opt_out.follow(lead, before=before, now=now)
    if lead.email:
        given_up.replaced(before, lead=lead, now=now)
        given_up.works_again(lead.email, lead=lead, why="they gave it anew", now=now)
    return True


def _take_from_the_outbox(lead: Lead, before: str, *, now: datetime) -> None:
    """Mails that wait, and those that a worker has claimed: without its lease it hands nothing over. Without a new
    address the steps of sequences that they did are to be done after all: by a call."""
    there = Message.objects.filter(lead=lead, to_email__iexact=before).exclude(name=TOLD)
    there.filter(state=MessageState.SENDING).update(state=MessageState.QUEUED, lease_token=None, lease_until=None)
    waiting = there.filter(state=MessageState.QUEUED)
    _cancel(waiting.filter(name="code"), now=now)  # its session is over
    if lead.email:
        waiting.update(to_email=lead.email)
        return
    of_steps = dict(waiting.filter(enrolment__isnull=False).values_list("pk", "enrolment"))
    _cancel(waiting, now=now)
    if of_steps:
        open_steps.open_again(list(of_steps))
        sequences.take_up(of_steps.values(), now=now)


def _cancel(messages: QuerySet[Message], *, now: datetime) -> None:
    messages.update(state=MessageState.CANCELLED, reason=REASON, finished_at=now)


def _tell(lead: Lead, before: str, *, now: datetime) -> None:
    """Each change once, however often it is made."""
    change = sha256(f"{mailbox_key(before)}\n{mailbox_key(lead.email)}".encode()).hexdigest()[:32]
    message = emails.address_changed(lead, to=before, key=f"address-changed:{lead.pk}:{change}", now=now)
    if not Message.objects.filter(key=message.key).exists():
        message.save()
        dispatch.send_after_commit(message)
