"""What is looked after every minute, and what waits on My day."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from uuid import UUID

import structlog
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone

from crm import registry
from crm.db import clock
from crm.enums.leads import MessageState
from crm.leads import call_window
from crm.models import Message, Task, User
from scheduling.actions import claims, effects, mails, queries, rebooking, waitlist
from scheduling.enums import ClaimState, Status
from scheduling.models import Appointment, Claim

log = structlog.get_logger("nucleus.scheduling")
UNCONFIRMED_AT = timedelta(hours=30)  # before the start: time enough to give it to somebody else
SHOWN = 5  # by name; how many there are is told
SET_OUT_WITHIN = timedelta(days=2)
ASKED_WITHIN = timedelta(days=2)
FORGOTTEN_AFTER = timedelta(hours=1)  # holds stay that long, so that a late confirmation is told from a wrong one


def register() -> None:
    """Register the desk's worklists of appointments; called once, when the app is ready."""
    see = "scheduling.change_appointment"
    registry.worklist(title="Other times to find", permission=see, render=to_rebook, order=20)
    registry.worklist(title="What came of these visits?", permission=see, render=unmarked, order=21)


def to_rebook(request: HttpRequest) -> tuple[str, set[UUID]]:
    """Return the worklist of appointments whose time was closed under them, the first of them by name."""
    user = request.user
    waiting = queries.to_rebook(user) if isinstance(user, User) else []
    if not waiting:
        return "", set()
    first = waiting[:SHOWN]
    html = render_to_string("scheduling/admin/worklist_rebook.html", {"first": first, "count": len(waiting)})
    return html, {made.lead_id for made in first}


def unmarked(request: HttpRequest) -> tuple[str, set[UUID]]:
    """Return visits of yesterday and before that nobody has marked, the newest of them by name."""
    user = request.user
    today = datetime.combine(timezone.localdate(), time(), tzinfo=timezone.get_current_timezone())
    waiting = queries.unmarked(user, before=today) if isinstance(user, User) else []
    if not waiting:
        return "", set()
    first = waiting[:SHOWN]
    html = render_to_string(
        "scheduling/admin/worklist_unmarked.html", {"first": first, "more": len(waiting) - len(first)}
    )
    return html, {made.lead_id for made in first}


def once() -> int:
    """Offer freed times, find what was closed, ask for calls to whoever has not confirmed, forget holds; returns how
    many rows changed. Each on its own: trouble with one must not stop the others."""
    done = 0
    for look_after in _ALL:
        try:
            done += look_after()
        except Exception as trouble:  # the others go on
            log.error("scheduling_failed", error=type(trouble).__name__)
    return done


def offer_freed() -> int:
    return waitlist.offer(now=clock.now())


def flag_closed() -> int:
    return rebooking.unflag_all() + rebooking.look_again(now=clock.now())


def call_unconfirmed() -> int:
    """Ask to call everybody who has not said that they will come, 30 hours before; and as soon as a reminder was held
    back, because their address is dead by now or only people speak with them."""
    now = clock.now()
    theirs = Message.objects.filter(topic=OuterRef("topic"), topic_version=OuterRef("version"))
    held_back = Exists(theirs.filter(name=mails.REMINDER, state=MessageState.SUPPRESSED))
    # nobody is called who has only just booked or moved
    is_soon = Q(starts_at__lte=now + UNCONFIRMED_AT, agreed_at__lt=F("starts_at") - UNCONFIRMED_AT)
    soon = Appointment.objects.filter(
        is_soon | Q(held_back), status=Status.BOOKED, confirmed_at=None, starts_at__gt=now, rebook_since=None
    )
    waiting = [_call(made, now=now) for made in soon.select_related("kind", "lead", "location")]
    Task.objects.bulk_create(waiting, ignore_conflicts=True)
    return len(waiting)


def _call(made: Appointment, *, now: datetime) -> Task:
    """Return an unsaved call; its key allows one for each appointment and time."""
    local = made.starts_at.astimezone(made.location.zone)
    title, key = f"Not confirmed: {made.kind.label}, {local:%a %-I:%M %p}", f"unconfirmed:{made.pk}:{made.version}"
    return call_window.call_task(made.lead, title=title, due_at=now, key=key)


def call_closed() -> int:
    """Open a call for each patient who would set out within two days for a time that cannot be kept; at once for one
    who has not heard that they had it, and may still set out for the one before. Returns how many."""
    now = clock.now()
    is_soon = Q(starts_at__lte=now + SET_OUT_WITHIN) | Q(mails.unsent())
    soon = Appointment.objects.standing().filter(is_soon, rebook_since__isnull=False, starts_at__gt=now)
    calls = [_call_closed(made, now=now) for made in soon.select_related("lead", "location")]
    Task.objects.bulk_create(calls, ignore_conflicts=True)
    return len(calls) + mails.call_the_untold(now=now)


def _call_closed(made: Appointment, *, now: datetime) -> Task:
    """Return an unsaved call; its key allows one for each appointment and closing."""
    local = made.starts_at.astimezone(made.location.zone)
    what, key = f"{local:%a, %b %-d, %-I:%M %p} cannot be kept", effects.key_of_closing(made)
    title, instead = f"Tell by telephone: {what}", f"{call_window.NO_CALLS}: {what}"
    return call_window.call_task(made.lead, title=title, instead=instead, due_at=now, key=key)


def close_past() -> int:
    """Close the calls about visits that are over: what came of them is asked in a list of its own. Returns how many."""
    now = clock.now()
    over = Appointment.objects.standing().filter(ends_at__lte=now, ends_at__gt=now - ASKED_WITHIN, rebook_since=None)
    return effects.close_all(*over, now=now)


def settle_over_booked() -> int:
    """Settle what was booked over a hold that is over."""
    return claims.settle(now=clock.now())


def forget_holds() -> int:
    """Delete holds that nobody confirmed; returns how many claims there were."""
    late = Claim.objects.filter(state=ClaimState.HELD, hold_expires_at__lt=Now() - FORGOTTEN_AFTER)
    count, _ = late.delete()
    return count


_ALL: list[Callable[[], int]] = [
    offer_freed,
    flag_closed,
    call_closed,
    call_unconfirmed,
    close_past,
    forget_holds,
    settle_over_booked,
]
