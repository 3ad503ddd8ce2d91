"""Where a request comes from."""

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The visitor's address: the connection's, or what the outermost of our own proxies (TRUSTED_PROXIES) wrote down.

    Whatever stands further left in X-Forwarded-For was written by the visitor and proves nothing.
    """
    direct = str(request.META.get("REMOTE_ADDR", ""))
    passed = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    if not settings.TRUSTED_PROXIES or not passed:
        return direct
    return passed[-min(settings.TRUSTED_PROXIES, len(passed))]
