"""What the apps above crm hang into its pages, in their AppConfig.ready(), so that crm need not know them."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from crm.enums import Event
from crm.models import Lead

Render = Callable[[HttpRequest, Lead], str]
Listener = Callable[[Lead, Event, datetime], None]
# Called with the admin site, the request, the lead's id and whatever else the pattern names.
DeskView = Callable[..., HttpResponseBase]


@dataclass(frozen=True)
class Panel:
    """A box on a page. `render` returns safe HTML, or "" to leave the box out."""

    area: str
    title: str
    permission: str
    render: Render
    order: int


_panels: list[Panel] = []


def panel(area: str, *, title: str, permission: str, render: Render, order: int = 100) -> None:
    """Hangs a panel into an area ("lead"). Shown to users with `permission`, lowest order first."""
    _panels.append(Panel(area, title, permission, render, order))


def panels(area: str) -> list[Panel]:
    return sorted((entry for entry in _panels if entry.area == area), key=lambda entry: (entry.order, entry.title))


@dataclass(frozen=True)
class Route:
    """A page of the desk below the page of one lead."""

    pattern: str
    view: DeskView
    permission: str
    name: str


_routes: list[Route] = []


def route(pattern: str, view: DeskView, *, permission: str, name: str) -> None:
    """Hangs a page below /admin/crm/lead/<id>/, for users with `permission`; reversed as admin:<name>."""
    _routes.append(Route(pattern, view, permission, name))


def routes() -> list[Route]:
    return list(_routes)


_listeners: dict[Event, list[Listener]] = defaultdict(list)


def listen(events: Iterable[Event], listener: Listener) -> None:
    """Has `listener` called for these events, inside the transaction in which they happen (crm/actions/events.py)."""
    for event in events:
        _listeners[event].append(listener)


def listeners(event: Event) -> list[Listener]:
    return _listeners[event]
