"""What an appointment does to its lead: a line on the timeline, the stage, tasks. Called in the transaction of whatever
happened to it."""

from datetime import datetime, time

from crm import registry
from crm.enums.leads import CLOSED_STAGES, MAIN_LINE, SIDE_STAGES, ActivityKind, Stage, TaskKind
from crm.inbound import actions as inbound
from crm.leads import actions as leads
from crm.leads import tasks
from crm.models import Activity, Lead, Task, User
from crm.registry import DomainEvent
from scheduling.actions import mails
from scheduling.enums import Mode, Status
from scheduling.models import Appointment, AppointmentType
from scheduling.rules import estimate

CLOSE_OF_BUSINESS = time(17)
NOT_SEEN = "not_seen:"  # how the keys of such tasks begin
OF_CLOSED_LEAD = "closed_lead:"
OF_NUMBER = "number:"
OF_NO_CALLS = "no_calls:"


def on_timeline(appointment: Appointment, what: str, *, by: User | None, now: datetime, note: str = "") -> None:
    """Write a line about the appointment on the lead's timeline."""
    line(appointment, what, by=by, now=now, note=note).save(force_insert=True)


def line(appointment: Appointment, what: str, *, by: User | None, now: datetime, note: str = "") -> Activity:
    """Return a line for the lead's timeline, unsaved: the caller saves it with others."""
    summary = f"{what}: {appointment}, {appointment.provider}"
    return Activity(
        lead=appointment.lead, kind=ActivityKind.APPOINTMENT, at=now, by=by, summary=summary[:200], note=note
    )


def close_calls(appointment: Appointment, *, now: datetime) -> None:
    """Close the tasks to ask or tell the patient about a time: it is confirmed, or more than that (close_all)."""
    tasks.close(*_keys_of_calls(appointment), now=now)


def close_all(*appointments: Appointment, now: datetime) -> int:
    """Close all tasks to ask, tell or decide about a time that is another one, called off, here, or over. Returns how
    many tasks that ends."""
    keys = list[str]()
    for one in appointments:
        decided = [f"{OF_CLOSED_LEAD}{one.pk}", f"{OF_NO_CALLS}{one.pk}"]
        keys += [*_keys_of_calls(one), _key_of_number(one), *decided, mails.key_of_new_address(one)]
    return tasks.close(*keys, now=now)


def _keys_of_calls(appointment: Appointment) -> list[str]:
    about = f"{appointment.pk}:{appointment.version}"
    answered = inbound.key_of_answer(appointment.lead_id, appointment.calendar_uid)
    return [f"unconfirmed:{about}", f"tell:{about}", answered, key_of_closing(appointment)]


def key_of_closing(appointment: Appointment) -> str:
    """Return the key of the call that this very closing asks for (scheduling/periodic.py); "" when it is not closed."""
    return f"closed:{appointment.pk}:{appointment.rebook_since:%Y%m%d%H%M%S%f}" if appointment.rebook_since else ""


def ask_for_estimate(appointment: Appointment, *, now: datetime) -> None:
    """Open a task to send a good-faith estimate to a patient who pays alone, by its day
    (scheduling/rules/estimate.py)."""
    lead, center = appointment.lead, appointment.location
    pays_alone = registry.conditions().get("pays_alone")
    if pays_alone is None or lead.pk not in pays_alone([lead.pk]):
        return
    booked, visit = (at.astimezone(center.zone).date() for at in (now, appointment.starts_at))
    if due := estimate.due_on(booked, visit, center.days_off):
        due_at = datetime.combine(due, CLOSE_OF_BUSINESS, tzinfo=center.zone)
        title = f"Send the good-faith estimate for {visit:%b %-d}"
        key = f"estimate:{appointment.pk}:{appointment.version}"
        tasks.open_task(lead, kind=TaskKind.ESTIMATE, title=title, due_at=due_at, key=key)


def ask_for_estimates(lead: Lead, happening: DomainEvent) -> None:
    """Listen to who pays being told or changed after something was booked, and ask for the estimates."""
    for made in _ahead(lead, now=happening.now):
        ask_for_estimate(made, now=happening.now)


def ask_for_number(appointment: Appointment, *, now: datetime) -> None:
    """Open a task at once to ask for a telephone number that the appointment needs and the lead lacks."""
    if appointment.kind.lacks_number(appointment.lead):
        title, key = f"No telephone number: ask for one. {appointment}", _key_of_number(appointment)
        tasks.open_task(appointment.lead, kind=TaskKind.OTHER, title=title, due_at=now, key=key)


def _key_of_number(appointment: Appointment) -> str:
    return f"{OF_NUMBER}{appointment.pk}:{appointment.version}"


def ask_for_numbers(lead: Lead, happening: DomainEvent) -> None:
    """Listen to a telephone number being removed or added, and open or close the tasks that ask for one."""
    if lead.phone:  # of a visit that is over nobody asks either
        Task.objects.open().filter(lead=lead, key__startswith=OF_NUMBER).update(done_at=happening.now)
        return
    for made in _ahead(lead, now=happening.now):
        ask_for_number(made, now=happening.now)


def follow_wish(lead: Lead, happening: DomainEvent) -> None:
    """Listen to a wish not to be called: a booked phone visit needs somebody to ask the patient in writing. It is
    settled when they may be called again."""
    if not lead.do_not_call:
        Task.objects.open().filter(lead=lead, key__startswith=OF_NO_CALLS).update(done_at=happening.now, key=None)
        return
    for made in _ahead(lead, now=happening.now):
        if made.kind.mode == Mode.PHONE:  # once a visit: what was asked is not asked again with the next correction
            title, key = f"No calls wanted: {made}. Ask in writing", f"{OF_NO_CALLS}{made.pk}"
            tasks.open_task(lead, kind=TaskKind.OTHER, title=title, due_at=happening.now, key=key)


def follow_stage(lead: Lead, happening: DomainEvent) -> None:
    """Listen to a lead being closed while a visit is still booked: somebody decides about it. It is settled when the
    lead is open again."""
    if lead.stage not in CLOSED_STAGES:
        Task.objects.open().filter(lead=lead, key__startswith=OF_CLOSED_LEAD).update(done_at=happening.now)
        return
    for made in _ahead(lead, now=happening.now):
        title, key = f"Still booked: {made}. Cancel it or keep it", f"{OF_CLOSED_LEAD}{made.pk}"
        task = Task(lead=lead, kind=TaskKind.OTHER, title=title, due_at=happening.now, key=key)
        tasks.open_again(task)


def _ahead(lead: Lead, *, now: datetime) -> list[Appointment]:
    ahead = Appointment.objects.standing().filter(lead=lead, starts_at__gt=now)
    return list(ahead.select_related("kind", "lead", "location"))


def move_on(lead: Lead, kind: AppointmentType, *, now: datetime) -> None:
    """Move the lead on when a consultation is booked; a resting lead is reopened first. Under a safety hold people
    decide."""
    if not kind.is_consultation or lead.safety_hold:
        return
    if lead.stage in SIDE_STAGES:
        lead = leads.move(lead, to=Stage.QUALIFYING, by=None, now=now)
    if lead.stage in MAIN_LINE[: MAIN_LINE.index(Stage.BOOKED)]:
        leads.move(lead, to=Stage.BOOKED, by=None, now=now)
        tasks.close_first_calls(lead, now=now)


def move_back(appointment: Appointment, *, now: datetime) -> None:
    """Move a booked lead back to waiting for a time, unless another consultation is ahead."""
    lead = Lead.objects.get(pk=appointment.lead_id)
    ahead = Appointment.objects.standing().filter(lead=lead, kind__is_consultation=True, ends_at__gt=now)
    others = ahead.exclude(pk=appointment.pk)
    if appointment.kind.is_consultation and lead.stage == Stage.BOOKED and not others.exists():
        leads.move(lead, to=Stage.BOOKING, by=None, now=now)


def say_not_seen(appointment: Appointment, *, now: datetime) -> None:
    """Open a task when a visit was written down as taken place by mistake: the lead stands at Consulted, and no stage
    goes back from there by itself."""
    lead = Lead.objects.get(pk=appointment.lead_id)
    seen = Appointment.objects.filter(lead=lead, kind__is_consultation=True, status=Status.FULFILLED)
    if appointment.kind.is_consultation and lead.stage == Stage.CONSULTED and not seen.exists():
        title, key = "Was not seen after all: decide on the stage", f"{NOT_SEEN}{appointment.pk}"
        tasks.open_task(lead, kind=TaskKind.NEXT_STEP, title=title, due_at=now, key=key)


def close_estimate(appointment: Appointment, *, now: datetime) -> None:
    tasks.close(f"estimate:{appointment.pk}:{appointment.version}", now=now)
