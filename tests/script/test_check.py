"""The command behind script/test: what it runs, and that nothing missing is skipped."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from typing import Any

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


def test_every_kind_of_check_is_there() -> None:
    titles = [step.title for step in check.steps("postgresql://nowhere/nothing")]

    assert titles == [
        "Style",
        "Format",
        "Templates",
        "Types",
        "Layers",
        "Migrations complete",
        "Ready to deploy",
        "Tests",
        "Browser",
    ]


@pytest.mark.parametrize("code", [0, 3])
def test_failing_step_gives_its_code(code: int) -> None:
    step = check.Step("Something", [sys.executable, "-c", f"raise SystemExit({code})"])

    assert check._run(step) == code


def test_run_stops_at_the_first_failure(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    def steps(_url: str) -> list[check.Step]:
        return [check.Step("First", ["false"]), check.Step("Second", ["true"])]

    monkeypatch.setattr(check, "steps", steps)
    monkeypatch.setattr(system, "ensure_chromium", lambda: None)
    monkeypatch.setattr(sys, "argv", ["check"])

    assert check.main() == 1
    assert "Second" not in capfd.readouterr().out


def test_ci_calls_the_one_command() -> None:
    lines = (check.ROOT / ".ci/run").read_text().splitlines()

    assert [line for line in lines if not line.startswith("#")] == ['exec "$(dirname "$0")/../script/test"']
