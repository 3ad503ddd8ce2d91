"""Test databases as pytest-django makes them: one is migrated, and every other is a copy of it.

    DATABASE_URL=postgresql://…/checks python -m script.test_databases unit_gw0 unit_gw1

migrates test_checks and copies it to test_unit_gw0 and test_unit_gw1, for pytest --reuse-db.
"""

import os
import sys
from collections.abc import Sequence
from urllib.parse import urlsplit

import psycopg
from psycopg import sql


def main(names: Sequence[str]) -> None:
    """Migrate the test database of DATABASE_URL, with the environment of the tests, and copy it for each name."""
    from tests import plugin_services  # noqa: F401 - it sets the environment

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
    import django

    django.setup()
    from django.db import connection

    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's wrapper has it
    url = os.environ["DATABASE_URL"]
    for name in names:
        renew(url, name, template=urlsplit(url).path.removeprefix("/"))


def address(server_url: str, name: str) -> str:
    """Return the address of the database of this name on the same server."""
    return urlsplit(server_url)._replace(path=f"/{name}").geturl()


def renew(server_url: str, name: str, *, template: str | None) -> None:
    """Drop the test database of `name`, and copy that of `template` for it; without one pytest migrates it."""
    ours = sql.Identifier(f"test_{name}")
    with psycopg.connect(address(server_url, "postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(ours))
        if template:
            whole = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(ours, sql.Identifier(f"test_{template}"))
            connection.execute(whole)


if __name__ == "__main__":
    main(sys.argv[1:])
