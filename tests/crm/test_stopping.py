"""SIGTERM asks, work looks up between two steps, and what hangs is cut off."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from crm import stopping
from tests.faults import rehearsal
from tests.faults.far_end import far_end


@pytest.fixture(autouse=True)
def _nobody_asks_to_stop() -> Iterator[None]:
    stopping._asked_at.value = 0.0
    yield
    stopping._asked_at.value = 0.0


def do_nothing() -> None:
    """For on_late."""


def test_first_ask_counts() -> None:
    assert not stopping.is_asked()

    stopping.ask()
    asked_at = stopping._asked_at.value
    stopping.ask(signal.SIGTERM, None, reason="again")

    assert stopping.is_asked()
    assert stopping._asked_at.value == asked_at


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_inside_only_asks(number: signal.Signals) -> None:
    before = signal.getsignal(number)

    with stopping.heeded(on_late=do_nothing):
        os.kill(os.getpid(), number)
        assert stopping.is_asked()

    assert signal.getsignal(number) == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_signal_handlers_come_back_after_an_error() -> None:
    before = signal.getsignal(signal.SIGTERM)

    with pytest.raises(RuntimeError), stopping.heeded(on_late=do_nothing):
        raise RuntimeError

    assert signal.getsignal(signal.SIGTERM) == before


def test_what_hangs_is_cut_off_after_the_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "GRACE_SECONDS", 0.3)
    monkeypatch.setattr(stopping, "TICK_SECONDS", 0.05)
    cut_off_after: list[float] = []
    begun = time.monotonic()

    with stopping.heeded(on_late=lambda: cut_off_after.append(time.monotonic() - begun)):
        stopping.ask()
        while not cut_off_after and time.monotonic() - begun < 5:
            time.sleep(0.01)

    assert cut_off_after[0] == pytest.approx(0.35, abs=0.3)
    assert cut_off_after[0] >= 0.3


def test_nothing_is_cut_off_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "GRACE_SECONDS", 0.0)
    monkeypatch.setattr(stopping, "TICK_SECONDS", 0.02)
    calls: list[None] = []

    with stopping.heeded(on_late=lambda: calls.append(None)):
        time.sleep(0.1)

    assert calls == []


def test_other_threads_leave_signals_alone() -> None:
    before, seen = signal.getsignal(signal.SIGTERM), []

    def work() -> None:
        with stopping.heeded(on_late=do_nothing):
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert seen == [before]


def test_sleep_lasts_as_long_as_it_should() -> None:
    begun = time.monotonic()

    stopping.sleep(0.2)

    assert 0.2 <= time.monotonic() - begun < 2


def test_sleep_ends_when_somebody_asks() -> None:
    threading.Timer(0.1, stopping.ask).start()
    begun = time.monotonic()

    stopping.sleep(60)

    assert time.monotonic() - begun < 3


def test_forked_child_hears_of_it() -> None:
    story = """
import os, time
from crm import stopping
child = os.fork()
if not child:
    until = time.monotonic() + 10
    while not stopping.is_asked() and time.monotonic() < until:
        time.sleep(0.01)
    os._exit(0 if stopping.is_asked() else 1)
stopping.ask()
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
        begun = time.monotonic()
        loop.terminate()

        assert loop.wait(10) == 0
        assert time.monotonic() - begun < 5
        loop.stdout.close()
