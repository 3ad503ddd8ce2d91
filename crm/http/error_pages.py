"""Django's own pages for what is refused, without their look into the body for a token; at the desk, pages of its own.

These pages have no use for one, and a body that nobody can read would turn "not found", or "not yours", into a server
error.
"""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views import csrf, defaults

Refusal = Callable[..., HttpResponse]
_DESK = "/admin/"


def _page(request: HttpRequest, name: str) -> str:
    return f"{'crm/desk/' if request.path_info.startswith(_DESK) else ''}{name}.html"


def _unread(view: Refusal, page: str) -> Refusal:
    plain: Refusal = view.__wrapped__  # type: ignore[attr-defined]  # what its decorator went around

    def refuse(request: HttpRequest, *why: Any, **named: Any) -> HttpResponse:
        return plain(request, *why, **named, template_name=_page(request, page))

    return refuse


bad_request, not_allowed = _unread(defaults.bad_request, "400"), _unread(defaults.permission_denied, "403")
not_found, server_error = _unread(defaults.page_not_found, "404"), _unread(defaults.server_error, "500")


def not_from_here(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose token is missing or old (403): it is not known to come from a page of ours."""
    return csrf.csrf_failure(request, reason, template_name=_page(request, "403_csrf"))
