"""From a fresh clone to the first page, the second start, what the idle stack weighs, and how fast it stops.

    python -m bench.stack

Clones the current commit into a temporary directory and runs script/server there as a new user would. The first start
installs the packages: empty uv's cache before (`uv cache clean`) to measure a new machine.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from script import embedded

ROOT = Path(__file__).resolve().parent.parent
IDLE_SECONDS = 10
LIMITS = {
    "clone to first page": (120.0, "s"),
    "second start": (10.0, "s"),
    "stop": (5.0, "s"),
    "idle stack, sum of PSS": (700.0, "MB"),
}


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="nucleus-stack-") as directory:
        clone, begun = Path(directory) / "nucleus", time.monotonic()
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        found = _first_start(clone, begun)
        found["second start"] = _second_start(clone)
    return _show(found)


def _first_start(clone: Path, begun: float) -> dict[str, float]:
    server = Server.start(clone)
    found = {"clone to first page": server.wait_for_page() - begun}
    time.sleep(IDLE_SECONDS)
    found["idle stack, sum of PSS"] = _weight(clone, server)
    return found | {"stop": server.stop()}


def _second_start(clone: Path) -> float:
    begun = time.monotonic()
    server = Server.start(clone)
    seconds = server.wait_for_page() - begun
    server.stop()
    return seconds


@dataclass
class Server:
    """script/server in a clone, and the address of its home page."""

    process: "subprocess.Popen[bytes]"
    address: str

    @classmethod
    def start(cls, clone: Path) -> "Server":
        port = str(embedded.free_port())
        command = ["script/server", "--port", port]
        return cls(
            subprocess.Popen(command, cwd=clone, stdout=subprocess.DEVNULL, env=_clean()), f"http://127.0.0.1:{port}/"
        )

    def wait_for_page(self) -> float:
        """Wait for the home page and return when it answered (monotonic seconds). Raises RuntimeError when the server
        ends before."""
        while self.process.poll() is None:
            with suppress(OSError), urllib.request.urlopen(self.address) as answer:  # noqa: S310 - our own
                if answer.status == 200:
                    return time.monotonic()
            time.sleep(0.1)
        raise RuntimeError("script/server ended before it showed a page: run it by hand to see why.")

    def stop(self) -> float:
        """Press Ctrl-C; returns the seconds until everything was gone."""
        begun = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=60)
        return time.monotonic() - begun


def _clean() -> dict[str, str]:
    """Return the environment without this project's own virtual environment on the path."""
    path = [part for part in os.environ["PATH"].split(os.pathsep) if not part.startswith(str(ROOT))]
    return os.environ | {"PATH": os.pathsep.join(path)}


def _weight(clone: Path, server: Server) -> float:
    """Return the megabytes of all processes of the clone: shared pages are divided among those who share them."""
    seeds = [psutil.Process(server.process.pid)]
    for process in psutil.process_iter(["cmdline"]):
        if any(str(clone) in word for word in process.info["cmdline"] or []):
            seeds.append(process)
    family = {member for seed in seeds for member in (seed, *seed.children(recursive=True))}
    return float(sum(process.memory_full_info().pss for process in family)) / 1_048_576


def _show(found: dict[str, float]) -> int:
    print(f"\n{'':<26}{'measured':>12}{'limit':>12}{'ratio':>8}")
    for name, (limit, unit) in LIMITS.items():
        print(f"{name:<26}{found[name]:>9.1f} {unit:<2}{limit:>9.0f} {unit:<2}{found[name] / limit:>8.2f}")
    return 0 if all(found[name] <= limit for name, (limit, _unit) in LIMITS.items()) else 1


if __name__ == "__main__":
    sys.exit(main())
