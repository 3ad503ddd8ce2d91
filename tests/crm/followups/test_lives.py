"""Random lives of leads (tests/crm/life). `script/lives --of leads` lives many more.

A life that ends badly says its seed and its steps; script/lives --of leads --records 2 --seed <seed> lives it again.
"""

import os

import pytest

from tests.crm.life.run import LEADS_A_LIFE, live, make_center

A_BATCH = 5
SEED = int(os.environ.get("LIVES_SEED", "0"))
LIVES = int(os.environ.get("LIVES_RECORDS", "8")) // LEADS_A_LIFE


@pytest.mark.django_db
@pytest.mark.parametrize("first", range(0, LIVES, A_BATCH))
def test_what_holds_of_every_lead_holds_through_random_lives(first: int) -> None:
    (center, staff), wrong = make_center(), list[str]()
    for number in range(first, min(first + A_BATCH, LIVES)):
        try:
            live(SEED + number, center=center, staff=staff)
        except AssertionError as broken:
            wrong.append(str(broken))
    assert not wrong, "\n".join(wrong)
