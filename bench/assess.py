"""What one assessment costs, by the number of treatments.

    python -m bench.assess [--leads 300]

Reading the snapshot and asking the rules, in one process, without a database. The goal: 1 ms with 30 treatments.
"""

import json
import statistics
import sys
import time
from argparse import ArgumentParser
from random import Random
from typing import Any

from intake.rules.candidacy import assess
from intake.rules.snapshot import read_snapshot
from tests.intake.random_snapshots import random_snapshot

SIZES = (0, 3, 10, 30)
WANTED_MS = 1.0


def main() -> int:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, default=300, help="snapshots of each size")
    options = parser.parse_args()
    print(f"{'treatments':>10}{'median':>12}{'slowest 5 %':>14}")
    for size in SIZES:
        times = [_milliseconds(line) for line in _lines(size, options.leads)]
        median = statistics.median(times)
        print(f"{size:>10}{median:>9.3f} ms{statistics.quantiles(times, n=20)[-1]:>11.3f} ms")
    print(f"\n{median:.2f} ms with {size} treatments (wanted: {WANTED_MS} ms).")
    return 0 if median <= WANTED_MS else 1


def _lines(size: int, count: int) -> list[str]:
    """Return snapshots whose every rule is reached, with exactly so many treatments of all kinds."""
    chance = Random(size)  # noqa: S311 - the same ones every time
    lines = []
    for _ in range(count):
        snapshot = random_snapshot(chance)
        rows: list[dict[str, Any]] = []
        while len(rows) < size:
            other = random_snapshot(chance)
            rows += [row | _within(row, snapshot["today"]) for row in other["treatments"]]
        lines.append(json.dumps(snapshot | {"treatments": rows[:size]}))
    return lines


def _within(row: dict[str, object], today: str) -> dict[str, object]:
    """Remove the dates of a row that begins after today: rows come from snapshots of other days."""
    late = row["start"] and str(row["start"]) > today
    return {"start": None, "end": None} if late else {}


def _milliseconds(line: str) -> float:
    begun = time.perf_counter()
    assess(read_snapshot(line))
    return (time.perf_counter() - begun) * 1000


if __name__ == "__main__":
    sys.exit(main())
