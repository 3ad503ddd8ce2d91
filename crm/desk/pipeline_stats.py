"""What the pipeline does, in numbers: requests by source, how soon somebody calls, where leads stand."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, QuerySet

from crm import registry
from crm.enums.leads import CameBy
from crm.leads import stages
from crm.models import Lead, User

_FIRST_CALL = """
SELECT count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM called - received_at) / 60)
FROM (SELECT received_at, (SELECT min(at) FROM crm_activity a WHERE a.lead_id = l.id AND a.kind = 'call') AS called
      FROM crm_lead l WHERE l.created_at >= %s AND (%s OR l.location_id = ANY(%s))) found
WHERE called IS NOT NULL
"""


@dataclass(frozen=True)
class Figures:
    """The pipeline in numbers. `first_call_minutes`: the median from arrival to the first call of those called, on the
    wall clock; None: nobody. `forgotten`: open leads without a next step, which a sweep mends within a minute."""

    received: int
    called: int
    first_call_minutes: int | None
    forgotten: int
    by_stage: list[tuple[str, int]]
    by_source: list[tuple[str, int]]
    by_way: list[tuple[str, int]]


def since(start: datetime, user: User) -> Figures:
    """Return the figures of requests that came since `start` to locations that `user` works for. Runs six queries over
    the rows of that time."""
    came = Lead.objects.filter(created_at__gte=start).visible_to(user)
    called, median = _first_calls(start, list(user.locations.values_list("pk", flat=True)))
    sources = dict(registry.choices_of("how_heard")) | {"": "Not said"}
    return Figures(
        received=came.count(),
        called=called,
        first_call_minutes=None if median is None else round(median),
        forgotten=Lead.objects.visible_to(user).without_next_step()[:100].count(),
        by_stage=[(stages.label(code), number) for code, number in _count(came, "stage")],
        by_source=[(sources.get(code, code), number) for code, number in _count(came, "how_heard")],
        by_way=[(str(CameBy(code).label), number) for code, number in _count(came, "came_by")],
    )


def _count(leads: QuerySet[Lead], name: str) -> list[tuple[str, int]]:
    rows = leads.order_by().values_list(name).annotate(number=Count("pk"))
    return sorted(rows, key=lambda row: -row[1])


def _first_calls(start: datetime, bound: list[UUID]) -> tuple[int, Any]:
    """Return how many were called, and the median of minutes until then, in `bound` locations; [] means everywhere."""
    with connection.cursor() as cursor:
        cursor.execute(_FIRST_CALL, [start, not bound, bound])
        found: tuple[int, Any] = cursor.fetchone()
    return found
