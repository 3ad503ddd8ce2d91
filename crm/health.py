"""For the balancer: is the process alive, and may it get traffic."""

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

from crm import dispatch, queries


def healthz(request: HttpRequest) -> HttpResponse:
    """200 as long as this process answers; touches nothing else."""
    return HttpResponse("ok", content_type="text/plain")


def readyz(request: HttpRequest) -> JsonResponse:
    """200 when the database answers and every migration is applied, else 503.

    {"database": bool, "migrations": bool, "oldest_due_seconds": float | null, "redis": bool}. Redis is reported
    and not required: without it messages wait for the sweep.
    """
    report: dict[str, object] = {"database": False, "migrations": False, "oldest_due_seconds": None}
    try:
        report["oldest_due_seconds"] = queries.oldest_due_seconds()
        report["database"] = True
        report["migrations"] = _all_applied()
    except DatabaseError:
        pass
    report["redis"] = dispatch.broker_answers()
    ready = report["database"] and report["migrations"]
    return JsonResponse(report, status=200 if ready else 503)


def _all_applied() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())
