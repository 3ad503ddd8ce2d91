"""What goes wrong on the way: servers that put off, refuse, are silent or gone, workers that die or do not come."""

from datetime import timedelta

from crm.outbox import actions as outbox
from tests.crm.life import far_end
from tests.crm.life.people import Person, World
from tests.lives import Kind, always

SPANS = [timedelta(minutes=20), timedelta(hours=5), timedelta(hours=30), timedelta(days=3)]


def the_server_is_moody(world: World, _who: Person) -> None:
    """What it will say to the next mails."""
    count = world.chance.choice([1, 1, 2, 4])
    world.far.coming.extend(world.chance.choice(far_end.ANSWERS) for _ in range(count))


def nobody_hears_the_answer(world: World, _who: Person) -> None:
    """To one of the next mails."""
    fine = [""] * world.chance.choice([0, 0, 1])
    world.far.coming.extend([*fine, world.chance.choice(far_end.UNCERTAIN)])


def the_server_is_gone(world: World, _who: Person) -> None:
    world.far.is_down = True
    world.goes_on(world.chance.choice(SPANS))
    world.far.is_down = False


def no_worker_comes(world: World, _who: Person) -> None:
    world.goes_on(world.chance.choice(SPANS), is_looked_after=False)


def all_mail_is_held(world: World, _who: Person) -> None:
    """By a person at the desk, for a while."""
    by = world.staff["administrator"]
    outbox.set_switch("pause", by=by, reason="A wrong text.", now=world.clock.now)
    world.is_paused = True
    world.goes_on(world.chance.choice(SPANS))
    outbox.set_switch("resume", by=by, reason="", now=world.clock.now)
    world.is_paused = False


KINDS_OF_STEPS = [
    Kind(the_server_is_moody, always(3)),
    Kind(nobody_hears_the_answer, always(3)),
    Kind(the_server_is_gone, always(1)),
    Kind(no_worker_comes, always(1)),
    Kind(all_mail_is_held, always(1)),
]
