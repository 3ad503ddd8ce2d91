"""Messages between the center and a patient, both ways."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.crypto import salted_hmac

from crm import dispatch
from crm.enums.leads import ActivityKind, Event, MessageState, TaskKind
from crm.leads import events, tasks
from crm.mail import emails, mime, suppression
from crm.models import Activity, Lead, Message, PatientSession, PrivateMessage, Task, User
from crm.models.message import NOT_GONE
from crm.patient_portal import conversation_queries
from crm.patient_portal.access import LINK_LIVES

LONGEST_MESSAGE = 4000  # characters, each end of a line as one
NOTICES_APART = timedelta(minutes=15)
_TO_ANSWER = "Answer the message on the private page"


@dataclass(frozen=True)
class Seen:
    """What a page of the desk showed: the newest message of either side, and the newest e-mail of the patient; None
    where there was none."""

    message: UUID | None = None
    mail: UUID | None = None


@transaction.atomic
def write(
    lead: Lead, *, text: str, by: User, now: datetime, message_id: UUID | None = None, seen: Seen | None = None
) -> bool:
    """Keep a coordinator's message on the private page, and settle what the page it was written on had `seen`.

    A mail says only that there is one, and not again before the patient has been there. The same id with the same text
    again changes nothing. False when no mail goes out, for want of an address or because it takes none. Side effects:
    PrivateMessage, Activity, Message, tasks.
    """
    message = PrivateMessage(pk=_key(lead, message_id, text, by=by), lead=lead, by=by, text=text, at=now)
    is_mailed = _takes_mail(lead)
    if not _add(message):
        return is_mailed
    _note(lead, by=by, summary="Wrote a message on the private page", now=now)
    _settle(lead, by=by, seen=seen or Seen(), now=now)
    if is_mailed:
        _notify(lead, about=message, now=now)
    return is_mailed


@transaction.atomic
def answer(session: PatientSession, *, text: str, now: datetime, message_id: UUID | None = None) -> None:
    """Keep the patient's message. One task to answer is open at a time, due before the next business day ends. The same
    id with the same text again changes nothing."""
    lead = session.lead
    message = PrivateMessage(pk=_key(lead, message_id, text), lead=lead, session=session, text=text, at=now)
    if not _add(message):
        return
    _note(lead, by=None, summary="Wrote to us on the private page", now=now)
    tasks.ask_for_answer(lead, title=_TO_ANSWER, key=f"answer:{message.pk}", now=now)
    events.announce(lead, Event.REPLIED, now=now, key=str(message.pk))


def _key(lead: Lead, form_id: UUID | None, text: str, *, by: User | None = None) -> UUID:
    """Return the key of a message: one for a form and a text, of this lead and this side. The id of the form was made
    by whoever filled it in, so it proves nothing alone; keyed, so that nobody guesses the text from it."""
    named = f"{lead.pk}\n{by.pk if by else ''}\n{form_id or uuid4()}\n{text}"
    return UUID(bytes=salted_hmac("crm.private_message", named, algorithm="sha256").digest()[:16], version=4)


def _add(message: PrivateMessage) -> bool:
    """Save a message; False when it is there already. Locks the lead: two messages at once open one task, and none is
    ever put before one that somebody may have read."""
    Lead.objects.select_for_update(no_key=True).get(pk=message.lead_id)
    there = PrivateMessage.objects.filter(lead=message.lead_id)
    if there.filter(pk=message.pk).exists():
        return False
    message.at = conversation_queries.moment_after(there.order_by("-at", "-pk").first(), now=message.at)
    message.save(force_insert=True)
    return True


@transaction.atomic
def close(lead: Lead, *, by: User, seen: Seen, now: datetime) -> bool:
    """Finish the task to answer, without an answer. False when something came that the page had not `seen`: it stays
    new, and keeps the task or opens one."""
    Lead.objects.select_for_update(no_key=True).get(pk=lead.pk)
    return _settle(lead, by=by, seen=seen, now=now)


def _settle(lead: Lead, *, by: User, seen: Seen, now: datetime) -> bool:
    from_patient = PrivateMessage.objects.filter(lead=lead, by__isnull=True, read_at__isnull=True)
    newest = PrivateMessage.objects.filter(lead=lead, pk=seen.message).first() if seen.message else None
    if newest:
        from_patient.filter(at__lte=newest.at).update(read_at=now)
    if later := from_patient.order_by("-at", "-pk").first():
        tasks.ask_for_answer(lead, title=_TO_ANSWER, key=f"answer:{later.pk}", now=now)
        return False
    if mail := conversation_queries.mail_after(lead, seen.mail):
        tasks.ask_for_answer(lead, title=tasks.ANSWER_MAIL, key=f"inbound:{mail.pk}", now=now)
        return False
    Task.objects.open().filter(lead=lead, kind=TaskKind.ANSWER).update(done_at=now, done_by=by)
    return True


@transaction.atomic
def show_patient(lead: Lead, *, until: PrivateMessage, now: datetime) -> None:
    """Note that the patient has been shown everything `until` this message. A notice that still waits is called off;
    what was written meanwhile has one."""
    new = PrivateMessage.objects.filter(lead=lead, by__isnull=False, read_at__isnull=True)
    if not new.exists():
        return
    Lead.objects.select_for_update(no_key=True).get(pk=lead.pk)
    new.filter(at__lte=until.at).update(read_at=now)
    if later := new.order_by("-at", "-pk").first():
        if _takes_mail(lead):
            _notify(lead, about=later, now=now)
        return
    waiting = Message.objects.filter(lead=lead, name=emails.NOTICE, state=MessageState.QUEUED)
    waiting.update(state=MessageState.CANCELLED, reason="Read before it went out", finished_at=now)


def _takes_mail(lead: Lead) -> bool:
    return mime.deliverable(lead.email) is not None and not suppression.answers_are_stopped(lead)


def _notify(lead: Lead, *, about: PrivateMessage, now: datetime) -> None:
    """Mail one notice until the patient has been there or its link is too old, and never two within NOTICES_APART: the
    second waits."""
    went = Message.objects.filter(
        lead=lead, name=emails.NOTICE, to_email__iexact=lead.email, state__in=[*NOT_GONE, MessageState.SENT]
    )
    last, due_at = went.order_by("-created_at", "-pk").first(), now
    if last:
        last_at = last.finished_at or last.due_at
        if last.state == MessageState.QUEUED or (last_at > now - LINK_LIVES and _is_unread(last)):
            return
        due_at = max(now, last_at + NOTICES_APART)
    mail = emails.new_message(lead, message_id=about.pk, now=now)
    mail.due_at = due_at
    mail.save()
    dispatch.send_after_commit(mail)


def _is_unread(notice: Message) -> bool:
    """Tell whether the message that a notice was about is still to be read: then so is all that was written since."""
    about = notice.key.removeprefix(emails.NOTICE_KEY)
    return PrivateMessage.objects.filter(pk=about, read_at__isnull=True).exists()


def _note(lead: Lead, *, by: User | None, summary: str, now: datetime) -> None:
    Activity.objects.create(lead=lead, kind=ActivityKind.MESSAGE, at=now, by=by, summary=summary)
