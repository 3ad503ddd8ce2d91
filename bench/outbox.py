"""How late mails leave, and what a claim costs when the outbox has become long.

    python -m bench.outbox [--seconds 60] [--rate 10] [--old 5000000]

Lateness: so many mails a second are queued as the site queues them, with a worker, a clock and a mail server that
takes 20 ms for each answer; from the moment due to the moment finished. Claims: the same 40 batches beside a thousand
old mails and beside --old of them, in one database.
"""

import os
import statistics
import subprocess
import sys
import time
from argparse import ArgumentParser
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

from bench.database import migrated
from script import embedded

WANTED_P99_SECONDS, WANTED_RATIO = 30.0, 1.3
FEW, BATCHES = 1_000, 40

_OLD = """
INSERT INTO crm_message (id, key, name, channel, message_class, on_unknown, sender_name, sender_email, to_email,
    subject, text, html, message_id, state, reason, attempts, due_at, not_after, created_at, finished_at, lead_id)
SELECT gen_random_uuid(), 'old:' || n, 'ack', 'email', 'answer', 'resend', 'Riverbend', 'hello@riverbend.example.org',
    'n' || n || '@example.org', 'Your request', repeat('Hello. ', 30), repeat('<p>Hello.</p>', 30), '<old' || n || '>',
    'sent', '', 1, at, at + interval '1 day', at, at, %(lead)s
FROM (SELECT n, now() - (n || ' seconds')::interval AS at FROM generate_series(%(first)s, %(last)s) n) rows
"""


def main() -> int:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--rate", type=int, default=10)
    parser.add_argument("--old", type=int, default=5_000_000)
    options = parser.parse_args()
    with migrated() as directory:
        late = _lateness(directory, options.rate, options.seconds)
        _show_lateness(late, options.rate)
        few, many = _claims(options.old)
    return max(_show_claims(options.old, few, many), int(_p99(late) > WANTED_P99_SECONDS))


def _lateness(directory: Path, rate: int, seconds: int) -> list[float]:
    """Return the seconds from due to finished, of every mail, in order."""
    from crm.models import Message
    from tests.faults.far_end import far_end

    with far_end() as far, embedded.valkey(directory / "valkey") as redis_url, ExitStack() as running:
        far.delay_seconds = 0.02
        variables = os.environ | {
            "EMAIL_URL": far.url,
            "REDIS_URL": redis_url,
            "DJANGO_SETTINGS_MODULE": "crm.settings",
        }
        os.environ["REDIS_URL"] = redis_url
        for part in (["worker", "-c", "2"], ["beat", "-s", str(directory / "schedule")]):
            command = [sys.executable, "-m", "celery", "-A", "crm", *part]
            process = subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            running.callback(process.wait, 30)
            running.callback(process.terminate)
        time.sleep(8)  # until both are up
        _post(rate, seconds)
        until = time.monotonic() + 60
        while Message.objects.exclude(state="sent").exists() and time.monotonic() < until:
            time.sleep(0.2)
        rows = Message.objects.values_list("due_at", "finished_at")
        return sorted((finished - due).total_seconds() for due, finished in rows if finished)


def _post(rate: int, seconds: int) -> None:
    """Post one mail after another, evenly; each in a transaction of its own with its nudge."""
    from django.db import transaction

    from crm import dispatch
    from crm.celery import app
    from tests.factories import make_lead, make_message

    app.conf.update(broker_url=os.environ["REDIS_URL"])
    lead, begun = make_lead(), time.monotonic()
    for number in range(rate * seconds):
        time.sleep(max(0.0, begun + number / rate - time.monotonic()))
        with transaction.atomic():
            message = make_message(lead)
            dispatch.send_after_commit(message)


def _claims(old: int) -> tuple[list[float], list[float]]:
    """Return the seconds of each claim of 50, beside few old mails and beside `old` of them."""
    from crm.models import Message
    from tests.factories import make_lead, make_message

    Message.objects.all().delete()
    lead = make_lead(email="claims@example.org")
    for _ in range(BATCHES * 50):
        make_message(lead)
    _fill(1, FEW, lead.pk)
    few = _time_claims()
    print(f"writing {old:,} old mails ...", flush=True)
    _fill(FEW + 1, old, lead.pk)
    return few, _time_claims()


def _fill(first: int, last: int, lead: UUID) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        for start in range(first, last + 1, 250_000):
            values: dict[str, Any] = {"first": start, "last": min(start + 249_999, last), "lead": lead}
            cursor.execute(_OLD, values)
        cursor.execute("VACUUM ANALYZE crm_message")


def _time_claims() -> list[float]:
    from crm.models import Message
    from crm.outbox import delivery

    found = []
    for _ in range(BATCHES):
        begun = time.perf_counter()
        batch = delivery.claim()
        found.append(time.perf_counter() - begun)
        if len(batch) != delivery.BATCH:
            raise RuntimeError(f"{len(batch)} were claimed instead of {delivery.BATCH}.")
    Message.objects.filter(state="sending").update(state="queued", lease_token=None, lease_until=None)
    return found


def _show_lateness(late: list[float], rate: int) -> None:
    print(f"\n{len(late)} mails, {rate} a second: from due to finished p50 {late[len(late) // 2]:.2f} s, ", end="")
    print(f"p99 {_p99(late):.2f} s, latest {late[-1]:.2f} s (wanted: p99 <= {WANTED_P99_SECONDS:.0f} s)", flush=True)


def _p99(late: list[float]) -> float:
    return late[min(len(late) - 1, int(len(late) * 0.99))]


def _show_claims(old: int, few: list[float], many: list[float]) -> int:
    print(f"\n{'a claim of 50 mails':<34}{'median':>9}{'slowest':>10}")
    for name, found in ((f"beside {FEW:,} old mails", few), (f"beside {old:,}", many)):
        print(f"{name:<34}{statistics.median(found) * 1000:>6.1f} ms{max(found) * 1000:>7.1f} ms")
    ratio = statistics.median(many) / statistics.median(few)
    print(f"\nratio {ratio:.2f} (wanted: <= {WANTED_RATIO})")
    return int(ratio > WANTED_RATIO)


if __name__ == "__main__":
    sys.exit(main())
