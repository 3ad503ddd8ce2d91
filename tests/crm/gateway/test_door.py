"""What stands before Django: bodies under limits, lanes with threads of their own, answers that nobody waits for."""

import asyncio
import re
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import pytest
from asgiref.typing import ASGIReceiveEvent, ASGISendEvent, HTTPScope

from crm import asgi
from crm.gateway.door import Door
from crm.gateway.lanes import Lane
from crm.gateway.request_body import Body, Gone, RequestLimits, RequestRefused
from crm.gateway.response_stream import BLOCK, Environ, ResponseSender

EVERYTHING = re.compile("")
LANE = {"as_it_comes", "in_blocks", "is_express", "shares"}
NEVER: dict[str, Any] = {}  # a message that does not come


class Visitor:
    """One request as a server hands it in: `says` piece by piece, and what came back."""

    def __init__(self, *says: dict[str, Any] | bytes, headers: Iterable[tuple[str, str]] = (), path: str = "/") -> None:
        self.says = [
            {"type": "http.request", "body": one, "more_body": True} if isinstance(one, bytes) else one for one in says
        ]
        self.path, self.headers = path, [(name.encode(), value.encode()) for name, value in headers]
        self.status, self.answer, self.blocks = 0, b"", 0
        self.got: dict[str, str] = {}

    def whole(self) -> "Visitor":
        self.says.append({"type": "http.request", "body": b"", "more_body": False})
        return self

    async def receive(self) -> ASGIReceiveEvent:
        message: Any = self.says.pop(0) if self.says else {"type": "http.disconnect"}
        if message == NEVER:
            await asyncio.Event().wait()
        return message  # type: ignore[no-any-return]

    async def send(self, message: ASGISendEvent) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.got = {name.decode(): value.decode() for name, value in message["headers"]}
        elif message["type"] == "http.response.body":
            self.answer += message["body"]
            self.blocks += 1

    @property
    def scope(self) -> HTTPScope:
        scope: Any = {"type": "http", "method": "POST", "path": self.path, "query_string": b"", "http_version": "1.1"}
        return scope | {"headers": self.headers, "client": ("203.0.113.9", 4711), "server": ("127.0.0.1", 80)}  # type: ignore[no-any-return]


def echo(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Says what it was sent."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start_response("200 OK", [("X-Length", environ.get("CONTENT_LENGTH", "none"))])
    return [body]


def visit(door: Door, *visitors: Visitor) -> None:
    async def all_of_them() -> None:
        await asyncio.gather(*(door(one.scope, one.receive, one.send) for one in visitors))

    asyncio.run(all_of_them())


def door(application: Any = echo, *, most_bytes: int = 100, threads: int = 1, **more: Any) -> Door:
    """A door with one lane; what is no matter of the lane are limits."""
    of_the_lane = {name: more.pop(name) for name in LANE & more.keys()}
    lane = Lane("pages", EVERYTHING, threads=threads, most_bytes=most_bytes, **of_the_lane)
    return Door(application, [lane], limits=RequestLimits(**more))


def test_body_arrives_whole_with_its_length() -> None:
    visitor = Visitor(b"one ", b"two").whole()

    visit(door(), visitor)

    assert (visitor.status, visitor.answer, visitor.got["x-length"]) == (200, b"one two", "7")


def test_a_request_without_a_body_has_no_length() -> None:
    visitor = Visitor().whole()

    visit(door(), visitor)

    assert (visitor.status, visitor.got["x-length"]) == (200, "none")


@pytest.mark.parametrize("as_it_comes", [False, True])
def test_a_body_that_does_not_come_is_ended(as_it_comes: bool) -> None:
    visitor = Visitor(b"one ", NEVER, headers=[("content-length", "50")])

    visit(door(as_it_comes=as_it_comes, body_seconds=0.01), visitor)

    assert (visitor.status, visitor.got["connection"]) == (408, "close")
    assert b'<a href="tel:911">call 911</a>' in visitor.answer


@pytest.mark.parametrize("as_it_comes", [False, True])
def test_a_body_that_breaks_off_is_the_senders_fault(as_it_comes: bool) -> None:
    """A server whose application says nothing would answer with an error of its own."""
    broken = Visitor(b"abc", headers=[("content-length", "9")])

    visit(door(as_it_comes=as_it_comes), broken)

    assert broken.status == 400


def test_the_time_for_a_body_runs_on_between_its_pieces() -> None:
    """Twenty seconds, and one more for each 16 KB that have come."""
    now = 0.0
    visitor = Visitor(*[b"x" * 16 * 1024] * 3)
    body = Body(visitor.receive, RequestLimits(), 10**6, clock=lambda: now)

    assert len(asyncio.run(body.next())) == 16 * 1024
    now = 20.5
    assert len(asyncio.run(body.next())) == 16 * 1024
    now = 22.5
    with pytest.raises(RequestRefused) as refused:
        asyncio.run(body.next())

    assert refused.value.status == 408


def test_visitors_who_do_not_end_stand_in_nobodys_way() -> None:
    slow = [Visitor(b"one ", NEVER) for _ in range(50)]
    quick = Visitor(b"hello").whole()

    visit(door(body_seconds=0.3), *slow, quick)

    assert (quick.status, quick.answer) == (200, b"hello")
    assert {visitor.status for visitor in slow} == {408}


def test_a_declared_length_beyond_the_limit_is_refused_unread() -> None:
    visitor = Visitor(NEVER, headers=[("content-length", "101")])

    visit(door(), visitor)

    assert visitor.status == 413
    assert visitor.says == [NEVER]
    assert b"If you marked a warning sign there" in visitor.answer
    assert b'href="tel:911"' in visitor.answer


@pytest.mark.parametrize("as_it_comes", [False, True])
def test_a_body_that_becomes_too_large_is_refused(as_it_comes: bool) -> None:
    visitor = Visitor(b"x" * 60, b"x" * 60, NEVER, headers=[("content-length", "90")])

    visit(door(as_it_comes=as_it_comes), visitor)

    assert visitor.status == 413
    assert b"If you marked a warning sign there" in visitor.answer


def test_all_bodies_together_are_bounded() -> None:
    waiting = [Visitor(b"x" * 60, NEVER) for _ in range(3)]

    visit(door(body_seconds=0.05, held_bytes=150), *waiting)

    assert sorted(visitor.status for visitor in waiting) == [408, 408, 503]
    assert next(visitor.got["retry-after"] for visitor in waiting if visitor.status == 503) == "5"


@pytest.mark.parametrize("as_it_comes", [False, True])
def test_who_brings_nothing_is_let_in_however_much_is_held(as_it_comes: bool) -> None:
    ours = door(held_bytes=50)
    ours.held = 51
    ours.lanes[0].as_it_comes = as_it_comes
    visitor = Visitor().whole()

    visit(ours, visitor)

    assert visitor.status == 200


def test_what_answers_whatever_goes_on_takes_its_few_bytes_too() -> None:
    ours = door(held_bytes=50, is_express=True)
    ours.held = 51
    visitor = Visitor(b"few").whole()

    visit(ours, visitor)

    assert (visitor.status, visitor.answer, ours.held) == (200, b"few", 51)


class Stuck(Visitor):
    """Takes no block but the first ones."""

    takes = 1

    async def send(self, message: ASGISendEvent) -> None:
        if self.blocks >= self.takes:
            await asyncio.Event().wait()
        await super().send(message)


def test_whoever_does_not_read_the_refusal_holds_nothing() -> None:
    class Deaf(Stuck):
        takes = 0

    ours, deaf = door(held_bytes=150), Deaf(b"x" * 100, b"x" * 60)

    async def tell() -> None:
        telling = asyncio.ensure_future(ours(deaf.scope, deaf.receive, deaf.send))
        while deaf.says:
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert (telling.done(), ours.held) == (False, 0)
        telling.cancel()

    asyncio.run(tell())


@pytest.mark.parametrize(("as_it_comes", "status"), [(False, 200), (True, 411)])
def test_a_body_in_chunks_is_counted_or_refused(as_it_comes: bool, status: int) -> None:
    """Django reads no body whose length it was not told: a view that reads by itself would find an empty one."""
    visitor = Visitor(b"one ", b"two", headers=[("transfer-encoding", "chunked")]).whole()

    visit(door(as_it_comes=as_it_comes), visitor)

    assert visitor.status == status
    assert len(visitor.says) == (3 if as_it_comes else 0)


def test_what_was_held_is_given_back() -> None:
    ours = door(body_seconds=0.01)

    visit(ours, Visitor(b"one", NEVER), Visitor(b"two").whole(), Visitor(b"x" * 101))

    assert ours.held == 0
    assert [lane.inside for lane in ours.lanes] == [0]


def test_when_too_many_wait_for_a_thread_the_next_is_told() -> None:
    go = threading.Event()
    told = Visitor().whole()

    def wait(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        assert go.wait(30)
        return echo(environ, start_response)

    async def all_of_them() -> None:
        ours = door(wait, waiting=1)
        inside = [asyncio.ensure_future(ours(one.scope, one.receive, one.send)) for one in patient]
        while ours.lanes[0].inside < 2:
            await asyncio.sleep(0)
        await ours(told.scope, told.receive, told.send)
        go.set()
        await asyncio.gather(*inside)

    patient = [Visitor().whole() for _ in range(2)]
    asyncio.run(all_of_them())

    assert (told.status, told.got["retry-after"]) == (503, "5")
    assert [one.status for one in patient] == [200, 200]


def test_header_with_an_underscore_is_not_taken_for_the_one_with_a_dash() -> None:
    def forwarded(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [])
        return [environ.get("HTTP_X_FORWARDED_FOR", "").encode()]

    both = [("x-forwarded-for", "198.51.100.7"), ("x_forwarded_for", "192.0.2.1")]
    visitor = Visitor(headers=both).whole()

    visit(door(forwarded), visitor)

    assert visitor.answer == b"198.51.100.7"


class Large:
    """An answer of several blocks, which says when it was closed."""

    def __init__(self, blocks: int) -> None:
        self.blocks, self.given, self.is_closed = blocks, 0, False

    def __call__(self, _environ: Environ, start_response: Callable[..., Any]) -> "Large":
        start_response("200 OK", [])
        return self

    def __iter__(self) -> Iterable[bytes]:
        for _ in range(self.blocks):
            self.given += 1
            yield b"x" * BLOCK

    def close(self) -> None:
        self.is_closed = True


def test_a_large_answer_goes_block_by_block_and_is_closed() -> None:
    visitor, large = Visitor(NEVER).whole(), Large(3)
    visitor.says.reverse()

    visit(door(large, in_blocks=True), visitor)

    assert (visitor.status, len(visitor.answer), visitor.blocks) == (200, 3 * BLOCK, 4)
    assert large.is_closed


def test_an_answer_of_a_page_is_taken_whole_however_large_it_is() -> None:
    """A thread that waited for readers would be lost to all other pages."""
    visitor, large = Stuck(NEVER).whole(), Large(3)
    visitor.says.reverse()

    visit(door(large), visitor)

    assert (len(visitor.answer), visitor.blocks, large.is_closed) == (3 * BLOCK, 1, True)


def test_a_reader_who_takes_nothing_loses_the_thread() -> None:
    visitor, large = Stuck(NEVER).whole(), Large(1000)
    visitor.says.reverse()

    visit(door(large, in_blocks=True, send_seconds=0.5), visitor)

    assert (large.given, large.is_closed) == (2, True)


def test_the_time_for_a_file_runs_on_between_its_blocks() -> None:
    """A minute, and a second more for each 32 KB that were taken: whoever reads a little now and then is ended."""
    now = 0.0
    visitor = Visitor(NEVER)

    async def push() -> list[float]:
        loop = asyncio.get_running_loop()
        sender = ResponseSender(visitor.receive, visitor.send, loop, asgi.LARGE_FILES, clock=lambda: now)
        try:
            return await loop.run_in_executor(None, slowly, sender)
        finally:
            sender.stop()

    def slowly(sender: ResponseSender) -> list[float]:
        nonlocal now
        taken = []
        with suppress(Gone):
            for _ in range(9):
                sender.push((200, []), b"x" * BLOCK)
                taken.append(now)
                now += 28.0  # each block would be in time
        return taken

    assert asyncio.run(push()) == [0.0, 28.0, 56.0]


def test_an_error_behind_the_door_is_an_answer_and_not_the_end() -> None:
    def broken(_environ: Environ, _start_response: Callable[..., Any]) -> Iterable[bytes]:
        raise ValueError

    ours, visitor = door(broken), Visitor().whole()

    visit(ours, visitor)

    assert (visitor.status, ours.lanes[0].inside) == (500, 0)


LEAD = "/admin/crm/lead/0199c2d4-0000-7000-8000-000000000000"
DOCUMENT = "0199c2d4-0000-7000-8000-000000000001/"


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("GET /candidate/emergency/", "express"),
        ("GET /es/candidate/emergency/", "express"),
        ("GET /healthz", "health"),
        ("POST /candidate/", "pages"),
        ("POST /es/candidate/embed/", "pages"),
        ("GET /my/documents/", "pages"),
        ("POST /my/documents/", "uploads"),
        ("POST /es/my/documents/", "uploads"),
        ("PUT /my/documents/uploads/" + DOCUMENT, "pages"),
        ("GET /my/documents/" + DOCUMENT, "downloads"),
        ("GET /es/my/documents/" + DOCUMENT, "downloads"),
        (f"POST {LEAD}/documents/", "uploads"),
        (f"GET {LEAD}/documents/", "pages"),
        (f"GET {LEAD}/documents/{DOCUMENT}", "downloads"),
        (f"POST {LEAD}/documents/{DOCUMENT}release/", "pages"),
        (f"POST {LEAD}/change/", "pages"),
        ("POST /admin/crm/location/add/", "uploads"),
        ("GET /admin/crm/location/", "pages"),
        ("POST /hooks/mail/postmark/inbound/", "hooks"),
        ("POST /hooks/mail/postmark/", "pages"),
        ("GET /logo/" + DOCUMENT, "logos"),
        ("POST /admin/login/", "signing-in"),
        ("GET /admin/login/", "pages"),
        ("GET /\n/", "pages"),
    ],
)
def test_every_path_has_its_lane(asked: str, name: str) -> None:
    assert lane_of(asked) == name


def lane_of(asked: str, **environ: str) -> str:
    method, _, path = asked.partition(" ")
    scope: Any = {"method": method, "path": path}
    return next(lane.name for lane in asgi.LANES if lane.fits(scope, environ))


def test_there_is_a_database_connection_for_every_thread(settings: Any) -> None:
    assert sum(lane.threads for lane in asgi.LANES) == settings.WEB_THREADS + settings.OTHER_THREADS
    assert settings.DATABASES["default"]["OPTIONS"]["pool"]["max_size"] > settings.WEB_THREADS + settings.OTHER_THREADS


def test_no_lane_of_slow_ones_can_be_held_by_one_address() -> None:
    """The others take a body in before they need a thread, and hand out what they have whole."""
    for lane in asgi.LANES:
        if lane.as_it_comes or lane.in_blocks:
            assert min(share.threads for share in lane.shares) < lane.threads
