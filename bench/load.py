"""A small load generator: some keep-alive connections that post one form after another."""

import http.client
import re
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode

Body = Callable[[], dict[str, object]]


@dataclass
class Load:
    """What one run saw. `statuses` counts answers by status; times are in seconds."""

    seconds: float = 0.0
    times: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)

    @property
    def per_second(self) -> float:
        return len(self.times) / self.seconds

    @property
    def median_ms(self) -> float:
        return statistics.median(self.times) * 1000

    @property
    def p95_ms(self) -> float:
        return statistics.quantiles(self.times, n=20)[-1] * 1000


def post_form(port: int, path: str, body: Body, *, seconds: float, connections: int) -> Load:
    """Post `body()` over and over to 127.0.0.1:port. Fetches the page first for its CSRF cookie and token."""
    load, lock = Load(), threading.Lock()
    until = time.perf_counter() + seconds
    begun = time.perf_counter()
    workers = [
        threading.Thread(target=_one_connection, args=(port, path, body, until, load, lock)) for _ in range(connections)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    load.seconds = time.perf_counter() - begun
    return load


def _one_connection(port: int, path: str, body: Body, until: float, load: Load, lock: threading.Lock) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path)
    page = connection.getresponse()
    cookie = (page.getheader("Set-Cookie") or "").split(";")[0]
    found = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', page.read())
    token = found.group(1).decode() if found else ""
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
    while time.perf_counter() < until:
        content = urlencode({**body(), "csrfmiddlewaretoken": token}, doseq=True)
        sent = time.perf_counter()
        connection.request("POST", path, content, headers)
        answer = connection.getresponse()
        answer.read()
        with lock:
            load.times.append(time.perf_counter() - sent)
            load.statuses[answer.status] = load.statuses.get(answer.status, 0) + 1
    connection.close()
