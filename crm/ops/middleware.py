"""What happens around every request: one log line that names the route, and no query that no database could keep."""

import re
import time
from collections.abc import Callable

import structlog
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse

from crm.errors import Busy
from crm.http.error_pages import bad_request

log = structlog.get_logger("nucleus.web")

GetResponse = Callable[[HttpRequest], HttpResponse]


class RequestLog:
    """Logs method, route pattern, status and milliseconds. Never the path or the query: they may hold a token."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        begun = time.perf_counter()
        response = self.get_response(request)
        log.info(
            "request",
            method=request.method,
            route=_route(request),
            status=response.status_code,
            ms=round((time.perf_counter() - begun) * 1000, 1),
        )
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, Busy):
            sentence = "Many people are here right now. Please go back and try again in a few seconds."
            return HttpResponse(sentence, status=503, content_type="text/plain", headers={"Retry-After": "5"})
        log.error("request_failed", method=request.method, route=_route(request), exc_info=exception)
        return None


class NoDevices:
    """Tells the browser that no page of ours, and nothing in it, ever needs a device such as its camera (POLICY)."""

    POLICY = ", ".join(
        f"{device}=()"
        for device in "accelerometer camera display-capture geolocation gyroscope magnetometer microphone midi payment "
        "screen-wake-lock serial usb xr-spatial-tracking browsing-topics".split()
    )

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", self.POLICY)
        return response


class Unlisted:
    """Keeps addresses out of search engines, whatever the answer is, that lead to one person or hold a secret: links to
    them travel in mails and stand in calendars."""

    PRIVATE = re.compile(r"/(?:[a-z-]+/)?(?:my|u|feeds|admin)/")

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if self.PRIVATE.match(request.path_info):
            response.headers["X-Robots-Tag"] = "noindex"
        return response


class PlainQuery:
    """Refuses (400) a query string with a null character: PostgreSQL takes none, whatever it is compared with."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        query = request.META.get("QUERY_STRING", "")
        if "%00" in query or "\0" in query:
            return bad_request(request, SuspiciousOperation("A null character in the query string."))
        return self.get_response(request)


def _route(request: HttpRequest) -> str:
    match = request.resolver_match
    return f"/{match.route}" if match else "(none)"
