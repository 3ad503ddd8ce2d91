"""What the product writes to its log, as it would be written: same handler, same level, same format."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from structlog.stdlib import ProcessorFormatter


@contextmanager
def recorded_logs() -> Iterator[io.StringIO]:
    """Inside, the log goes to the buffer instead of standard output."""
    buffer = io.StringIO()
    ours = [handler for handler in logging.getLogger().handlers if isinstance(handler.formatter, ProcessorFormatter)]
    [handler] = cast("list[logging.StreamHandler[io.TextIOBase]]", ours)
    before = handler.setStream(buffer)
    try:
        yield buffer
    finally:
        if before is not None:
            handler.setStream(before)
