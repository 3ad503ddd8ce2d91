"""Lanes of the door: threads for one kind of request, shared among those who ask. A part of crm/gateway/door.py."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from re import Pattern

from asgiref.typing import HTTPScope

from crm.gateway.request_body import RequestLimits, RequestRefused
from crm.gateway.response_stream import Environ

BUSY = HTTPStatus.SERVICE_UNAVAILABLE
Named = tuple[int, str]  # the number of a share in its lane, and who it is about


@dataclass(frozen=True)
class Share:
    """So many `threads` of a lane, and places to wait for one, may be used at once by whoever `key_of` names. "" names
    nobody, and is not counted."""

    key_of: Callable[[Environ], str]
    threads: int
    waiting: int


@dataclass(eq=False)
class Lane:
    """Requests whose path fits, and method when some are named, and about whom `only` returns more than nothing.

    A body is at most `most_bytes` large. `as_it_comes`: the view reads it itself, after it has looked at who sends it,
    and its thread waits for it. `in_blocks`: a large answer goes out while its thread makes it; others are taken whole.
    `is_express`: answers however many bodies the door holds. `limits`: the door's, unless it has its own.
    """

    name: str
    path: Pattern[str]
    threads: int
    most_bytes: int
    methods: frozenset[str] = frozenset()
    only: Callable[[Environ], str] | None = None
    as_it_comes: bool = False
    in_blocks: bool = False
    is_express: bool = False
    limits: RequestLimits | None = None
    shares: tuple[Share, ...] = ()
    pool: ThreadPoolExecutor = field(init=False)
    _running: int = field(default=0, init=False)
    _threads_of: Counter[Named] = field(default_factory=Counter, init=False)
    _waiting: "list[tuple[asyncio.Future[None], list[Named]]]" = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self.pool = ThreadPoolExecutor(self.threads, thread_name_prefix=f"web-{self.name}")

    @property
    def inside(self) -> int:
        """Return how many requests have a thread or wait for one."""
        return self._running + len(self._waiting)

    def fits(self, scope: HTTPScope, environ: Environ) -> bool:
        """Tell whether a request goes over this lane."""
        if not self.path.match(scope["path"]) or (self.methods and scope["method"] not in self.methods):
            return False
        return self.only is None or bool(self.only(environ))

    async def run[T](self, environ: Environ, limits: RequestLimits, work: Callable[[], T]) -> T:
        """Do the work in a thread of the lane, when its turn has come. Raises RequestRefused when too many wait before
        it, or it waited too long."""
        named = [(number, key) for number, share in enumerate(self.shares) if (key := share.key_of(environ))]
        await self._enter(named, limits)
        try:
            return await asyncio.get_running_loop().run_in_executor(self.pool, work)
        finally:
            self._leave(named)

    async def _enter(self, named: list[Named], limits: RequestLimits) -> None:
        if self._has_room(named):  # nobody overtakes: whoever waits had no room when the last one left
            self._take(named)
            return
        if len(self._waiting) >= limits.waiting or not self._may_wait(named):
            raise RequestRefused(BUSY)
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((turn, named))
        try:
            async with asyncio.timeout(limits.wait_seconds):
                await turn
        except BaseException as ended:
            self._give_up(turn, named)
            if isinstance(ended, TimeoutError):
                raise RequestRefused(BUSY) from None
            raise

    def _has_room(self, named: Iterable[Named]) -> bool:
        return self._running < self.threads and all(
            self._threads_of[one] < self.shares[one[0]].threads for one in named
        )

    def _may_wait(self, named: Iterable[Named]) -> bool:
        waiting = Counter(one for _turn, others in self._waiting for one in others)
        return all(waiting[one] < self.shares[one[0]].waiting for one in named)

    def _take(self, named: Iterable[Named]) -> None:
        self._running += 1
        self._threads_of.update(named)

    def _leave(self, named: Iterable[Named]) -> None:
        """Give the thread back, to the first who waits and has a share left."""
        self._running -= 1
        self._threads_of -= Counter(named)
        for entry in list(self._waiting):
            turn, others = entry
            if not turn.done() and self._has_room(others):
                self._waiting.remove(entry)
                self._take(others)
                turn.set_result(None)

    def _give_up(self, turn: "asyncio.Future[None]", named: list[Named]) -> None:
        if turn.done() and not turn.cancelled():  # it came in the same moment
            self._leave(named)
        else:
            self._waiting = [entry for entry in self._waiting if entry[0] is not turn]
