"""Hostile requests (script/faults fuzz) are the same whenever they are made."""

import time

import pytest

from tests.faults.fuzz import places, requests


def test_the_same_seed_and_number_are_the_same_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1e9)  # calls of providers are signed at their moment
    chart = places.everywhere(["q"])
    chart.addresses["candidate/"].append("/candidate/")
    chart.forms["candidate/"].append(places.Form("/candidate/", False, [("name", "", [])]))

    drawn = [[str(requests.make(23, number, chart)) for number in range(100)] for _ in range(2)]

    assert drawn[0] == drawn[1]
    assert len(set(drawn[0])) > 90
