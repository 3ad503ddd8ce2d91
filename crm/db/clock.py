"""PostgreSQL's clock, which all machines share."""

from datetime import datetime

from django.db import connection


def now() -> datetime:
    """Return PostgreSQL's time, aware. One query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        found: datetime = cursor.fetchone()[0]
    return found
