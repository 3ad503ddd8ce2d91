"""What follow-ups cost: planning the steps that are due, and bringing mails from the row to the mail server.

    python -m bench.follow_ups [--plan 100000] [--mails 4000] [--rounds 3]

Planning: enrollments with a step due, by two sweeps at once; seconds, and how much one of them grew. Sending: two
`send_due` against what Django's send_messages in one process does with the same mails and the same server, in turn.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.database import migrated
from script import embedded

WANTED_PLAN_SECONDS, WANTED_GROWTH_MB, WANTED_SHARE = 60, 64, 0.8
MEGABYTE = 1024 * 1024
WORKERS = 2


def main() -> int:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--plan", type=int, default=100_000)
    parser.add_argument("--mails", type=int, default=4_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with migrated() as directory:
        _make_crowd(options.plan)
        planned = _plan(options.plan)
        rounds = [_round(directory, options.mails) for _ in range(options.rounds)]
    return _show(options.plan, planned, rounds)


def _make_crowd(count: int) -> None:
    from tests.faults.crowd import make_crowd

    make_crowd(count)


def _plan(count: int) -> tuple[float, float]:
    """Return the seconds of two sweeps at once, and the megabytes by which one grew between its first batch and its
    highest."""
    from crm.models import Message

    command, begun = [sys.executable, "-c", _PLAN], time.perf_counter()
    runs = [subprocess.Popen(command, env=os.environ, stdout=subprocess.PIPE, text=True) for _ in range(WORKERS)]
    grown = [float(run.communicate(timeout=600)[0].split()[-1]) for run in runs]
    seconds = time.perf_counter() - begun
    made = Message.objects.count()
    if made != count:
        raise RuntimeError(f"{made} mails were planned instead of {count}.")
    return seconds, max(grown) / MEGABYTE


_PLAN = """
import django, psutil; django.setup()
from crm import follow_up
process = psutil.Process()
follow_up._batch(None)
before = highest = process.memory_info().rss
while follow_up._batch(None):
    highest = max(highest, process.memory_info().rss)
print(highest - before)
"""


def _round(directory: Path, mails: int) -> tuple[float, float]:
    """Return mails a second: Django's send_messages in one process, then two of our workers."""
    return _django(directory, mails), _ours(directory, mails)


def _ours(directory: Path, mails: int) -> float:
    from crm.models import Message

    waiting = Message.objects.filter(state="queued").order_by("pk").values("pk")
    later = datetime.now(UTC) + timedelta(days=1)
    Message.objects.filter(state="queued").exclude(pk__in=list(waiting[:mails].values_list("pk", flat=True))).update(
        due_at=later
    )
    with _sink(directory) as sink:
        command = [sys.executable, "-c", _SEND]
        variables = os.environ | {"EMAIL_URL": f"sink://127.0.0.1:{sink.port}"}
        runs = [subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL) for _ in range(WORKERS)]
        for run in runs:
            run.wait(300)
    Message.objects.filter(state="queued").update(due_at=datetime.now(UTC) - timedelta(minutes=1))
    return sink.rate(mails)


_SEND = """
import django; django.setup()
from crm import delivery
while delivery.send_due(): pass
"""

_DJANGO = """
import sys, django; django.setup()
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.smtp import EmailBackend
from crm import mail_texts
from crm.models import Message
rows = Message.objects.filter(state="queued").select_related("lead__location").order_by("pk")[:int(sys.argv[2])]
mails = []
for row in rows:
    mail_texts.fill(row)
    mail = EmailMultiAlternatives(row.subject, row.text, row.sender_email, [row.to_email])
    mail.attach_alternative(row.html, "text/html")
    mails.append(mail)
backend = EmailBackend(alias="bench", host="127.0.0.1", port=int(sys.argv[1]), username="", password="", use_tls=False,
    use_ssl=False, timeout=30)
backend.send_messages(mails)
"""


def _django(directory: Path, mails: int) -> float:
    with _sink(directory) as sink:
        subprocess.run(
            [sys.executable, "-c", _DJANGO, str(sink.port), str(mails)], check=True, stdout=subprocess.DEVNULL
        )
    return sink.rate(mails)


class _sink:  # noqa: N801 - used like a function
    """A mail server in a process of its own."""

    def __init__(self, directory: Path) -> None:
        self.port, self.report = embedded.free_port(), directory / "sink.json"

    def __enter__(self) -> "_sink":
        self.report.unlink(missing_ok=True)
        self.process = subprocess.Popen([sys.executable, "-m", "bench.sink", str(self.port), str(self.report)])
        while not embedded.is_taken(self.port):
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(10)

    def rate(self, wanted: int) -> float:
        told = json.loads(self.report.read_text())
        if told["count"] != wanted:
            raise RuntimeError(f"{told['count']} mails arrived instead of {wanted}.")
        return float((told["count"] - 1) / told["seconds"])


def _show(count: int, planned: tuple[float, float], rounds: list[tuple[float, float]]) -> int:
    seconds, growth = planned
    shares = [ours / (WORKERS * django) for django, ours in rounds]
    share = statistics.median(shares)
    print(f"\nplanning {count:,} due steps: {seconds:.1f} s (wanted: <= {WANTED_PLAN_SECONDS} for 100,000), ", end="")
    print(f"the process grew by {growth:.1f} MB (wanted: < {WANTED_GROWTH_MB})")
    print(f"\n{'mails a second':<42}{'median':>8}{'lowest':>8}{'highest':>9}")
    for name, place in (("Django's send_messages, one process", 0), (f"ours, {WORKERS} workers, from claim to row", 1)):
        found = [one[place] for one in rounds]
        print(f"{name:<42}{statistics.median(found):>8.0f}{min(found):>8.0f}{max(found):>9.0f}")
    spread = f"rounds {min(shares):.0%} to {max(shares):.0%}"
    print(f"\n{share:.0%} of {WORKERS} times Django's rate (wanted: {WANTED_SHARE:.0%}; {spread})")
    in_time = seconds * 100_000 / count <= WANTED_PLAN_SECONDS
    return 0 if in_time and growth < WANTED_GROWTH_MB and share >= WANTED_SHARE else 1


if __name__ == "__main__":
    sys.exit(main())
