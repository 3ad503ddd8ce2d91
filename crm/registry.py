"""What the apps above crm hang into its pages, in their AppConfig.ready(), so that crm need not know them."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest

from crm.models import Lead

Render = Callable[[HttpRequest, Lead], str]


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
