"""By the clock: whether a form takes another time for somebody whom the center knows. `script/faults strangers`.

Posts in turn one request in the name of somebody known and one of somebody unknown, and compares the medians; noise
of the machine hits both. That the work is the same is counted by tests/intake/requests/test_stranger.py.
"""

import statistics
import time
import uuid
from dataclasses import dataclass
from typing import Any

from django.test import Client

from tests.factories import make_location, step_one

MOST_APART = 0.10  # of the slower median


@dataclass(frozen=True)
class Clocked:
    """Medians in milliseconds."""

    what: str
    known: float
    unknown: float

    @property
    def apart(self) -> float:
        """How far the medians lie apart, as a share of the larger one."""
        return abs(self.known - self.unknown) / max(self.known, self.unknown)


def clock(rounds: int) -> list[Clocked]:
    """Post `rounds` pairs of a routine request and of one with a warning sign."""
    make_location()
    someone = _person("known")
    _post(step_one(**someone))
    return [_pairs("routine", someone, rounds), _pairs("warning sign", someone, rounds, safety_check=["A1"])]


def _pairs(what: str, someone: dict[str, Any], rounds: int, **changes: Any) -> Clocked:
    times: dict[bool, list[float]] = {True: [], False: []}
    for number in range(rounds):
        for is_known in (number % 2 == 0, number % 2 == 1):
            person = someone if is_known else _person(f"new{uuid.uuid4().hex[:10]}")
            times[is_known].append(_post(step_one(**person, **changes, zip=f"{number % 89_999 + 10_000}")))
    return Clocked(what, statistics.median(times[True]), statistics.median(times[False]))


def _person(name: str) -> dict[str, Any]:
    contact = {"email": f"{name}@example.org", "phone": None, "preferred_contact": "email"}
    return {"first_name": "Maria", "last_name": "".join(letter for letter in name if letter.isalpha())} | contact


def _post(form: dict[str, Any]) -> float:
    client, begun = Client(SERVER_NAME="127.0.0.1"), time.perf_counter()
    response = client.post("/candidate/", form)  # answers by sending on: no page is made, and no static file looked up
    took = (time.perf_counter() - begun) * 1000
    if response.status_code != 302:
        raise RuntimeError(f"The form answered {response.status_code}: only stored requests count.")
    return took
