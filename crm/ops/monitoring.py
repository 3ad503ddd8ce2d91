"""Who may see the figures of this site."""

import hmac

from django.conf import settings
from django.http import HttpRequest


def may_look(request: HttpRequest) -> bool:
    """Tell whether the request may see figures: with METRICS_TOKEN as a bearer token, or on a local site that has none.
    Compared as bytes: what is not ASCII is wrong and no error."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    wanted = settings.METRICS_TOKEN
    if not wanted:
        return not settings.IS_PUBLIC
    return hmac.compare_digest(given.encode(errors="surrogateescape"), wanted.encode())
