"""What random lives share: steps that are likelier where they tell more, and how one that went wrong is told."""

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random

type Step[W, P] = Callable[[W, P], None]
type Likely[P] = Callable[[P], int]


@dataclass(frozen=True)
class Kind[W, P]:
    """A step, and how likely it is for somebody as things stand; 0 where there is nothing to do."""

    step: Step[W, P]
    likely: Likely[P]

    @property
    def name(self) -> str:
        return self.step.__name__


def always(weight: int) -> Likely[object]:
    return lambda _who: weight


def when[P](holds: Callable[[P], object], weight: int, otherwise: int = 0) -> Likely[P]:
    """`weight` while something holds."""
    return lambda who: weight if holds(who) else otherwise


def choose[W, P](kinds: list[Kind[W, P]], who: P, chance: Random) -> Kind[W, P]:
    return chance.choices(kinds, [one.likely(who) for one in kinds])[0]


@contextmanager
def told(seed: int, done: list[str]) -> Iterator[None]:
    """Raises whatever goes wrong inside as AssertionError, with the seed of the life and its steps until then."""
    try:
        yield
    except Exception as wrong:
        place = traceback.extract_tb(wrong.__traceback__)[-1]
        raise AssertionError(f"life {seed}: {', '.join(done)}: {place.line} ({place.name}) {wrong}") from wrong
