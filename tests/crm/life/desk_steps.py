"""What staff write down: corrections, calls, stages, messages, and what they decide about mails that did not arrive."""

from datetime import timedelta

from crm.enums.leads import TRANSITIONS, CallOutcome, EnrollmentState, LostReason, MessageState, Stage
from crm.errors import MessageRefused, MoveRefused
from crm.leads import actions as leads
from crm.leads.next_steps import NextStep
from crm.models import Message, PrivateMessage
from crm.outbox import actions as outbox
from crm.patient_portal import conversation, conversation_queries
from crm.safety import alerts
from tests.crm.life.mail_checks import called_off
from tests.crm.life.mail_steps import they_wrote
from tests.crm.life.model import AUTOMATED, CLOSED, ENGLISH, SPANISH, ZONES, kind_of, mailbox
from tests.crm.life.people import Person, World, acts
from tests.intake.life.people import opened
from tests.lives import Kind, always, when

FARTHEST = "Pacific/Honolulu"  # where a morning of the center is the night
TO_SETTLE = [MessageState.FAILED, MessageState.UNKNOWN]


def _corrects(world: World, who: Person, **changes: object) -> None:
    leads.correct_details(who.reads_again(), by=world.staff["coordinator"], changes=changes)


# --- How somebody is reached ------------------------------------------------------------------------------------------
def staff_correct_the_address(world: World, who: Person) -> None:
    """To a new one, to a former one, to that of somebody else, or to the same in other letters."""
    record = who.record
    fresh = f"{who.name.lower()}{world.chance.randrange(10**6)}@example.net"
    others = [one.record.address for one in world.others(who) if one.record.address]
    found = [fresh, fresh, *record.former[-1:], *others[:1], record.address.upper()]
    _has_address(world, who, world.chance.choice([one for one in found if one]))


def staff_take_the_address_out(world: World, who: Person) -> None:
    _has_address(world, who, "")


def _has_address(world: World, who: Person, address: str) -> None:
    record, before = who.record, who.record.address
    local, at, domain = address.rpartition("@")
    address = f"{local}{at}{domain.lower()}"
    _corrects(world, who, email=address)
    record.address = address
    if mailbox(before) == mailbox(address):
        return
    if before:
        record.asked[f"address_changed {mailbox(before)}"] += 1
        assert Message.objects.filter(lead=who.lead, name="address_changed", to_email=before).exists()
        record.former.append(before)
        if mailbox(before) in record.proven:
            record.own[mailbox(address)] |= record.own[mailbox(before)]
    if address:
        world.mailboxes[mailbox(address)].works_again(world.clock.now)


def staff_correct_the_zone(world: World, who: Person) -> None:
    who.record.zone = world.chance.choice([*ZONES, FARTHEST])
    _corrects(world, who, timezone=who.record.zone)


def staff_correct_the_language(world: World, who: Person) -> None:
    who.record.language = ENGLISH if who.record.language == SPANISH else SPANISH
    _corrects(world, who, language=who.record.language)


def staff_take_the_number_out(world: World, who: Person) -> None:
    who.record.phone = ""
    _corrects(world, who, phone="")


def staff_enter_a_number(world: World, who: Person) -> None:
    who.record.phone = f"+1212555{world.chance.randrange(100, 200):04}"
    _corrects(world, who, phone=who.record.phone)


def staff_say_that_the_address_works(world: World, who: Person) -> None:
    answer = world.desk().post(f"{who.desk}mail-again/", {"reason": "They said so on the phone."})
    assert answer.status_code == 302
    who.record.box.works_again(world.clock.now)


# --- Calls and stages -------------------------------------------------------------------------------------------------
def staff_call(world: World, who: Person) -> None:
    missed = [CallOutcome.NO_ANSWER, CallOutcome.LEFT_VOICEMAIL, CallOutcome.BUSY]
    outcome = world.chance.choice([*missed, *missed, CallOutcome.REACHED, CallOutcome.ASKED_NOT_TO_CALL])
    leads.log_call(who.reads_again(), by=world.staff["coordinator"], outcome=outcome, now=world.clock.now)
    who.record.no_calls = who.record.no_calls or outcome == CallOutcome.ASKED_NOT_TO_CALL


def staff_may_call_again(world: World, who: Person) -> None:
    _corrects(world, who, do_not_call=False)
    who.record.no_calls = False


def staff_move_the_lead(world: World, who: Person) -> None:
    """On or aside, never to where only a visit leads."""
    now = Stage(who.reads_again().stage)
    _moves(world, who, [one for one in Stage if one in TRANSITIONS[now] and one not in CLOSED and one != Stage.PATIENT])


def staff_close_the_request(world: World, who: Person) -> None:
    now = Stage(who.reads_again().stage)
    _moves(world, who, [one for one in Stage if one in TRANSITIONS[now] and one in CLOSED])


def _moves(world: World, who: Person, goals: list[Stage]) -> None:
    if not goals:
        return
    to, by = world.chance.choice(goals), world.staff["coordinator"]
    following = NextStep("Call them", world.clock.now + timedelta(days=2)) if to == Stage.NURTURE else None
    reason = LostReason.CHOSE_OTHER if to == Stage.LOST else ""
    try:
        leads.move(who.lead, to=to, by=by, lost_reason=reason, note="As agreed.", next_step=following)
    except MoveRefused:
        assert who.record.held
    who.record.stage = who.reads_again().stage
    who.record.has_asked_again = who.record.has_asked_again and not who.record.is_closed


# --- Messages ---------------------------------------------------------------------------------------------------------
def the_patient_writes(world: World, who: Person) -> None:
    answer = world.browser(who).post("/my/messages/", {"text": "When do you open?"})
    assert answer.status_code == 302, answer.content.decode()
    they_wrote(who)


def staff_write(world: World, who: Person) -> None:
    """Having read all that there is."""
    newest, mail = PrivateMessage.objects.filter(lead=who.lead), conversation_queries.newest_mail(who.lead)
    last = newest.order_by("-at", "-pk").first()
    seen = conversation.Seen(message=last.pk if last else None, mail=mail.pk if mail else None)
    by, text = world.staff["coordinator"], f"We open at eight. {world.chance.random()}"
    is_mailed = conversation.write(who.reads_again(), text=text, by=by, now=world.clock.now, seen=seen)
    assert is_mailed == who.record.reaches(world.clock.now), "the page says something else of the mail"
    who.record.asked["message"] += 1
    who.record.unanswered = False


def the_patient_reads(world: World, who: Person) -> None:
    assert world.browser(who).get("/my/messages/").status_code == 200


def staff_send_a_link(world: World, who: Person) -> None:
    who.record.asked["link"] += 1
    outbox.send_link(who.reads_again(), by=world.staff["coordinator"], now=world.clock.now)


# --- Mails that did not arrive ----------------------------------------------------------------------------------------
def to_settle(who: Person) -> list[Message]:
    return list(Message.objects.filter(lead=who.lead, state__in=TO_SETTLE).order_by("created_at", "name"))


def _has_ended(who: Person, mail: Message) -> bool:
    """What it belongs to: a sequence, or a visit or another time of it."""
    topic, enrollment = mail.topic, mail.enrollment
    is_of_another = topic is not None and (not topic.live or topic.version != mail.topic_version)
    is_at_rest = enrollment is not None and enrollment.state in {EnrollmentState.STOPPED, EnrollmentState.PAUSED}
    return is_of_another or is_at_rest or (kind_of(mail.name) in AUTOMATED and any(called_off(who.record, mail)))


def staff_settle_a_mail(world: World, who: Person) -> None:
    mail, by, now = world.chance.choice(to_settle(who)), world.staff["coordinator"], world.clock.now
    possible = ["again", "again", "drop", *(["arrived"] if mail.state == MessageState.UNKNOWN else [])]
    what = world.chance.choice(possible)
    if what == "again":
        address = mail.to_email if mail.name == "address_changed" else who.record.address
        try:
            outbox.send_again(mail, by=by, now=now)
        except MessageRefused:
            is_held = who.record.against(mail.name, to=address, now=now) or world.holds(mail.name)
            assert not address or is_held or _has_ended(who, mail)
        else:
            who.record.again[mail.message_id] += 1
    else:
        outbox.settle(mail, what, by=by, now=now)


# --- Warning signs ----------------------------------------------------------------------------------------------------
def the_patient_tells_an_emergency(world: World, who: Person) -> None:
    """After that only people speak with them."""
    browser, page = world.browser(who), "/my/questions/recheck/"
    told = {"safety_check": ["A1"], "safety_check_b": ["none"], "new_treatments": "no"}
    told |= dict.fromkeys(("pain_now_avg", "pain_enjoyment", "pain_activity"), "5")
    answer = browser.post(page, opened(browser, page, field="new_treatments") | told)
    assert answer.status_code == 302, answer.content.decode()
    who.record.held = who.record.people_only = True
    acts(who)


def a_clinician_lifts_the_hold(world: World, who: Person) -> None:
    by, desk, page = world.staff["clinician"], world.desk("clinician"), f"{who.desk}clear-hold/"
    alerts.acknowledge(who.reads_again(), by=by, now=world.clock.now)
    answer = desk.post(page, opened(desk, page, field="seen") | {"note": "Examined, and well."})
    assert answer.status_code == 302, answer.content.decode()
    who.record.held = False


KINDS_OF_STEPS = [
    Kind(staff_correct_the_address, when(lambda who: who.record.address, 6, 2)),
    Kind(staff_take_the_address_out, when(lambda who: who.record.address and who.record.phone, 1)),
    Kind(staff_correct_the_zone, when(lambda who: any(one.stands for one in who.record.visits), 6, 2)),
    Kind(staff_correct_the_language, always(1)),
    Kind(staff_take_the_number_out, when(lambda who: who.record.phone and who.record.address, 1)),
    Kind(staff_enter_a_number, when(lambda who: not who.record.phone, 2)),
    Kind(staff_say_that_the_address_works, when(lambda who: who.record.address and who.record.box.dead_at, 2)),
    Kind(staff_call, when(lambda who: who.record.phone and not who.record.no_calls, 5)),
    Kind(staff_may_call_again, when(lambda who: who.record.no_calls, 1)),
    Kind(staff_move_the_lead, always(6)),
    Kind(staff_close_the_request, always(2)),
    Kind(the_patient_writes, when(lambda who: not who.record.held, 2)),
    Kind(staff_write, when(lambda who: who.record.unanswered, 6, 2)),
    Kind(the_patient_reads, always(1)),
    Kind(staff_send_a_link, when(lambda who: who.record.address, 2)),
    Kind(staff_settle_a_mail, when(to_settle, 6)),
    Kind(the_patient_tells_an_emergency, when(lambda who: not who.record.held, 2)),
    Kind(a_clinician_lifts_the_hold, when(lambda who: who.record.held, 5)),
]
