"""What a mail that came in sets in motion. Told twice, or out of order, it happens once."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from types import MappingProxyType
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction

from crm import registry
from crm.enums.leads import AUTOMATED, ActivityKind, Event, MessageState, TaskKind
from crm.inbound.parsing import automatic
from crm.inbound.parsing.mail_parser import REPORTS, InboundMessage, MailKind
from crm.leads import events, notifications, tasks
from crm.mail import emails, opt_out, suppression
from crm.models import Activity, InboundMail, Lead, MailThread, Message, Scope, SuppressedBecause, Suppression, Task
from crm.models.activity import BY_ITSELF
from crm.outbox import actions as outbox
from crm.outbox import returned_addresses
from crm.patient_portal import conversation_queries

SOFT_BOUNCES = 5
MOST_NAMES = 50
NOT_KEPT, NOTHING = "Not kept: ", MappingProxyType[str, str]({})
OF_US = r"^[45]\.([367]|2\.3|4\.6)"  # RFC 3463: of the servers, the content, policies, a size, a loop
SOFT_WITHIN = timedelta(days=30)
MOST_COMPLAINTS, ENOUGH_SENT = 0.001, 1_000
READ_IT = "A mail system wrote about them: read it"
_OF_A_PERSON = {MailKind.REPLY, MailKind.CALENDAR}


def receive(
    arrived: InboundMessage, *, now: datetime, is_vouched: bool = False, not_kept: Mapping[str, str] = NOTHING
) -> InboundMail | None:
    """Keep a mail and do what it asks for; return None when it was here before.

    A reply ends or pauses sequences, stands on the timeline and opens a task to answer. A hard bounce, or the fifth
    soft one, stops mail to the address; another is asked for, where the request is open or a visit is ahead. A
    complaint stops everything commercial to it. Bounces and complaints have an effect on the address of a mail of ours
    that they are proven to be about, and on no other: anybody can write one. `is_vouched`: our provider has signed it.
    A robot's reply is noted and nothing more; what a mail system writes and nobody knows opens a task to read it.
    `not_kept`: why, for each name of a file that was not.

    All of it is one transaction: what is known as taken in has also done what it asks for. Not to be called inside
    another one.
    """
    with transaction.atomic():
        message, invited = _ours(arrived), _invitation(arrived)
        lead = _whose(arrived, message, invited)
        if lead:
            Lead.objects.select_for_update(no_key=True).get(pk=lead.pk)
        about = _proven_address(arrived, message, is_vouched=is_vouched)
        kept = _keep(
            arrived, lead, message, about=about or _read_at(arrived, lead, message), not_kept=not_kept, now=now
        )
        if kept is None:
            return None
        if lead:
            _follow(kept, lead, arrived, invited, now=now)
        address = _stop_mail(kept, about, now=now)
    if address:  # what waits would be judged when it is claimed, too; what is on its way nobody has asked to stop
        opt_out.take_from_the_outbox(address, now=now)
    return kept


def _ours(arrived: InboundMessage) -> Message | None:
    """Return the mail of ours that it is about: by its Message-ID; for a report that was sent to the address of a
    thread, which nobody guesses, the latest to the address that it names."""
    newest = Message.objects.select_related("lead").order_by("-created_at")
    found = newest.filter(message_id__in=arrived.message_ids).first() if arrived.message_ids else None
    if found is None and arrived.kind in REPORTS and arrived.tokens and arrived.about:
        of_thread = newest.filter(lead__mail_thread__token__in=arrived.tokens)
        found = of_thread.filter(to_email__iexact=arrived.about).first()
    return found


def _proven_address(arrived: InboundMessage, message: Message | None, *, is_vouched: bool) -> str:
    """Return the address to which a bounce or complaint may stop mail; "" for none. It is the one that we mailed,
    whatever the report names; that of the report where our provider has signed it and the mail is unknown."""
    if arrived.kind not in REPORTS:
        return ""
    if message:
        return message.to_email
    return arrived.about if is_vouched else ""


def _read_at(arrived: InboundMessage, lead: Lead | None, message: Message | None) -> str:
    """Return the address at which a reply shows that our mail to this lead is read: it answers one, or goes to their
    thread, and strangers know neither. "" where only the sender's word says so, which anybody can write."""
    if arrived.kind != MailKind.REPLY or lead is None:
        return ""
    of_thread = MailThread.objects.filter(lead=lead, token__in=arrived.tokens)
    return arrived.sender if message or of_thread.exists() else ""


def whose(arrived: InboundMessage) -> Lead | None:
    """Return the lead whose mail it is; None where that cannot be told."""
    return _whose(arrived, _ours(arrived), _invitation(arrived))


def _invitation(arrived: InboundMessage) -> registry.Invitation | None:
    return registry.invitation(arrived.invitation, int(arrived.sequence) if arrived.sequence else None)


def _whose(arrived: InboundMessage, message: Message | None, invited: registry.Invitation | None) -> Lead | None:
    """Find the lead by the invitation that the mail answers, else by the thread's address, else by the mail of ours
    that it is about, else by the one lead with that address."""
    if invited:
        return Lead.objects.filter(pk=invited.lead_id).first()
    threads = {
        one.token: one.lead for one in MailThread.objects.filter(token__in=arrived.tokens).select_related("lead")
    }
    for token in arrived.tokens:  # to whose address it was sent, before those of whose thread it is
        if token in threads:
            return threads[token]
    if message:
        return message.lead
    address = arrived.about or arrived.sender
    same = list(Lead.objects.reached_by(email=address, phone="")[:2]) if address else []
    return same[0] if len(same) == 1 else None


def _keep(
    arrived: InboundMessage,
    lead: Lead | None,
    message: Message | None,
    *,
    about: str,
    not_kept: Mapping[str, str],
    now: datetime,
) -> InboundMail | None:
    """Save a mail, of a lead who is locked; return None when it is here already. `about`: the address of which it
    proves something. Programs give one Message-ID to several mails: of another person, or in other words, it is new."""
    latest = InboundMail.objects.filter(lead=lead).order_by("-at", "-pk").first() if lead else None
    mail = InboundMail(
        external_id=arrived.message_id[:250] or f"none:{_digest(arrived)}",
        kind=arrived.kind.value,
        lead=lead,
        message=message,
        address_hash=suppression.hash_of(about) if about else "",
        status=arrived.status,
        sender=arrived.written_by or None,
        text=_text(arrived, not_kept),
        at=conversation_queries.moment_after(latest, now=now),
    )
    kept = _insert(mail)
    if kept is None and _is_another(mail):
        mail.external_id = f"{arrived.message_id[:180]}#{_digest(arrived)}"
        kept = _insert(mail)
    return kept


def _insert(mail: InboundMail) -> InboundMail | None:
    InboundMail.objects.bulk_create([mail], ignore_conflicts=True)
    return InboundMail.objects.filter(pk=mail.pk).first()


def _is_another(mail: InboundMail) -> bool:
    """Tell whether the mail kept under its Message-ID is a different one. What a provider tells twice is one event."""
    same = InboundMail.objects.get(external_id=mail.external_id)
    return mail.external_id.startswith("<") and (mail.lead_id, _came(mail)) != (same.lead_id, _came(same))


def _came(mail: InboundMail) -> str:
    """Return a mail's text without what became of its files, which may differ when it is brought again."""
    before, found, _after = str(mail.text).rpartition(f"\n\n{NOT_KEPT}")
    return before if found else str(mail.text)


def _digest(arrived: InboundMessage) -> str:
    return sha256(repr(arrived).encode()).hexdigest()


def _text(arrived: InboundMessage, not_kept: Mapping[str, str]) -> str:
    """Return subject, words, and the names of what was attached: the files that were kept are documents."""
    attached = f"Attached: {', '.join(arrived.attachments[:MOST_NAMES])}" if arrived.attachments else ""
    whys = [f"{name} ({why})" for name, why in not_kept.items()][:MOST_NAMES]
    left_out = f"{NOT_KEPT}{', '.join(whys)}" if whys else ""
    return "\n\n".join(one for one in (arrived.subject, arrived.text, attached, left_out) if one).strip()


def _follow(
    kept: InboundMail, lead: Lead, arrived: InboundMessage, invited: registry.Invitation | None, *, now: datetime
) -> None:
    told = f": {arrived.status or arrived.answer}" if arrived.status or arrived.answer else ""
    if kept.is_unproven:
        told += " (names no mail of ours: nothing was stopped)"
    summary = f"E-mail, {kept.get_kind_display().lower()}{told}"
    details = {} if arrived.kind in _OF_A_PERSON else {BY_ITSELF: True}
    Activity.objects.create(lead=lead, kind=ActivityKind.MESSAGE, at=now, summary=summary, details=details)
    if arrived.kind == MailKind.CALENDAR:
        _look_at_the_appointment(kept, lead, arrived, invited, now=now)
    if arrived.kind == MailKind.OTHER:  # nobody answers a robot
        key = f"mail-system:{lead.pk}"
        tasks.open_again(Task(lead=lead, kind=TaskKind.OTHER, title=READ_IT, due_at=now, key=key))
    if arrived.kind == MailKind.REPLY:
        tasks.ask_for_answer(lead, title=tasks.ANSWER_MAIL, key=f"inbound:{kept.pk}", now=now)
        returned_addresses.works_again(arrived.sender, lead=lead, why="they wrote from it", now=now)
        events.announce(lead, Event.REPLIED, now=now, key=str(kept.pk))


def key_of_answer(lead_id: UUID, uid: str) -> str:
    """Return the key of the task to ask about the appointment to which a calendar has not said yes."""
    return f"calendar:{sha256(f'{lead_id} {uid}'.encode()).hexdigest()}"


def _look_at_the_appointment(
    kept: InboundMail, lead: Lead, arrived: InboundMessage, invited: registry.Invitation | None, *, now: datetime
) -> None:
    """Act on a calendar's answer, which pauses nothing. Whoever accepts has confirmed; whoever declines is asked about
    the appointment, but not when it is over, called off or has moved since. Words beside it open a task to answer."""
    key = key_of_answer(lead.pk, arrived.invitation)
    if arrived.answer == "accepted":
        tasks.close(key, now=now)
        if invited:
            invited.accept(now)
    elif invited is None or invited.waits:
        about = invited.words if invited else "the appointment"
        said, instead = arrived.answer or "something", _instead(arrived.proposed, lead)
        title = f"Their calendar says {said}: ask about {about}{instead}"[:120]
        tasks.open_again(Task(lead=lead, kind=TaskKind.OTHER, title=title, due_at=now, key=key))
    if not automatic.says_only_the_answer(arrived.text):
        tasks.ask_for_answer(lead, title=tasks.ANSWER_MAIL, key=f"inbound:{kept.pk}", now=now)


def _instead(proposed: str, lead: Lead) -> str:
    """Put in words the time that they ask for, on the center's clock; as they wrote it where nobody knows theirs."""
    moment, _, zone = proposed.partition(" ")
    try:
        then = datetime.strptime(f"{moment}Z", "%Y%m%dT%H%M%S%z")
    except ValueError:
        return ""
    try:
        then, whose = then.replace(tzinfo=ZoneInfo(zone or lead.timezone)).astimezone(lead.location.zone), ""
    except (ValueError, OverflowError, ZoneInfoNotFoundError):
        whose = " (their clock)"
    return f"; proposed {then:%b %-d, %-I:%M %p}{whose}"


def _stop_mail(kept: InboundMail, address: str, *, now: datetime) -> str:
    """Stop mail to a proven address. Returns the one that gets no more mail, or less; "" for none."""
    if not address:
        return ""
    if kept.kind == MailKind.COMPLAINT:
        because = SuppressedBecause.COMPLAINT
        opt_out.record(address, lead_id=kept.lead_id, scope=Scope.EDUCATION, because=because, now=now)
        if _too_many_complaints(now=now):
            outbox.pause_commercial(reason="More than one complaint in a thousand mails", now=now)
        return address
    if kept.kind == MailKind.SOFT_BOUNCE:
        _tell_of_what_did_not_arrive(kept, now=now)
        if not _is_one_too_many(kept):
            return ""
    is_asked = returned_addresses.give_up(address, lead=kept.lead, now=now)
    if not is_asked and kept.kind == MailKind.HARD_BOUNCE and kept.message and _brings_word(kept.message):
        _tell_of_what_did_not_arrive(kept, now=now)
    return address


def _brings_word(message: Message) -> bool:
    """Tell whether a person must hear what the mail said, of a visit or a message, though nothing is ahead of them."""
    return message.topic_id is not None or message.name == emails.NOTICE


def _tell_of_what_did_not_arrive(kept: InboundMail, *, now: datetime) -> None:
    """Tell staff of a mail that nobody has read, though its address may well work. Where it is our trouble,
    administrators hear of it once a day, and only what somebody waits for gets a task each: a block list returns all
    our mail."""
    is_our_trouble = bool(re.match(OF_US, kept.status))
    if is_our_trouble:
        title = f"Mail servers return our mail ({kept.status}): see Mail that came in"
        notifications.tell_role("administrator", title=title, lead=None, key=f"returned-us:{now:%Y-%m-%d}", now=now)
    if kept.message and kept.message.name == emails.ADDRESS_CHANGED:  # it may have been changed for that
        return
    if kept.message and kept.message.lead and not (is_our_trouble and kept.message.message_class in AUTOMATED):
        title = "Mail did not arrive: it was returned"
        key = f"returned:{kept.message.pk}"
        tasks.open_task(kept.message.lead, kind=TaskKind.MAIL_PROBLEM, title=title, due_at=now, key=key)


def _too_many_complaints(*, now: datetime) -> bool:
    """Tell whether more than one proven complaint in a thousand mails came within 30 days, as providers count (0.1 %).
    At least a thousand count as sent, so that one person's click does not stop a small center."""
    since = now - SOFT_WITHIN
    complaints = (
        InboundMail.objects.filter(kind=MailKind.COMPLAINT.value, at__gt=since).exclude(address_hash="").count()
    )
    sent = Message.objects.filter(state=MessageState.SENT, finished_at__gt=since, message_class__in=AUTOMATED).count()
    return complaints > MOST_COMPLAINTS * max(sent, ENOUGH_SENT)


def _is_one_too_many(kept: InboundMail) -> bool:
    """Tell whether five soft bounces that speak of the address came within 30 days, since it last came back to use."""
    stops = Suppression.objects.filter(address_hash=kept.address_hash, because=SuppressedBecause.BOUNCE)
    lifted = stops.filter(lifted_at__isnull=False).order_by("-lifted_at").values_list("lifted_at", flat=True).first()
    since = kept.at - SOFT_WITHIN
    recent = InboundMail.objects.filter(
        address_hash=kept.address_hash,
        kind=MailKind.SOFT_BOUNCE.value,
        at__gt=max(since, lifted) if lifted else since,
    )
    return recent.exclude(status__regex=OF_US).count() >= SOFT_BOUNCES
