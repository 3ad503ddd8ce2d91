"""The command behind script/test: what it runs, and that nothing missing is skipped."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from script import check, system

BROWSER = (system.ensure_chromium, ["chromium"])
LIBRARIES = (system.ensure_pdf_libraries, ["libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0"])


@pytest.mark.parametrize(("ensure", "packages"), [BROWSER, LIBRARIES])
def test_what_is_missing_ends_the_run_and_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, ensure: Callable[[], None], packages: list[str]
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    monkeypatch.setattr(system, "find_library", lambda _name: None)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    with pytest.raises(system.Missing, match=f"sudo apt-get install {' '.join(packages)}"):
        ensure()

    monkeypatch.setattr(sys, "argv", ["check"])
    with pytest.raises(SystemExit, match="no check is skipped"):
        check.main()


@pytest.mark.parametrize(("ensure", "packages"), [BROWSER, LIBRARIES])
def test_what_is_missing_is_installed_by_root_on_debian(
    monkeypatch: pytest.MonkeyPatch, ensure: Callable[[], None], packages: list[str]
) -> None:
    asked: list[list[str]] = []

    def run(command: list[str], **_options: Any) -> None:
        asked.append(command)

    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/apt-get" if name == "apt-get" else None)
    monkeypatch.setattr(system, "find_library", lambda _name: None)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(subprocess, "run", run)

    ensure()

    assert asked[-1] == ["apt-get", "install", "-y", "-qq", *packages]


def everything() -> list[check.Step]:
    stages = check.stages("postgresql://postgres:@/nucleus?host=/nowhere")
    return [step for lanes in stages for lane in lanes for step in lane]


def test_every_kind_of_check_is_there() -> None:
    assert [step.title for step in everything()] == [
        "Style",
        "Format",
        "Templates",
        "Types",
        "Layers",
        "Migrations complete",
        "Ready to deploy",
        "Test databases",
        "Tests",
        "Rehearsals",
        "Browser",
    ]


def test_what_one_step_leaves_out_another_runs() -> None:
    words = [word for step in everything() if "pytest" in step.command for word in step.command]

    left_out = {word.removeprefix("--ignore=") for word in words if word.startswith("--ignore=")}
    assert left_out == {word for word in words if word.startswith("tests/")}
    assert "tests" in words


def test_each_process_that_tests_finds_a_copy_of_the_migrated_database() -> None:
    [copies] = [step.command for step in everything() if "script.test_databases" in step.command]
    names = [
        urlsplit(step.environment["DATABASE_URL"]).path.removeprefix("/") + suffix
        for step in everything()
        if "pytest" in step.command
        for suffix in (("_gw0", "_gw1") if "-n" in step.command else ("",))
    ]

    assert sorted(names) == sorted(copies[copies.index("script.test_databases") + 1 :])


def test_no_rehearsal_runs_beside_another() -> None:
    """The browser tests come after them, and what runs beside them gives way."""
    computes, *waits = check.stages("postgresql://postgres:@/nucleus?host=/nowhere")[-1]

    assert [[step.title for step in lane] for lane in waits] == [["Rehearsals", "Browser"]]
    assert "-n" not in waits[0][0].command
    assert [step.gives_way for step in computes] == [True]


@pytest.mark.parametrize("aside", [False, True])
@pytest.mark.parametrize("code", [0, 3])
def test_failing_step_gives_its_code(capfd: pytest.CaptureFixture[str], code: int, aside: bool) -> None:
    step = check.Step("Something", [sys.executable, "-c", f"print('words', flush=True); raise SystemExit({code})"])

    assert check._run(step, aside=aside) == code

    head, words, verdict = capfd.readouterr().out.strip().splitlines()
    assert "Something" in head
    assert words == "words"
    assert ("passed" in verdict) is (code == 0)


def test_what_gives_way_does() -> None:
    asks = "import os, sys; sys.exit(os.nice(0))"

    assert check._run(check.Step("Itself", [sys.executable, "-c", asks], gives_way=True)) == min(os.nice(0) + 10, 19)


def test_run_stops_at_the_first_failure(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    begun = f"{tmp_path}/begun"
    fails = ["sh", "-c", f"until [ -e {begun} ]; do sleep 0.02; done; exit 1"]
    goes_on = ["sh", "-c", f"touch {begun}; sleep 0.2; echo came to its end"]

    def stages(_url: str) -> list[list[check.Lane]]:
        first = [[check.Step("First", fails), check.Step("Second", ["true"])], [check.Step("Beside it", goes_on)]]
        return [first, [[check.Step("Third", ["true"])]]]

    monkeypatch.setattr(check, "stages", stages)
    monkeypatch.setattr(system, "ensure_chromium", lambda: None)
    monkeypatch.setattr(sys, "argv", ["check"])

    assert check.main() == 1

    said = capfd.readouterr().out
    assert "came to its end" in said
    assert [word for word in ("Second", "Third") if word in said] == []


def test_ci_calls_the_one_command() -> None:
    lines = (check.ROOT / ".ci/run").read_text().splitlines()

    assert [line for line in lines if not line.startswith("#")] == ['exec "$(dirname "$0")/../script/test"']
