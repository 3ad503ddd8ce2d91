"""Migrations are safe while the former release serves, can be taken back, and say so where they work on whole tables.

CONTRIBUTING.md, "Migrations", has the rules.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
FILES = sorted(path for app in ("crm", "intake", "scheduling") for path in (ROOT / app / "migrations").glob("0*.py"))
ADDS = {"AddIndex", "AddConstraint"}  # not those that keep nobody out: AddIndexConcurrently, AddConstraintNotValid
CONCURRENT = {"AddIndexConcurrently", "RemoveIndexConcurrently"}
RENAMES = {"RenameField", "RenameModel", "AlterModelTable"}
REMOVES = {"RemoveField", "DeleteModel"}
FILLS = re.compile(r"\b(UPDATE \w+(\s+\w+)?\s+SET|INSERT INTO)\b")  # also by a short name
HEAD = "from django.db import migrations, models\n\n\nclass Migration(migrations.Migration):\n"


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parts[-3]} {path.name[:4]}")
def test_a_migration_keeps_the_rules(path: Path) -> None:
    found = list(broken_rules(path.read_text()))
    assert not found, f"{path.relative_to(ROOT)}: {'; '.join(found)} (CONTRIBUTING.md, “Migrations”)"


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parts[-3]} {path.name[:4]}")
def test_a_migration_that_works_on_a_whole_table_is_named_for_whoever_updates(path: Path) -> None:
    name = f"{path.parts[-3]} {path.name[:4]}"
    section = (ROOT / "docs/operations.md").read_text().partition("## Updating a place")[2].partition("\n## ")[0]
    assert works_on_rows(ast.parse(path.read_text())) == (name in names_in(section)), (
        f"{name}: what works on every row of a table is named under “Updating a place with many leads” in "
        "docs/operations.md, and nothing else is (CONTRIBUTING.md, “Migrations”)"
    )


def test_the_names_of_several_migrations_are_read() -> None:
    assert names_in("crm 0002, 0004 and 0013, intake\n0011.") == {"crm 0002", "crm 0004", "crm 0013", "intake 0011"}


BROKEN = {
    "migrations.AddIndex('lead', models.Index(fields=['email'], name='x'))": "AddIndexConcurrently",
    "migrations.AddConstraint('lead', models.CheckConstraint(condition=models.Q(), name='x'))": "AddConstraintNotValid",
    "AddIndexConcurrently('lead', models.Index(fields=['email'], name='x'))": "atomic = False",
    "migrations.RunPython(fill)": "way back",
    "migrations.RunSQL('SELECT 1')": "way back",
    "migrations.RenameField('lead', 'a', 'b')": "former release",
    "migrations.RemoveField('lead', 'a')": "Unused since",
    "migrations.AddField('lead', 'a', models.TextField())": "db_default",
    "migrations.AddField('lead', 'a', models.TextField(default=''))": "db_default",
}
SOUND = [
    "migrations.AddField('lead', 'a', models.TextField(db_default=''))",
    "migrations.AddField('lead', 'a', models.TextField(null=True))",
    "migrations.RunPython(fill, migrations.RunPython.noop)",
    "migrations.RunSQL('SELECT 1', reverse_sql='SELECT 2')",
    "migrations.CreateModel('Fresh', []), migrations.AddIndex('fresh', models.Index(fields=['a'], name='x'))",
    "AddConstraintNotValid('lead', models.CheckConstraint(condition=models.Q(), name='x'))",
    "migrations.AddField('lead', 'a', models.ManyToManyField('crm.User'))",
]


@pytest.mark.parametrize("operation", BROKEN)
def test_what_would_stop_the_former_release_or_cannot_be_taken_back_is_found(operation: str) -> None:
    found = list(broken_rules(f"{HEAD}    operations = [{operation}]\n"))
    assert len(found) == 1
    assert BROKEN[operation] in found[0]
    assert not list(
        broken_rules(f"{HEAD}    initial = True\n    operations = [{operation}]\n")
    )  # there are no rows yet


@pytest.mark.parametrize("operation", SOUND)
def test_what_is_safe_is_let_through(operation: str) -> None:
    assert not list(broken_rules(f"{HEAD}    operations = [{operation}]\n"))


def test_what_needs_no_transaction_and_what_nobody_uses_says_so() -> None:
    concurrently = "AddIndexConcurrently('lead', models.Index(fields=['email'], name='x'))"
    assert not list(broken_rules(f"{HEAD}    atomic = False\n    operations = [{concurrently}]\n"))
    removed = '"""Unused since 1.3."""\n' + HEAD + "    operations = [migrations.RemoveField('lead', 'a')]\n"
    assert not list(broken_rules(removed))


@pytest.mark.parametrize(
    ("operation", "works"),
    [
        ("migrations.RunPython(fill, migrations.RunPython.noop)", True),
        ("migrations.RunSQL('UPDATE crm_lead SET a = 1', migrations.RunSQL.noop)", True),
        ("migrations.RunSQL('UPDATE crm_lead x SET a = 1', migrations.RunSQL.noop)", True),
        ("migrations.AddIndex('lead', models.Index(fields=['email'], name='x'))", True),
        ("migrations.AddField('lead', 'a', models.TextField(db_default=''))", True),
        ("AddIndexConcurrently('lead', models.Index(fields=['email'], name='x'))", False),
        (
            "migrations.CreateModel('Fresh', []), migrations.AddIndex('fresh', models.Index(fields=['a'], name='x'))",
            False,
        ),
        ("migrations.AddField('lead', 'a', models.TextField(null=True))", False),
    ],
)
def test_what_works_on_every_row_is_told(operation: str, works: bool) -> None:
    assert works_on_rows(ast.parse(f"{HEAD}    operations = [{operation}]\n")) is works
    assert not works_on_rows(ast.parse(f"{HEAD}    initial = True\n    operations = [{operation}]\n"))


def names_in(section: str) -> set[str]:
    """Such as "crm 0039"; after the name of an app there may be several numbers."""
    listed = re.findall(r"\b(crm|intake|scheduling)\s((?:\d{4}(?:,|\s|and)*)+)", section)
    return {f"{app} {number}" for app, numbers in listed for number in re.findall(r"\d{4}", numbers)}


def broken_rules(source: str) -> Iterator[str]:
    """What a migration does that the release before would not survive, or that cannot be taken back."""
    tree = ast.parse(source)
    if _is_set(tree, "initial", to=True):
        return
    calls = _calls(tree)
    made = {_said(call, "name", 0).lower() for call in calls if _name(call) == "CreateModel"}
    for call in calls:
        name, model = _name(call), _said(call, "model_name", 0)
        if name in ADDS and model.lower() not in made:
            instead = "AddIndexConcurrently" if name == "AddIndex" else "AddConstraintNotValid, then ValidateConstraint"
            yield f"{name} keeps out who writes to {model}: use {instead}"
        if name in CONCURRENT and not _is_set(tree, "atomic", to=False):
            yield f"{name} needs atomic = False"
        if name in {"RunPython", "RunSQL"} and len(call.args) + len(call.keywords) < 2:
            yield f"{name} names no way back"
        if name in RENAMES:
            yield f"{name} breaks the former release: add the new one, move over, drop the old one a release later"
        if name in REMOVES and "Unused since" not in (ast.get_docstring(tree) or ""):
            yield f"{name}: its docstring says “Unused since <release>”, which is an earlier one"
        if name == "AddField" and model.lower() not in made and not _may_be_left_out(call):
            yield f"AddField {_said(call, 'name', 1)}: the former release writes rows without it, so db_default or null"


def _may_be_left_out(call: ast.Call) -> bool:
    field = next(
        (one for one in [*call.args, *(key.value for key in call.keywords)] if isinstance(one, ast.Call)), None
    )
    if field is None or _name(field) == "ManyToManyField":
        return True
    return any(key.arg in {"null", "db_default"} for key in field.keywords)


def works_on_rows(tree: ast.Module) -> bool:
    """Whether it fills a table, or adds an index, a check or a drawn default to one that was there before."""
    if _is_set(tree, "initial", to=True):
        return False
    calls = _calls(tree)
    made = {_said(call, "name", 0).lower() for call in calls if _name(call) == "CreateModel"}
    words = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return (
        any(_name(call) == "RunPython" for call in calls)
        or any(FILLS.search(text) for text in words)
        or any(_name(call) in ADDS and _said(call, "model_name", 0) not in made for call in calls)
        or any(keyword.arg == "db_default" for call in calls for keyword in call.keywords)
    )


def _calls(tree: ast.Module) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def _is_set(tree: ast.Module, name: str, *, to: bool) -> bool:
    set_to = {
        target.id: one.value.value
        for one in ast.walk(tree)
        if isinstance(one, ast.Assign) and isinstance(one.value, ast.Constant)
        for target in one.targets
        if isinstance(target, ast.Name)
    }
    return set_to.get(name) is to


def _name(call: ast.Call) -> str:
    called = call.func
    return called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""


def _said(call: ast.Call, keyword: str, place: int) -> str:
    """An argument that stands there as a text; "" for one that is worked out."""
    named = [one.value for one in call.keywords if one.arg == keyword] or call.args[place : place + 1]
    return str(named[0].value) if named and isinstance(named[0], ast.Constant) else ""
