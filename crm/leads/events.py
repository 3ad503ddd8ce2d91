"""How any app says that something happened to a lead, without knowing who cares."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import partial
from typing import Any

from crm import registry
from crm.enums.leads import Event
from crm.models import Lead

type Act = Callable[[], object]
_waiting: ContextVar[dict[Hashable, Act] | None] = ContextVar("waiting", default=None)


def announce(
    lead: Lead,
    event: Event,
    *,
    now: datetime,
    key: str = "",
    facts: Mapping[str, Any] | None = None,
    but: registry.Listener | None = None,
) -> None:
    """Tell everyone who listens to `event` (crm/registry), in the caller's transaction and in order of listening.

    `key` names this very event, such as the id of the row that it made. What a listener raises undoes the caller's work
    too: half an event is none. `but`: a listener whose part the caller has done already, such as with rows of its own.
    """
    happening = registry.DomainEvent(event, now, key, facts or {})
    for listener in registry.listeners(event):
        if registry.is_once_a_press(listener):
            once_a_press((listener, lead.pk), partial(listener, lead, happening))
        elif listener is not but:
            listener(lead, happening)


@contextmanager
def one_press() -> Iterator[None]:
    """Put off to the end what is enough once a press, whatever happens inside. Goes inside the transaction; within
    another press, that one's end is meant."""
    if _waiting.get() is not None:
        yield
        return
    token = _waiting.set({})
    try:
        yield
        while waiting := _waiting.get():
            waiting.pop(next(iter(waiting)))()
    finally:
        _waiting.reset(token)


def once_a_press(key: Hashable, act: Act) -> None:
    """Do something now or, within a press, at its end: of several acts with one key the last one alone."""
    waiting = _waiting.get()
    if waiting is None:
        act()
    else:
        waiting[key] = act
