"""Assesses snapshots that come from elsewhere: a line in, a line out. Needs no settings, no database, no services."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from intake.rules.candidacy import assess
from intake.rules.snapshot import SnapshotProblem, read_snapshot


class Command(BaseCommand):
    help = "Reads one snapshot a line (JSON) from standard input and prints one result a line."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="JSON in, JSON out: the only way there is so far")

    def handle(self, *args: Any, **options: Any) -> None:
        """Assess each line of input. Print {"error": …} in place of a bad one and then end with 1; skip blank lines."""
        failed = False
        for line in sys.stdin.buffer:
            if not line.strip():
                continue
            try:
                answer = assess(read_snapshot(line)).as_json()
            except SnapshotProblem as problem:
                failed, answer = True, {"error": str(problem)}
            self.stdout.write(json.dumps(answer, ensure_ascii=False))
        if failed:
            sys.exit(1)
