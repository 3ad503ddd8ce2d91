"""Migrations that work on whole tables are named in docs/operations.md: whoever updates a large place has to know."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
FILES = sorted(path for app in ("crm", "intake", "scheduling") for path in (ROOT / app / "migrations").glob("0*.py"))
ADDS = {"AddIndex", "AddConstraint"}  # not those that keep nobody out: AddIndexConcurrently, AddConstraintNotValid
FILLS = re.compile(r"\b(UPDATE \w+(\s+\w+)?\s+SET|INSERT INTO)\b")  # also by a short name


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parts[-3]} {path.name[:4]}")
def test_a_migration_that_works_on_a_whole_table_is_named_for_whoever_updates(path: Path) -> None:
    name = f"{path.parts[-3]} {path.name[:4]}"
    section = (ROOT / "docs/operations.md").read_text().partition("## Updating a place")[2].partition("\n## ")[0]
    assert works_on_rows(ast.parse(path.read_text())) == (name in names_in(section)), (
        f"{name}: what works on every row of a table is named under “Updating a place with many leads” in "
        "docs/operations.md, and nothing else is (CONTRIBUTING.md, “Migrations”)"
    )


def names_in(section: str) -> set[str]:
    """Such as "crm 0039"; after the name of an app there may be several numbers."""
    listed = re.findall(r"\b(crm|intake|scheduling)\s((?:\d{4}(?:,|\s|and)*)+)", section)
    return {f"{app} {number}" for app, numbers in listed for number in re.findall(r"\d{4}", numbers)}


def works_on_rows(tree: ast.Module) -> bool:
    """Whether it fills a table, or adds an index, a check or a drawn default to one that was there before."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    made = {_said(call, "name", 0).lower() for call in calls if _name(call) == "CreateModel"}
    words = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return (
        any(_name(call) == "RunPython" for call in calls)
        or any(FILLS.search(text) for text in words)
        or any(_name(call) in ADDS and _said(call, "model_name", 0) not in made for call in calls)
        or any(keyword.arg == "db_default" for call in calls for keyword in call.keywords)
    )


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _said(call: ast.Call, keyword: str, place: int) -> str:
    """An argument that stands there as a text; "" for one that is worked out."""
    named = [one.value for one in call.keywords if one.arg == keyword] or call.args[place : place + 1]
    return str(named[0].value) if named and isinstance(named[0], ast.Constant) else ""
