"""Private pages that staff opened from the desk: they end with the sign-in, and their tabs are told."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils import timezone

from crm.patient_portal import access as patient_access
from crm.patient_portal import page_owner


def on_logout(*, request: HttpRequest, **_kwargs: Any) -> None:
    """Listen to Django's user_logged_out: what was opened from this sign-in ends with it, and the page that comes
    next tells its tabs (templates/registration/logged_out.html, telling_tabs)."""
    ended = patient_access.end_those_of_desk(request.session.session_key or "", now=timezone.now())
    closed = {name for one in ended for name in page_owner.channels_of(one)}
    request.closed_tabs = " ".join(sorted(closed))  # type: ignore[attr-defined]  # for that page


def telling_tabs(request: HttpRequest, address: str) -> str:
    """Return the address of a page that tells the tabs of what has just ended with a sign-in, where a sign-out leads on
    to another page. They stand behind the "#", which no server and no log gets to see."""
    closed = getattr(request, "closed_tabs", "")
    return f"{address}#{urlencode({'closed-tabs': closed})}" if closed else address
