"""Everything at once: steps planned and mails sent while workers are killed, Redis is killed, and the mail server puts
off (10 %), refuses (2 %), falls silent (1 %) and loses its answer (2 %)."""

import random
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from script import embedded
from tests.faults import rehearsal
from tests.faults.crowd import make_crowd
from tests.faults.far_end import FarEnd, far_end


@dataclass(frozen=True)
class Storm:
    """`redis_every`: so many kills of a worker for each of Redis."""

    people: int
    kills: int
    redis_every: int
    pause_seconds: float = 0.2
    most_seconds: float = 60
    patience_seconds: float = 180


def rage(storm: Storm, directory: Path) -> tuple[rehearsal.Outcome, int]:
    """Returns what became of the mails and how many workers were killed. Expects Django to be set up, and no leads."""
    make_crowd(storm.people)
    port = embedded.free_port()
    with far_end() as far, ExitStack() as redis:
        far.put_off_share, far.refuse_share, far.hang_share, far.lose_reply_share = 0.10, 0.02, 0.01, 0.02
        far.delay_seconds = 0.002
        redis.enter_context(embedded.valkey(directory, port=port))
        kills = _kill(storm, far, redis, directory, port)
        return rehearsal.outcome(far), kills


def _kill(storm: Storm, far: FarEnd, redis: ExitStack, directory: Path, port: int) -> int:
    chance, kills = random.Random(12), 0  # noqa: S311 - a rehearsal, not a secret
    with rehearsal.worker(far, redis_url=f"redis://127.0.0.1:{port}/0", REPLY_SECONDS="2") as worker:
        rehearsal.wait_until_busy(far, seconds=60)
        until = time.monotonic() + storm.most_seconds
        while kills < storm.kills and time.monotonic() < until:
            killed = worker.kill_one(chance=chance)
            kills += killed
            if killed and kills % storm.redis_every == 0:
                redis.close()
                redis.enter_context(embedded.valkey(directory, port=port))
            time.sleep(storm.pause_seconds)
        rehearsal.wait_until_settled(seconds=storm.patience_seconds)
    return kills
