"""A database of its own for a bench, with Django set up for it in this process, and many leads in it at once."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from script import embedded
from script.check import PUBLIC

_LEADS = """
INSERT INTO crm_lead (id, reference, location_id, first_name, last_name, email, phone, phone_type,
    preferred_contact, best_time, state, timezone, ok_voicemail, how_heard, language, stage, stage_since,
    lost_reason, outcome, safety_hold, attribution, came_by, received_at, tags, created_at, updated_at)
SELECT gen_random_uuid(), upper(substr(md5(n::text), 1, 9)), %s, 'Avery', 'Specimen' || n %% 900,
    'p' || n || '@example.org', '+1212555' || lpad((n %% 10000)::text, 4, '0'), 'mobile', 'phone', '{}',
    'NY', 'America/New_York', true, '', 'en', (%s::text[])[1 + n %% %s], now(), '', '', false,
    '{}', 'web', now(), '{}', now() - n * interval '40 seconds', now()
FROM generate_series(%s, %s) AS n ON CONFLICT DO NOTHING
"""


@contextmanager
def migrated(*, with_pages: bool = False) -> Iterator[Path]:
    """Run PostgreSQL in a temporary directory, migrate it, and set Django up for it; yield the directory. `with_pages`
    collects static files too, which pages need."""
    with (
        tempfile.TemporaryDirectory(prefix="nucleus-bench-") as name,
        embedded.postgres(Path(name) / "postgres", durable=False) as database,
    ):
        ours = {"DATABASE_URL": database.owner_url, "DATABASE_OWNER_URL": database.owner_url}
        site = {"SITE_URL": "http://127.0.0.1", "ALLOWED_HOSTS": "testserver", "EMAIL_URL": "sink://127.0.0.1:9"}
        os.environ |= PUBLIC | ours | site | {"DJANGO_SETTINGS_MODULE": "crm.settings"}
        _manage("migrate", "--skip-checks")
        if with_pages:
            _manage("collectstatic", "--noinput")
        import django

        django.setup()
        try:
            yield Path(name)
        finally:
            _close_pool()


def fill_with_leads(upto: int, *, stages: Sequence[str]) -> None:
    """Add leads until there are so many, spread over the stages and as many moments."""
    from django.db import connection

    from crm.models import Lead, Location
    from tests.factories import make_location

    center = Location.objects.main() or make_location()
    with connection.cursor() as cursor:
        cursor.execute(_LEADS, [center.pk, list(stages), len(stages), Lead.objects.count() + 1, upto])


def _manage(command: str, *options: str) -> None:
    subprocess.run([sys.executable, "manage.py", command, "-v0", *options], check=True)


def _close_pool() -> None:
    from django.db import connection

    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's wrapper has it
