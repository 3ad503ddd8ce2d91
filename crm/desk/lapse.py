"""How long something lasts, in words."""

from datetime import datetime, timedelta

from django.utils.timesince import timesince

SHORTEST = timedelta(minutes=1)


def in_words(begin: datetime, end: datetime, *, depth: int = 2) -> str:
    """Return "2 weeks, 1 day", of at most `depth` units. Under a minute it says so: "0 minutes" reads like a fault."""
    return "less than a minute" if end - begin < SHORTEST else timesince(begin, end, depth=depth)
