"""What our own cookies are called, and which of them lead back to whoever used a browser."""

from django.conf import settings
from django.http.response import HttpResponseBase

_LEADING_BACK: list[str] = []


def named(name: str) -> str:
    """Return the name of a cookie. Over HTTPS browsers take one with this prefix from this very host alone: no
    neighboring host can set it. It wants Secure, the path "/" and no domain."""
    return f"__Host-{name}" if settings.SESSION_COOKIE_SECURE else name


def leading_back(name: str) -> str:
    """Return the name of a cookie that leads back to a person, or says something of one: closing the private page
    forgets it. What is neither stays out of this list (tests/crm/leads/test_closing.py asks of each)."""
    _LEADING_BACK.append(named(name))
    return _LEADING_BACK[-1]


def forget_who_was_here(response: HttpResponseBase) -> None:
    """Delete every cookie that leads back to whoever used this browser."""
    for cookie in _LEADING_BACK:
        response.delete_cookie(cookie, samesite="Lax")
