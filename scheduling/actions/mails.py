"""What patients are told about an appointment. Planned with it, judged again when it leaves: each mail bears the
version of the appointment for which it was written, so that none about an old time is ever sent."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import override

from crm import dispatch
from crm.enums.leads import MessageClass, MessageState, OnUnknown
from crm.leads import call_window, tasks
from crm.mail import emails, mime, suppression
from crm.models import Lead, Message, MessageTopic
from crm.outbox import readdressing, send_rules
from crm.registry import DomainEvent
from scheduling import time_format
from scheduling.actions import ics
from scheduling.enums import OF_THE_CENTER, Mode
from scheduling.models import Appointment, WaitlistEntry

APART = timedelta(hours=4)  # two reminders of one appointment are never closer
REMINDER, CANCELLED, NEW_ADDRESS = "appointment_reminder", "appointment_cancelled", "appointment_new_address"
CONFIRMATIONS = ("appointment_booked", "appointment_moved", NEW_ADDRESS, CANCELLED)
LATE = timedelta(hours=12)  # past this a reminder is no help any more, and a person calls


def reaches(lead: Lead, *, message_class: MessageClass = MessageClass.ANSWER) -> bool:
    """Return whether mail of a class gets to them: there is an address, and nothing holds such mail to it back."""
    if mime.deliverable(lead.email) is None:
        return False
    return not suppression.of_messages([Message(lead=lead, to_email=lead.email, message_class=message_class)])


def reaches_with_offers(lead: Lead) -> bool:
    """Return whether a mail about a time that became free gets to them. Nobody has asked for it this moment, so an
    address that mail came back from is not tried again."""
    return reaches(lead, message_class=MessageClass.REMINDER)


def plan(appointment: Appointment, *, now: datetime, is_known: bool = False) -> list[Message]:
    """Return the mails to save with the appointment: a confirmation at once, unless the patient knows of it, and the
    reminders. Opens a call when no mail reaches the patient."""
    if not is_known and not reaches(appointment.lead):
        _call(appointment, "booked for", now=now)
    if mime.deliverable(appointment.lead.email) is None:
        return []
    told = [] if is_known else [_confirmation("appointment_booked", appointment, now=now)]
    return [*told, *_reminders(appointment, now=now)]


def plan_again(appointment: Appointment, *, now: datetime) -> None:
    """Plan the mails anew after a move: everything that was planned is for another time."""
    MessageTopic.objects.filter(pk=appointment.topic_id).update(version=appointment.version, live=True)
    knows_none = "appointment_booked" in _withdraw(appointment, "It was moved")
    if not reaches(appointment.lead):
        _call(appointment, "moved to", now=now)
    if mime.deliverable(appointment.lead.email) is None:
        return
    name = "appointment_booked" if knows_none else "appointment_moved"
    Message.objects.bulk_create([_confirmation(name, appointment, now=now), *_reminders(appointment, now=now)])


def plan_cancellation(appointment: Appointment, *, now: datetime) -> None:
    """Withdraw all other mails of an appointment and plan its last one, or a call when no mail reaches the patient;
    nobody is told when it is over."""
    MessageTopic.objects.filter(pk=appointment.topic_id).update(version=appointment.version, live=True)
    _withdraw(appointment, "It was cancelled")
    if appointment.ends_at <= now:  # nobody is told to stay away from what is over
        return
    if not reaches(appointment.lead):
        _call(appointment, "cancelled:", now=now)
    if mime.deliverable(appointment.lead.email):
        _confirmation(CANCELLED, appointment, now=now).save()


def plan_new_address(appointment: Appointment, *, now: datetime) -> bool:
    """Say where a visit is now: nothing else of it changes, so its calendar entry keeps its SEQUENCE, and is the newer
    one by its stamp (RFC 5546 2.1.5). A mail about it that has not left yet says it instead. False for whom no mail
    reaches: a task asks to tell them."""
    if reaches(appointment.lead):
        if not _waits_for_words(appointment):
            message = _confirmation(NEW_ADDRESS, appointment, now=now)
            message.key += f":{message.pk.hex[:8]}"  # it may be corrected once more in the same minute
            message.save()
        return True
    about = f"another address of the visit on {appointment.starts_at.astimezone(appointment.location.zone):%b %-d}"
    title, instead = f"Tell by telephone: {about}", f"{call_window.NO_CALLS}: {about}"
    key = key_of_new_address(appointment)
    tasks.open_again(call_window.call_task(appointment.lead, title=title, instead=instead, due_at=now, key=key))
    return False


def _waits_for_words(appointment: Appointment) -> bool:
    """Tell whether a mail about its present time waits that is written anew when it leaves."""
    theirs = Message.objects.filter(topic=appointment.topic_id, topic_version=appointment.version)
    waiting = theirs.filter(name__in=CONFIRMATIONS, state=MessageState.QUEUED, handed_over_at=None)
    return waiting.exists()


def key_of_new_address(appointment: Appointment) -> str:
    """Return the key of the task to tell of it."""
    return f"address:{appointment.pk}:{appointment.version}"


def _withdraw(appointment: Appointment, reason: str) -> set[str]:
    """Withdraw the planned mails about an old time; returns the names of those that had not left yet. A mail that
    leaves at this moment is judged by its version."""
    waiting = Message.objects.filter(topic=appointment.topic_id, state=MessageState.QUEUED)
    in_order = waiting.select_for_update(no_key=True).order_by("due_at", "pk")  # as whoever claims them takes them
    names = dict(in_order.values_list("pk", "name"))
    Message.objects.filter(pk__in=names, state=MessageState.QUEUED).update(
        state=MessageState.CANCELLED, reason=reason, finished_at=Now()
    )
    return set(names.values())


def _call(appointment: Appointment, what: str, *, now: datetime) -> None:
    """Open a call for a patient who cannot be written to, and close the one of the version before."""
    local = appointment.starts_at.astimezone(appointment.location.zone)
    tasks.close(f"tell:{appointment.pk}:{appointment.version - 1}", now=now)
    told = f"appointment {what} {local:%a, %b %-d, %-I:%M %p}"
    call = call_window.call_task(
        appointment.lead,
        title=f"Tell by telephone: {told}",
        instead=f"{call_window.NO_CALLS}: {told}",
        due_at=now,
        key=f"tell:{appointment.pk}:{appointment.version}",
    )
    tasks.open_once(call)


def plan_offer(entry: WaitlistEntry, *, now: datetime) -> None:
    """Tell of a time that is free, for two hours. Whom no mail reaches is called."""
    lead = entry.lead
    if entry.offered_start is None or entry.offered_until is None:
        raise ValueError("Nothing is on offer.")
    if not reaches_with_offers(lead):
        local, until = (at.astimezone(entry.location.zone) for at in (entry.offered_start, entry.offered_until))
        what = f"{local:%a, %b %-d, %-I:%M %p}, kept until {until:%-I:%M %p}"
        title, instead = f"Offer by telephone: {what}", f"{call_window.NO_CALLS}: offer of {what}"
        call = call_window.call_task(lead, title=title, instead=instead, due_at=now, key=key_of_offer(entry))
        tasks.open_once(call)
        return
    with override(lead.language):
        context = {
            "has_one": entry.last_day is not None,
            "first_name": emails.greeting_name(lead.first_name),
            "when": when_in_words(
                entry.offered_start, entry.kind.display_timezone(patient=lead.timezone, center=entry.location.timezone)
            ),
            "until": when_in_words(entry.offered_until, lead.timezone),
        }
    emails.make_message(
        "appointment_offer",
        lead=lead,
        center=entry.location,
        to=lead.email,
        key=key_of_offer(entry),
        message_class=MessageClass.REMINDER,
        on_unknown=OnUnknown.RESEND,
        context=context,
        not_after=entry.offered_until,
        now=now,
    ).save()


def key_of_offer(entry: WaitlistEntry) -> str:
    return f"offer:{entry.hold}"


def due_times(appointment: Appointment, *, now: datetime, served: datetime | None = None) -> list[datetime]:
    """Return when reminders are due: so long before the start as the settings say, never before seven on the patient's
    clock, never two within four hours, and none within four hours of `now`, when they heard of the time. `served`: when
    the latest one was due that has gone; none follows for the same moment."""
    found, last = list[datetime](), now
    for hours in sorted(settings.APPOINTMENT_REMINDER_HOURS, reverse=True):
        moment = appointment.starts_at - timedelta(hours=hours)
        due = _from_seven(moment, appointment.zone)
        is_open = served is None or moment > served
        if is_open and due - last >= APART and due < appointment.starts_at:
            found.append(due)
            last = due
    return found


def _from_seven(moment: datetime, zone: ZoneInfo) -> datetime:
    local = moment.astimezone(zone)
    seven = datetime.combine(local.date(), send_rules.EARLIEST_REMINDER, tzinfo=zone)
    return max(moment, seven.astimezone(moment.tzinfo))


def _confirmation(name: str, appointment: Appointment, *, now: datetime) -> Message:
    """Return a mail that answers what the patient, or the desk for them, has just done; it is sent after commit."""
    message = _mail(
        name, appointment, message_class=MessageClass.ANSWER, due_at=now, not_after=now + timedelta(hours=24), now=now
    )
    _fill(message, appointment, at=now)
    dispatch.send_after_commit(message)
    return message


def _reminders(appointment: Appointment, *, now: datetime, gone: Sequence[Message] = ()) -> list[Message]:
    """Return the reminders, written only when they leave: a patient who has confirmed meanwhile is not asked to. When
    they are planned anew, some may have `gone`."""
    heard = [appointment.agreed_at, *(one.finished_at or one.due_at for one in gone)]
    due = due_times(appointment, now=max(heard), served=max((one.due_at for one in gone), default=None))
    # After an outage too no two are close together: one that would be late gives way to the next.
    latest = [*(following - APART for following in due[1:]), appointment.starts_at]
    return [
        _mail(
            REMINDER,
            appointment,
            message_class=MessageClass.REMINDER,
            due_at=at,
            not_after=min(at + LATE, end),
            now=now,
        )
        for at, end in zip(due, latest, strict=False)
    ]


def _mail(
    name: str,
    appointment: Appointment,
    *,
    message_class: MessageClass,
    due_at: datetime,
    not_after: datetime,
    now: datetime,
) -> Message:
    lead = appointment.lead
    message = emails.unwritten(
        name,
        lead=lead,
        center=appointment.location,
        to=lead.email,
        key=f"{name}:{appointment.pk}:{appointment.version}:{due_at.astimezone(UTC):%Y%m%d%H%M}",
        message_class=message_class,
        on_unknown=OnUnknown.RESEND,
        not_after=not_after,
        now=now,
    )
    message.due_at, message.topic_id, message.topic_version = due_at, appointment.topic_id, appointment.version
    return message


def write(message: Message) -> None:
    """Fill in the words of a mail about an appointment, as it stands when the mail leaves."""
    rows = Appointment.objects.select_related("lead", "kind", "location")
    _fill(message, rows.get(topic=message.topic_id), at=max(message.due_at, timezone.now()))


def _fill(message: Message, appointment: Appointment, *, at: datetime) -> None:
    """Fill in the words of a mail, and the calendar object, where one goes with it, for the address to which it
    goes."""
    context = _context(appointment, at=at)
    emails.write(message, language=appointment.lead.language, center=appointment.location, context=context)
    if message.name in CONFIRMATIONS:
        message.calendar = ics.as_text(appointment, now=at, attendee=message.to_email)


def _context(appointment: Appointment, *, at: datetime) -> dict[str, Any]:
    """Return the words' context for a mail that leaves `at` that moment: it names no deadline that has passed."""
    lead, until = appointment.lead, _last_change(appointment)
    with override(lead.language):
        return {
            "first_name": emails.greeting_name(lead.first_name),
            "when": when_in_words(appointment.starts_at, appointment.display_timezone),
            "by_phone": appointment.kind.mode == Mode.PHONE,
            "has_number": not appointment.kind.lacks_number(lead),
            "by_center": appointment.ended_reason in OF_THE_CENTER,
            "is_confirmed": appointment.confirmed_at is not None,
            "may_change_until": when_in_words(until, appointment.display_timezone) if until > at else "",
            "chooses_alone": appointment.kind.may_be_booked_by(lead),
        }


def _last_change(appointment: Appointment) -> datetime:
    """Return until when the patient can move and cancel the appointment alone."""
    minutes = max(appointment.kind.cancel_until, appointment.kind.reschedule_until)
    return appointment.starts_at - timedelta(minutes=minutes)


def follow_details(lead: Lead, happening: DomainEvent) -> None:
    """Listen to changed contact details: reminders go to where the lead is reached now, and leave by the clock that is
    theirs now. A patient whom mail no longer reaches is called."""
    ahead = Appointment.objects.standing().filter(lead=lead, starts_at__gt=happening.now)
    _call_about_cancelled(lead, now=happening.now)
    for appointment in ahead.select_related("kind", "location", "provider").order_by("starts_at", "pk"):
        appointment.lead = lead
        if mime.deliverable(lead.email) is None:
            _withdraw(appointment, "No address that mail can reach")
            # a call takes the place of what was planned; of a time that we cannot keep they hear by another
            if appointment.rebook_since is None and Message.objects.filter(topic=appointment.topic_id).exists():
                _call(appointment, "booked for", now=happening.now)
        else:
            _plan_reminders_anew(appointment, now=happening.now)


def _call_about_cancelled(lead: Lead, *, now: datetime) -> None:
    """Open a call about each canceled visit whose mail was taken back this moment, with the address."""
    unsent = Message.objects.filter(topic=OuterRef("topic"), topic_version=OuterRef("version"), name=CANCELLED)
    unsent = unsent.filter(state=MessageState.CANCELLED, reason=readdressing.NOT_THEIRS, finished_at=now)
    for appointment in Appointment.objects.filter(Exists(unsent), lead=lead).select_related("location"):
        appointment.lead = lead
        _call(appointment, "cancelled:", now=now)


def unsent() -> Exists:
    """Match appointments whose mail about the present time was called off before it left, because the time was
    closed."""
    theirs = Message.objects.filter(topic=OuterRef("topic"), topic_version=OuterRef("version"))
    called_off = {"state": MessageState.CANCELLED, "reason": send_rules.CALLED_OFF}
    return Exists(theirs.filter(name__in=CONFIRMATIONS, **called_off))


def call_the_untold(*, now: datetime) -> int:
    """Open a call where a time is open again and the patient has never heard that it is theirs. Returns how many."""
    ahead = Appointment.objects.standing().filter(unsent(), rebook_since=None, starts_at__gt=now, confirmed_at=None)
    waiting = list(ahead.select_related("lead", "location"))
    for appointment in waiting:
        _call(appointment, "booked for", now=now)
    return len(waiting)


def _plan_reminders_anew(appointment: Appointment, *, now: datetime) -> None:
    """Withdraw reminders that wait for moments other than the ones the patient's present clock gives, and plan new
    ones. One that is due soon, or late already, stays as it is."""
    theirs = Message.objects.filter(topic=appointment.topic_id, topic_version=appointment.version, name=REMINDER)
    planned = list(theirs)
    wanted = _reminders(appointment, now=now, gone=[one for one in planned if one.state in send_rules.ON_ITS_WAY])
    moments = {_moment(one) for one in wanted}
    others = [one.pk for one in planned if one.state == MessageState.QUEUED and _moment(one) not in moments]
    Message.objects.filter(pk__in=others, state=MessageState.QUEUED).update(
        state=MessageState.CANCELLED, reason="It is due at another moment", finished_at=now
    )
    settled = {_moment(one) for one in planned if one.state != MessageState.CANCELLED}
    fresh = [one for one in wanted if _moment(one) not in settled and _is_in_time(one, instead=others, now=now)]
    for message in fresh:
        message.key += f":{message.pk.hex[:8]}"  # one for this moment may have been called off before
    Message.objects.bulk_create(fresh)


def _moment(reminder: Message) -> str:
    """Return the moment for which it was planned: when it is due changes with every server that puts it off."""
    return reminder.key.split(":")[3]


def _is_in_time(reminder: Message, *, instead: list[UUID], now: datetime) -> bool:
    """Tell whether a reminder is still to come, or takes the place of one that waited for a later moment."""
    return reminder.due_at > now or (bool(instead) and reminder.not_after > now)


def when_in_words(at: datetime, zone: str) -> str:
    """Return a time with the name of its clock: "Tuesday, December 1, 9:30 a.m. (Eastern time)"."""
    return f"{time_format.moment(at, zone)} ({time_format.zone(zone)})"
