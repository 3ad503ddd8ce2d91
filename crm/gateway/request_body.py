"""What a request brings with it, piece by piece: no more than allowed, and no slower. A part of crm/gateway/door.py."""

import asyncio
import io
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from asgiref.typing import ASGIReceiveCallable

BUFFER = 64 * 1024


@dataclass(frozen=True)
class RequestLimits:
    """`body_seconds` are there for a body, and more for what has come of it already: a second for each
    `bytes_a_second`. `send_seconds` may pass until a reader has taken a block, and `answer_seconds` until all are
    taken, with a second more for each `bytes_a_second`. `waiting` requests may wait for the threads of a lane, none
    longer than `wait_seconds`. All bodies that are being taken in hold `held_bytes` together, at most."""

    body_seconds: float = 20.0
    bytes_a_second: int = 16 * 1024
    send_seconds: float = 30.0
    answer_seconds: float = 60.0
    waiting: int = 100
    wait_seconds: float = 30.0
    held_bytes: int = 64 * 1024 * 1024


class RequestRefused(Exception):
    """The request is answered with this status, and not looked at any further."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Gone(Exception):
    """Nobody is there any more to answer to."""


@dataclass
class Body:
    """A body of at most `most` bytes. `kept`: how many of them the door holds; `refused`: the status with which it
    ended, or 0. (Not the error: that would hold the connection, through its frames, until somebody collects it.)"""

    receive: ASGIReceiveCallable
    limits: RequestLimits
    most: int
    clock: Callable[[], float] = time.monotonic
    size: int = 0
    kept: int = 0
    is_whole: bool = False
    refused: int = 0
    begun: float | None = field(default=None, init=False)

    def refuse_if_declared_too_large(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Raise RequestRefused, before a byte has come, for a declared length above `most`. One that is no number is
        left to the server, which refuses it."""
        for name, value in headers:
            if name == b"content-length" and value.isdigit() and int(value) > self.most:
                raise RequestRefused(413)

    def refuse_without_length(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Raise RequestRefused for a body in chunks: Django reads none whose length it was not told."""
        if any(name == b"transfer-encoding" for name, _value in headers):
            raise RequestRefused(411)

    async def next(self) -> bytes:
        """Return the next piece, b"" at the end. The time runs from the first call on. Raises RequestRefused."""
        if self.is_whole:
            return b""
        try:
            return await self._next()
        except RequestRefused as refused:
            self.refused = refused.status
            raise

    async def _next(self) -> bytes:
        if self.begun is None:
            self.begun = self.clock()
        left = self.begun + self.limits.body_seconds + self.size / self.limits.bytes_a_second - self.clock()
        try:
            message = await asyncio.wait_for(self.receive(), max(left, 0.0))
        except TimeoutError:
            raise RequestRefused(408) from None
        if message["type"] != "http.request":
            raise RequestRefused(400)  # it broke off, or is no HTTP; whoever went away does not hear it
        self.is_whole = not message.get("more_body", False)
        piece = message.get("body", b"")
        self.size += len(piece)
        if self.size > self.most:
            raise RequestRefused(413)
        return piece


class Stream(io.RawIOBase):
    """A body as a file, for a thread that reads it while it comes. A body that is cut off or refused is an OSError,
    which Django knows as such."""

    def __init__(self, body: Body, loop: asyncio.AbstractEventLoop) -> None:
        self._body, self._loop, self._left = body, loop, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview[int]") -> int:  # type: ignore[override]  # what BufferedReader gives
        while not self._left and not self._body.is_whole:
            self._left = self._fetch()
        count = min(len(buffer), len(self._left))
        buffer[:count], self._left = self._left[:count], self._left[count:]
        return count

    def buffered(self) -> io.BufferedReader:
        return io.BufferedReader(self, BUFFER)

    def _fetch(self) -> bytes:
        try:
            return asyncio.run_coroutine_threadsafe(self._body.next(), self._loop).result()
        except RequestRefused as ended:
            raise OSError("The body of the request ended early.") from ended
