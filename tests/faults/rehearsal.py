"""Rehearses what can go wrong with real processes: a worker, a clock, PostgreSQL, Valkey and a mail server.

Used by the tests with small numbers and by script/faults with large ones. Expects Django to be set up.
"""

import http.client
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode, urlsplit

import psutil
from django.db import connection, transaction
from honcho.environ import parse_procfile

from crm import dispatch, periodic
from crm.enums.leads import LEASED_STATES, MessageState, OnUnknown
from crm.models import Message
from crm.ops import exclusive_jobs
from script import embedded
from tests.factories import make_lead, make_message
from tests.faults.far_end import FarEnd

ROOT = Path(__file__).resolve().parents[2]
KILLED_AFTER = 20.0
UNSETTLED = [MessageState.QUEUED, *LEASED_STATES]
_OUTPUT = {} if "SHOW_WORKER" in os.environ else {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


@dataclass(frozen=True)
class Outcome:
    """What came of a set of messages. `lost`: neither accepted nor in a state that shows it to a person."""

    mails: int
    accepted: int
    lost: int
    twice: int
    parked: int
    unsettled: int

    def broken_promises(self, policy: OnUnknown) -> list[str]:
        """Empty when docs/delivery.md was kept."""
        found = []
        if self.unsettled:
            found.append(f"{self.unsettled} never came to an end")
        if self.lost:
            found.append(f"{self.lost} lost")
        if policy == OnUnknown.PARK and self.twice:
            found.append(f"{self.twice} parked messages accepted twice")
        if policy == OnUnknown.RESEND and self.parked:
            found.append(f"{self.parked} parked although they should be sent again")
        return found


def database_url() -> str:
    """The address of the database this process uses, for the processes it starts."""
    info = connection.settings_dict
    return f"postgresql://{info['USER']}@/{info['NAME']}?host={info['HOST']}&port={info['PORT'] or 5432}"


def environment(far: FarEnd, *, redis_url: str = "redis://127.0.0.1:1", **more: str) -> dict[str, str]:
    """What a worker of the rehearsal needs."""
    ours = {"DATABASE_URL": database_url(), "EMAIL_URL": far.url, "REDIS_URL": redis_url, "PYTHONPATH": str(ROOT)}
    crowd = {"REQUESTS_AN_HOUR": "1000000"}  # all visitors of a test come from one address
    return os.environ | ours | crowd | {"DJANGO_SETTINGS_MODULE": "crm.settings"} | more


def collect_static(far: FarEnd) -> None:
    """What pages of the site need; a form that is only posted to does without."""
    command = [sys.executable, "manage.py", "collectstatic", "-v0", "--noinput"]
    subprocess.run(command, cwd=ROOT, env=environment(far), check=True, timeout=120)


def send_once(far: FarEnd, **more: str) -> subprocess.CompletedProcess[str]:
    """One run of send_due in a process of its own."""
    command = [sys.executable, "-m", "tests.faults.hurried"]
    return subprocess.run(
        command, cwd=ROOT, env=environment(far, **more), capture_output=True, text=True, timeout=60, check=False
    )


@dataclass
class Worker:
    """A Celery worker under a supervisor, as on a server: whatever its main process ended by, a new one is started."""

    variables: dict[str, str]
    processes: int

    def __post_init__(self) -> None:
        self.main = self._started()
        self._over = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise, daemon=True)
        self._supervisor.start()

    def kill_one(self, *, chance: random.Random) -> bool:
        """SIGKILL for one of the sending processes; False when none is up."""
        sending = [child for child in _children(self.main)[1:] if _is_alive(child)]
        if sending:
            chance.choice(sending).kill()
        return bool(sending)

    def stop(self) -> float:
        """SIGTERM; returns the seconds until all its processes were gone (SIGKILL after KILLED_AFTER)."""
        self._over.set()
        self._supervisor.join()
        return end(self.main)

    def _supervise(self) -> None:
        while not self._over.wait(0.1):
            if self.main.poll() is not None:
                self.main = self._started()

    def _started(self) -> psutil.Popen:
        command = ["worker", "-c", str(self.processes), "--without-gossip", "--without-mingle"]
        return _celery(command, self.variables)


def rounds_of(main: psutil.Process) -> psutil.Process:
    """The process beside a worker's own, which it makes before any other (crm/worker_rounds.py)."""
    return _children(main)[0]


def _children(main: psutil.Process) -> list[psutil.Process]:
    """The oldest first."""
    try:
        return sorted(main.children(), key=lambda child: (child.create_time(), child.pid))
    except psutil.NoSuchProcess:
        return []


def _is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@contextmanager
def worker(far: FarEnd, *, redis_url: str, processes: int = 2, **more: str) -> Iterator[Worker]:
    """A Celery worker, and a clock (beat) in a process of its own. Both end with SIGTERM. The ticks sweep, and not
    the rounds beside the worker, which would before there is any process to kill."""
    exclusive_jobs.is_first(periodic.MESSAGES, within=timedelta())
    with ExitStack() as running:
        running.enter_context(clock(far, redis_url=redis_url, **more))
        sending = Worker(environment(far, redis_url=redis_url, **more), processes)
        running.callback(sending.stop)
        yield sending


@contextmanager
def workers(far: FarEnd, *queues: str, redis_url: str, **more: str) -> Iterator[list[psutil.Popen]]:
    """Workers of these queues as the Procfile starts them, without a clock; they end with SIGTERM."""
    commands = parse_procfile((ROOT / "Procfile").read_text()).processes.values()
    ours = f"exec {sys.executable} -m celery -A tests.faults.hurried"
    variables = environment(far, redis_url=redis_url, **more)
    started: list[psutil.Popen] = []
    try:
        for queue in queues:
            [command] = [one for one in commands if f"--queues {queue} " in one]
            words = ["sh", "-c", command.replace("exec celery -A crm", ours)]
            started.append(psutil.Popen(words, cwd=ROOT, env=variables, **_OUTPUT))
        yield started
    finally:
        end(*started)


@contextmanager
def clock(far: FarEnd, *, redis_url: str, **more: str) -> Iterator[psutil.Popen]:
    """Celery's beat in a process of its own."""
    variables = environment(far, redis_url=redis_url, **more)
    with TemporaryDirectory(prefix="nucleus-beat-") as directory:
        beat = _celery(["beat", "-s", f"{directory}/schedule"], variables)
        try:
            yield beat
        finally:
            end(beat)


@dataclass
class Site:
    """The web process as the Procfile starts it, under a supervisor: whoever kills it finds a new one."""

    port: int
    variables: dict[str, str]
    main: psutil.Popen | None = None

    def start(self) -> None:
        """Starts it, and does not wait until it answers."""
        command = parse_procfile((ROOT / "Procfile").read_text()).processes["web"]
        self.main = psutil.Popen(["sh", "-c", command], cwd=ROOT, env=self.variables, **_OUTPUT)

    def kill(self) -> None:
        """SIGKILL for all of its processes, in the middle of whatever they do; a new one is started at once."""
        if self.main is not None and self.main.is_running():
            family = [self.main, *self.main.children(recursive=True)]
            for process in family:
                process.kill()
            psutil.wait_procs(family, timeout=5)
        self.start()

    def is_answering(self) -> bool:
        return embedded.is_taken(self.port)

    def post(
        self, data: dict[str, Any], *, path: str = "/candidate/", cookies: str = "", address: str = "127.0.0.1"
    ) -> tuple[int, float]:
        """Posts the form like a browser that was shown it; returns the status and the seconds until the answer."""
        token = "t" * 32
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": f"csrftoken={token}; {cookies}"}
        begun = time.perf_counter()
        browser = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30, source_address=(address, 0))
        try:
            browser.request("POST", path, urlencode({**data, "csrfmiddlewaretoken": token}, doseq=True), headers)
            answer = browser.getresponse()
            answer.read()
        finally:
            browser.close()
        return answer.status, time.perf_counter() - begun

    def get(self, path: str, *, seconds: float = 30.0) -> int:
        """The status of one page. Raises TimeoutError when none comes within `seconds`."""
        browser = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            browser.request("GET", path)
            answer = browser.getresponse()
            answer.read()
        finally:
            browser.close()
        return answer.status


@contextmanager
def site(far: FarEnd, *, redis_url: str, **more: str) -> Iterator[Site]:
    """The site on a free port, answering. Ends with SIGTERM."""
    port = embedded.free_port()
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    running = Site(port, environment(far, redis_url=redis_url, PORT=str(port), PATH=path, **more))
    running.start()
    try:
        _wait_until_answering(running)
        yield running
    finally:
        if running.main:
            end(running.main)


def _wait_until_answering(site: Site, *, seconds: float = 90) -> None:
    until = time.monotonic() + seconds
    while not site.is_answering():
        if time.monotonic() > until or site.main is None or site.main.poll() is not None:
            raise RuntimeError("The site did not start: set SHOW_WORKER=1 to see why.")
        time.sleep(0.05)


@contextmanager
def frozen(redis_url: str) -> Iterator[None]:
    """Inside, our Redis on this address answers nothing; connections to it stay open."""
    [server] = [child for child in psutil.Process().children() if _listens(child, urlsplit(redis_url).port or 0)]
    server.suspend()
    try:
        yield
    finally:
        server.resume()


def _listens(process: psutil.Process, port: int) -> bool:
    try:
        return any(place.laddr.port == port for place in process.net_connections() if place.status == "LISTEN")
    except psutil.Error:  # it has just ended
        return False


def _celery(command: list[str], variables: dict[str, str]) -> psutil.Popen:
    whole = [sys.executable, "-m", "celery", "-A", "tests.faults.hurried", *command]
    return psutil.Popen(whole, cwd=ROOT, env=variables, **_OUTPUT)


def end(*processes: psutil.Process) -> float:
    """SIGTERM; returns the seconds until the processes were gone, with all that they began (SIGKILL after
    KILLED_AFTER: what takes so long has not ended by itself)."""
    begun = time.monotonic()
    running = [process for process in processes if process.is_running()]
    family = [one for process in running for one in (process, *process.children(recursive=True))]
    for process in running:
        process.terminate()
    _gone, alive = psutil.wait_procs(family, timeout=KILLED_AFTER)
    took = time.monotonic() - begun
    for straggler in alive:
        straggler.kill()
    psutil.wait_procs(alive, timeout=5)
    return took


def post(count: int, *, policy: OnUnknown = OnUnknown.RESEND) -> float:
    """Does what the form does, `count` times: a row and a nudge in one transaction. Returns the slowest, in seconds."""
    lead, slowest = make_lead(), 0.0
    for _ in range(count):
        begun = time.perf_counter()
        with transaction.atomic():
            message = make_message(lead, on_unknown=policy, not_after=datetime.now(UTC) + timedelta(days=1))
            dispatch.send_after_commit(message)
        slowest = max(slowest, time.perf_counter() - begun)
    return slowest


def wait_until_busy(far: FarEnd, *, seconds: float) -> None:
    """Returns as soon as the far end got a mail."""
    until = time.monotonic() + seconds
    while not far.accepted and time.monotonic() < until:
        time.sleep(0.02)


def wait_until_settled(*, seconds: float) -> bool:
    """True when nothing is queued or in flight any more; False when time is up."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not Message.objects.filter(state__in=UNSETTLED).exists():
            return True
        time.sleep(0.1)
    return False


def outcome(far: FarEnd) -> Outcome:
    """Compares what the database says with what the mail server has."""
    arrived = Counter(far.message_ids)
    rows = list(Message.objects.values_list("message_id", "state"))
    visible = {MessageState.UNKNOWN, MessageState.FAILED, MessageState.CANCELLED, MessageState.SUPPRESSED}
    return Outcome(
        mails=len(rows),
        accepted=sum(arrived[message_id] > 0 for message_id, _ in rows),
        lost=sum(not arrived[message_id] and state not in {*visible, *UNSETTLED} for message_id, state in rows),
        twice=sum(arrived[message_id] > 1 for message_id, _ in rows),
        parked=sum(state == MessageState.UNKNOWN for _, state in rows),
        unsettled=sum(state in UNSETTLED for _, state in rows),
    )
