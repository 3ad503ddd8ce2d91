"""What is looked after every fifteen seconds, by Celery's beat or by `manage.py send_due` alone."""

import structlog
from django.utils import timezone

from crm import delivery, webhook
from crm.actions import safety

log = structlog.get_logger("nucleus.sweep")


def once() -> int:
    """Escalates alerts, posts them, sends mails; returns how many mails were accepted.

    Alerts first, and each on its own: trouble with one path must not silence the other.
    """
    for look_after in (_escalate, webhook.post_due):
        try:
            look_after()
        except Exception as trouble:  # the mails below must go out whatever is wrong here
            log.error("sweep_failed", error=type(trouble).__name__)
    return delivery.send_due()


def _escalate() -> int:
    return safety.escalate(now=timezone.now())
