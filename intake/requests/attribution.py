"""How a visitor found the site, without a tracker: only what the link that they followed said about itself.

Kept in a cookie of this site that ends with the browser, and only when there is something to keep: campaign parameters,
or the host of another site. It names no person and no device, and nobody else is told.
"""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.signing import BadSignature
from django.http import HttpRequest, HttpResponse

from crm.http import cookies

COOKIE = cookies.named("came_by")
WITHOUT_COOKIES = "embed"
PARAMETERS = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
LONGEST = 100
# Words, numbers and the usual joints of campaign names. What looks like an address or a telephone number is dropped.
_PLAIN = re.compile(rf"[\w .+%/-]{{1,{LONGEST}}}")
_PERSONAL = re.compile(r"@|(?:\d\D?){7,}")
_HOST = re.compile(r"[a-z0-9.-]{1,100}")

GetResponse = Callable[[HttpRequest], HttpResponse]


class Attribution:
    """Middleware: remembers the first page of a visit that began elsewhere."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.method == "GET" and response.status_code == 200 and COOKIE not in request.COOKIES:
            found = _first_touch(request)
            if found:
                _keep(response, found)
        return response


def of(request: HttpRequest) -> dict[str, str]:
    """Return what the cookie tells; {} when there is none or somebody has altered it."""
    try:
        kept = json.loads(request.get_signed_cookie(COOKIE, default="{}") or "{}")
    except (BadSignature, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}


def _first_touch(request: HttpRequest) -> dict[str, str]:
    """Return {"utm_source", …, "referrer", "landing"}: those that are there; {} for a visit without any."""
    match = request.resolver_match
    if match is None or match.app_name != "intake" or match.url_name == WITHOUT_COOKIES:
        return {}
    given = {name: request.GET.get(name, "").strip() for name in PARAMETERS}
    found = {name: value for name, value in given.items() if _PLAIN.fullmatch(value) and not _PERSONAL.search(value)}
    host = _foreign_host(request)
    if host:
        found["referrer"] = host
    return found | {"landing": request.path[:LONGEST]} if found else {}


def _foreign_host(request: HttpRequest) -> str:
    """Return the host of the site that the visitor came from; never its path, and never our own."""
    try:
        host = urlsplit(request.headers.get("Referer", "")).hostname or ""
    except ValueError:
        return ""
    own = request.get_host().partition(":")[0]
    return host if host != own and _HOST.fullmatch(host) else ""


def _keep(response: HttpResponse, found: dict[str, Any]) -> None:
    response.set_signed_cookie(
        COOKIE, json.dumps(found), httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )
