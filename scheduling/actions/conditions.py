"""What sequences ask about appointments (crm/followups/conditions.py): of many leads at once, in one query each."""

from uuid import UUID

from django.db.models import Count
from django.utils import timezone

from crm import registry
from crm.models import Task
from scheduling.actions.effects import NOT_SEEN
from scheduling.enums import Status
from scheduling.models import Appointment


def register() -> None:
    """Register the conditions of appointments; called once, when the app is ready."""
    registry.condition("first_no_show", first_no_show)
    registry.condition("expected_again", expected_again)
    registry.condition("came_after_all", came_after_all)
    registry.condition("was_not_seen", was_not_seen)


def first_no_show(leads: list[UUID]) -> set[UUID]:
    """Return the leads that missed one appointment so far. A patient who misses a second one is called, not
    e-mailed."""
    return {lead for lead, count in _missed(leads).items() if count == 1}


def came_after_all(leads: list[UUID]) -> set[UUID]:
    """Return the leads that have appointments and no longer a missed one: what was written down was wrong."""
    known = Appointment.objects.filter(lead__in=leads).values_list("lead_id", flat=True)
    return set(known) - set(_missed(leads))


def was_not_seen(leads: list[UUID]) -> set[UUID]:
    """Return the leads that were written down as seen by mistake, as an open task says (effects.say_not_seen)."""
    wrong = Task.objects.open().filter(lead__in=leads, key__startswith=NOT_SEEN)
    return set(wrong.values_list("lead_id", flat=True))


def expected_again(leads: list[UUID]) -> set[UUID]:
    ahead = Appointment.objects.standing().filter(lead__in=leads, ends_at__gt=timezone.now())
    return set(ahead.values_list("lead_id", flat=True))


def _missed(leads: list[UUID]) -> dict[UUID, int]:
    missed = Appointment.objects.filter(lead__in=leads, status=Status.NOSHOW).order_by().values("lead_id")
    return dict(missed.annotate(count=Count("pk")).values_list("lead_id", "count"))
