"""Ends what an earlier run left behind: a supervisor that was killed could not stop its processes."""

from pathlib import Path

import psutil

PATIENCE_SECONDS = 5


def remember(file: Path) -> None:
    """Write down this process's descendants, with their start times, so that a later run knows them again."""
    lines = [f"{process.pid} {process.create_time()}" for process in psutil.Process().children(recursive=True)]
    file.write_text("\n".join(lines))


def end(file: Path) -> None:
    """End the processes of an earlier run that still live. A process id taken by somebody else is left alone."""
    if not file.exists():
        return
    living = [process for line in file.read_text().splitlines() if (process := _same(*line.split()))]
    for process in living:
        process.terminate()
    for process in psutil.wait_procs(living, timeout=PATIENCE_SECONDS)[1]:
        process.kill()
    file.unlink()


def _same(pid: str, created: str) -> psutil.Process | None:
    try:
        process = psutil.Process(int(pid))
        return process if abs(process.create_time() - float(created)) < 1 else None
    except psutil.NoSuchProcess:
        return None
