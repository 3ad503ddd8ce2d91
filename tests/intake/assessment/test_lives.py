"""Random lives of records through the product's own pages (tests/intake/life). `script/lives` lives many more.

A life that ends badly says its seed and its steps; script/lives --records 2 --seed <seed> lives it again.
"""

import os

import pytest

from crm.models import Location
from tests.intake.life.run import RECORDS_A_LIFE, live, make_staff

A_BATCH = 5
SEED = int(os.environ.get("LIVES_SEED", "0"))
LIVES = int(os.environ.get("LIVES_RECORDS", "8")) // RECORDS_A_LIFE


@pytest.mark.parametrize("first", range(0, LIVES, A_BATCH))
def test_what_holds_of_every_record_holds_through_random_lives(center: Location, first: int) -> None:
    staff, wrong = make_staff(), list[str]()
    for number in range(first, min(first + A_BATCH, LIVES)):
        try:
            live(SEED + number, center=center, staff=staff)
        except AssertionError as broken:
            wrong.append(str(broken))
    assert not wrong, "\n".join(wrong)
