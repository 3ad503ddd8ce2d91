"""What can happen in a life."""

from tests.intake.life import (
    decision_steps,
    insurance_steps,
    patient_steps,
    staff_steps,
    stranger_steps,
    treatment_steps,
)
from tests.intake.life.people import Person, World
from tests.lives import Kind, always


def days_pass(world: World, _who: Person) -> None:
    """For everybody."""
    world.days_pass(world.chance.choice([1, 3, 14, 40, 100, 300]))
    for one in world.people:
        one.record.settles(world.clock.now)


KINDS = [
    *patient_steps.KINDS_OF_STEPS,
    *treatment_steps.KINDS_OF_STEPS,
    *insurance_steps.KINDS_OF_STEPS,
    *stranger_steps.KINDS_OF_STEPS,
    *staff_steps.KINDS_OF_STEPS,
    *decision_steps.KINDS_OF_STEPS,
    Kind(days_pass, always(3)),
]
