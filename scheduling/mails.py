"""What patients are told about an appointment. Planned with it, judged again when it leaves: each mail bears the
version of the appointment for which it was written, so that none about an old time is ever sent."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models.functions import Now
from django.utils.translation import override

from crm import calling, dispatch, emails, mime, suppression
from crm.actions import tasks
from crm.enums import MessageClass, MessageState, OnUnknown
from crm.models import Lead, Message, MessageTopic
from crm.registry import Happening
from scheduling import ics, words
from scheduling.enums import OF_THE_CENTRE, Mode
from scheduling.models import Appointment, WaitlistEntry

APART = timedelta(hours=4)  # two reminders of one appointment are never closer
EARLIEST = time(7)  # on the patient's clock
REMINDER = "appointment_reminder"
LATE = timedelta(hours=12)  # past this a reminder is no help any more, and a person calls


def reaches(lead: Lead) -> bool:
    """Return whether mail about visits gets to them: there is an address, and nothing holds mail to it back."""
    if mime.deliverable(lead.email) is None:
        return False
    return not suppression.of_messages([Message(lead=lead, to_email=lead.email, message_class=MessageClass.ANSWER)])


def plan(appointment: Appointment, *, now: datetime, is_known: bool = False) -> list[Message]:
    """Confirmation at once, unless the patient knows of it, and reminders before it: to be saved with the appointment.
    Whom no mail reaches is called."""
    if not is_known and not reaches(appointment.lead):
        _call(appointment, "booked for", now=now)
    if mime.deliverable(appointment.lead.email) is None:
        return []
    told = [] if is_known else [_confirmation("appointment_booked", appointment, now=now)]
    return [*told, *_reminders(appointment, now=now)]


def plan_again(appointment: Appointment, *, now: datetime) -> None:
    """After a move: everything that was planned is for another time."""
    MessageTopic.objects.filter(pk=appointment.topic_id).update(version=appointment.version, live=True)
    knows_none = "appointment_booked" in _withdraw(appointment, "It was moved")
    if not reaches(appointment.lead):
        _call(appointment, "moved to", now=now)
    if mime.deliverable(appointment.lead.email) is None:
        return
    name = "appointment_booked" if knows_none else "appointment_moved"
    Message.objects.bulk_create([_confirmation(name, appointment, now=now), *_reminders(appointment, now=now)])


def plan_cancellation(appointment: Appointment, *, now: datetime) -> None:
    """The last mail of an appointment; all others are dead."""
    MessageTopic.objects.filter(pk=appointment.topic_id).update(version=appointment.version, live=True)
    _withdraw(appointment, "It was cancelled")
    if not reaches(appointment.lead):
        _call(appointment, "cancelled:", now=now)
    if mime.deliverable(appointment.lead.email):
        _confirmation("appointment_cancelled", appointment, now=now).save()


def _withdraw(appointment: Appointment, reason: str) -> set[str]:
    """What was planned is about another time; returns the names of what had not left yet. What leaves at this moment is
    judged by its version."""
    waiting = Message.objects.filter(topic=appointment.topic_id, state=MessageState.QUEUED)
    in_order = waiting.select_for_update(no_key=True).order_by("due_at", "pk")  # as whoever claims them takes them
    names = dict(in_order.values_list("pk", "name"))
    Message.objects.filter(pk__in=names, state=MessageState.QUEUED).update(
        state=MessageState.CANCELLED, reason=reason, finished_at=Now()
    )
    return set(names.values())


def _call(appointment: Appointment, what: str, *, now: datetime) -> None:
    """Whoever cannot be written to is told by telephone."""
    local = appointment.starts_at.astimezone(appointment.location.zone)
    tasks.close(f"tell:{appointment.pk}:{appointment.version - 1}", now=now)
    told = f"appointment {what} {local:%a, %b %-d, %-I:%M %p}"
    call = calling.call_task(
        appointment.lead,
        title=f"Tell by telephone: {told}",
        instead=f"{calling.NO_CALLS}: {told}",
        due_at=now,
        key=f"tell:{appointment.pk}:{appointment.version}",
    )
    tasks.open_once(call)


def plan_offer(entry: WaitlistEntry, *, now: datetime) -> None:
    """Tell of a time that is free, for two hours. Whom no mail reaches is called."""
    lead = entry.lead
    if entry.offered_start is None or entry.offered_until is None:
        raise ValueError("Nothing is on offer.")
    if not reaches(lead):
        local, until = (at.astimezone(entry.location.zone) for at in (entry.offered_start, entry.offered_until))
        what = f"{local:%a, %b %-d, %-I:%M %p}, kept until {until:%-I:%M %p}"
        title, instead = f"Offer by telephone: {what}", f"{calling.NO_CALLS}: offer of {what}"
        call = calling.call_task(lead, title=title, instead=instead, due_at=now, key=key_of_offer(entry))
        tasks.open_once(call)
        return
    with override(lead.language):
        context = {
            "has_one": entry.last_day is not None,
            "first_name": emails.greeting_name(lead.first_name),
            "when": when_in_words(
                entry.offered_start, entry.kind.told_in(patient=lead.timezone, centre=entry.location.timezone)
            ),
            "until": when_in_words(entry.offered_until, lead.timezone),
        }
    emails.make_message(
        "appointment_offer",
        lead=lead,
        centre=entry.location,
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


def due_times(appointment: Appointment, *, now: datetime) -> list[datetime]:
    """When reminders are due: so long before the start as the settings say, never before seven on the patient's clock,
    never two within four hours, and none whose time is past."""
    found, last = list[datetime](), now
    for hours in sorted(settings.APPOINTMENT_REMINDER_HOURS, reverse=True):
        due = _from_seven(appointment.starts_at - timedelta(hours=hours), appointment.zone)
        if due - last >= APART and due < appointment.starts_at:
            found.append(due)
            last = due
    return found


def _from_seven(moment: datetime, zone: ZoneInfo) -> datetime:
    local = moment.astimezone(zone)
    return max(moment, datetime.combine(local.date(), EARLIEST, tzinfo=zone).astimezone(moment.tzinfo))


def _confirmation(name: str, appointment: Appointment, *, now: datetime) -> Message:
    """An answer to what the patient, or the desk for them, has just done."""
    message = _mail(
        name, appointment, message_class=MessageClass.ANSWER, due_at=now, not_after=now + timedelta(hours=24), now=now
    )
    _fill(message, appointment)
    message.calendar = ics.as_text(appointment, now=now, attendee=appointment.lead.email)
    dispatch.send_after_commit(message)
    return message


def _reminders(appointment: Appointment, *, now: datetime) -> list[Message]:
    """They are written when they leave: whoever has confirmed meanwhile is not asked to."""
    due = due_times(appointment, now=now)
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
        centre=appointment.location,
        to=lead.email,
        key=f"{name}:{appointment.pk}:{appointment.version}:{due_at:%Y%m%d%H%M}",
        message_class=message_class,
        on_unknown=OnUnknown.RESEND,
        not_after=not_after,
        now=now,
    )
    message.due_at, message.topic_id, message.topic_version = due_at, appointment.topic_id, appointment.version
    return message


def write(message: Message) -> None:
    """The words of a mail about an appointment, as it stands."""
    rows = Appointment.objects.select_related("lead", "kind", "location")
    _fill(message, rows.get(topic=message.topic_id))


def _fill(message: Message, appointment: Appointment) -> None:
    emails.write(
        message,
        language=appointment.lead.language,
        centre=appointment.location,
        context=_context(appointment, at=message.due_at),
    )


def _context(appointment: Appointment, *, at: datetime) -> dict[str, Any]:
    """Of a mail that leaves `at` that moment: nobody is told that they can do until then what they can do no more."""
    lead, until = appointment.lead, _last_change(appointment)
    with override(lead.language):
        return {
            "first_name": emails.greeting_name(lead.first_name),
            "when": when_in_words(appointment.starts_at, appointment.told_in),
            "by_phone": appointment.kind.mode == Mode.PHONE,
            "has_number": not appointment.kind.lacks_number(lead),
            "by_centre": appointment.ended_reason in OF_THE_CENTRE,
            "is_confirmed": appointment.confirmed_at is not None,
            "may_change_until": when_in_words(until, appointment.told_in) if until > at else "",
            "chooses_alone": bool(lead.outcome) and lead.outcome in appointment.kind.self_book,
        }


def _last_change(appointment: Appointment) -> datetime:
    """Until when the patient moves and cancels it alone."""
    minutes = max(appointment.kind.cancel_until, appointment.kind.reschedule_until)
    return appointment.starts_at - timedelta(minutes=minutes)


def follow_details(lead: Lead, happening: Happening) -> None:
    """Listener: reminders go to where the lead is reached now, and leave by the clock that is theirs now. Whom no mail
    reaches any more is called."""
    ahead = Appointment.objects.standing().filter(lead=lead, starts_at__gt=happening.now)
    for appointment in ahead.select_related("kind", "location", "provider").order_by("starts_at", "pk"):
        appointment.lead = lead
        if mime.deliverable(lead.email) is None:
            _withdraw(appointment, "No address that mail can reach")
            # a call takes the place of what was planned
            if Message.objects.filter(topic=appointment.topic_id).exists():
                _call(appointment, "booked for", now=happening.now)
        else:
            _plan_reminders_anew(appointment, now=happening.now)


def _plan_reminders_anew(appointment: Appointment, *, now: datetime) -> None:
    """Where they wait for other moments than they would if they were planned now."""
    theirs = Message.objects.filter(topic=appointment.topic_id, topic_version=appointment.version)
    theirs = theirs.filter(name=REMINDER)
    there = dict(theirs.values_list("key", "state"))
    wanted = {message.key: message for message in _reminders(appointment, now=now)}
    others = theirs.filter(state=MessageState.QUEUED).exclude(key__in=wanted)
    others.update(state=MessageState.CANCELLED, reason="It is due at another moment", finished_at=now)
    for key, message in wanted.items():
        if there.get(key) == MessageState.CANCELLED:
            message.key = f"{key}:{now:%Y%m%d%H%M%S}"
    fresh = [message for key, message in wanted.items() if there.get(key) in {None, MessageState.CANCELLED}]
    Message.objects.bulk_create(fresh, ignore_conflicts=True)


def when_in_words(at: datetime, zone: str) -> str:
    """With the name of the clock: "Tuesday, December 1, 9:30 a.m. (Eastern time)"."""
    return f"{words.moment(at, zone)} ({words.zone(zone)})"
