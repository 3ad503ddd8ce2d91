"""What pure rooms (pyproject.toml) may have of Django where a contract lets them: words, and enums with labels."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ALLOWED = {"django.db.models.TextChoices", "django.utils.formats.date_format"}
ROOT = Path(__file__).resolve().parent.parent


def excused() -> Iterator[Path]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for contract in settings["tool"]["importlinter"]["contracts"]:
        for line in contract.get("ignore_imports", []):
            yield from ROOT.glob(line.partition(" ")[0].replace(".", "/") + ".py")


def names_of_django(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{one.name}" for one in node.names}
        elif isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
    return {name for name in found if name.startswith("django")}


@pytest.mark.parametrize("file", sorted(excused()), ids=str)
def test_a_pure_module_has_nothing_of_django_but_words(file: Path) -> None:
    beside = {name for name in names_of_django(file) if not name.startswith("django.utils.translation.")}
    assert beside <= ALLOWED
