"""How often somebody may try to sign in. Whoever is wrong waits, a little longer each time, and is never locked out.

Tries are counted by account, whichever addresses they come from, and before a password is looked at. A browser that
has signed in to the account before counts for itself, so that a stranger's tries do not keep its owner waiting. An
account that does not exist is counted like any other. docs/decisions/0026-slow-instead-of-locked.md says why.
"""

import math
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from crm.models import SignInPace

FREE = 5  # wrong passwords without a wait
LONGEST = 60  # seconds; nobody is kept out for longer, whatever strangers do
FORGOTTEN = timedelta(days=1)
COOKIE, COOKIE_SECONDS = "known_browser", 180 * 24 * 3600
_SALT = "crm.signing_in"

# Counted as wrong before it is known, so that many at once are counted one by one; a right password takes it back.
_COUNT = """
INSERT INTO crm_signinpace AS pace (key, wrong, at, not_before) VALUES (%(key)s, 1, %(now)s, %(now)s)
ON CONFLICT (key) DO UPDATE SET
    wrong = CASE WHEN pace.at < %(forgotten)s THEN 1 ELSE pace.wrong + 1 END,
    at = %(now)s,
    not_before = %(now)s + CASE WHEN pace.at < %(forgotten)s OR pace.wrong < %(free)s THEN interval '0'
        ELSE make_interval(secs => LEAST(%(longest)s, 2 ^ LEAST(pace.wrong + 1 - %(free)s, 20))) END
WHERE pace.not_before <= %(now)s
RETURNING 0
"""


def key_of(request: HttpRequest, name: str) -> str:
    """The keyed hash under which tries with this name from this browser are counted."""
    account = name.strip().lower()
    try:
        known, browser = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=COOKIE_SECONDS)
    except (signing.BadSignature, ValueError, TypeError):
        known, browser = "", ""
    if known != _hash(account):
        browser = ""
    return _hash(f"{account}\0{browser}")


def begin(key: str, *, now: datetime) -> int:
    """Counts a try; returns 0, or for how many seconds nothing may be tried yet. Then nothing is counted."""
    values: dict[str, Any] = {"key": key, "now": now, "forgotten": now - FORGOTTEN, "free": FREE, "longest": LONGEST}
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, values)
        if cursor.fetchone():
            return 0
    pace = SignInPace.objects.filter(key=key).first()
    return max(1, math.ceil((pace.not_before - now).total_seconds())) if pace else 1


def was_right(key: str) -> None:
    """Forgets the wrong tries before."""
    SignInPace.objects.filter(key=key).delete()


def remember(response: HttpResponse, name: str) -> None:
    """Lets this browser count for itself from now on."""
    value = signing.dumps([_hash(name.strip().lower()), secrets.token_urlsafe(16)], salt=_SALT)
    response.set_cookie(
        COOKIE,
        value,
        max_age=COOKIE_SECONDS,
        path="/admin/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )


def forget_old(*, now: datetime) -> int:
    """Deletes what does not count any more; returns how many."""
    return SignInPace.objects.filter(at__lt=now - FORGOTTEN).delete()[0]


def _hash(text: str) -> str:
    return salted_hmac(_SALT, text, algorithm="sha256").hexdigest()
