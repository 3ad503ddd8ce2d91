"""Threads of one kind of request are shared: nobody has them for themselves, and nobody who waits waits for ever."""

import asyncio
import re
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from crm import asgi
from crm.accounts import sign_in_limits
from crm.gateway.lanes import Lane, Share
from crm.gateway.request_body import RequestLimits, RequestRefused
from crm.gateway.response_stream import Environ


class Requests:
    """Requests that come over a lane one after another; each ends when it is told to."""

    def __init__(self, lane: Lane, **limits: Any) -> None:
        self.lane, self.limits = lane, RequestLimits(**limits)
        self.begun: list[str] = []
        self.may_end: dict[str, threading.Event] = {}
        self.tasks: dict[str, asyncio.Task[str]] = {}

    async def come(self, *names: str) -> None:
        """`names` begin with whom they are from, and have a dash."""
        for name in names:
            self.may_end[name] = threading.Event()
            environ: Environ = {"WHO": name.partition("-")[0]}
            self.tasks[name] = asyncio.create_task(self.lane.run(environ, self.limits, self._work(name)))
            await self._settle()

    async def end(self, *names: str) -> None:
        for name in names:
            self.may_end[name].set()
            await self.tasks[name]
            await self._settle()

    def refused(self, name: str) -> bool:
        task = self.tasks[name]
        return task.done() and isinstance(task.exception(), RequestRefused)

    def _work(self, name: str) -> Callable[[], str]:
        def work() -> str:
            self.begun.append(name)
            assert self.may_end[name].wait(30)
            return name

        return work

    async def _settle(self) -> None:
        """Until whoever came stands in the lane, and every thread that was given to somebody is used."""
        for _ in range(3):
            await asyncio.sleep(0)
        running = self.lane.inside - len(self.lane._waiting)
        while running > len([one for one in self.begun if not self.tasks[one].done()]):
            await asyncio.sleep(0.001)
            running = self.lane.inside - len(self.lane._waiting)
        for _ in range(3):
            await asyncio.sleep(0)


def lane(*, threads: int, of_one: int, waiting: int = 10) -> Lane:
    share = Share(lambda environ: str(environ["WHO"]), threads=of_one, waiting=waiting)
    return Lane("any", re.compile(""), threads=threads, most_bytes=1, shares=(share,))


def play(game: Callable[[], Awaitable[None]]) -> None:
    async def begin() -> None:
        await game()

    asyncio.run(begin())


def test_one_who_asks_for_more_than_a_share_leaves_the_rest_to_others() -> None:
    async def game() -> None:
        requests = Requests(lane(threads=3, of_one=2))
        await requests.come("a-1", "a-2", "a-3", "a-4", "b-1")
        assert requests.begun == ["a-1", "a-2", "b-1"]
        await requests.end("a-1")
        assert requests.begun[3:] == ["a-3"]
        await requests.end("b-1")
        assert requests.begun[4:] == []  # the rest stays free for others
        await requests.end("a-2", "a-3", "a-4")
        assert requests.lane.inside == 0

    play(game)


def test_whoever_came_first_is_next() -> None:
    async def game() -> None:
        requests = Requests(lane(threads=1, of_one=1))
        await requests.come("a-1", "a-2", "b-1", "a-3")
        await requests.end("a-1", "a-2", "b-1", "a-3")
        assert requests.begun == ["a-1", "a-2", "b-1", "a-3"]

    play(game)


def test_one_who_asks_too_often_is_told_and_others_still_wait() -> None:
    async def game() -> None:
        requests = Requests(lane(threads=1, of_one=1, waiting=2))
        await requests.come("a-1", "a-2", "a-3", "a-4", "b-1")
        assert [requests.refused(name) for name in ("a-3", "a-4", "b-1")] == [False, True, False]
        await requests.end("a-1", "a-2", "a-3", "b-1")

    play(game)


def test_nobody_waits_for_ever() -> None:
    async def game() -> None:
        requests = Requests(lane(threads=1, of_one=1), wait_seconds=0.05)
        await requests.come("a-1", "b-1")
        await asyncio.wait([requests.tasks["b-1"]], timeout=5)
        assert requests.refused("b-1")
        assert requests.lane.inside == 1
        await requests.end("a-1")
        await requests.come("b-2")
        assert requests.begun == ["a-1", "b-2"]
        await requests.end("b-2")

    play(game)


@pytest.mark.parametrize("came_in_time", [False, True])
def test_whoever_goes_away_leaves_no_thread_unused(came_in_time: bool) -> None:
    async def game() -> None:
        requests = Requests(lane(threads=1, of_one=1))
        await requests.come("a-1", "b-1")
        requests.may_end["a-1"].set()
        while came_in_time and not requests.tasks["a-1"].done():
            await asyncio.sleep(0)
        requests.tasks["b-1"].cancel()
        requests.may_end["b-1"].set()
        await asyncio.wait(requests.tasks.values())
        assert requests.lane.inside == 0
        await requests.come("c-1")
        await requests.end("c-1")

    play(game)


def test_somebody_without_a_name_is_not_counted() -> None:
    async def game() -> None:
        requests = Requests(lane(threads=2, of_one=1))
        await requests.come("-1", "-2")
        assert requests.begun == ["-1", "-2"]
        await requests.end("-1", "-2")

    play(game)


# --- The site's own lanes --------------------------------------------------------------------------------------------


def named_by(name: str, environ: Environ) -> list[str]:
    [found] = [one for one in asgi.LANES if one.name == name]
    return [share.key_of(environ) for share in found.shares]


def test_files_are_shared_by_session_and_by_address() -> None:
    environ = {"HTTP_COOKIE": "patient=secret; sessionid=desk; more=1", "REMOTE_ADDR": "2001:db8:1:2::3"}

    assert named_by("uploads", environ) == ["secret", "desk", "2001:db8:1:2::/64"]
    assert named_by("downloads", {"REMOTE_ADDR": "203.0.113.9"}) == ["", "", "203.0.113.9"]


def sign_in_lane(cookie: str) -> str:
    scope: Any = {"method": "POST", "path": "/admin/login/"}
    environ = {"HTTP_COOKIE": f"{sign_in_limits.COOKIE}={cookie}", "REMOTE_ADDR": "203.0.113.9"}
    return next(one.name for one in asgi.LANES if one.fits(scope, environ))


def test_a_browser_that_signed_in_before_has_a_lane_without_strangers() -> None:
    ours = sign_in_limits.known_cookie("sam@example.org")

    assert sign_in_lane(ours) == "signing-in-again"
    assert [sign_in_lane(forged) for forged in ("", "yes", ours[:-1], "x" + ours)] == ["signing-in"] * 4


def test_known_browsers_of_a_clinic_are_not_counted_by_address() -> None:
    cookies = [f"{sign_in_limits.COOKIE}={sign_in_limits.known_cookie('sam@example.org')}" for _ in range(2)]
    one, other = [
        named_by("signing-in-again", {"HTTP_COOKIE": cookie, "REMOTE_ADDR": "203.0.113.9"}) for cookie in cookies
    ]

    assert len(one) == 1
    assert one != other
    assert named_by("signing-in", {"REMOTE_ADDR": "2001:db8:1:2::3"}) == ["2001:db8:1:2::/64"]
