"""The whole rehearsal as a table: `script/faults`. Exit code 1 when a promise of docs/delivery.md is broken."""

import os
import random
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from script import embedded
from script.check import PUBLIC

if TYPE_CHECKING:
    from crm.enums.leads import OnUnknown as _Policy
    from tests.faults.rehearsal import Outcome as _Outcome

_Fault = AbstractContextManager[None]
Row = tuple[str, int, int, int, int, int, float, float, str]
SLOWEST_POST_SECONDS = 0.6
FOLLOW_UP_KILLS, REDIS_EVERY, MOST_PARKED = 100, 10, 0.05
HEADINGS = ("fault", "mails", "accepted", "lost", "twice", "parked", "slowest post", "seconds", "promises")


@dataclass
class Place:
    """What a scenario plays with."""

    redis_directory: Path
    redis_port: int
    mails: int
    kills: int
    follow_ups: int

    @property
    def redis_url(self) -> str:
        return f"redis://127.0.0.1:{self.redis_port}/0"


def main() -> int:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=400, help="in the scenarios that kill workers")
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--follow-ups", type=int, default=2_000, help="in the scenario with everything at once")
    whats = ["mail", "booking", "fuzz", "hostile", "strangers"]
    parser.add_argument("what", nargs="?", choices=whats, default="mail")
    parser.add_argument("--rounds", type=int, default=1_000, help="of booking, by each patient")
    parser.add_argument("--patients", type=int, default=40)
    parser.add_argument("--minutes", type=float, default=60, help="of booking, at most")
    parser.add_argument("--requests", type=int, default=20_000, help="of fuzz")
    parser.add_argument("--seed", type=int, default=23, help="of fuzz")
    parser.add_argument("--first", type=int, default=0, help="of fuzz: the number of the first request")
    options = parser.parse_args()
    if options.what == "fuzz":
        return _fuzz(options.seed, options.first, options.requests)
    if options.what == "hostile":
        from tests.faults.hostile import read_all

        return read_all()
    with ExitStack() as services:
        directory = Path(services.enter_context(tempfile.TemporaryDirectory(prefix="nucleus-faults-")))
        place = Place(directory / "valkey", embedded.free_port(), options.mails, options.kills, options.follow_ups)
        _set_up(services, directory, place)
        if options.what == "booking":
            return _booking(options.patients, options.rounds, options.minutes)
        if options.what == "strangers":
            return _strangers(min(options.rounds, 300))
        scenarios = (_resend, _park, _redis_killed, _redis_hung, _redis_gone, _follow_ups)
        rows = [_run(scenario, place) for scenario in scenarios]
    _show(rows)
    return 1 if any(row[-1] != "kept" for row in rows) else 0


def _booking(patients: int, rounds: int, minutes: float) -> int:
    """Patients against two web processes; prints what they were told and what was broken."""
    from tests.faults.bookings import Siege, stand

    begun = time.monotonic()
    result = stand(Siege(patients, rounds, most_seconds=minutes * 60))
    print(f"{patients} patients, {result.requests:,} requests, {result.kills} web processes killed,", end=" ")
    print(f"{time.monotonic() - begun:.0f} s")
    for words, count in sorted(result.told.items()):
        print(f"  {words:<20}{count:>8,}")
    print("\n".join(result.broken) or "No overlap, no deadlock, no server error; every accepted act is in the tables.")
    return 1 if result.broken else 0


def _fuzz(seed: int, first: int, requests: int) -> int:
    """Hostile requests from as many processes as there are cores."""
    from tests.faults.fuzz import campaign

    begun, processes = time.monotonic(), min(requests, os.cpu_count() or 1)
    plan = campaign.Attack(seed, first, first + requests, processes)
    with ExitStack() as services:
        directory = Path(services.enter_context(tempfile.TemporaryDirectory(prefix="nucleus-fuzz-")))
        database = services.enter_context(embedded.postgres(directory / "postgres", durable=False))
        result = campaign.attack(plan, directory, database.owner_url)
    campaign.show(plan, result, seconds=time.monotonic() - begun)
    return 0 if result.is_clean else 1


def _strangers(rounds: int) -> int:
    """Prints how long a form takes for somebody known and unknown; 1 when the medians lie too far apart."""
    from tests.faults.strangers import MOST_APART, clock

    found = clock(rounds)
    print(f"{'request':<16}{'known':>10}{'unknown':>10}{'apart':>8}")
    for one in found:
        print(f"{one.what:<16}{one.known:>7.1f} ms{one.unknown:>7.1f} ms{one.apart:>8.1%}")
    return 1 if any(one.apart > MOST_APART for one in found) else 0


def _set_up(services: ExitStack, directory: Path, place: Place) -> None:
    """A database of its own with the product's tables, and complete settings."""
    database = services.enter_context(embedded.postgres(directory / "postgres", durable=False))
    ours = {"DATABASE_URL": database.owner_url, "DATABASE_OWNER_URL": database.owner_url, "REDIS_URL": place.redis_url}
    here = {"SITE_URL": "http://127.0.0.1", "ALLOWED_HOSTS": "127.0.0.1", "EMAIL_URL": "sink://127.0.0.1:9"}
    os.environ |= PUBLIC | ours | here
    os.environ["DJANGO_SETTINGS_MODULE"] = "crm.settings"
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0", "--skip-checks"], check=True)
    import django

    django.setup()
    services.callback(_close_pool)


def _close_pool() -> None:
    from django.db import connection

    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's wrapper has it


def _run(scenario: Callable[[Place], Row], place: Place) -> Row:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE crm_lead, crm_message CASCADE")
    print(f"{scenario.__name__.strip('_').replace('_', ' ')} ...", flush=True)
    return scenario(place)


def _killing_workers(place: Place, *, policy: str) -> Row:
    """Workers killed again and again, 10 % temporary refusals, 2 % answers lost after the mail was accepted."""
    from crm.enums.leads import OnUnknown
    from tests.faults import rehearsal
    from tests.faults.far_end import far_end

    chance, begun = random.Random(11), time.monotonic()  # noqa: S311 - a rehearsal, not a secret
    with far_end() as far, embedded.valkey(place.redis_directory, port=place.redis_port):
        far.put_off_share, far.lose_reply_share, far.delay_seconds = 0.10, 0.02, 0.004
        with rehearsal.worker(far, redis_url=place.redis_url) as worker:
            slowest = rehearsal.post(place.mails, policy=OnUnknown(policy))
            rehearsal.wait_until_busy(far, seconds=20)
            kills, until = 0, time.monotonic() + 45
            while kills < place.kills and time.monotonic() < until:
                kills += worker.kill_one(chance=chance)
                time.sleep(0.15)
            rehearsal.wait_until_settled(seconds=40)
        result = rehearsal.outcome(far)
    return _row(f"{kills} × kill -9, policy {policy}", result, OnUnknown(policy), slowest, begun)


def _resend(place: Place) -> Row:
    return _killing_workers(place, policy="resend")


def _park(place: Place) -> Row:
    return _killing_workers(place, policy="park")


def _redis_killed(place: Place) -> Row:
    """Redis dies with everything in it while requests arrive, and comes back empty."""

    @contextmanager
    def fault(stack: ExitStack) -> Iterator[None]:
        stack.close()
        yield
        stack.enter_context(embedded.valkey(place.redis_directory, port=place.redis_port))

    return _with_broken_redis(place, "Redis killed, back empty", fault)


def _redis_hung(place: Place) -> Row:
    """Redis keeps its connections open and answers nothing."""

    from tests.faults import rehearsal

    def fault(_stack: ExitStack) -> _Fault:
        return rehearsal.frozen(place.redis_url)

    return _with_broken_redis(place, "Redis hung for 3 s", fault)


def _with_broken_redis(place: Place, name: str, fault: Callable[[ExitStack], _Fault]) -> Row:
    from crm.enums.leads import OnUnknown
    from tests.faults import rehearsal
    from tests.faults.far_end import far_end

    begun, few = time.monotonic(), place.mails // 8
    with far_end() as far, ExitStack() as redis:
        redis.enter_context(embedded.valkey(place.redis_directory, port=place.redis_port))
        with rehearsal.worker(far, redis_url=place.redis_url):
            slowest = rehearsal.post(few)
            rehearsal.wait_until_settled(seconds=20)
            with fault(redis):
                slowest = max(slowest, rehearsal.post(few))
                time.sleep(3)
            slowest = max(slowest, rehearsal.post(few))
            rehearsal.wait_until_settled(seconds=40)
        result = rehearsal.outcome(far)
    return _row(name, result, OnUnknown.RESEND, slowest, begun)


def _redis_gone(place: Place) -> Row:
    """No Redis at all, two `send_due` at the same time."""
    from crm.enums.leads import OnUnknown
    from tests.faults import rehearsal
    from tests.faults.far_end import far_end

    begun = time.monotonic()
    with far_end() as far:
        slowest = rehearsal.post(place.mails // 8)
        command = [sys.executable, "manage.py", "send_due"]
        runs = [subprocess.Popen(command, env=rehearsal.environment(far), stdout=subprocess.DEVNULL) for _ in range(2)]
        for run in runs:
            run.wait(60)
        result = rehearsal.outcome(far)
    return _row("no Redis, two send_due at once", result, OnUnknown.PARK, slowest, begun)


def _follow_ups(place: Place) -> Row:
    """tests/faults/storm.py in full."""
    from crm.enums.leads import OnUnknown
    from tests.faults.storm import Storm, rage

    begun = time.monotonic()
    result, kills = rage(Storm(place.follow_ups, FOLLOW_UP_KILLS, REDIS_EVERY), place.redis_directory)
    broken = [] if result.mails == place.follow_ups else [f"{result.mails} mails for {place.follow_ups} people"]
    if result.parked > MOST_PARKED * result.mails:
        broken.append(f"{result.parked} parked")
    row = _row(f"everything at once, {kills} × kill -9", result, OnUnknown.PARK, 0.0, begun)
    return (*row[:-1], "; ".join([*broken, *([] if row[-1] == "kept" else [row[-1]])]) or "kept")


def _row(name: str, result: "_Outcome", policy: "_Policy", slowest: float, begun: float) -> Row:
    broken = result.broken_promises(policy)
    if slowest > SLOWEST_POST_SECONDS:
        broken.append(f"a post waited {slowest:.2f} s")
    numbers = (result.mails, result.accepted, result.lost, result.twice, result.parked)
    return (name, *numbers, slowest, time.monotonic() - begun, "; ".join(broken) or "kept")


def _show(rows: list[Row]) -> None:
    print()
    print("{:<34}{:>7}{:>10}{:>6}{:>7}{:>8}{:>14}{:>9}  {}".format(*HEADINGS))
    for row in rows:
        print("{:<34}{:>7}{:>10}{:>6}{:>7}{:>8}{:>11.0f} ms{:>9.1f}  {}".format(*row[:6], row[6] * 1000, *row[7:]))


if __name__ == "__main__":
    sys.exit(main())
