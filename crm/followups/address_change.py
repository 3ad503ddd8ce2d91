"""End what a new e-mail address of a patient ends: whoever reads the old mailbox may not be the one who is meant."""

from datetime import datetime
from hashlib import sha256

from django.db.models import QuerySet

from crm import dispatch
from crm.enums.leads import AUTOMATED, MessageClass, MessageState
from crm.followups import enrollment as followups
from crm.leads import call_window, tasks
from crm.mail import emails, opt_out
from crm.models import Lead, Message
from crm.outbox import returned_addresses, withdrawn_steps
from crm.outbox.readdressing import NOT_THEIRS
from crm.patient_portal import access as patient_access
from crm.registry import DomainEvent
from crm.values.normalize import mailbox_key


def on_change(lead: Lead, happening: DomainEvent) -> None:
    """Listen to ADDRESS_CHANGED, and do what changed() does."""
    changed(lead, now=happening.now, **happening.facts)


def changed(lead: Lead, *, before: str, now: datetime, was_theirs: bool = True) -> bool:
    """Draw the line after the address of a lead was changed on record. False when it is the same mailbox after all.
    Not `was_theirs`: whoever reads there is told nothing.

    Ends private links and the sessions of patients, sends what waits to the new address, takes codes back, and tells
    the old address once. Without a new one a call takes the place of what waits. Mail goes to the new one, though it
    was given up before: it may work by now; what the person has stopped at an address that was theirs stays stopped.
    Inside the transaction of the change, with the lead locked. Side effects: PatientLink, PatientSession, Message,
    Suppression, the Task that asked for another address, or one to call.
    Unsubscribe links in earlier mails go on working.
    """
    if mailbox_key(before) == mailbox_key(lead.email):
        return False
    patient_access.revoke_links(lead, now=now)
    _take_from_the_outbox(lead, before, now=now)
    if before and was_theirs:
        _tell(lead, before, now=now)
    if was_theirs:
        opt_out.follow(lead, before=before, now=now)
    if lead.email:
        returned_addresses.replaced(lead, now=now)
        returned_addresses.works_again(lead.email, lead=lead, why="they gave it anew", now=now)
    return True


def _take_from_the_outbox(lead: Lead, before: str, *, now: datetime) -> None:
    """Redirect mails that wait for the former address, or that a worker has claimed: without its lease it hands nothing
    over. Without a new address they are canceled, and the steps of sequences that they did are done by a call."""
    there = Message.objects.filter(lead=lead, to_email__iexact=before).exclude(name=emails.ADDRESS_CHANGED)
    there.filter(state=MessageState.SENDING).update(state=MessageState.QUEUED, lease_token=None, lease_until=None)
    waiting = there.filter(state=MessageState.QUEUED)
    _cancel(waiting.filter(name=emails.CODE), now=now)  # its session is over
    if lead.email:
        waiting.update(to_email=lead.email)
        return
    of_steps = dict(waiting.filter(enrollment__isnull=False).values_list("pk", "enrollment"))
    _call_instead(lead, list(waiting.filter(enrollment=None, topic=None).order_by("due_at", "pk")), now=now)
    _cancel(waiting, now=now)
    if of_steps:
        withdrawn_steps.open_again(list(of_steps))
        followups.take_up(of_steps.values(), now=now)


def _call_instead(lead: Lead, waiting: list[Message], *, now: datetime) -> None:
    """Open the task to call a lead about what they were to read. Advertising is dropped; steps of sequences are done
    after all, and the app above takes care of visits."""
    needed = [one for one in waiting if one.message_class != MessageClass.COMMERCIAL]
    if not needed:
        return
    what = ", ".join(dict.fromkeys(one.title for one in needed))
    serves_to_win = all(one.message_class in AUTOMATED for one in needed)
    call = call_window.call_task(
        lead,
        title=f"Call instead of a mail, there is no address: {what}"[:120],
        instead=f"{call_window.NO_CALLS}: {what}",
        due_at=now,
        key=f"{'step' if serves_to_win else 'told'}:{needed[0].pk}",
    )
    tasks.open_once(call)


def _cancel(messages: QuerySet[Message], *, now: datetime) -> None:
    messages.update(state=MessageState.CANCELLED, reason=NOT_THEIRS, finished_at=now)


def _tell(lead: Lead, before: str, *, now: datetime) -> None:
    """Tell the former address of a change once, however often it is made; again when the first mail about it was taken
    back unsent."""
    change = sha256(f"{mailbox_key(before)}\n{mailbox_key(lead.email)}".encode()).hexdigest()[:24]
    message = emails.address_changed(lead, to=before, key=f"address-changed:{lead.pk}:{change}", now=now)
    withdrawn_steps.give_up_keys(Message.objects.filter(key=message.key, state=MessageState.CANCELLED))
    if not Message.objects.filter(key=message.key).exists():
        message.save()
        dispatch.send_after_commit(message)
