"""What has to be true of what is kept after every step, as the model tells it."""

from datetime import timedelta
from itertools import combinations
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils import timezone

from crm.enums.leads import UNDER_WAY, EnrollmentState, MessageState, StepResult, TaskKind
from crm.models import Enrollment, Message, Sending, StepOutcome, Task
from scheduling.enums import STANDING, WaitState
from scheduling.models import Appointment, WaitlistEntry
from tests.crm.life.model import COMMERCIAL, REMINDERS_APART, Visit, kind_of
from tests.crm.life.people import Person, World

# How the keys begin of tasks that only serve to win a request.
TO_WIN = ("first-call:", "step:", "parked:", "next:", "decide:")
# And of those about one visit, which they name.
ABOUT_A_VISIT = ("unconfirmed:", "tell:", "closed:", "number:", "closed_lead:")
TOLD = "address_changed"
A_DAY = timedelta(days=1)
REFUSED_FOR = timedelta(minutes=45)  # a server that refuses us is tried again by then
STANDS = {MessageState.QUEUED, MessageState.SENDING, MessageState.SUPPRESSED}  # or a person calls instead
NOT_DONE = {MessageState.CANCELLED}


def after_each_step(world: World, *people: Person) -> None:
    """As far as it concerns these people."""
    assert not world.wrong, world.wrong
    for who in people:
        who.reads_again()
        the_record_is_as_it_was_told(who)
        every_mail_has_left_a_trace(world, who)
        no_step_is_forgotten(who)
        nothing_is_open_of_what_is_over(who)
        the_desk_asks_whose_calendar_declined(who)
        visits_are_as_they_were_made(who)
    nobody_is_in_two_places(world)


def after_a_worker(world: World) -> None:
    """Nothing that is due is left, unless mail is held, the server wants none, or the worker died."""
    now, far = world.clock.now, world.far
    if world.is_paused or world.is_cut_short:
        return
    refuses = far.refused_us_at is not None and now - far.refused_us_at < REFUSED_FOR
    waits = refuses and Sending.objects.filter(waits_until__gt=now).exists()
    due = Message.objects.filter(state=MessageState.QUEUED, due_at__lte=now)
    assert waits or not due.exists(), list(due.values_list("name", "due_at", "reason"))
    late = Message.objects.filter(state__in=[MessageState.SENDING, MessageState.IN_DATA], lease_until__lt=now)
    assert waits or not late.exists(), list(late.values_list("name", "lease_until"))
    steps = Enrollment.objects.filter(state=EnrollmentState.LIVE, due_at__lte=now)
    assert not steps.exists(), list(steps.values_list("key", "due_at"))


def the_record_is_as_it_was_told(who: Person) -> None:
    lead, known = who.lead, who.record
    assert (lead.email, lead.phone, lead.timezone) == (known.address, known.phone, known.zone)
    assert lead.language == known.language
    assert (lead.safety_hold, lead.do_not_call) == (known.held, known.no_calls)


def every_mail_has_left_a_trace(world: World, who: Person) -> None:
    """It left, it waits, or it says why not, to a person where one has to step in."""
    took = {one.message_id for one in who.mails}
    for mail in Message.objects.filter(lead=who.lead):
        if mail.state == MessageState.SENT:
            assert mail.message_id in took or "says" in mail.reason, (mail.name, mail.reason)
        elif mail.state in {MessageState.FAILED, MessageState.UNKNOWN}:
            # The former address may have been taken out for that very reason.
            assert _told_of(mail) or mail.name == TOLD, (mail.name, mail.state, mail.reason)
        elif mail.state == MessageState.SUPPRESSED:
            _is_held_back_rightly(world, who, mail)
        elif mail.state == MessageState.CANCELLED:
            assert mail.reason, mail.name
            is_dropped = kind_of(mail.name) == COMMERCIAL or "Too late" not in mail.reason
            assert is_dropped or mail.name == TOLD or _told_of(mail), (mail.name, mail.reason)


def _told_of(mail: Message) -> bool:
    return Task.objects.filter(lead=mail.lead_id, key__startswith=f"mail:{mail.pk}:").exists()


def _is_held_back_rightly(world: World, who: Person, mail: Message) -> None:
    """Judged when it was held back, and not since."""
    if mail.finished_at != world.clock.now or mail.pk in who.judged:
        return
    who.judged.add(mail.pk)
    known = who.record
    why = known.against(mail.name, to=mail.to_email, now=world.clock.now) or world.holds(mail.name)
    if "Left out" in mail.reason or "No address" in mail.reason:
        assert kind_of(mail.name) == COMMERCIAL or _told_of(mail), (mail.name, mail.reason)
    else:
        assert why, (mail.name, mail.reason)


def no_step_is_forgotten(who: Person) -> None:
    """A step that counts as done was done: its mail left, waits, is with a person, or its sequence is over."""
    done = StepOutcome.objects.filter(enrollment__lead=who.lead, result=StepResult.MAIL, message__state__in=NOT_DONE)
    for one in done.select_related("message", "enrollment"):
        is_over = one.enrollment.state in {EnrollmentState.STOPPED, EnrollmentState.DONE}
        is_over = is_over or (str(one.enrollment_id), one.step) in who.record.gone
        is_told = one.message is not None and ("Too late" in one.message.reason or "says" in one.message.reason)
        assert is_over or is_told, (one.enrollment.key, one.step, one.message and one.message.reason)


def nothing_is_open_of_what_is_over(who: Person) -> None:
    known = who.record
    open_tasks = list(Task.objects.open().filter(lead=who.lead))
    kinds = [task.kind for task in open_tasks]
    assert kinds.count(TaskKind.ANSWER) == int(known.unanswered), kinds
    if known.no_calls:
        assert TaskKind.CALL not in kinds, [task.title for task in open_tasks]
    if known.is_closed:
        to_win = TO_WIN[1:] if known.has_asked_again else TO_WIN
        served = [task.title for task in open_tasks if _serves(task, to_win) and not _is_of_closed(who, task)]
        assert not served, served
        assert TaskKind.RETURNED not in kinds
        live = Enrollment.objects.filter(lead=who.lead, state__in=UNDER_WAY).values_list("key", flat=True)
        assert set(live) <= ({"reengage"} if known.stage == "dormant" else set()), list(live)
    for task in open_tasks:
        _is_about_what_stands(who, task)
    on_offer = WaitlistEntry.objects.filter(lead=who.lead, state=WaitState.OFFERED)
    calls = {f"offer:{one.hold}" for one in on_offer}
    assert {task.key for task in open_tasks if (task.key or "").startswith("offer:")} <= calls
    assert not on_offer or known.waits(timezone.now()), "an offer to somebody who does not wait"
    asks = [task for task in open_tasks if (task.key or "").startswith("bounce:")]
    assert not asks or not known.address or known.box.dead_at, [task.title for task in asks]


def _serves(task: Task, to_win: tuple[str, ...]) -> bool:
    return (task.key or "").startswith(to_win)


def _is_of_closed(who: Person, task: Task) -> bool:
    """Whether it is a step of the sequence that is made for whoever could not be reached."""
    steps = Enrollment.objects.filter(lead=who.lead, key="reengage").values_list("pk", flat=True)
    return who.record.stage == "dormant" and _serves(task, tuple(f"step:{one}:" for one in steps) or ("-",))


def the_desk_asks_whose_calendar_declined(who: Person) -> None:
    asks = Task.objects.open().filter(lead=who.lead, key__startswith="calendar:").count()
    declined = [one for one in who.record.visits if one.declined and one.stands]
    ahead = [one for one in declined if one.is_ahead(timezone.now()) and not one.closed]
    assert len(ahead) <= asks <= len(declined), (asks, declined)


def _is_about_what_stands(who: Person, task: Task) -> None:
    """A task about a visit names one that stands, at the time that it has; that it was called off has to be told."""
    beginning, _, rest = (task.key or "").partition(":")
    if f"{beginning}:" not in ABOUT_A_VISIT:
        return
    made = Appointment.objects.get(pk=rest.split(":")[0])
    known = next(one for one in who.record.visits if one.key == str(made.topic_id))
    tells_the_end = beginning == "tell" and known.state == "cancelled" and rest.endswith(f":{made.version}")
    assert known.stands or tells_the_end, task.title
    if beginning in {"unconfirmed", "tell", "number"}:
        assert rest.endswith(f":{made.version}"), task.title
    if beginning == "unconfirmed":
        assert not known.confirmed, task.title
    if beginning == "closed":
        assert known.closed, task.title
    if beginning == "number":
        assert not who.record.phone, task.title
    if beginning == "closed_lead":
        assert who.record.is_closed, task.title


def visits_are_as_they_were_made(who: Person) -> None:
    known = {one.key: one for one in who.record.visits}
    for made in Appointment.objects.filter(lead=who.lead).select_related("provider", "room", "kind", "location"):
        one = known.pop(str(made.topic_id))
        assert (made.starts_at, made.ends_at, str(made.status)) == (one.starts, one.ends, one.state)
        assert made.provider is not None
        assert all(map(ZoneInfo, (who.lead.timezone, made.location.timezone, made.provider.timezone)))
        assert made.room is not None or not one.needs_room or one.is_over_booked
        is_ahead = one.stands and one.starts > max(made.booked_at, timezone.now())
        if is_ahead and one.by_phone and not who.record.phone:
            assert _asks_for_a_number(who, made), "nobody asks for a number"
        if one.is_ahead(timezone.now()) and not one.closed and who.record.address:
            _reminders_wait(who, one, made)
    assert not known, known


def _reminders_wait(who: Person, visit: Visit, made: Appointment) -> None:
    """For the moment at which they are due on the clock that is theirs now."""
    waits = Message.objects.filter(topic=made.topic_id, topic_version=made.version, name="appointment_reminder")
    due = set(waits.filter(state__in=STANDS).values_list("due_at", flat=True))
    went = waits.exclude(finished_at=None).values_list("finished_at", flat=True)
    told_at, now = made.agreed_at, timezone.now()
    for at in who.record.reminded_at(visit):
        is_own = at - told_at >= REMINDERS_APART and at > now
        is_own = is_own and not any(one and at - one < A_DAY for one in went)  # on the clock that was theirs then
        assert not is_own or at in due, f"no reminder waits for {at:%a %H:%M %Z}: {due}"
        told_at = at if is_own else told_at


def _asks_for_a_number(who: Person, made: Appointment) -> bool:
    return Task.objects.filter(lead=who.lead, key__startswith=f"number:{made.pk}:").exists()


def nobody_is_in_two_places(world: World) -> None:
    """No provider and no room, unless somebody has decided so."""
    rows = Appointment.objects.filter(Q(status__in=STANDING), is_extra=False)
    for one, other in combinations(list(rows.select_related("kind")), 2):
        shares = {one.provider_id, one.room_id} & {other.provider_id, other.room_id} - {None}
        meets = one.span[0] < other.span[1] and other.span[0] < one.span[1]
        assert not (shares and meets), (one.starts_at, other.starts_at)
