"""Sends what is due without Celery and Redis. Any number may run, beside workers or alone."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import close_old_connections

from crm import mailbox, stopping, sweep

EVERY_SECONDS = 15


class Command(BaseCommand):
    help = "Sends the messages that are due and prints how many the mail server accepted."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--loop", action="store_true", help=f"again every {EVERY_SECONDS} s, until SIGTERM")

    def handle(self, *_args: Any, loop: bool, **_options: Any) -> None:
        self._send()
        with stopping.heeded(on_late=lambda: None):
            while loop and not stopping.is_asked():
                stopping.sleep(EVERY_SECONDS)
                self._send()

    def _send(self) -> None:
        self.stdout.write(f"{sweep.once()} sent")
        sweep.look_after_documents()
        mailbox.read_new()
        self.stdout.flush()  # whoever reads a pipe wants to see it now
        close_old_connections()
