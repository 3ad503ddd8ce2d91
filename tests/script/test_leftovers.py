"""What a killed supervisor left behind is ended; nobody else's process is."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from script import leftovers

DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"


@pytest.fixture
def sleeper() -> Iterator[psutil.Process]:
    """A process of somebody else."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield psutil.Process(process.pid)
    process.kill()
    process.wait()


def test_end_ends_what_a_killed_supervisor_started(tmp_path: Path) -> None:
    story = f"""
import os, signal, subprocess
from pathlib import Path
from script import leftovers
child = subprocess.Popen(["sleep", "60"], stdout=subprocess.DEVNULL)
print(child.pid, flush=True)
leftovers.remember(Path({str(tmp_path / "processes")!r}))
os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = subprocess.run([sys.executable, "-c", story], stdout=subprocess.PIPE, timeout=60, check=False)
    orphan = psutil.Process(int(killed.stdout))
    assert orphan.is_running()

    leftovers.end(tmp_path / "processes")

    assert not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE
    assert not (tmp_path / "processes").exists()


def test_end_leaves_alone_a_process_that_only_has_the_same_number(tmp_path: Path, sleeper: psutil.Process) -> None:
    file = tmp_path / "processes"
    file.write_text(f"{sleeper.pid} {sleeper.create_time() - 100}\n4194304 1.0")

    leftovers.end(file)

    assert sleeper.is_running()
    assert not file.exists()


def test_end_kills_what_does_not_listen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "PATIENCE_SECONDS", 0.3)
    with subprocess.Popen([sys.executable, "-c", DEAF], stdout=subprocess.PIPE, text=True) as deaf:
        assert deaf.stdout is not None
        assert deaf.stdout.readline() == "ready\n"
        (tmp_path / "processes").write_text(f"{deaf.pid} {psutil.Process(deaf.pid).create_time()}")

        leftovers.end(tmp_path / "processes")

        assert deaf.wait(5) != 0


def test_end_without_a_file_does_nothing(tmp_path: Path) -> None:
    leftovers.end(tmp_path / "processes")
