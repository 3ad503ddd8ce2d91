"""What asking the rules again costs where nothing but time has changed: statements and seconds.

    python -m bench.time_passes [--rows 1000000] [--due 20000]

A million leads have a day to be asked, most of them later; the due ones come in rounds, as the clock takes them. What
was asked so far is told on the way. Memory stays what a round takes, however many are due.
"""

import resource
import time
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.database import fill_with_leads, migrated

BATCH = 1_000
TOLD_EVERY = 5_000


def main() -> int:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--due", type=int, default=20_000)
    options = parser.parse_args()
    with migrated():
        begun = time.perf_counter()
        _fill(options.rows)
        _make_due(options.due)
        print(f"{options.rows:,} leads, {options.due:,} of them due, made in {time.perf_counter() - begun:.0f} s")
        print("  asked  statements  each  seconds  ms each  MB", flush=True)
        asked = _measure()
        print(f"finding a round: {_plan()}")
    return 0 if asked == options.due else 1


def _fill(rows: int) -> None:
    """Fill the database with leads, each with a day on which it is to be asked: from tomorrow on."""
    from django.db import connection

    fill_with_leads(rows, stages=["qualifying"])
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO intake_nextask (lead_id, due_at, parked) "
            "SELECT id, now() + interval '1 day' + random() * interval '400 days', false FROM crm_lead"
        )
        cursor.execute("VACUUM ANALYZE")


def _make_due(count: int) -> None:
    """Give so many leads answers of 50 days ago, and what the rules said then: pain for less than six weeks."""
    from crm.models import Lead
    from intake.assessment import actions as assessments
    from intake.assessment import answer_history
    from intake.models import Assessment, Submission

    then = datetime.now(UTC) - timedelta(days=50)
    answers = {"pain_region": ["low_back"], "radiation": ["none"], "onset": "lt6w", "pain_now_avg": "6"}
    answers |= {"tried_treatments": ["nothing"], "safety_check": ["none"], "safety_check_b": ["none"]}
    for first in range(0, count, BATCH):
        leads = list(Lead.objects.select_related("location").order_by("pk")[first : min(first + BATCH, count)])
        made = [
            assessments.make(
                lead,
                answer_history.make_snapshot(answers, lead=lead, now=then),
                cause="First request",
                now=then,
                more_flags=[],
            )
            for lead in leads
        ]
        Submission.objects.bulk_create(
            Submission(lead=lead, page="request", answers=answers, at=then) for lead in leads
        )
        Assessment.objects.bulk_create(made)


def _measure() -> int:
    """Ask until nothing is due, and tell statements and seconds on the way; return how many leads were asked."""
    from django.db import connection

    from intake.assessment import time_passes

    statements = 0

    def count(execute: Callable[..., Any], *given: Any) -> Any:
        nonlocal statements
        statements += 1
        return execute(*given)

    asked, told, begun = 0, 0, time.perf_counter()
    with connection.execute_wrapper(count):
        while found := time_passes.ask_due(now=datetime.now(UTC)):
            asked += found
            if asked - told >= TOLD_EVERY:
                _tell(asked, statements, time.perf_counter() - begun)
                told = asked
    if asked > told:
        _tell(asked, statements, time.perf_counter() - begun)
    return asked


def _tell(asked: int, statements: int, seconds: float) -> None:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024  # in KB on Linux
    each = f"{statements / asked:.1f}", f"{1000 * seconds / asked:.1f}"
    print(f"{asked:7,}  {statements:10,}  {each[0]:>4}  {seconds:7.0f}  {each[1]:>7}  {most:,}", flush=True)


def _plan() -> str:
    """Return how PostgreSQL finds what is due, with its time."""
    from intake.models import NextAsk

    due = NextAsk.objects.filter(parked=False, due_at__lte=datetime.now(UTC)).order_by("due_at", "pk")
    lines = due.values_list("pk", flat=True)[:500].explain(analyze=True).splitlines()
    index = next((line.strip() for line in lines if "Index" in line or "Seq Scan" in line), lines[0])
    return f"{index.split('  (')[0].removeprefix('->').strip()}, {lines[-1]}"


if __name__ == "__main__":
    raise SystemExit(main())
