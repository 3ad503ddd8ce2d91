"""The supervisor's decisions: ports, secrets, what is given wins; and that it stops everything it started."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from script import embedded, serve

GIVEN = {
    "DATABASE_URL": "postgresql://given@/given",
    "REDIS_URL": "redis://given:6379/0",
    "EMAIL_URL": "smtp://given.example.org:587",
}


@pytest.fixture(autouse=True)
def _outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Services are given, nothing else is; what is kept is kept elsewhere."""
    for name in ("SECRET_KEY", "FIELD_KEYS", "SITE_URL", "ALLOWED_HOSTS", "PORT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in GIVEN.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(serve, "STATE", tmp_path)


def environment(port: int) -> dict[str, str]:
    with ExitStack() as services:
        return serve._environment(port, services)


def test_wanted_port_is_taken_when_it_is_free(capsys: pytest.CaptureFixture[str]) -> None:
    wanted = embedded.free_port()

    seen = environment(wanted)

    assert (seen["PORT"], seen["SITE_URL"]) == (str(wanted), f"http://127.0.0.1:{wanted}")
    assert capsys.readouterr().out == ""


def test_taken_port_is_named_and_another_taken(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        wanted = somebody.getsockname()[1]
        seen = environment(wanted)

    assert int(seen["PORT"]) > wanted
    assert seen["SITE_URL"] == f"http://127.0.0.1:{seen['PORT']}"
    assert capsys.readouterr().out == f"Port {wanted} is taken: using {seen['PORT']} instead.\n"


def test_given_values_win() -> None:
    seen = environment(embedded.free_port())

    assert {name: seen[name] for name in GIVEN} == GIVEN
    assert "MAIL_PAGE_PORT" not in seen


def test_empty_value_counts_as_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMAIL_URL", "")

    seen = environment(embedded.free_port())

    assert seen["EMAIL_URL"].startswith("sink://127.0.0.1:")
    assert int(seen["MAIL_PAGE_PORT"]) >= int(seen["PORT"]) + 25


def test_secrets_are_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    first, second = environment(embedded.free_port()), environment(embedded.free_port())

    assert len(first["SECRET_KEY"]) >= 40
    assert first["FIELD_KEYS"].startswith("k1:")
    assert (first["SECRET_KEY"], first["FIELD_KEYS"]) == (second["SECRET_KEY"], second["FIELD_KEYS"])
    assert stat.S_IMODE((tmp_path / "secrets.env").stat().st_mode) == 0o600


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_stops_every_process_and_counts_as_success(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "Procfile").write_text("web: exec sleep 60\nworker: exec sleep 61\nmail: exec sleep 62\n")
    story = f"""
import sys
from pathlib import Path
from script import serve
serve.ROOT = serve.STATE = Path({str(tmp_path)!r})
sys.exit(serve._run({{"PORT": "1", "SITE_URL": "http://127.0.0.1:1", "PATH": {os.environ["PATH"]!r}}}))
"""
    supervisor = psutil.Popen([sys.executable, "-c", story], stdout=subprocess.DEVNULL)
    until = time.monotonic() + 20
    while len(children := _sleeping(supervisor)) < 2 and time.monotonic() < until:
        time.sleep(0.05)
    assert sorted(children) == ["60", "61"]
    supervisor.send_signal(number)

    assert supervisor.wait(30) == 0  # its processes would sleep for a minute
    assert not [process for process in children.values() if process.is_running()]


def test_signal_that_comes_at_once_leaves_nothing_behind(tmp_path: Path) -> None:
    """The worker reports its start only after the signal."""
    (tmp_path / "Procfile").write_text("web: exec sleep 63\nworker: exec sleep 64\n")
    story = f"""
import os, signal, sys
from pathlib import Path
from script import serve
serve.ROOT = serve.STATE = Path({str(tmp_path)!r})
start = serve.Supervisor._start
def start_and_signal(self):
    start(self)
    os.kill(os.getpid(), signal.SIGINT)
serve.Supervisor._start = start_and_signal
sys.exit(serve._run({{"PORT": "1", "SITE_URL": "http://127.0.0.1:1", "PATH": {os.environ["PATH"]!r}}}))
"""
    run = subprocess.run([sys.executable, "-c", story], stdout=subprocess.DEVNULL, timeout=30, check=False)

    assert run.returncode == 0
    commands = [process.info["cmdline"] for process in psutil.process_iter(["cmdline"])]
    assert ["sleep", "63"] not in commands
    assert ["sleep", "64"] not in commands


def _sleeping(supervisor: psutil.Popen) -> dict[str, psutil.Process]:
    """{seconds: process} of what it started."""
    found = [child for child in supervisor.children(recursive=True) if child.name() == "sleep"]
    return {child.cmdline()[1]: child for child in found}
