"""For the balancer: is the process alive, and may it get traffic."""

import math
import threading
import time

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

from crm import dispatch
from crm.mail import status as mail_status
from crm.ops import monitoring

KEPT_SECONDS = 2.0


def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 as long as this process runs; touches nothing else."""
    return HttpResponse("ok", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 when the database answers and every migration is applied, else 503. For everybody one word, at most
    KEPT_SECONDS old, so that asking costs nothing; for whoever may see figures the reasons, as they are now.

    {"database": bool, "migrations": bool, "oldest_due_seconds": float | null, "redis": bool}. Redis is reported
    and not required: without it messages wait for the sweep.
    """
    if monitoring.may_look(request):
        report = _report()
        return JsonResponse(report, status=200 if _is_ready(report) else 503)
    ready = _lately.is_ready()
    return HttpResponse("ready" if ready else "not ready", content_type="text/plain", status=200 if ready else 503)


class _Lately:
    """The last answer to whether this process may get traffic, kept for KEPT_SECONDS."""

    def __init__(self) -> None:
        self._lock, self._at, self._ready = threading.Lock(), -math.inf, False

    def is_ready(self) -> bool:
        with self._lock:  # whoever asks meanwhile waits for this answer and asks nobody
            if time.monotonic() - self._at > KEPT_SECONDS:
                self._ready, self._at = _is_ready(_report()), time.monotonic()
            return self._ready

    def forget(self) -> None:
        self._at = -math.inf


_lately = _Lately()


def _report() -> dict[str, object]:
    report: dict[str, object] = {"database": False, "migrations": False, "oldest_due_seconds": None}
    try:
        report["oldest_due_seconds"] = mail_status.oldest_due_seconds()
        report["database"] = True
        report["migrations"] = _all_applied()
    except DatabaseError:
        pass
    report["redis"] = dispatch.broker_answers()
    return report


def _is_ready(report: dict[str, object]) -> bool:
    return bool(report["database"] and report["migrations"])


def _all_applied() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())
