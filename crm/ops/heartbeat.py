"""Who is alive behind the site: noted by the clock and by the work of each queue, told at the desk and in /metrics.

Kept in PostgreSQL and by its clock: machines may disagree about the time, and the broker may be what is missing.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import F
from django.db.models.functions import Now

from crm.enums.leads import Pulse
from crm.models import Heartbeat


def note(names: Iterable[Pulse]) -> None:
    """Record that these are alive now, by PostgreSQL's clock."""
    rows = [Heartbeat(name=name, at=Now()) for name in names]
    Heartbeat.objects.bulk_create(rows, update_conflicts=True, unique_fields=["name"], update_fields=["at"])


def seconds_since() -> dict[str, float]:
    """Return {name: seconds since it was last heard of}, by PostgreSQL's clock."""
    ages = Heartbeat.objects.annotate(age=Now() - F("at")).order_by("name").values_list("name", "age")
    return {name: age.total_seconds() for name, age in ages}


def in_words(silent: Iterable[dict[str, Any]]) -> list[str]:
    """Return one sentence for each [{"name", "seconds" of silence}], the most pressing first."""
    minutes = {one["name"]: int(one["seconds"] // 60) for one in silent}
    return [f"{name.label}{_OR.get(name, '')} for {minutes[name]} minutes." for name in _PRESSING if name in minutes]


# Its work may take half an hour (the time limits in tasks.py); that of the others a minute and a half.
_OR = {Pulse.SLOW: ", or all are busy,"}
_PRESSING = [Pulse.URGENT, Pulse.MAIL, Pulse.SLOW, Pulse.BEAT]
