"""`manage.py import_appointments FILE --by EMAIL`: future appointments from the calendar before this one."""

import sys
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from crm.models import User
from scheduling import importing


class Command(BaseCommand):
    help = (
        f"Books the rows of a CSV file. Columns: {', '.join(importing.COLUMNS)}. The same file again changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="- reads standard input")
        parser.add_argument("--by", required=True, metavar="EMAIL", help="in whose name, with whose permissions")

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit code 1 when a row was refused."""
        by = User.objects.filter(email__iexact=options["by"], is_active=True).first()
        if by is None or not by.has_perm("scheduling.add_appointment"):
            raise CommandError(f"{options['by']} may not book: name somebody of the desk.")
        try:
            text = sys.stdin.read() if options["file"] == "-" else Path(options["file"]).read_text("utf-8-sig")
            told = list(importing.bring_in(text.splitlines(), by=by, now=timezone.now()))
        except (OSError, importing.BadRow) as wrong:
            raise CommandError(str(wrong)) from None
        for one in told:
            self.stdout.write(f"line {one.line}: {one.done or 'REFUSED'}{f': {one.words}' if one.words else ''}")
        counts = Counter(one.done or "refused" for one in told)
        self.stdout.write(", ".join(f"{count} {done}" for done, count in counts.items()) or "No rows.")
        if counts["refused"]:
            raise CommandError("Mend what was refused and run it again: nothing is booked twice.")
