"""Who asks, as far as the door can tell before Django looks at a request: a connection, a session, a known browser."""

from django.conf import settings
from django.http import HttpRequest, parse_cookie

from crm.accounts import sign_in_limits
from crm.gateway.response_stream import Environ
from crm.http.client_address import client_address
from crm.patient_portal import requests as patient_requests


def connection(environ: Environ) -> str:
    """Return the visitor's address; of IPv6 the network."""
    return client_address(_request(environ))


def patient(environ: Environ) -> str:
    """Return what the browser says is its session of the private page. Its view finds out whether it is one."""
    return _request(environ).COOKIES.get(patient_requests.COOKIE, "")


def staff(environ: Environ) -> str:
    """Return what the browser says is its session of the desk. Its view finds out whether it is one."""
    return _request(environ).COOKIES.get(settings.SESSION_COOKIE_NAME, "")


def known_browser(environ: Environ) -> str:
    """Name a browser that has signed in at the desk before; "" for all others. Proven by our own signature."""
    return sign_in_limits.browser_of(_request(environ))


def _request(environ: Environ) -> HttpRequest:
    """Return a request with the headers and cookies that Django will read."""
    request = HttpRequest()
    request.META, request.COOKIES = environ, parse_cookie(environ.get("HTTP_COOKIE", ""))
    return request
