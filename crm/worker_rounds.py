"""What every worker does by itself, with no broker and no clock: whoever is alive calls for alerts and sends codes.

A process beside the worker's own, made before the worker begins, so that nothing which hangs there holds it up. Any
number at once do no harm. Beside a worker of `mail` it sends the rest as well, once no tick has done so for a minute:
the clock or Redis is away, or the worker has lost it.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Collection
from datetime import timedelta
from multiprocessing.context import ForkProcess

import structlog
from django.db import connection

from crm import periodic, shutdown
from crm.enums.leads import Pulse
from crm.ops import exclusive_jobs

EVERY_SECONDS = 15.0
UNSWEPT = timedelta(minutes=1)  # four ticks

log = structlog.get_logger("nucleus.rounds")


def begin(queues: Collection[str]) -> None:
    """Start the process beside this one. It ends with this one, at the latest a moment after its death, or when asked
    to stop; and should it end unasked, this one is asked to stop as well.

    To be called before anything else is open: the new process shares what is.
    """
    forget_connections()
    beside = multiprocessing.get_context("fork").Process(
        target=_make_rounds, args=[queues, os.getpid()], name="rounds", daemon=True
    )
    beside.start()
    threading.Thread(target=_end_without, args=[beside], name="rounds", daemon=True).start()


def make_one(queues: Collection[str]) -> bool:
    """Make one round; False when it failed, for whatever reason: whoever calls for alerts must not end by an error."""
    try:
        periodic.urgent()
        if Pulse.MAIL in queues and exclusive_jobs.is_first(periodic.MESSAGES, within=UNSWEPT):
            log.warning("swept_without_a_tick")
            periodic.once()
    except Exception as trouble:  # the next round finds the database back, over a new connection
        log.error("round_failed", error=type(trouble).__name__)
        return False
    return True


def forget_connections() -> None:
    """Close this process's connections: a forked process must not inherit what its parent talks through."""
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's wrapper has it


def _make_rounds(queues: Collection[str], parent: int) -> None:
    with shutdown.heeded(on_late=lambda: None):
        while not shutdown.is_asked() and os.getppid() == parent:
            if not make_one(queues):
                connection.close()
            shutdown.sleep(EVERY_SECONDS, unless=lambda: os.getppid() != parent)


def _end_without(beside: ForkProcess) -> None:
    """Stop the worker when its rounds end unasked: its supervisor starts both. Starting them anew here would fork a
    worker in the middle of whatever it does."""
    beside.join()
    if not shutdown.is_asked():
        log.critical("rounds_ended", exit_code=beside.exitcode)
        os.kill(os.getpid(), signal.SIGTERM)
