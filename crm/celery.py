"""The Celery application. Redis only wakes workers up; PostgreSQL knows what is due (crm/outbox/delivery.py)."""

import os
from typing import Any

import structlog
from celery import Celery, Task
from celery.signals import setup_logging, task_failure

from crm.ops import logs

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")

app = Celery("nucleus")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def log_like_the_rest(**_kwargs: Any) -> None:
    """Set up logging as everywhere else, and so keep Celery from installing handlers of its own."""
    logs.configure()


@task_failure.connect
def log_failure(*, sender: "Task[Any, Any]", exception: BaseException, **_kwargs: Any) -> None:
    """Log a failed task in place of Celery's own line, which quotes the exception."""
    structlog.get_logger("nucleus.tasks").error("task_failed", task=sender.name, exc_info=exception)
