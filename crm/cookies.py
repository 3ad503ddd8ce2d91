"""What our own cookies are called."""

from django.conf import settings


def named(name: str) -> str:
    """Return the name of a cookie. Over HTTPS browsers take one with this prefix from this very host alone: no
    neighboring host can set it. It wants Secure, the path "/" and no domain."""
    return f"__Host-{name}" if settings.SESSION_COOKIE_SECURE else name
