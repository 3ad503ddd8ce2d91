"""Loaded by pytest before Django's settings: a PostgreSQL and a Valkey of our own, and a complete environment.

With xdist the controller starts them and the workers inherit the addresses. Nothing here is ever skipped: what does
not start ends the run.
"""

import base64
import ipaddress
import os
import socket
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from script import embedded

_services = ExitStack()

FIXED = {
    "EMAIL_URL": "sink://127.0.0.1:9",
    "SITE_URL": "http://127.0.0.1",
    "SECRET_KEY": "for-tests-only",
    "FIELD_KEYS": "k1:" + base64.urlsafe_b64encode(b"tests" * 6 + b"..").decode(),
    "ALLOWED_HOSTS": "127.0.0.1,localhost,testserver",
    "DEBUG": "0",
    "SENDING": "on",
    "DJANGO_ALLOW_ASYNC_UNSAFE": "1",  # Playwright keeps an event loop in the thread of the browser tests
}


def _start() -> None:
    directory = Path(_services.enter_context(tempfile.TemporaryDirectory(prefix="nucleus-tests-")))
    if not os.environ.get("DATABASE_URL"):
        database = _services.enter_context(embedded.postgres(directory / "postgres", durable=False))
        os.environ["DATABASE_URL"] = os.environ["DATABASE_OWNER_URL"] = database.owner_url
    if not os.environ.get("REDIS_URL"):
        os.environ["REDIS_URL"] = _services.enter_context(embedded.valkey(directory / "valkey"))


def pytest_unconfigure(config: pytest.Config) -> None:
    _services.close()


def _is_loopback(address: Any) -> bool:
    host = address[0] if isinstance(address, tuple) else "127.0.0.1"  # a path is a socket of this machine
    return host == "localhost" or ipaddress.ip_address(host).is_loopback


class LoopbackOnly(socket.socket):
    """No test talks to another machine, not even by mistake."""

    def connect(self, address: Any) -> None:
        if not _is_loopback(address):
            raise AssertionError(f"A test tried to reach {address}.")
        super().connect(address)


if "PYTEST_XDIST_WORKER" not in os.environ:
    _start()
os.environ.update(FIXED)
socket.socket = LoopbackOnly  # type: ignore[misc]
