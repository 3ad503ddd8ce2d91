"""One line an event, in JSON, with nothing in it that belongs to a patient."""

import json
import logging
import os
import subprocess
import sys
from typing import Any

import pytest
import structlog
from django.test import Client

from crm import celery_app
from crm.models import Location
from crm.ops import logs
from tests.recording import recorded_logs

SECRET = "Failing row contains (Avery, low_back)"


def fail() -> None:
    raise ValueError(SECRET)


def lines_of(action: Any) -> list[dict[str, Any]]:
    with recorded_logs() as log:
        action()
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_event_is_one_line_of_json() -> None:
    [line] = lines_of(lambda: structlog.get_logger("nucleus.test").info("moved\non", count=2))

    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "moved\non", "count": 2, "level": "info"}


def test_event_below_info_is_left_out() -> None:
    assert lines_of(lambda: structlog.get_logger("nucleus.test").debug("detail")) == []


@pytest.mark.parametrize("how", [True, "instance", "triple"])
def test_exception_is_logged_without_its_words(how: Any) -> None:
    def log_it() -> None:
        try:
            fail()
        except ValueError as error:
            info = {"instance": error, "triple": sys.exc_info()}.get(how, True)
            structlog.get_logger("nucleus.test").error("broke", exc_info=info)

    [line] = lines_of(log_it)

    assert (line["event"], line["error"]) == ("broke", "ValueError")
    assert line["frames"][-1].endswith(" fail")
    assert "test_logs.py:" in line["frames"][-1]
    assert SECRET not in json.dumps(line)


def test_exception_of_a_library_is_logged_without_its_words() -> None:
    def log_it() -> None:
        try:
            fail()
        except ValueError:
            logging.getLogger("some.library").exception("It broke")

    [line] = lines_of(log_it)

    assert (line["event"], line["error"]) == ("It broke", "ValueError")
    assert SECRET not in json.dumps(line)


@pytest.mark.parametrize("name", [*logs.TALKATIVE, "django.security.DisallowedHost"])
def test_talkative_logger_says_nothing(name: str) -> None:
    assert lines_of(lambda: logging.getLogger(name).error("Not Found: /my/token/")) == []


def test_request_is_logged_by_its_route(db: None, client: Client) -> None:
    lines = lines_of(lambda: client.get("/learn/herniated-disc/?utm=1"))

    [line] = [line for line in lines if line["event"] == "request"]
    assert (line["method"], line["route"], line["status"]) == ("GET", "/learn/<slug:slug>/", 200)
    assert 0 < line["ms"] < 10_000


def test_request_for_nothing_has_no_route(db: None, client: Client) -> None:
    [line] = lines_of(lambda: client.get("/my/token/"))

    assert (line["route"], line["status"]) == ("(none)", 404)


def test_failing_request_is_logged_with_its_frames(
    center: Location, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm.locations.main", fail)
    client.raise_request_exception = False

    failed, *others = lines_of(lambda: client.post("/candidate/"))
    request = next(line for line in others if line["event"] == "request")  # the safety net may say something before

    assert (failed["event"], failed["route"], failed["error"]) == ("request_failed", "/candidate/", "ValueError")
    assert failed["frames"][-1].endswith(" fail")
    assert request["status"] == 500


def test_failing_task_is_logged_with_its_frames() -> None:
    task = celery_app.task(name="tests.fails")(fail)
    try:
        lines = lines_of(task.apply)
    finally:
        celery_app.tasks.unregister("tests.fails")

    [line] = [line for line in lines if line["event"] == "task_failed"]
    assert (line["task"], line["error"], line["level"]) == ("tests.fails", "ValueError", "error")
    assert SECRET not in json.dumps(lines)


def test_worker_logs_like_the_rest() -> None:
    """What `celery worker --loglevel WARNING` does to logging, in a process of its own."""
    story = f"""
import django
django.setup()
import logging, structlog
from crm import celery_app
celery_app.log.setup(loglevel="WARNING", redirect_stdouts=True)
structlog.get_logger("nucleus.delivery").info("message")
logging.getLogger("celery.worker").warning("soon")
logging.getLogger("celery.worker").info("not this")
logging.getLogger("celery.app.trace").error("{SECRET}")
"""
    variables = os.environ | {"DJANGO_SETTINGS_MODULE": "crm.settings"}
    run = subprocess.run(
        [sys.executable, "-c", story], env=variables, capture_output=True, text=True, timeout=60, check=True
    )

    assert [json.loads(line)["event"] for line in run.stdout.splitlines()] == ["message", "soon"]
    assert run.stderr == ""
