"""`manage.py slots --case FILE`: which times can be booked, for cases that come from elsewhere. Needs no settings."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from scheduling.cases import CaseProblem, answer


class Command(BaseCommand):
    help = "Prints the bookable slots of a case (JSON); of a file with one case a line, one result a line."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--case", required=True, metavar="FILE", help="- for standard input")

    def handle(self, *args: Any, case: str, **options: Any) -> None:
        """Prints {"error": …} in the place of a bad case and then ends with 1; blank lines are skipped."""
        failed = False
        for text in _cases(_read(case)):
            try:
                told = answer(text)
            except CaseProblem as problem:
                failed, told = True, {"error": str(problem)}
            self.stdout.write(json.dumps(told, ensure_ascii=False))
        if failed:
            sys.exit(1)


def _read(name: str) -> str:
    if name == "-":
        return sys.stdin.read()
    try:
        return Path(name).read_text()
    except (OSError, UnicodeDecodeError) as trouble:
        sys.stdout.write(json.dumps({"error": f"The file cannot be read ({type(trouble).__name__})."}) + "\n")
        sys.exit(1)


def _cases(text: str) -> list[str]:
    """The whole text when it is one case, however many lines it takes; else a case a line."""
    try:
        json.loads(text)
    except ValueError:
        lines = [line for line in text.splitlines() if line.strip()]
        return lines or [text]
    return [text]
