"""How long a sign-in at the desk lasts: asked by every page of the desk, and by every page opened from it."""

import time
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from django.conf import settings
from django.http import HttpRequest

SEEN, BEGUN = "desk_seen", "desk_begun"
NOTED_EVERY = 60.0  # seconds: not every page needs a write


class Over(Enum):
    """Why somebody has to sign in again. The value is what the sign-in page is told in its address."""

    IDLE = "idle"
    LONG = "long"


def begin(request: HttpRequest) -> None:
    """Let both clocks of a new sign-in begin to run. Writes to the session."""
    request.session[SEEN] = request.session[BEGUN] = time.time()


def why_over(request: HttpRequest) -> Over | None:
    """Return why this sign-in is over, or None and note that somebody is at work (45 CFR 164.312(a)(2)(iii)).

    Over after DESK_IDLE_SECONDS without a press, and DESK_LONGEST_SECONDS after it began, whatever is pressed. Pages
    that ask again by themselves do not count as doing something.
    """
    now = time.time()
    idle, age = now - request.session.setdefault(SEEN, now), now - request.session.setdefault(BEGUN, now)
    if age > settings.DESK_LONGEST_SECONDS:
        return Over.LONG
    if idle > settings.DESK_IDLE_SECONDS:
        return Over.IDLE
    if idle > NOTED_EVERY and "X-Asks-By-Itself" not in request.headers:
        request.session[SEEN] = now
    return None


def ends_at_last(request: HttpRequest) -> datetime:
    """Return when this sign-in is over however much is pressed."""
    begun = request.session.get(BEGUN, time.time())
    return datetime.fromtimestamp(begun + settings.DESK_LONGEST_SECONDS, UTC)


def on_login(*, request: HttpRequest, **_kwargs: Any) -> None:
    """Listen to Django's user_logged_in: begin a new session's clocks."""
    begin(request)
