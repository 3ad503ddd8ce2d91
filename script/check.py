"""Every check, in the order in which a mistake is cheapest to find. Stops at the first that fails."""

import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from script import embedded, system, test_databases

ROOT = Path(__file__).resolve().parent.parent
MODULES = ["crm", "intake", "scheduling", "script", "bench", "tests"]
# What a real site would set, for `check --deploy` and whatever else needs complete settings.
PUBLIC = {
    "SITE_URL": "https://www.example.org",
    "ALLOWED_HOSTS": "www.example.org",
    "SECRET_KEY": "only-for-the-checks-" * 3,
    "FIELD_KEYS": "k1:" + "A" * 43 + "=",
    "EMAIL_URL": "smtp://user:word@mail.example.org:587?tls=starttls",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
    "DEBUG": "0",
}
# The checks start some two hundred processes: without bytecode each would compile the whole product anew.
UNWANTED = {"PYTHONDONTWRITEBYTECODE"}
# Processes that test, each with a database of its own: below `tests`, and of the rest.
REHEARSALS, BROWSER, OTHERS = "faults", "e2e", "unit"
PROCESSES = {REHEARSALS: 1, BROWSER: 2, OTHERS: 2}


@dataclass(frozen=True)
class Step:
    """`gives_way`: to what runs beside it, and waits or looks at clocks more than it computes."""

    title: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    gives_way: bool = False


type Lane = list[Step]  # one after another


def stages(database_url: str) -> list[list[Lane]]:
    """Return the checks: one stage after another, its lanes side by side. `database_url`: of an empty database."""
    public = PUBLIC | {"DATABASE_URL": database_url}
    manage = [sys.executable, "manage.py"]
    deployed = ["--deploy", "--settings", "script.deploy_settings"]
    return [
        [
            [
                Step("Style", ["ruff", "check", "."]),
                Step("Format", ["ruff", "format", "--check", "."]),
                Step("Templates", ["djlint", "templates", "--lint", "--quiet"]),
            ]
        ],
        [
            [Step("Types", ["mypy"], public)],
            [
                Step("Layers", ["lint-imports"], public),
                Step("Migrations complete", [*manage, "makemigrations", "--check", "--dry-run"], public),
                Step("Ready to deploy", [*manage, "check", *deployed, "--fail-level", "WARNING"], public),
                Step("Test databases", [sys.executable, "-m", "script.test_databases", *_databases()], public),
            ],
        ],
        [
            [_tests("Tests", database_url, OTHERS, "tests", "--ignore=tests/faults", "--ignore=tests/e2e")],
            [
                _tests("Rehearsals", database_url, REHEARSALS, "tests/faults"),
                _tests("Browser", database_url, BROWSER, "tests/e2e"),
            ],
        ],
    ]


def _databases() -> list[str]:
    """Return the databases as pytest-django names them, without their "test_"."""
    return [
        name if count == 1 else f"{name}_gw{number}" for name, count in PROCESSES.items() for number in range(count)
    ]


def _tests(title: str, database_url: str, name: str, *places: str) -> Step:
    """Return a step that runs pytest on copies of the migrated test database."""
    side_by_side = ["-n", str(PROCESSES[name]), "--dist", "loadgroup"] if PROCESSES[name] > 1 else []
    url = test_databases.address(database_url, name)
    return Step(
        title,
        [sys.executable, "-m", "pytest", *side_by_side, "--reuse-db", *places],
        {"DATABASE_URL": url, "DATABASE_OWNER_URL": url},
        gives_way=name == OTHERS,
    )


def main() -> int:
    """Run everything, or only pytest with the given arguments. Returns the first failing step's code."""
    try:
        system.ensure_chromium()
        system.ensure_pdf_libraries()
        system.ensure_imap_server()
        system.ensure_false_clocks()
    except system.Missing as missing:
        sys.exit(f"{missing} Then start again: no check is skipped.")
    begun = time.monotonic()
    if len(sys.argv) > 1:
        return _run(Step("Tests", [sys.executable, "-m", "pytest", *sys.argv[1:]]))
    with ExitStack() as services:
        directory = Path(services.enter_context(tempfile.TemporaryDirectory(prefix="nucleus-check-")))
        database = services.enter_context(embedded.postgres(directory / "postgres", durable=False))
        for lanes in stages(database.owner_url):
            if code := _run_side_by_side(lanes):
                return code
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"\nEvery check passed in {time.monotonic() - begun:.0f} s,", end=" ")
    print(f"with {used.ru_utime + used.ru_stime:.0f} s of processor beside PostgreSQL's.", flush=True)
    return 0


def _run_side_by_side(lanes: Sequence[Lane]) -> int:
    """Run the lanes at once and return the first code that is not 0. After a failure nothing more is begun; what runs
    beside it comes to its end."""
    failed = threading.Event()

    def run(lane: Lane) -> int:
        for step in lane:
            if not failed.is_set() and (code := _run(step, aside=lane is not lanes[0])):
                failed.set()
                return code
        return 0

    with ThreadPoolExecutor(len(lanes)) as pool:
        return next(filter(None, pool.map(run, lanes)), 0)


def _run(step: Step, *, aside: bool = False) -> int:
    """Run one step and return its code. `aside`: what it says is shown when it has ended, in one piece."""
    head = f"\n── {step.title}: {' '.join(Path(word).name for word in step.command[:4])}"
    begun = time.monotonic()
    environment = {name: value for name, value in os.environ.items() if name not in UNWANTED} | step.environment
    command = ["nice", "-n", "10", *step.command] if step.gives_way else step.command
    if aside:
        with tempfile.TemporaryFile("w+") as said:  # a pipe would be kept open by whatever a killed test has started
            code = subprocess.run(command, cwd=ROOT, env=environment, check=False, stdout=said, stderr=said).returncode
            said.seek(0)
            print(head, said.read().rstrip(), sep="\n", flush=True)
    else:
        print(head, flush=True)
        code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    verdict = "passed" if code == 0 else f"FAILED with exit code {code}"
    print(f"   {step.title} {verdict} ({time.monotonic() - begun:.1f} s)", flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
