"""What stands in an address, read leniently: nonsense is nothing."""

from datetime import date
from uuid import UUID


def day(text: str) -> date | None:
    """Read 2026-12-01 as a date; None unless it is of this century, so that weeks around it exist."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 <= found.year < 2100 else None


def uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
