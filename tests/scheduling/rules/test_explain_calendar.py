"""`manage.py explain_calendar`: what is read from a calendar, where there is neither environment nor service."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.scheduling.calendars.test_busy import AT_TEN, calendar, event
from tests.scheduling.rules.test_hostile_calendars import ENDLESS

ROOT = Path(__file__).resolve().parents[3]


def explained(path: Path, text: str) -> tuple[int, dict[str, Any]]:
    path.write_text(text, newline="")
    words = [str(path), "--zone", "America/New_York", "--from", "2026-12-01", "--days", "7"]
    command = [sys.executable, str(ROOT / "manage.py"), "explain_calendar", *words]
    done = subprocess.run(command, cwd="/", env={}, capture_output=True, text=True, check=False)
    return done.returncode, json.loads(done.stdout)


def test_busy_times_are_sorted_and_merged(tmp_path: Path) -> None:
    more = event("two", "DTSTART:20261201T102000", "DTEND:20261201T110000", "RRULE:FREQ=DAILY;COUNT=2")
    later = event("three", "DTSTART:20261208T050000Z", "DTEND:20261208T060000Z")
    code, told = explained(tmp_path / "a.ics", calendar(later, more, AT_TEN))
    spans = [["2026-12-01T15:00:00Z", "2026-12-01T16:00:00Z"], ["2026-12-02T15:20:00Z", "2026-12-02T16:00:00Z"]]
    assert (code, told) == (0, {"busy": spans, "skipped": []})


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    code, told = explained(tmp_path / "a.ics", calendar(ENDLESS["an interval of nothing"]))
    assert (code, told) == (1, {"error": "An event is repeated too often: nobody's calendar is like that."})
    code, told = explained(tmp_path / "a.ics", "x" * 6 * 1024**2)
    assert (code, told) == (1, {"error": "The calendar is larger than 5 MB."})
