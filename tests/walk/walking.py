"""Asks for every address as everybody, and notes what came of it."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.cookies import SimpleCookie
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from crm import registry
from crm.enums.leads import AccessAction
from crm.models import AccessEvent
from intake.models import QuarantinedRequest, Question
from tests.walk import routes
from tests.walk.world import HERE, MARK, THERE, World

ANONYMOUS = "anonymous"
KINDS = [
    "elsewhere is shown",
    "elsewhere is found",
    "elsewhere is changed",
    "nobody knows who looked",
    "nobody knows who changed something",
    "clinical words for whom they are not",
    "a stranger is let in",
    "a look changes something",
    "it fails",
]
# Written by looking: who looked, that a file was opened, and the browser's own session.
OF_LOOKING = ("crm_accessevent", 'UPDATE "crm_document" SET "opened_at"', "django_session")
TAKEN, REFUSED = {200, 201, 302, 400, 409, 413, 422}, {403, 404, 405}
NOBODY = "nobody"  # signed in, without a role
MAY_READ = {"coordinator", "lead_coordinator", "clinician", "administrator"}
FILTERS = {"coordinator", "administrator"}  # who asks lists for what is elsewhere: filters know no roles
ALWAYS_ON = "/<path:object_id>/"  # Django sends on from there to change/, whatever the id
# They sign somebody in or out, or keep what belongs to whoever is signed in.
OPEN = {"login/", "set-password/<str:uidb64>/<str:token>/"}
# Whoever writes here leaves an event that says so.
ABOUT_PEOPLE = {entry.model._meta.db_table for entry in registry.personal_data_of_all()} | {
    model._meta.db_table for model in (Question, QuarantinedRequest)
}
EDITS = {AccessAction.EDIT, AccessAction.DOWNLOAD}
OF_THE_BROWSER = {"login/", "logout/", "password_change/", "password_change/done/", "bell/"}


@dataclass
class Line:
    """What one address did. `opens`, `takes`: for whom a GET showed a page, and a POST was not refused."""

    opens: set[str] = field(default_factory=set)
    takes: set[str] = field(default_factory=set)
    names_somebody: bool = False
    hides: bool = False


@dataclass
class Walk:
    """`lines`: by pattern. `surprises`: by kind, in words."""

    lines: dict[str, Line] = field(default_factory=lambda: defaultdict(Line))
    surprises: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    asked: int = 0


@dataclass(frozen=True)
class Asked:
    """One answer, with what was written on the way."""

    status: int
    text: str
    writes: list[str]
    seen: set[UUID]
    trouble: str
    is_edit: bool = False


@contextmanager
def _noting(writes: list[str]) -> Iterator[None]:
    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        word = sql.lstrip(" (").split(" ", 1)[0].upper()
        if word in {"INSERT", "UPDATE", "DELETE", "WITH"} and not any(table in sql for table in OF_LOOKING):
            writes.append(sql[:120])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield


class Walker:
    """One person's browser. Nothing that it does stays."""

    def __init__(self, world: World, role: str) -> None:
        self.user = world.users.get(role)
        self.client = Client(raise_request_exception=False)
        if self.user:
            self.client.force_login(self.user)
        self.cookies = self.client.cookies.output(header="", sep=";")

    def ask(self, method: str, address: str, headers: dict[str, str]) -> Asked:
        self.client.cookies = SimpleCookie(self.cookies)
        writes: list[str] = []
        with transaction.atomic():
            began = timezone.now()
            with _noting(writes):
                data = routes.BODY if method == "POST" else None
                answer = getattr(self.client, method.lower())(address, data, headers=headers)
                # Answers and headers: a message for the next page may stand in a cookie.
                text = f"{answer.headers} {answer.cookies} {answer.getvalue().decode('utf-8', 'replace')}"
            events = list(AccessEvent.objects.filter(at__gte=began).values_list("action", "object_ids"))
            seen = {one for _action, ids in events for one in ids}
            transaction.set_rollback(True)
        trouble = repr(answer.exc_info[1])[:200] if getattr(answer, "exc_info", None) else ""
        is_edit = any(action in EDITS and ids for action, ids in events)
        return Asked(answer.status_code, text, writes, seen, trouble, is_edit)


def walk(world: World) -> Walk:
    """As everybody, to every address: what is here, what is there, and what is of both."""
    made, patterns = Walk(), routes.all_of_them()
    for role in (*world.users, ANONYMOUS):
        visitor = Visitor(made, world, role)
        for pattern in patterns:
            visitor.visit(pattern)
    return made


class Visitor:
    """Somebody who asks for everything, and complains about what should not be."""

    def __init__(self, made: Walk, world: World, role: str) -> None:
        self.made, self.world, self.role = made, world, role
        self.walker = Walker(world, role)

    def visit(self, pattern: str) -> None:
        here, line = self.world.here, self.made.lines[pattern]
        address = routes.address(pattern, here)
        seen, taken = self._ask("GET", address, pattern), self._ask("POST", address, pattern)
        if self.role == ANONYMOUS:
            return
        if seen.status == HTTPStatus.OK:
            line.opens.add(self.role)
        if taken.status in TAKEN:
            line.takes.add(self.role)
        if not {seen.status, taken.status} <= REFUSED and not pattern.endswith(ALWAYS_ON):
            self._ask_otherwise(address, pattern)
            self._ask_elsewhere(pattern)

    def _ask_otherwise(self, address: str, pattern: str) -> None:
        here, there = self.world.here, self.world.there
        for query, headers in routes.variants(pattern, here, there, of_lists=self.role in FILTERS):
            self._ask("GET", address + query, pattern, headers)

    def _ask_elsewhere(self, pattern: str) -> None:
        """What is of another location is not found, by whoever is let in here, and stays as it is."""
        here, there = self.world.here, self.world.there
        theirs, mixed = routes.address(pattern, there), routes.mixed(pattern, here, there)
        if theirs != routes.address(pattern, here):
            self.made.lines[pattern].hides = True
            for method in ("GET", "POST"):
                found = self._ask(method, theirs, pattern, is_elsewhere=True)
                if found.status not in REFUSED:
                    self._complain("elsewhere is found", f"{method} {pattern}: {found.status}")
        if mixed:
            found = self._ask("POST", mixed, pattern, is_elsewhere=True)
            if found.status not in REFUSED:
                self._complain("elsewhere is found", f"POST {pattern} of a lead here: {found.status}")

    def _ask(
        self,
        method: str,
        address: str,
        pattern: str,
        headers: dict[str, str] | None = None,
        *,
        is_elsewhere: bool = False,
    ) -> Asked:
        found = self.walker.ask(method, address, headers or {})
        self.made.asked += 1
        what = f"{method} {pattern} {address.partition('?')[2]}: {found.status}"
        if found.status >= HTTPStatus.INTERNAL_SERVER_ERROR and found.status != HTTPStatus.NOT_IMPLEMENTED:
            self._complain("it fails", f"{what} {found.trouble}")
        if self.walker.user is None and found.status != HTTPStatus.FOUND and pattern not in OPEN:
            self._complain("a stranger is let in", what)
        if found.writes and (is_elsewhere or (method == "GET" and pattern not in OF_THE_BROWSER)):
            kind = "elsewhere is changed" if is_elsewhere else "a look changes something"
            self._complain(kind, f"{what} {found.writes[0]}")
        changed = sorted(table for table in ABOUT_PEOPLE for write in found.writes if f'"{table}"' in write)
        if method == "POST" and changed and not found.is_edit and pattern not in OF_THE_BROWSER:
            self._complain("nobody knows who changed something", f"{what} {changed[0]}")
        self._read(found, address, pattern, what)
        return found

    def _read(self, found: Asked, address: str, pattern: str, what: str) -> None:
        """Whom it names, and whether that is right and known."""
        line, marks = self.made.lines[pattern], set(MARK.findall(found.text.lower()))
        leaked = [word for word in self.world.there.strings if word in found.text and word not in address]
        leaked += sorted(who for place, who in marks if place == THERE)
        if leaked:
            self._complain("elsewhere is shown", f"{what} {', '.join(leaked)}")
        people = {f"zq{place}{who}" for place, who in marks if place == HERE and who != "row"}
        unseen = sorted(name for name in people if self.world.here.people[name] not in found.seen)
        if unseen:
            self._complain("nobody knows who looked", f"{what} {', '.join(unseen)}")
        if (HERE, "cli") in marks and self.role not in MAY_READ:
            self._complain("clinical words for whom they are not", what)
        line.names_somebody |= bool(people)
        line.hides |= bool(marks)

    def _complain(self, kind: str, what: str) -> None:
        self.made.surprises[kind].append(f"{self.role} {what}")
