"""Passwords are hashed one at a time: each takes 100 MB and both cores, and the pages of everybody else wait."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.hashers import Argon2PasswordHasher

from crm.errors import Busy

PATIENCE_SECONDS = 5.0
_turn = threading.BoundedSemaphore(1)


class PacedArgon2(Argon2PasswordHasher):
    """Argon2 as Django uses it, one at a time in each process. Raises Busy when too many wait for their turn."""

    def encode(self, password: str, salt: str) -> str:
        with _alone():
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with _alone():
            return super().verify(password, encoded)


@contextmanager
def _alone() -> Iterator[None]:
    if not _turn.acquire(timeout=PATIENCE_SECONDS):
        raise Busy
    try:
        yield
    finally:
        _turn.release()
