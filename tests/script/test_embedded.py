"""The database and the broker that come with the project: kept, taken over, never somebody else's."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import psycopg
import pytest
import redis

from script import embedded


@pytest.fixture
def directory() -> Iterator[Path]:
    """As script/server uses it. pytest's own directories are closed to the user that PostgreSQL runs as."""
    with TemporaryDirectory(prefix="nucleus-script-") as made:
        yield Path(made)


def ask(url: str, statement: str) -> list[Any]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def process_of(directory: Path) -> int:
    return int((directory / "postmaster.pid").read_text().split()[0])


def is_alive(process: int) -> bool:
    try:
        return bool(psutil.Process(process).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def run_and_kill(directory: Path, *, server_too: bool) -> int:
    """A process that uses the database and is killed before it can stop it. Returns the server's process id."""
    story = f"""
import os, signal
from pathlib import Path
import psycopg
from script import embedded
directory = Path({str(directory)!r})
with embedded.postgres(directory, durable=True) as database:
    with psycopg.connect(database.owner_url) as connection:
        connection.execute("CREATE TABLE kept (x int)")
    server = int((directory / "postmaster.pid").read_text().split()[0])
    print(server, flush=True)
    if {server_too}:
        os.kill(server, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = subprocess.run([sys.executable, "-c", story], stdout=subprocess.PIPE, text=True, timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL
    return int(killed.stdout)


def test_postgres_keeps_its_data_when_it_should(directory: Path) -> None:
    with embedded.postgres(directory / "kept", durable=True) as database:
        ask(database.owner_url, "CREATE TABLE kept (x int)")
        assert ask(database.owner_url, "SHOW fsync") == [("on",)]
        assert ask(database.owner_url, "SHOW synchronous_commit") == [("on",)]
        server = process_of(directory / "kept")
    assert not is_alive(server)

    with embedded.postgres(directory / "kept", durable=True) as database:
        assert ask(database.owner_url, "SELECT count(*) FROM kept") == [(0,)]


def test_postgres_leaves_nothing_when_it_should_not(directory: Path) -> None:
    with embedded.postgres(directory / "passing", durable=False) as database:
        assert ask(database.owner_url, "SHOW fsync") == [("off",)]

    assert not (directory / "passing").exists()


def test_postgres_gives_the_application_a_role_that_owns_nothing(directory: Path) -> None:
    with embedded.postgres(directory / "roles", durable=False) as database:
        assert ask(database.url, "SELECT current_user, usesuper FROM pg_user WHERE usename = current_user") == [
            ("nucleus", False)
        ]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            ask(database.url, "CREATE TABLE mine (x int)")


def test_postgres_starts_again_after_it_was_killed(directory: Path) -> None:
    """The file with its process id is still there, and names a process that is gone."""
    dead = run_and_kill(directory / "killed", server_too=True)
    assert process_of(directory / "killed") == dead

    with embedded.postgres(directory / "killed", durable=True) as database:
        assert ask(database.owner_url, "SELECT count(*) FROM kept") == [(0,)]


@pytest.mark.parametrize("file", ["{other}\n{at}\n1795000000\n5432\n{at}\n\n1 1\nready\n", ""], ids=["taken", "empty"])
def test_postgres_is_not_mistaken_for_a_process_with_its_number(directory: Path, file: str) -> None:
    """As after a power cut: its number belongs to somebody else by now, or was never written."""
    at = directory / "cut"
    with embedded.postgres(at, durable=True):
        pass
    with subprocess.Popen(["sleep", "60"]) as other:
        (at / "postmaster.pid").write_text(file.format(other=other.pid, at=at))
        try:
            with embedded.postgres(at, durable=True) as database:
                assert ask(database.owner_url, "SELECT 1") == [(1,)]
            assert other.poll() is None
        finally:
            other.kill()


def test_postgres_of_a_killed_process_is_taken_over_and_stopped(directory: Path) -> None:
    left = run_and_kill(directory / "left", server_too=False)
    assert is_alive(left)

    with embedded.postgres(directory / "left", durable=True) as database:
        assert ask(database.owner_url, "SELECT count(*) FROM kept") == [(0,)]
        assert process_of(directory / "left") == left

    assert not is_alive(left)


def test_valkey_runs_as_long_as_the_block(tmp_path: Path) -> None:
    with embedded.valkey(tmp_path / "valkey") as url:
        client = redis.Redis.from_url(url)
        client.set("kept", "no")
        port = int(url.split(":")[2].split("/")[0])
        assert embedded.is_taken(port)
        client.close()
    assert not embedded.is_taken(port)

    with embedded.valkey(tmp_path / "valkey", port=port) as again:
        client = redis.Redis.from_url(again)
        assert (again, client.get("kept")) == (url, None)
        client.close()


def test_valkey_does_not_pass_for_another_server_on_its_port(tmp_path: Path) -> None:
    with embedded.valkey(tmp_path / "first") as url:
        port = int(url.split(":")[2].split("/")[0])
        with (
            pytest.raises(RuntimeError, match=f"Valkey did not start on port {port}."),
            embedded.valkey(tmp_path / "second", port=port),
        ):
            raise AssertionError("It claims to run.")


def test_free_port_is_the_wanted_one_or_the_next() -> None:
    wanted = embedded.free_port()
    assert embedded.free_port(wanted) == wanted

    with socket.create_server(("127.0.0.1", wanted)):
        assert embedded.is_taken(wanted)
        assert wanted < embedded.free_port(wanted) < wanted + 200


def test_free_ports_are_all_different_and_none_that_a_connection_would_get() -> None:
    ports = [embedded.free_port() for _ in range(300)]
    assert len(set(ports)) == 300
    assert max(ports) < 32_768  # from there on Linux gives them to outgoing connections
