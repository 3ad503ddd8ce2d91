"""What can happen in a life."""

from datetime import timedelta

from django.test import Client

from tests.crm.life import (
    between_steps,
    desk_steps,
    mail_steps,
    outage_steps,
    sequence_steps,
    visit_steps,
    waiting_steps,
    wish_steps,
    world_steps,
)
from tests.crm.life.people import Person, World
from tests.factories import step_one
from tests.lives import Kind, always, when

HOURS = [timedelta(minutes=10), timedelta(hours=2), timedelta(hours=7), timedelta(hours=26)]
A_WHILE = [timedelta(minutes=2), timedelta(minutes=40)]  # after each step
DAYS = [timedelta(days=one) for one in (2, 3, 5, 9, 20)]


def hours_pass(world: World, _who: Person) -> None:
    world.goes_on(world.chance.choice(HOURS))


def days_pass(world: World, _who: Person) -> None:
    world.goes_on(world.chance.choice(DAYS))


def asks_again(world: World, who: Person) -> None:
    """Somebody fills in the first form in their name; nobody has shown that it was them."""
    contact = {"first_name": who.name, "last_name": who.record.last_name, "email": who.record.address}
    answer = Client().post("/candidate/", step_one(**contact, phone=None, preferred_contact="email"))
    assert answer.status_code == 302, answer.content.decode()
    who.record.asked["ack"] += 1
    who.record.stage, who.record.has_asked_again = who.reads_again().stage, True


KINDS = [
    *mail_steps.KINDS_OF_STEPS,
    *wish_steps.KINDS_OF_STEPS,
    *desk_steps.KINDS_OF_STEPS,
    *sequence_steps.KINDS_OF_STEPS,
    *visit_steps.KINDS_OF_STEPS,
    *waiting_steps.KINDS_OF_STEPS,
    *world_steps.KINDS_OF_STEPS,
    *outage_steps.KINDS_OF_STEPS,
    *between_steps.KINDS_OF_STEPS,
    Kind(asks_again, when(lambda who: who.record.address, 1)),
    Kind(hours_pass, always(8)),
    Kind(days_pass, always(6)),
]
