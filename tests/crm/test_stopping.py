"""SIGTERM asks, work looks up between two steps, and what hangs is cut off."""

import importlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from celery.signals import worker_shutting_down

from crm import shutdown
from tests.faults import rehearsal
from tests.faults.far_end import far_end

HANG_SECONDS = 30  # what takes longer has not ended by itself


@pytest.fixture(autouse=True)
def _nobody_asks_to_stop() -> Iterator[None]:
    shutdown._asked_at.value = 0.0
    yield
    shutdown._asked_at.value = 0.0


def do_nothing() -> None:
    """For on_late."""


def test_first_ask_counts() -> None:
    assert not shutdown.is_asked()

    shutdown.ask()
    asked_at = shutdown._asked_at.value
    shutdown.ask(signal.SIGTERM, None, reason="again")

    assert shutdown.is_asked()
    assert shutdown._asked_at.value == asked_at


def test_worker_that_is_shut_down_asks_its_forked_processes_too() -> None:
    """Celery on its own may end them as well, or let them work to the end: which of both is a matter of chance."""
    importlib.import_module("crm.tasks")

    worker_shutting_down.send(sender="worker", sig="SIGTERM", how="warm", exitcode=0)

    assert shutdown.is_asked()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_inside_only_asks(number: signal.Signals) -> None:
    before = signal.getsignal(number)

    with shutdown.heeded(on_late=do_nothing):
        os.kill(os.getpid(), number)
        assert shutdown.is_asked()

    assert signal.getsignal(number) == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_signal_handlers_come_back_after_an_error() -> None:
    before = signal.getsignal(signal.SIGTERM)

    with pytest.raises(RuntimeError), shutdown.heeded(on_late=do_nothing):
        raise RuntimeError

    assert signal.getsignal(signal.SIGTERM) == before


def test_what_hangs_is_cut_off_after_the_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutdown, "GRACE_SECONDS", 0.3)
    monkeypatch.setattr(shutdown, "TICK_SECONDS", 0.05)
    cut_off_after: list[float] = []
    begun = time.monotonic()

    with shutdown.heeded(on_late=lambda: cut_off_after.append(time.monotonic() - begun)):
        shutdown.ask()
        while not cut_off_after and time.monotonic() - begun < HANG_SECONDS:
            time.sleep(0.01)

    assert cut_off_after[0] >= 0.3


def test_nothing_is_cut_off_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutdown, "GRACE_SECONDS", 0.0)
    monkeypatch.setattr(shutdown, "TICK_SECONDS", 0.02)
    calls: list[None] = []

    with shutdown.heeded(on_late=lambda: calls.append(None)):
        time.sleep(0.1)

    assert calls == []


def test_other_threads_leave_signals_alone() -> None:
    before, seen = signal.getsignal(signal.SIGTERM), []

    def work() -> None:
        with shutdown.heeded(on_late=do_nothing):
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert seen == [before]


class FakeClock:
    """Passes only while somebody sleeps, and does something at a given moment."""

    def __init__(self, *, at: float = 1e9, then: Callable[[], None] = do_nothing) -> None:
        self.now, self.at, self.then = 1000.0, 1000.0 + at, then

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        if self.now >= self.at:
            self.then()

    @property
    def passed(self) -> float:
        return self.now - 1000.0


@pytest.mark.parametrize("seconds", [0.2, 15.0, 60.0])
def test_sleep_lasts_as_long_as_it_should(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    clock = FakeClock()
    monkeypatch.setattr(shutdown, "time", clock)

    shutdown.sleep(seconds)

    assert seconds <= clock.passed <= seconds + shutdown.TICK_SECONDS


def test_sleep_ends_when_somebody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock(at=7.0, then=shutdown.ask)
    monkeypatch.setattr(shutdown, "time", clock)

    shutdown.sleep(60)

    assert 7.0 <= clock.passed <= 7.0 + shutdown.TICK_SECONDS


def test_sleep_ends_when_there_is_no_more_reason_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock()
    monkeypatch.setattr(shutdown, "time", clock)

    shutdown.sleep(60, unless=lambda: clock.passed >= 7.0)

    assert 7.0 <= clock.passed <= 7.0 + shutdown.TICK_SECONDS


def test_forked_child_hears_of_it() -> None:
    story = """
import os, time
from crm import shutdown
child = os.fork()
if not child:
    until = time.monotonic() + 10
    while not shutdown.is_asked() and time.monotonic() < until:
        time.sleep(0.01)
    os._exit(0 if shutdown.is_asked() else 1)
shutdown.ask()
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert subprocess.run([sys.executable, "-c", story], timeout=60, check=False).returncode == 0


@pytest.mark.django_db(transaction=True)
def test_send_due_in_a_loop_ends_when_told_to() -> None:
    with far_end() as far:
        command = [sys.executable, "manage.py", "send_due", "--loop"]
        loop = subprocess.Popen(
            command, cwd=rehearsal.ROOT, env=rehearsal.environment(far), stdout=subprocess.PIPE, text=True
        )
        assert loop.stdout is not None
        assert loop.stdout.readline() == "0 sent\n"
        time.sleep(0.3)
        loop.terminate()

        assert loop.wait(HANG_SECONDS) == 0  # by itself: it would sleep and sweep for ever
        loop.stdout.close()
