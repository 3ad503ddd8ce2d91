"""What happens, and who is told: events of a lead, proofs of who somebody is, locations that change, invitations."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from crm.enums.leads import Event
from crm.models import Lead, Location, PatientSession, User

Around = Callable[[list[str]], AbstractContextManager[None]]


@dataclass(frozen=True)
class DomainEvent:
    """Something that happened to a lead. `key` tells it from every other one of its kind: told twice, it is one.
    `facts`: what its listeners can no longer read from the lead."""

    event: Event
    now: datetime
    key: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


Listener = Callable[[Lead, "DomainEvent"], None]
_listeners: dict[Event, list[Listener]] = defaultdict(list)
_once_a_press: set[Listener] = set()


def listen(events: Iterable[Event], listener: Listener, *, once_a_press: bool = False) -> None:
    """Have `listener` called for these events, inside the transaction in which they happen (crm/leads/events.py).
    `once_a_press`: it looks at the whole record, so that of several events of one press the last one is enough."""
    for event in events:
        _listeners[event].append(listener)
    if once_a_press:
        _once_a_press.add(listener)


def is_once_a_press(listener: Listener) -> bool:
    return listener in _once_a_press


def listeners(event: Event) -> list[Listener]:
    return _listeners[event]


_proofs: list[Callable[[PatientSession, datetime], None]] = []


def proof(follow: Callable[[PatientSession, datetime], None]) -> None:
    """Have `follow` called when somebody has shown who they are on the private page, in that transaction."""
    _proofs.append(follow)


def tell_proof(session: PatientSession, *, now: datetime) -> None:
    for follow in _proofs:
        follow(session, now)


_around_location: list[Around] = []


def around_location(around: Around) -> None:
    """Have `around` entered whenever the desk saves a location; it adds what the desk should know of to its list."""
    _around_location.append(around)


@contextmanager
def saving_location() -> Iterator[list[str]]:
    """Have everybody follow a location that is saved inside. Yields the list of what they say, filled at the end."""
    said: list[str] = []
    with ExitStack() as all_around:
        for around in _around_location:
            all_around.enter_context(around(said))
        yield said


_new_addresses: list[Callable[[Location, User, datetime], str]] = []


def new_address(tell: Callable[[Location, User, datetime], str]) -> None:
    """Have `tell` called, with who did it and when, once a location is at another address; it returns what the desk
    should know, or ""."""
    _new_addresses.append(tell)


def tell_of_new_address(location: Location, *, by: User, now: datetime) -> list[str]:
    """Tell everybody whom it concerns that a location is at another address, which is saved. Return their words."""
    return [words for tell in _new_addresses if (words := tell(location, by, now))]


@dataclass(frozen=True)
class Invitation:
    """Something of ours in a person's calendar. `words`: what it is, for staff. `waits`: it is still to come, at the
    time that they were told. `accept` is called with the present when they say that they will be there."""

    lead_id: UUID
    words: str
    waits: bool
    accept: Callable[[datetime], None]


_invitations: list[Callable[[str, int | None], Invitation | None]] = []


def invitations(find: Callable[[str, int | None], Invitation | None]) -> None:
    """Have answers of calendars understood. `find` takes the UID and the SEQUENCE (None: not said) of an entry."""
    _invitations.append(find)


def invitation(uid: str, sequence: int | None) -> Invitation | None:
    """Return what of ours stands in calendars under this UID; None for nothing."""
    return next((found for find in _invitations if uid and (found := find(uid, sequence))), None)
