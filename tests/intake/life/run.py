"""Living: two people, a number of steps, and everything that has to be true after each."""

import traceback
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import time_machine
from django.db import transaction

from crm.models import Location, User
from tests.factories import make_user
from tests.intake.life import checks, patient_steps, steps
from tests.intake.life.people import Clock, World, arrives

BEGUN = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)  # a Monday morning in New York
STEPS = 12
RECORDS_A_LIFE = 2
TO_LOOK_AT_PAGES = 0.2  # of the steps
FROM_OUTSIDE = {patient_steps.somebody_types_the_name, patient_steps.a_page_is_over}


def make_staff() -> dict[str, User]:
    """Those who work at the center, for any number of lives."""
    roles = {"coordinator": "coordinator", "clinician": "clinician", "second": "clinician"}
    return {name: make_user(role, email=f"{name}@staff.example.org", name=name) for name, role in roles.items()}


def live(seed: int, *, center: Location, staff: dict[str, User], count: int = STEPS) -> list[str]:
    """Live one life and forget it again; return what was done. Raises AssertionError with the seed and all steps until
    then."""
    done: list[str] = []
    with transaction.atomic(), time_machine.travel(BEGUN, tick=False) as traveller:
        try:
            _live(Random(seed), Clock(traveller, BEGUN), center, staff, count, done)  # noqa: S311 - lives, not secrets
        except Exception as wrong:
            place = traceback.extract_tb(wrong.__traceback__)[-1]
            raise AssertionError(f"life {seed}: {', '.join(done)}: {place.line} ({place.name}) {wrong}") from wrong
        transaction.set_rollback(True)
    return done


def _live(chance: Random, clock: Clock, center: Location, staff: dict[str, User], count: int, done: list[str]) -> None:
    world = World(clock, chance, [], staff)
    for name in ("Ann", "Ben"):
        changes: dict[str, Any] = {
            "onset": chance.choice(["lt6w", "6to12w", "3to6m", "1to5y"]),
            "radiation": [chance.choice(["none", "leg_below_knee", "buttock"])],
            "radiation_side": "left",
            "pain_now_avg": str(chance.randrange(11)),
            "tried_treatments": chance.choice([["nothing"], ["pt", "medication"], ["other"], ["chiropractic"]]),
            "safety_check_b": chance.choice(patient_steps.B_TICKS),
        }
        if changes["radiation"] == ["none"]:
            changes["radiation_side"] = None
        world.people.append(arrives(clock, name, chance.randrange(1000, 10000), **changes))
    for who in world.people:
        checks.after_each_step(world, who)
    for _ in range(count):
        _step(world, chance, done)
    for who in world.people:
        checks.pages_show_it(world, who)
        checks.nothing_of_the_other(world, who, [one for one in world.people if one is not who])


def _step(world: World, chance: Random, done: list[str]) -> None:
    who, step = chance.choice(world.people), chance.choice(steps.STEPS)
    others = [one for one in world.people if one is not who]
    done.append(f"{who.name} {step.__name__}")
    world.clock.goes_on(timedelta(minutes=chance.choice([2, 90])))
    world.worker_comes_by()
    for one in world.people:
        one.record.settles(world.clock.now)
    before = [checks.all_of(one) for one in others]
    mine = checks.what_strangers_cannot_change(who)
    step(world, who)
    if step is not steps.days_pass:
        assert [checks.all_of(one) for one in others] == before
    if step in FROM_OUTSIDE:
        assert checks.what_strangers_cannot_change(who) == mine
    for one in world.people if step is steps.days_pass else [who]:
        checks.after_each_step(world, one)
    if chance.random() < TO_LOOK_AT_PAGES:
        checks.pages_show_it(world, who)
