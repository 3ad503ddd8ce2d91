"""A real CalDAV server (Radicale) on a free port of this machine, with one user and one calendar; and a web server for
calendar files."""

import http.server
import subprocess
import sys
import threading
import time
import urllib.request
import zlib
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from script import embedded

USER, PASSWORD = "riley", "only-for-tests"
_CALENDAR = """<?xml version="1.0"?>
<mkcalendar xmlns="urn:ietf:params:xml:ns:caldav" xmlns:D="DAV:"><D:set><D:prop>
<D:displayname>Own</D:displayname></D:prop></D:set></mkcalendar>"""


@dataclass(frozen=True)
class DavServer:
    url: str

    def put(self, name: str, text: str) -> None:
        """Stores an event, as a calendar program would."""
        self._ask("PUT", f"{USER}/own/{name}.ics", text, "text/calendar")

    def make_calendar(self) -> None:
        self._ask("MKCALENDAR", f"{USER}/own/", _CALENDAR, "application/xml")

    def _ask(self, method: str, path: str, body: str, kind: str) -> None:
        key = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        headers = {"Authorization": f"Basic {key}", "Content-Type": kind}
        request = urllib.request.Request(f"{self.url}{path}", body.encode(), headers, method=method)  # noqa: S310
        urllib.request.urlopen(request, timeout=10).close()  # noqa: S310 - our own server


@contextmanager
def radicale(directory: Path) -> Iterator[DavServer]:
    """Runs until the block ends."""
    port = embedded.free_port()
    (directory / "users").write_text(f"{USER}:{PASSWORD}\n")
    settings = {
        "server-hosts": f"127.0.0.1:{port}",
        "auth-type": "htpasswd",
        "auth-htpasswd-filename": str(directory / "users"),
        "auth-htpasswd-encryption": "plain",
        "storage-filesystem-folder": str(directory / "collections"),
        "logging-level": "error",
    }
    options = [part for name, value in settings.items() for part in (f"--{name}", value)]
    process = subprocess.Popen([sys.executable, "-m", "radicale", "--config", "", *options])
    server = DavServer(f"http://127.0.0.1:{port}/")
    try:
        until = time.monotonic() + 20
        while not embedded.is_taken(port):
            if time.monotonic() > until or process.poll() is not None:
                raise RuntimeError("Radicale did not start.")
            time.sleep(0.05)
        server.make_calendar()
        yield server
    finally:
        process.terminate()
        process.wait(timeout=10)


@dataclass
class File:
    """What the web server gives out; None: nothing but an error; `to`: it sends elsewhere; `packed`: as gzip, or
    (`is_false`) only said to be.

    `megabytes` of zeros follow the text. `sent` counts the bytes that went out before the other side hung up.
    """

    text: str | None = None
    to: str = ""
    packed: bool = False
    is_false: bool = False
    megabytes: int = 0
    sent: int = 0
    url: str = ""
    asked: list[str] = field(default_factory=list)


@contextmanager
def calendar_file() -> Iterator[File]:
    """A web server with one file on it."""
    file = File()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            file.asked.append(self.path)
            self.send_response(302 if file.to else 503 if file.text is None else 200)
            if file.to:
                self.send_header("Location", file.to)
            if file.packed:
                self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            self._send((file.text or "").encode())

        def _send(self, text: bytes) -> None:
            packer = (
                zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16) if file.packed and not file.is_false else None
            )
            with suppress(ConnectionError):
                for piece in (text, *(bytes(1024**2) for _ in range(file.megabytes)), None):
                    sent = piece or b""
                    if packer:
                        sent = packer.flush() if piece is None else packer.compress(piece)
                    file.sent += self.wfile.write(sent)

        do_PROPFIND = do_REPORT = do_GET  # noqa: N815 - a CalDAV server that answers everything with this

        def log_message(self, *_args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    file.url = f"http://127.0.0.1:{server.server_port}/secret.ics"
    try:
        yield file
    finally:
        server.shutdown()
        server.server_close()
