"""What stands in an address, read leniently: nonsense is nothing."""

from datetime import date
from uuid import UUID


def day(text: str) -> date | None:
    """2026-12-01 as a date."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
