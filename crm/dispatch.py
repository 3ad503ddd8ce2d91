"""Wakes workers up after a commit. Whatever goes wrong here costs a nudge and nothing else: the sweep finds the row.

Requests only put ids on a list; one thread of the process publishes them, all that came together in one message.
So a broker that is refused, hung or gone never holds a request up, and a busy minute publishes dozens of messages
instead of thousands.
"""

import os
import threading
import time
from collections import defaultdict
from functools import partial
from importlib import import_module
from typing import Any, Protocol
from uuid import UUID

import redis
import structlog
from celery import Task, current_app
from django.db import transaction
from redis.backoff import NoBackoff
from redis.retry import Retry

from crm.enums.leads import URGENT

GATHER_SECONDS = 0.1  # nudges that come this close together travel in one message
QUIET_SECONDS = 15.0  # after a failure the broker is left alone for this long: as long as a sweep takes to come by
MOST_IDS = 50  # in one message; the worker drains what is due anyway
ANSWER_SECONDS = 0.5

log = structlog.get_logger("nucleus.dispatch")


class _Mail(Protocol):
    """A row of the outbox, as far as waking somebody for it goes."""

    pk: Any
    message_class: Any


def after_commit(task_name: str, *ids: UUID) -> None:
    """Have a worker run `task_name(["<id>", …])` when the transaction commits. Ids only: the broker learns no more.

    Never raises and never waits for the broker. In Celery's eager mode the task runs at the commit, here.
    """
    transaction.on_commit(partial(_wake, task_name, [str(pk) for pk in ids]), robust=True)


def send_after_commit(*messages: _Mail) -> None:
    """Wake a worker for these messages when the transaction commits: those that somebody waits for in the queue that
    nothing slow ever holds up, the others in that of the mails."""
    urgent = [message.pk for message in messages if message.message_class in URGENT]
    patient = [message.pk for message in messages if message.message_class not in URGENT]
    for task_name, ids in (("crm.send_urgent", urgent), ("crm.send_messages", patient)):
        if ids:
            after_commit(task_name, *ids[:MOST_IDS])


def broker_answers() -> bool:
    """Tell whether the broker answers a ping within half a second. Opens a connection of its own."""
    client = redis.Redis.from_url(
        current_app.conf.broker_url,
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        return bool(client.ping())
    except (redis.RedisError, OSError):
        return False
    finally:
        client.close()


def _wake(task_name: str, ids: list[str]) -> None:
    if current_app.conf.task_always_eager:
        _task(task_name).delay(ids)
    else:
        _nudges.add(task_name, ids)


def _task(name: str) -> "Task[Any, Any]":
    """Return the registered task "app.task", importing app.tasks the first time: web processes do not load tasks."""
    if name not in current_app.tasks:
        import_module(f"{name.partition('.')[0]}.tasks")
    return current_app.tasks[name]


class _Nudges:
    """What is still to be published, and the thread that does it. A process has one."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[str]] = defaultdict(list)
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._quiet_until = 0.0

    def add(self, task_name: str, ids: list[str]) -> None:
        """Hand a nudge to the thread; drop it while the broker is left alone."""
        if time.monotonic() < self._quiet_until:
            return
        with self._changed:
            self._waiting[task_name] = [*self._waiting[task_name], *ids][:MOST_IDS]
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="nudges", daemon=True)
                self._thread.start()
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
            time.sleep(GATHER_SECONDS)
            with self._changed:
                waiting, self._waiting = self._waiting, defaultdict(list)
            for task_name, ids in waiting.items():
                self._publish(task_name, ids)

    def _publish(self, task_name: str, ids: list[str]) -> None:
        try:
            _task(task_name).delay(ids)
        except Exception as error:  # whatever it is, it must end neither this thread nor a request
            self._quiet_until = time.monotonic() + QUIET_SECONDS
            log.warning("nudge_lost", task=task_name, count=len(ids), error=type(error).__name__)


_nudges = _Nudges()


def _start_afresh() -> None:
    """Give a forked process its own list: its parent's comes without the thread, perhaps with the lock held."""
    global _nudges  # noqa: PLW0603 - the one place where a process gets its own
    _nudges = _Nudges()


os.register_at_fork(after_in_child=_start_afresh)
