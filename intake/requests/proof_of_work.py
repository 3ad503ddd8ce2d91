"""A sum that costs a browser a second and a sender of thousands an hour: the scheme of ALTCHA, without its widget.

The challenge is SHA-256(salt + number) for a number that only trying finds. The salt names the request that it is for
and is signed with it, so that a solution is good for this one request and cannot be made in advance.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from django.conf import settings

HIGHEST = 60_000  # tries: on average half of them, about a second on a phone
LIVES = timedelta(minutes=20)


@dataclass(frozen=True)
class Challenge:
    """Find the `number` up to `highest` with SHA-256(salt + number) = target, and send it with salt and signature."""

    salt: str
    target: str
    signature: str
    highest: int = HIGHEST


def challenge(submission_id: UUID, *, now: datetime) -> Challenge:
    """Return a new challenge for this request; nothing is stored."""
    ends = int((now + LIVES).timestamp())
    salt = f"{submission_id}.{ends}.{secrets.token_hex(8)}."
    target = _digest(salt, secrets.randbelow(HIGHEST))
    return Challenge(salt, target, _sign(salt, target))


def is_solved(submission_id: UUID, *, salt: str, number: str, signature: str, now: datetime) -> bool:
    """Tell whether this solves a challenge that was given for this request and has not run out."""
    named, _, rest = salt.partition(".")
    ends = rest.partition(".")[0]
    if named != str(submission_id) or not (ends.isdecimal() and ends.isascii()) or len(ends) > 12:
        return False
    if now.timestamp() > int(ends) or not (number.isdecimal() and number.isascii()) or len(number) > 6:
        return False
    return hmac.compare_digest(_sign(salt, _digest(salt, int(number))).encode(), signature.encode())


def _digest(salt: str, number: int) -> str:
    return sha256(f"{salt}{number}".encode()).hexdigest()


def _sign(salt: str, target: str) -> str:
    return hmac.new(settings.SECRET_KEY.encode(), f"{salt}:{target}".encode(), sha256).hexdigest()
