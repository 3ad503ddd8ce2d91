"""What is in a record as the apps above read it: the basis of decisions, unread signs, what was never asked, dates."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from crm.fields.partial_dates import SaidDate
from crm.models import Lead, Treatment


@dataclass(frozen=True)
class Basis:
    """What a decision about a lead stands on. `number` grows with whatever the record becomes; `signs` are the warning
    signs in it, as codes and in `words`, with those that were reported and taken back before a decision had covered
    them; `uncovered` those that a clinician's review has still to cover."""

    number: int = 0
    signs: tuple[str, ...] = ()
    uncovered: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class News:
    """What came since a number: the newest one, and one line each."""

    number: int = 0
    lines: tuple[str, ...] = ()


_basis: list[
    tuple[Callable[[Lead], Basis], Callable[[dict[UUID, int]], dict[UUID, News]], Callable[[Lead], tuple[str, ...]]]
] = []
_unread: list[Callable[[Lead], bool]] = []
_unasked: list[Callable[[Lead, list[Treatment]], None]] = []
_dates: list[Callable[[Lead], list[tuple[str, SaidDate]]]] = []


def basis(
    of_lead: Callable[[Lead], Basis],
    news: Callable[[dict[UUID, int]], dict[UUID, News]],
    otherwise: Callable[[Lead], tuple[str, ...]],
) -> None:
    """Register what decisions stand on, what came to leads since a number of each, and which decisions against the
    rules count or wait, in words; the last two in one query each."""
    _basis[:] = [(of_lead, news, otherwise)]


def basis_of(lead: Lead) -> Basis:
    return _basis[0][0](lead) if _basis else Basis()


def decided_otherwise(lead: Lead) -> tuple[str, ...]:
    """Return the decisions against the rules that count for a lead or wait for a second person, in words."""
    return _basis[0][2](lead) if _basis else ()


def news_since(seen: dict[UUID, int]) -> dict[UUID, News]:
    return _basis[0][1](seen) if _basis and seen else {}


def unread_sign(waits: Callable[[Lead], bool]) -> None:
    """Register what says whether an emergency sign of a lead was sent and is not in the record yet, in one query."""
    _unread[:] = [waits]


def has_unread_sign(lead: Lead) -> bool:
    """Return whether an emergency sign of a lead waits to be read; False where nothing is registered."""
    return bool(_unread) and _unread[0](lead)


def unasked(mark: Callable[[Lead, list[Treatment]], None]) -> None:
    """Register what marks the treatments of a lead of which the patient was never asked more; in one query."""
    _unasked[:] = [mark]


def mark_unasked(lead: Lead, treatments: list[Treatment]) -> None:
    """Set `is_unasked` on those treatments of which what is empty was never asked."""
    for mark in _unasked:
        mark(lead, treatments)


def dates(of_lead: Callable[[Lead], list[tuple[str, SaidDate]]]) -> None:
    """Register which dates a lead has told in answers, each with its question; in one query."""
    _dates[:] = [of_lead]


def dates_told(lead: Lead) -> list[tuple[str, SaidDate]]:
    """Return the dates among the answers of a lead; none where nothing is registered."""
    return _dates[0](lead) if _dates else []
