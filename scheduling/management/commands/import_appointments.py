"""`manage.py import_appointments FILE --by EMAIL`: future appointments from the calendar before this one."""

import json
import sys
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from crm.models import User
from scheduling.calendars import importing
from scheduling.calendars.importing import ImportedRow
from scheduling.rules.import_table import NoTable


class Command(BaseCommand):
    help = (
        f"Books the rows of a CSV file. Columns: {', '.join(importing.COLUMNS)}. The same file again changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="- reads standard input")
        parser.add_argument("--by", required=True, metavar="EMAIL", help="in whose name, with whose permissions")
        parser.add_argument("--all-or-nothing", action="store_true", help="book none when one row is refused")
        parser.add_argument("--dry-run", action="store_true", help="try everything and keep nothing")
        parser.add_argument("--json", action="store_true", help="one object a row: row, ok, reason")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import the table; exit code 1 when a row was refused."""
        by = User.objects.filter(email__iexact=options["by"], is_active=True).first()
        if by is None or not by.has_perm("scheduling.add_appointment"):
            raise CommandError(f"{options['by']} may not book: name somebody of the desk.")
        try:
            body = sys.stdin.buffer.read() if options["file"] == "-" else Path(options["file"]).read_bytes()
            told = importing.bring_in(
                body,
                by=by,
                now=timezone.now(),
                all_or_nothing=options["all_or_nothing"],
                is_trial=options["dry_run"],
            )
        except (OSError, NoTable) as wrong:
            raise CommandError(str(wrong)) from None
        self._show(told, as_json=options["json"])
        refused = [one for one in told if not one.done]
        if options["json"]:
            sys.exit(1 if refused else 0)
        if options["dry_run"]:
            self.stdout.write("Nothing was booked: this was a trial.")
        elif refused and options["all_or_nothing"]:
            raise CommandError("Nothing was booked. Mend what was refused and run it again.")
        if refused:
            raise CommandError("Mend what was refused and run it again: nothing is booked twice.")

    def _show(self, told: list[ImportedRow], *, as_json: bool) -> None:
        for one in told:
            if as_json:
                row = {"row": one.line, "ok": bool(one.done), "reason": None if one.done else one.words}
                self.stdout.write(json.dumps(row, ensure_ascii=False))
            else:
                self.stdout.write(f"line {one.line}: {one.done or 'REFUSED'}{f': {one.words}' if one.words else ''}")
        if not as_json:
            counts = Counter(one.done or "refused" for one in told)
            self.stdout.write(", ".join(f"{count} {done}" for done, count in counts.items()) or "No rows.")
