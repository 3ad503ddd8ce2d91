"""How often somebody may try to sign in. Whoever is wrong waits, a little longer each time, and is never locked out.

Tries are counted by account, whichever addresses they come from, and before a password is looked at. A browser that
has signed in to the account before counts for itself, so that a stranger's tries do not keep its owner waiting. Half of
all other tries are for addresses that have hardly tried this account, so that whoever tries it all the time does not
keep out its owner at a new browser. An account that does not exist is counted like any other.
docs/decisions/0026-slow-instead-of-locked.md says why, and what is promised.
"""

import math
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import connection
from django.db.models import Case, F, Value, When
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from crm.http.client_address import client_address
from crm.models import SignInPace

FORGOTTEN = timedelta(days=1)
RESTED = timedelta(hours=1)  # so long after its last try an address is as good as new
FIRST_TRIES = 2  # so many tries of an address are its first ones
COOKIE, COOKIE_SECONDS = "known_browser", 180 * 24 * 3600
_SALT = "crm.signing_in"


@dataclass(frozen=True)
class Pace:
    """`free` wrong passwords without a wait; then 2, 4, 8 … and at most `longest` seconds from one try to the next."""

    free: int
    longest: int


KNOWN = Pace(free=5, longest=60)
NEW = Pace(free=2, longest=120)  # first tries, and all others: half of what KNOWN may, each


@dataclass(frozen=True)
class Try:
    """A password that may be looked at now, when `wait` is 0; else nothing was counted. `keys`: where it counts, the
    account first. `until`: from when on the account takes the next one."""

    keys: tuple[str, ...]
    pace: Pace
    at: datetime
    wait: int = 0
    until: datetime | None = None


_UNPACED = Pace(free=2**30, longest=0)  # counted, and never kept waiting

# Counted as wrong before it is known, so that many at once are counted one by one; a right password takes it back.
_COUNT = """
INSERT INTO crm_signinpace AS pace (key, wrong, at, not_before) VALUES (%(key)s, 1, %(now)s, %(now)s)
ON CONFLICT (key) DO UPDATE SET
    wrong = CASE WHEN pace.at < %(forgotten)s THEN 1 ELSE pace.wrong + 1 END,
    at = %(now)s,
    not_before = %(now)s + CASE WHEN pace.at < %(forgotten)s OR pace.wrong < %(free)s THEN interval '0'
        ELSE make_interval(secs => LEAST(%(longest)s, 2 ^ LEAST(pace.wrong + 1 - %(free)s, 20))) END
WHERE pace.not_before <= %(now)s
RETURNING not_before
"""


def browser_of(request: HttpRequest) -> str:
    """Name the browser when it has signed in before, to whichever account; "" for others, whatever cookie they show."""
    return _known(request)[1]


def begin(request: HttpRequest, name: str, *, now: datetime) -> Try:
    """Count a try with this name from this browser, or tell for how many seconds nothing may be tried yet."""
    account = name.strip().lower()
    known, browser = _known(request)
    if browser and known == _hash(account):
        return _count(Try((_hash(f"{account}\0{browser}"),), KNOWN, now))
    address = _hash(f"{account}\0from\0{client_address(request)}")
    kind = "first" if _has_first_tries(address, now) else "more"
    found = _count(Try((_hash(f"{account}\0{kind}"), address), NEW, now))
    if not found.wait:
        _count(replace(found, keys=(address,), pace=_UNPACED), forgotten=RESTED)
    return found


def was_right(tried: Try) -> None:
    """Forget the wrong tries before."""
    SignInPace.objects.filter(key__in=tried.keys).delete()


def was_not_judged(tried: Try) -> None:
    """Take back this one try, and the wait for it. Those before it stay counted."""
    mine = SignInPace.objects.filter(key__in=tried.keys, wrong__gt=0)
    wait_is_mine = When(not_before=tried.until, then=Value(tried.at))
    mine.update(wrong=F("wrong") - 1, not_before=Case(wait_is_mine, default=F("not_before")))
    SignInPace.objects.filter(key__in=tried.keys, wrong=0).delete()


def remember(response: HttpResponse, name: str) -> None:
    """Let this browser count for itself from now on."""
    response.set_cookie(
        COOKIE,
        known_cookie(name),
        max_age=COOKIE_SECONDS,
        path="/admin/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )


def known_cookie(name: str) -> str:
    """Return what a browser shows from now on: the account that it has signed in to, and a name of its own."""
    return signing.dumps([_hash(name.strip().lower()), secrets.token_urlsafe(16)], salt=_SALT)


def forget_old(*, now: datetime) -> int:
    """Delete the tries that do not count any more; return how many rows went."""
    return SignInPace.objects.filter(at__lt=now - FORGOTTEN).delete()[0]


def _has_first_tries(address: str, now: datetime) -> bool:
    """Tell whether an address has hardly tried the account that is in its key."""
    return not SignInPace.objects.filter(key=address, at__gt=now - RESTED, wrong__gte=FIRST_TRIES).exists()


def _count(tried: Try, *, forgotten: timedelta = FORGOTTEN) -> Try:
    key, pace = tried.keys[0], tried.pace
    values: dict[str, Any] = {"key": key, "now": tried.at, "forgotten": tried.at - forgotten, **vars(pace)}
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, values)
        if row := cursor.fetchone():
            return replace(tried, until=row[0])
    found = SignInPace.objects.filter(key=key).first()
    return replace(tried, wait=max(1, math.ceil((found.not_before - tried.at).total_seconds())) if found else 1)


def _known(request: HttpRequest) -> tuple[str, str]:
    """Return what a browser's cookie says: the hash of the account that it has signed in to, and the browser's own
    name; two empty texts without a valid cookie."""
    try:
        account, browser = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=COOKIE_SECONDS)
    except (signing.BadSignature, ValueError, TypeError):
        return "", ""
    return account, browser


def _hash(text: str) -> str:
    return salted_hmac(_SALT, text, algorithm="sha256").hexdigest()
