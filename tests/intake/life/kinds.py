"""Which step comes next: any that can happen now, likelier where it tells more."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tests.intake.life.people import Person, World

type Step = Callable[[World, Person], None]
type Likely = Callable[[Person], int]


@dataclass(frozen=True)
class Kind:
    """A step, and how likely it is for somebody as things stand; 0 where there is nothing to do."""

    step: Step
    likely: Likely

    @property
    def name(self) -> str:
        return self.step.__name__


def always(weight: int) -> Likely:
    return lambda _who: weight


def when(holds: Callable[[Person], object], weight: int, otherwise: int = 0) -> Likely:
    """`weight` while something holds."""
    return lambda who: weight if holds(who) else otherwise


def choose(kinds: list[Kind], who: Person, chance: Random) -> Kind:
    return chance.choices(kinds, [one.likely(who) for one in kinds])[0]
