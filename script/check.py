"""Every check, in the order in which a mistake is cheapest to find. Stops at the first that fails."""

import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from script import embedded, system

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


@dataclass(frozen=True)
class Step:
    title: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)


def steps(database_url: str) -> list[Step]:
    """The checks. `database_url` is an empty database for those that look at one."""
    manage = [sys.executable, "manage.py"]
    public = PUBLIC | {"DATABASE_URL": database_url}
    deployed = ["--deploy", "--settings", "script.deploy_settings"]
    pytest = [sys.executable, "-m", "pytest"]
    return [
        Step("Style", ["ruff", "check", "."]),
        Step("Format", ["ruff", "format", "--check", "."]),
        Step("Templates", ["djlint", "templates", "--lint", "--quiet"]),
        Step("Types", ["mypy"], public),
        Step("Layers", ["lint-imports"], public),
        Step("Migrations complete", [*manage, "makemigrations", "--check", "--dry-run"], public),
        Step("Ready to deploy", [*manage, "check", *deployed, "--fail-level", "WARNING"], public),
        Step("Tests", [*pytest, "-n", "2", "--dist", "loadgroup", "--ignore", "tests/e2e", "tests"]),
        Step("Browser", [*pytest, "-n", "2", "tests/e2e"]),
    ]


def main() -> int:
    """Runs everything, or only pytest with the given arguments. Returns the first failing step's code."""
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
        for step in steps(database.owner_url):
            if code := _run(step):
                return code
    print(f"\nEvery check passed in {time.monotonic() - begun:.0f} s.", flush=True)
    return 0


def _run(step: Step) -> int:
    print(f"\n── {step.title}: {' '.join(Path(word).name for word in step.command[:4])}", flush=True)
    begun = time.monotonic()
    environment = {name: value for name, value in os.environ.items() if name not in UNWANTED} | step.environment
    code = subprocess.run(step.command, cwd=ROOT, env=environment, check=False).returncode
    verdict = "passed" if code == 0 else f"FAILED with exit code {code}"
    print(f"   {step.title} {verdict} ({time.monotonic() - begun:.1f} s)", flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
