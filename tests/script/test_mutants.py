"""The command behind script/mutants, on a product of one line: what nobody notices is reported, and ends with 1."""

import os
from pathlib import Path

import psutil
import pytest

from script import mutants
from script.guard import Guard, Verdict
from script.mutation import Copy

PRODUCT = "def answer():\n    return 41 + 1\n"
TESTS = """
import subprocess, sys, threading
from product import answer

def test_answer_is_known():
    assert answer() == 42

def test_nothing_of_it():
    assert answer() is not None

def test_waits_for_the_answer():
    if answer() != 42:
        waits = [sys.executable, "-c", "import threading; threading.Event().wait()"]
        subprocess.Popen(waits)
        subprocess.run(["sh", "-c", '"$@" &', "sh", *waits])
        threading.Event().wait()
"""


def guard(**changes: str) -> Guard:
    usual = {"name": "the answer", "file": "product.py", "source": "41 + 1", "replacement": "6 * 9"}
    return Guard(**usual | {"test": "test_product.py::test_answer_is_known"} | changes)


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    root = tmp_path / "root"
    (root / "tests").mkdir(parents=True)
    (root / "pyproject.toml").write_text('[tool.pytest.ini_options]\naddopts = "-p no:cacheprovider"\npythonpath = "."')
    (root / "product.py").write_text(PRODUCT)
    (root / "tests" / "test_product.py").write_text(TESTS)
    made = Copy(tmp_path / "copy", {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}, options=())
    made.take_from(root)
    return made


def test_what_a_test_notices_is_killed(copy: Copy, capsys: pytest.CaptureFixture[str]) -> None:
    assert mutants.examine([guard()], [copy]) == 0
    assert "1 of 1 guards are watched by a test" in capsys.readouterr().out
    assert (copy.tree / "product.py").read_text() == PRODUCT


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"test": "test_product.py::test_nothing_of_it"}, "SURVIVED: the answer"),
        ({"source": "40 + 2"}, "NOT FOUND: the answer"),
        ({"source": "1"}, "NOT FOUND: the answer"),  # it stands there more than once
        ({"file": "gone.py"}, "NOT FOUND: the answer"),
        ({"replacement": "41 +"}, "NOT RUN: the answer"),
    ],
)
def test_what_no_test_notices_ends_with_one(
    copy: Copy, capsys: pytest.CaptureFixture[str], changes: dict[str, str], word: str
) -> None:
    assert mutants.examine([guard(**changes), guard()], [copy]) == 1
    said = capsys.readouterr().out
    assert word in said
    assert "1 of 2 guards are watched by a test" in said


def test_a_change_of_the_same_length_within_a_second_is_seen(copy: Copy) -> None:
    """Bytecode that is told by time and size would be that of the file before."""
    times = (copy.tree / "product.py").stat()
    copy.look_before(["test_product.py"])
    (copy.tree / "product.py").write_text(PRODUCT.replace("41 + 1", "41 + 2"))
    os.utime(copy.tree / "product.py", ns=(times.st_atime_ns, times.st_mtime_ns))

    assert copy.look_before(["test_product.py::test_answer_is_known"]).code == 1


def test_a_hanging_test_is_cut_with_all_it_has_started(copy: Copy) -> None:
    copy.patience_seconds = 0.0
    copy.usual_seconds["test_product.py::test_waits_for_the_answer"] = 0.3

    tried = copy.try_guard(guard(test="test_product.py::test_waits_for_the_answer"))

    assert tried.verdict == Verdict.HUNG
    assert not [one for one in psutil.process_iter(["cwd"]) if one.info["cwd"] == str(copy.tree)]


def test_tests_that_fail_as_they_are_prove_nothing(copy: Copy, capsys: pytest.CaptureFixture[str]) -> None:
    (copy.tree / "product.py").write_text(PRODUCT.replace("41", "40"))

    assert mutants.examine([guard(source="40 + 1")], [copy]) == 1
    assert "mend that first" in capsys.readouterr().out


@pytest.mark.parametrize("file", ["crm/migrations/0001_initial.py", "crm/models/lead.py", "crm/db/grants.py"])
def test_what_shapes_the_database_is_asked_with_a_new_one(copy: Copy, file: str) -> None:
    asked = _notes_of(copy)
    (copy.tree / file).parent.mkdir(parents=True)
    (copy.tree / file).write_text("x = 1")

    copy.try_guard(guard(file=file, source="1"))

    assert asked == [True]


def test_a_survivor_is_asked_again_with_a_new_database(copy: Copy) -> None:
    asked = _notes_of(copy)

    copy.try_guard(guard(test="test_product.py::test_nothing_of_it"))

    assert asked == [False, True]


def _notes_of(copy: Copy) -> list[bool]:
    asked: list[bool] = []

    def renew(*, empty: bool) -> None:
        asked.append(empty)

    copy.renew = renew
    return asked


def test_no_two_rehearsals_run_at_once() -> None:
    jobs = mutants.Jobs(quick=["quick 1", "quick 2"], rehearsals=["rehearsal 1", "rehearsal 2"])
    ours: list[str] = []
    meanwhile: list[str] = []

    def do(job: str) -> None:
        ours.append(job)
        if job == "rehearsal 1":
            jobs.work(meanwhile.append)

    jobs.work(do)

    assert ours == ["rehearsal 1", "rehearsal 2"]
    assert meanwhile == ["quick 1", "quick 2"]
