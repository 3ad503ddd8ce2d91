"""The free times of this site, for the command line."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils import timezone

from crm.models import Location
from scheduling.actions import availability
from scheduling.actions.availability import Free, SlotQuery
from scheduling.models import AppointmentType, Resource


class NotHere(Exception):
    """There is no such type, provider or zone. The text says what there is."""


@dataclass(frozen=True)
class Named(Free):
    names: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the slot in the shape that --case prints."""
        start, end = (f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in (self.start, self.end))
        resources = dict.fromkeys(str(one) for place in self.places for one in place if one)
        return {"start": start, "end": end, "resources": list(resources)}


def free_times(
    key: str, *, first: date | None, days: int, provider: UUID | None, zone: str | None
) -> tuple[list[Named], ZoneInfo]:
    """Return the free times of all locations, by start, with the clock to print them in. Raises NotHere."""
    now = timezone.now()
    kind = AppointmentType.objects.filter(key=key).first()
    if kind is None:
        known = ", ".join(AppointmentType.objects.values_list("key", flat=True)) or "none yet"
        raise NotHere(f"There is no type {key!r}. There are: {known}.")
    names = dict(Resource.objects.values_list("pk", "name"))
    if provider and provider not in names:
        raise NotHere(f"There is no provider {provider}.")
    clock, found = _clock(zone), list[Named]()
    for location in Location.objects.filter(is_active=True).order_by("position", "pk"):
        day = first or now.astimezone(location.zone).date()
        for free in availability.find(SlotQuery(kind, location, day, days, provider=provider), now=now):
            who = tuple(dict.fromkeys(names[one] for place in free.places for one in place if one))
            found.append(Named(free.start, free.end, free.places, who))
        clock = clock or location.zone
    return sorted(found, key=lambda one: one.start), clock or ZoneInfo("UTC")


def _clock(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        raise NotHere(f"{name!r} is no IANA time zone, such as America/New_York.") from None
