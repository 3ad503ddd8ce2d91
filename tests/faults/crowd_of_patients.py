"""Patients who book, move and cancel over HTTP as fast as they can, each writing down what it was told.

What they wrote is the history that tests/faults/bookings.py holds against the tables.
"""

import http.client
import random
import re
import time
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode
from uuid import uuid4

from crm.patient_portal import page_owner

TOKEN = "t" * 32  # of the form; what counts is that it is the cookie's
HOME = "/my/appointments/"
_ONE = re.compile(rf"{HOME}([0-9a-f-]{{36}})/$")
_VERSION = re.compile(r'name="version" value="(\d+)"')


@dataclass(frozen=True)
class Told:
    """One act and what came of it. `answer`: accepted, refused, or unknown when the connection broke."""

    act: str
    request_id: str
    start: datetime | None
    answer: str


@dataclass
class Patient:
    """Talks to one of several ports, another one whenever a connection breaks."""

    ports: list[int]
    secret: str
    page: str
    kinds: list[str]
    starts: list[datetime]
    seed: int
    told: list[Told] = field(default_factory=list)
    server_errors: list[str] = field(default_factory=list)
    requests: int = 0

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311 - a rehearsal, not a secret
        self.mine: dict[str, tuple[str, str]] = {}  # kind → (request_id, appointment)

    def live(self, *, rounds: int, until: float) -> None:
        """So many acts, or until the time (monotonic) is over."""
        for _ in range(rounds):
            if time.monotonic() > until:
                return
            kind = self.chance.choice(self.kinds)
            try:
                self._act(kind)
            except (OSError, http.client.HTTPException):  # while looking: nothing was asked for
                time.sleep(0.05)

    def _act(self, kind: str) -> None:
        if kind not in self.mine:
            self._book(kind)
        elif self.chance.random() < 0.55:
            self._move(kind)
        else:
            self._cancel(kind)

    def _book(self, kind: str) -> None:
        start, request_id = self.chance.choice(self.starts), str(uuid4())
        status, where, _ = self._ask(f"{HOME}book/{kind}/", {"start": start.isoformat()})
        if status != 302 or "/held/" not in where:
            return
        answer, where, _ = self._tell("book", request_id, start, where, {"request_id": request_id})
        found = _ONE.search(where)
        accepted = answer == 302 and found
        if answer:
            self.told.append(Told("book", request_id, start, "accepted" if accepted else "refused"))
        if found and accepted:
            self.mine[kind] = (request_id, found[1])

    def _move(self, kind: str) -> None:
        request_id, appointment = self.mine[kind]
        version = self._version(kind, appointment)
        if version is None:
            return
        start = self.chance.choice(self.starts)
        sent = {"start": start.isoformat()}
        answer, where, cookies = self._tell("move", request_id, start, f"{HOME}{appointment}/move/", sent)
        if answer == 302 and "/move/" in where:  # shown once more, held or beside the present one
            answer, where, cookies = self._tell("move", request_id, start, where, {"version": version} | sent)
        if answer:
            said = self._look(where, cookies, "has moved") if answer == 302 else "refused"
            self.told.append(Told("move", request_id, start, said))

    def _cancel(self, kind: str) -> None:
        request_id, appointment = self.mine[kind]
        version = self._version(kind, appointment)
        if version is None:
            return
        sent = {"version": version, "reason": "time"}
        answer, where, cookies = self._tell("cancel", request_id, None, f"{HOME}{appointment}/cancel/", sent)
        if answer:
            said = self._look(where, cookies, "is cancelled.")
            self.told.append(Told("cancel", request_id, None, said))
            if said == "accepted":
                self.mine.pop(kind)

    def _version(self, kind: str, appointment: str) -> str | None:
        """As the page shows it now; None, and no longer ours, when it is cancelled."""
        _status, _where, page = self._ask(f"{HOME}{appointment}/")
        found = _VERSION.search(page)
        if found is None:
            self.mine.pop(kind, None)
        return found[1] if found else None

    def _tell(
        self, act: str, request_id: str, start: datetime | None, path: str, sent: dict[str, str]
    ) -> tuple[int, str, str]:
        """A press that changes something. Whoever gets no answer to a booking presses once more, as people do; what
        stays without one is unknown."""
        for _ in range(60 if act == "book" else 1):
            try:
                return self._ask(path, sent)
            except (OSError, http.client.HTTPException):
                time.sleep(0.3)
        self.told.append(Told(act, request_id, start, "unknown"))
        return 0, "", ""

    def _look(self, where: str, cookies: str, words: str) -> str:
        """What the next page says came of it: accepted, if it has these words."""
        for _ in range(300):
            try:
                return "accepted" if words in self._ask(where, cookies=cookies)[2] else "refused"
            except (OSError, http.client.HTTPException):
                time.sleep(0.1)
        return "unknown"

    def _connection(self) -> http.client.HTTPConnection:
        """To whichever answers: as long as nothing was sent, nothing is unknown."""
        for _ in range(600):
            browser = http.client.HTTPConnection("127.0.0.1", self.chance.choice(self.ports), timeout=60)
            try:
                browser.connect()
            except OSError:
                time.sleep(0.1)
            else:
                return browser
        raise OSError("No web process answers.")

    def _tokens(self) -> dict[str, str]:
        return {"csrfmiddlewaretoken": TOKEN, page_owner.FIELD: self.page}

    def _ask(self, path: str, sent: dict[str, str] | None = None, *, cookies: str = "") -> tuple[int, str, str]:
        """(status, Location or "", page; of a redirect the cookies that it sets)."""
        self.requests += 1
        browser = self._connection()
        headers = {"Cookie": "; ".join(filter(None, [f"csrftoken={TOKEN}", f"patient={self.secret}", cookies]))}
        try:
            if sent is None:
                browser.request("GET", path, headers=headers)
            else:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
                browser.request("POST", path, urlencode({**sent, **self._tokens()}), headers)
            answer = browser.getresponse()
            page = answer.read().decode("utf-8", "replace")
        finally:
            browser.close()
        if answer.status >= 500:
            self.server_errors.append(f"{answer.status} {path}")
        if answer.status == 302:
            set_here = [value.partition(";")[0] for name, value in answer.getheaders() if name.lower() == "set-cookie"]
            return answer.status, answer.getheader("Location") or "", "; ".join(set_here)
        return answer.status, "", page
