"""A mail server that delivers to nobody: it keeps what it gets and shows it on a page of this machine.

Listens on the port of EMAIL_URL (sink://127.0.0.1:port) and shows the mails on MAIL_PAGE_PORT. Keeps the newest 500.
"""

import email
import email.policy
import os
import time
import uuid
from email.message import EmailMessage
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

KEPT = 500
STYLE = """
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:60rem;padding:1rem 1.25rem}
body{color:#1d2b2f;background:#f6f8f8}
@media(prefers-color-scheme:dark){body{color:#e4eceb;background:#132023}a{color:#7fd3c6}th{color:#a9bcbb}}
p.note{border-left:.3rem solid #0b6e63;padding:.4rem .8rem;background:#0b6e6318}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.55rem .6rem;border-bottom:1px solid #8884}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#8881;padding:1rem;border-radius:.4rem}
iframe{width:100%;height:46rem;border:1px solid #8884;border-radius:.4rem;background:#fff}
"""
NOTE = "<p class=note>Development mail sink: nothing here left this machine.</p>"


class Keeper:
    """aiosmtpd's handler: accepts everything and writes each message to a file of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - its name
        name = f"{time.time_ns()}-{uuid.uuid4().hex[:8]}.eml"
        (self.directory / name).write_bytes(envelope.original_content or b"")
        for old in sorted(self.directory.glob("*.eml"))[:-KEPT]:
            old.unlink(missing_ok=True)
        return "250 2.0.0 kept"


class Page(BaseHTTPRequestHandler):
    """The list at /, one message at /<file>, its HTML part alone at /<file>/html."""

    directory: Path

    def do_GET(self) -> None:
        name, _, part = urlsplit(self.path).path.strip("/").partition("/")
        known = {file.name: file for file in self.directory.glob("*.eml")}
        if not name:
            return self._answer(_list(sorted(known.values(), reverse=True)))
        if name not in known:
            return self._answer(_page("No such mail", "<p><a href=/>All mails</a></p>"), 404)
        message = _read(known[name])
        return self._answer(_part(message, "html") if part == "html" else _message(name, message))

    def _answer(self, html: str, status: int = 200) -> None:
        content = html.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Keep silent: the supervisor's output is for the product."""


def _read(file: Path) -> EmailMessage:
    return email.message_from_bytes(file.read_bytes(), policy=email.policy.default)


def _page(title: str, body: str) -> str:
    head = f"<meta charset=utf-8><meta name=viewport content='width=device-width'><title>{escape(title)}</title>"
    return f"<!doctype html><html lang=en>{head}<style>{STYLE}</style><h1>{escape(title)}</h1>{NOTE}{body}"


def _list(files: list[Path]) -> str:
    rows = "".join(_row(file) for file in files)
    table = f"<table><tr><th>When<th>To<th>Subject</tr>{rows}</table>" if rows else "<p>No mail has arrived yet.</p>"
    return _page("Mails", table)


def _row(file: Path) -> str:
    message = _read(file)
    when = time.strftime("%H:%M:%S", time.localtime(int(file.name.split("-")[0]) / 1e9))
    subject = escape(str(message["Subject"]))
    return f"<tr><td>{when}<td>{escape(str(message['To']))}<td><a href='/{file.name}'>{subject}</a></tr>"


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part else ""


def _message(name: str, message: EmailMessage) -> str:
    headers = "\n".join(f"{key}: {value}" for key, value in message.items())
    frame = f"<iframe sandbox title='HTML part' src='/{name}/html'></iframe>" if _part(message, "html") else ""
    parts = [
        "<p><a href=/>All mails</a></p>",
        frame,
        f"<h2>Text</h2><pre>{escape(_part(message, 'plain'))}</pre>",
        f"<h2>Headers</h2><pre>{escape(headers)}</pre>",
    ]
    return _page(str(message["Subject"]), "".join(parts))


def main() -> None:
    """Run until it is ended. Reads EMAIL_URL, MAIL_PAGE_PORT and STATE from the environment."""
    directory = Path(os.environ["STATE"]) / "mails"
    directory.mkdir(parents=True, exist_ok=True)
    where = urlsplit(os.environ["EMAIL_URL"])
    Controller(Keeper(directory), hostname="127.0.0.1", port=where.port or 0).start()
    handler = type("SinkPage", (Page,), {"directory": directory})
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["MAIL_PAGE_PORT"])), handler).serve_forever()


if __name__ == "__main__":
    main()
