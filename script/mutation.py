"""A copy of the tree in which one guard after another is broken, and what its tests say then."""

import compileall
import py_compile
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile

import psutil

from script.guard import Guard, Verdict

LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".tools", "var", "staticfiles", "__pycache__", ".*_cache")
PATIENCE_SECONDS = 60.0  # beyond ten times what the test takes when nothing is broken
ENDS_WELL, FAILS = 0, 1  # of pytest; whatever else it says, it has asked no test


@dataclass(frozen=True)
class Run:
    """What pytest said. `code` is None when it was cut at the deadline."""

    code: int | None
    said: str
    seconds: float


@dataclass(frozen=True)
class Tried:
    guard: Guard
    verdict: Verdict
    seconds: float
    said: str = ""


def _keeps_nothing(*, empty: bool) -> None:
    """Do nothing: for trees without a database."""


@dataclass
class Copy:
    """`renew` makes the test database new: a copy of a migrated one, or none, so that pytest migrates one itself."""

    tree: Path
    environment: dict[str, str]
    renew: Callable[..., None] = _keeps_nothing
    options: tuple[str, ...] = ("--reuse-db",)
    patience_seconds: float = PATIENCE_SECONDS
    usual_seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    def take_from(self, root: Path) -> None:
        """Copy the tree. Bytecode is made once and bound to the source's content: a file that is broken and mended
        within one second, and does not change its length, would else be taken for what it was."""
        shutil.copytree(root, self.tree, ignore=LEFT_OUT)
        mode = py_compile.PycInvalidationMode.CHECKED_HASH
        compileall.compile_dir(self.tree, quiet=2, invalidation_mode=mode)

    def look_before(self, tests: Sequence[str]) -> Run:
        """Run tests while nothing is broken, and remember how long each takes."""
        report = self.tree / "before.xml"
        self.renew(empty=False)
        run = self._pytest(tests, f"--junitxml={report}", "-o", "junit_family=xunit1", deadline=None, keep=True)
        if report.exists():
            for case in ET.parse(report).iter("testcase"):  # noqa: S314 - pytest has just written it
                file = str(case.get("file", "")).removeprefix("tests/")
                name = str(case.get("name", "")).partition("[")[0]
                self.usual_seconds[f"{file}::{name}"] += float(case.get("time", 0))
        return run

    def try_guard(self, guard: Guard) -> Tried:
        """Break a guard, run its test, and mend it again. A test that stays green runs once more with a database made
        by the broken code: the copy may be what hid it."""
        file, begun = self.tree / guard.file, time.monotonic()
        whole = file.read_text() if file.exists() else ""
        if whole.count(guard.source) != 1:
            return Tried(guard, Verdict.NOT_FOUND, 0.0)
        file.write_text(whole.replace(guard.source, guard.replacement))
        try:
            verdict, said = self._ask(guard, empty=guard.shapes_the_database)
            if verdict == Verdict.SURVIVED and not guard.shapes_the_database:
                verdict, said = self._ask(guard, empty=True)
        finally:
            file.write_text(whole)
        return Tried(guard, verdict, time.monotonic() - begun, said)

    def _ask(self, guard: Guard, *, empty: bool) -> tuple[Verdict, str]:
        self.renew(empty=empty)
        deadline = self.patience_seconds + 10 * self.usual_seconds[guard.test_function]
        run = self._pytest([guard.test], "-x", deadline=deadline, keep=False)
        verdicts = {None: Verdict.HUNG, ENDS_WELL: Verdict.SURVIVED, FAILS: Verdict.KILLED}
        return verdicts.get(run.code, Verdict.NOT_RUN), run.said

    def _pytest(self, tests: Iterable[str], *options: str, deadline: float | None, keep: bool) -> Run:
        """Run pytest in the tree. `keep`: the bytecode of tests is kept for later runs; they are never broken
        themselves."""
        addresses = [f"tests/{test}" for test in tests]
        command = [sys.executable, "-m", "pytest", "-q", *self.options, *options, *addresses]
        variables = self.environment | ({} if keep else {"PYTHONDONTWRITEBYTECODE": "1"})
        begun = time.monotonic()
        with TemporaryFile("w+") as said:  # a pipe would be kept open by whatever a killed test has started
            process = psutil.Popen(command, cwd=self.tree, env=variables, stdout=said, stderr=subprocess.STDOUT)
            try:
                code = process.wait(timeout=deadline)
            except psutil.TimeoutExpired:
                code = None
            finally:
                _end(process, self.tree)
            said.seek(0)
            return Run(code, said.read(), time.monotonic() - begun)


def _end(process: psutil.Process, tree: Path) -> None:
    """Send SIGKILL to a run and all that it has started, whoever its parent is by now."""
    family = [process, *process.children(recursive=True)] if process.is_running() else []
    for one in [*family, *_at_work_in(tree)]:
        with suppress(psutil.NoSuchProcess):
            one.kill()
    psutil.wait_procs(family, timeout=5)


def _at_work_in(tree: Path) -> Iterator[psutil.Process]:
    for one in psutil.process_iter():
        with suppress(psutil.Error):  # it may end meanwhile, or be somebody else's
            if Path(one.cwd()) == tree:
                yield one


def words_of_failure(said: str) -> str:
    """Return the lines of pytest's report that say what is wrong, or its end."""
    found = re.findall(r"^(?:E  .*|FAILED .*|ERROR .*)$", said, re.MULTILINE)
    return "\n".join(found[-10:]) or said[-1500:]
