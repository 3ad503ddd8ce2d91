"""Find what is to be done for one enrollment now: at most one mail and one call, however much is overdue. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from crm.sequences.definition import Definition, Do, Step
from crm.sequences.timing import Clock, due_at

# A mail that is later than this says something that is no longer true; a person calls instead.
STALE_AFTER = timedelta(hours=24)
_ONE_OF = {Do.MAIL, Do.CALL}
OVERTAKEN = "Overtaken by the next one of its kind"


@dataclass(frozen=True)
class DueSteps:
    """`todo`: what to carry out, in order. `stale`: mails too late to send. `overtaken`: left out, so that nobody gets
    two at once. `is_held`: mails are due and have to wait, and moves behind them. `next_at`: when the next one is due
    after these; None when none is left."""

    todo: tuple[Step, ...] = ()
    stale: tuple[Step, ...] = ()
    overtaken: tuple[Step, ...] = ()
    is_held: bool = False
    next_at: datetime | None = None


def steps_left(
    definition: Definition, done: Iterable[str], *, anchor: datetime, clock: Clock
) -> list[tuple[datetime, Step]]:
    """Return [(when, step)] of what is still to be done, the earliest first; equal times in the definition's order."""
    settled = set(done)
    left = [step for step in definition.steps if step.key not in settled and step.do != Do.FOLDED]
    timed = [(due_at(step, definition, anchor=anchor, clock=clock), step) for step in left]
    return sorted(timed, key=lambda entry: entry[0])


def find_due(
    definition: Definition,
    done: Iterable[str],
    *,
    anchor: datetime,
    clock: Clock,
    now: datetime,
    run_now: bool = False,
    mail_is_held: bool = False,
) -> DueSteps:
    """Return what is due, and when the next step is.

    `run_now`: a person wants the next step now, whenever it would be due. `mail_is_held`: no mail goes out; what staff
    have to do goes on, and no move that would close the lead over a mail that it has not had.
    """
    left = steps_left(definition, done, anchor=anchor, clock=clock)
    due = [entry for entry in left if entry[0] <= now] or left[: int(run_now)]
    later = left[len(due) :]
    held = _held(due) if mail_is_held else []
    due = [entry for entry in due if entry not in held]
    last_of = {step.do: step for _at, step in due}
    overtaken = tuple(step for _at, step in due if step.do in _ONE_OF and last_of[step.do] is not step)
    stale = tuple(step for at, step in due if step.do == Do.MAIL and step not in overtaken and now - at > STALE_AFTER)
    todo = tuple(step for _at, step in due if step not in overtaken and step not in stale)
    return DueSteps(todo, stale, overtaken, bool(held), later[0][0] if later else None)


def _held(due: list[tuple[datetime, Step]]) -> list[tuple[datetime, Step]]:
    first = next((place for place, (_at, step) in enumerate(due) if step.do == Do.MAIL), len(due))
    return [entry for entry in due[first:] if entry[1].do in {Do.MAIL, Do.STAGE}]
