"""What the desk lists, counts and finds: lists of work, what waits, tables of figures, references of requests."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest

from crm.models import User

MY_DAY, REVIEWS = "my_day", "reviews"  # where lists of work stand
RenderList = Callable[[HttpRequest], tuple[str, set[UUID]]]
Waiting = Callable[[User], dict[str, int]]
Table = tuple[str, list[tuple[str, str]]]  # (title, [(what, how much)])
Referring = Callable[[str], Iterable[UUID]]
_waiting: list[Waiting] = []
_figures: list[tuple[int, Callable[[User], list[Table]]]] = []
_references: list[Referring] = []


@dataclass(frozen=True)
class Worklist:
    """A list of work on My day, or in the clinicians' queue. `render` returns safe HTML, "" when there is nothing, and
    whom it shows."""

    title: str
    permission: str
    render: RenderList
    order: int
    area: str = MY_DAY


_worklists: list[Worklist] = []


def worklist(*, title: str, permission: str, render: RenderList, order: int = 100, area: str = MY_DAY) -> None:
    """Add a list to My day, or another area, for users with `permission`; one query each."""
    _worklists.append(Worklist(title, permission, render, order, area))


def worklists(area: str = MY_DAY) -> list[Worklist]:
    found = [entry for entry in _worklists if entry.area == area]
    return sorted(found, key=lambda entry: (entry.order, entry.title))


def waiting(count: Waiting) -> None:
    """Add to the sidebar how much waits. `count` returns {the name that a link has in crm/desk/site.py: how many},
    of what this person may see."""
    _waiting.append(count)


def waiting_for(user: User) -> dict[str, int]:
    """Return how much waits for a person by link, counted now."""
    return {name: number for count in _waiting for name, number in count(user).items()}


def figures(tables: Callable[[User], list[Table]], *, order: int = 100) -> None:
    """Add tables of numbers to the page of figures, of the locations that somebody works for. They name no person."""
    _figures.append((order, tables))


def figures_of_all(user: User) -> list[Table]:
    """Return every table, worked out now."""
    return [table for _order, tables in sorted(_figures, key=lambda entry: entry[0]) for table in tables(user)]


def reference(leads_of: Referring) -> None:
    """Have the desk find leads by references that only an upper app knows. `leads_of` takes one such as "7KQF-M2WX" and
    returns ids of leads, best as a queryset of them."""
    _references.append(leads_of)


def references() -> list[Referring]:
    return list(_references)
