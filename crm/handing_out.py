"""Runs the WSGI application in a thread and hands its answer out. A part of crm/door.py.

An answer of ordinary size is taken whole, so that its thread is free before anything is sent: a visitor who reads
slowly holds nothing. What is larger goes out block by block, each within a deadline.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from asgiref.typing import ASGISendCallable, HTTPResponseBodyEvent, HTTPResponseStartEvent

from crm.taking_in import Body, Gone

BLOCK = 256 * 1024

Environ = dict[str, Any]
Head = tuple[int, list[tuple[bytes, bytes]]]
WsgiApplication = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


def call(application: WsgiApplication, environ: Environ, push: Callable[[Head, bytes], None]) -> tuple[Head, bytes]:
    """One request, in this thread. Returns the status, the headers and the last or only block; `push` gets those
    before. The answer is always closed, which gives the database connection back."""
    heads: list[Head] = []

    def start_response(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> None:
        coded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        heads.append((int(status.split(" ", 1)[0]), coded))

    answer = application(environ, start_response)
    block = bytearray()
    try:
        for piece in answer:
            block += piece
            if len(block) >= BLOCK:
                push(heads[-1], bytes(block))
                block.clear()
    finally:
        if close := getattr(answer, "close", None):
            close()
    return heads[-1], bytes(block)


@dataclass
class Sender:
    """The way out of one answer. Once anything has been sent, its status cannot be changed any more."""

    body: Body
    send: ASGISendCallable
    loop: asyncio.AbstractEventLoop
    seconds: float
    has_begun: bool = False
    _watch: "asyncio.Task[None] | None" = field(default=None, init=False)
    _is_gone: bool = field(default=False, init=False)

    def push(self, head: Head, block: bytes) -> None:
        """A block of a large answer, from its thread. Raises Gone when nobody takes it any more."""
        if self._is_gone:
            raise Gone
        sent = asyncio.run_coroutine_threadsafe(self._block(head, block), self.loop)
        try:
            sent.result(self.seconds)
        except TimeoutError:
            sent.cancel()
            raise Gone from None

    async def finish(self, head: Head, block: bytes) -> None:
        """The last or only block. Raises Gone when nobody takes it."""
        await self._begin(head)
        try:
            await asyncio.wait_for(self.send(_event(block, more=False)), self.seconds)
        except TimeoutError:
            raise Gone from None

    def stop(self) -> None:
        """Nobody watches any more whether the reader is there."""
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
        """Until the reader has gone. What they still send is of no interest."""
        while (await self.body.receive())["type"] == "http.request":
            pass
        self._is_gone = True


def _event(block: bytes, *, more: bool) -> HTTPResponseBodyEvent:
    return HTTPResponseBodyEvent(type="http.response.body", body=block, more_body=more)
