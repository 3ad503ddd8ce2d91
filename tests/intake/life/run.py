"""Living: two people, a number of steps, and everything that has to be true after each."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import time_machine
from django.db import transaction

from crm.models import Location, User
from tests.factories import make_user
from tests.intake.life import checks, page_checks, patient_steps, steps, stranger_steps
from tests.intake.life.people import Clock, World, arrives
from tests.lives import choose, told

BEGUN = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)  # a Monday morning in New York
STEPS = 12
RECORDS_A_LIFE = 2
TO_LOOK_AT_PAGES = 0.1  # of the steps


def make_staff() -> dict[str, User]:
    """Those who work at the center, for any number of lives."""
    roles = {"coordinator": "coordinator", "clinician": "clinician", "second": "clinician"}
    return {name: make_user(role, email=f"{name}@staff.example.org", name=name) for name, role in roles.items()}


def live(seed: int, *, center: Location, staff: dict[str, User], count: int = STEPS) -> list[str]:
    """Live one life and forget it again; return what was done. Raises AssertionError with the seed and all steps until
    then."""
    done: list[str] = []
    with transaction.atomic(), time_machine.travel(BEGUN, tick=False) as traveller:
        with told(seed, done):
            _live(Random(seed), Clock(traveller, BEGUN), center, staff, count, done)  # noqa: S311 - lives, not secrets
        transaction.set_rollback(True)
    return done


def _live(chance: Random, clock: Clock, center: Location, staff: dict[str, User], count: int, done: list[str]) -> None:
    world = World(clock, chance, [], staff)
    for name in ("Ann", "Ben"):
        world.people.append(arrives(clock, name, chance.randrange(1000, 10000), **_first_answers(chance)))
    for who in world.people:
        checks.after_each_step(world, who)
    for _ in range(count):
        _step(world, chance, done)
    for who in world.people:
        page_checks.looked_through(world, who)


def _first_answers(chance: Random) -> dict[str, Any]:
    limb = chance.choice(["none", "leg_below_knee", "buttock"])
    told: dict[str, Any] = {
        "onset": chance.choice(["lt6w", "6to12w", "3to6m", "1to5y"]),
        "radiation": [limb],
        "radiation_side": None if limb == "none" else "left",
        "pain_region": chance.choice([["low_back"], ["neck"], ["low_back", "neck"]]),
        "pain_now_avg": str(chance.randrange(11)),
        "tried_treatments": chance.choice([["nothing"], ["pt", "medication"], ["other"], ["chiropractic"]]),
        "safety_check_b": chance.choice(patient_steps.B_TICKS),
    }
    return told | ({"consent_education": "on"} if chance.random() < 0.5 else {})


def _step(world: World, chance: Random, done: list[str]) -> None:
    """Something happens to one person: the other one's record stays to the byte."""
    who = chance.choice(world.people)
    world.clock.goes_on(timedelta(minutes=chance.choice([2, 90])))
    world.worker_comes_by()
    for one in world.people:
        one.record.settles(world.clock.now)
    kind = choose(steps.KINDS, who, chance)
    done.append(f"{who.name} {kind.name}")
    before = [checks.all_of(one) for one in world.others(who)]
    if kind.step in stranger_steps.STEPS:
        mine = checks.all_of(who, tables=checks.OF_THE_RECORD)
        kind.step(world, who)
        assert checks.all_of(who, tables=checks.OF_THE_RECORD) == mine
    else:
        kind.step(world, who)
    if kind.step is not steps.days_pass:
        assert [checks.all_of(one) for one in world.others(who)] == before
    for one in world.people if kind.step is steps.days_pass else [who]:
        checks.after_each_step(world, one)
    if chance.random() < TO_LOOK_AT_PAGES:
        page_checks.pages_show_it(world, who, page_checks.looks_at(world, who))
