"""The table of guards stays true: each piece of source stands exactly once where the table says."""

import re
from pathlib import Path

import pytest

from script.guard import Guard
from script.guards import GUARDS

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_the_guard_is_where_the_table_says(guard: Guard) -> None:
    source = (ROOT / guard.file).read_text()
    assert source.count(guard.source) == 1


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_its_test_exists(guard: Guard) -> None:
    file, _, test = guard.test.partition("::")
    name = re.escape(test.partition("[")[0])
    assert re.search(rf"^def {name}\(", (ROOT / "tests" / file).read_text(), re.MULTILINE)
