"""Messages between the centre and a patient, both ways."""

from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.crypto import salted_hmac

from crm import clinic_hours, dispatch, emails
from crm.actions import events
from crm.enums import ActivityKind, Event, MessageState, TaskKind
from crm.models import Activity, Lead, Message, PatientSession, PrivateMessage, Task, User


@transaction.atomic
def write(lead: Lead, *, text: str, by: User, now: datetime, message_id: UUID | None = None) -> bool:
    """A coordinator's message: kept on the private page, with a mail that says only that there is one.

    Finishes the open tasks to answer. The same id with the same text again changes nothing. False when no mail goes
    out, for want of an address; one that still waits is enough for several messages. Side effects: PrivateMessage,
    Activity, Message, tasks.
    """
    message = PrivateMessage(pk=_key(lead, message_id, text, by=by), lead=lead, by=by, text=text, at=now)
    if not _add(message):
        return bool(lead.email)
    _note(lead, by=by, summary="Wrote a message on the private page", now=now)
    close(lead, by=by, now=now)
    if not lead.email:
        return False
    waiting = Message.objects.filter(lead=lead, name="message", state=MessageState.QUEUED)
    if not waiting.exists():
        mail = emails.new_message(lead, message_id=message.pk, now=now)
        mail.save()
        dispatch.send_after_commit(mail)
    return True


@transaction.atomic
def answer(session: PatientSession, *, text: str, now: datetime, message_id: UUID | None = None) -> None:
    """The patient's message. One task to answer is open at a time, due before the next business day ends. The same id
    with the same text again changes nothing."""
    lead = session.lead
    message = PrivateMessage(pk=_key(lead, message_id, text), lead=lead, session=session, text=text, at=now)
    if not _add(message):
        return
    _note(lead, by=None, summary="Wrote to us on the private page", now=now)
    if not Task.objects.open().filter(lead=lead, kind=TaskKind.ANSWER).exists():
        centre = lead.location
        due_at = clinic_hours.end_of_next_day(now, hours=centre.hours, holidays=centre.holidays, zone=centre.zone)
        title, key = "Answer the message on the private page", f"answer:{message.pk}"
        Task.objects.create(lead=lead, kind=TaskKind.ANSWER, title=title, due_at=due_at, key=key, created_at=now)
    events.announce(lead, Event.REPLIED, now=now, key=str(message.pk))


def _key(lead: Lead, form_id: UUID | None, text: str, *, by: User | None = None) -> UUID:
    """The key of a message: one for a form and a text, of this lead and this side. The id of the form was made by
    whoever filled it in, so it proves nothing alone; keyed, so that nobody guesses the text from it."""
    named = f"{lead.pk}\n{by.pk if by else ''}\n{form_id or uuid4()}\n{text}"
    return UUID(bytes=salted_hmac("crm.private_message", named, algorithm="sha256").digest()[:16], version=4)


def _add(message: PrivateMessage) -> bool:
    """Saves a message; False when it is there already. Locks the lead: two messages at once open one task."""
    Lead.objects.select_for_update(no_key=True).get(pk=message.lead_id)
    if PrivateMessage.objects.filter(pk=message.pk).exists():
        return False
    message.save(force_insert=True)
    return True


def close(lead: Lead, *, by: User, now: datetime) -> None:
    """What the patient wrote is read and settled: finishes the open task to answer."""
    mark_read(lead, by_patient=False, now=now)
    Task.objects.open().filter(lead=lead, kind=TaskKind.ANSWER).update(done_at=now, done_by=by)


def mark_read(lead: Lead, *, by_patient: bool, now: datetime) -> int:
    """What the other side wrote has been shown; returns how many were new."""
    return PrivateMessage.objects.filter(lead=lead, by__isnull=not by_patient, read_at__isnull=True).update(read_at=now)


def _note(lead: Lead, *, by: User | None, summary: str, now: datetime) -> None:
    Activity.objects.create(lead=lead, kind=ActivityKind.MESSAGE, at=now, by=by, summary=summary)
