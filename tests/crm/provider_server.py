"""A provider of mail on a loopback port: takes mails over HTTP as Resend, Postmark and Mailgun do, and can be told to
answer something else, to take a mail and say nothing, or to hang up."""

import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from crm.environment import PROVIDERS, Provider

TAKE_AND_HANG_UP = -1


@dataclass
class ProviderServer:
    """`accepted`: the bodies of mails taken. `script`: coming statuses, or TAKE_AND_HANG_UP; after them all is well."""

    port: int = 0
    accepted: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    keys: dict[str, bytes] = field(default_factory=dict)
    script: deque[int] = field(default_factory=deque)
    words: dict[str, Any] = field(default_factory=lambda: {"message": "no"})  # of every refusal
    headers_too: dict[str, str] = field(default_factory=dict)  # of every answer

    def server(self, name: str, *, account: str = "") -> Provider:
        url = f"http://127.0.0.1:{self.port}/{PROVIDERS[name]}"
        return Provider(name=name, url=url, account=account, key="the-key", secret="told", host="127.0.0.1")

    def take(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
        """What Resend documents of its keys: the same again is answered and not sent; other words under it are 409."""
        status = self.script.popleft() if self.script else 200
        self.paths.append(path)
        self.headers.append(headers)
        if status not in {200, TAKE_AND_HANG_UP}:
            return status, self.words
        key = headers.get("Idempotency-Key", "")
        if key in self.keys:
            same = self.keys[key] == body
            return (status, {"id": key}) if same else (409, {"name": "invalid_idempotent_request"})
        if key:
            self.keys[key] = body
        self.accepted.append(body)
        return status, {"id": "p-1", "MessageID": "p-1", "ErrorCode": 0, "Message": "OK", "message": "Queued"}


@contextmanager
def provider_server() -> Iterator[ProviderServer]:
    """Runs for the block."""
    told = ProviderServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, answer = told.take(self.path, dict(self.headers), body)
            if status == TAKE_AND_HANG_UP:
                self.close_connection = True
                return
            said = json.dumps(answer).encode()
            self.send_response_only(status)
            for header in told.headers_too.items():
                self.send_header(*header)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        told.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield told
        server.shutdown()
        thread.join()
