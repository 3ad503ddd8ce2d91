"""What limited children (crm/sandbox/runner.py) say of foreign calendars: the text behind an address, busy times in a
text."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crm.sandbox import runner as sandbox
from crm.sandbox.runner import ChildLimits, Why
from scheduling.calendars import sources
from scheduling.calendars.sources import Unreadable
from scheduling.rules import busy_times
from scheduling.rules.busy_times import Span

ASKING = ChildLimits(processor_seconds=30, seconds=90, answer=64 * 1024**2)  # what JSON can make of ten megabytes
READING = ChildLimits(processor_seconds=40, seconds=120)
_ENDED = {
    Why.TIME: "It takes too long: the server is slow, or the calendar is too large.",
    Why.PROCESSOR: "It takes too long to work out: an event is repeated too often, or there are too many.",
    Why.MEMORY: "It is too large to be read.",
    Why.ANSWER: "It is too large to be read.",
}


def text_of_file(url: str) -> str:
    """Return the text behind an address. Over https only, except on this machine. Raises Unreadable."""
    found: list[str] = _heard(sources.texts_of_file, url, limits=ASKING)["texts"]
    return found[0]


def texts_of_server(url: str, user: str, password: str, *, begin: datetime, end: datetime) -> list[str]:
    """Return the events of these days, of the calendar at that address or of the whole account (RFC 4791).

    Raises Unreadable.
    """
    days = begin.isoformat(), end.isoformat()
    found: list[str] = _heard(sources.texts_of_server, url, user, password, *days, limits=ASKING)["texts"]
    return found


@dataclass(frozen=True)
class Reading:
    """When somebody is busy, in UTC and sorted, and which entries could not be taken as they are."""

    busy: list[Span]
    skipped: list[dict[str, str]]  # "uid" and "reason", a sentence


def read(texts: list[str], *, zone: str, begin: datetime, end: datetime) -> Reading:
    """Return what calendars' texts say of these days; times without a zone are on the clock of `zone`.

    Raises Unreadable.
    """
    told = _heard(busy_times.spans_of, texts, zone, begin.isoformat(), end.isoformat(), limits=READING)
    busy = [(datetime.fromisoformat(start), datetime.fromisoformat(stop)) for start, stop in told["busy"]]
    return Reading(busy, told["skipped"])


def _heard(function: Callable[..., dict[str, Any]], *arguments: Any, limits: ChildLimits) -> dict[str, Any]:
    """Return what a child process says; raises Unreadable when it tells of trouble, or when it was ended: then because
    of NoAnswer."""
    try:
        told: dict[str, Any] = sandbox.run(function, *arguments, limits=limits)
    except sandbox.NoAnswer as ended:
        why = _ENDED.get(ended.why, f"It cannot be read ({ended.error or ended.why}).")
        raise Unreadable(why) from ended
    if "trouble" in told:
        raise Unreadable(told["trouble"])
    return told
