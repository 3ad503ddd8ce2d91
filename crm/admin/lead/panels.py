"""The boxes beside a lead: the first come with the page, each of the others when it comes into view.

A page runs few queries that way, however many apps hang something in. `?panels=all` brings everything at once, for
paper and for browsers without scripts.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest

from crm import registry
from crm.admin.drawn import BROKEN, drawn
from crm.models import Lead
from crm.registry import Panel

ALL = "all"
OPENED_FOR = timedelta(hours=12)
_SIGNER = TimestampSigner(salt="crm.lead-panels")


@dataclass(frozen=True)
class Box:
    """A panel on a page: `html` is None for one that is fetched afterwards."""

    panel: Panel
    html: str | None


def beside(request: HttpRequest, lead: Lead) -> list[Box]:
    """Return the boxes beside a lead that this person may see; empty ones are left out."""
    everything = request.GET.get("panels") == ALL
    shown = [
        Box(panel, rendered(panel, request, lead) if panel.at_once or everything else None)
        for panel in registry.panels("lead")
        if request.user.has_perm(panel.permission)
    ]
    return [box for box in shown if box.html != ""]


def rendered(panel: Panel, request: HttpRequest, lead: Lead) -> str:
    """Return what a panel shows, safe HTML; that it cannot be shown, when it breaks."""
    return drawn(panel.title, lambda: panel.render(request, lead), otherwise=BROKEN)


def named(request: HttpRequest, key: str) -> Panel | None:
    """Return the panel with this key, if there is one and this person may see it."""
    found = (panel for panel in registry.panels("lead") if panel.key == key)
    return next((panel for panel in found if request.user.has_perm(panel.permission)), None)


def token(request: HttpRequest, lead_id: UUID) -> str:
    """Sign that this person opened this lead's page, which was recorded: its boxes need no record of their own."""
    return _SIGNER.sign(f"{request.user.pk}:{lead_id}")


def was_opened(request: HttpRequest, lead_id: UUID) -> bool:
    """Tell whether the request bears a token for this person and lead that is no older than OPENED_FOR."""
    try:
        said = _SIGNER.unsign(request.GET.get("opened", ""), max_age=OPENED_FOR)
    except BadSignature:
        return False
    return said == f"{request.user.pk}:{lead_id}"
