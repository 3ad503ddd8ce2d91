"""Who looks after which lead: shared out in turn, handed over, and taken back from whoever has left."""

from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

import structlog
from django.db import DatabaseError, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from crm.enums.leads import OPEN_STAGES, ActivityKind, Stage, TaskKind
from crm.errors import AssignmentRefused
from crm.leads import notifications
from crm.leads.tasks import DECIDED
from crm.models import Activity, Lead, Task, User
from crm.models.absence import away_on
from crm.models.activity import BY_ITSELF
from crm.models.lead import visible_q
from crm.roles import OWN_LEADS, TAKE_LEADS
from crm.values import opening_hours

BATCH = 100

log = structlog.get_logger("nucleus.assignment")


def candidates(lead: Lead, *, now: datetime) -> list[User]:
    """Return who may take this lead, whoever has waited longest first. Never anybody inactive or away.

    By location, license and absence always; by language where somebody speaks it; by working hours where somebody
    works now: a request at night is given to whoever is next.
    """
    found = list(_able(lead, now=now))
    found = _preferred(found, lambda user: lead.language == "en" or lead.language in user.languages)
    return _preferred(found, lambda user: is_at_work(user, lead, now=now))


def _able(lead: Lead, *, now: datetime) -> QuerySet[User]:
    today = now.astimezone(lead.location.zone).date()
    people = User.objects.filter(is_active=True, takes_leads=True, groups__name__in=TAKE_LEADS)
    people = people.filter(Q(locations=None) | Q(locations=lead.location_id))
    people = people.filter(Q(licensed_states=[]) | Q(licensed_states__contains=[lead.state]))
    people = people.exclude(pk__in=User.objects.filter(away_on(today))).distinct()
    return people.order_by(F("last_lead_at").asc(nulls_first=True), "pk")


def _preferred(people: list[User], wanted: Callable[[User], bool]) -> list[User]:
    return [user for user in people if wanted(user)] or people


def is_at_work(user: User, lead: Lead, *, now: datetime) -> bool:
    """Tell whether it is one of their working hours, on the clock of the lead's location."""
    center = lead.location
    hours = user.hours or center.hours
    day = opening_hours.opening(
        now.astimezone(center.zone).date(), hours=hours, holidays=center.holidays, zone=center.zone
    )
    return day is not None and day[0] <= now < day[1]


def share_out(*, now: datetime) -> int:
    """Give every new lead without an owner to somebody; return how many found one. Two runs at once share them.

    Where nobody may take leads (a location, a state), or its hours cannot be read, its leads are passed over: they hold
    nobody else's up.
    """
    total, nobody = 0, Q(pk__in=[])
    while True:
        given, hopeless = _share_out(nobody, now=now)
        total += given
        for location_id, state in hopeless:
            nobody |= Q(location=location_id, state=state)
        if not given and not hopeless:
            return total


def _share_out(besides: Q, *, now: datetime) -> tuple[int, set[tuple[UUID, str]]]:
    """Share out one batch; return how many were given, and for which location and state there is nobody."""
    given, hopeless = 0, set()
    with transaction.atomic():
        waiting = Lead.objects.filter(stage=Stage.NEW, owner=None, location__shares_out=True).exclude(besides)
        rows = waiting.select_for_update(no_key=True, skip_locked=True, of=("self",)).select_related("location")
        for lead in rows.order_by("received_at", "pk")[:BATCH]:
            place = (lead.location_id, lead.state)
            if place not in hopeless and _give_in_turn(lead, now=now):
                given += 1
            else:
                hopeless.add(place)
    return given, hopeless


def _give_in_turn(lead: Lead, *, now: datetime) -> bool:
    """Give a lead to whoever is next; False where there is nobody. What goes wrong with one location is logged and
    is that one's matter (False, too); only a DatabaseError is raised."""
    try:
        people = candidates(lead, now=now)
        if people:
            give(lead, to=people[0], by=None, now=now)
    except DatabaseError:  # nothing more can be asked in this transaction
        raise
    except Exception as trouble:
        log.error("not_given", lead=str(lead.pk), error=type(trouble).__name__)
        return False
    return bool(people)


def may_own() -> QuerySet[User]:
    """Return who works on leads at all, by role: whoever is here and may read what a person told."""
    people = User.objects.filter(is_active=True, is_staff=True)
    return people.filter(Q(is_superuser=True) | Q(groups__name__in=OWN_LEADS)).distinct()


def owners_at(location_id: UUID) -> QuerySet[User]:
    """Return those who work on leads and for this location, and so will see the lead that they own."""
    return may_own().filter(Q(locations=None) | Q(locations=location_id))


def check_owner(lead: Lead, taker: User) -> None:
    """Refuse (AssignmentRefused) somebody who left, does not work on leads, or not where this one belongs."""
    if not taker.is_active:
        raise AssignmentRefused(f"{taker} does not work here any more: choose somebody else.")
    if not owners_at(lead.location_id).filter(pk=taker.pk).exists():
        raise AssignmentRefused(f"{taker} does not work on leads of {lead.location}: choose somebody else.")


@transaction.atomic
def give(lead: Lead, *, to: User, by: User | None, now: datetime) -> None:
    """Make somebody the owner of a lead and of its open tasks. Raises AssignmentRefused for somebody who left, does
    not work on leads, or not at the lead's location.

    Side effects: owner, tasks, Activity, a notice for them.
    """
    taker = User.objects.select_for_update(no_key=True).get(pk=to.pk)
    check_owner(lead, taker)
    Lead.objects.filter(pk=lead.pk).update(owner=taker, updated_at=now)
    # A review is for whichever clinician decides it: given to the owner, it would be on nobody else's day.
    Task.objects.open().filter(lead=lead).exclude(kind__in=DECIDED).update(assigned_to=taker)
    Task.objects.open().filter(lead=lead, kind=TaskKind.RETURNED).update(done_at=now, done_by=by)
    User.objects.filter(pk=taker.pk).update(last_lead_at=Now())  # several in one batch take turns too
    words, details = f"Looked after by {taker}", {} if by else {BY_ITSELF: True}
    Activity.objects.create(lead=lead, kind=ActivityKind.DETAILS, at=now, by=by, summary=words, details=details)
    notifications.tell(
        [taker], title="A lead is yours now", lead=lead, key=f"given:{lead.pk}:{now.isoformat()}", now=now
    )


@transaction.atomic
def hand_over(leaver: User, *, to: User | None, by: User, now: datetime) -> int:
    """Give everything open of one person, as far as `by` may see it, to another, or in turn to all who may; return how
    many leads. Raises AssignmentRefused, and gives nothing, when `to` may not own one of them.

    What nobody may take comes back: without an owner, with a task that says so.
    """
    if to is not None and (to.pk == leaver.pk or not to.is_active):
        raise AssignmentRefused("Choose somebody else who works here.")
    theirs = list(_open_leads_of(leaver).filter(visible_q(by)))
    for lead in theirs:
        if to is not None:
            give(lead, to=to, by=by, now=now)
        elif others := [user for user in candidates(lead, now=now) if user.pk != leaver.pk]:
            give(lead, to=others[0], by=by, now=now)
        else:
            _return([lead], now=now)
    return len(theirs)


def take_back_from_inactive(*, now: datetime) -> int:
    """Open leads of people who do not work here any more come back, each with a task; returns how many."""
    with transaction.atomic():
        rows = Lead.objects.open().filter(owner__is_active=False)
        left = list(
            rows.select_for_update(no_key=True, skip_locked=True, of=("self",)).select_related("location")[:BATCH]
        )
        _return(left, now=now)
    return len(left)


def _open_leads_of(user: User) -> QuerySet[Lead]:
    mine = Lead.objects.filter(owner=user, stage__in=OPEN_STAGES)
    return mine.select_for_update(no_key=True, of=("self",)).select_related("location").order_by("pk")


def _return(leads: Iterable[Lead], *, now: datetime) -> None:
    ids = [lead.pk for lead in leads]
    Lead.objects.filter(pk__in=ids).update(owner=None, updated_at=now)
    Task.objects.open().filter(lead__in=ids).update(assigned_to=None)
    Task.objects.bulk_create(
        Task(
            lead_id=pk,
            kind=TaskKind.RETURNED,
            title="Came back: give it to somebody",
            due_at=now,
            created_at=now,
            key=f"returned:{pk}:{now:%Y%m%d%H%M%S}",
        )
        for pk in ids
    )
