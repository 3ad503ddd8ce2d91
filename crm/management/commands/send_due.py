"""Sends what is due without Celery and Redis. Any number may run, beside workers or alone."""

import multiprocessing
import signal
import time
from argparse import ArgumentParser
from multiprocessing.context import ForkProcess
from typing import Any

import structlog
from django.core.management.base import BaseCommand
from django.db import close_old_connections

from crm import periodic, shutdown, worker_rounds
from crm.enums.leads import Pulse
from crm.ops import heartbeat

EVERY_SECONDS = 15
SLOW_SECONDS = 1800  # a mailbox, or a scan, that takes longer is ended; the next one begins afresh

log = structlog.get_logger("nucleus.send_due")


class Command(BaseCommand):
    help = "Sends the messages that are due and prints how many the mail server accepted."
    _slow: ForkProcess | None = None
    _slow_since = 0.0

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--loop", action="store_true", help=f"again every {EVERY_SECONDS} s, until SIGTERM")

    def handle(self, *_args: Any, loop: bool, **_options: Any) -> None:
        self._send()
        if not loop:
            _do_what_is_slow()
            return
        self._begin_what_is_slow()
        with shutdown.heeded(on_late=lambda: None):
            while not shutdown.is_asked():
                shutdown.sleep(EVERY_SECONDS)
                self._send()
                self._begin_what_is_slow()

    def _send(self) -> None:
        heartbeat.note([Pulse.BEAT, Pulse.URGENT, Pulse.MAIL])  # it is clock and worker at once
        self.stdout.write(f"{periodic.once()} sent")
        self.stdout.flush()  # whoever reads a pipe wants to see it now
        close_old_connections()

    def _begin_what_is_slow(self) -> None:
        """Begin what is slow in a process of its own, so that no mail waits for other people's servers; unless one is
        still at it."""
        if self._slow is not None and self._slow.is_alive():
            if time.monotonic() - self._slow_since > SLOW_SECONDS:
                log.error("slow_jobs_ended", seconds=SLOW_SECONDS)
                self._slow.kill()
            return
        if shutdown.is_asked():
            return
        worker_rounds.forget_connections()
        self._slow = multiprocessing.get_context("fork").Process(target=_in_a_child, daemon=True)
        self._slow_since = time.monotonic()
        self._slow.start()


def _in_a_child() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # whatever it waits for, it ends with its parent
    _do_what_is_slow()


def _do_what_is_slow() -> None:
    heartbeat.note([Pulse.SLOW])
    periodic.look_after_documents()
    periodic.read_mailbox()
