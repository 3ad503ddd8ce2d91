"""From booked to what came of it: confirmed, arrived, took place, did not come; and back, for whoever pressed wrong."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext

from crm.enums.leads import MAIN_LINE, Event, Stage
from crm.leads import actions as leads
from crm.leads import events, tasks
from crm.models import Lead, User
from scheduling.actions import changing, effects
from scheduling.actions.errors import BookingRefused, ChangedMeanwhile
from scheduling.enums import MOVES, Status
from scheduling.models import Appointment

EARLY = timedelta(hours=1)  # some come before their time, and are seen


@transaction.atomic
def confirm(appointment: Appointment, *, version: int, now: datetime, by: User | None = None) -> Appointment:
    """Record that the patient will come, as they said here or told us; said twice, it counts once. Raises
    BookingRefused."""
    locked = changing.lock(appointment, version=version)
    if locked.ends_at <= now:
        raise BookingRefused(gettext("This appointment is over."))
    if locked.rebook_since and by is None:
        closed, ways = gettext("We cannot keep this time."), gettext("Please choose another one, or wait for our call.")
        if locked.lead.do_not_call:
            ways = gettext("Please choose another one, or wait until we write to you.")
        raise BookingRefused(f"{closed} {ways}")
    if locked.confirmed_at is None:
        locked.confirmed_at = now
        locked.save(update_fields=["confirmed_at"])
        effects.on_timeline(locked, "Confirmed", by=by, now=now)
        effects.close_calls(locked, now=now)
    return locked


@transaction.atomic
def set_status(
    appointment: Appointment, *, to: Status, by: User, now: datetime, seen: tuple[str, int] | None = None
) -> Appointment:
    """Mark an appointment as checked in, done or missed, or take one of these back. `seen`: the status and version on
    the page; a page that is older than a colleague's change or move is refused. Raises BookingRefused.

    Nobody can miss a time before it has begun. Side effects: stage and events (a no-show begins its sequence); a
    no-show that is taken back is expected, or here, again.
    """
    locked = changing.lock_row(appointment)
    before = Status(locked.status)
    if before == to:
        return locked
    if to not in MOVES[before] - {Status.CANCELLED} or (seen and seen != (locked.status, locked.version)):
        raise ChangedMeanwhile
    if to == Status.NOSHOW and locked.rebook_since:
        raise BookingRefused("We closed this time: nobody missed it. Find another time for it, or cancel it.")
    if to == Status.NOSHOW and now < locked.starts_at:
        raise BookingRefused("The appointment has not begun yet: nobody can have missed it.")
    if to == Status.FULFILLED and now < locked.starts_at - EARLY:
        raise BookingRefused("The appointment is still to come: it cannot have taken place.")
    if to == Status.ARRIVED and now.astimezone(locked.location.zone).date() != _day(locked):
        raise BookingRefused("The appointment is not today: look at the date.")
    locked.status = to
    if to == Status.ARRIVED:
        locked.arrived_at = locked.arrived_at or now
    elif to == Status.BOOKED:
        locked.arrived_at = None
    locked.save(update_fields=["status", "arrived_at"])
    effects.on_timeline(locked, f"{before.label}, taken back" if to == Status.BOOKED else str(to.label), by=by, now=now)
    _follow(locked, before, to, now=now)
    return locked


def _day(appointment: Appointment) -> date:
    return appointment.starts_at.astimezone(appointment.location.zone).date()


def _follow(appointment: Appointment, before: Status, to: Status, *, now: datetime) -> None:
    """Apply to the lead what a new status means: its tasks, its stage and its events."""
    lead = appointment.lead
    effects.close_all(appointment, now=now)
    if to == Status.NOSHOW:
        effects.move_back(appointment, now=now)
        if before == Status.FULFILLED:
            effects.say_not_seen(appointment, now=now)
        events.announce(lead, Event.NO_SHOW, now=now, key=str(appointment.pk))
    elif before == Status.NOSHOW:
        tasks.close(f"{effects.NOT_SEEN}{appointment.pk}", now=now)
        effects.move_on(lead, appointment.kind, now=now)
        events.announce(lead, Event.NO_SHOW_TAKEN_BACK, now=now, key=str(appointment.pk))
    elif to == Status.FULFILLED and appointment.kind.is_consultation:
        fresh = Lead.objects.get(pk=lead.pk)
        if fresh.stage in MAIN_LINE[: MAIN_LINE.index(Stage.CONSULTED)]:
            leads.move(fresh, to=Stage.CONSULTED, by=None, now=now)
