"""The daily mail of the bell: at the hour that each person chose, and at no other."""

from datetime import datetime

from django.db import transaction
from django.db.models import Count, Q

from crm import dispatch, locations
from crm.mail import emails
from crm.models import Location, Notice, User


def send_due(*, now: datetime) -> int:
    """Write a mail to everybody whose hour it is on the center's clock and who has notices that are neither seen nor
    mailed; once a day each, however often this runs. Return how many were written."""
    center = locations.main()
    if center is None:
        return 0
    local = now.astimezone(center.zone)
    waiting = Count("notices", filter=Q(notices__seen_at=None, notices__mailed_at=None))
    people = User.objects.filter(is_active=True, is_staff=True, digest_at=local.hour).annotate(waiting=waiting)
    return sum(
        _write(user, center, user.waiting, key=f"digest:{user.pk}:{local:%Y%m%d}", now=now)
        for user in people.filter(waiting__gt=0).order_by("pk")
    )


@transaction.atomic
def _write(user: User, center: Location, count: int, *, key: str, now: datetime) -> bool:
    message = emails.digest(center=center, to=user.email, count=count, key=key, now=now)
    type(message).objects.bulk_create([message], ignore_conflicts=True)
    if not type(message).objects.filter(pk=message.pk).exists():
        return False
    Notice.objects.filter(user=user, seen_at=None, mailed_at=None).update(mailed_at=now)
    dispatch.send_after_commit(message)
    return True
