"""One run at a time of each job that may take long, on all machines together; and ticks that come together are one.

The lock is PostgreSQL's (pg_try_advisory_lock) and belongs to a connection of its own: it ends with the process that
holds it, however that dies, and no pool hands it on to somebody else.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import psycopg
import structlog
from django.db import connection

# Of a machine that vanished without a word PostgreSQL learns after a minute instead of two hours.
_ASK_OFTEN = "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"

log = structlog.get_logger("nucleus.alone")


def run(job: str, work: Callable[[], int]) -> int:
    """Run `work` and return what it returns; 0, without calling it, while another run of this job goes on anywhere."""
    with held(job) as mine:
        if not mine:
            log.info("already_running", job=job)
        return work() if mine else 0


def is_first(job: str, *, within: timedelta) -> bool:
    """Mark a job as begun unless it began `within` this span, by PostgreSQL's clock; return whether it did now. Ticks
    wait for workers that are away, by the thousand after a night, and do not expire: no two machines need to agree
    about the time."""
    with connection.cursor() as cursor:
        values: list[Any] = [job, within]
        cursor.execute(_BEGIN, values)
        return cursor.fetchone() is not None


_BEGIN = """
INSERT INTO crm_jobrun (job, begun_at) VALUES (%s, statement_timestamp())
ON CONFLICT (job) DO UPDATE SET begun_at = EXCLUDED.begun_at
    WHERE crm_jobrun.begun_at <= EXCLUDED.begun_at - %s OR crm_jobrun.begun_at > EXCLUDED.begun_at
RETURNING job
"""


@contextmanager
def held(job: str) -> Iterator[bool]:
    """Yield whether this job is held here: True when nobody else holds it. It is free again afterwards."""
    with _connection() as own:
        found = own.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 16))", [f"job:{job}"]).fetchone()
        try:
            yield bool(found and found[0])
        finally:
            with suppress(psycopg.Error):  # a connection that broke holds nothing
                own.execute("SELECT pg_advisory_unlock_all()")  # PostgreSQL notices a closed one a moment later


def _connection() -> "psycopg.Connection[tuple[object, ...]]":
    """Open a connection to PostgreSQL as Django would, but outside its pool."""
    info = connection.settings_dict
    more = {name: value for name, value in info["OPTIONS"].items() if name != "pool"}
    names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    given = {name: info[key] for name, key in names.items() if info[key]}
    more["options"] = f"{more.get('options', '')} {_ASK_OFTEN}".strip()
    return psycopg.connect(**given, **more, autocommit=True)
