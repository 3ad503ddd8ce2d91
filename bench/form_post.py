"""What the request for help costs, beside the least that Django needs to take a form.

    python -m bench.form_post [--rounds 5] [--seconds 4]

One run: a PostgreSQL that flushes every commit to disk, a Valkey, and two servers started as the Procfile starts the
site, one with the product and one with the bare views of bench/bare.py: the same questions in a ModelForm and one
INSERT, and a small form of four fields. Measured rounds take turns, so that a noisy minute hits all three. The same
questions are the yardstick that is judged; docs/decisions/0009-one-trip.md says why, and what the small form tells.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from argparse import ArgumentParser
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from django.core.signing import TimestampSigner
from honcho.environ import parse_procfile

from bench.load import Body, Load, post_form
from script import embedded
from script.check import PUBLIC
from tests.answers import STEP_ONE

ROOT = Path(__file__).resolve().parent.parent
CONNECTIONS = 4  # as many as the server has threads
WARM_UP_SECONDS = 2.0
WANTED = 0.40


@dataclass
class Contestant:
    """One address to post to, and what its rounds saw."""

    name: str
    path: str
    body: Body
    port: int
    rounds: list[Load] = field(default_factory=list)

    def measure(self, seconds: float) -> Load:
        """Post for a while. Raises RuntimeError when an answer was not the redirect of a stored form."""
        load = post_form(self.port, self.path, self.body, seconds=seconds, connections=CONNECTIONS)
        if set(load.statuses) != {302}:
            raise RuntimeError(f"{self.name} answered {load.statuses}: only redirects count.")
        return load

    def median(self, number: Callable[[Load], float]) -> float:
        return statistics.median(number(load) for load in self.rounds)


def main() -> int:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="of each server")
    parser.add_argument("--seconds", type=float, default=4.0, help="a round")
    options = parser.parse_args()
    with ExitStack() as running:
        contestants = _start(running)
        for one in contestants:
            one.measure(WARM_UP_SECONDS)
        for _ in range(options.rounds):
            for one in contestants:
                one.rounds.append(one.measure(options.seconds))
    return _show(*contestants)


def _start(running: ExitStack) -> tuple[Contestant, Contestant, Contestant]:
    environment = make_site(running)
    ours = serve(running, "crm.asgi:application", environment)
    bare = serve(running, "bench.bare:application", environment)
    return (
        Contestant("the request for help", "/candidate/", _request, ours),
        Contestant("bare, the same questions", "/same/", _request, bare),
        Contestant("bare, four fields", "/small/", _person, bare),
    )


def start_product(running: ExitStack) -> int:
    """Start the product alone, ready for visitors, and return its port."""
    return serve(running, "crm.asgi:application", make_site(running))


def make_site(running: ExitStack) -> dict[str, str]:
    """Start the services and make the tables; returns the environment for servers."""
    directory = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="nucleus-bench-")))
    database = running.enter_context(embedded.postgres(directory / "postgres", durable=True))
    redis_url = running.enter_context(embedded.valkey(directory / "valkey"))
    url = database.owner_url  # for both: the yardsticks' tables have no grants
    environment = os.environ | PUBLIC | {"DATABASE_URL": url, "DATABASE_OWNER_URL": url, "REDIS_URL": redis_url}
    environment |= {"SITE_URL": "http://127.0.0.1", "ALLOWED_HOSTS": "127.0.0.1", "EMAIL_URL": "sink://127.0.0.1:9"}
    environment |= {"REQUESTS_AN_HOUR": "1000000000"}
    _prepare(environment)
    return environment


def _prepare(environment: dict[str, str]) -> None:
    """Make tables, static files and a center for the product, and tables for the yardsticks."""
    make_center = "from tests.factories import make_location; make_location()"
    for arguments in (
        ["manage.py", "migrate", "-v0"],
        ["manage.py", "collectstatic", "-v0", "--noinput"],
        ["manage.py", "shell", "-v0", "-c", make_center],
        ["-c", "from bench import bare; bare.make_tables()"],
    ):
        subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment, check=True)


def serve(running: ExitStack, application: str, environment: dict[str, str]) -> int:
    """Run the Procfile's web process with this application in it, ended with the run. Returns its port."""
    port = embedded.free_port()
    command = parse_procfile((ROOT / "Procfile").read_text()).processes["web"]
    path = f"{Path(sys.executable).parent}:{environment['PATH']}"
    process = subprocess.Popen(
        ["sh", "-c", command.replace("crm.asgi:application", application)],
        cwd=ROOT,
        env=environment | {"PORT": str(port), "PATH": path},
        stdout=subprocess.DEVNULL,
    )
    running.callback(process.wait, 30)
    running.callback(process.terminate)
    until = time.monotonic() + 30
    while not embedded.is_taken(port):
        if time.monotonic() > until or process.poll() is not None:
            raise RuntimeError(f"The server with {application} did not start.")
        time.sleep(0.05)
    return port


def _request() -> dict[str, object]:
    """Return a routine request of somebody new, with everything filled in."""
    number = uuid.uuid4()
    someone_new = {"email": f"{number.hex[:12]}@example.org", "phone": "", "preferred_contact": "email"}
    return STEP_ONE | someone_new | {"submission_id": str(number), "opened": OPENED}


def _person() -> dict[str, object]:
    return {name: STEP_ONE[name] for name in ("first_name", "last_name", "email", "phone")}


# Made when the form is opened, minutes before it is sent; the same secret as the server's.
OPENED = TimestampSigner(key=PUBLIC["SECRET_KEY"], salt="intake.opened", fallback_keys=[]).sign_object(
    int(time.time()) - 120
)


def _show(product: Contestant, same: Contestant, small: Contestant) -> int:
    print(f"\n{'POST':<28}{'requests':>10}{'per second':>12}{'p50':>10}{'p95':>10}{'ratio':>8}{'of the rounds':>16}")
    for one in (product, same, small):
        count = sum(len(load.times) for load in one.rounds)
        median, p95 = one.median(lambda load: load.median_ms), one.median(lambda load: load.p95_ms)
        rate, ratios = one.median(lambda load: load.per_second), _ratios(product, one)
        spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
        row = f"{one.name:<28}{count:>10}{rate:>12.0f}{median:>7.1f} ms{p95:>7.1f} ms"
        print(f"{row}{statistics.median(ratios):>8.2f}{spread:>16}")
    judged, plain = statistics.median(_ratios(product, same)), statistics.median(_ratios(same, small))
    print(f"\nThe request for help reaches {judged:.0%} of a bare view of its questions (wanted: {WANTED:.0%});")
    print(f"that bare view reaches {plain:.0%} of one with four fields.")
    return 0 if judged >= WANTED else 1


def _ratios(product: Contestant, other: Contestant) -> list[float]:
    """Return round by round the product's requests a second over the other's."""
    pairs = zip(product.rounds, other.rounds, strict=True)
    return [mine.per_second / theirs.per_second for mine, theirs in pairs]


if __name__ == "__main__":
    sys.exit(main())
