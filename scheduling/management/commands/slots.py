"""`manage.py slots --case FILE`: which times can be booked, for cases that come from elsewhere. Needs no settings.

`manage.py slots --type KEY --from DATE --days N`: which times can be booked here.
"""

import json
import sys
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from scheduling.rules.cases import CaseProblem, answer


class Command(BaseCommand):
    help = "Prints the bookable slots of a case (JSON); of a file with one case a line, one result a line."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--case", metavar="FILE", help="- for standard input")
        what.add_argument("--type", metavar="KEY", help="an appointment type of this site")
        parser.add_argument("--from", dest="first", type=date.fromisoformat, metavar="DATE", help="default: today")
        parser.add_argument("--days", type=int, default=7, metavar="N")
        parser.add_argument("--provider", type=UUID, metavar="ID", help="default: any suitable one")
        parser.add_argument("--zone", metavar="Z", help="the clock to print in; default: the location's")
        parser.add_argument("--json", action="store_true", help="UTC, as --case prints them")

    def handle(self, *args: Any, case: str | None, **options: Any) -> None:
        """Print the slots of each case, {"error": …} in the place of a bad one, and then exit with 1; blank lines are
        skipped."""
        if case is None:
            self._here(**options)
            return
        failed = False
        for text in _cases(_read(case)):
            try:
                told = answer(text)
            except CaseProblem as problem:
                failed, told = True, {"error": str(problem)}
            self.stdout.write(json.dumps(told, ensure_ascii=False))
        if failed:
            sys.exit(1)

    def _here(self, **options: Any) -> None:
        from scheduling.slot_search_cli import NotHere, free_times

        try:
            found, zone = free_times(
                options["type"],
                first=options["first"],
                days=options["days"],
                provider=options["provider"],
                zone=options["zone"],
            )
        except NotHere as problem:
            raise CommandError(str(problem)) from None
        if options["json"]:
            self.stdout.write(json.dumps({"slots": [one.as_json() for one in found]}))
            return
        for one in found:
            self.stdout.write(f"{one.start.astimezone(zone):%a %Y-%m-%d %H:%M}  {', '.join(one.names)}")


def _read(name: str) -> str:
    if name == "-":
        return sys.stdin.read()
    try:
        return Path(name).read_text()
    except (OSError, UnicodeDecodeError) as trouble:
        sys.stdout.write(json.dumps({"error": f"The file cannot be read ({type(trouble).__name__})."}) + "\n")
        sys.exit(1)


def _cases(text: str) -> list[str]:
    """Return the whole text when it is one case, however many lines it takes; else one case per line."""
    try:
        json.loads(text)
    except ValueError:
        lines = [line for line in text.splitlines() if line.strip()]
        return lines or [text]
    return [text]
