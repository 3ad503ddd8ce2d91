"""Work to be done by crm's own rounds: by every sweep, by sequences that ask a condition, by `manage.py demo`."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

Work = Callable[[datetime], int]
Question = Callable[[list[UUID]], set[UUID]]
_periodic: list[Work] = []
_stories: list[Callable[[datetime], None]] = []
_conditions: dict[str, Question] = {}


def periodic(work: Work) -> None:
    """Have every sweep call `work` with the present (crm/periodic.py). Each row that it looks after is claimed first:
    any number may run at once."""
    _periodic.append(work)


def periodic_work() -> list[Work]:
    return list(_periodic)


def demo(story: Callable[[datetime], None]) -> None:
    """Add an upper app's part to `manage.py demo`: called with the present, when the people are there."""
    _stories.append(story)


def demo_stories() -> list[Callable[[datetime], None]]:
    return list(_stories)


def condition(name: str, question: Question) -> None:
    """Add a condition for sequences (crm/followups/conditions.py): of many leads it returns those for which it
    holds."""
    _conditions[name] = question


def conditions() -> dict[str, Question]:
    return dict(_conditions)
