"""A database that forgets committed rows would make every promise on the thank-you page a lie."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.db import connections

DURABLE = {"fsync": {"on"}, "synchronous_commit": {"on", "local", "remote_write", "remote_apply"}}


def problems(alias: str = "default") -> list[str]:
    """Return one sentence for each server setting that could lose a committed row; empty when all is well."""
    found = []
    with connections[alias].cursor() as cursor:
        for name, good in DURABLE.items():
            cursor.execute(f"SHOW {name}")
            value = cursor.fetchone()[0]
            if value not in good:
                found.append(f"PostgreSQL runs with {name} = {value}: set it to on, or committed requests can be lost.")
    return found


def check_durability(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Check, in migrate and `check --database default`, that no committed row can be lost. Judges public sites only."""
    if not settings.IS_PUBLIC or not databases:
        return []
    return [Error(sentence, id="crm.E001") for sentence in problems()]


def refuse_unsafe_database() -> None:
    """End the process of a public site whose database may lose rows. Called once when web or worker starts."""
    sentences = problems() if settings.IS_PUBLIC else []
    if sentences:
        raise SystemExit(f"Nucleus cannot start. {sentences[0]}")
