"""script/faults fuzz: thousands of hostile requests from several processes, each with a copy of one site.

Promised: none is answered by a server error, none is left without an answer.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import psycopg
from honcho.environ import parse_procfile
from psycopg import sql

from script import embedded
from script.check import PUBLIC
from tests.faults.fuzz.values import METRICS_TOKEN

ROOT = Path(__file__).resolve().parents[3]
MOST_SECONDS = 30.0  # for one request, on a machine that does other things as well
STARTING_SECONDS = 120.0
MOST_SHOWN = 40
MOST_SAID = 12_000


@dataclass(frozen=True)
class Attack:
    """Requests from `first` on, to before `last`."""

    seed: int
    first: int
    last: int
    processes: int


@dataclass
class Result:
    statuses: Counter[int] = field(default_factory=Counter)
    broken: list[dict[str, Any]] = field(default_factory=list)
    hung: list[dict[str, Any]] = field(default_factory=list)
    slowest: list[tuple[float, int]] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not self.broken and not self.hung


def attack(plan: Attack, directory: Path, owner_url: str) -> Result:
    """Expects an empty database, in which the site is made that the others are copies of."""
    result, chart = Result(), directory / "map"
    first = _environment(owner_url, directory)
    for command in (["manage.py", "migrate", "-v0"], ["manage.py", "collectstatic", "-v0", "--noinput"]):
        subprocess.run([sys.executable, *command], cwd=ROOT, env=first, check=True)
    subprocess.run([*_ATTACKER, "map", "--map", str(chart)], cwd=ROOT, env=first, check=True)
    threads = []
    for place in range(plan.processes):
        url = _copied(owner_url, f"fuzz_{place}")
        one = _Attacker(plan, place, chart, _environment(url, directory), result)
        threads.append(threading.Thread(target=one.run))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return result


_ATTACKER = [sys.executable, "-W", "ignore", "-m", "tests.faults.fuzz"]


def _environment(url: str, directory: Path) -> dict[str, str]:
    """Of a place on this machine that limits nobody: what lies behind the limits shall be reached."""
    secret = "postmark://:key@127.0.0.1:1?webhook=hook%3Asesame&tls=off"
    here = {"SITE_URL": "http://127.0.0.1", "ALLOWED_HOSTS": "127.0.0.1", "REDIS_URL": "redis://127.0.0.1:1"}
    ours = {"DATABASE_URL": url, "DATABASE_OWNER_URL": url, "DOCUMENTS_DIR": str(directory / "documents")}
    more = {"EMAIL_URL": secret, "METRICS_TOKEN": METRICS_TOKEN, "REQUESTS_AN_HOUR": "1000000"}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return os.environ | PUBLIC | here | ours | more | {"DJANGO_SETTINGS_MODULE": "crm.settings", "PATH": path}


def _copied(owner_url: str, name: str) -> str:
    with psycopg.connect(urlsplit(owner_url)._replace(path="/postgres").geturl(), autocommit=True) as connection:
        template = sql.Identifier(urlsplit(owner_url).path.lstrip("/"))
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), template))
    return urlsplit(owner_url)._replace(path=f"/{name}").geturl()


@dataclass
class _Attacker:
    """Sends every n-th request, from `place` on, with a server of its own beside it. Whoever hangs is killed, and
    another one goes on behind that request."""

    plan: Attack
    place: int
    chart: Path
    variables: dict[str, str]
    result: Result
    _current: int = -1
    _request: str = ""
    _since: float = 0.0

    def run(self) -> None:
        numbers = range(self.plan.first, self.plan.last)[self.place :: self.plan.processes]
        with ExitStack() as running:
            port = _server(running, self.variables)
            while numbers:
                self._current, self._since = -1, time.monotonic() + STARTING_SECONDS
                if self._follow(numbers, port):
                    return
                numbers = numbers[numbers.index(self._current) + 1 :] if self._current in numbers else numbers[1:]

    def _follow(self, numbers: range, port: int) -> bool:
        """True when it came to the end."""
        options = {"map": self.chart, "seed": self.plan.seed, "first": numbers.start, "last": numbers.stop}
        options |= {"step": numbers.step, "port": port, "seconds": MOST_SECONDS}
        command = [*_ATTACKER, "send", *(f"--{name}={value}" for name, value in options.items())]
        with psutil.Popen(
            command, cwd=ROOT, env=self.variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            ended = threading.Event()
            watch = threading.Thread(target=self._watch, args=(process, ended))
            watch.start()
            for line in process.stdout:
                self._heard(line)
            ended.set()
            watch.join()
            said = process.stderr.read()
            if process.wait() == 0:
                return True
        about = {"number": self._current, "request": self._request, "trouble": said[-MOST_SAID:]}
        self.result.hung.append(about)
        return False

    def _heard(self, line: str) -> None:
        kind, _, rest = line.partition(" ")
        if kind == ">":
            number, _, self._request = rest.partition(" ")
            self._current, self._since = int(number), time.monotonic()
        elif kind == "!":
            self.result.broken.append(json.loads(rest))
        elif kind == "<":
            number, status, seconds = rest.split()
            self.result.statuses[int(status)] += 1
            self.result.slowest = sorted([*self.result.slowest, (float(seconds), int(number))])[-5:]
            self._since = time.monotonic()

    def _watch(self, process: psutil.Popen, ended: threading.Event) -> None:
        """Asks a process that hangs where it is, and ends it."""
        while not ended.wait(0.5):
            if time.monotonic() - self._since > MOST_SECONDS:
                process.send_signal(signal.SIGUSR1)
                ended.wait(1)
                process.kill()
                return


def _server(running: ExitStack, variables: dict[str, str]) -> int:
    """The web process of the Procfile; returns its port."""
    port = embedded.free_port()
    command = parse_procfile((ROOT / "Procfile").read_text()).processes["web"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = psutil.Popen(["sh", "-c", command], cwd=ROOT, env=variables | {"PORT": str(port)}, **quiet)
    running.callback(_end, process)
    until = time.monotonic() + STARTING_SECONDS
    while not embedded.is_taken(port):
        if time.monotonic() > until or process.poll() is not None:
            raise RuntimeError("The site did not start.")
        time.sleep(0.1)
    return port


def _end(process: psutil.Process) -> None:
    if process.is_running():
        family = [process, *process.children(recursive=True)]
        process.terminate()
        for straggler in psutil.wait_procs(family, timeout=15)[1]:
            straggler.kill()


def show(plan: Attack, result: Result, *, seconds: float) -> None:
    """A table, and for each failure what to type to see it again."""
    for one in [*result.broken[:MOST_SHOWN], *result.hung[:MOST_SHOWN]]:
        print(f"\n{one.get('status', 'Hung or ended')}: {one['request']}\n{one['trouble']}")
        print(f"Again: script/faults fuzz --seed {plan.seed} --first {one['number']} --requests 1")
    kinds = Counter((one["trouble"].strip().split("\n") or [""])[-1][:100] for one in result.broken)
    print("".join(f"\n{count:>6} × {words or 'without a traceback'}" for words, count in kinds.most_common()))
    print("\nstatus   answers")
    for status, count in sorted(result.statuses.items()):
        print(f"{status or 'closed':>6}{count:>10,}")
    print("slowest: " + ", ".join(f"{took:.1f} s (number {number})" for took, number in reversed(result.slowest)))
    sent = sum(result.statuses.values()) + len(result.hung)
    print(f"{sent:,} hostile requests with seed {plan.seed} in {seconds:.0f} s:", end=" ")
    print(f"{len(result.broken)} server errors, {len(result.hung)} hung.")
