"""`manage.py explain_calendar FILE --zone Z --from DATE --days N`: when somebody is busy by the text of a calendar."""

import json
import sys
from argparse import ArgumentParser
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand

from scheduling.calendars import sandboxed
from scheduling.calendars.sources import Unreadable, text_of
from scheduling.rules import spans


class Command(BaseCommand):
    help = "Prints busy times as one JSON object, as own calendars are read. Needs no settings and no service."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--zone", required=True, metavar="Z", type=_zone, help="of days and times without one")
        parser.add_argument("--from", dest="first", required=True, type=date.fromisoformat, metavar="DATE")
        parser.add_argument("--days", type=int, choices=range(1, 3661), default=30, metavar="N")

    def handle(self, *args: Any, file: str, zone: ZoneInfo, first: date, days: int, **options: Any) -> None:
        """Print the busy times as JSON; exit with 1 and {"error": …} when the calendar cannot be read."""
        begin, end = (datetime.combine(day, time(), tzinfo=zone) for day in (first, first + timedelta(days=days)))
        try:
            with Path(file).open("rb") as opened:
                text = text_of(iter(lambda: opened.read(64 * 1024), b""))
            found = sandboxed.read([text], zone=zone.key, begin=begin.astimezone(UTC), end=end.astimezone(UTC))
        except (OSError, Unreadable) as trouble:
            why = str(trouble) if isinstance(trouble, Unreadable) else f"It cannot be read ({type(trouble).__name__})."
            self.stdout.write(json.dumps({"error": why}))
            sys.exit(1)
        seconds = spans.merged((start.timestamp(), stop.timestamp()) for start, stop in found.busy)
        busy = [[_utc(start), _utc(stop)] for start, stop in seconds]
        self.stdout.write(json.dumps({"busy": busy, "skipped": found.skipped}))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, OSError):
        raise ValueError(name) from None


def _utc(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
