"""The site's door: an ASGI application that takes a body in under limits before a thread of Django's is used for it.

A thread that waits for a visitor's next byte is a thread that nobody else has, and there are few. Here waiting costs a
socket and the bytes that came so far. Whatever does not end in time or is too large is told so and cut off; when too
much waits already, the answer is "busy" and comes at once. Requests go over lanes: each has threads of its own, so that
no kind of request stands in the way of another (crm/asgi.py names them). docs/decisions/0024-the-door.md says why.
"""

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from io import BytesIO
from re import Pattern
from typing import IO, Any, cast

import structlog
from asgiref.typing import (
    ASGIReceiveCallable,
    ASGISendCallable,
    HTTPScope,
    LifespanShutdownCompleteEvent,
    LifespanStartupCompleteEvent,
    Scope,
)
from asgiref.wsgi import WsgiToAsgiInstance

from crm.handing_out import Environ, Sender, WsgiApplication, call
from crm.taking_in import Body, Gone, Limits, Refused, Stream

log = structlog.get_logger("nucleus.web")

RETRY_SECONDS = 5
BUSY = HTTPStatus.SERVICE_UNAVAILABLE
SENTENCES = {
    400: "We could not read that request. / No pudimos leer esa solicitud.",
    408: "The rest of what you were sending did not arrive. Please send it again. / "
    "El resto de lo que estaba enviando no llegó. Por favor, envíelo de nuevo.",
    413: "That is more than this page can take. Please send less at once. / "
    "Es más de lo que esta página puede recibir. Por favor, envíe menos a la vez.",
    500: "Something went wrong on our side. Please try again in a few minutes. / "
    "Algo salió mal de nuestro lado. Por favor, inténtelo de nuevo en unos minutos.",
    503: "Very many people are here right now. Please try again in a few seconds. / "
    "Hay muchas personas en este momento. Por favor, inténtelo de nuevo en unos segundos.",
}
EMERGENCY = 'In an emergency, call <a href="tel:911">911</a>. / En una emergencia, llame al <a href="tel:911">911</a>.'
PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<title>Nucleus</title><p>{sentence}</p><p>{emergency}</p></html>\n"
)


@dataclass
class Lane:
    """Requests whose path fits go over these threads. A body is at most `most_bytes` large. `as_it_comes`: the view
    reads it itself, after it has looked at who sends it, and its thread waits for it."""

    name: str
    path: Pattern[str]
    threads: int
    most_bytes: int
    as_it_comes: bool = False
    inside: int = field(default=0, init=False)
    pool: ThreadPoolExecutor = field(init=False)

    def __post_init__(self) -> None:
        self.pool = ThreadPoolExecutor(self.threads, thread_name_prefix=f"web-{self.name}")


class Door:
    """`lanes`: the first whose path fits is taken; the last has to fit everything. `at_the_end` is called when the
    process ends."""

    def __init__(
        self,
        application: WsgiApplication,
        lanes: Iterable[Lane],
        *,
        limits: Limits | None = None,
        at_the_end: Callable[[], None] = lambda: None,
    ) -> None:
        self.application, self.lanes, self.at_the_end = application, list(lanes), at_the_end
        self.limits = limits or Limits()
        self.held = 0

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)

    async def _answer(self, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        lane = next(lane for lane in self.lanes if lane.path.match(scope["path"]))
        body = Body(receive, self.limits, lane.most_bytes)
        sender = Sender(body, send, asyncio.get_running_loop(), self.limits.send_seconds)
        try:
            body.refuse_if_declared_too_large(scope["headers"])
            head, block = await self._let_in(lane, scope, body, sender)
            await sender.finish(head, block)
        except Refused as refused:
            await _say(sender, refused.status)
        except Gone:
            return
        except Exception as error:  # whatever it is, the visitor gets an answer and the next one a thread
            log.error("request_failed", method=scope["method"], route="(door)", exc_info=error)
            await _say(sender, HTTPStatus.INTERNAL_SERVER_ERROR)
        finally:
            sender.stop()
            self.held -= body.kept

    async def _let_in(self, lane: Lane, scope: HTTPScope, body: Body, sender: Sender) -> tuple[Any, bytes]:
        """Waits for the body, then for a thread. Raises Refused."""
        loop = asyncio.get_running_loop()
        source = Stream(body, loop).buffered() if lane.as_it_comes else BytesIO(await self._whole(body))
        environ = _environ(scope, source, length=None if lane.as_it_comes else body.size)
        if lane.inside >= lane.threads + self.limits.waiting:
            raise Refused(BUSY)
        lane.inside += 1
        try:
            answer = await loop.run_in_executor(lane.pool, call, self.application, environ, sender.push)
        except OSError:
            if not body.refused:
                raise
        finally:
            lane.inside -= 1
        if body.refused:
            raise Refused(body.refused)  # whatever the view made of it
        return answer

    async def _whole(self, body: Body) -> bytes:
        """The body from its first to its last byte. Raises Refused."""
        pieces = []
        while not body.is_whole:
            pieces.append(await body.next())
            body.kept += len(pieces[-1])
            self.held += len(pieces[-1])
            if self.held > self.limits.held_bytes:
                raise Refused(BUSY)
        return b"".join(pieces)

    async def _live(self, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Tells the server that all is ready, and tidies up when it ends."""
        await receive()
        await send(LifespanStartupCompleteEvent(type="lifespan.startup.complete"))
        await receive()
        for lane in self.lanes:
            lane.pool.shutdown(wait=False, cancel_futures=True)
        self.at_the_end()
        await send(LifespanShutdownCompleteEvent(type="lifespan.shutdown.complete"))


def _environ(scope: HTTPScope, source: IO[bytes], *, length: int | None) -> Environ:
    """What WSGI wants to know. A header with an underscore is left out: WSGI would take it for the one with a dash,
    and what our proxy wrote there would be the visitor's. Raises Refused for what cannot be read."""
    plain = cast(HTTPScope, {**scope, "headers": [pair for pair in scope["headers"] if b"_" not in pair[0]]})
    instance = WsgiToAsgiInstance(None)
    instance.scope = plain
    try:
        environ = cast(Environ, instance.build_environ(plain, source))
    except ValueError:
        raise Refused(HTTPStatus.BAD_REQUEST) from None
    if length is not None and (length or "CONTENT_LENGTH" in environ):
        environ["CONTENT_LENGTH"] = str(length)  # in chunks it comes without one
    return environ


async def _say(sender: Sender, status: int) -> None:
    """A few words instead of a page, and the end of the connection. Nothing, when a page has begun."""
    if sender.has_begun:
        return
    text = PAGE.format(sentence=SENTENCES[status], emergency=EMERGENCY).encode()
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),
    ]
    if status == BUSY:
        headers.append((b"retry-after", str(RETRY_SECONDS).encode()))
    await sender.finish((status, headers), text)
