"""For each guard of the product: what happens to the tests when it is gone. Exit code 1 when nothing does.

Works on a copy of the tree. A guard is a piece of source that stands exactly once in its file; with its replacement
the named test has to fail. A guard that moved is reported like one that survived, so that the table stays true.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from contextlib import ExitStack
from pathlib import Path

from script import embedded
from script.guard import Guard
from script.guards import GUARDS

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".tools", "var", "staticfiles", "__pycache__", ".*_cache")
SLOWEST_SECONDS = 120


def main() -> int:
    parser = ArgumentParser(prog="script/mutants", description="Breaks one guard after another; a test must notice.")
    parser.add_argument("words", nargs="*", help="only guards with one of these words in name or file")
    words = parser.parse_args().words
    chosen = [g for g in GUARDS if not words or any(word in f"{g.name} {g.file}" for word in words)]
    if not chosen:
        parser.error("No guard has such a word in its name or file.")
    with ExitStack() as places:
        directory = Path(places.enter_context(tempfile.TemporaryDirectory(prefix="nucleus-mutants-")))
        environment = _services(places, directory)
        tree = directory / "tree"
        shutil.copytree(ROOT, tree, ignore=LEFT_OUT)
        if trouble := _failing(tree, environment, sorted({guard.test for guard in chosen})):
            print(f"{trouble[-4000:]}\nThe tests fail as they are: mend that first.")
            return 1
        survivors = [guard for guard in chosen if not _is_killed(guard, tree, environment)]
    print(f"\n{len(chosen) - len(survivors)} of {len(chosen)} guards are watched by a test.")
    return 1 if survivors else 0


def _services(places: ExitStack, directory: Path) -> dict[str, str]:
    """One database and one broker for all runs."""
    database = places.enter_context(embedded.postgres(directory / "postgres", durable=False))
    redis_url = places.enter_context(embedded.valkey(directory / "valkey"))
    urls = {"DATABASE_URL": database.owner_url, "DATABASE_OWNER_URL": database.owner_url, "REDIS_URL": redis_url}
    return os.environ | urls | {"PYTHONDONTWRITEBYTECODE": "1"}


def _is_killed(guard: Guard, tree: Path, environment: dict[str, str]) -> bool:
    """Prints a line. False when the test stayed green, or when the guard is not where the table says."""
    file, begun = tree / guard.file, time.monotonic()
    before = file.read_text()
    if before.count(guard.source) != 1:
        print(f"not found  {'':>6}  {guard.name} ({guard.file})", flush=True)
        return False
    file.write_text(before.replace(guard.source, guard.replacement))
    try:
        killed = _failing(tree, environment, [guard.test])
    finally:
        file.write_text(before)
    verdict = "killed" if killed else "SURVIVED"
    print(f"{verdict:<9}  {time.monotonic() - begun:4.1f} s  {guard.name} ({guard.file})", flush=True)
    return bool(killed)


def _failing(tree: Path, environment: dict[str, str], tests: list[str]) -> str:
    """What pytest says when a test fails or hangs, else "". Raises RuntimeError when it could not run them."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", *(f"tests/{test}" for test in tests)]
    options = {"cwd": tree, "env": environment, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, **options) as run:  # type: ignore[call-overload]  # it cannot see into options
        try:
            said: str = run.communicate(timeout=SLOWEST_SECONDS * max(1, len(tests) // 10))[0]
        except subprocess.TimeoutExpired:
            run.kill()
            return "It hangs."
    if run.returncode > 1:
        raise RuntimeError(f"pytest could not run {' '.join(tests)}:\n{said[-2000:]}")
    return said or "It was killed." if run.returncode else ""


if __name__ == "__main__":
    sys.exit(main())
