"""Read the published version of every sequence, and store those that come with the product."""

import time
from functools import lru_cache

from django.db.models import Max

from crm.models import SequenceVersion, VersionState
from crm.sequences.definition import Definition
from crm.sequences.shipped_definitions import shipped

KEPT_SECONDS = 5.0


def ensure_shipped() -> int:
    """Store what came with the product as versions; return how many are new. Runs after every migration.

    A new wording is published where the one before it came with the product too; staff's own stays in force.
    """
    added = 0
    for definition in shipped():
        versions = SequenceVersion.objects.filter(key=definition.key)
        if versions.filter(created_by=None, body=definition.body).exists():
            continue
        in_force = versions.filter(state=VersionState.PUBLISHED).first()
        number = (versions.aggregate(highest=Max("number"))["highest"] or 0) + 1 if in_force else 0
        state = VersionState.DRAFT if in_force and in_force.created_by_id else VersionState.PUBLISHED
        if in_force and state == VersionState.PUBLISHED:
            SequenceVersion.objects.filter(pk=in_force.pk).update(state=VersionState.WITHDRAWN)
        SequenceVersion.objects.create(key=definition.key, number=number, body=definition.body, state=state)
        added += 1
    return added


def in_force() -> tuple[tuple[SequenceVersion, Definition], ...]:
    """Return the published version of every sequence, which each process keeps for KEPT_SECONDS."""
    return _in_force(int(time.monotonic() / KEPT_SECONDS))


@lru_cache(maxsize=1)
def _in_force(_slot: int) -> tuple[tuple[SequenceVersion, Definition], ...]:
    published = SequenceVersion.objects.filter(state=VersionState.PUBLISHED).order_by("key")
    return tuple((version, version.definition) for version in published)


def forget() -> None:
    """Forget the published versions as this process keeps them: call it after one was changed."""
    _in_force.cache_clear()
