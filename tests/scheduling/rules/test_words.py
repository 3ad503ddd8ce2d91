"""Clocks and days as people say them."""

import pytest
from django.utils.translation import override

from crm.values.us_places import STATES
from scheduling import time_format


@pytest.mark.parametrize(
    ("zone", "english", "spanish"),
    [
        ("America/Los_Angeles", "Pacific time", "hora del Pacífico"),
        ("America/Denver", "Mountain time", "hora de la Montaña"),
        ("America/Phoenix", "Arizona time", "hora de Arizona"),
        ("America/Indiana/Indianapolis", "Eastern time", "hora del Este"),
        ("America/Detroit", "Eastern time", "hora del Este"),
        ("America/Boise", "Mountain time", "hora de la Montaña"),
        ("America/St_Thomas", "Atlantic time", "hora del Atlántico"),
        ("America/Puerto_Rico", "Atlantic time", "hora del Atlántico"),
        ("Asia/Ho_Chi_Minh", "Asia/Ho Chi Minh", "Asia/Ho Chi Minh"),
    ],
)
def test_the_name_of_a_clock(zone: str, english: str, spanish: str) -> None:
    with override("en"):
        assert time_format.zone(zone) == english
    with override("es"):
        assert time_format.zone(zone) == spanish


def test_every_zone_of_every_state_has_a_name_that_people_use() -> None:
    assert [zone for _state, zone in STATES.values() if zone and time_format.zone(zone) == zone.replace("_", " ")] == []
