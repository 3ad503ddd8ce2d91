"""A public site refuses a database that may forget what it confirmed."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from django.core.checks import run_checks
from django.db import connection
from pytest_django import Settings

from crm.db import checks
from script.check import PUBLIC
from tests.faults.rehearsal import database_url

pytestmark = pytest.mark.django_db

Set = Callable[[str], None]
SENTENCE = "PostgreSQL runs with synchronous_commit = {}: set it to on, or committed requests can be lost."


@pytest.fixture
def set_commit(monkeypatch: pytest.MonkeyPatch) -> Set:
    """The tests' own server is forgetful; here only synchronous_commit, which a session may set, is judged."""
    monkeypatch.setattr(checks, "DURABLE", {"synchronous_commit": checks.DURABLE["synchronous_commit"]})

    def choose(value: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('synchronous_commit', %s, true)", [value])

    return choose


def test_server_of_the_tests_is_forgetful() -> None:
    assert checks.problems() == [
        "PostgreSQL runs with fsync = off: set it to on, or committed requests can be lost.",
        SENTENCE.format("off"),
    ]


@pytest.mark.parametrize("value", ["on", "local", "remote_write", "remote_apply"])
def test_durable_values(set_commit: Set, value: str) -> None:
    set_commit(value)

    assert checks.problems() == []


def test_public_site_does_not_start_on_a_forgetful_database(set_commit: Set, settings: Settings) -> None:
    settings.IS_PUBLIC = True
    set_commit("off")

    with pytest.raises(SystemExit) as refusal:
        checks.refuse_unsafe_database()

    assert str(refusal.value) == f"Nucleus cannot start. {SENTENCE.format('off')}"


def test_public_site_starts_on_a_durable_database(set_commit: Set, settings: Settings) -> None:
    settings.IS_PUBLIC = True
    set_commit("on")

    checks.refuse_unsafe_database()


def test_local_site_may_forget(set_commit: Set) -> None:
    set_commit("off")

    checks.refuse_unsafe_database()


def test_check_of_a_public_site_names_the_setting(set_commit: Set, settings: Settings) -> None:
    settings.IS_PUBLIC = True
    set_commit("off")

    found = [message for message in run_checks(databases=["default"]) if message.id == "crm.E001"]
    assert [message.msg for message in found] == [SENTENCE.format("off")]


def test_check_without_a_database_asks_none(set_commit: Set, settings: Settings) -> None:
    settings.IS_PUBLIC = True
    set_commit("off")

    assert checks.check_durability(databases=None) == []


@pytest.mark.parametrize("command", [["-c", "import crm.wsgi"], ["-m", "celery", "-A", "crm", "worker"]])
def test_process_of_a_public_site_does_not_start(command: list[str]) -> None:
    ours = {"DATABASE_URL": database_url(), "DATABASE_OWNER_URL": "", "DJANGO_SETTINGS_MODULE": "crm.settings"}
    variables = os.environ | PUBLIC | ours

    run = subprocess.run(
        [sys.executable, *command], env=variables, capture_output=True, text=True, timeout=25, check=False
    )

    assert run.returncode == 1
    assert run.stderr.splitlines()[-1].startswith("Nucleus cannot start. PostgreSQL runs with fsync = off")
