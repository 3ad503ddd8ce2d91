"""Clocks and days as people say them."""

import pytest
from django.utils.translation import override

from scheduling import words


@pytest.mark.parametrize(
    ("zone", "english", "spanish"),
    [
        ("America/Los_Angeles", "Pacific time", "hora del Pacífico"),
        ("America/Denver", "Mountain time", "hora de la Montaña"),
        ("America/Phoenix", "Arizona time", "hora de Arizona"),
        ("Asia/Ho_Chi_Minh", "Asia/Ho Chi Minh", "Asia/Ho Chi Minh"),
    ],
)
def test_the_name_of_a_clock(zone: str, english: str, spanish: str) -> None:
    with override("en"):
        assert words.zone(zone) == english
    with override("es"):
        assert words.zone(zone) == spanish
