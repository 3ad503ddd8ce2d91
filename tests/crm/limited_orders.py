"""What the child of crm/sandbox/runner.py is told to do in tests. Imports little: the child loads it."""

import os
import resource
import signal
import sys
from typing import Any, BinaryIO


def tell(*values: Any) -> list[Any]:
    return list(values)


def about_itself() -> dict[str, Any]:
    limits = {name: resource.getrlimit(getattr(resource, name))[0] for name in ("RLIMIT_AS", "RLIMIT_CORE")}
    return {"limits": limits, "environment": sorted(os.environ), "modules": sorted(sys.modules)}


def ends_of(file: BinaryIO) -> list[Any]:
    """The first and the last bytes, and how much there is behind a place far outside."""
    first = file.read(4)
    file.seek(-4, 2)
    last = file.read()
    file.seek(10**9)
    return [first.hex(), last.hex(), len(file.read()), file.seek(0, 2)]


def read_all(file: BinaryIO, times: int = 1) -> int:
    total = 0
    for _ in range(times):
        file.seek(0)
        while piece := file.read(1024**2):
            total += len(piece)
    return total


def read_again_and_again(file: BinaryIO) -> int:
    return read_all(file, 1000)


def ask_for_room(file: BinaryIO) -> int:
    return len(file.read(2**40))


def take_memory() -> int:
    return len(bytearray(2 * 1024**3))


def compute() -> None:
    while True:
        pass


def wait() -> None:
    signal.pause()


def die() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def fail(secret: str) -> None:
    raise ValueError(secret)


def chatter() -> str:
    """As libraries do."""
    sys.stdout.write("x" * 100_000)
    sys.stdout.flush()
    os.write(1, b"x" * 100_000)
    sys.stderr.write("y" * 100_000)
    return "said"


def say_much() -> str:
    return "x" * 3_000_000
