"""What a large upload costs the web process, with the connection killed half way.

    python -m bench.upload [--megabytes 256]

Starts the site as the Procfile does, sends one file piece by piece as static/js/upload.js would, cuts the connection
in the middle of a piece, asks where to go on, and finishes. Prints how much the worker's memory grew at its highest.
"""

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from argparse import ArgumentParser
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlencode

import psutil

from bench import form_post
from crm.documents.storage import CHUNK

WANTED_MB = 32
MEGABYTE = 1024 * 1024
_MAKE_SESSION = """
from tests.factories import make_lead, prove
print("secret=" + prove(make_lead()).secret)
"""
HEAD, TAIL = b"%PDF-1.7\n", b"\n%%EOF\n"


class Sender:
    """A browser on the private page."""

    def __init__(self, port: int, secret: str) -> None:
        self.port, self.cookie, self.token, self.page = port, f"patient={secret}", "", ""
        answer = self._ask("GET", "/my/documents/")
        page = answer.read().decode()
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        if not found:
            raise RuntimeError(f"The page of documents did not open: {answer.status}.")
        self.token = found.group(1)
        self.page = re.findall(r'name="whose_page" value="([^"]+)"', page)[0]
        self.cookie += "; " + str(answer.headers["Set-Cookie"]).partition(";")[0]

    def _ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        ours = {"Cookie": self.cookie, "X-CSRFToken": self.token, "X-Whose-Page": self.page}
        connection.request(method, path, body or None, ours | headers)
        return connection.getresponse()

    def tell(self, method: str, path: str, body: bytes = b"", **headers: str) -> dict[str, object]:
        """Send a request and return what the server answers, as JSON."""
        told: dict[str, object] = json.loads(self._ask(method, path, body, **headers).read())
        return told

    def put(self, path: str, offset: int, piece: bytes) -> int:
        """Send one piece and return the next offset."""
        kind = "application/octet-stream"
        told = self.tell("PUT", path, piece, **{"Upload-Offset": str(offset), "Content-Type": kind})
        return int(str(told["offset"]))

    def break_off(self, path: str, offset: int, piece: bytes) -> None:
        """Send half a piece and reset the connection."""
        head = f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {self.cookie}\r\nX-CSRFToken: {self.token}\r\n"
        head += f"X-Whose-Page: {self.page}\r\n"
        head += f"Upload-Offset: {offset}\r\nContent-Length: {len(piece)}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            connection.sendall(head.encode() + piece[: len(piece) // 2])
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


class Weight(threading.Thread):
    """The highest resident memory of the web processes below this one, in bytes."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.highest, self.stopped = 0, threading.Event()

    def now(self) -> int:
        family = [one for one in psutil.Process().children(recursive=True) if "granian" in " ".join(one.cmdline())]
        return max((int(one.memory_info().rss) for one in family), default=0)

    def run(self) -> None:
        while not self.stopped.wait(0.02):
            self.highest = max(self.highest, self.now())


def main() -> int:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=256)
    size = parser.parse_args().megabytes * MEGABYTE
    with ExitStack() as running:
        os.environ["DOCUMENTS_DIR"] = running.enter_context(tempfile.TemporaryDirectory(prefix="nucleus-documents-"))
        environment = form_post.make_site(running)
        port = form_post.serve(running, "crm.asgi:application", environment)
        sender = Sender(port, _session(environment))
        _upload(sender, 16 * MEGABYTE, cut=False)  # every thread has its connection and its buffers
        weight = Weight()
        before, begun = weight.now(), time.monotonic()
        weight.start()
        resumed, finish_seconds = _upload(sender, size, cut=True)
        seconds = time.monotonic() - begun
        weight.stopped.set()
    grown = (weight.highest - before) / MEGABYTE
    print(f"\nsent {size // MEGABYTE} MB in {seconds:.1f} s ({finish_seconds:.1f} s of it to judge), cut at half")
    print(
        f"the server went on at {resumed / MEGABYTE:.0f} MB; the worker grew by {grown:.1f} MB (wanted: < {WANTED_MB})"
    )
    return 0 if grown < WANTED_MB else 1


def _session(environment: dict[str, str]) -> str:
    """Return the cookie of a proven browser of a made-up patient."""
    command = [sys.executable, "manage.py", "shell", "-v0", "-c", _MAKE_SESSION]
    root = Path(__file__).resolve().parent.parent
    said = subprocess.run(command, cwd=root, env=environment, check=True, capture_output=True, text=True)
    return said.stdout.partition("secret=")[2].strip()


def _upload(sender: Sender, size: int, *, cut: bool) -> tuple[int, float]:
    """Send a PDF of that size. Returns where the server went on after the cut, and the seconds of the last step."""
    form = {"name": f"{size}.pdf", "size": str(size), "kind": "report", "stamp": "1"}
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    begun = sender.tell("POST", "/my/documents/uploads/", urlencode(form).encode(), **kind)
    path, offset, resumed = f"/my/documents/uploads/{begun['id']}/", 0, 0
    while offset < size:
        piece = _piece(offset, size)
        if cut and not resumed and offset >= size // 2:
            sender.break_off(path, offset, piece)
            offset = resumed = int(str(sender.tell("GET", path)["offset"]))
        offset = sender.put(path, offset, _piece(offset, size))
    at = time.monotonic()
    told = sender.tell("POST", f"{path}finish/")
    if told["state"] != "pending":
        raise RuntimeError(f"The upload ended as {told}.")
    return resumed, time.monotonic() - at


def _piece(offset: int, size: int) -> bytes:
    piece = bytearray(os.urandom(min(CHUNK, size - offset)))
    if offset == 0:
        piece[: len(HEAD)] = HEAD
    if offset + len(piece) == size:
        piece[-len(TAIL) :] = TAIL
    return bytes(piece)


if __name__ == "__main__":
    sys.exit(main())
