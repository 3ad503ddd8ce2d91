"""Living: two leads, a number of steps, and everything that has to be true after each."""

from datetime import UTC, datetime
from random import Random
from typing import Any
from unittest.mock import patch

import time_machine
from django.db import transaction

from crm import locations
from crm.followups import published
from crm.inbound.parsing import mail_parser, sandboxed_parser
from crm.leads import stages
from crm.mail import opt_out
from crm.models import Location, User
from scheduling.enums import ResourceKind
from scheduling.models import AppointmentType, Resource
from tests.crm.life import checks, mail_checks, neighbor, steps
from tests.crm.life.clock import Clock
from tests.crm.life.far_end import FarEnd, Handed
from tests.crm.life.people import World, arrives
from tests.crm.life.world_steps import FEAST
from tests.factories import make_location, make_user
from tests.lives import choose, told
from tests.scheduling.factories import make_resource

BEGUN = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)  # a Monday morning in New York, a week before the clocks change
STEPS = 25
LEADS_A_LIFE = 2
A_NEIGHBOR = 0.25  # how often somebody lives beside them with whom something is wrong


def make_center() -> tuple[Location, dict[str, User]]:
    """Where all lives take place: two providers, a room, a mailbox for what comes back, and those who work there."""
    center = make_location(reply_email="replies@riverbend.example.org", holidays=[FEAST])
    roles = ["coordinator", "clinician", "lead_coordinator", "administrator"]
    staff = {role: make_user(role, email=f"{role}@staff.example.org", name=role.capitalize()) for role in roles}
    providers = [make_resource(center, name=name) for name in ("Dr. Example", "Dr. Sample")]
    room = make_resource(center, kind=ResourceKind.ROOM, name="Room 1")
    for kind in AppointmentType.objects.all():
        kind.providers.set(providers)
        kind.rooms.set([room] if kind.needs_room else [])
    return center, staff


def live(seed: int, *, center: Location, staff: dict[str, User], count: int = STEPS) -> list[str]:
    """Live one life and forget it again; return what was done. Raises AssertionError with the seed and all steps until
    then."""
    done: list[str] = []
    with transaction.atomic(), time_machine.travel(BEGUN, tick=False) as traveller:
        clock = Clock(traveller, BEGUN)
        with told(seed, done):
            _live(Random(seed), clock, center, staff, count, done)  # noqa: S311 - lives, not secrets
        transaction.set_rollback(True)
    return done


def _live(chance: Random, clock: Clock, center: Location, staff: dict[str, User], count: int, done: list[str]) -> None:
    clock.begins()
    published.forget()
    stages.forget_rules()
    locations.forget()
    world = _world(chance, clock, center, staff)
    # A mail is read here, and not in a child; nobody else speaks to a server, so nothing is on its way.
    read = patch.object(sandboxed_parser, "read", lambda raw, **_limits: mail_parser.read(raw))
    with patch("smtplib.SMTP", world.far.connect), read, patch.object(opt_out, "WAIT_SECONDS", 0.0):
        for name in ("Ann", "Ben"):
            arrives(world, name, **_first_answers(world))
        if chance.random() < A_NEIGHBOR:
            world.neighbor = neighbor.moves_in(chance, center=center, now=clock.now)
        world.worker_comes_by()
        checks.after_each_step(world, *world.people)
        for _ in range(count):
            _step(world, done)
        if world.neighbor:
            world.far.coming.clear()
            world.goes_on(neighbor.SET_ASIDE_WITHIN)
            assert neighbor.is_set_aside(world.neighbor), "nobody is asked about what went wrong"


def _world(chance: Random, clock: Clock, center: Location, staff: dict[str, User]) -> World:
    def looks_at(handed: Handed) -> None:
        mail_checks.looks_at(world, handed)

    providers = list(Resource.objects.filter(kind=ResourceKind.PROVIDER).order_by("name"))
    kinds = {one.key: one for one in AppointmentType.objects.all()}
    world = World(clock, chance, staff, center, providers, kinds, FarEnd(clock, looks_at))
    return world


def _first_answers(world: World) -> dict[str, Any]:
    """One in eight has no e-mail address, one in eight no telephone; and two of a household share an address."""
    chance, drawn = world.chance, world.chance.random()
    limb = chance.choice(["none", "leg_below_knee", "buttock"])
    told_then: dict[str, Any] = {
        "onset": chance.choice(["lt6w", "6to12w", "3to6m", "1to5y"]),
        "radiation": [limb],
        "radiation_side": None if limb == "none" else "left",
        "pain_now_avg": str(chance.randrange(3, 9)),
        "tried_treatments": chance.choice([["nothing"], ["pt", "medication"], ["other"], ["pt", "medication"]]),
    }
    if drawn < 1 / 8:
        told_then |= {"email": None, "preferred_contact": "phone"}
    elif drawn < 1 / 4:
        told_then["phone"] = None
    elif drawn < 1 / 2 and world.people:
        told_then |= {"email": world.people[0].record.address or None, "preferred_contact": "phone"}
    return told_then | ({"consent_education": "on"} if chance.random() < 0.6 else {})


def _step(world: World, done: list[str]) -> None:
    who = world.chance.choice(world.people)
    kind = choose(steps.KINDS, who, world.chance)
    done.append(f"{who.name} {kind.name}")
    kind.step(world, who)
    checks.after_each_step(world, who)
    world.goes_on(world.chance.choice(steps.A_WHILE))
    checks.after_each_step(world, *world.people)
    checks.after_a_worker(world)
