"""One clock for all: that of the process, and that of PostgreSQL, by which everything that is due is judged."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import time_machine
from django.db import connection

# What asks PostgreSQL for the time finds these first, until the transaction ends.
SHADOWED = ("now", "statement_timestamp", "transaction_timestamp", "clock_timestamp")


@dataclass
class Clock:
    traveller: time_machine.Traveller
    now: datetime

    def begins(self) -> None:
        """Inside the transaction that is rolled back after the life."""
        reads = "RETURNS timestamptz LANGUAGE sql STABLE RETURN current_setting('life.now')::timestamptz"
        with connection.cursor() as cursor:
            cursor.execute("CREATE SCHEMA life_clock")
            for name in SHADOWED:
                cursor.execute(f"CREATE FUNCTION life_clock.{name}() {reads}")
            cursor.execute("SET LOCAL search_path = life_clock, pg_catalog, public")
        self.goes_on(timedelta())

    def goes_on(self, span: timedelta) -> None:
        self.now += span
        self.traveller.move_to(self.now)
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('life.now', %s, true)", [self.now.isoformat()])

    def day_in(self, zone: str) -> date:
        return self.now.astimezone(ZoneInfo(zone)).date()
