"""What the code imports is declared: what comes only because something else needs it may go with the next version."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = {"crm", "intake", "scheduling", "script", "tests", "bench"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
GROUPS = PROJECT["dependency-groups"]
PRODUCT = [*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"]["pdf"]]


def normalized(name: str) -> str:
    """As package indexes compare names (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(*groups: str) -> set[str]:
    lines = [*PRODUCT, *(line for group in groups for line in GROUPS[group] if isinstance(line, str))]
    return {normalized(re.split(r"[\[<>=~! ]", line, maxsplit=1)[0]) for line in lines}


def imported(folder: str) -> dict[str, Path]:
    """{top-level module: a file that imports it}, without the standard library's and our own."""
    found: dict[str, Path] = {}
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names = [node.module]
            found |= {name.partition(".")[0]: path for name in names}
    return {name: path for name, path in found.items() if name not in {*sys.stdlib_module_names, *OURS}}


@pytest.mark.parametrize(
    ("folder", "groups"),
    [
        ("crm", []),
        ("intake", []),
        ("scheduling", []),
        ("script", ["local", "lint"]),
        ("bench", ["local", "test"]),
        ("tests", ["local", "test", "lint"]),
    ],
)
def test_what_is_imported_is_declared(folder: str, groups: list[str]) -> None:
    known, by_module = declared(*groups), packages_distributions()

    undeclared = {
        module: str(path.relative_to(ROOT))
        for module, path in imported(folder).items()
        if not known & {normalized(name) for name in by_module.get(module, [])}
    }

    assert undeclared == {}
