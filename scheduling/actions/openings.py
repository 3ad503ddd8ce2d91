"""Times that are new, because somebody opened them: whoever waits is asked, as about a time that was given back."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from scheduling.actions import availability, rebooking, waitlist
from scheduling.actions.availability import SlotQuery
from scheduling.enums import WaitState
from scheduling.models import WaitlistEntry

AHEAD = 90  # days: what lies beyond is seen when it is nearer, by whoever looks

type Line = tuple[UUID, UUID]  # a kind, and a location


@contextmanager
def new_times(*, now: datetime) -> Iterator[None]:
    """Offer in turn what was not free before, for whatever opens time inside the block, such as a leave taken out, an
    extra morning or longer hours. Costs nothing while nobody waits."""
    before = _free(now=now)
    yield
    for line, starts in _free(now=now).items():
        for start in sorted(starts - before.get(line, starts)):
            waitlist.remember(*line, start, by=None)


@contextmanager
def around_place(said: list[str]) -> Iterator[None]:
    """Let the holidays of a saved location close and open at once, and offer what they opened."""
    now = timezone.now()
    before = rebooking.days_off(now.date())
    with new_times(now=now):
        yield
    rebooking.unflag_all()
    if count := rebooking.flag_new_days_off(before, now=now) + rebooking.look_again(now=now):
        said.append(f"{rebooking.in_words(count)} under what is closed now: see Other times to find.")


def _free(*, now: datetime) -> dict[Line, set[datetime]]:
    """Return the starts that are free now, for each line in which somebody waits."""
    waiting = WaitlistEntry.objects.filter(state=WaitState.WAITING).select_related("kind", "location")
    found: dict[Line, set[datetime]] = {}
    for first in waiting.order_by("kind_id", "location_id", "pk").distinct("kind_id", "location_id"):
        asked = SlotQuery(first.kind, first.location, now.date(), AHEAD)
        found[first.kind_id, first.location_id] = {free.start for free in availability.find(asked, now=now)}
    return found
