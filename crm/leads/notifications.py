"""The bell: what somebody should know, once each. A notice names a lead by its link alone and nothing medical."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import Group
from django.db.models import Q, QuerySet

from crm.models import Lead, Notice, User
from crm.models.lead import visible_q
from crm.registry import DomainEvent

MOST_SHOWN = 20


def tell(people: Iterable[User], *, title: str, lead: Lead | None, key: str, now: datetime) -> None:
    """Leave one notice per person and key, however often it is told."""
    rows = [Notice(user=user, lead=lead, title=title[:120], key=key[:100], at=now) for user in people]
    Notice.objects.bulk_create(rows, ignore_conflicts=True)


def tell_role(role: str, *, title: str, lead: Lead | None, key: str, now: datetime) -> None:
    """Notify everybody active in a role, as `tell` does."""
    group = Group.objects.filter(name=role).first()
    people = User.objects.filter(is_active=True, groups=group) if group else User.objects.none()
    tell(people, title=title, lead=lead, key=key, now=now)


def on_reply(lead: Lead, happening: DomainEvent) -> None:
    """Tell whoever looks after a lead that it wrote."""
    if lead.owner:
        key = f"replied:{happening.key}"
        tell([lead.owner], title="Wrote to you", lead=lead, key=key, now=happening.now)


def unseen_count(user: User) -> int:
    """Count the notices that are not seen yet, at most MOST_SHOWN + 1: more is "many"."""
    return _of(user).filter(seen_at__isnull=True)[: MOST_SHOWN + 1].count()


def latest(user: User) -> list[Notice]:
    """Return what is new, and below it what was seen; of each the newest first."""
    there = _of(user).select_related("lead").order_by("-at", "-id")
    new = list(there.filter(seen_at__isnull=True)[:MOST_SHOWN])
    return new + list(there.filter(seen_at__isnull=False)[: MOST_SHOWN - len(new)])


def _of(user: User) -> QuerySet[Notice]:
    """Return the notices of a person, without those about leads of a location for which they do not work any more."""
    theirs = Q(lead=None) | visible_q(user, location="lead__location")
    return Notice.objects.filter(theirs, user=user)


def mark_seen(user: User, *, shown: Iterable[str], now: datetime) -> int:
    """Mark those seen that a page has shown, by their ids, and no others; return how many were new. One that was on its
    way for long is older than what the page had."""
    try:
        ids = [UUID(one) for one in shown]
    except ValueError:
        return 0
    return Notice.objects.filter(user=user, seen_at__isnull=True, pk__in=ids).update(seen_at=now)
