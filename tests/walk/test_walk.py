"""Every address of the desk, as everybody: who gets in, what of another location shows, and whether it leaves a trace.

routes.md says what is right, one line an address. A new address fails until it has a line there.
"""

import difflib
import logging
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from tests.walk import routes, walking
from tests.walk.walking import Walk
from tests.walk.world import ROLES, make_world

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("walk")]
PLAIN = settings.STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
# For whoever may sign in and has no role: the first page, which sends them on, the bell, search, and the own password.
OPEN = {"", "bell/", "jsi18n/", "search/", "set-password/<str:uidb64>/<str:token>/"}
OPEN |= {"password_change/", "password_change/done/"}
TABLE = Path(__file__).with_name("routes.md")
HEAD = ["address", *(role.replace("_", " ") for role in ROLES), "anybody", "location", "trace"]


@pytest.fixture(scope="module")
def walked(django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory) -> Walk:
    """Once for all tests; nothing of it stays."""
    ours = override_settings(STORAGES=PLAIN, DOCUMENTS_DIR=tmp_path_factory.mktemp("documents"))
    logging.disable(logging.CRITICAL)  # of thousands of refusals, each with where it was refused
    with django_db_blocker.unblock(), transaction.atomic(), ours:
        made = walking.walk(make_world())
        transaction.set_rollback(True)
    logging.disable(logging.NOTSET)
    return made


def as_table(walk: Walk) -> str:
    """Markdown, one line an address."""
    rows = [HEAD, ["---"] * len(HEAD), *(_row(pattern, walk.lines[pattern]) for pattern in sorted(walk.lines))]
    return "".join(f"| {' | '.join(row)} |\n".replace("|  |", "| |").replace("|  |", "| |") for row in rows)


def _row(pattern: str, line: walking.Line) -> list[str]:
    yes = {True: "yes", False: ""}
    cells = [_cell(role, line) for role in (*ROLES, walking.NOBODY)]
    return [f"`{pattern}`".replace("|", "\\|"), *cells, yes[line.hides], yes[line.names_somebody]]


def _cell(role: str, line: walking.Line) -> str:
    return " ".join(word for word, who in (("see", line.opens), ("do", line.takes)) if role in who)


def in_file() -> list[str]:
    """The lines of the table."""
    return [line for line in TABLE.read_text().splitlines() if line.startswith("|")]


def test_every_address_is_in_the_table() -> None:
    written = {line.split("`")[1].replace("\\|", "|") for line in in_file()[2:]}

    there = set(routes.all_of_them())
    assert (there - written, written - there) == (set(), set()), (
        "(addresses without a line in tests/walk/routes.md, lines without an address) "
        "(CONTRIBUTING.md, “A page of the desk”)"
    )


def test_the_table_says_what_happens(walked: Walk) -> None:
    found = as_table(walked).splitlines()

    changed = "\n".join(difflib.unified_diff(in_file(), found, "routes.md", "walked", n=0, lineterm=""))
    assert changed == "", (
        "If this is who should get in, write it into tests/walk/routes.md; if not, mend the permission "
        f"(CONTRIBUTING.md, “A page of the desk”, “A role”):\n{changed}"
    )


def test_whoever_has_no_role_gets_into_nothing_but_their_own_account() -> None:
    head, _, *rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in in_file()]
    open_to_all = {row[0].strip("`") for row in rows if "see" in row[head.index("anybody")]}
    assert open_to_all <= OPEN, (
        "These pages of the desk ask for no permission: name one where they are hung in "
        "(CONTRIBUTING.md, “A page of the desk”)"
    )


@pytest.mark.parametrize("kind", walking.KINDS)
def test_no_surprises(walked: Walk, kind: str) -> None:
    assert walked.surprises[kind] == []


def test_the_walk_has_seen_something(walked: Walk) -> None:
    """Or it would find nothing for want of anything to find."""
    assert set(walked.surprises) <= set(walking.KINDS)
    assert sum(line.names_somebody for line in walked.lines.values()) > 50
    assert walked.asked > 3000
