"""A way to PostgreSQL that can be frozen: connections stay open, and nothing gets through in either direction."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from django.db import connection

PIECE = 65536


@dataclass
class Proxy:
    """`url` leads through it."""

    url: str
    flowing: threading.Event = field(default_factory=threading.Event)

    def freeze(self) -> None:
        self.flowing.clear()

    def thaw(self) -> None:
        """What was said meanwhile arrives now."""
        self.flowing.set()


@contextmanager
def proxy() -> Iterator[Proxy]:
    """A socket beside the server's own, for the database that this process uses."""
    info = connection.settings_dict
    name = f".s.PGSQL.{info['PORT'] or 5432}"
    with TemporaryDirectory(prefix="nucleus-proxy-") as directory:
        path = Path(directory) / name
        made = Proxy(f"postgresql://{info['USER']}@/{info['NAME']}?host={directory}&port={info['PORT'] or 5432}")
        made.thaw()
        with socket.socket(socket.AF_UNIX) as door:
            door.bind(str(path))
            os.chmod(path, 0o777)  # noqa: S103, PTH101 - a socket of this test
            door.listen(64)
            threading.Thread(target=_admit, args=[door, f"{info['HOST']}/{name}", made], daemon=True).start()
            try:
                yield made
            finally:
                made.thaw()


def _admit(door: socket.socket, server: str, made: Proxy) -> None:
    with suppress(OSError):
        while True:
            client, _ = door.accept()
            far = socket.socket(socket.AF_UNIX)
            far.connect(server)
            for one, other in ((client, far), (far, client)):
                threading.Thread(target=_pump, args=[one, other, made], daemon=True).start()


def _pump(one: socket.socket, other: socket.socket, made: Proxy) -> None:
    with suppress(OSError):
        while piece := one.recv(PIECE):
            made.flowing.wait()
            other.sendall(piece)
    with suppress(OSError):
        other.shutdown(socket.SHUT_RDWR)
    one.close()
