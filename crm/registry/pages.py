"""Boxes and pages: panels on the page of a lead, on the private page and on other areas, and routes below a lead."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.text import slugify
from django.utils.translation import gettext

from crm.models import Lead

LEDGER_CHANGED = "ledger-changed"  # a treatment was added or corrected in place
Render = Callable[[HttpRequest, Lead], str]
DeskView = Callable[..., HttpResponseBase]


@dataclass(frozen=True)
class Panel:
    """A box on a page. `render` returns safe HTML, or "" to leave the box out."""

    area: str
    title: str
    permission: str
    render: Render
    order: int
    at_once: bool = False
    again_after: str = ""

    @property
    def key(self) -> str:
        """Its name in an address."""
        return slugify(self.title)


_panels: list[Panel] = []


def panel(
    area: str,
    *,
    title: str,
    permission: str,
    render: Render,
    order: int = 100,
    at_once: bool = False,
    again_after: str = "",
) -> None:
    """Add a panel to an area, such as "lead". Shown to users with `permission`, lowest order first.

    On the page of a lead it is fetched when it comes into view; `at_once` for what must be seen before anything is
    done, and runs at most two queries. `again_after` names what on the page makes it outdated (LEDGER_CHANGED)."""
    _panels.append(Panel(area, title, permission, render, order, at_once, again_after))


def panels(area: str) -> list[Panel]:
    return sorted((entry for entry in _panels if entry.area == area), key=lambda entry: (entry.order, entry.title))


def filled_panels(area: str, request: HttpRequest, lead: Lead) -> list[tuple[str, str]]:
    """Return (title in the reader's language, safe HTML) of each panel that has something to show of a lead. Areas of
    the private page are "patient", its first page, and "warning", what stands above everything on each of its pages."""
    rendered = ((gettext(entry.title), entry.render(request, lead)) for entry in panels(area))
    return [(title, html) for title, html in rendered if html]


@dataclass(frozen=True)
class Route:
    """A page of the desk below the page of one lead. `permission`: one name, or several between blanks, all needed."""

    pattern: str
    view: DeskView
    permission: str
    name: str


_routes: list[Route] = []


def route(pattern: str, view: DeskView, *, permission: str, name: str) -> None:
    """Add a page below /admin/crm/lead/<id>/, for users with `permission` (several between blanks: with all of them);
    reversed as admin:<name>."""
    _routes.append(Route(pattern, view, permission, name))


def routes() -> list[Route]:
    return list(_routes)
