"""Run the WSGI application in a thread and hand its answer out. A part of crm/gateway/door.py.

An answer is taken whole, so that its thread is free before anything is sent: a visitor who reads slowly holds nothing.
In lanes of large files it goes out block by block, each within a deadline, and all of them at a rate that a bad
connection keeps up with.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, HTTPResponseBodyEvent, HTTPResponseStartEvent

from crm.gateway.request_body import Gone, RequestLimits

BLOCK = 256 * 1024

Environ = dict[str, Any]
Head = tuple[int, list[tuple[bytes, bytes]]]
WsgiApplication = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


def call(
    application: WsgiApplication, environ: Environ, push: Callable[[Head, bytes], None] | None
) -> tuple[Head, bytes]:
    """Answer one request, in this thread. Returns the status, the headers and the last or only block; `push` gets the
    blocks before it, and without `push` there are none. The answer is always closed, which gives the database
    connection back."""
    heads: list[Head] = []

    def start_response(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> None:
        coded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        heads.append((int(status.split(" ", 1)[0]), coded))

    answer = application(environ, start_response)
    block = bytearray()
    try:
        for piece in answer:
            block += piece
            if push and len(block) >= BLOCK:
                push(heads[-1], bytes(block))
                block.clear()
    finally:
        if close := getattr(answer, "close", None):
            close()
    return heads[-1], bytes(block)


@dataclass
class ResponseSender:
    """The way out of one answer. Once anything has been sent, its status cannot be changed any more."""

    receive: ASGIReceiveCallable
    send: ASGISendCallable
    loop: asyncio.AbstractEventLoop
    limits: RequestLimits
    clock: Callable[[], float] = time.monotonic
    has_begun: bool = False
    _since: float | None = field(default=None, init=False)
    _taken: int = field(default=0, init=False)
    _watch: "asyncio.Task[None] | None" = field(default=None, init=False)
    _is_gone: bool = field(default=False, init=False)

    def push(self, head: Head, block: bytes) -> None:
        """Send a block of a large answer, from its thread. Raises Gone when nobody takes it, or too slowly."""
        seconds = self._seconds_left()
        if self._is_gone or seconds <= 0:
            raise Gone
        sent = asyncio.run_coroutine_threadsafe(self._block(head, block), self.loop)
        try:
            sent.result(seconds)
        except TimeoutError:
            sent.cancel()
            raise Gone from None
        self._taken += len(block)

    def _seconds_left(self) -> float:
        """Return the seconds that one block may take, within what is left of the time for all."""
        if self._since is None:
            self._since = self.clock()
        for_all = self.limits.answer_seconds + self._taken / self.limits.bytes_a_second
        return min(self.limits.send_seconds, self._since + for_all - self.clock())

    async def finish(self, head: Head, block: bytes) -> None:
        """Send the last or only block. Raises Gone when nobody takes it."""
        await self._begin(head)
        try:
            await asyncio.wait_for(self.send(_event(block, more=False)), self.limits.send_seconds)
        except TimeoutError:
            raise Gone from None

    def stop(self) -> None:
        """Stop watching whether the reader is there."""
        if self._watch:
            self._watch.cancel()

    async def _block(self, head: Head, block: bytes) -> None:
        await self._begin(head)
        self._watch = self._watch or self.loop.create_task(self._look_after())
        await self.send(_event(block, more=True))

    async def _begin(self, head: Head) -> None:
        if not self.has_begun:
            self.has_begun = True
            status, headers = head
            await self.send(
                HTTPResponseStartEvent(type="http.response.start", status=status, headers=headers, trailers=False)
            )

    async def _look_after(self) -> None:
        """Watch until the reader has gone. What they still send is of no interest."""
        while (await self.receive())["type"] == "http.request":
            pass
        self._is_gone = True


def _event(block: bytes, *, more: bool) -> HTTPResponseBodyEvent:
    return HTTPResponseBodyEvent(type="http.response.body", body=block, more_body=more)
