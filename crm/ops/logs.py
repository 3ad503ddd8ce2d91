"""One structured line an event on standard output, with nothing in it that belongs to a patient.

Exception messages are left out on purpose: PostgreSQL quotes the failing row in them. Type and frames remain.
"""

import logging
import logging.config
import sys
import traceback
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

# These quote paths, hosts and query strings, or the text of exceptions. RequestLog and crm/celery.py say the same
# without. They need a handler that does nothing: Python prints what no handler took to standard error.
TALKATIVE = ("django.request", "django.security", "django.server", "django.db.backends", "celery.app.trace")


def frames_only(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Replace `exc_info` with the exception's type and its last 12 frames (file:line function), innermost last."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    if isinstance(info, BaseException):
        info = (type(info), info, info.__traceback__)
    if info and info[0]:
        stack = traceback.extract_tb(info[2])
        event["error"] = info[0].__name__
        event["frames"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in stack[-12:]]
    return event


SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    frames_only,
]


def configure(_django_logging: dict[str, Any] | None = None) -> None:
    """Set up logging for every process; Django calls it, and crm/celery.py. Writes to standard output only."""
    structlog.configure(
        processors=[*SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "json": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": SHARED,
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        structlog.processors.JSONRenderer(),
                    ],
                }
            },
            "handlers": {
                "out": {"class": "logging.StreamHandler", "stream": sys.stdout, "formatter": "json"},
                "nowhere": {"class": "logging.NullHandler"},
            },
            "root": {"handlers": ["out"], "level": "INFO"},
            "loggers": {
                **{name: {"handlers": ["nowhere"], "propagate": False} for name in TALKATIVE},
                "celery": {"level": "WARNING"},
            },
        }
    )
