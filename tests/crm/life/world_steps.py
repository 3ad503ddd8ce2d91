"""The world around visits changes: somebody falls ill, a day becomes a holiday, a room cannot be used."""

from crm.models import Location
from scheduling.actions import rebooking
from scheduling.models import Appointment, Resource, ScheduleException
from tests.crm.life.model import Visit
from tests.crm.life.people import Person, World
from tests.crm.life.visit_steps import ahead, made_of
from tests.lives import Kind, always, when
from tests.scheduling import browsing

FEAST = "2026-03-13"


def a_provider_falls_ill(world: World, who: Person) -> None:
    """On the day of a visit. As the desk saves it."""
    made = made_of(world.chance.choice(ahead(who)))
    day = made.starts_at.astimezone(made.provider.zone).date()
    rebooking.flag(ScheduleException.objects.create(resource=made.provider, from_day=day, to_day=day, reason="Ill"))
    _sees_what_is_closed(world)


def a_provider_is_well_again(world: World, _who: Person) -> None:
    ScheduleException.objects.filter(reason="Ill").delete()
    rebooking.unflag_all()
    _sees_what_is_closed(world)


def a_day_becomes_a_holiday(world: World, who: Person) -> None:
    """The day of a visit."""
    made = made_of(world.chance.choice(ahead(who)))
    _keeps(world, FEAST, f"{made.starts_at.astimezone(made.provider.zone):%Y-%m-%d}")


def that_day_is_none_after_all(world: World, _who: Person) -> None:
    _keeps(world, FEAST)


def _keeps(world: World, *holidays: str) -> None:
    """On the page of the center."""
    browsing.save_holidays(world.desk("administrator"), world.center, "\n".join(dict.fromkeys(holidays)))
    assert set(Location.objects.get(pk=world.center.pk).holidays) == set(holidays)
    _sees_what_is_closed(world)


def a_room_cannot_be_used(world: World, _who: Person) -> None:
    Resource.objects.filter(kind="room").update(is_active=False)
    rebooking.flag_of_nobody(now=world.clock.now)
    _sees_what_is_closed(world)


def the_room_can_be_used_again(world: World, _who: Person) -> None:
    Resource.objects.filter(kind="room").update(is_active=True)
    rebooking.unflag_all()
    _sees_what_is_closed(world)


def _sees_what_is_closed(world: World) -> None:
    for visit in [one for who in world.people for one in who.record.ahead(world.clock.now)]:
        visit.closed = _is_closed(visit, made_of(visit))


def _is_closed(visit: Visit, made: Appointment) -> bool:
    """Whoever booked over others on a holiday knew of it."""
    day = made.starts_at.astimezone(made.provider.zone).date()
    is_ill = ScheduleException.objects.filter(reason="Ill", resource=made.provider, from_day=day).exists()
    is_holiday = day.isoformat() in Location.objects.get(pk=made.location_id).holidays and not visit.is_over_booked
    return is_ill or is_holiday or (made.room is not None and not made.room.is_active)


def _any_closed(who: Person) -> object:
    return [one for one in who.record.visits if one.closed]


KINDS_OF_STEPS = [
    Kind(a_provider_falls_ill, when(ahead, 2)),
    Kind(a_provider_is_well_again, when(_any_closed, 4)),
    Kind(a_day_becomes_a_holiday, when(ahead, 1)),
    Kind(that_day_is_none_after_all, when(_any_closed, 2)),
    Kind(a_room_cannot_be_used, when(ahead, 1)),
    Kind(the_room_can_be_used_again, always(1)),
]
