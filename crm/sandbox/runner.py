"""Run a function over foreign bytes in a child process that is limited in memory and time.

What reads files and answers of strangers (scans, PDFs, calendars) can be made to ask for gigabytes or to compute for
ever. Here that ends the child and nothing else. The child (crm/sandbox/child.py) knows no settings, keys or database:
it gets the function's name and plain values, asks for the bytes it wants piece by piece, and answers in JSON.

Works in threads and in Celery's processes, which may have no children of multiprocessing.
"""

import json
import os
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

MOST_OF_A_PIECE = 1024**2
_CHILD = Path(__file__).with_name("child.py")
_KEPT = ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "SSL_CERT_DIR", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "TZ")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_AT_ONCE = threading.BoundedSemaphore(2)  # of one process of ours: what they may take together is bounded as well
_FRAME, _PLACE = struct.Struct(">cI"), struct.Struct(">QI")


@dataclass(frozen=True)
class ChildLimits:
    """What one child may take. `read` and `answer` are bytes: handed to it from the file, and taken from it."""

    memory: int = 512 * 1024**2  # of address space, the interpreter's own 60 MB included
    processor_seconds: int = 20
    seconds: int = 60  # by the clock on the wall
    read: int = 0
    answer: int = 1024**2


class Why(StrEnum):
    """What ended a child before its answer."""

    TIME = "time"
    PROCESSOR = "processor"
    MEMORY = "memory"
    READING = "reading"
    ANSWER = "answer"
    DIED = "died"
    ERROR = "error"


class NoAnswer(Exception):
    """The child gave none. `error` is the type of an exception inside and `frames` where: never its words."""

    def __init__(self, why: Why, error: str = "", frames: tuple[str, ...] = ()) -> None:
        super().__init__(f"{why} {error}".strip())
        self.why, self.error, self.frames = why, error, frames


def run(
    function: Callable[..., Any], *arguments: Any, limits: ChildLimits, file: BinaryIO | None = None, size: int = 0
) -> Any:
    """Call a function of a module in a child and return its answer. Raises NoAnswer, and what reading the file raises.

    Arguments and answer are what JSON can say. With `file` the function gets one more argument: a file of `size` bytes
    that can be read anywhere in it.
    """
    order = {
        "function": [function.__module__, function.__qualname__],
        "arguments": arguments,
        "size": None if file is None else size,
        "memory": limits.memory,
        "processor_seconds": limits.processor_seconds,
    }
    with _AT_ONCE:
        child = _Child(limits)
        try:
            return child.answer(json.dumps(order).encode(), file, size)
        finally:
            child.end()


class _Child:
    def __init__(self, limits: ChildLimits) -> None:
        self.limits, self.is_late = limits, False
        self.process = subprocess.Popen(  # noqa: S603 - our own program, and nothing of a stranger on its command line
            [sys.executable, "-I", str(_CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # parsers quote what they read
            env={name: value for name, value in os.environ.items() if name in _KEPT or name.lower() in _PROXIES},
            cwd="/",
            start_new_session=True,  # what is sent to all of a server's processes is not meant for it
        )
        self.watch = threading.Timer(limits.seconds, self._too_late)
        self.watch.daemon = True
        self.watch.start()

    def _too_late(self) -> None:
        self.is_late = True
        self.process.kill()  # whoever waits for its pipes sees them end

    def end(self) -> None:
        self.watch.cancel()
        self.process.kill()
        self.process.communicate()

    def answer(self, order: bytes, file: BinaryIO | None, size: int) -> Any:
        """Hand the child the pieces of the file that it asks for, until it answers; return that. Raises NoAnswer."""
        pipes = cast(IO[bytes], self.process.stdin), cast(IO[bytes], self.process.stdout)
        left = self.limits.read
        try:
            _send(pipes[0], order)
            while (frame := self._frame(pipes[1]))[0] == b"R":
                at, length = _PLACE.unpack(frame[1])
                left -= length
                if left < 0 or length > MOST_OF_A_PIECE or file is None:
                    raise NoAnswer(Why.READING)
                file.seek(min(at, size))
                _send(pipes[0], file.read(min(length, max(size - at, 0))))
        except BrokenPipeError:
            raise self._why_it_ended() from None
        return _said(frame)

    def _frame(self, pipe: IO[bytes]) -> tuple[bytes, bytes]:
        head = pipe.read(_FRAME.size)
        if len(head) < _FRAME.size:
            raise self._why_it_ended()
        kind, length = _FRAME.unpack(head)
        if length > self.limits.answer:
            raise NoAnswer(Why.ANSWER)
        body = pipe.read(length)
        if len(body) < length:
            raise self._why_it_ended()
        return kind, body

    def _why_it_ended(self) -> NoAnswer:
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=1)  # its pipes are closed: how it ended is known in a moment
        self.process.kill()
        status = self.process.wait()
        if self.is_late:
            return NoAnswer(Why.TIME)
        return NoAnswer(Why.PROCESSOR if status == -signal.SIGXCPU else Why.DIED)


def _send(pipe: IO[bytes], body: bytes) -> None:
    pipe.write(len(body).to_bytes(4) + body)
    pipe.flush()


def _said(frame: tuple[bytes, bytes]) -> Any:
    kind, body = frame
    said = json.loads(body)
    if kind == b"A":
        return said
    why = Why.MEMORY if said["error"] == "MemoryError" else Why.ERROR
    raise NoAnswer(why, said["error"], tuple(said["frames"]))
