"""The site's door: an ASGI application that takes a body in under limits before a thread of Django's is used for it.

A thread that waits for a visitor's next byte is a thread that nobody else has, and there are few. Here waiting costs a
socket and the bytes that came so far. Whatever does not end in time or is too large is told so and cut off; when too
much waits already, the answer is "busy" and comes at once. Requests go over lanes: each has threads of its own, so that
no kind of request stands in the way of another (crm/gateway/lanes.py; crm/asgi.py names them).
docs/decisions/0024-the-door.md says why.
"""

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from http import HTTPStatus
from io import BytesIO
from typing import Any, cast

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

from crm.gateway.lanes import BUSY, Lane
from crm.gateway.request_body import Body, Gone, RequestLimits, RequestRefused, Stream
from crm.gateway.response_stream import Environ, ResponseSender, WsgiApplication, call

log = structlog.get_logger("nucleus.web")

RETRY_SECONDS = 5
SENTENCES = {
    400: "We could not read that request. / No pudimos leer esa solicitud.",
    408: "The rest of what you were sending did not arrive. Please send it again. / "
    "El resto de lo que estaba enviando no llegó. Por favor, envíelo de nuevo.",
    411: "Please send that again with its length (Content-Length). / Por favor, envíelo de nuevo con su longitud.",
    413: "That is more than this page can take. Please send less at once. / "
    "Es más de lo que esta página puede recibir. Por favor, envíe menos a la vez.",
    500: "Something went wrong on our side. Please try again in a few minutes. / "
    "Algo salió mal de nuestro lado. Por favor, inténtelo de nuevo en unos minutos.",
    503: "Very many people are here right now. Please try again in a few seconds. / "
    "Hay muchas personas en este momento. Por favor, inténtelo de nuevo en unos segundos.",
}
# What was sent may have named a warning sign, and nobody has read it.
UNREAD = {408, 413}
SIGNS = (
    'If you marked a warning sign there, do not wait until it is sent: <a href="tel:911">call 911</a>, or go to the '
    "nearest emergency department. / Si marcó allí una señal de alarma, no espere a que se envíe: "
    '<a href="tel:911">llame al 911</a>, o vaya a la sala de emergencias más cercana.'
)
EMERGENCY = 'In an emergency, call <a href="tel:911">911</a>. / En una emergencia, llame al <a href="tel:911">911</a>.'
PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<title>Nucleus</title><p>{sentence}</p><p>{emergency}</p></html>\n"
)


class Door:
    """`lanes`: the first whose path fits is taken; the last has to fit everything. `at_the_end` is called when the
    process ends."""

    def __init__(
        self,
        application: WsgiApplication,
        lanes: Iterable[Lane],
        *,
        limits: RequestLimits | None = None,
        at_the_end: Callable[[], None] = lambda: None,
    ) -> None:
        self.application, self.lanes, self.at_the_end = application, list(lanes), at_the_end
        self.limits = limits or RequestLimits()
        self.held = 0

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)

    async def _answer(self, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        sender = ResponseSender(receive, send, asyncio.get_running_loop(), self.limits)
        try:
            head, block = await self._let_in(scope, receive, sender)
            await sender.finish(head, block)
        except RequestRefused as refused:
            await _say(sender, refused.status)
        except Gone:
            return
        except Exception as error:  # whatever it is, the visitor gets an answer and the next one a thread
            log.error("request_failed", method=scope["method"], route="(door)", exc_info=error)
            await _say(sender, HTTPStatus.INTERNAL_SERVER_ERROR)
        finally:
            sender.stop()

    async def _let_in(
        self, scope: HTTPScope, receive: ASGIReceiveCallable, sender: ResponseSender
    ) -> tuple[Any, bytes]:
        """Choose the lane and send the request over it. The body counts as held until there is an answer, not until it
        is read. Raises RequestRefused."""
        environ = _environ(scope)
        lane = next(lane for lane in self.lanes if lane.fits(scope, environ))
        sender.limits = limits = lane.limits or self.limits
        body = Body(receive, limits, lane.most_bytes)
        body.refuse_if_declared_too_large(scope["headers"])
        try:
            if lane.as_it_comes:
                body.refuse_without_length(scope["headers"])
                environ["wsgi.input"] = Stream(body, sender.loop).buffered()
            else:
                environ["wsgi.input"] = BytesIO(await self._whole(lane, body))
                if body.size or "CONTENT_LENGTH" in environ:
                    environ["CONTENT_LENGTH"] = str(body.size)  # in chunks it comes without one
            return await self._run(lane, environ, body, sender)
        finally:
            self.held -= body.kept

    async def _run(self, lane: Lane, environ: Environ, body: Body, sender: ResponseSender) -> tuple[Any, bytes]:
        """Wait for a thread of the lane, and for its answer. Raises RequestRefused."""
        push = sender.push if lane.in_blocks else None
        try:
            answer = await lane.run(environ, body.limits, partial(call, self.application, environ, push))
        except OSError:
            if not body.refused:
                raise
        if body.refused:
            raise RequestRefused(body.refused)  # whatever the view made of it
        return answer

    async def _whole(self, lane: Lane, body: Body) -> bytes:
        """Take the body in to its last byte. Raises RequestRefused, also when the door holds too much already."""
        pieces = []
        while not body.is_whole:
            piece = await body.next()
            if piece and not lane.is_express and self.held + len(piece) > self.limits.held_bytes:
                raise RequestRefused(BUSY)
            pieces.append(piece)
            body.kept += len(piece)
            self.held += len(piece)
        return b"".join(pieces)

    async def _live(self, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Tell the server that all is ready, and tidy up when it ends."""
        await receive()
        await send(LifespanStartupCompleteEvent(type="lifespan.startup.complete"))
        await receive()
        for lane in self.lanes:
            lane.pool.shutdown(wait=False, cancel_futures=True)
        self.at_the_end()
        await send(LifespanShutdownCompleteEvent(type="lifespan.shutdown.complete"))


def _environ(scope: HTTPScope) -> Environ:
    """Return what WSGI wants to know, without the body. A header with an underscore is left out: WSGI would take it for
    the one with a dash, which our proxy writes, and a visitor could forge it. Raises RequestRefused for what cannot be
    read."""
    plain = cast(HTTPScope, {**scope, "headers": [pair for pair in scope["headers"] if b"_" not in pair[0]]})
    instance = WsgiToAsgiInstance(None)
    instance.scope = plain
    try:
        return cast(Environ, instance.build_environ(plain, BytesIO()))
    except ValueError:
        raise RequestRefused(HTTPStatus.BAD_REQUEST) from None


async def _say(sender: ResponseSender, status: int) -> None:
    """Send a few words instead of a page and close the connection; do nothing when a page has begun."""
    if sender.has_begun:
        return
    emergency = SIGNS if status in UNREAD else EMERGENCY
    text = PAGE.format(sentence=SENTENCES[status], emergency=emergency).encode()
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),
    ]
    if status == BUSY:
        headers.append((b"retry-after", str(RETRY_SECONDS).encode()))
    await sender.finish((status, headers), text)
