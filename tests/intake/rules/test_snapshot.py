"""What is refused as a snapshot, and that the command answers line by line."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from intake.rules.snapshot import SnapshotProblem, read_snapshot
from tests.intake.cases import TODAY, days_ago, entry, snapshot

ROOT = Path(__file__).resolve().parents[3]
TOMORROW = days_ago(-1)


def with_entry(**fields: Any) -> dict[str, Any]:
    return snapshot([entry(**fields)])


BAD: list[tuple[str, Any]] = [
    ("no object", [1]),
    ("no day", {}),
    ("no such day", {"today": "2026-02-30"}),
    ("a day in other words", {"today": "22.11.2026"}),
    ("a day as a number", {"today": 20261122}),
    ("a year that cannot be counted from", {"today": "0001-01-01"}),
    ("age as text", snapshot(age="52")),
    ("age as a yes", snapshot(age=True)),
    ("negative age", snapshot(age=-1)),
    ("rating over 10", snapshot(nrs_average=11)),
    ("rating as a yes", snapshot(nrs_average=True)),
    ("two of three ratings", snapshot(interference=[1, 2])),
    ("RMDQ over 24", snapshot(rmdq=25)),
    ("unknown region", snapshot(regions=["toe"])),
    ("a region instead of a list", snapshot(regions="neck")),
    ("unknown tick", snapshot(tried=["prayer"])),
    ("nothing beside others", snapshot(tried=["nothing", "pt"])),
    ("unknown bucket", snapshot(onset={"bucket": "ages"})),
    ("empty onset", snapshot(onset={})),
    ("onset in the future", snapshot(onset={"date": TOMORROW})),
    ("odd answer to a sign", snapshot(red_flags={"A1": "maybe"})),
    ("declined where that cannot be", snapshot(red_flags={"A1": "declined"})),
    ("area as text", snapshot(area_served="yes")),
    ("unknown kind", with_entry(kind="leeches")),
    ("unknown status", with_entry(status="abandoned")),
    ("no status", with_entry(status=None)),
    ("unknown precision", with_entry(start_precision="week")),
    ("end before start", with_entry(start="2026-03-02", end="2026-03-01")),
    (
        "end before start, whatever the precision",
        with_entry(start="2026-03-02", end="2026-03-01", end_precision="year"),
    ),
    ("going on, with an end", with_entry(ongoing=True)),
    ("status going on, with an end", with_entry(status="ongoing")),
    ("start in the future", with_entry(start=TOMORROW, end=None)),
    ("relief over 100", with_entry(relief_percent=101)),
    ("negative sessions", with_entry(sessions=-1)),
    ("sessions as text", with_entry(sessions="12")),
    ("treatments as an object", {"today": TODAY.isoformat(), "treatments": {}}),
]


@pytest.mark.parametrize("raw", [raw for _, raw in BAD], ids=[name for name, _ in BAD])
def test_a_bad_snapshot_is_refused(raw: Any) -> None:
    with pytest.raises(SnapshotProblem):
        read_snapshot(json.dumps(raw))


@pytest.mark.parametrize("line", ["", "{", '{"today": NaN}', "\ud800".encode("utf-8", "surrogatepass")])
def test_what_is_no_json_is_refused(line: str | bytes) -> None:
    with pytest.raises(SnapshotProblem):
        read_snapshot(line)


def test_null_means_not_answered() -> None:
    nothing = dict.fromkeys(snapshot()["answers"])
    read = read_snapshot(json.dumps({"today": TODAY.isoformat(), "answers": nothing, "treatments": None}))
    assert (read.answers.regions, read.answers.tried, read.treatments) == ((), (), [])


def test_a_plan_may_start_in_the_future() -> None:
    assert not read_snapshot(json.dumps(with_entry(status="planned", start=TOMORROW, end=None))).happened


def test_a_problem_names_the_place_and_not_the_value() -> None:
    with pytest.raises(SnapshotProblem, match=r"^answers\.regions\.0: ") as refused:
        read_snapshot(json.dumps(snapshot(regions=["secret-place"])))
    assert "secret-place" not in str(refused.value)


def test_the_command_answers_line_by_line_without_any_environment() -> None:
    lines = [json.dumps(snapshot()), "", "nonsense", json.dumps(snapshot(nrs_average=1)), json.dumps([])]
    done = subprocess.run(
        [sys.executable, "manage.py", "assess", "--json"],
        input="\n".join(lines).encode(),
        capture_output=True,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        check=False,
    )
    answers = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert [answer.get("rule") for answer in answers] == ["R11", None, "R6", None]
    assert [list(answer) for answer in answers if "error" in answer] == [["error"], ["error"]]
    assert (done.returncode, done.stderr) == (1, b"")


def test_the_command_prints_the_whole_result() -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "assess", "--json"],
        input=json.dumps(snapshot()).encode(),
        capture_output=True,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        check=True,
    )
    answer = json.loads(done.stdout)
    assert list(answer) == ["outcome", "rule", "reasons", "flags", "recheck_on", "span_days", "groups"]
    assert [sorted(reason) for reason in answer["reasons"]] == [["code", "text"]]
