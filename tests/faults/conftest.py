"""Rehearsals start processes of their own and look at how long things take: never two of them at once."""

import os
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)  # xdist's own hook reads the groups, and it is older than this one
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("faults"))


@pytest.fixture(autouse=True)
def alone(request: pytest.FixtureRequest) -> None:
    """A group that is not heeded would only be noticed by tests that fail now and then."""
    several = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")) > 1
    words = "Rehearsals would run side by side: pytest wants --dist loadgroup, and to heed it."
    assert not several or request.node.nodeid.endswith("@faults"), words
