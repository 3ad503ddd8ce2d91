"""A few hundred hostile requests, always the same; `script/faults fuzz` sends twenty thousand, and to a server too."""

import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.faults.fuzz import places, requests, sending, state
from tests.faults.fuzz.values import METRICS_TOKEN

REQUESTS = 300


@pytest.fixture
def application(
    transactional_db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[sending.Application]:
    """Limits nobody: what lies behind the limits shall be reached."""
    settings.DOCUMENTS_DIR = tmp_path
    settings.METRICS_TOKEN = METRICS_TOKEN
    settings.REQUESTS_AN_HOUR = 10**9
    settings.SECOND_MAIL_SERVER = None  # each request says whose hooks are open; afterwards it is as before
    monkeypatch.setattr(places, "ADDRESSES_A_ROUTE", 1)
    logging.disable(logging.CRITICAL)  # thousands of lines of refusals
    made = sending.Application()
    yield made
    made.close()
    logging.disable(logging.NOTSET)


def test_no_hostile_request_is_a_server_error(application: sending.Application) -> None:
    state.fill_with_little(now=datetime.now(UTC))
    chart = state.map_of(application)
    broken = []
    for number in range(REQUESTS):
        request = requests.make(23, number, chart)
        answer = application.send(request)
        if answer.is_broken:
            broken.append(f"{number}: {answer.status} for {request}\n{answer.trouble[-2000:]}")

    assert broken == [], f"{len(broken)} of {REQUESTS}"
    assert len([route for route in chart.routes if chart.addresses.get(route)]) > 200


def test_the_same_seed_and_number_are_the_same_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1e9)  # calls of providers are signed at their moment
    chart = places.everywhere(["q"])
    chart.addresses["candidate/"].append("/candidate/")
    chart.forms["candidate/"].append(places.Form("/candidate/", False, [("name", "", [])]))

    drawn = [[str(requests.make(23, number, chart)) for number in range(100)] for _ in range(2)]

    assert drawn[0] == drawn[1]
    assert len(set(drawn[0])) > 90
