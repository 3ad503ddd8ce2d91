"""What has to be installed on the machine itself: a browser for the tests, and the libraries that make PDFs."""

import os
import shutil
import subprocess
from ctypes.util import find_library
from pathlib import Path

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
# Pango lays out text for WeasyPrint; with it come the fonts' libraries.
PDF_LIBRARIES = {
    "pango-1.0": "libpango-1.0-0",
    "pangoft2-1.0": "libpangoft2-1.0-0",
    "harfbuzz-subset": "libharfbuzz-subset0",
}


class Missing(RuntimeError):
    """Something is not there and cannot be installed from here. The text says what to do."""


def chromium() -> str:
    """Return the path of the browser. A missing one is a failure, never a skip. Raises Missing."""
    for name in CHROMIUM:
        if found := shutil.which(name):
            return found
    raise Missing("Chromium is missing: script/test installs it or says how.")


def ensure_chromium() -> None:
    """Install a browser where there is none (as root, on Debian). Raises Missing."""
    if not any(shutil.which(name) for name in CHROMIUM):
        _install("Chromium", "chromium")


def ensure_pdf_libraries() -> None:
    """Install the libraries of the `pdf` extra where they are missing (as root, on Debian). Raises Missing."""
    missing = [package for library, package in PDF_LIBRARIES.items() if not find_library(library)]
    if missing:
        _install("Pango, which makes PDFs,", *missing)


def ensure_imap_server() -> None:
    """Install the mail server whose mailbox the tests read where it is missing (as root, on Debian). Raises Missing."""
    if not shutil.which("dovecot"):
        _install("Dovecot, an IMAP server for the tests,", "dovecot-imapd")


def ensure_false_clocks() -> None:
    """Install the library with which the tests give a worker a wrong clock (as root, on Debian). Raises Missing."""
    if not false_clock():
        _install("libfaketime, for tests with wrong clocks,", "libfaketime")


def false_clock() -> str:
    """Return the path of the library for wrong clocks; "" where there is none."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    return str(found[0]) if found else ""


def _install(what: str, *packages: str) -> None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Missing(f"{what} is missing. Install it (Debian, Ubuntu: sudo apt-get install {' '.join(packages)}).")
    print(f"Installing {', '.join(packages)} ...", flush=True)
    quiet = {"stdout": subprocess.DEVNULL, "env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"}}
    subprocess.run(["apt-get", "update", "-qq"], check=True, **quiet)  # type: ignore[call-overload]
    subprocess.run(["apt-get", "install", "-y", "-qq", *packages], check=True, **quiet)  # type: ignore[call-overload]
