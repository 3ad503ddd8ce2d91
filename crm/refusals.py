"""Django's own pages for what is refused, without their look into the body for a token.

These pages have no use for one, and a body that nobody can read would turn "not found", or "not yours", into a server
error.
"""

from collections.abc import Callable

from django.http import HttpResponse
from django.views import defaults

Refusal = Callable[..., HttpResponse]


def _unread(view: Refusal) -> Refusal:
    plain: Refusal = view.__wrapped__  # type: ignore[attr-defined]  # what its decorator went around
    return plain


bad_request, not_allowed = _unread(defaults.bad_request), _unread(defaults.permission_denied)
not_found, server_error = _unread(defaults.page_not_found), _unread(defaults.server_error)
