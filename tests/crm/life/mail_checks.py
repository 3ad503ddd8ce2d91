"""What each mail that a mail server takes has to be, as the model tells it at that moment."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from crm.mail.reply_token import TOKEN
from crm.models import Message
from tests.crm.life.far_end import Handed
from tests.crm.life.model import (
    ABOUT_VISITS,
    ANSWER,
    AUTOMATED,
    CAPS,
    COMMERCIAL,
    EARLIEST_REMINDER,
    MAIL_HOURS,
    OF_CLOSED,
    REMINDER,
    REMINDERS_APART,
    SUNDAY,
    Record,
    Visit,
    kind_of,
    language_of,
    mailbox,
)
from tests.crm.life.people import Person, World

A_REMINDER_WAITS = timedelta(hours=18)  # at most, for a server, and for a clock that was corrected meanwhile
NOTICES_APART = timedelta(minutes=15)
TOLD = "address_changed"
VISITS = "visit"
OFFER = "appointment_offer"
CAUSES = dict.fromkeys(ABOUT_VISITS, VISITS)


def looks_at(world: World, handed: Handed) -> None:
    """Called by the mail server at the far end, for each mail that it takes."""
    message = Message.objects.select_related("topic").get(message_id=handed.message_id)
    who = world.person(message.lead_id)
    if who is None:
        world.wrong += [] if handed.recipient.endswith("@staff.example.org") else [f"{message.name} to a stranger"]
        return
    found = [*_about_the_address(who, message, handed), *_about_the_person(world, who, message, handed)]
    found += [*_about_repeats(world, who, message, handed), *_about_hours(who, message, handed)]
    found += _about_a_visit(who, message, handed) if message.name in ABOUT_VISITS else []
    found += (
        ["an offer to somebody who does not wait"] if message.name == OFFER and not who.record.waits(handed.at) else []
    )
    world.wrong += [f"{message.name} to {who.name}: {one}" for one in found]
    who.mails.append(handed)


def _about_the_address(who: Person, message: Message, handed: Handed) -> Iterator[str]:
    to, record = mailbox(handed.recipient), who.record
    if message.name == TOLD:
        if to == mailbox(record.address):
            yield "the address on record is told that it is former"
        named = [record.first_name, record.last_name, who.lead.reference, "/my/", "/u/"]
        yield from (f"a former address reads {one}" for one in named if one in handed.words)
    elif to != mailbox(record.address):
        yield f"to an address that is not on record: {to}"
    if not handed.is_again and language_of(handed.words) != record.language:
        yield f"not in {record.language}"
    if handed.recipient not in str(handed.mail["To"]):
        yield "another address in the header"


def called_off(record: Record, message: Message) -> Iterator[str]:
    """Why a mail of a sequence has nothing to say any more."""
    enrollment = str(message.enrollment_id)
    if record.is_closed and not (record.stage == "dormant" and message.name in OF_CLOSED):
        yield f"the request is closed ({record.stage})"
    if held := record.held_back.get(enrollment):
        yield f"it waits for a person: {held}"
    if (enrollment, message.key.split(":")[2]) in record.gone:
        yield "its step is gone"


def _about_the_person(world: World, who: Person, message: Message, handed: Handed) -> Iterator[str]:
    record, name = who.record, message.name
    if name != TOLD and (why := record.against(name, to=handed.recipient, now=handed.at)):
        yield f"against it: {why}"
    for other in world.others(who):
        if other.record.last_name in handed.words or str(other.lead.reference) in handed.words:
            yield f"it speaks of {other.name}"
    if world.holds(name):
        yield "too many complained"
    if kind_of(name) in AUTOMATED:
        yield from called_off(record, message)
        if not handed.mail["List-Unsubscribe"]:
            yield "no way to stop it"
    tokens, answered = set(TOKEN.findall(handed.sender)), set(TOKEN.findall(str(handed.mail["Reply-To"])))
    of_others = {token for one in world.others(who) for mail in one.mails for token in TOKEN.findall(mail.sender)}
    if len(tokens) != 1 or tokens != answered or tokens & of_others:
        yield f"it returns to nobody, or to somebody else: {tokens}"


def _about_repeats(world: World, who: Person, message: Message, handed: Handed) -> Iterator[str]:
    """Nothing twice but what nobody answered, and then as the same mail."""
    record, far = who.record, world.far
    same = [one for one in who.mails if one.message_id == handed.message_id]
    if same and kind_of(message.name) in AUTOMATED and not record.again[handed.message_id]:
        yield "a follow-up twice"
    if same and not (handed.message_id in far.unanswered or record.again[handed.message_id]):
        yield "twice, though it was answered the first time"
    if len(far.dates[handed.message_id]) > 1:
        yield f"with another date: {far.dates[handed.message_id]}"
    record.again[handed.message_id] = max(record.again[handed.message_id] - 1, 0)
    if same:
        return
    cause = f"{TOLD} {mailbox(handed.recipient)}" if message.name == TOLD else CAUSES.get(message.name, message.name)
    if kind_of(message.name) == ANSWER:
        record.asked[cause] -= 1
        if record.asked[cause] < 0:
            yield "a second one for one cause, or unasked"
    if message.name == "message":
        earlier = [one.at for one in who.mails if one.mail["Subject"] == handed.mail["Subject"]]
        if any(handed.at - at < NOTICES_APART for at in earlier):
            yield "two notices within a quarter of an hour"


def _about_hours(who: Person, message: Message, handed: Handed) -> Iterator[str]:
    kind, local = kind_of(message.name), who.record.local(handed.at)
    if kind == REMINDER and message.name != OFFER and local.time() < EARLIEST_REMINDER:
        yield f"at {local:%H:%M} where they live"
    if kind not in AUTOMATED:
        return
    if not MAIL_HOURS[0] <= local.time() < MAIL_HOURS[1]:
        yield f"at {local:%H:%M} where they live"
    if kind == COMMERCIAL and (local.weekday() == SUNDAY or local.date().isoformat() in who.lead.location.holidays):
        yield f"on {local:%A, %B} {local.day}"
    if local.date() in {who.record.local(at).date() for at in who.record.acts}:
        yield "on a day on which they did something themselves"
    for period, most in CAPS:
        went = [one for one in _automated(who, but=handed.message_id) if one > handed.at - period]
        if len(went) >= most:
            yield f"the {len(went) + 1}th in {period}"


def _automated(who: Person, *, but: str) -> Iterator[datetime]:
    """When such mails went, other than the one that goes once more because somebody says so."""
    for one in who.mails:
        if one.mail["List-Unsubscribe"] and one.message_id != but:
            yield one.at


def _about_a_visit(who: Person, message: Message, handed: Handed) -> Iterator[str]:
    record, topic = who.record, message.topic_id
    visit = next((one for one in record.visits if one.key == str(topic)), None)
    if visit is None:
        yield "about no visit of theirs"
        return
    if not handed.is_again and record.in_words(visit) not in _in_one_line(handed.words):
        yield f"it does not say {record.in_words(visit)}"
    if (message.name == "appointment_cancelled") != (visit.state == "cancelled"):
        yield f"the visit is {visit.state}"
    if message.name == "appointment_reminder":
        yield from _about_a_reminder(who, visit, topic, handed)


def _about_a_reminder(who: Person, visit: Visit, topic: UUID | None, handed: Handed) -> Iterator[str]:
    if not visit.is_ahead(handed.at):
        yield "of a visit that is not ahead"
    if visit.closed:
        yield "of a time that we cannot keep"
    if not any(timedelta() <= handed.at - at <= A_REMINDER_WAITS for at in who.record.reminded_at(visit)):
        yield f"at {who.record.local(handed.at):%a %H:%M}, when none is due"
    ids = {one.message_id: one.at for one in who.mails}
    earlier = Message.objects.filter(topic=topic, name="appointment_reminder", message_id__in=ids)
    others = [ids[one] for one in earlier.exclude(message_id=handed.message_id).values_list("message_id", flat=True)]
    if any(handed.at - at < REMINDERS_APART for at in others):
        yield "soon after another one"


def _in_one_line(words: str) -> str:
    return " ".join(words.replace("&#x27;", "'").split())
