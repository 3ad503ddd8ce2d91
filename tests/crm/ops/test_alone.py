"""One run at a time of each slow job, on all machines together; ticks that come together are one."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection

from crm import periodic
from crm.documents import scanning
from crm.inbound import imap
from crm.models import JobRun
from crm.ops import exclusive_jobs
from scheduling import tasks as scheduling_tasks
from scheduling.calendars import external_calendars
from tests.faults import rehearsal
from tests.faults.far_end import far_end

pytestmark = pytest.mark.django_db


@contextmanager
def somebody_else(job: str) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds this job until it is killed."""
    story = f"""
import sys, django
django.setup()
from crm.ops import exclusive_jobs
with exclusive_jobs.held({job!r}) as mine:
    print(mine, flush=True)
    sys.stdin.read()
"""
    with far_end() as far:
        variables = rehearsal.environment(far)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", story], cwd=rehearsal.ROOT, env=variables, **pipes) as other:  # type: ignore[call-overload]
        try:
            assert other.stdout.readline() == "True\n"
            yield other
        finally:
            other.kill()


def count_calls(monkeypatch: pytest.MonkeyPatch, place: object, name: str) -> list[None]:
    calls: list[None] = []

    def work(**_given: object) -> int:
        calls.append(None)
        return 3

    monkeypatch.setattr(place, name, work)
    return calls


JOBS: list[tuple[str, object, str, Callable[[], int]]] = [
    ("mailbox", imap, "read_new", periodic.read_mailbox),
    ("documents", scanning, "scan_due", periodic.look_after_documents),
    ("calendars", external_calendars, "refresh_due", scheduling_tasks.read_calendars),
]


@pytest.mark.parametrize(("job", "place", "name", "run"), JOBS, ids=[one[0] for one in JOBS])
def test_a_job_runs_once_at_a_time_and_is_free_when_its_process_dies(
    monkeypatch: pytest.MonkeyPatch, job: str, place: object, name: str, run: Callable[[], int]
) -> None:
    calls = count_calls(monkeypatch, place, name)

    with somebody_else(job) as other:
        assert (run(), len(calls)) == (0, 0)
        other.kill()
        other.wait()

    until = time.monotonic() + 10  # PostgreSQL notices a moment later
    while (first := run()) == 0 and time.monotonic() < until:
        time.sleep(0.05)
    assert (first, len(calls)) == (3, 1)
    assert (run(), len(calls)) == (3, 2)


def test_jobs_do_not_wait_for_each_other() -> None:
    with exclusive_jobs.held("mailbox"), exclusive_jobs.held("calendars") as mine:
        assert mine


def test_a_job_that_fails_lets_go() -> None:
    with pytest.raises(ZeroDivisionError), exclusive_jobs.held("mailbox"):
        raise ZeroDivisionError

    with exclusive_jobs.held("mailbox") as mine:
        assert mine


def test_a_job_is_free_as_soon_as_it_has_ended() -> None:
    """Of a connection that is only closed PostgreSQL learns a moment later: one time in twenty-five too late."""
    for _ in range(200):
        with exclusive_jobs.held("mailbox") as mine:
            assert mine


def test_of_ticks_that_come_together_the_first_counts() -> None:
    minute = timedelta(minutes=1)

    assert [exclusive_jobs.is_first("sweep", within=minute) for _ in range(5)] == [True, False, False, False, False]
    assert exclusive_jobs.is_first("another", within=minute)

    with connection.cursor() as cursor:
        cursor.execute("UPDATE crm_jobrun SET begun_at = begun_at - interval '61 seconds'")
    assert exclusive_jobs.is_first("sweep", within=minute)


def test_a_database_whose_clock_was_set_back_does_not_stop_a_job() -> None:
    assert exclusive_jobs.is_first("sweep", within=timedelta(minutes=1))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE crm_jobrun SET begun_at = begun_at + interval '1 hour'")

    assert exclusive_jobs.is_first("sweep", within=timedelta(minutes=1))
    assert JobRun.objects.count() == 1
