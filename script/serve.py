"""Supervises one machine's worth of Nucleus: services when none are given, then the processes of the Procfile."""

import argparse
import base64
import os
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path

from honcho.environ import parse_procfile
from honcho.manager import Manager

from script import embedded, leftovers, system

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / "var"
READY_SECONDS = 90
STOPPED_BY_HAND = {0, 130, 143}


class Supervisor(Manager):  # type: ignore[misc]  # honcho ships no types
    """honcho's, which cannot end processes that have not reported their start, and would leave them behind."""

    def terminate(self) -> None:
        """End every process; try again in a moment when one is only just starting."""
        if self._all_started():
            super().terminate()
        else:
            threading.Timer(0.1, os.kill, [os.getpid(), signal.SIGTERM]).start()


def main() -> int:
    """Run until Ctrl-C, SIGTERM or a closed terminal. Returns 0 when stopped by hand, else the failing code."""
    options = _options()
    signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    leftovers.end(STATE / "processes")
    if options.reset and STATE.exists():
        shutil.rmtree(STATE)
    STATE.mkdir(exist_ok=True)
    _offer_pdf()
    with ExitStack() as services:
        environment = _environment(options.port, services)
        if subprocess.run([sys.executable, "-m", "script.prepare"], env=environment, cwd=ROOT, check=False).returncode:
            return 1
        return _run(environment)


def _offer_pdf() -> None:
    """Install the PDF libraries if possible; papers can be printed without them, so that missing ones end nothing."""
    try:
        system.ensure_pdf_libraries()
    except (system.Missing, subprocess.CalledProcessError) as missing:
        print(f"{missing} Until then, papers can be printed and not taken as PDFs.", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/server", description="Runs Nucleus on this machine.")
    parser.add_argument("--reset", action="store_true", help="delete the data under var/ and start over")
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT") or 8000), help="of the site (8000)")
    return parser.parse_args()


def _environment(port: int, services: ExitStack) -> dict[str, str]:
    """Return what the processes see: values already set win; the rest is made up for this machine."""
    given = {name: value for name, value in os.environ.items() if value}
    environment = _secrets() | given
    free = embedded.free_port(port)
    if free != port:
        print(f"Port {port} is taken: using {free} instead.", flush=True)
    environment |= {"PORT": str(free), "STATE": str(STATE), "PYTHONUNBUFFERED": "1"}
    environment.setdefault("SITE_URL", f"http://127.0.0.1:{free}")
    environment.setdefault("ALLOWED_HOSTS", "127.0.0.1,localhost")
    if "DATABASE_URL" not in given:
        database = services.enter_context(embedded.postgres(STATE / "postgres", durable=True))
        environment |= {"DATABASE_URL": database.url, "DATABASE_OWNER_URL": database.owner_url}
    if "REDIS_URL" not in given:
        environment["REDIS_URL"] = services.enter_context(embedded.valkey(STATE / "valkey"))
    if "EMAIL_URL" not in given:
        environment["EMAIL_URL"] = f"sink://127.0.0.1:{embedded.free_port()}"
        environment["MAIL_PAGE_PORT"] = str(embedded.free_port(free + 25))
    return environment


def _secrets() -> dict[str, str]:
    """Return random keys of this machine, made once and kept readable for their owner only."""
    file = STATE / "secrets.env"
    if not file.exists():
        key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(f"SECRET_KEY={secrets.token_urlsafe(48)}\nFIELD_KEYS=k1:{key}\n")
    return dict(line.split("=", 1) for line in file.read_text().splitlines())


def _run(environment: dict[str, str]) -> int:
    manager = Supervisor()
    for name, command in parse_procfile((ROOT / "Procfile").read_text()).processes.items():
        if name != "mail" or "MAIL_PAGE_PORT" in environment:
            manager.add_process(name, command, env=environment, cwd=str(ROOT))
    threading.Thread(target=_announce, args=(environment,), daemon=True).start()
    manager.loop()
    (STATE / "processes").unlink(missing_ok=True)
    code = int(manager.returncode or 0)
    return 0 if code in STOPPED_BY_HAND else code


def _announce(environment: dict[str, str]) -> None:
    """Wait until the site answers, then say where everything is."""
    site = environment["SITE_URL"]
    until = time.monotonic() + READY_SECONDS
    while not _answers(f"http://127.0.0.1:{environment['PORT']}/healthz"):
        if time.monotonic() > until:
            print(f"The site does not answer after {READY_SECONDS} s: see the lines above.", flush=True)
            return
        time.sleep(0.1)
    leftovers.remember(STATE / "processes")
    lines = ["", f"  Site    {site}/", f"  Desk    {site}/admin/"]
    if (STATE / "demo").exists():
        lines.append(f"          sign in as coordinator@, clinician@ or admin@example.org: {_demo_password()}")
    if "MAIL_PAGE_PORT" in environment:
        lines.append(f"  Mails   http://127.0.0.1:{environment['MAIL_PAGE_PORT']}/")
    print("\n".join([*lines, "", "  Ctrl-C stops everything.", ""]), flush=True)


def _demo_password() -> str:
    return (STATE / "demo").read_text().strip()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main())
