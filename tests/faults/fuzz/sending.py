"""Sends hostile requests: to the application in this process, as granian would call it, or over the wire."""

import contextlib
import io
import socket
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.signals import got_request_exception
from django.utils import timezone

from crm.accounts import groups
from crm.environment import Provider
from crm.models import Lead, User
from crm.patient_portal import access as patient_access
from crm.wsgi import Site
from tests.factories import make_lead, make_user
from tests.faults.fuzz.hooks import MAIL_SECRETS
from tests.faults.fuzz.values import PATIENT, ROLES, STAFF, STRANGER, Request

TOKEN = "t" * 32
NEW_SESSION_EVERY = 20


@dataclass(frozen=True)
class Answer:
    """`trouble` is the traceback of what was raised on the way, "" when nothing was."""

    status: int
    body: bytes = b""
    location: str = ""
    trouble: str = ""

    @property
    def is_broken(self) -> bool:
        return self.status >= 500


@dataclass
class Visitors:
    """The cookies of everybody. Sessions end in the course of things: whoever was signed out signs in again."""

    _cookies: dict[str, str] = field(default_factory=dict)
    _left: dict[str, int] = field(default_factory=dict)

    def cookie(self, who: str) -> str:
        if self._left.get(who, 0) <= 0:
            self._cookies[who] = self._begin(who)
            self._left[who] = NEW_SESSION_EVERY
        self._left[who] -= 1
        return self._cookies[who]

    def forget(self, who: str) -> None:
        self._left[who] = 0

    def _begin(self, who: str) -> str:
        if who == STRANGER:
            return f"csrftoken={TOKEN}"
        name, value = _desk_session(who) if who in STAFF else ("patient", _patient_session(proven=who == PATIENT))
        return f"csrftoken={TOKEN}; {name}={value}"


def _desk_session(who: str) -> tuple[str, str]:
    email = f"{who.replace('_', '-')}@fuzz.example.org"
    user = User.objects.filter(email=email).first() or make_user(*({who} & set(ROLES)), email=email)
    User.objects.filter(pk=user.pk).update(is_active=True, is_staff=True, is_superuser=who == "superuser")
    user.groups.set(groups.groups_named(*{who} & set(ROLES)))
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return settings.SESSION_COOKIE_NAME, str(session.session_key)


def patient() -> Lead:
    """Whose private page is attacked: somebody with an appointment, where there is one."""
    known = Lead.objects.order_by("created_at", "pk")
    return known.filter(appointments__isnull=False).first() or known.first() or make_lead()


def _patient_session(*, proven: bool) -> str:
    lead = patient()
    entry = patient_access.begin(lead, now=timezone.now())
    if proven:
        type(entry.session).objects.filter(pk=entry.session.pk).update(proven_at=timezone.now(), may_write=True)
    return entry.secret


@dataclass
class Application:
    """The whole application with its middleware, called as a WSGI server calls it."""

    visitors: Visitors = field(default_factory=Visitors)
    _raised: list[str] = field(default_factory=list)
    _application: Any = None

    def __post_init__(self) -> None:
        self._application = Site()  # of its own: WhiteNoise reads what the settings say now
        got_request_exception.connect(self._heard)

    def close(self) -> None:
        got_request_exception.disconnect(self._heard)

    def _heard(self, **_: Any) -> None:
        self._raised.append(traceback.format_exc())

    def send(self, request: Request) -> Answer:
        """Never raises: what the application lets through is an answer of 599."""
        self._raised.clear()
        settings.SECOND_MAIL_SERVER = _provider(request.provider)
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> Callable[[bytes], None]:
            started.append((status, headers))
            return lambda _: None

        environ = _environ(request, self.visitors.cookie(request.who))
        try:
            parts = self._application(environ, start_response)
            body = _read(parts)
        except Exception:  # whatever a server would have to deal with
            return Answer(599, trouble=traceback.format_exc())
        status, headers = started[-1]
        location = dict(headers).get("Location", "")
        if request.who in STAFF and "/admin/login/" in location:
            self.visitors.forget(request.who)
        return Answer(int(status.split()[0]), body, location, "\n".join(self._raised))


def _read(parts: Iterable[bytes]) -> bytes:
    try:
        return b"".join(parts)
    finally:
        if close := getattr(parts, "close", None):
            close()


def _provider(name: str) -> Provider:
    return Provider(name, "https://mail.example.org/", "", "key", MAIL_SECRETS[name], "mail.example.org")


def _environ(request: Request, cookie: str) -> dict[str, Any]:
    path, _, query = request.target.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query.encode("utf-8").decode("latin-1"),
        "REMOTE_ADDR": "127.0.0.1",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "127.0.0.1",
        "HTTP_COOKIE": cookie,
        "HTTP_X_CSRFTOKEN": TOKEN,
        "CONTENT_LENGTH": str(len(request.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in request.headers:
        key = name.upper().replace("-", "_")
        if key == "COOKIE":
            environ["HTTP_COOKIE"] = f"{cookie}; {value}"
        else:
            environ[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = value
    return environ


_LENGTHS = {"content-length", "transfer-encoding", "expect"}


def over_the_wire(request: Request, cookie: str, *, port: int, seconds: float) -> Answer:
    """Sends it to a server, byte by byte as it is; 0 when the server closes without an answer, as it may when what it
    gets is no HTTP. Raises TimeoutError when it neither answers nor closes."""
    given = {name.lower() for name, _ in request.headers}
    usual = [("Host", "127.0.0.1"), ("Content-Length", str(len(request.body))), ("X-CSRFToken", TOKEN)]
    headers = [(name, value) for name, value in usual if name.lower() not in given]
    lines = [f"{request.method} {request.target} HTTP/1.1", f"Cookie: {cookie}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in [*headers, *request.headers] if name.lower() != "cookie"]
    raw = "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + request.body
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as wire:
        with contextlib.suppress(ConnectionError):  # refused before all was sent
            wire.sendall(raw)
        if given & _LENGTHS:
            with contextlib.suppress(OSError):  # closed before all was sent; this call itself waits for nothing
                wire.shutdown(socket.SHUT_WR)  # whoever promises more than there is gives up
        answer = b""
        with contextlib.suppress(ConnectionError):
            while piece := wire.recv(65_536):
                answer += piece
    first = answer.split(b"\r\n", 1)[0].split(b" ")
    return Answer(int(first[1]) if len(first) > 1 and first[1].isdigit() else 0, answer)
