"""How any app says that something happened to a lead, without knowing who cares."""

from datetime import datetime

from crm import registry
from crm.enums import Event
from crm.models import Lead


def announce(lead: Lead, event: Event, *, now: datetime, key: str = "", but: registry.Listener | None = None) -> None:
    """Tells everyone who listens to `event` (crm/registry.py), in the caller's transaction and in order of listening.

    `key` names this very event, such as the id of the row that it made. What a listener raises undoes the caller's work
    too: half an event is none. `but`: a listener whose part the caller has done already, such as with rows of its own.
    """
    happening = registry.Happening(event, now, key)
    for listener in registry.listeners(event):
        if listener is not but:
            listener(lead, happening)
