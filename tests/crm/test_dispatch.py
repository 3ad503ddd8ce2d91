"""Nudges: published after the commit, together, and never in anybody's way."""

import base64
import importlib
import json
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import redis
from django.db import transaction

from crm import celery_app, dispatch
from crm.enums.leads import MessageClass
from crm.models import Message
from tests.recording import recorded_logs

# One process at a time: they share the database of Valkey in which they look.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("dispatch")]

TASK = "crm.send_messages"
PATIENCE_SECONDS = 5.0  # of a test that fails; one that passes never waits for so long

PUBLISH = dispatch._Nudges._publish

Use = Callable[[str], None]


def publish_if_current(nudges: dispatch._Nudges, task_name: str, ids: list[str]) -> None:
    """The threads of tests before, which nothing ends, have nothing more to say."""
    if nudges is dispatch._nudges:
        PUBLISH(nudges, task_name, ids)


@pytest.fixture
def use_broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Use]:
    """Points the process at another broker, with a circuit breaker that knows nothing yet."""
    before = celery_app.conf.broker_url
    monkeypatch.setattr(dispatch._Nudges, "_publish", publish_if_current)
    monkeypatch.setattr(dispatch, "_nudges", dispatch._Nudges())
    time.sleep(dispatch.GATHER_SECONDS)  # what is just being published goes to where it was meant to go

    def use(url: str) -> None:
        point_at(url)
        monkeypatch.setattr(dispatch, "_nudges", dispatch._Nudges())

    use(before)
    yield use
    use(before)


def point_at(url: str) -> None:
    celery_app.conf.update(broker_url=url)
    celery_app._after_fork()  # type: ignore[attr-defined]  # forgets the pools of connections


@contextmanager
def hung_broker() -> Iterator[str]:
    """Takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield f"redis://127.0.0.1:{silent.getsockname()[1]}/0"


def refused_broker() -> str:
    with socket.create_server(("127.0.0.1", 0)) as closed_at_once:
        return f"redis://127.0.0.1:{closed_at_once.getsockname()[1]}/0"


def published(*, waiting_for: int, seconds: float = 30, queue: str = "mail") -> list[list[str]]:
    """The ids of each message in a queue since the list was emptied, once there are so many, or time is up."""
    broker, until = redis.Redis.from_url(celery_app.conf.broker_url), time.monotonic() + seconds
    while broker.llen(queue) < waiting_for and time.monotonic() < until:
        time.sleep(0.01)
    found = broker.lrange(queue, 0, -1)
    broker.close()
    assert isinstance(found, list)
    return [json.loads(base64.b64decode(json.loads(raw)["body"]))[0][0] for raw in reversed(found)]


@pytest.fixture
def empty_list(use_broker: Use) -> None:
    """A database of Valkey of our own, because other tests publish at the same time."""
    own = celery_app.conf.broker_url.rpartition("/")[0] + "/7"
    use_broker(own)
    client = redis.Redis.from_url(own)
    client.flushdb()
    client.close()


def test_nudge_is_published_after_the_commit(empty_list: None) -> None:
    first = uuid.uuid4()

    with transaction.atomic():
        dispatch.after_commit(TASK, first)
        assert published(waiting_for=1, seconds=0.2) == []

    assert published(waiting_for=1) == [[str(first)]]


def test_what_somebody_waits_for_has_a_queue_of_its_own(empty_list: None) -> None:
    kinds = list(MessageClass)
    mails = [Message(name="ack", message_class=kind) for kind in kinds]

    dispatch.send_after_commit(*mails)

    [urgent] = published(waiting_for=1, queue="urgent")
    [others] = published(waiting_for=1)
    assert urgent == [str(mails[kinds.index(MessageClass.ANSWER)].pk)]
    assert sorted([*urgent, *others]) == sorted(str(mail.pk) for mail in mails)


def test_nothing_to_send_wakes_nobody(empty_list: None) -> None:
    dispatch.send_after_commit()

    assert published(waiting_for=1, seconds=0.3) == published(waiting_for=1, seconds=0.0, queue="urgent") == []


@pytest.mark.parametrize(
    ("task", "queue"),
    [
        ("crm.send_urgent", "urgent"),
        ("crm.post_alerts", "urgent"),
        ("crm.sweep_urgent", "urgent"),
        ("crm.send_messages", "mail"),
        ("crm.sweep_messages", "mail"),
        ("scheduling.look_after", "mail"),
        ("intake.apply_pending", "mail"),
        ("crm.read_mailbox", "slow"),
        ("crm.scan_documents", "slow"),
        ("crm.look_after_documents", "slow"),
        ("scheduling.read_calendars", "slow"),
        ("intake.ask_where_time_has_passed", "slow"),
        ("intake.forget_old_counts", "slow"),
    ],
)
def test_every_task_has_its_queue(task: str, queue: str) -> None:
    assert celery_app.amqp.router.route({}, task)["queue"].name == queue


def test_no_task_is_forgotten_above() -> None:
    for app in ("crm", "intake", "scheduling"):
        importlib.import_module(f"{app}.tasks")
    ours = {name for name in celery_app.tasks if name.partition(".")[0] in {"crm", "intake", "scheduling"}}
    [marks] = [mark for mark in test_every_task_has_its_queue.pytestmark if mark.name == "parametrize"]  # type: ignore[attr-defined]

    assert ours == {task for task, _queue in marks.args[1]}


def test_nudge_of_a_rolled_back_transaction_is_never_published(empty_list: None) -> None:
    with transaction.atomic():
        dispatch.after_commit(TASK, uuid.uuid4())
        transaction.set_rollback(True)

    assert published(waiting_for=1, seconds=0.3) == []


def test_nudges_that_come_together_travel_together(empty_list: None) -> None:
    ids = [uuid.uuid4() for _ in range(dispatch.MOST_IDS + 10)]

    for pk in ids:
        dispatch.after_commit(TASK, pk)

    messages = published(waiting_for=1)
    assert len(messages) < 5
    assert messages[0] == [str(pk) for pk in ids[: len(messages[0])]]
    assert max(len(message) for message in messages) <= dispatch.MOST_IDS


@pytest.mark.parametrize("state", ["refused", "hung"])
def test_broken_broker_holds_nobody_up(use_broker: Use, monkeypatch: pytest.MonkeyPatch, state: str) -> None:
    """The request is over before anybody has said a word to the broker: who publishes waits here for its end."""
    over, was_over = threading.Event(), list[bool]()

    def publish_afterwards(nudges: dispatch._Nudges, task_name: str, ids: list[str]) -> None:
        was_over.append(over.wait(PATIENCE_SECONDS))
        publish_if_current(nudges, task_name, ids)

    with hung_broker() as silent, recorded_logs() as log:
        use_broker(silent if state == "hung" else refused_broker())
        monkeypatch.setattr(dispatch._Nudges, "_publish", publish_afterwards)
        dispatch.after_commit(TASK, uuid.uuid4())
        over.set()
        _wait_for(lambda: "nudge_lost" in log.getvalue())

    assert was_over == [True]
    lost = json.loads(log.getvalue().splitlines()[-1])
    assert (lost["event"], lost["task"], lost["count"]) == ("nudge_lost", TASK, 1)


def test_broken_broker_is_left_alone_for_a_while(use_broker: Use) -> None:
    use_broker(refused_broker())
    nudges = dispatch._nudges
    nudges.add(TASK, ["1"])
    _wait_for(lambda: nudges._quiet_until > 0)
    assert nudges._quiet_until - time.monotonic() == pytest.approx(dispatch.QUIET_SECONDS, abs=2)

    nudges.add(TASK, ["2"])

    assert not nudges._waiting


def test_broker_that_is_back_is_nudged_again(use_broker: Use, empty_list: None) -> None:
    well = celery_app.conf.broker_url
    use_broker(refused_broker())
    dispatch.after_commit(TASK, uuid.uuid4())
    nudges = dispatch._nudges
    _wait_for(lambda: nudges._quiet_until > 0)
    point_at(well)
    nudges._quiet_until = 0.0

    later = uuid.uuid4()
    dispatch.after_commit(TASK, later)

    assert published(waiting_for=1) == [[str(later)]]


def test_whatever_goes_wrong_the_commit_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(dispatch, "_wake", explode)

    with transaction.atomic():
        dispatch.after_commit(TASK, uuid.uuid4())


@pytest.fixture
def eager() -> Iterator[None]:
    celery_app.conf.update(task_always_eager=True)
    yield
    celery_app.conf.update(task_always_eager=False)


def test_eager_mode_runs_the_task_at_the_commit(eager: None, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[list[str]] = []
    monkeypatch.setattr("crm.outbox.delivery.send_due", lambda *, first: ran.append(list(first)))
    pk = uuid.uuid4()

    with transaction.atomic():
        dispatch.after_commit(TASK, pk)
        assert ran == []

    assert ran == [[str(pk)]]


def test_broker_answers_when_it_does() -> None:
    assert dispatch.broker_answers()


@pytest.mark.parametrize("state", ["refused", "hung"])
def test_broker_answers_says_no_without_waiting_long(
    use_broker: Use, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    """Every wait on the way is limited, and nothing is tried twice."""
    limits: list[dict[str, Any]] = []
    connect = redis.Redis.from_url

    def watched(url: str, **limited: Any) -> "redis.Redis":
        limits.append(limited)
        return connect(url, **limited)

    monkeypatch.setattr(redis.Redis, "from_url", watched)
    with hung_broker() as silent:
        use_broker(silent if state == "hung" else refused_broker())

        assert not dispatch.broker_answers()

    [limited] = limits
    assert limited["socket_timeout"] == limited["socket_connect_timeout"] == dispatch.ANSWER_SECONDS
    assert limited["retry"].get_retries() == 0


def test_forked_process_gets_a_thread_of_its_own() -> None:
    story = """
import os, django
django.setup()
from crm import dispatch
ours = dispatch._nudges
ours._changed.acquire()  # as if another thread were in the middle of it
child = os.fork()
if not child:
    os._exit(0 if dispatch._nudges is not ours and dispatch._nudges._thread is None else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), dispatch._nudges is ours)
"""
    run = subprocess.run([sys.executable, "-c", story], capture_output=True, text=True, timeout=60, check=True)

    assert run.stdout.split() == ["0", "True"]


def _wait_for(condition: Callable[[], bool], *, seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "It did not happen in time."
        time.sleep(0.01)
