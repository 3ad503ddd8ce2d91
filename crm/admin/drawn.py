"""Parts that other apps hang into a page of the desk: one that breaks is shown as such, and the page stays."""

from collections.abc import Callable

import structlog
from django.db import DatabaseError
from django.utils.safestring import mark_safe

log = structlog.get_logger("nucleus.desk")

BROKEN: str = mark_safe(
    '<p class="desk-error">This part cannot be shown. The rest of the page is as it should be. '
    "Tell whoever looks after the server.</p>"
)


def drawn[Part](title: str, draw: Callable[[], Part], *, otherwise: Part) -> Part:
    """Return what `draw` returns; `otherwise`, with a line in the log, when it breaks. A database that does not answer
    breaks the whole page all the same."""
    try:
        return draw()
    except DatabaseError:
        raise
    except Exception as broken:  # what is on record stays forever, and what reads it changes
        log.error("part_not_shown", part=title, error=type(broken).__name__)
        return otherwise
