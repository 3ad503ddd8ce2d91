"""What every worker does by itself, with no broker and no clock: whoever is alive calls for alerts and sends codes.

A process beside the worker's own, made before the worker begins, so that nothing which hangs there holds it up. It
notes that the worker is alive (crm/heartbeat.py) and looks after what is urgent; any number at once do no harm.
"""

import multiprocessing
import os
from collections.abc import Collection

import structlog
from django.db import connection

from crm import heartbeat, stopping, sweep
from crm.enums import Pulse

EVERY_SECONDS = 15.0

log = structlog.get_logger("nucleus.rounds")


def begin(queues: Collection[str]) -> None:
    """Starts the process beside this one. Ends with it, at the latest a moment after its death, or when asked to stop.

    To be called before anything else is open: the new process shares what is.
    """
    forget_connections()
    names = [name for name in Pulse if name in queues]
    beside = multiprocessing.get_context("fork").Process(
        target=_make_rounds, args=[names, os.getpid()], name="rounds", daemon=True
    )
    beside.start()


def make_one(names: list[Pulse]) -> bool:
    """Make one round; False when it failed, for whatever reason: whoever calls for alerts must not end by an error."""
    try:
        heartbeat.note(names)
        sweep.urgent()
    except Exception as trouble:  # the next round finds the database back, over a new connection
        log.error("round_failed", error=type(trouble).__name__)
        return False
    return True


def forget_connections() -> None:
    """A forked process must not inherit what its parent talks through."""
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's wrapper has it


def _make_rounds(names: list[Pulse], parent: int) -> None:
    with stopping.heeded(on_late=lambda: None):
        while not stopping.is_asked() and os.getppid() == parent:
            if not make_one(names):
                connection.close()
            stopping.sleep(EVERY_SECONDS, unless=lambda: os.getppid() != parent)
