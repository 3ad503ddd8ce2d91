"""Ending work in time: SIGTERM asks, the work looks up between two steps, and what hangs is cut off.

A supervisor gives a process about five seconds before SIGKILL, and Celery needs more than two of them for itself.
Nothing is lost at a SIGKILL either (the leases run out), but work that ends by itself gives back at once what it had
not begun.
"""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.sharedctypes import RawValue
from typing import Any

GRACE_SECONDS = 1.5
TICK_SECONDS = 0.25

# When stopping was asked for (monotonic seconds), or 0. Shared memory, so that a Celery worker's main process, which
# gets the signal, tells its forked children by writing one number: no lock, safe inside a signal handler.
_asked_at = RawValue("d", 0.0)


def ask(*_args: Any, **_kwargs: Any) -> None:
    """Ask this process and its forked children to stop. Fits as a signal handler and as a Celery receiver."""
    if not _asked_at.value:
        _asked_at.value = time.monotonic()


def is_asked() -> bool:
    """Tell whether work in hand should be finished and no more begun."""
    return bool(_asked_at.value)


def sleep(seconds: float, *, unless: Callable[[], bool] = lambda: False) -> None:
    """Sleep, but no longer than until somebody asks to stop or `unless` says so (plus TICK_SECONDS)."""
    until = time.monotonic() + seconds
    while not is_asked() and not unless() and time.monotonic() < until:
        time.sleep(min(TICK_SECONDS, seconds))


@contextmanager
def heeded(on_late: Callable[[], None]) -> Iterator[None]:
    """Make SIGTERM and SIGINT only ask, inside the block; call `on_late` when the block still runs GRACE_SECONDS later.

    Signals belong to the main thread: anywhere else this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def tick(*_args: Any) -> None:
        if is_asked() and time.monotonic() - _asked_at.value > GRACE_SECONDS:
            on_late()

    handlers = {signal.SIGTERM: ask, signal.SIGINT: ask, signal.SIGALRM: tick}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    signal.setitimer(signal.ITIMER_REAL, TICK_SECONDS, TICK_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)
