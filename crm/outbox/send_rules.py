"""Judge whether a message may go out now: when a worker claims it and not earlier, because answers age in a queue.

docs/sequences.md has the table of which rules bind which mail.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Q

from crm.enums.leads import AUTOMATED, ConsentKind, EnrollmentState, MessageClass, MessageState, Outcome
from crm.leads import local_clock
from crm.mail import emails, mime, suppression
from crm.mail import status as mail_status
from crm.models import Activity, ConsentRecord, Enrollment, Lead, Message
from crm.outbox import withdrawn_steps
from crm.sequences.definition import Purpose
from crm.sequences.timing import Clock, mail_window
from crm.values.normalize import mailbox_key

# Automated mails to one person, within so long: no more than. Answers and appointments neither count nor are held.
CAPS = ((timedelta(hours=24), 1), (timedelta(days=7), 3), (timedelta(days=90), 14))
CAPS_IN_WORDS = "no more than one a day, three a week, 14 in 90 days"
FRESH_FOR = timedelta(hours=36)  # longer than the day for which a cap may hold a mail back
# A needed one counts from the first day on which it may leave, while the person does something day after day.
FRESH_AT_MOST = timedelta(days=5)
EARLIEST_REMINDER = time(7)  # of a visit, on the patient's clock
LONGEST_DAY = timedelta(hours=25)  # when clocks go back
WAITS_FOR_NEXT_DAY = "Waits for the day after the patient last did something themselves"
WAITS_FOR_HOURS = "Waits for the hours in which mail may go out"
DROPPED = "Dropped"  # so the reason begins of what somebody gave up
CALLED_OFF = "Its subject was called off"
ADDRESS_STANDS = "The address is on record again"
ON_ITS_WAY = [MessageState.SENDING, MessageState.IN_DATA, MessageState.SENT, MessageState.UNKNOWN]
ADULT_YEARS = 18
PEOPLE_ONLY = {Outcome.URGENT, Outcome.PROMPT_REVIEW}  # with a hold or without: lifting it makes nobody well
ANOTHER_WORKER = timedelta(seconds=5)
PURPOSE = {
    MessageClass.FOLLOW_UP: Purpose.TRANSACTIONAL,
    MessageClass.RELATIONSHIP: Purpose.RELATIONSHIP,
    MessageClass.COMMERCIAL: Purpose.COMMERCIAL,
}
CLASS_OF = {purpose: message_class for message_class, purpose in PURPOSE.items()}
_CONSENT = {MessageClass.COMMERCIAL: ConsentKind.EDUCATION}  # all others: that we may answer at all


@dataclass(frozen=True)
class Obstacle:
    """Why a message should not go out now, and the state it takes instead. With `until` it stays queued and waits, and
    with `not_after` it is too late only then."""

    state: MessageState
    reason: str
    wants_a_person: bool = False
    until: datetime | None = None
    not_after: datetime | None = None


@dataclass
class Background:
    """What the rules need to know of a batch beyond its rows."""

    suppressed: dict[UUID, str] = field(default_factory=dict)
    agreed: dict[UUID, set[str]] = field(default_factory=dict)
    sent: dict[UUID, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    acts: dict[UUID, list[datetime]] = field(default_factory=lambda: defaultdict(list))  # of the patients, about now
    commercial_paused: bool = False
    elsewhere: set[UUID] = field(default_factory=set)  # leads whose mails another worker judges at this moment


def background(messages: Sequence[Message], *, now: datetime, alone: bool = True) -> Background:
    """Read what the rules need to know of a batch that is locked, inside its transaction; keep other workers from
    judging the same people's mails. With `alone` off, for a look that sends nothing, nobody is locked."""
    automated = {message.lead_id for message in messages if message.message_class in AUTOMATED and message.lead_id}
    of_people = [message for message in messages if message.lead_id]
    found = Background(suppressed=suppression.of_messages(of_people, now=now))
    if automated:
        found.elsewhere = _held_by_others(automated) if alone else set()
        found.agreed = agreed_to(automated)
        found.sent = _sent(automated, now)
        found.acts = _acts(automated, now)
        found.commercial_paused = mail_status.commercial_is_paused()
    return found


def obstacle(message: Message, *, now: datetime, background: Background) -> Obstacle | None:
    """Return what is in the way of sending this message now; None when nothing is.

    Answers to the patient's own act pass a safety hold: they are stopped only by a dead address, by the wish to get
    nothing at all, or by age.
    """
    return (
        _called_off(message)
        or (_people_only(message, now=now) if message.message_class != MessageClass.ANSWER else None)
        or _no_address(message, background)
        or _too_late(message, now=now)
        or _by_night(message, now=now)
        or (_rules_of_follow_ups(message, now=now, background=background) if message.lead_id else None)
    )


def holds_back_for_good(lead: Lead, message_class: MessageClass, *, now: datetime) -> str:
    """Return why no mail of this class goes to the lead until something is changed about them; "" when it may go."""
    return why_not(Message(lead=lead, to_email=lead.email, message_class=message_class), now=now)


def why_not(message: Message, *, now: datetime) -> str:
    """Return why this message would not leave at any hour, as things stand; "" when it would. At most five queries."""
    known = background([message], now=now, alone=False)
    automated = message.message_class in AUTOMATED
    found = (
        _called_off(message)
        or (_people_only(message, now=now) if message.message_class != MessageClass.ANSWER else None)
        or _no_address(message, known)
    )
    if found:
        return found.reason
    return _unwanted(message.lead, MessageClass(message.message_class), known) if message.lead and automated else ""


def _called_off(message: Message) -> Obstacle | None:
    topic, enrollment = message.topic, message.enrollment
    if topic is not None and not topic.live:
        return Obstacle(MessageState.CANCELLED, CALLED_OFF)
    if topic is not None and topic.version != message.topic_version:
        return Obstacle(MessageState.CANCELLED, "Its subject changed after it was written")
    if enrollment is not None and enrollment.state in {EnrollmentState.STOPPED, EnrollmentState.PAUSED}:
        return Obstacle(MessageState.CANCELLED, f"Its sequence is {enrollment.get_state_display().lower()}")
    if enrollment is not None and _step_is_gone(message, enrollment):
        return Obstacle(MessageState.CANCELLED, withdrawn_steps.GONE)
    if message.name == emails.ADDRESS_CHANGED and message.lead and _is_address_of(message.lead, message.to_email):
        return Obstacle(MessageState.CANCELLED, ADDRESS_STANDS)
    return None


def _is_address_of(lead: Lead, address: str) -> bool:
    return mailbox_key(lead.email) == mailbox_key(address)


def _step_is_gone(message: Message, enrollment: Enrollment) -> bool:
    """Tell whether the version to which the person was moved meanwhile leaves out the step of this mail."""
    _enrollment, is_step, step = message.key.partition(f"step:{enrollment.pk}:")
    return bool(is_step) and step not in {one["key"] for one in enrollment.version.body["steps"]}


def _people_only(message: Message, *, now: datetime) -> Obstacle | None:
    lead = message.lead
    if lead is None:
        return None
    if lead.safety_hold:
        return Obstacle(MessageState.SUPPRESSED, "Safety hold")
    if message.message_class in AUTOMATED and lead.outcome in PEOPLE_ONLY:
        return _by_people(message, "A clinician looks at it first: people only")
    if message.message_class in AUTOMATED and is_minor(lead, on=now.date()):
        return _by_people(message, "A minor: people only")
    return None


def _by_people(message: Message, reason: str) -> Obstacle:
    return Obstacle(MessageState.SUPPRESSED, reason, wants_a_person=_is_needed(message))


def is_minor(lead: Lead, *, on: date) -> bool:
    """Tell whether a lead is under 18 on a day; False while no date of birth is known."""
    born = lead.born
    if born is None:
        return False
    return (on.year - born.year) - ((on.month, on.day) < (born.month, born.day)) < ADULT_YEARS


def _no_address(message: Message, background: Background) -> Obstacle | None:
    if mime.deliverable(message.to_email) is None:
        return Obstacle(MessageState.SUPPRESSED, "No address that mail can reach", wants_a_person=True)
    if message.pk in background.suppressed:
        return Obstacle(MessageState.SUPPRESSED, background.suppressed[message.pk])
    return None


def _too_late(message: Message, *, now: datetime) -> Obstacle | None:
    if message.not_after < now:
        return Obstacle(MessageState.CANCELLED, "Too late to be sent", wants_a_person=_is_needed(message))
    return None


def _by_night(message: Message, *, now: datetime) -> Obstacle | None:
    """Hold a reminder of a visit until EARLIEST_REMINDER: it wakes nobody, however late a server or a worker made it.
    An offer is not held here: it has only hours."""
    if message.message_class != MessageClass.REMINDER or message.topic is None or message.lead is None:
        return None
    local = now.astimezone(ZoneInfo(message.lead.timezone))
    opens = local.replace(hour=EARLIEST_REMINDER.hour, minute=0, second=0, microsecond=0)
    return _later(opens, WAITS_FOR_HOURS) if local < opens else None


def _is_needed(message: Message) -> bool:
    """Tell whether a person takes over a mail that cannot go: advertising is dropped."""
    return message.message_class != MessageClass.COMMERCIAL


def _rules_of_follow_ups(message: Message, *, now: datetime, background: Background) -> Obstacle | None:
    lead, message_class = message.lead, MessageClass(message.message_class)
    if lead is None or message_class not in AUTOMATED:
        return None
    if lead.pk in background.elsewhere:
        return _later(now + ANOTHER_WORKER, "")
    if why_not := _unwanted(lead, message_class, background):
        return Obstacle(MessageState.SUPPRESSED, why_not)
    clock = local_clock.clock_of(lead)
    begins = _after_their_act(background.acts[lead.pk], clock, now=now)
    opens = mail_window(begins, PURPOSE[message_class], clock)
    if opens > now:
        return _next_day(message, opens) if begins > now else _later(opens, WAITS_FOR_HOURS)
    allowed = _allowed_from(background.sent[lead.pk], now)
    if allowed > message.not_after:
        return Obstacle(MessageState.SUPPRESSED, f"Left out: {CAPS_IN_WORDS}", wants_a_person=_is_needed(message))
    return _later(allowed, f"Waits: {CAPS_IN_WORDS}") if allowed > now else None


def _unwanted(lead: Lead, message_class: MessageClass, background: Background) -> str:
    if message_class == MessageClass.COMMERCIAL and background.commercial_paused:
        return "Commercial mail is held: too many complaints"
    wanted = _CONSENT.get(message_class, ConsentKind.CONTACT)
    return "" if wanted in background.agreed.get(lead.pk, set()) else f"No consent: {wanted.label.lower()}"


def _later(until: datetime, reason: str) -> Obstacle:
    return Obstacle(MessageState.QUEUED, reason, until=until)


def _next_day(message: Message, opens: datetime) -> Obstacle:
    """Hold a mail until the day after the person did something. A needed one gets no older by that, up to
    FRESH_AT_MOST: its words are made when it leaves. Past that a person looks; advertising ages as ever."""
    fresh_until = min(opens + FRESH_FOR, message.created_at + FRESH_AT_MOST)
    not_after = max(message.not_after, fresh_until) if _is_needed(message) else None
    return Obstacle(MessageState.QUEUED, WAITS_FOR_NEXT_DAY, until=opens, not_after=not_after)


def _after_their_act(acts: list[datetime], clock: Clock, *, now: datetime) -> datetime:
    """Return now or, on a day on which the person did something, when the next one begins where they live: whoever has
    just told us something is not asked for more in the same hour."""
    today = now.astimezone(clock.zone).date()
    if today not in {at.astimezone(clock.zone).date() for at in acts}:
        return now
    return datetime.combine(today + timedelta(days=1), time.min, tzinfo=clock.zone)


def _allowed_from(sent: list[datetime], now: datetime) -> datetime:
    """Return the first moment from now on at which one more mail keeps every cap."""
    times, allowed = sorted(sent), now
    for period, most in CAPS:
        recent = [at for at in times if at > now - period]
        if len(recent) >= most:
            allowed = max(allowed, recent[-most] + period)
    return allowed


def _held_by_others(leads: set[UUID]) -> set[UUID]:
    """Take a lock for each lead until the end of the transaction; return those that another worker has."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM unnest(%s::uuid[]) id WHERE NOT pg_try_advisory_xact_lock(hashtextextended(id::text, 3))",
            [sorted(leads)],
        )
        return {row[0] for row in cursor.fetchall()}


def agreed_to(leads: Collection[UUID]) -> dict[UUID, set[str]]:
    """Return, by lead, the kinds of consent about which their latest word is a yes. Runs one query."""
    latest = (
        ConsentRecord.objects.filter(lead__in=leads)
        .order_by("lead_id", "kind", "-at", "-entry")
        .distinct("lead_id", "kind")
    )
    found: dict[UUID, set[str]] = defaultdict(set)
    for lead_id, kind, given in latest.values_list("lead_id", "kind", "given"):
        if given:
            found[lead_id].add(kind)
    return found


def _acts(leads: set[UUID], now: datetime) -> dict[UUID, list[datetime]]:
    """Return when each lead did something within a day of now: later, too, because the clock of whoever wrote it down
    may go ahead."""
    about_now = (now - LONGEST_DAY, now + LONGEST_DAY)
    found: dict[UUID, list[datetime]] = defaultdict(list)
    for lead_id, at in (
        Activity.objects.own_acts().filter(lead__in=leads, at__range=about_now).values_list("lead_id", "at")
    ):
        found[lead_id].append(at)
    return found


def _sent(leads: set[UUID], now: datetime) -> dict[UUID, list[datetime]]:
    """Return when automated mails went, or are going, to each lead; one that was given up after it had been handed over
    counts, because it may well have arrived."""
    given_up = Q(state=MessageState.CANCELLED, reason__startswith=DROPPED, handed_over_at__isnull=False)
    lately = {"lead__in": leads, "message_class__in": AUTOMATED, "created_at__gt": now - CAPS[-1][0] * 1.1}
    rows = Message.objects.filter(Q(state__in=ON_ITS_WAY) | given_up, **lately)
    found: dict[UUID, list[datetime]] = defaultdict(list)
    for message in rows.only("lead_id", "state", "finished_at", "handed_over_at", "due_at"):
        if message.lead_id:
            found[message.lead_id].append(_went(message) or now)
    return found


def _went(message: Message) -> datetime | None:
    """Return when a message left our hands; None for one that is leaving."""
    if message.state == MessageState.CANCELLED:
        return message.handed_over_at
    has_left = message.state in {MessageState.SENT, MessageState.UNKNOWN}
    return (message.finished_at or message.due_at) if has_left else None
