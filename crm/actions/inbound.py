"""What a mail that came in sets in motion. Told twice, or out of order, it happens once."""

from datetime import datetime, timedelta
from hashlib import sha256

from django.db import transaction

from crm import private_messages, suppression
from crm.actions import events, opt_out, tasks
from crm.actions import messages as outbox
from crm.enums import AUTOMATED, ActivityKind, Event, MessageState, TaskKind
from crm.inbound import Arrived, Kind
from crm.models import Activity, InboundMail, Lead, MailThread, Message, Scope, SuppressedBecause

SOFT_BOUNCES = 5
SOFT_WITHIN = timedelta(days=30)
MOST_COMPLAINTS, ENOUGH_SENT = 0.001, 1_000
_BOUNCES = {Kind.HARD_BOUNCE, Kind.SOFT_BOUNCE}


def receive(arrived: Arrived, *, now: datetime) -> InboundMail | None:
    """Keeps a mail and does what it asks for; None when it was here before.

    A reply ends or pauses sequences, stands on the timeline and opens a task to answer. A hard bounce, or the fifth
    soft one, stops mail to the address and opens a call. A complaint stops everything commercial to it. A robot's reply
    is noted and nothing more.

    All of it is one transaction: what is known as taken in has also done what it asks for. Not to be called inside
    another one.
    """
    with transaction.atomic():
        message = _ours(arrived)
        lead = _whose(arrived, message)
        if lead:
            Lead.objects.select_for_update(no_key=True).get(pk=lead.pk)
        kept = _keep(arrived, lead, message, now=now)
        if kept is None:
            return None
        if lead:
            _follow(kept, lead, arrived, now=now)
        address = _stop_mail(arrived, kept, now=now)
    if address:  # what waits would be judged when it is claimed, too; what is on its way nobody has asked to stop
        opt_out.take_from_the_outbox(address, now=now)
    return kept


def _ours(arrived: Arrived) -> Message | None:
    found = Message.objects.filter(message_id__in=arrived.message_ids).select_related("lead")
    return found.order_by("-created_at").first() if arrived.message_ids else None


def _whose(arrived: Arrived, message: Message | None) -> Lead | None:
    """By the thread's address, else by the mail of ours that it is about, else by the one lead with that address."""
    thread = MailThread.objects.filter(token__in=arrived.tokens).select_related("lead").first()
    if thread:
        return thread.lead
    if message:
        return message.lead
    address = arrived.about or arrived.sender
    same = list(Lead.objects.reached_by(email=address, phone="")[:2]) if address else []
    return same[0] if len(same) == 1 else None


def _keep(arrived: Arrived, lead: Lead | None, message: Message | None, *, now: datetime) -> InboundMail | None:
    """Save a mail, of a lead who is locked; None when it is here already."""
    latest = InboundMail.objects.filter(lead=lead).order_by("-at", "-pk").first() if lead else None
    mail = InboundMail(
        external_id=arrived.message_id[:250] or f"none:{sha256(repr(arrived).encode()).hexdigest()}",
        kind=arrived.kind.value,
        lead=lead,
        message=message,
        address_hash=suppression.hash_of(arrived.about) if arrived.about else "",
        status=arrived.status,
        text=f"{arrived.subject}\n\n{arrived.text}".strip(),
        at=private_messages.moment_after(latest, now=now),
    )
    InboundMail.objects.bulk_create([mail], ignore_conflicts=True)
    return InboundMail.objects.filter(pk=mail.pk).first()


def _follow(kept: InboundMail, lead: Lead, arrived: Arrived, *, now: datetime) -> None:
    told = f": {arrived.status}" if arrived.status else ""
    Activity.objects.create(
        lead=lead, kind=ActivityKind.MESSAGE, at=now, summary=f"E-mail, {kept.get_kind_display().lower()}{told}"
    )
    if arrived.kind in {Kind.REPLY, Kind.OTHER}:
        tasks.ask_for_answer(lead, title=tasks.ANSWER_MAIL, key=f"inbound:{kept.pk}", now=now)
    if arrived.kind == Kind.REPLY:
        events.announce(lead, Event.REPLIED, now=now, key=str(kept.pk))


def _stop_mail(arrived: Arrived, kept: InboundMail, *, now: datetime) -> str:
    """Returns the address that gets no more mail, or less; "" for none."""
    if arrived.kind in _BOUNCES and arrived.about and (arrived.kind == Kind.HARD_BOUNCE or _is_one_too_many(kept)):
        opt_out.record(arrived.about, lead_id=None, scope=Scope.EVERYTHING, because=SuppressedBecause.BOUNCE, now=now)
        if kept.lead:
            key = f"bounce:{kept.address_hash}:{kept.lead_id}"[:100]
            title = "The e-mail address does not work: call, and ask for another"
            tasks.open_task(kept.lead, kind=TaskKind.MAIL_PROBLEM, title=title, due_at=now, key=key)
        return arrived.about
    if arrived.kind == Kind.COMPLAINT and (address := arrived.about or (kept.message.to_email if kept.message else "")):
        opt_out.record(
            address, lead_id=kept.lead_id, scope=Scope.EDUCATION, because=SuppressedBecause.COMPLAINT, now=now
        )
        if _too_many_complaints(now=now):
            outbox.pause_commercial(reason="More than one complaint in a thousand mails", now=now)
        return address
    return ""


def _too_many_complaints(*, now: datetime) -> bool:
    """More than one in a thousand within 30 days, as providers count (0.1 %). Counted as if a thousand had been sent at
    least, so that one person's click does not stop a small centre."""
    since = now - SOFT_WITHIN
    complaints = InboundMail.objects.filter(kind=Kind.COMPLAINT.value, at__gt=since).count()
    sent = Message.objects.filter(state=MessageState.SENT, finished_at__gt=since, message_class__in=AUTOMATED).count()
    return complaints > MOST_COMPLAINTS * max(sent, ENOUGH_SENT)


def _is_one_too_many(kept: InboundMail) -> bool:
    recent = InboundMail.objects.filter(
        address_hash=kept.address_hash, kind=Kind.SOFT_BOUNCE.value, at__gt=kept.at - SOFT_WITHIN
    )
    return recent.count() >= SOFT_BOUNCES
