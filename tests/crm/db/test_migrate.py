"""`manage.py migrate` on a public site: two real roles, on a server that keeps what it confirms."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from script import embedded
from script.check import PUBLIC

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.xdist_group("migrate")  # on one server, one after the other


@pytest.fixture(scope="module")
def database() -> Iterator[embedded.Database]:
    """The tests' own server is forgetful, and a public site refuses it."""
    with (
        TemporaryDirectory(prefix="nucleus-roles-") as directory,
        embedded.postgres(Path(directory) / "postgres", durable=True) as made,
    ):
        yield made


def manage(database: embedded.Database, *command: str) -> subprocess.CompletedProcess[str]:
    """A command as the operator of a public site gives it."""
    ours = {"DATABASE_URL": database.url, "DATABASE_OWNER_URL": database.owner_url}
    variables = os.environ | PUBLIC | ours | {"DJANGO_SETTINGS_MODULE": "crm.settings"}
    whole = [sys.executable, "manage.py", *command]
    return subprocess.run(whole, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=300, check=False)


def asked(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(statement).fetchall()


def test_migrate_makes_everything_as_the_owner_and_lets_the_application_in(database: embedded.Database) -> None:
    run = manage(database, "migrate", "-v0")

    assert (run.returncode, run.stderr[-200:]) == (0, "")
    owners = asked(database.owner_url, "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")
    assert owners == [("postgres",)]
    assert asked(database.url, "SELECT current_user, count(*) FROM crm_lead") == [("nucleus", 0)]
    assert asked(database.url, "SELECT count(*) > 0 FROM auth_group") == [(True,)]


def test_migrate_again_finds_nothing_to_do(database: embedded.Database) -> None:
    run = manage(database, "migrate", "contenttypes")

    assert (run.returncode, run.stderr[-200:]) == (0, "")
    assert "No migrations to apply." in run.stdout


def test_migrate_still_refuses_a_forgetful_server(database: embedded.Database) -> None:
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute("ALTER ROLE nucleus SET synchronous_commit = off")

    run = manage(database, "migrate", "contenttypes")

    assert run.returncode == 1
    assert "PostgreSQL runs with synchronous_commit = off" in run.stderr
