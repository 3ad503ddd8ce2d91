"""Rows are locked as weakly as will do: a lock that guards the key as well keeps out whoever only points to the row."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

# {(file, function): why the key is locked as well}
WHOLE = {
    ("crm/documents/actions.py", "take_back"): "the row is deleted",
    ("scheduling/actions/claims.py", "drop_expired"): "the rows are deleted",
    ("scheduling/actions/claims.py", "drop_holds_of"): "the rows are deleted",
}


def functions_that_lock_keys(path: Path) -> set[tuple[str, str]]:
    found = set()
    for function in ast.walk(ast.parse(path.read_text())):
        if isinstance(function, ast.FunctionDef):
            calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
            for call in calls:
                is_lock = isinstance(call.func, ast.Attribute) and call.func.attr == "select_for_update"
                if is_lock and not any(
                    word.arg == "no_key" and isinstance(word.value, ast.Constant) and word.value.value is True
                    for word in call.keywords
                ):
                    found.add((str(path.relative_to(ROOT)), function.name))
    return found


def test_no_lock_guards_a_key_that_does_not_change() -> None:
    files = [path for app in ("crm", "intake", "scheduling") for path in (ROOT / app).rglob("*.py")]
    found = set().union(*(functions_that_lock_keys(path) for path in files if "migrations" not in path.parts))

    assert found == set(WHOLE)
