"""Every check, in the order in which a mistake is cheapest to find. Stops at the first that fails."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from script import embedded

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
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
        Step("Tests", [*pytest, "-n", "2", "--ignore", "tests/e2e", "tests"]),
        Step("Browser", [*pytest, "-n", "2", "tests/e2e"]),
    ]


def main() -> int:
    """Runs everything, or only pytest with the given arguments. Returns the first failing step's code."""
    _ensure_chromium()
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
    code = subprocess.run(step.command, cwd=ROOT, env=os.environ | step.environment, check=False).returncode
    verdict = "passed" if code == 0 else f"FAILED with exit code {code}"
    print(f"   {step.title} {verdict} ({time.monotonic() - begun:.1f} s)", flush=True)
    return code


def chromium() -> str:
    """Where the browser is. A missing one is a failure, never a skip."""
    for name in CHROMIUM:
        if found := shutil.which(name):
            return found
    raise RuntimeError("Chromium is missing: script/test installs it or says how.")


def _ensure_chromium() -> None:
    """Browser tests are never skipped: a missing browser is installed (as root, on Debian), or ends the run."""
    if any(shutil.which(name) for name in CHROMIUM):
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        sys.exit("Chromium is missing. Install it (Debian, Ubuntu: sudo apt-get install chromium) and start again.")
    print("Installing Chromium ...", flush=True)
    quiet = {"stdout": subprocess.DEVNULL, "env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"}}
    subprocess.run(["apt-get", "update", "-qq"], check=True, **quiet)  # type: ignore[call-overload]
    subprocess.run(["apt-get", "install", "-y", "-qq", "chromium"], check=True, **quiet)  # type: ignore[call-overload]


if __name__ == "__main__":
    sys.exit(main())
